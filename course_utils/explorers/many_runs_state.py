"""What *how many runs* is asked and answers: idle workers, failures, equal seeds and tables, from formulas."""

from __future__ import annotations

import math
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits, Int

from course_utils.explorers.controls import decade_steps

if TYPE_CHECKING:
    from pandas import DataFrame

RUNS = decade_steps(10, 1e5, (1, 2, 5))
WORKERS = tuple(2**k for k in range(11))
HOURS = decade_steps(0.01, 100, (1, 3))
FAILURES = decade_steps(1e-5, 0.1, (1, 3))
BITS = (16, 32, 64)
CLASSES = 20
"""Lengths of runs that are told apart: the middles of as many equal shares of the measured ones."""
REWRITTEN = "tables rewritten for every run"
SELDOM = "tables rewritten when they have grown by a sixteenth"


class ManyRunsState(HasTraits):
    """What the reader sets: runs, workers, hours of a run, chance of failing in an hour, bits of a seed."""

    runs = Float(1000.0)
    workers = Int(256)
    hours = Float(1.0)
    failing = Float(1e-3)
    bits = Enum(BITS, 32)


@dataclass(frozen=True, eq=False)
class ManyRunsResult:
    """What a sweep of so many runs meets; times in hours unless said otherwise.

    Attributes
    ----------
    runs, workers, hours, failing, bits : as the reader set them
    work : of all runs together, runs times hours
    least : no order ends sooner: work shared evenly, or the longest run alone
    longest_first, shortest_first : end of the sweep where a free worker takes the next run of that list, no run failing
    ends_longest, ends_shortest : when every worker is done, sorted, in units of `least`
    idle : share of the workers' time that is spent waiting for the last runs, longest first
    failed : expected failures, every run tried again until it ends
    clean : chance that no run of the sweep fails
    lost_kept : expected work lost where finished runs are kept, in units of `work`
    lost_all : the same where every failure starts the sweep anew, at `RUNS`; at most 1e12
    lost_all_here : at `runs`
    pairs : expected pairs of runs with the same seed, at `RUNS` for each of `BITS`, shape (3, n)
    pairs_here, same : at `runs`: the same, and the chance that there is one at least
    table_bytes : of the tables of runs and curves
    rewriting, seldom : processor seconds for writing them, at `RUNS`
    rewriting_here, seldom_here : at `runs`
    """

    runs: int
    workers: int
    hours: float
    failing: float
    bits: int
    work: float
    least: float
    longest_first: float
    shortest_first: float
    ends_longest: np.ndarray
    ends_shortest: np.ndarray
    idle: float
    failed: float
    clean: float
    lost_kept: float
    lost_all: np.ndarray
    lost_all_here: float
    pairs: np.ndarray
    pairs_here: float
    same: float
    table_bytes: float
    rewriting: np.ndarray
    seldom: np.ndarray
    rewriting_here: float
    seldom_here: float


class Sweeps:
    r"""Compute what sweeps meet.

    - Lengths are spread as those of the ladder's own runs, scaled to the mean that is asked for.
    - A free worker takes the next run of the list (list scheduling); nothing is sooner than the work shared evenly, or
      than the longest run.
    - Failures strike at a constant rate, :math:`\lambda = -\ln(1 - p)` an hour. A run of d hours that starts anew
      after each fails :math:`e^{\lambda d} - 1` times and costs :math:`(e^{\lambda d} - 1)/\lambda` hours, on average.
      A sweep of which nothing is kept is one run as long as all its work.
    - Of n seeds of b bits drawn at random, :math:`n(n - 1)/2^{b+1}` pairs agree, on average.
    - Writing costs what was measured for one run at several lengths of the tables, summed over all runs.

    Parameters
    ----------
    runs : pandas.DataFrame
        With the columns ``set`` and ``train_seconds`` of ``text_runs``.
    scale : pandas.DataFrame
        With the columns of ``scale``.

    Raises
    ------
    ValueError
        If a column or a quantity is missing.
    """

    def __init__(self, runs: DataFrame, scale: DataFrame):
        for table, name, columns in (
            (runs, "runs", ("set", "train_seconds")), (scale, "scale", ("quantity", "how", "runs", "value")),
        ):  # fmt: skip
            missing = [column for column in columns if column not in table]
            if missing:
                raise ValueError(f"{name}: no column {missing[0]!r}. Pass a table with the columns of the shipped one.")
        seconds = np.sort(runs.loc[runs["set"] == "grid", "train_seconds"].to_numpy(float))
        if not len(seconds) or not (seconds > 0).all():
            raise ValueError("runs: no positive train_seconds of the set 'grid'. Pass the table text_runs.")
        self._seconds = seconds
        self._bytes = float(_rows(scale, "bytes_per_run", "tables")[1][0])
        self._rewriting, self._seldom = (
            _summed(*_rows(scale, "cpu_seconds_to_add_a_run", how)) for how in (REWRITTEN, SELDOM)
        )
        self._scheduled = lru_cache(maxsize=256)(self._schedule)

    def lengths(self, runs: int) -> tuple[np.ndarray, np.ndarray]:
        """Return lengths in units of their mean, shortest first, and how many runs have each."""
        classes = min(runs, CLASSES)
        counts = np.diff(np.round(np.linspace(0, runs, classes + 1))).astype(int)
        length = np.quantile(self._seconds, (np.arange(classes) + 0.5) / classes)
        return length * runs / float(counts @ length), counts

    def _schedule(self, runs: int, workers: int) -> tuple[float, np.ndarray, np.ndarray]:
        """Return the least time and when each worker is done, longest and shortest first; in mean lengths of a run."""
        length, counts = self.lengths(runs)
        least = max(runs / workers, float(length[-1]))
        longest = last_runs(length[::-1], counts[::-1], workers)
        return least, np.sort(longest) / least, np.sort(last_runs(length, counts, workers)) / least

    def compute(self, runs: float, workers: int, hours: float, failing: float, bits: int) -> ManyRunsResult:
        """Compute what a sweep meets; see :class:`ManyRunsResult`."""
        n = round(runs)
        least, longest, shortest = self._scheduled(n, workers)
        length, counts = self.lengths(n)
        rate = -math.log1p(-failing)
        again = np.expm1(rate * hours * length)  # expected failures of a run of each length
        work, at = n * hours, np.array(RUNS)
        pairs = np.array([at * (at - 1) / 2.0 ** (b + 1) for b in BITS])
        here = RUNS.index(runs)
        lost_all = _lost(rate * at * hours)
        return ManyRunsResult(
            runs=n, workers=workers, hours=hours, failing=failing, bits=bits, work=work, least=least * hours,
            longest_first=float(longest[-1]) * least * hours, shortest_first=float(shortest[-1]) * least * hours,
            ends_longest=longest, ends_shortest=shortest, idle=1 - n / (workers * float(longest[-1]) * least),
            failed=float(counts @ again), clean=math.exp(-rate * work),
            lost_kept=max(float(counts @ again) / (rate * work) - 1, 0.0),
            lost_all=lost_all, lost_all_here=float(lost_all[here]), pairs=pairs,
            pairs_here=float(pairs[BITS.index(bits), here]), same=chance_of_equal_seeds(n, bits),
            table_bytes=n * self._bytes, rewriting=self._rewriting(at), seldom=self._seldom(at),
            rewriting_here=float(self._rewriting(np.array([runs]))[0]),
            seldom_here=float(self._seldom(np.array([runs]))[0]),
        )  # fmt: skip


def last_runs(length: np.ndarray, counts: np.ndarray, workers: int) -> np.ndarray:
    """Give runs to workers from the top of a list, each to the worker that is free first; return when each is done.

    Parameters
    ----------
    length, counts : arrays of shape (n_classes,)
        The list: so many runs of each length, one class after the other.
    workers : int

    Returns
    -------
    array of shape (workers,)

    Examples
    --------
    >>> np.sort(last_runs(np.array([3.0, 1.0]), np.array([1, 4]), 2))
    array([3., 4.])
    """
    free = np.zeros(workers)
    for each, count in zip(length, counts, strict=True):
        # Nobody takes a run after all could have ended side by side: these are certain.
        level = (free.sum() + each * count) / workers
        certain = np.maximum(np.floor((level - each - free) / each), 0).astype(int)
        if certain.sum() > count:
            certain[:] = 0
        free = free + each * certain
        left = int(count - certain.sum())
        while left > 0:
            order = np.argsort(free, kind="stable")
            ready = order[free[order] <= free[order[0]] + each][:left]  # before the first of them is free again
            free[ready] += each
            left -= len(ready)
    return free


def chance_of_equal_seeds(runs: int, bits: int) -> float:
    """Compute the chance that two of n seeds drawn at random agree, exactly.

    Examples
    --------
    >>> round(chance_of_equal_seeds(100_000, 32), 3)
    0.688
    """
    if runs > 2**bits:
        return 1.0
    return float(-np.expm1(np.log1p(-np.arange(runs) / 2.0**bits).sum()))


def _lost(exposed: np.ndarray) -> np.ndarray:
    """Compute (e^x - 1)/x - 1, at most 1e12."""
    lost = np.expm1(np.minimum(exposed, 40.0)) / np.minimum(exposed, 40.0) - 1
    return np.where(exposed < 40.0, np.minimum(lost, 1e12), 1e12)


def _rows(scale: DataFrame, quantity: str, how: str) -> tuple[np.ndarray, np.ndarray]:
    found = scale[(scale["quantity"] == quantity) & (scale["how"] == how)]
    if not len(found):
        raise ValueError(
            f"scale: no row {quantity!r}, {how!r}. Make the table again: python -m course_utils.ladder.scale."
        )
    return found["runs"].to_numpy(float), found["value"].to_numpy(float)


def _summed(rows: np.ndarray, seconds: np.ndarray):
    """Return the seconds that so many runs take together, each at the length that the tables then have.

    Between the lengths that were measured the seconds follow a power law; beyond them they stay.
    """
    order = np.argsort(rows)
    at = np.geomspace(1, RUNS[-1], 400)
    each = np.exp(np.interp(np.log(at), np.log(rows[order]), np.log(seconds[order])))
    total = np.concatenate([[each[0]], each[0] + np.cumsum(np.diff(at) * (each[1:] + each[:-1]) / 2)])
    return lambda runs: np.interp(runs, at, total)
