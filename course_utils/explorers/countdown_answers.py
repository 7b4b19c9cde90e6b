"""The Countdown answers of the trained models, as three explorers read them: rates, coverage and votes by problem."""

from __future__ import annotations

from collections.abc import Iterable
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_utils import datasets, sampling

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]

VOTES_AT = np.array([1.0, 3.0, 10.0, 30.0, 100.0, 300.0, 1000.0])
_VOTES = (0, 12, 12, 8, 6, 4, 2)  # votes that are held in each order of the samples; one sample needs none
_ORDERS = 2
_COLUMNS = ("run", "d_model", "seed", "params_blocks_and_head", "temperature", "numbers", "problem", "samples",
            "correct", "chance", "distinct", "top_counts", "top_right")  # fmt: skip


class CountdownAnswers:
    """Hold the counts of complete runs: those that answered every problem that any run did.

    Parameters
    ----------
    table : pandas.DataFrame
        Table with the columns of ``countdown_samples``.

    Attributes
    ----------
    widths : tuple of int, d_model of the models that are complete, smallest first
    numbers : tuple of int, sizes of problems
    params : by width, parameters of blocks and head
    samples : samples of each problem

    Raises
    ------
    ValueError
        If a column is missing, no run is complete, or runs drew different numbers of samples.
    """

    def __init__(self, table: pandas.DataFrame):
        missing = [column for column in _COLUMNS if column not in table]
        if missing:
            raise ValueError(f"table: no column {missing[0]!r}. Pass a table with {', '.join(_COLUMNS)}.")
        keys = ["run", "temperature"]
        rows_of = table.groupby(keys)["problem"].transform("size")
        table = table[rows_of == table[["numbers", "problem"]].drop_duplicates().shape[0]]
        if table.empty:
            raise ValueError("table: no run answered every problem. Make one with 'python3 course.py tasks countdown'.")
        drawn = table["samples"].unique()
        if len(drawn) > 1:
            raise ValueError(f"table: samples differ from run to run ({sorted(drawn)}). Keep runs of one number.")
        self.samples = int(drawn[0])
        table = table.sort_values(["numbers", "problem"], kind="stable")
        self._cells = {
            (int(d), float(heat), int(n), int(seed)): rows
            for (d, heat, n, seed), rows in table.groupby(["d_model", "temperature", "numbers", "seed"])
        }
        self.params = {int(d): float(n) for d, n in table.groupby("d_model")["params_blocks_and_head"].first().items()}
        self.widths = tuple(sorted(self.params))
        self.numbers = tuple(int(n) for n in sorted(table["numbers"].unique()))
        self._votes: dict[tuple, Array] = {}

    def temperatures(self, d_model: int) -> tuple[float, ...]:
        """Temperatures at which a model was sampled."""
        return tuple(sorted({heat for d, heat, _, _ in self._cells if d == d_model}))

    def seeds(self, d_model: int, temperature: float = 1.0) -> tuple[int, ...]:
        """Seeds of a model that were sampled at a temperature."""
        return tuple(sorted({seed for d, heat, _, seed in self._cells if (d, heat) == (d_model, temperature)}))

    def column(self, name: str, d_model: int, numbers: int, seed: int, temperature: float = 1.0) -> Array:
        """Return a column of one run, problem by problem, in an order that all runs share."""
        return self._cells[d_model, temperature, numbers, seed][name].to_numpy(dtype=np.float64)

    def first_is_right(self, d_model: int, numbers: int, seed: int, temperature: float = 1.0) -> NDArray[np.bool_]:
        """Say of each problem whether its most frequent answer is right: what a vote of all samples hands in."""
        rows = self._cells[d_model, temperature, numbers, seed]
        return np.array([listed.startswith("1") for listed in rows["top_right"]])

    def coverage(self, d_model: int, numbers: int, seed: int, k: Iterable[float], temperature: float = 1.0) -> Array:
        """Compute coverage by problem, array of shape (n_problems, n_k).

        It comes from counts up to the samples drawn, and from the exact chance of one right answer beyond.
        """
        size = np.asarray(k, dtype=np.float64)
        counted = size <= self.samples
        correct = self.column("correct", d_model, numbers, seed, temperature)
        out = sampling.expected_coverage(self.column("chance", d_model, numbers, seed, temperature), size)
        if counted.any():
            out[:, counted] = sampling.pass_at_k(correct, self.samples, size[counted])
        return out

    def votes(self, d_model: int, numbers: int, seed: int, temperature: float = 1.0) -> Array:
        """Return the chance that a vote is right, shape (n_problems, 8): at :data:`VOTES_AT`, then of all samples."""
        key = (d_model, temperature, numbers, seed)
        if key not in self._votes:
            rows = self._cells[key]
            top = np.array([_five(v) for v in rows["top_counts"]])
            good = np.array([_five(v) for v in rows["top_right"]])
            correct, distinct = (rows[name].to_numpy(dtype=np.float64) for name in ("correct", "distinct"))
            self._votes[key] = votes_from_top(top, good, correct, distinct, self.samples)
        return self._votes[key]

    def voted(self, d_model: int, numbers: int, seed: int, k: Iterable[float], temperature: float = 1.0) -> Array:
        """Read the votes at any k, array of shape (n_problems, n_k): linear in ln k, to the last number of samples."""
        return votes_at(self.votes(d_model, numbers, seed, temperature), k, self.samples)


@lru_cache(maxsize=1)
def shipped_answers() -> CountdownAnswers:
    """Read the table that ships with the course, once."""
    return CountdownAnswers(datasets.load("countdown_samples"))


def votes_at(votes: Array, k: Iterable[float], samples: int) -> Array:
    """Interpolate a table of votes in ln k; from `samples` on the vote of all of them.

    Examples
    --------
    >>> votes_at(np.array([[0.1, 0.1, 0.2, 0.3, 0.5, 0.7, 0.9, 1.0]]), [1, 10, 2000], 2000)
    array([[0.1, 0.2, 1. ]])
    """
    known = np.log(np.append(VOTES_AT, max(samples, VOTES_AT[-1] + 1)))
    at = np.clip(np.log(np.asarray(k, dtype=np.float64)), known[0], known[-1])
    left = np.clip(np.searchsorted(known, at, side="right") - 1, 0, len(known) - 2)
    share = (at - known[left]) / (known[left + 1] - known[left])
    return votes[:, left] * (1 - share) + votes[:, left + 1] * share


def votes_from_top(top: Array, good: Array, correct: Array, distinct: Array, samples: int, *, seed: int = 0) -> Array:
    r"""Estimate votes where only the most frequent answers are known one by one.

    Votes are held among samples that are drawn from those of the model without putting any back, so that a vote of all
    of them is the measurement. The samples that fall on answers that nobody listed are spread over these: the first had
    at most the fifth count and the last one sample, so counts are taken to fall as :math:`1 + (c_5 - 1)(1 - x)^g`, with
    g from their sum. Votes of one sample and of all do not depend on that.

    Parameters
    ----------
    top, good : arrays of shape (n_problems, 5), counts of the most frequent answers and whether they are right
    correct, distinct : arrays of shape (n_problems,), right samples and different answers
    samples : samples of each problem
    seed : of the order in which samples vote

    Returns
    -------
    array of shape (n_problems, 8), at :data:`VOTES_AT` and of all samples
    """
    generator = np.random.default_rng(seed)
    rest = samples - top.sum(axis=1)
    right_rest = np.clip(correct - (top * good).sum(axis=1), 0, None) / np.maximum(rest, 1)
    right = np.column_stack([good, right_rest])  # every answer not listed is as right as these are on average
    labels = np.array([_labels(*row, samples) for row in zip(top, distinct, strict=True)])
    out = np.zeros((len(top), len(VOTES_AT) + 1))
    out[:, 0] = correct / samples
    first = top == top[:, :1]
    out[:, -1] = (first * good).sum(axis=1) / first.sum(axis=1)
    for _ in range(_ORDERS):
        order = generator.permuted(labels, axis=1)
        for i, (k, most) in enumerate(zip(VOTES_AT.astype(int), _VOTES, strict=True)):
            votes = min(samples // k, most)
            if votes:
                share = _share_of_winners(order[:, : votes * k].reshape(-1, k), np.repeat(right, votes, axis=0))
                out[:, i] += share.reshape(len(top), votes).mean(axis=1) / _ORDERS
            elif k > 1:
                out[:, i] = out[:, -1]
    return out


def _labels(top: Array, distinct: float, samples: int) -> NDArray[np.int16]:
    """Write the answer of every sample of one problem as a number: 0 to 4 are listed, from 5 on they are not."""
    listed, others = int((top > 0).sum()), int(distinct - (top > 0).sum())
    labels = np.repeat(np.arange(5), top.astype(int))
    rest = samples - len(labels)
    if rest > 0 and others > 0:
        mean = rest / others
        power = max((top[listed - 1] - 1) / (mean - 1) - 1, 0.0) if mean > 1 else 0.0
        counts = 1 + (top[listed - 1] - 1) * (1 - (np.arange(others) + 0.5) / others) ** power
        ends = np.cumsum(counts)
        at = np.searchsorted(ends / ends[-1] * rest, np.arange(rest) + 0.5)
        labels = np.append(labels, 5 + np.minimum(at, others - 1))
    return labels.astype(np.int16)


def _share_of_winners(labels: NDArray[np.int16], right: Array) -> Array:
    """Find the labels that are most frequent in each row, and how much of them is right; ties count in equal parts."""
    ordered = np.sort(labels, axis=1).reshape(-1)
    start = np.empty(ordered.size, dtype=bool)
    np.not_equal(ordered[1:], ordered[:-1], out=start[1:])
    start[:: labels.shape[1]] = True
    at = np.flatnonzero(start)
    length = np.diff(at, append=ordered.size)
    row = at // labels.shape[1]
    best = np.maximum.reduceat(length, np.searchsorted(row, np.arange(len(labels))))
    won = length == best[row]
    row, at = row[won], at[won]
    label = np.minimum(ordered[at], right.shape[1] - 1)
    return np.bincount(row, right[row, label]) / np.bincount(row)


def _five(text: str) -> list[float]:
    """Read up to five numbers, with zeros behind."""
    values = [float(value) for value in str(text).split()][:5]
    return values + [0.0] * (5 - len(values))
