"""Fit the law of repeated data over parameters, tokens and distinct tokens."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from functools import partial

import numpy as np
from numpy.typing import ArrayLike

from course_utils import laws
from course_utils.fitting import assemble, starts, validation
from course_utils.fitting.families import Array, Points
from course_utils.fitting.objectives import Objective
from course_utils.fitting.repeated_family import MOST_DECAY, NAMES, RepeatedFamily, decay
from course_utils.fitting.repeated_profile import weakly_known
from course_utils.fitting.results import FitResult, FitWarning
from course_utils.laws import Constants

_STARTS = 16
_DECAYS = np.concatenate([[0.0], np.geomspace(1e-3, 30.0, 13)])  # of q = 1 / R*, where a base is given
_FEW_DECAYS = np.array([0.0, 0.02, 0.1, 0.6])
_BASE = ("E", "A", "B", "alpha", "beta")
_BASES = 3  # laws of fresh text that are tried with each decay
_SMALLEST = 1e-8  # amplitude of a term in units of the mean loss; its logarithm stays finite

Base = FitResult | Constants | Mapping[str, float] | str


@dataclass(frozen=True)
class _Centre:
    """Map between the law's constants and the solver's centred coordinates."""

    n: float
    d: float
    y: float
    base: Mapping[str, float] | None

    def unpack(self, theta: Array) -> dict[str, Array]:
        with np.errstate(divide="ignore"):
            decays = {"R_D": 1.0 / theta[:, -2], "R_N": 1.0 / theta[:, -1]}
        if self.base is not None:
            return {name: np.full(len(theta), value) for name, value in self.base.items()} | decays
        a, b, alpha, beta, floor = theta[:, :5].T
        return {
            "E": floor * np.exp(self.y),
            "A": a * np.exp(self.y + alpha * self.n),
            "B": b * np.exp(self.y + beta * self.d),
            "alpha": alpha,
            "beta": beta,
        } | decays

    def pack(self) -> Array | None:
        """Return the base in centred coordinates, shape (5,); None where it is fitted."""
        if self.base is None:
            return None
        v = self.base
        a = v["A"] * np.exp(-self.y - v["alpha"] * self.n)
        b = v["B"] * np.exp(-self.y - v["beta"] * self.d)
        return np.array([a, b, v["alpha"], v["beta"], v["E"] * np.exp(-self.y)])


def fit_repeated_data(
    params: ArrayLike,
    tokens: ArrayLike,
    unique_tokens: ArrayLike,
    loss: ArrayLike,
    *,
    base: Base | None = None,
    objective: str = "huber",
    delta: float = 1e-3,
    weights: ArrayLike | None = None,
    n_starts: int = _STARTS,
) -> FitResult:
    r"""Fit what repeats of a text and excess parameters are worth, with or without the law of fresh text beneath.

    .. math:: L = E + A\,N'^{-\alpha} + B\,D'^{-\beta}, \qquad D' = U_D + U_D R_D^* (1 - e^{-R_D/R_D^*})

    and N' likewise, see `laws.repeated_data_loss`. The law can level off but never rise: leave out runs that have read
    so often that their loss went up again. The two constants trade places easily, since a model that reads a text often
    is as a rule also one that is large for it: the fit says how far R_D and R_N could be pushed, and
    `profile(fit, "R_D")` draws it.

    Parameters
    ----------
    params : array of shape (n_runs,), parameters N
    tokens : array of shape (n_runs,), tokens seen D, repeats included: epochs times unique_tokens
    unique_tokens : array of shape (n_runs,), distinct tokens U_D; of a run with more than tokens, only tokens count
    loss : array of shape (n_runs,), nats per token on text that was not trained on
    base : the law of fresh text to hold: a fit of fit_chinchilla, an entry of laws.CONSTANTS, its name, or a mapping of
        E, A, B, alpha and beta. None fits all seven constants together, which takes runs of several sizes, some of them
        on fresh text
    objective : "huber" (default), "lad" or "squared", of the residual of log loss, summed over runs
    delta : residual at which Huber's loss turns from squared to absolute
    weights : array of shape (n_runs,), multiplies each run's share of the objective; 0 leaves it out
    n_starts : places from which the solver starts

    Returns
    -------
    FitResult
        With params E, A, B, alpha, beta (marked as held when there is a base), R_D, R_N. R_D is infinite where repeats
        are as good as fresh text in these runs, R_N where excess parameters are.

    Raises
    ------
    ValueError
        If a value is missing, not positive or not finite, lengths differ, there are fewer runs than constants, no run
        reads any text twice, or, without a base, all runs have one size or one token count.

    Warns
    -----
    FitWarning
        If parameters cannot be told apart, one lies at a bound, or R_D or R_N is known only within a factor of 4.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), section 3 and appendix A: R_D* 15.387756, R_N* 5.309743 on C4.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.laws import CONSTANTS, repeated_data_loss
    >>> n, u, epochs = (a.ravel() for a in np.meshgrid([1e8, 1e9], [1e9, 4e9], [1, 4, 16, 40]))
    >>> loss = repeated_data_loss(n, epochs * u, u, **CONSTANTS["muennighoff_c4_repeated"].values)
    >>> fit = fit_repeated_data(n, epochs * u, u, loss, base="muennighoff_c4")
    >>> round(fit["R_D"], 3), round(fit["R_N"], 3)
    (15.388, 5.31)
    """
    fit = solve_repeated_data(
        params, tokens, unique_tokens, loss, base=base, objective=objective, delta=delta, weights=weights,
        n_starts=n_starts,
    )  # fmt: skip
    notes = (*fit.warnings, *weakly_known(fit))
    for note in notes:
        python_warnings.warn(note, stacklevel=2)
    return replace(fit, warnings=notes)


def solve_repeated_data(
    params: ArrayLike,
    tokens: ArrayLike,
    unique_tokens: ArrayLike,
    loss: ArrayLike,
    *,
    base: Base | None,
    objective: str,
    delta: float,
    weights: ArrayLike | None,
    n_starts: int = _STARTS,
) -> FitResult:
    """Fit as `fit_repeated_data`, in silence and without asking how far R_D and R_N could be pushed."""
    goal = Objective.of(objective, delta)
    constants = None if base is None else _constants(base)
    n = validation.positive_column(params, "params")
    d = validation.positive_column(tokens, "tokens")
    u = validation.positive_column(unique_tokens, "unique_tokens")
    y = validation.positive_column(loss, "loss")
    w = validation.weight_column(weights, validation.same_length(params=n, tokens=d, unique_tokens=u, loss=y))
    used = w > 0
    free = NAMES if constants is None else NAMES[5:]
    validation.enough_points(int(used.sum()), len(free), "a law of repeated data")
    if not (d > u * (1 + 1e-9))[used].any():
        raise ValueError(
            "tokens: no run reads more tokens than unique_tokens holds, so none repeats any text. Give tokens seen "
            "(epochs times distinct tokens) before distinct tokens, and add runs of several epochs."
        )
    if constants is None:
        validation.several_sizes(n, w, "params")
        validation.several_sizes(d, w, "tokens")
    log_n, log_d, log_y = np.log(n), np.log(d), np.log(y)
    centre = _Centre(float(log_n[used].mean()), float(log_d[used].mean()), float(log_y[used].mean()), constants)
    distinct = np.minimum(u, d)
    points = Points(
        tuple(
            np.where(used, column, 0.0)
            for column in (log_n - centre.n, np.log(distinct) - centre.d, d / distinct - 1.0)
        ),
        np.where(used, log_y - centre.y, 0.0),
        w,
    )
    steepest = assemble.steepest_exponent(log_n[used]), assemble.steepest_exponent(log_d[used])
    lower = np.array([_SMALLEST, _SMALLEST, 1e-3, 1e-3, 0.0, 0.0, 0.0])
    upper = np.array([np.inf, np.inf, *steepest, np.inf, MOST_DECAY, MOST_DECAY])
    first = 7 - len(free)

    def solved(no_excess: bool, count: int) -> FitResult:
        family = RepeatedFamily(centre.pack(), no_excess=no_excess)
        with python_warnings.catch_warnings():
            python_warnings.simplefilter("ignore", FitWarning)
            return assemble.solve(
                "repeated_data",
                family=family,
                points=points,
                goal=goal,
                lower=lower[first:],
                upper=upper[first:],
                unpack=centre.unpack,
                starts=partial(_starts, family=family, delta=assemble.ranking_delta(goal), upper=steepest),
                n_starts=count,
                names=free,
                data={"params": n, "tokens": d, "unique_tokens": u, "loss": y, "weights": w},
            )

    fit = solved(
        constants is not None and not _any_excess(RepeatedFamily(centre.pack()), np.zeros(2), points), n_starts
    )
    if constants is None:
        # Where no model is too large for its text R_N acts on nothing, and a solver that moves it stands still.
        other = solved(True, max(n_starts // 4, 1))
        fits = not _any_excess(other.problem.family, other.problem.theta, points)
        if fits and other.objective_value <= fit.objective_value * (1 + 1e-9) + 1e-20:
            return other
    return fit


def _any_excess(family: RepeatedFamily, theta: Array, points: Points) -> bool:
    return bool(family.excess(theta[None], points)[0, points.weights > 0].any())


def _constants(base: Base) -> dict[str, float]:
    """Return E, A, B, alpha and beta of a base."""
    if isinstance(base, str):
        if base not in laws.CONSTANTS:
            raise ValueError(f"base: no constants named {base!r}; there are: {', '.join(laws.CONSTANTS)}.")
        base = laws.CONSTANTS[base]
    values = base.values if isinstance(base, FitResult | Constants) else base
    missing = [name for name in _BASE if name not in values]
    if missing:
        raise ValueError(
            f"base: {', '.join(missing)} missing; give a law of params and tokens with E, A, B, alpha, beta."
        )
    found = {name: float(values[name]) for name in _BASE}
    for name, value in found.items():
        if not (np.isfinite(value) and (value > 0 or (name == "E" and value == 0))):
            raise ValueError(f"base: {name} is {value!r}; give a law whose loss falls with size and with data.")
    return found


def _starts(points: Points, count: int, *, family: RepeatedFamily, delta: float, upper: tuple[float, float]) -> Array:
    """Rank a grid of decays, with the law of fresh text solved for at each: shape (n_fits, count, n_params)."""
    weights = np.atleast_2d(points.weights)
    cells = _cells(points, family, delta, upper)
    r = family.log_loss(cells.reshape(-1, family.n_params), points).reshape(*cells.shape[:2], -1) - points.y
    psi = np.clip(r, -delta, delta)
    value = (weights[:, None] * psi * (r - 0.5 * psi)).sum(axis=-1)
    best = np.argsort(np.where(np.isfinite(value), value, np.inf), axis=1, kind="stable")
    best = best[:, np.arange(count) % cells.shape[1]]
    return np.take_along_axis(cells, best[..., None], axis=1)


def _cells(points: Points, family: RepeatedFamily, delta: float, upper: tuple[float, float]) -> Array:
    """Lay a grid of decays; without a base fit the law of fresh text to the effective data of each: (n_fits, k, p)."""
    if family.base is not None:
        cells = np.stack(np.meshgrid(_DECAYS, _DECAYS), axis=-1).reshape(1, -1, 2)
        cells = np.tile(cells, (len(np.atleast_2d(points.weights)), 1, 1))
    else:
        x, x_u, repeats = points.x
        found = []
        for q_d in _FEW_DECAYS:
            data = x_u + np.log1p(repeats * decay(q_d * repeats)[0])
            fresh = starts.two_terms(
                Points((x, data), points.y, points.weights), delta=delta, upper=upper, count=_BASES
            )
            fresh = np.maximum(fresh, [_SMALLEST, _SMALLEST, 1e-3, 1e-3, 0.0])
            for q_n in _FEW_DECAYS:
                ends = np.broadcast_to([q_d, q_n], (*fresh.shape[:2], 2))
                found.append(np.concatenate([fresh, ends], axis=-1))
        cells = np.concatenate(found, axis=1)
    if family.no_excess:
        cells[..., -1] = 0.0
    return cells
