"""Judge an answer: right, wrong and why, or not readable. Nothing is written down here."""

from __future__ import annotations

import math
from collections.abc import Mapping
from typing import Any

from course_utils.i18n import format_number, t
from course_utils.questions.answers import UnknownUnit, other_reading, parse_number
from course_utils.questions.bank import Question
from course_utils.questions.faces import Verdict
from course_utils.questions.units import convert, written


def judge(question: Question, answer: Any) -> Verdict:
    """Judge an answer to a question of the bank.

    Parameters
    ----------
    question : Question
    answer : number, str, letters or a function, as the question's type asks

    Returns
    -------
    Verdict
        Its `right` is None where the answer cannot be read or only the reader can judge it.
    """
    return _JUDGES[question.type](question, answer)


def judge_number(
    answer: Any,
    target: float,
    *,
    feedback: Mapping[str, str],
    slips: Mapping[str, float],
    tolerance: float = 0.0,
    tolerance_decades: float | None = None,
    unit: str | None = None,
    exact_unit: bool = False,
) -> Verdict:
    """Judge a number against `target`: units first, then the number, then the typical slips.

    Parameters
    ----------
    answer : number or str
    target : float
    feedback : mapping
        Text for "right" and for every slip.
    slips : mapping from name to float
    tolerance, tolerance_decades, unit, exact_unit : see `Question`

    Returns
    -------
    Verdict
    """
    try:
        value, given = parse_number(answer)
    except UnknownUnit as error:
        return Verdict(None, t("questions.unit_unknown", value=format_number(error.value), part=error.part))
    except (ValueError, TypeError) as error:
        return Verdict(None, t("questions.not_a_number", part=str(error)))
    factor, same = 1.0, ""
    if given and unit and given != unit:
        converted = convert(1.0, given, unit)
        if given == "flops" and unit == "flop/s" and "FLOPS" in str(answer):
            converted = 1.0  # in capitals the S is often "per second"
        if converted is None or (exact_unit and converted != 1.0):
            return Verdict(False, t("questions.unit", given=written(given), wanted=written(unit)))
        factor = converted
        if factor != 1.0:
            same = " " + t("questions.converted", value=format_number(float(value * factor), 4), unit=written(unit))
    value *= factor

    def close(x: float, y: float) -> bool:
        return _close(x, y, tolerance, tolerance_decades)

    if close(value, target):
        return Verdict(True, t("questions.right", feedback=feedback["right"]) + same)
    for slip, wrong in slips.items():
        if _close(value, wrong, max(tolerance, 0.005), None):
            return Verdict(False, t("questions.wrong", feedback=feedback[slip]), slip)
    comma = other_reading(answer)
    if comma is not None and close(comma * factor, target):
        return Verdict(None, t("questions.comma", answer=answer, read=format_number(value)))
    return Verdict(False, t("questions.wrong", feedback=t(f"questions.{_direction(value, target)}")))


def _close(value: float, target: float, tolerance: float, decades: float | None) -> bool:
    if decades is not None:
        return value * target > 0 and abs(math.log10(value / target)) <= decades + 1e-12
    return abs(value - target) <= tolerance * (abs(target) or 1.0) * (1 + 1e-9)


def _direction(value: float, target: float) -> str:
    if value * target < 0:
        return "sign"
    return "too_large" if abs(value) > abs(target) else "too_small"


def _judge_number(question: Question, answer: Any) -> Verdict:
    return judge_number(
        answer,
        question.answer,
        feedback=question.words()["feedback"],
        slips=question.slips,
        tolerance=question.tolerance,
        tolerance_decades=question.tolerance_decades,
        unit=question.unit,
        exact_unit=question.exact_unit,
    )


def _letters(answer: Any) -> list[str]:
    """Read letters as people write them: "b", "B)", "a, d", "ad", ["a", "d"]."""
    parts = (
        [answer] if isinstance(answer, str) else list(answer) if isinstance(answer, list | tuple | set) else [answer]
    )
    letters = []
    for part in parts:
        plain = str(part).strip().lower()
        tokens = plain.replace("，", ",").replace("、", ",").replace(",", " ").replace(";", " ").split()
        for token in tokens:
            token = token.strip("().[]")
            letters += list(token) if token.isascii() and token.isalpha() and len(token) <= 6 else [token or plain]
    return letters


def _judge_choice(question: Question, answer: Any) -> Verdict:
    letters = _letters(answer)
    if len(letters) != 1 or letters[0] not in question.choices:
        return _no_choice(question, answer)
    (letter,) = letters
    feedback = question.words()["feedback"][letter]
    right = letter == question.answer
    return Verdict(right, t("questions.right" if right else "questions.wrong", feedback=feedback))


def _judge_choices(question: Question, answer: Any) -> Verdict:
    letters = set(_letters(answer))
    if not letters or not letters <= set(question.choices):
        return _no_choice(question, answer)
    feedback = question.words()["feedback"]
    wrong = [letter for letter in question.choices if (letter in letters) != (letter in question.answer)]
    if not wrong:
        said = "\n".join(f"{letter}) {feedback[letter]}" for letter in question.answer)
        return Verdict(True, t("questions.right", feedback=said))
    said = t("questions.some_letters", right=len(question.choices) - len(wrong), total=len(question.choices))
    said = "\n".join([said, *(f"{letter}) {feedback[letter]}" for letter in wrong if letter in letters)])
    left_out = sum(letter not in letters for letter in wrong)
    if left_out:
        said += "\n" + t("questions.left_out", count=left_out)
    return Verdict(False, t("questions.wrong", feedback=said))


def _no_choice(question: Question, answer: Any) -> Verdict:
    key = "not_a_choice" if question.type == "choice" else "not_choices"
    return Verdict(None, t(f"questions.{key}", answer=answer, choices=", ".join(question.choices)))


def _judge_code(question: Question, answer: Any) -> Verdict:
    from course_utils.questions.code_exercises import try_out

    if not callable(answer):
        return Verdict(None, t("questions.not_a_function", function=question.function))
    trial = try_out(question, answer)
    feedback = question.words()["feedback"]
    if isinstance(trial.error, NotImplementedError):
        said = t("questions.stub", function=question.function)
        return Verdict(None, f"{question.words()['text']}\n{said}")
    if trial.error is not None:
        said = t("questions.code_raised", call=trial.call, error=f"{type(trial.error).__name__}: {trial.error}")
        return Verdict(False, t("questions.wrong", feedback=said))
    if trial.right:
        return Verdict(True, t("questions.right", feedback=feedback["right"]))
    said = t("questions.code_gives", call=trial.call, got=_shown(trial.got), wanted=_shown(trial.wanted))
    if trial.slip:
        said = f"{feedback[trial.slip]}\n{said}"
    return Verdict(False, t("questions.wrong", feedback=said), trial.slip)


def _shown(value: Any) -> str:
    """Write what a function returned with four significant digits."""
    import numpy as np

    if isinstance(value, dict):
        return "{" + ", ".join(f"{name!r}: {_shown(item)}" for name, item in value.items()) + "}"
    if isinstance(value, tuple | list):
        return "(" + ", ".join(map(_shown, value)) + ")"
    if isinstance(value, np.ndarray):
        return np.array2string(value, precision=4, threshold=8, separator=", ")
    if isinstance(value, float | np.floating):
        return f"{float(value):.4g}"
    return repr(value)[:120]


def _judge_open(question: Question, answer: Any) -> Verdict:
    words = question.words()
    lines = [t("questions.open_compare"), words["solution"], "", t("questions.open_points")]
    lines += [f"  {number}. {point}" for number, point in enumerate(words["rubric"], 1)]
    return Verdict(None, "\n".join(lines))


_JUDGES = {
    "number": _judge_number,
    "choice": _judge_choice,
    "choices": _judge_choices,
    "code": _judge_code,
    "open": _judge_open,
}
