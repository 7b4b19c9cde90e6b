"""The pointer ground of *spend a budget*: size, length of thought and samples, from counts of all three together."""

from __future__ import annotations

from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_utils import accounting, allocation, datasets, sampling
from course_utils.explorers.spend_state import BUDGETS, SpendResult

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]

STEPS_OF = {"all": (1, 8), "easy": (1, 2), "middle": (3, 5), "hard": (6, 8)}
VOTES = (1, 3, 9, 27, 81)  # and all samples: the numbers at which votes were held
_MOST_VOTES = 20  # for each question at each number
_COLUMNS = ("run", "d_model", "seed", "params_blocks_and_head", "hops", "budget", "problem", "samples", "correct",
            "answer", "counts")  # fmt: skip


class ThoughtBudgets:
    """Hold what every size solves with at most so many thoughts, at every budget of FLOPs.

    Parameters
    ----------
    table : pandas.DataFrame
        Table with the columns of ``pointer_spend``.

    Attributes
    ----------
    widths : tuple of int, d_model of the models, smallest first
    params : array of shape (n_sizes,), parameters of blocks and head
    samples : samples of each question
    held : array, numbers of samples at which votes were held

    Raises
    ------
    ValueError
        If a column or a cell of a run is missing, there are fewer than two sizes, or runs drew different numbers of
        samples.
    """

    def __init__(self, table: pandas.DataFrame):
        missing = [column for column in _COLUMNS if column not in table]
        if missing:
            raise ValueError(f"chains: no column {missing[0]!r}. Pass a table with {', '.join(_COLUMNS)}.")
        drawn = sorted(table["samples"].unique().tolist())
        if len(drawn) > 1:
            raise ValueError(f"chains: samples differ from run to run ({drawn}). Keep runs of one number.")
        self.samples = int(drawn[0])
        self.held = np.array([k for k in VOTES if k < self.samples] + [self.samples])
        table = table.sort_values(["d_model", "hops", "budget", "seed", "problem"], kind="stable")
        sizes = table.groupby("d_model")["params_blocks_and_head"].first()
        if len(sizes) < 2:
            raise ValueError("chains: sizes are compared, and there is one. Pass a table with two or more.")
        self.widths, self.params = tuple(int(d) for d in sizes.index), sizes.to_numpy(dtype=np.float64)
        self.seeds = tuple(int(n) for n in table.groupby("d_model")["seed"].nunique())
        self._correct, self._voted = self._cells(table)
        self._plans = {(third, checked): self._plan(third, checked) for third in STEPS_OF for checked in (True, False)}

    def _cells(self, table: pandas.DataFrame) -> tuple[dict, dict]:
        """Cut the table by size, steps and length: right samples (n_seeds, n_problems), votes (the same, n_held)."""
        counts = np.array(" ".join(table["counts"]).split(), dtype=np.int64).reshape(len(table), -1)
        voted = votes_from_counts(counts, table["answer"].to_numpy(), self.held)
        correct, voted_of, first = {}, {}, 0
        cells = [(hops, budget) for hops in range(1, STEPS_OF["all"][1] + 1) for budget in range(hops + 1)]
        sizes = table.groupby(["d_model", "hops", "budget"]).size()
        questions = -(-len(table) // (len(cells) * sum(self.seeds)))
        for d, seeds in zip(self.widths, self.seeds, strict=True):
            for hops, budget in cells:
                rows = int(sizes.get((d, hops, budget), 0))
                if not rows or rows != questions * seeds:
                    raise ValueError(
                        f"chains: d_model {d}, {hops} steps, {budget} thoughts: {rows} rows, not {questions * seeds}. "
                        "Every run needs every cell; make the table with 'python3 course.py tasks pointer_spend'."
                    )
                part = slice(first, first + rows)
                correct[d, hops, budget] = table["correct"].to_numpy()[part].reshape(seeds, -1)
                voted_of[d, hops, budget] = voted[part].reshape(seeds, -1, len(self.held))
                first += rows
        return correct, voted_of

    def problems(self, third: str) -> int:
        """Count the questions of a group."""
        low, high = STEPS_OF[third]
        return sum(self._correct[self.widths[0], hops, 0].shape[1] for hops in range(low, high + 1))

    def _option(self, i: int, length: int, third: str, verifier: bool) -> allocation.AnswerOption:
        """Describe one size with at most `length` thoughts on a group of questions; the price is the mean one."""
        low, high = STEPS_OF[third]
        cells = [(self.widths[i], hops, min(length, hops)) for hops in range(low, high + 1)]
        tokens = float(np.mean([budget + 1 for _, _, budget in cells]))

        def covered(k: Array) -> Array:
            # Right samples by seed and question; every number of steps has as many questions.
            correct = np.concatenate([self._correct[cell] for cell in cells], axis=1)
            reach = sampling.pass_at_k(correct.reshape(-1), self.samples, k)
            return reach.reshape(*correct.shape, -1).mean(axis=0)

        def voted(k: Array) -> Array:
            table = np.concatenate([self._voted[cell].mean(axis=0) for cell in cells])
            return table[:, np.searchsorted(self.held, k, side="right") - 1]

        return allocation.AnswerOption(
            f"{self.widths[i]}/{length}", self.params[i], tokens, covered if verifier else voted, self.samples
        )

    def _plan(self, third: str, verifier: bool) -> dict[str, NDArray]:
        """Compute every split at every budget: arrays of shape (n_sizes, n_lengths, n_budgets) by name, and `each`."""
        lengths = range(STEPS_OF[third][1] + 1)
        options = [self._option(i, b, third, verifier) for i in range(len(self.widths)) for b in lengths]
        plan = allocation.spend_on_answers(BUDGETS, options)
        shape = (len(self.widths), len(lengths), len(BUDGETS))
        samples = plan.samples if verifier else self._fewer(plan.samples)
        tokens = np.array([option.answer_tokens for option in options])
        each = accounting.answer_flops(np.repeat(self.params, len(lengths)), tokens)
        return {
            "samples": samples.reshape(shape),
            "solved": plan.solved[0].reshape(shape).round(12),  # sums of ones may differ in the last digit
            "each": each.reshape(shape[:2]),
        }

    def _fewer(self, samples: NDArray[np.int64]) -> NDArray[np.int64]:
        """Go down to the next number of samples at which votes were held; 0 stays."""
        return np.where(samples > 0, self.held[np.searchsorted(self.held, np.maximum(samples, 1), side="right") - 1], 0)

    def compute(self, numbers: int, third: str, flops: float, verifier: bool) -> SpendResult:
        """Look up a budget; see :class:`SpendResult`."""
        plan, at = self._plans[third, verifier], BUDGETS.index(flops)
        length = plan["solved"].argmax(axis=1)  # of equal ones the shorter
        curves, samples = (
            np.take_along_axis(plan[name], length[:, None], axis=1)[:, 0] for name in ("solved", "samples")
        )
        paid = samples > 0
        winners = np.where(paid.any(axis=0), curves.argmax(axis=0), -1)  # of equal ones the smaller
        best = int(winners[at])
        able = np.sort(curves[paid[:, at], at])[::-1]
        return SpendResult(
            ground="pointers",
            numbers=numbers,
            third=third,
            flops=flops,
            verifier=verifier,
            params=self.params,
            each=plan["each"][:, -1],
            samples=samples[:, at],
            solved=curves[:, at],
            curves=curves,
            paid=paid,
            winners=winners,
            best=best if best >= 0 else None,
            lead=float(able[0] - able[1]) if len(able) > 1 else None,
            first_of_largest=float(plan["each"][-1, -1]),
            problems=self.problems(third),
            seeds=self.seeds,
            length=length[:, at],
            grid=plan["solved"][:, :, at],
            grid_samples=plan["samples"][:, :, at],
            unthought=plan["solved"][:, 0].max(axis=0),
        )


@lru_cache(maxsize=1)
def shipped_chains() -> ThoughtBudgets:
    """Read the table that ships with the course, once."""
    return ThoughtBudgets(datasets.load("pointer_spend"))


def votes_from_counts(counts: NDArray[np.int64], answer: NDArray[np.int64], held: NDArray, *, seed: int = 0) -> Array:
    """Hold votes among samples whose answers were counted, none put back: a vote of all is the measurement.

    Parameters
    ----------
    counts : array of shape (n_rows, n_answers), samples of each answer, as many in every row
    answer : array of shape (n_rows,), column of the right answer
    held : array of shape (n_held,), increasing, samples that vote; the first 1, the last all of them
    seed : of the order of the samples

    Returns
    -------
    array of shape (n_rows, n_held), share of the votes that are right; a tie counts in equal parts

    Examples
    --------
    >>> votes_from_counts(np.array([[2, 1, 0]]), np.array([0]), np.array([1, 3])).round(3)
    array([[0.667, 1.   ]])
    """
    rows, places = counts.shape
    samples = int(held[-1])
    labels = np.repeat(np.tile(np.arange(places, dtype=np.int16), rows), counts.ravel()).reshape(rows, samples)
    labels = np.random.default_rng(seed).permuted(labels, axis=1)
    out = np.empty((rows, len(held)))
    out[:, 0] = counts[np.arange(rows), answer] / samples
    for i, k in enumerate(held[1:], start=1):
        votes = min(samples // int(k), _MOST_VOTES)
        for first in range(0, rows, 1000):
            part = labels[first : first + 1000, : votes * k].reshape(-1, k)
            asked = np.repeat(answer[first : first + 1000], votes)
            at = (part + places * np.arange(len(part))[:, None]).ravel()
            cast = np.bincount(at, minlength=places * len(part)).reshape(-1, places)
            won = cast == cast.max(axis=1, keepdims=True)
            right = won[np.arange(len(part)), asked] / won.sum(axis=1)
            out[first : first + 1000, i] = right.reshape(-1, votes).mean(axis=1)
    return out
