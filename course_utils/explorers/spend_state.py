"""What *spend a budget* is asked and answers: which size of model, how long a thought and how many samples."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from traitlets import Bool, Enum, Float, HasTraits, Int

from course_utils import accounting, allocation
from course_utils.explorers.controls import decade_steps
from course_utils.explorers.countdown_answers import CountdownAnswers, shipped_answers

GROUNDS = ("countdown", "pointers")
THIRDS = ("all", "easy", "middle", "hard")
BUDGETS = decade_steps(1e5, 1e8, (1, 1.25, 1.5, 2, 2.5, 3, 4, 5, 6, 8))
RANKED_BY = 1  # the seed that says which problems are hard; figures are those of the others


class SpendState(HasTraits):
    """What the reader sets: the problems, the FLOPs for one question, and whether answers can be checked."""

    ground = Enum(GROUNDS, default_value="countdown")
    numbers = Int(5)
    third = Enum(THIRDS, default_value="all")
    flops = Float(1e7)
    verifier = Bool(True)


@dataclass(frozen=True, eq=False)
class SpendResult:
    """What every size solves for one budget; means over problems, then over seeds.

    Attributes
    ----------
    ground, numbers, third, flops, verifier : as the reader set them; numbers mean nothing where pointers are followed
    params : array of shape (n_sizes,), blocks and head
    each : array of the same shape, FLOPs of one sample, with pointers of one at full length
    samples : array of the same shape, whole samples that the budget pays for
    solved : array of the same shape, chance that the answer handed in is right; with pointers at the best length
    curves : array of shape (n_sizes, n_budgets), the same at :data:`BUDGETS`
    paid : bool array of the same shape, whether the budget pays for one sample
    winners : array of shape (n_budgets,), position of the best size; -1 where no size can answer
    best : position of the best size at the budget, None where no size can answer
    lead : its lead over the next, None where fewer than two can answer
    first_of_largest : the least budget that pays for a sample of the largest size
    problems, seeds : problems in the group, and runs for each size
    length : array of shape (n_sizes,), thoughts, at most, that serve each size best; None on Countdown
    grid : array of shape (n_sizes, n_lengths), solved by size and by thoughts, from none up; None on Countdown
    grid_samples : array of the same shape, samples; 0 where the budget does not pay for one; None on Countdown
    unthought : array of shape (n_budgets,), the best size without a thought at :data:`BUDGETS`; None on Countdown
    """

    ground: str
    numbers: int
    third: str
    flops: float
    verifier: bool
    params: np.ndarray
    each: np.ndarray
    samples: np.ndarray
    solved: np.ndarray
    curves: np.ndarray
    paid: np.ndarray
    winners: np.ndarray
    best: int | None
    lead: float | None
    first_of_largest: float
    problems: int
    seeds: tuple[int, ...]
    length: np.ndarray | None = None
    grid: np.ndarray | None = None
    grid_samples: np.ndarray | None = None
    unthought: np.ndarray | None = None


class AnswerBudgets:
    """Hold what every size solves at every budget, with a verifier and by votes, each computed once.

    Parameters
    ----------
    answers : CountdownAnswers

    Raises
    ------
    ValueError
        If no size has both the seed that ranks problems and another.
    """

    def __init__(self, answers: CountdownAnswers):
        self.answers = answers
        ranked = [d for d in answers.widths if RANKED_BY in answers.seeds(d)]
        self.widths = tuple(d for d in answers.widths if set(answers.seeds(d)) - {RANKED_BY})
        if not ranked or len(self.widths) < 2:
            raise ValueError(
                f"answers: problems are ranked by seed {RANKED_BY} and counted on others, at two sizes or more. "
                "Add runs of other seeds."
            )
        self._seeds = {d: tuple(s for s in answers.seeds(d) if s != RANKED_BY) for d in self.widths}
        self._plans = {}
        for numbers in answers.numbers:
            groups = thirds_of([answers.column("chance", d, numbers, RANKED_BY) for d in ranked])
            for verifier in (True, False):
                options = [self._option(d, numbers, verifier) for d in self.widths]
                self._plans[numbers, verifier, "all"] = allocation.spend_on_answers(BUDGETS, options), len(groups)
                plan = allocation.spend_on_answers(BUDGETS, options, groups=groups)
                for third in plan.groups:
                    self._plans[numbers, verifier, third] = plan, int((groups == third).sum())

    def _option(self, d: int, numbers: int, verifier: bool) -> allocation.AnswerOption:
        """Describe one size, averaged over its seeds: coverage where answers can be checked, else the vote."""
        answers, length = self.answers, 2 * numbers - 1
        if verifier:
            solves = [
                allocation.AnswerOption.from_counts(
                    str(d), answers.params[d], length, answers.column("correct", d, numbers, seed), answers.samples
                ).solve
                for seed in self._seeds[d]
            ]
        else:
            solves = [_vote(answers, d, numbers, seed) for seed in self._seeds[d]]
        return allocation.AnswerOption(
            str(d),
            answers.params[d],
            length,
            lambda k: np.mean([solve(k) for solve in solves], axis=0),
            answers.samples,
        )

    def compute(self, numbers: int, third: str, flops: float, verifier: bool) -> SpendResult:
        """Look up a budget; see :class:`SpendResult`."""
        plan, problems = self._plans[numbers, verifier, third]
        group, at = plan.groups.index(third), BUDGETS.index(flops)
        params = np.array([self.answers.params[d] for d in self.widths])
        each = accounting.answer_flops(params, 2 * numbers - 1)
        curves, paid = plan.solved[group], plan.samples > 0
        best = int(plan.best[group, at])
        able = np.sort(curves[paid[:, at], at])[::-1]
        return SpendResult(
            ground="countdown",
            numbers=numbers,
            third=third,
            flops=flops,
            verifier=verifier,
            params=params,
            each=each,
            samples=plan.samples[:, at],
            solved=curves[:, at],
            curves=curves,
            paid=paid,
            winners=plan.best[group],
            best=best if best >= 0 else None,
            lead=float(able[0] - able[1]) if len(able) > 1 else None,
            first_of_largest=float(each[-1]),
            problems=problems,
            seeds=tuple(len(self._seeds[d]) for d in self.widths),
        )


@lru_cache(maxsize=1)
def shipped_budgets() -> AnswerBudgets:
    """Prepare the table that ships with the course, once."""
    return AnswerBudgets(shipped_answers())


def _vote(answers: CountdownAnswers, d: int, numbers: int, seed: int):
    """Return the function from samples to the chance that a vote is right."""
    return lambda k: answers.voted(d, numbers, seed, k)


def thirds_of(chances: list[np.ndarray]) -> np.ndarray:
    """Name the third of each problem by the mean of ln chance over models.

    Examples
    --------
    >>> thirds_of([np.array([0.5, 0.001, 0.1]), np.array([0.9, 0.002, 0.3])]).tolist()
    ['easy', 'hard', 'middle']
    """
    ease = np.mean(np.log(np.maximum(chances, 1e-300)), axis=0)
    rank = np.argsort(np.argsort(ease, kind="stable"), kind="stable")
    return np.array(["hard", "middle", "easy"])[rank * 3 // len(ease)]
