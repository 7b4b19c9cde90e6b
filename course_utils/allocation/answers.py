"""Spend a budget on one question: more samples, a longer thought, or a larger model."""

from __future__ import annotations

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting import answer_flops
from course_utils.sampling import expected_coverage, pass_at_k
from course_utils.sampling.checks import numbers, one_number, positive_count, probability, whole

Array = NDArray[np.float64]
Solve = Callable[[Array], ArrayLike]

_MOST_SAMPLES = 2.0**53  # beyond, a float cannot count them one by one


@dataclass(frozen=True)
class AnswerOption:
    """Describe one way to answer: a model, how long it thinks, and how often it is right after k samples.

    Attributes
    ----------
    name : what to call it
    params : (active) parameters
    answer_tokens : tokens that one sample writes, thinking included
    solve : function of samples, array of shape (n_k,), to the chance that the answer handed in is right, array of shape
        (n_problems, n_k)
    most : samples up to which `solve` is known; None for no limit
    """

    name: str
    params: float
    answer_tokens: float
    solve: Solve
    most: int | None = None

    @classmethod
    def from_rates(
        cls, name: str, params: float, answer_tokens: float, rates: ArrayLike, *, select: Callable | None = None
    ) -> AnswerOption:
        """Describe an option by the chance that one sample is right, for each problem.

        Parameters
        ----------
        name, params, answer_tokens : as the attributes
        rates : array of shape (n_problems,)
        select : function of rates and samples to the chance that the selected answer is right; None for a perfect
            verifier, for which that is coverage. ``partial(sampling.best_of_n, false_positive=0.05)`` errs

        Raises
        ------
        ValueError
            If a rate is not between 0 and 1, or there are none.
        """
        rate = _row(probability(rates, "rates"), "rates")
        chosen = expected_coverage if select is None else select
        return cls(name, params, answer_tokens, lambda k: chosen(rate, k))

    @classmethod
    def from_counts(
        cls, name: str, params: float, answer_tokens: float, correct: ArrayLike, samples: int
    ) -> AnswerOption:
        """Describe an option by measured counts, with a perfect verifier: unbiased pass@k, up to the samples drawn.

        Parameters
        ----------
        name, params, answer_tokens : as the attributes
        correct : array of shape (n_problems,), right samples of each problem
        samples : of every problem

        Raises
        ------
        ValueError
            If a count is not whole or exceeds samples, or there are none.
        """
        count, most = _row(whole(correct, "correct", lowest=0), "correct"), positive_count(samples, "samples")
        pass_at_k(count, most, 1)  # which refuses a count above samples, by row
        return cls(name, params, answer_tokens, lambda k: pass_at_k(count, most, k), most)


@dataclass(frozen=True, eq=False)
class AnswerPlan:
    """Hold what every option solves for every budget.

    Attributes
    ----------
    names : of the options
    flops : array of shape (n_budgets,), FLOPs a question
    groups : labels of the groups of problems, in order
    samples : array of shape (n_options, n_budgets), whole samples that the budget pays for; 0 where not even one
    solved : array of shape (n_groups, n_options, n_budgets), mean chance that the answer is right; 0 without a sample
    spent : array of shape (n_options, n_budgets), FLOPs in fact used: less than the budget by part of a sample, or by
        more where an option's curve is known only so far
    at_limit : array of the same shape, bool; the budget pays for more samples than the option's curve is known for
    """

    names: tuple[str, ...]
    flops: Array
    groups: tuple
    samples: NDArray[np.int64]
    solved: Array
    spent: Array
    at_limit: NDArray[np.bool_]

    @property
    def best(self) -> NDArray[np.int64]:
        """Position of the best option for each group and budget, shape (n_groups, n_budgets); -1 if none pays for one.

        Of equal ones the cheaper; never one that is not paid for.
        """
        paid = self.samples > 0
        worth = np.where(paid, self.solved, -1.0)
        order = np.lexsort((np.broadcast_to(self.spent, self.solved.shape), -worth), axis=1)
        return np.where(paid.any(axis=0), order[:, 0, :], -1)


def spend_on_answers(
    flops: ArrayLike,
    options: Sequence[AnswerOption],
    *,
    prompt_tokens: float = 0.0,
    share_prompt: bool = True,
    groups: ArrayLike | None = None,
) -> AnswerPlan:
    r"""Compare options at the same inference FLOPs a question.

    .. math:: k = \Big\lfloor \frac{C / 2N - T_{\text{prompt}}}{T_{\text{answer}}} \Big\rfloor

    A smaller model draws more samples for the money; one that thinks longer, fewer. Which is best depends on how hard
    the question is, so problems are averaged in groups.

    Parameters
    ----------
    flops : array of shape (n_budgets,) or a number, FLOPs for one question
    options : what to compare
    prompt_tokens : tokens that are read first
    share_prompt : the prompt is read once for all samples of a question
    groups : array of shape (n_problems,), labels such as bins of difficulty; None puts all problems together

    Returns
    -------
    AnswerPlan

    Raises
    ------
    ValueError
        If there are no options, their problems differ in number, a count or label is malformed, an option solves
        shares that are none, or a budget pays for more than 2**53 samples.

    Source
    ------
    The question of Snell et al. 2024 (arXiv 2408.03314) and Brown et al. 2024 (arXiv 2407.21787), section 2.

    Examples
    --------
    >>> easy, hard = 0.2, 0.0005
    >>> small = AnswerOption.from_rates("1B", 1e9, 500, [easy, hard])
    >>> large = AnswerOption.from_rates("10B", 1e10, 500, [0.5, 0.02])
    >>> plan = spend_on_answers([1e13, 1e14], [small, large], groups=["easy", "hard"])
    >>> plan.samples.tolist(), [[plan.names[i] for i in row] for row in plan.best]
    ([[10, 100], [1, 10]], [['1B', '1B'], ['10B', '10B']])
    """
    budget = np.atleast_1d(numbers(flops, "flops"))
    if budget.ndim != 1 or not ((budget > 0) & np.isfinite(budget)).all():
        raise ValueError("flops must be one row of positive finite budgets; give FLOPs a question, not a logarithm.")
    if not isinstance(options, Sequence) or not all(isinstance(option, AnswerOption) for option in options):
        raise ValueError(f"options must be a list of AnswerOption, not {options!r}; one alone goes into [brackets].")
    if not options:
        raise ValueError("options is empty; give at least one way to answer.")
    prompt = one_number(prompt_tokens, "prompt_tokens")
    counts, spent, limits, tables = [], [], [], []
    for option in options:
        size, tokens = one_number(option.params, "params"), one_number(option.answer_tokens, "answer_tokens")
        endless = max(size, tokens, prompt) > 1e100
        one = 0.0 if endless else answer_flops(size, tokens, prompt_tokens=prompt)
        first = 0.0 if endless else answer_flops(size, 0.0, prompt_tokens=prompt if share_prompt else 0.0)
        if not one > first:
            raise ValueError(
                f"options: {option.name!r} writes no tokens for an answer, or without end; give params and "
                "answer_tokens, positive and finite."
            )
        each = one - first
        if budget.size and budget.max() > _MOST_SAMPLES * each:
            raise ValueError(
                f"flops: {budget.max():g} pay for more than {_MOST_SAMPLES:.0e} samples of {option.name!r}; give FLOPs "
                "for one question."
            )
        paid = np.maximum(np.floor((budget - first) / each * (1 + 1e-12)), 0.0)
        most = np.inf if option.most is None else float(option.most)
        used = np.minimum(paid, most)
        table = np.asarray(option.solve(np.maximum(used, 1.0)), dtype=np.float64)
        if table.ndim != 2 or table.shape[1] != len(budget):
            raise ValueError(f"options: {option.name!r} solves shape {table.shape}; give (n_problems, {len(budget)}).")
        if not ((table >= 0) & (table <= 1 + 1e-9)).all():
            place = tuple(int(i) for i in np.argwhere(~((table >= 0) & (table <= 1 + 1e-9)))[0])
            raise ValueError(f"options: {option.name!r} solves {table[place]:g} at {place}; give shares from 0 to 1.")
        counts.append(used.astype(np.int64))
        limits.append(paid > most)
        spent.append(np.where(used > 0, first + used * each, 0.0))
        tables.append(np.where(used > 0, table, 0.0))
    sizes = {option.name: len(table) for option, table in zip(options, tables, strict=True)}
    if len(set(sizes.values())) > 1:
        raise ValueError(f"options have different numbers of problems, {sizes}; compare them on the same ones.")
    if not len(tables[0]):
        raise ValueError("options have no problems; give each at least one rate or count.")
    labels, which = _groups(groups, len(tables[0]))
    solved = np.array([[table[which == i].mean(axis=0) for table in tables] for i in range(len(labels))])
    names = tuple(option.name for option in options)
    return AnswerPlan(names, budget, labels, np.array(counts), solved, np.array(spent), np.array(limits))


def _groups(groups: ArrayLike | None, n_problems: int) -> tuple[tuple, NDArray[np.intp]]:
    """Number the groups in order of first appearance."""
    if groups is None:
        return ("all",), np.zeros(n_problems, dtype=np.intp)
    try:
        given = np.asarray(groups)
    except ValueError:
        raise ValueError("groups: its rows differ in length; give one label for each problem.") from None
    if given.shape != (n_problems,):
        raise ValueError(f"groups has shape {given.shape}; give one label for each of {n_problems} problems.")
    labels = np.ma.MaskedArray(groups).tolist() if isinstance(groups, np.ma.MaskedArray) else given.tolist()
    for row, label in enumerate(labels):
        if label is None or label != label:  # NaN alone differs from itself
            raise ValueError(f"groups: row {row} has no label; give every problem one.")
    known = {label: number for number, label in enumerate(dict.fromkeys(labels))}
    return tuple(known), np.array([known[label] for label in labels], dtype=np.intp)


def _row(column: Array, name: str) -> Array:
    column = np.array(np.atleast_1d(column))
    if column.ndim != 1 or not len(column):
        raise ValueError(f"{name} has shape {column.shape}; give one entry a problem, and one problem at least.")
    return column
