"""The exponent of the best size under every way of counting: what *count it your way* computes from the runs."""

from __future__ import annotations

import warnings
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits, Tuple

if TYPE_CHECKING:
    import pandas

    from course_utils.fitting import ValleySurface

COUNTS = {
    "blocks": "params_non_embedding",
    "blocks_and_head": "params_blocks_and_head",
    "everything": "params_total",
}
COMPUTES = ("all", "without_head", "six_nd")
WARMUPS = ("share", "fixed")
REACHES = (0.03, 0.04, 0.05, 0.07, 0.1, 1.0)
"""How far above the lowest loss at its budget a run may lie: the last keeps every run."""

LEVEL = 0.9
_BUDGETS_NEEDED = 3
_RESAMPLES = 300
_SETS = {"share": "grid", "fixed": "warmup"}
_COLUMNS = ("set", "d_model", "budget", "tokens", "flops", "flops_without_head", "loss_nats", "diverged")


class CountState(HasTraits):
    """What the reader sets: what counts as N and as C, the warm-up, and which runs take part."""

    params = Enum(tuple(COUNTS), default_value="blocks_and_head")
    compute = Enum(COMPUTES, default_value="all")
    warmup = Enum(WARMUPS, default_value="share")
    span = Tuple()
    reach = Float(1.0)


@dataclass(frozen=True)
class Exponent:
    """An exponent a of N_opt = k C^a with its interval."""

    value: float
    low: float
    high: float


@dataclass(frozen=True)
class CountResult:
    """What one way of counting makes of the runs.

    Attributes
    ----------
    params, compute, warmup : str
        The way of counting and the set of runs.
    reach : float
        How far above the lowest loss at its budget a run may lie.
    n_runs, n_budgets : int
        How many take part.
    used_flops, used_params, left_flops, left_params : arrays
        The runs that take part, and those of the same budgets that lie too far up the sides.
    exponent : Exponent or None
        None where there are fewer than three budgets.
    line_flops, line_params, band_low, band_high : arrays of shape (n_line,)
        The bottom of the valley and its interval; empty without an exponent.
    bottom_flops, bottom_params, bottom_low, bottom_high : arrays of shape (n_bottoms,)
        Each budget's own lowest point, fitted alone, with its interval (no wider than the point where the runs leave
        it open).
    whole : Exponent
        What all budgets give, counted this way with a warm-up of 5 per cent.
    twin : Exponent or None
        With the fixed warm-up: what the same sizes and budgets give with one of 5 per cent, counted this way.
    share : (float, float)
        N over all weights, in the smallest and the largest model that take part.
    compute_share : (float, float)
        C over the full count of FLOPs, in the same two models.
    is_plain : bool
        Whether this is the plain way of counting on all runs.
    """

    params: str
    compute: str
    warmup: str
    reach: float
    n_runs: int
    n_budgets: int
    used_flops: np.ndarray
    used_params: np.ndarray
    left_flops: np.ndarray
    left_params: np.ndarray
    exponent: Exponent | None
    line_flops: np.ndarray
    line_params: np.ndarray
    band_low: np.ndarray
    band_high: np.ndarray
    bottom_flops: np.ndarray
    bottom_params: np.ndarray
    bottom_low: np.ndarray
    bottom_high: np.ndarray
    whole: Exponent
    twin: Exponent | None
    share: tuple[float, float]
    compute_share: tuple[float, float]
    is_plain: bool


class Recount:
    """Hold the runs of both warm-ups and fit them under any way of counting.

    The runs with the fixed warm-up were trained at three budgets, and partly at other sizes than the grid. Those
    sizes are left out, so that both warm-ups are compared on the same ones: sizes that reach further to one side at
    one budget than at another move the exponent by as much as the warm-up does.

    Parameters
    ----------
    runs : pandas.DataFrame
        Runs with the columns of the table ``text_runs``.

    Raises
    ------
    ValueError
        If a column is missing.
    """

    def __init__(self, runs: pandas.DataFrame):
        needed = (*_COLUMNS, *COUNTS.values())
        missing = [name for name in needed if name not in runs.columns]
        if missing:
            raise ValueError(f"runs: no column {missing[0]!r}. Pass a table with {', '.join(needed)}.")
        kept = runs[~runs["diverged"]]
        sets = {warmup: kept[kept["set"] == name] for warmup, name in _SETS.items()}
        places = {warmup: set(zip(table["budget"], table["d_model"], strict=True)) for warmup, table in sets.items()}
        both = places["share"] & places["fixed"]
        self.budgets = tuple(sorted({float(budget) for budget, _ in places["share"]}))
        self._tables = {
            "share": _Table.of(sets["share"], places["share"]),
            "fixed": _Table.of(sets["fixed"], both),
            "twin": _Table.of(sets["share"], both),
        }
        self._fit = lru_cache(maxsize=256)(self._fit_anew)

    def compute(self, params: str, compute: str, warmup: str, span: tuple[float, float], reach: float) -> CountResult:
        """Fit the chosen runs, counted the chosen way, and what they are compared with."""
        everything = (self.budgets[0], self.budgets[-1])
        table = self._tables[warmup]
        used, near = table.rows(span, reach)
        n, c = table.count(params, compute)
        fit = self._fit(warmup, params, compute, span, reach)
        twin = self._fit("twin", params, compute, span, reach) if warmup == "fixed" else None
        rows = np.flatnonzero(used)
        ends = rows[[np.argmin(table.width[rows]), np.argmax(table.width[rows])]] if len(rows) else np.array([0, 0])
        total, _ = table.count("everything", compute)
        _, flops = table.count(params, "all")
        line = _line(fit, c[used])
        bottoms = _bottoms(fit, table, used, n, c)
        return CountResult(
            params, compute, warmup, reach,
            n_runs=int(used.sum()),
            n_budgets=len(np.unique(table.budget[used])),
            used_flops=c[used],
            used_params=n[used],
            left_flops=c[near & ~used],
            left_params=n[near & ~used],
            exponent=_exponent(fit),
            **dict(zip(("line_flops", "line_params", "band_low", "band_high"), line, strict=True)),
            **dict(zip(("bottom_flops", "bottom_params", "bottom_low", "bottom_high"), bottoms, strict=True)),
            whole=_exponent(self._fit("share", params, compute, everything, 1.0)),
            twin=_exponent(twin),
            share=tuple(float(x) for x in (n / total)[ends]),
            compute_share=tuple(float(x) for x in (c / flops)[ends]),
            is_plain=(params, compute, warmup, span, reach) == ("blocks_and_head", "all", "share", everything, 1.0),
        )  # fmt: skip

    def plain(self) -> CountResult:
        """Return the plain way of counting on all runs: blocks and head, all FLOPs."""
        return self.compute("blocks_and_head", "all", "share", (self.budgets[0], self.budgets[-1]), 1.0)

    def fixed_budgets(self) -> tuple[float, ...]:
        """Return the budgets at which runs with the fixed warm-up exist."""
        return tuple(float(budget) for budget in np.unique(self._tables["fixed"].budget))

    def _fit_anew(
        self, table_name: str, params: str, compute: str, span: tuple[float, float], reach: float
    ) -> ValleySurface | None:
        from course_utils import fitting

        table = self._tables[table_name]
        used, _ = table.rows(span, reach)
        if len(np.unique(table.budget[used])) < _BUDGETS_NEEDED:
            return None
        n, c = table.count(params, compute)
        with warnings.catch_warnings():
            # A weak valley shows as a wide interval here.
            warnings.simplefilter("ignore", fitting.FitWarning)
            return fitting.fit_valley_surface(n[used], c[used], table.loss[used], n=_RESAMPLES, level=LEVEL)


@dataclass(frozen=True, eq=False)
class _Table:
    """Columns of one set of runs; `above` is the loss over the lowest seed mean at its budget, less 1."""

    budget: np.ndarray
    width: np.ndarray
    tokens: np.ndarray
    sizes: dict[str, np.ndarray]
    flops: np.ndarray
    flops_without_head: np.ndarray
    loss: np.ndarray
    above: np.ndarray

    @classmethod
    def of(cls, runs: pandas.DataFrame, places: set[tuple[float, int]]) -> _Table:
        chosen = [place in places for place in zip(runs["budget"], runs["d_model"], strict=True)]
        runs = runs[chosen].sort_values(["budget", "d_model"], kind="stable")
        lowest = runs.groupby(["budget", "d_model"])["loss_nats"].mean().groupby("budget").min()
        return cls(
            runs["budget"].to_numpy(float),
            runs["d_model"].to_numpy(),
            runs["tokens"].to_numpy(float),
            {name: runs[column].to_numpy(float) for name, column in COUNTS.items()},
            runs["flops"].to_numpy(float),
            runs["flops_without_head"].to_numpy(float),
            runs["loss_nats"].to_numpy(float),
            (runs["loss_nats"] / runs["budget"].map(lowest) - 1).to_numpy(float),
        )

    def rows(self, span: tuple[float, float], reach: float) -> tuple[np.ndarray, np.ndarray]:
        """Return which runs lie in a span of budgets and near the bottom, and which lie in the span."""
        inside = (self.budget >= span[0]) & (self.budget <= span[1])
        return inside & (self.above <= reach), inside

    def count(self, params: str, compute: str) -> tuple[np.ndarray, np.ndarray]:
        """Return N and C of every run."""
        n = self.sizes[params]
        return n, {"all": self.flops, "without_head": self.flops_without_head, "six_nd": 6 * n * self.tokens}[compute]


def _exponent(fit: ValleySurface | None) -> Exponent | None:
    if fit is None:
        return None
    low, high = fit.exponent_params.interval
    return Exponent(fit.exponent_params.value, low, high)


def _line(fit: ValleySurface | None, flops: np.ndarray) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    if fit is None:
        return (np.empty(0),) * 4
    at = np.geomspace(flops.min(), flops.max(), 40)
    return at, fit.optimal_params(at), *fit.optimal_params_band(at)


def _bottoms(
    fit: ValleySurface | None, table: _Table, used: np.ndarray, n: np.ndarray, c: np.ndarray
) -> tuple[np.ndarray, np.ndarray, np.ndarray, np.ndarray]:
    """Fit each budget's own parabola, its runs first moved along the surface to one compute."""
    from course_utils import fitting

    if fit is None:
        return (np.empty(0),) * 4
    common = c.copy()
    ready = np.zeros_like(used)
    for budget in np.unique(table.budget[used]):
        rows = used & (table.budget == budget)
        common[rows] = np.exp(np.log(c[rows]).mean())
        ready |= rows & (len(np.unique(n[rows])) >= 3)
    loss = table.loss * fit.predict(n, common) / fit.predict(n, c)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", fitting.FitWarning)
        alone = fitting.fit_isoflop(n[ready], common[ready], loss[ready], budgets=table.budget[ready], n=2, level=LEVEL)
    valleys = [valley for valley in alone.valleys if valley.params is not None and valley.inside]
    ends = [valley.interval or (valley.params, valley.params) for valley in valleys]
    return (
        np.array([valley.budget for valley in valleys]),
        np.array([valley.params for valley in valleys]),
        np.array([low for low, _ in ends]),
        np.array([high for _, high in ends]),
    )
