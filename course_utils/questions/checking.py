"""Ask, check, hint, solution: what a reader calls."""

from __future__ import annotations

from typing import Any

from course_utils.i18n import t
from course_utils.questions import record
from course_utils.questions.bank import find
from course_utils.questions.faces import Verdict, Words
from course_utils.questions.judging import judge


def ask(id: str) -> Words:
    """Return the text of question `id`, with its choices."""
    question = find(id)
    words = question.words()
    lines = [words["text"]]
    lines += [f"  {letter}) {words['choices'][letter]}" for letter in question.choices]
    return Words("\n".join(lines))


def check(id: str, answer: Any = None) -> Verdict:
    """Check `answer` to question `id` and note it in the reader's own record; without an answer, show the question.

    Parameters
    ----------
    id : str
        "NN.name".
    answer : number, str, list of letters, function or None
        A number as one writes it ("140B", "140 tỷ", "1.4 × 10^11"), the letter of a choice, several letters, or the
        function that an exercise in code asks for. None shows the question and says how to answer.

    Returns
    -------
    Verdict

    Raises
    ------
    KeyError
        If there is no such question.

    Examples
    --------
    >>> check("00.twenty", "20").right
    True
    """
    question = find(id)
    if answer is None:
        return Verdict(None, f"{ask(id)}\n{t('questions.replace_none')}")
    verdict = judge(question, answer)
    if verdict.right is None:
        return verdict
    record.current().add_answer(id, "question", getattr(answer, "__name__", answer), float(verdict.right))
    return Verdict(verdict.right, _with_note(verdict.text), verdict.slip)


def hint(id: str, level: int = 1) -> Words:
    """Return hint number `level` (1 is the gentlest) of question `id`; a level past the last gives the last."""
    if level < 1:
        raise ValueError(t("questions.hint_level", level=level))
    hints = find(id).words()["hints"]
    level = min(level, len(hints))
    record.current().add_hint(id, level)
    return Words(_with_note(hints[level - 1]))


def solution(id: str) -> Words:
    """Return the worked solution of question `id`; for an exercise in code, with the code."""
    question = find(id)
    lines = [question.words()["solution"]]
    if question.type == "code":
        from course_utils.questions.code_exercises import block

        lines.append(block(question, "solution"))
    return Words("\n".join([*lines, t("questions.source", source=question.source)]))


def stub(id: str) -> Words:
    """Return the code that the reader of an exercise in code starts from.

    Raises
    ------
    ValueError
        If the question asks for no code.
    """
    from course_utils.questions.code_exercises import block

    question = find(id)
    if question.type != "code":
        raise ValueError(t("questions.no_code", id=id))
    return Words(block(question, "exercise"))


def grade(lesson: str, answers: dict) -> Words:
    """Count the right answers to the questions that place a reader, and say where to start.

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


def _with_note(text: str) -> str:
    note = record.current().take_note()
    return f"{text}\n⚠ {note}" if note else text
