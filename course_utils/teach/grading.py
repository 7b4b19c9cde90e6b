"""Marks: how many a question is worth, and how many an answer earns. The checker of the lessons decides."""

from __future__ import annotations

from typing import Any

from course_utils.questions import Question, find
from course_utils.questions.judging import judge


def full_marks(question: Question) -> int:
    """Return what a question is worth: two marks for each step of its difficulty.

    Examples
    --------
    >>> full_marks(find("01.halve"))
    2
    """
    return 2 * question.difficulty


def marks(id: str, answer: Any) -> float:
    """Return the marks that an answer earns, without noting it in anybody's record.

    Parameters
    ----------
    id : str
        Question of the bank, or of a private one.
    answer : number, str, list of letters, function or None
        As :func:`course_utils.questions.check` takes it.

    Returns
    -------
    float
        All marks for a right answer, half of them for a typical slip that the checker recognises, none for anything
        else and for no answer.

    Examples
    --------
    >>> marks("01.halve", 2**20), marks("01.halve", 20), marks("01.halve", None)
    (2.0, 1.0, 0.0)
    """
    question = find(id)
    if answer is None:
        return 0.0
    verdict = judge(question, answer)
    if verdict.right:
        return float(full_marks(question))
    return full_marks(question) / 2 if verdict.slip else 0.0
