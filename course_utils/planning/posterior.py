"""The valley of a ladder as a posterior in closed form: many noisy ladders of one plan at once.

Every step is linear algebra on arrays with a leading axis of ladders, so that simulating a thousand plans costs little
more than one forecast. `forecast.py` says what the model is and why.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

WANDER = 0.008
"""tau: the local exponent d ln L / d ln C wanders by tau times the square root of the e-folds of compute (prior)."""
EXPONENT = (0.5, 0.1)
"""Prior of the valley's exponent a: mean and standard deviation."""
CONSTANTS = ((0.0, 3.0), (-0.07, 0.3), (0.0, 0.5), (0.05, 0.05), (0.0, 0.02))
"""Priors of q0 (about the mean of ln L), q1, s1, s2 and s3: means and standard deviations."""
NOISE = (0.007, 2.0, 4.0)
"""Prior of the scatter of ln L: its size, how many runs that guess is worth, and how many runs each rung is given
of the common scatter."""
SAME_RUNG = 1.2
"""Runs whose FLOPs lie within this factor of the next are one rung."""

_COARSE = np.linspace(0.2, 0.8, 13)
_SHIFT = 0.3  # of the coarse nodes, where all of the weight lies on the first or the last
_ALL, _SOME = 0.99, 1e-3  # shares of the weight: a node alone; a node at an end beyond which there is more
_NODES = np.linspace(-5.0, 5.0, 15)
_ROUNDS = 3  # of scatter and fit in turn; a fourth moves a forecast by less than a thousandth of its interval
_MONOMIALS = tuple((i, j) for i in range(4) for j in range(4 - i))
_PLACE = {powers: k for k, powers in enumerate(_MONOMIALS)}
_MEANS = np.array([mean for mean, _ in CONSTANTS])
_PRECISIONS = np.array([1 / deviation**2 for _, deviation in CONSTANTS])


def rungs_of(log_c: Array) -> NDArray[np.intp]:
    """Number the rungs of some runs, the smallest compute first.

    Examples
    --------
    >>> rungs_of(np.log([1e10, 3e9, 1.01e10]))
    array([1, 0, 1])
    """
    order = np.argsort(log_c, kind="stable")
    numbers = np.empty(len(log_c), dtype=np.intp)
    numbers[order] = np.concatenate([[0], np.cumsum(np.diff(log_c[order]) > np.log(SAME_RUNG))])
    return numbers


def wander_covariance(s: Array, t: Array) -> Array:
    """Compute the covariance of twice-integrated white noise that starts flat at 0, of unit size, at s and at t.

    Its slope is a Wiener process on either side of 0: variance |t| of the slope, |t|**3 / 3 of the value.

    Examples
    --------
    >>> wander_covariance(np.array([2.0, -1.0]), np.array([3.0])).round(3)
    array([4.667, 0.   ])
    """
    near, far = np.minimum(np.abs(s), np.abs(t)), np.maximum(np.abs(s), np.abs(t))
    return np.where(s * t > 0, near**2 * (3 * far - near) / 6, 0.0)


def wander_slope_covariance(s: Array, t: Array) -> Array:
    """Compute the covariance of that process's slope at s with its value at t."""
    a, b = np.abs(s), np.abs(t)
    return np.where(s * t > 0, np.sign(s) * np.where(a < b, a * b - a * a / 2, b * b / 2), 0.0)


def _features(u: Array, v: Array) -> Array:
    """Compute the monomials u**i v**j up to the third degree, shape (n, 10)."""
    return np.stack([u**i * v**j for i, j in _MONOMIALS], axis=-1)


def _transforms(a: Array) -> Array:
    """Write 1, v, w, w**2 and w**3, w = u - a v, in monomials: a's shape + (10, 5)."""
    t = np.zeros((*a.shape, len(_MONOMIALS), len(CONSTANTS)))
    for column, terms in enumerate((
        {(0, 0): 1.0},
        {(0, 1): 1.0},
        {(1, 0): 1.0, (0, 1): -a},
        {(2, 0): 1.0, (1, 1): -2 * a, (0, 2): a**2},
        {(3, 0): 1.0, (2, 1): -3 * a, (1, 2): 3 * a**2, (0, 3): -(a**3)},
    )):  # fmt: skip
        for powers, value in terms.items():
            t[..., _PLACE[powers], column] = value
    return t


@dataclass(frozen=True, eq=False)
class Plan:
    """Hold what ladders of the same runs share: sizes, rungs and the prior of the wandering exponent.

    Attributes
    ----------
    u, v : ln N and ln C of the runs about their means, shape (n_runs,)
    centre : the means of ln N and ln C
    rung : number of each run's rung
    features : shape (n_runs, 10 + n_rungs): monomials in u and v, then a basis of the wander at the rungs
    at : v of the rungs
    root : triangular root of the wander's covariance at the rungs
    wander : tau
    """

    u: Array
    v: Array
    centre: tuple[float, float]
    rung: NDArray[np.intp]
    features: Array
    at: Array
    root: Array
    wander: float

    @classmethod
    def of(cls, log_n: Array, log_c: Array, wander: float = WANDER) -> Plan:
        """Arrange runs by ln N and ln C."""
        centre = float(log_n.mean()), float(log_c.mean())
        u, v = log_n - centre[0], log_c - centre[1]
        rung = rungs_of(log_c)
        at = np.bincount(rung, v) / np.bincount(rung)
        covariance = wander**2 * wander_covariance(at[:, None], at[None, :])
        covariance[np.diag_indices_from(covariance)] += 1e-14 * max(float(covariance.max()), 1e-12)
        root = np.linalg.cholesky(covariance)
        return cls(u, v, centre, rung, np.concatenate([_features(u, v), root[rung]], axis=1), at, root, wander)

    def basis(self, v: Array, *, slope: bool = False) -> tuple[Array, Array]:
        """Return the wander (or its slope) at some v: weights of the basis, and the variance that it leaves."""
        covariance = wander_slope_covariance if slope else wander_covariance
        own = np.abs(v) if slope else np.abs(v) ** 3 / 3
        weights = np.linalg.solve(self.root, self.wander**2 * covariance(v[:, None], self.at[None, :]).T).T
        return weights, np.maximum(self.wander**2 * own - (weights**2).sum(axis=1), 0.0)


@dataclass(frozen=True, eq=False)
class Valleys:
    """Hold the posterior of every ladder: a mixture over nodes of the exponent a, Gaussian in everything else.

    Attributes
    ----------
    a, weight : nodes and their posterior weights, shape (n_ladders, n_nodes)
    constants : posterior means of q0, q1, s1, s2, s3 at every node; q0 is about `level`
    covariance : of the constants
    level : mean ln L of every ladder
    schur, cross, moment : what gives the wander at the rungs once the constants are known
    noise : scatter of ln L at every rung, shape (n_ladders, n_rungs)
    freedom : runs to spare, with what the prior of the scatter is worth
    """

    plan: Plan
    a: Array
    weight: Array
    constants: Array
    covariance: Array
    level: Array
    schur: Array
    cross: Array
    moment: Array
    noise: Array
    freedom: Array

    def at(self, u: Array, v: Array) -> tuple[Array, Array]:
        """Return mean and variance of ln L without a run's own scatter, shape (n_ladders, n_points).

        Parameters
        ----------
        u, v : about the plan's centre; shape (n_points,), or (n_ladders, n_points) for u
        """
        weights, left = self.plan.basis(v)
        x = _features(np.broadcast_to(u, (len(self.a), len(v))), v)
        return self._mixed(x, weights, left, self.level[:, None])

    def slope(self, v: Array) -> tuple[Array, Array]:
        """Return mean and variance of d ln L / d ln C along the bottom, shape (n_ladders, n_points)."""
        weights, left = self.plan.basis(v, slope=True)
        return self._mixed(None, weights, left, 0.0)

    def _mixed(self, x: Array | None, weights: Array, left: Array, level) -> tuple[Array, Array]:
        carried = np.einsum("brs,ps->bpr", self.schur, weights)
        if x is None:  # the slope of the bottom: q1 and the wander's slope
            own = np.zeros((len(self.a), 1, len(weights), len(CONSTANTS)))
            own[..., 1] = 1.0
            shift = np.zeros((len(self.a), len(weights), len(_MONOMIALS)))
        else:
            own, shift = None, x
        t = _transforms(self.a)
        x = np.einsum("bpm,bjmk->bjpk", shift - np.einsum("brm,bpr->bpm", self.cross, carried), t)
        x = x if own is None else x + own
        mean = np.einsum("bjpk,bjk->bjp", x, self.constants) + np.einsum("bpr,br->bp", carried, self.moment)[:, None]
        inside = np.einsum("bjpk,bjkl,bjpl->bjp", x, self.covariance, x)
        inside += (np.einsum("bpr,pr->bp", carried, weights) + left)[:, None]
        middle = np.einsum("bj,bjp->bp", self.weight, mean)
        spread = np.einsum("bj,bjp->bp", self.weight, inside + (mean - middle[:, None]) ** 2)
        return middle + level, spread

    def bottom(self) -> tuple[Array, Array]:
        """Return how far the lowest point lies from the plan's line, ln N - mean - a v, and whether there is one."""
        s1, s2, s3 = (self.constants[..., k] for k in (2, 3, 4))
        inside = s2**2 - 3 * s1 * s3
        root = s2 + np.sqrt(np.maximum(inside, 0.0))
        found = (inside > 0) & (root > 1e-9)
        return np.where(found, -s1 / np.where(found, root, 1.0), 0.0), found


def posterior(plan: Plan, y: Array, noise: Array | None = None) -> Valleys:
    """Compute the posterior of ladders of one plan.

    Parameters
    ----------
    plan : from `Plan.of`
    y : array of shape (n_ladders, n_runs), ln L
    noise : array of shape (n_ladders, n_rungs), the scatter of ln L at every rung; found from the residuals when None

    Returns
    -------
    Valleys
        Means within 1e-4 of ln L of the exact integral over a where the scatter is given. A scatter that is found is
        that about the best of exponents 0.05 apart, as the rule in ``data/games/PLAN.md`` was fixed: runs over four
        decades that lie on their valley to 0.3 per cent may seem to scatter by 0.8, and intervals are then a fifth too
        wide.
    """
    y = np.atleast_2d(y)
    level = y.mean(axis=1)
    z = y - level[:, None]
    n_ladders, n_runs = z.shape
    features = plan.features
    outer = (features[:, :, None] * features[:, None, :]).reshape(n_runs, -1)
    freedom = np.full(n_ladders, np.inf)
    rounds = _ROUNDS if noise is None else 0
    sizes = np.bincount(plan.rung)
    if noise is None:
        noise = np.full((n_ladders, len(sizes)), NOISE[0])
    a = np.broadcast_to(_COARSE, (n_ladders, len(_COARSE)))
    a, solved = _around_the_weight(plan, outer, z, noise, a)
    middle = (solved[0] * a).sum(axis=1)
    for _ in range(rounds):
        noise, freedom = _scatter(plan, z, noise, middle, sizes)
    if rounds:
        a, solved = _around_the_weight(plan, outer, z, noise, a)
    for wide in (True, False):
        middle = (solved[0] * a).sum(axis=1)
        reach = np.sqrt((solved[0] * (a - middle[:, None]) ** 2).sum(axis=1))
        reach = np.maximum(reach, 0.015 if wide else 1e-5)
        a = middle[:, None] + reach[:, None] * _NODES
        solved = _solve(plan, outer, z, noise, a)
    for _ in range(20):
        short = np.maximum(solved[0][:, 0], solved[0][:, -1]) > _SOME
        if not short.any():
            break
        middle = (solved[0] * a).sum(axis=1)
        reach = np.maximum(np.sqrt((solved[0] * (a - middle[:, None]) ** 2).sum(axis=1)), 0.015)
        a = np.where(short[:, None], middle[:, None] + reach[:, None] * _NODES, a)
        solved = _solve(plan, outer, z, noise, a)
    weight, constants, covariance, schur, cross, moment = solved
    return Valleys(plan, a, weight, constants, covariance, level, schur, cross, moment, noise, freedom)


def _around_the_weight(plan: Plan, outer: Array, z: Array, noise: Array, a: Array) -> tuple[Array, tuple[Array, ...]]:
    """Solve at coarse nodes, and move those of a ladder while all of their weight lies on the first or the last."""
    for _ in range(10):  # to an exponent of -2.8 or 3.8, beyond which no ladder lies
        solved = _solve(plan, outer, z, noise, a)
        move = (solved[0][:, -1] > _ALL).astype(np.float64) - (solved[0][:, 0] > _ALL)
        if not move.any():
            break
        a = a + _SHIFT * move[:, None]
    return a, solved


def _solve(plan: Plan, outer: Array, z: Array, noise: Array, a: Array) -> tuple[Array, ...]:
    """Solve for all constants at every node of a, the wander integrated out, and weigh the nodes by their evidence."""
    m = len(_MONOMIALS)
    precise = noise[:, plan.rung] ** -2.0
    gram = (precise @ outer).reshape(len(z), plan.features.shape[1], -1)
    moments = (precise * z) @ plan.features
    schur = np.linalg.inv(np.eye(len(plan.at)) + gram[:, m:, m:])
    cross, moment = gram[:, m:, :m], moments[:, m:]
    carried = np.einsum("brs,brm->bsm", schur, cross)
    gram = gram[:, :m, :m] - np.einsum("brm,brn->bmn", cross, carried)
    moments = moments[:, :m] - np.einsum("brm,br->bm", carried, moment)
    t = _transforms(a)
    matrix = np.swapaxes(t, -1, -2) @ (gram[:, None] @ t)
    matrix[..., range(5), range(5)] += _PRECISIONS
    vector = np.einsum("bjmk,bm->bjk", t, moments) + _PRECISIONS * _MEANS
    covariance = np.linalg.inv(matrix)
    constants = np.einsum("bjkl,bjl->bjk", covariance, vector)
    evidence = 0.5 * (vector * constants).sum(axis=-1) - 0.5 * np.linalg.slogdet(matrix)[1]
    evidence -= 0.5 * ((a - EXPONENT[0]) / EXPONENT[1]) ** 2
    weight = np.exp(evidence - evidence.max(axis=1, keepdims=True))
    return weight / weight.sum(axis=1, keepdims=True), constants, covariance, schur, cross, moment


def _scatter(plan: Plan, z: Array, noise: Array, a: Array, sizes: NDArray[np.intp]) -> tuple[Array, Array]:
    """Estimate the scatter at every rung from the residuals at one exponent, drawn towards the common one."""
    m = len(_MONOMIALS)
    x = np.concatenate([
        plan.features[:, :m] @ _transforms(a),
        np.broadcast_to(plan.features[:, m:], (len(z), len(plan.v), len(plan.at))),
    ], axis=2)  # fmt: skip
    precise = noise[:, plan.rung] ** -2.0
    prior = np.concatenate([_PRECISIONS, np.ones(len(plan.at))])
    weighted = x * precise[..., None]
    matrix = np.swapaxes(x, 1, 2) @ weighted
    matrix[:, range(len(prior)), range(len(prior))] += prior
    vector = np.einsum("bnp,bn->bp", weighted, z)
    vector[:, : len(_MEANS)] += _PRECISIONS * _MEANS
    inverse = np.linalg.inv(matrix)
    residual = z - np.einsum("bnp,bp->bn", x, np.einsum("bpq,bq->bp", inverse, vector))
    leverage = ((x @ inverse) * weighted).sum(axis=2)
    onto = np.eye(len(sizes))[plan.rung]
    squares = (residual**2) @ onto
    free = np.maximum(sizes - leverage @ onto, 0.0)
    size, worth, shared = NOISE
    total = worth + free.sum(axis=1)
    common = (worth * size**2 + squares.sum(axis=1)) / total
    return np.sqrt((shared * common[:, None] + squares) / (shared + free)), total
