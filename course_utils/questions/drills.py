"""Estimation drills: the same kind of question with other figures each time, so that practice never runs out."""

from __future__ import annotations

import difflib
import random
import re
import secrets
from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from course_utils.i18n import (
    format_bytes,
    format_count,
    format_flops,
    format_money,
    format_number,
    format_percent,
    format_scientific,
    language,
    t,
    using_language,
)
from course_utils.questions import record
from course_utils.questions.bank import read_bank, words_of
from course_utils.questions.checking import _with_note
from course_utils.questions.expressions import evaluate
from course_utils.questions.faces import Verdict
from course_utils.questions.judging import judge_number
from course_utils.questions.quizzes import Quiz

_FORMATS = {
    "bytes": format_bytes, "count": format_count, "flops": format_flops, "money": format_money,
    "number": format_number, "percent": format_percent, "scientific": format_scientific, "plain": str,
}  # fmt: skip
_TRIES = 200  # draws until figures whose slips can be told from the answer


@dataclass(frozen=True)
class DrillItem:
    """One drill with its figures drawn.

    Attributes
    ----------
    name : str
        Which drill of the bank.
    values : mapping
        The figures, by the names that the drill's expressions use.
    target : float
    """

    name: str
    values: Mapping[str, Any]
    target: float
    slips: Mapping[str, float]
    type: str = "number"

    @property
    def id(self) -> str:
        return f"drill.{self.name}"

    @property
    def entry(self) -> dict:
        return read_bank("drills")[self.name]

    @property
    def lesson(self) -> str:
        return self.entry["lesson"]

    @property
    def topic(self) -> str:
        return self.entry["topic"]

    def words(self) -> dict[str, Any]:
        """Return the drill's words in the language in force, with its figures in place."""
        shown = {name: _FORMATS[kind](self.values[name]) for name, kind in self.entry["shown"].items()}
        for name, step in self.entry.get("steps", {}).items():
            shown[name] = _FORMATS[step["shown"]](float(evaluate(step["value"], self.values)))
        shown["answer"] = _FORMATS[self.entry["answer_shown"]](self.target)
        words = words_of("drills")[self.name]
        return {
            "text": _fill(words["text"], shown),
            "hints": [_fill(text, shown) for text in words["hints"]],
            "feedback": {name: _fill(text, shown) for name, text in words["feedback"].items()},
            "solution": _fill(words["solution"], shown),
        }

    def text(self) -> str:
        return self.words()["text"]

    def choices(self) -> list[tuple[str, str]]:
        return []

    def check(self, answer: Any) -> Verdict:
        verdict = judge_number(
            answer,
            self.target,
            feedback=self.words()["feedback"],
            slips=self.slips,
            tolerance=self.entry["tolerance"],
            unit=self.entry.get("unit"),
        )
        if verdict.right is None:
            return verdict
        record.current().add_answer(self.id, "drill", answer, float(verdict.right))
        return Verdict(verdict.right, _with_note(verdict.text), verdict.slip)

    def hint(self, level: int) -> str:
        hints = self.words()["hints"]
        level = min(max(level, 1), len(hints))
        record.current().add_hint(self.id, level)
        return _with_note(hints[level - 1])

    def solution(self) -> str:
        return self.words()["solution"]


def _fill(text: str, shown: Mapping[str, str]) -> str:
    """Put figures in place; between two Han characters none of the spaces that surround a figure is left."""
    filled = text.format(**shown)
    return re.sub(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])", "", filled) if language() == "zh" else filled


def drill_names() -> list[str]:
    """Return the names of all drills.

    Examples
    --------
    >>> "days" in drill_names()
    True
    """
    return list(read_bank("drills"))


def draw(name: str, source: random.Random) -> DrillItem:
    """Draw figures for a drill, such that every typical slip can be told from the answer.

    Raises
    ------
    ValueError
        If there is no such drill; the message names the nearest.
    """
    entries = read_bank("drills")
    if name not in entries:
        near = difflib.get_close_matches(name, entries, 3, 0.4) or list(entries)
        raise ValueError(t("questions.unknown_drill", name=name, near=", ".join(near)))
    entry = entries[name]
    for _ in range(_TRIES):
        values: dict[str, Any] = {}
        for figure, choices in entry["figures"].items():
            picked = source.choice(choices)
            values |= picked if isinstance(picked, dict) else {figure: picked}
        if not evaluate(entry.get("only_if", 1), values):
            continue
        target = float(evaluate(entry["answer"], values))
        slips = {slip: float(evaluate(expression, values)) for slip, expression in entry["slips"].items()}
        if told_apart(target, slips, entry["tolerance"]):
            return DrillItem(name, values, target, slips)
    raise RuntimeError(f"drill {name}: no figures in {_TRIES} draws tell its slips from the answer")


def told_apart(target: float, slips: Mapping[str, float], tolerance: float) -> bool:
    """Tell whether no slip lies within twice the tolerance of the answer or of another slip."""
    values = [target, *slips.values()]
    return all(abs(a - b) > 2 * tolerance * max(abs(a), abs(b)) for i, a in enumerate(values) for b in values[i + 1 :])


class Drill(Quiz):
    """A drill that can be repeated with other figures for ever.

    Attributes
    ----------
    seed : int
        ``drill(name, seed=seed)`` asks the same again.
    """

    def __init__(self, name: str | None, seed: int):
        self.seed = seed
        source = random.Random(seed)

        def another() -> DrillItem:
            return draw(name or source.choice(drill_names()), source)

        super().__init__([another()], t("questions.drill_title"), more=another)

    def check(self, answer: Any) -> Verdict:
        """Check an answer to the question at hand."""
        return self.answer(answer)

    def __repr__(self) -> str:
        with using_language(self.language):
            return f"{self.question()}\n{t('questions.drill_plain')}"


def drill(name: str | None = None, seed: int | None = None) -> Drill:
    """Return an estimation drill with figures drawn at random.

    Parameters
    ----------
    name : str, optional
        One of :func:`drill_names`, such as "days"; a different one each time if left out.
    seed : int, optional
        The same seed gives the same figures; if left out, figures that nobody has seen.

    Raises
    ------
    ValueError
        If there is no such drill.

    Examples
    --------
    >>> one = drill("days", seed=1)
    >>> one.check(one.item.target).right
    True
    """
    return Drill(name, secrets.randbelow(2**31) if seed is None else seed)
