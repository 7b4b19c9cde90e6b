"""Draw the runs again and again, and see how far everything that was computed from them moves."""

from __future__ import annotations

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Mapping
from concurrent.futures import Executor
from dataclasses import dataclass, field
from functools import cached_property
from statistics import NormalDist
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import laws
from course_utils.fitting import validation
from course_utils.fitting.families import Array, Points
from course_utils.fitting.newton import Engine
from course_utils.fitting.results import FitResult, Problem

Method = Literal["percentile", "basic", "bca"]
Quantity = str | Callable[[Mapping[str, Array]], ArrayLike]

_MANY_RUNS = 60  # from here on, resamples stay in the valley of the full fit, and one warm start each is enough
_BLOCKS_AHEAD = 64  # blocks that an executor holds at once: their weights lie in memory


@dataclass(frozen=True, eq=False)
class Bootstrap:
    """Hold the refits of resampled runs.

    Attributes
    ----------
    fit : the original fit with standard errors and intervals filled in
    samples : constants by name, arrays of shape (n,); the same row is the same resample, so any derived quantity can be
        computed row by row, with correlations kept
    n_redrawn : resamples with fewer distinct runs than constants, which were drawn again
    n_not_converged : refits whose solver ran out of steps (they are kept)
    level, method : of the intervals in `fit`
    labels : number of the run that each row belongs to, -1 for rows of weight zero
    """

    fit: FitResult
    samples: Mapping[str, Array]
    n_redrawn: int
    n_not_converged: int
    level: float
    method: Method
    labels: NDArray[np.intp] = field(repr=False)

    def __len__(self) -> int:
        return len(next(iter(self.samples.values())))

    def of(self, quantity: Quantity) -> tuple[Array, Array]:
        """Compute a quantity from the original constants and from every resample's.

        Parameters
        ----------
        quantity : a constant's name, or a function of a mapping of constants that works on arrays of shape (n, 1)

        Returns
        -------
        estimate of shape (k,) or (), samples of shape (n, k) or (n,)
        """
        own = _evaluate(quantity, {name: np.array([value]) for name, value in self.fit.values.items()})
        return own[0], _evaluate(quantity, self.samples)

    def interval(
        self, quantity: Quantity, *, level: float | None = None, method: Method | None = None
    ) -> tuple[Array, Array]:
        """Compute an interval for a constant or anything derived from the constants.

        Parameters
        ----------
        quantity : as in `of`
        level : coverage aimed at; the bootstrap's own when None
        method : "percentile" (quantiles of the resamples), "basic" (the same, reflected about the estimate) or "bca"
            (quantiles moved by the resamples' bias and by how the error grows with the value); see `bootstrap`

        Returns
        -------
        low, high : floats, or arrays when the quantity is one

        Raises
        ------
        ValueError
            If level is not between 0 and 1 or the method is unknown.

        Source
        ------
        Davison and Hinkley 1997, Bootstrap Methods and their Application, sections 5.2 and 5.3; bca, Efron 1987,
        Journal of the American Statistical Association 82, 171.
        """
        level = self.level if level is None else validation.probability(level)
        method = _known(self.method if method is None else method)
        own, drawn = self.of(quantity)
        tails = np.array([(1 - level) / 2, (1 + level) / 2])
        if method == "bca":
            return _accelerated(own, drawn, _evaluate(quantity, self.left_out), tails)
        low, high = np.quantile(drawn, tails, axis=0)
        return (2 * own - high, 2 * own - low) if method == "basic" else (low, high)

    @cached_property
    def left_out(self) -> Mapping[str, Array]:
        """Fit the law again without each run in turn: constants by name, arrays of shape (n_runs,)."""
        problem = self.fit.problem
        weights = np.where(self.labels == np.arange(self.labels.max() + 1)[:, None], 0.0, problem.points.weights)
        return MappingProxyType(problem.unpack(problem.solve(weights).theta))

    def predict(self, *counts: ArrayLike) -> Array:
        """Compute the loss that every resample foretells: array of shape (n, n_x)."""
        law = laws.LAWS[self.fit.law]
        return np.asarray(law(*counts, **{name: s[:, None] for name, s in self.samples.items()}))

    def band(self, *counts: ArrayLike, level: float | None = None, method: Method | None = None) -> tuple[Array, Array]:
        """Compute an interval for the law at each input: two arrays of shape (n_x,).

        It holds the law's own uncertainty. A new run scatters about the law besides.
        """
        points = [np.atleast_1d(np.asarray(c, dtype=np.float64)) for c in counts]
        low, high = self.interval(lambda v: laws.LAWS[self.fit.law](*points, **v), level=level, method=method)
        return np.atleast_1d(low), np.atleast_1d(high)

    def summary(self) -> str:
        """Describe the fit with its intervals, in the reader's language."""
        return self.fit.summary()

    def _repr_html_(self) -> str:
        return self.fit._repr_html_()


def _known(method: str) -> Method:
    if method not in get_args(Method):
        raise ValueError(f"method must be one of {', '.join(get_args(Method))}, not {method!r}")
    return method


def _evaluate(quantity: Quantity, constants: Mapping[str, Array]) -> Array:
    """Compute a quantity for every row of constants: shape (n,) or (n, k)."""
    if isinstance(quantity, str):
        return constants[quantity]
    values = np.asarray(quantity({name: column[:, None] for name, column in constants.items()}), dtype=np.float64)
    return values[:, 0] if values.ndim == 2 and values.shape[1] == 1 else values


def _accelerated(own: Array, drawn: Array, left_out: Array, tails: Array) -> tuple[Array, Array]:
    """Move the quantiles by the bias of the resamples and by how the quantity's error changes with its value."""
    normal = NormalDist()
    to_z, to_share = np.vectorize(normal.inv_cdf, otypes=[float]), np.vectorize(normal.cdf, otypes=[float])
    n = len(drawn)
    below = (drawn < own).sum(axis=0) + 0.5 * (drawn == own).sum(axis=0)
    bias = to_z(np.clip(below / n, 0.5 / n, 1 - 0.5 / n))
    influence = left_out / np.maximum(np.abs(left_out).max(axis=0), 1e-300)
    influence = influence.mean(axis=0) - influence
    spread = (influence**2).sum(axis=0)
    acceleration = (influence**3).sum(axis=0) / (6 * np.where(spread > 0, spread, 1.0) ** 1.5)
    ends = []
    for tail in tails:
        z = bias + normal.inv_cdf(tail)
        # Where the acceleration is too large for the formula the quantile runs off the sample: its end is taken.
        share = to_share(bias + z / np.maximum(1 - acceleration * z, 1e-3))
        ordered = np.sort(drawn, axis=0)
        ends.append(_quantile_of_each(ordered, share))
    return ends[0], ends[1]


def _spread(sample: Array) -> float | None:
    """Compute a standard deviation in units of the largest value (its square may overflow); None if infinite."""
    largest = float(np.abs(sample).max())
    if not np.isfinite(largest):
        return None
    return largest * float(np.std(sample / (largest or 1.0), ddof=1))


def _quantile_of_each(ordered: Array, share: Array) -> Array:
    """Read one quantile off each sorted column."""
    place = np.clip(share, 0.0, 1.0) * (len(ordered) - 1)
    lower = np.floor(place).astype(np.intp)
    upper = np.minimum(lower + 1, len(ordered) - 1)
    low, high = (np.take_along_axis(ordered, i[None], axis=0)[0] for i in (lower, upper))
    return low + (place - lower) * (high - low)


def bootstrap(
    fit: FitResult,
    *,
    n: int = 1000,
    seed: int = 0,
    level: float = 0.9,
    method: Method = "percentile",
    runs: ArrayLike | None = None,
    own_starts: int | None = None,
    block: int | None = None,
    engine: Engine = "numpy",
    executor: Executor | None = None,
) -> Bootstrap:
    """Refit the law to runs drawn with replacement.

    Every refit is solved to the end (a loose one is biased towards the original). Counts of draws enter as weights on
    shared arrays, so that `block` refits are one batch.

    Which interval: on 500 simulated sets of 60 and of 240 runs, Gaussian and heavy-tailed, fitted with Huber's loss, 90
    per cent intervals held the truth in

    ============ ================ ================================================================================
    "percentile" 90 to 95 of 100  the default: never below what it promises, a little wide with few runs
    "bca"        87 to 93 of 100  the nearest to 90 throughout; costs one more refit a run, once
    "basic"      78 to 92 of 100  too narrow with few runs (78 to 89 with 60): use it for nothing but comparison
    ============ ================ ================================================================================

    for the constants, the exponent of the best size and the loss inside the runs and at ten times their compute alike
    (data/studies/bootstrap_coverage.csv; `python -m course_utils.fitting.coverage` makes it again).

    Parameters
    ----------
    fit : from fit_power_law, fit_chinchilla, fit_kaplan, fit_routed or fit_repeated_data
    n : resamples; 1,000 for a 90 per cent interval, 4,000 for its third digit
    seed : of the draws; the same seed gives the same intervals, whatever the block
    level, method : of the intervals put into the fit
    runs : array of shape (n_rows,), labels. Rows of one label are drawn together: give the run's name when rows are
        checkpoints of fewer runs, else the intervals come out several times too narrow
    own_starts : starts of each resample from its own grid, besides the original optimum; None takes 0 from 60 runs on
        and 2 below, where resamples may have another valley
    block : refits solved together; memory is proportional to it, the result does not depend on it. None takes 1,024,
        or 128 where resamples have starts of their own
    engine : "numpy", or "numba" for compiled code: several times faster from the second call on, with the same optima
        to nine digits. It needs the extra [fast], and pays from some ten thousand resamples on
    executor : solves the blocks elsewhere, such as ``ProcessPoolExecutor()``, or ``client.get_executor()`` of a Dask
        client; it stays open. All draws are made here, so the result is the same bit for bit whatever the executor and
        the number of its workers, on like processors. Worth it where there are many blocks of a second or more

    Returns
    -------
    Bootstrap

    Raises
    ------
    ValueError
        If n is below 2, level or method is unknown, there are fewer runs than constants, or numba is asked for where it
        is not installed or for Kaplan's coupled law.

    Source
    ------
    Efron 1979; for this law, Besiroglu et al. 2024 (arXiv 2404.10102), 4,000 resamples.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils.fitting import fit_power_law
    >>> x = np.geomspace(1e6, 1e9, 12)
    >>> noise = np.exp(0.01 * np.random.default_rng(1).standard_normal(12))
    >>> boot = bootstrap(fit_power_law(x, (1.7 + 50 * x**-0.25) * noise), n=200)
    >>> low, high = boot.interval("alpha")
    >>> bool(low < 0.25 < high)
    True
    """
    if n < 2:
        raise ValueError(f"n must be 2 resamples or more, not {n!r}")
    level = validation.probability(level)
    _known(method)
    validation.engine(engine, fit.law)
    problem = fit.problem
    base = problem.points.weights
    labels = _labels(runs, base)
    n_params = problem.family.n_params
    n_runs = int(labels.max()) + 1
    if n_runs < n_params:
        raise ValueError(
            f"bootstrap: {n_runs} runs carry weight and the law has {n_params} constants; a resample could not be "
            "fitted. Add runs."
        )
    if own_starts is None:
        own_starts = 0 if n_runs >= _MANY_RUNS else 2
    if block is None:
        block = 128 if own_starts else 1024
    generator = np.random.default_rng(seed)
    theta = np.empty((n, n_params))
    redrawn = lost = 0
    plain = bool((labels == np.arange(len(labels))).all())  # every row is a run of its own

    def blocks() -> Iterator[Array]:
        nonlocal redrawn
        for first in range(0, n, block):
            counts, again = _draw(generator, min(block, n - first), n_runs, n_params)
            redrawn += again
            yield (counts if plain else np.where(labels >= 0, counts[:, labels], 0.0)) * base

    first = 0
    for solved, settled in _solve_blocks(problem, blocks(), own_starts, engine, executor):
        theta[first : first + len(solved)] = solved
        first += len(solved)
        lost += int((~settled).sum())
    samples = MappingProxyType(problem.unpack(theta))
    empty = Bootstrap(fit, samples, redrawn, lost, level, method, labels)
    free = [name for name in samples if not fit.params[name].held]
    errors = {name: _spread(samples[name]) for name in free}
    intervals = {}
    for name in free:
        low, high = empty.interval(name)
        intervals[name] = (float(low), float(high))
    return Bootstrap(fit.with_errors(errors, intervals, level), samples, redrawn, lost, level, method, labels)


def _labels(runs: ArrayLike | None, base: Array) -> NDArray[np.intp]:
    """Number the runs of positive weight from 0; -1 for rows of weight zero."""
    used = base > 0
    out = np.full(len(base), -1, dtype=np.intp)
    if runs is None:
        out[used] = np.arange(int(used.sum()))
        return out
    names = validation.labels(runs, "runs", len(base))
    out[used] = np.unique(names[used], return_inverse=True)[1]
    return out


def _draw(generator: np.random.Generator, size: int, n_runs: int, needed: int) -> tuple[Array, int]:
    """Draw how often each run occurs, again where fewer distinct runs occur than the law has constants."""
    even = np.full(n_runs, 1.0 / n_runs)
    counts = generator.multinomial(n_runs, even, size=size)
    redrawn = 0
    poor = (counts > 0).sum(axis=1) < needed
    while poor.any():  # a draw of distinct runs has positive probability, since n_runs >= needed
        redrawn += int(poor.sum())
        counts[poor] = generator.multinomial(n_runs, even, size=int(poor.sum()))
        poor = (counts > 0).sum(axis=1) < needed
    return counts.astype(np.float64), redrawn


def _solve_blocks(
    problem: Problem, blocks: Iterable[Array], own_starts: int, engine: Engine, executor: Executor | None
) -> Iterator[tuple[Array, NDArray[np.bool_]]]:
    """Solve blocks of weights, here or elsewhere, in their order."""
    if executor is None:
        yield from (_solve_block(problem, weights, own_starts, engine) for weights in blocks)
        return
    ahead = deque()
    try:
        for weights in blocks:
            ahead.append(executor.submit(_solve_block, problem, weights, own_starts, engine))
            if len(ahead) == _BLOCKS_AHEAD:
                yield ahead.popleft().result()
        while ahead:
            yield ahead.popleft().result()
    finally:
        for future in ahead:
            future.cancel()


def _solve_block(
    problem: Problem, weights: Array, own_starts: int, engine: Engine
) -> tuple[Array, NDArray[np.bool_]]:
    """Solve one block of resamples from the optimum and, if asked, from the best cells of their own grids."""
    if not own_starts:
        minimum = problem.solve(weights, engine=engine)
        return minimum.theta, minimum.settled
    points = Points(problem.points.x, problem.points.y, weights)
    own = problem.starts(points, own_starts)
    count = own.shape[1] + 1
    warm = np.broadcast_to(problem.theta, (len(weights), 1, own.shape[2]))
    theta = np.concatenate([warm, own], axis=1).reshape(-1, own.shape[2])
    minimum = problem.solve(np.repeat(weights, count, axis=0), theta, engine=engine)
    best = np.arange(len(weights)) * count + np.argmin(minimum.value.reshape(-1, count), axis=1)
    return minimum.theta[best], minimum.settled[best]
