"""Ask, check, hint, solution: what a reader calls."""

from __future__ import annotations

import html
from dataclasses import dataclass

from course_utils.i18n import t
from course_utils.questions.answers import parse_number
from course_utils.questions.bank import Question, find


class Words(str):
    """Text that shows itself plainly in a terminal and as wrapped lines in a notebook."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        lines = "<br>".join(html.escape(line) for line in self.split("\n"))
        return f'<div style="max-width: 46em; line-height: 1.5" role="status">{lines}</div>'


@dataclass(frozen=True, repr=False)
class Verdict:
    """What came of an answer.

    Attributes
    ----------
    right : bool or None
        None when no answer has been given yet, or it could not be read.
    text : str
        The feedback, in the reader's language.
    """

    right: bool | None
    text: str

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return Words(self.text)._repr_html_()


def ask(id: str) -> Words:
    """Return the text of question `id`, with its choices."""
    question = find(id)
    words = question.words()
    lines = [words["text"]]
    lines += [f"  {letter}) {words['choices'][letter]}" for letter in question.choices]
    return Words("\n".join(lines))


def _check_choice(question: Question, answer) -> Verdict:
    words = question.words()
    letter = str(answer).strip().lower().rstrip(").")
    if letter not in question.choices:
        return Verdict(None, t("questions.not_a_choice", answer=answer, choices=", ".join(question.choices)))
    feedback = words["feedback"][letter]
    if letter == question.answer:
        return Verdict(True, t("questions.right", feedback=feedback))
    return Verdict(False, t("questions.wrong", feedback=feedback))


def _close(value: float, target: float, tolerance: float) -> bool:
    return abs(value - target) <= tolerance * abs(target)


def _check_number(question: Question, answer) -> Verdict:
    words = question.words()
    try:
        value, unit = parse_number(answer)
    except (ValueError, TypeError) as error:
        return Verdict(None, t("questions.not_a_number", part=str(error)))
    if unit and question.unit and unit != question.unit:
        return Verdict(False, t("questions.unit", given=unit, wanted=question.unit))
    if _close(value, question.answer, question.tolerance):
        return Verdict(True, t("questions.right", feedback=words["feedback"]["right"]))
    for slip, number in question.slips.items():
        if _close(value, number, max(question.tolerance, 0.005)):
            return Verdict(False, t("questions.wrong", feedback=words["feedback"][slip]))
    ratio = value / question.answer if question.answer else float("inf")
    if ratio <= 0:
        how = t("questions.sign")
    elif ratio > 1:
        how = t("questions.too_large")
    else:
        how = t("questions.too_small")
    return Verdict(False, t("questions.wrong", feedback=how))


def check(id: str, answer=None) -> Verdict:
    """Check `answer` to question `id`; without an answer, show the question.

    Parameters
    ----------
    id : str
        "NN.name".
    answer : number, str or None
        A number as one writes it ("140B", "140 tỷ", "1.4 × 10^11"), or the letter of a choice. None shows the
        question and says how to answer.

    Returns
    -------
    Verdict

    Raises
    ------
    KeyError
        If there is no such question.
    """
    question = find(id)
    if answer is None:
        return Verdict(None, f"{ask(id)}\n{t('questions.replace_none')}")
    return _check_choice(question, answer) if question.type == "choice" else _check_number(question, answer)


def hint(id: str, level: int = 1) -> Words:
    """Return hint number `level` (1 is the gentlest) of question `id`; a level past the last gives the last."""
    if level < 1:
        raise ValueError(t("questions.hint_level", level=level))
    hints = find(id).words()["hints"]
    return Words(hints[min(level, len(hints)) - 1])


def solution(id: str) -> Words:
    """Return the worked solution of question `id`."""
    question = find(id)
    return Words(f"{question.words()['solution']}\n{t('questions.source', source=question.source)}")


def grade(lesson: str, answers: dict) -> Words:
    """Count the right answers to all questions of a lesson and say what follows.

    Parameters
    ----------
    lesson : str
        Its number, such as "00".
    answers : mapping from name to answer
        Names without the lesson's number; None leaves a question open.

    Returns
    -------
    Words
        One line a question, the count, and where to start.
    """
    verdicts = {name: check(f"{lesson}.{name}", value) for name, value in answers.items()}
    marks = {True: "✓", False: "✗", None: "·"}
    lines = [f"{marks[verdict.right]} {name}" for name, verdict in verdicts.items()]
    right = sum(verdict.right is True for verdict in verdicts.values())
    if all(verdict.right is None for verdict in verdicts.values()):
        return Words(t("questions.grade_empty", total=len(verdicts)))
    level = "low" if right <= 0.3 * len(verdicts) else "middle" if right <= 0.7 * len(verdicts) else "high"
    lines.append(t("questions.grade", right=right, total=len(verdicts)))
    lines.append(t(f"questions.grade_{level}"))
    return Words("\n".join(lines))
