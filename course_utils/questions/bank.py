"""The questions: numbers once, words per language."""

from __future__ import annotations

import difflib
import functools
import math
import tomllib
from dataclasses import dataclass, field
from importlib.resources import files

from course_utils.i18n import language

_HERE = files("course_utils.questions")


@dataclass(frozen=True)
class Question:
    """One question, without its words.

    Attributes
    ----------
    id : str
        "NN.name", NN being the lesson.
    type : str
        "number" or "choice".
    answer : float or str
        The number, computed from the package, or the letter of the right choice.
    tolerance : float
        Largest relative difference that still counts as right, for a number.
    unit : str or None
        Unit of the number; an answer may leave it out but must not contradict it.
    slips : mapping from name to float
        Numbers that typical mistakes give; each has its own feedback.
    source : str
        Where the question's facts come from.
    """

    id: str
    type: str
    answer: float | str
    tolerance: float = 0.0
    unit: str | None = None
    slips: dict[str, float] = field(default_factory=dict)
    choices: tuple[str, ...] = ()
    source: str = ""

    @property
    def lesson(self) -> str:
        return self.id.split(".")[0]

    def words(self) -> dict:
        """Return the question's words in the language in force."""
        return _words(language(), _file_of(self.lesson))[self.id.split(".", 1)[1]]


def _evaluate(expression) -> float:
    """Compute an answer from the package itself, so that a key cannot go stale."""
    if not isinstance(expression, str):
        return float(expression)
    from course_utils import accounting, laws

    known = {"accounting": accounting, "laws": laws, "math": math}
    return float(eval(expression, {"__builtins__": {}}, known))  # text of our own package, not of a learner


@functools.cache
def _banks() -> dict[str, str]:
    """Return the lesson number of each bank file, such as {"00": "00_start_here"}."""
    found = sorted(f.name.removesuffix(".toml") for f in (_HERE / "bank").iterdir() if f.name.endswith(".toml"))
    return {name[:2]: name for name in found}


def _file_of(lesson: str) -> str:
    return _banks()[lesson]


@functools.cache
def _words(code: str, file: str) -> dict:
    return tomllib.loads((_HERE / "words" / code / f"{file}.toml").read_text(encoding="utf-8"))


@functools.cache
def _questions() -> dict[str, Question]:
    out = {}
    for number, file in _banks().items():
        table = tomllib.loads((_HERE / "bank" / f"{file}.toml").read_text(encoding="utf-8"))
        for name, entry in table.items():
            kind = entry["type"]
            if kind == "number":
                question = Question(f"{number}.{name}", kind, _evaluate(entry["answer"]), entry["tolerance"],
                                    entry.get("unit"), {k: _evaluate(v) for k, v in entry.get("slips", {}).items()},
                                    source=entry["source"])
            elif kind == "choice":
                question = Question(f"{number}.{name}", kind, entry["answer"], choices=tuple(entry["choices"]),
                                    source=entry["source"])
            else:
                raise ValueError(f"bank/{file}.toml, {name}: unknown type {kind!r}; use number or choice")
            out[question.id] = question
    return out


def lessons() -> list[str]:
    """Return the numbers of the lessons that have questions, such as ["00", "01"]."""
    return list(_banks())


def names(lesson: str | None = None) -> list[str]:
    """Return the ids of all questions, or of one lesson's, in the order of the bank."""
    return [name for name in _questions() if lesson is None or name.split(".")[0] == lesson[:2]]


def find(id: str) -> Question:
    """Return the question called `id`.

    Raises
    ------
    KeyError
        If there is none; the message names the nearest ids.
    """
    try:
        return _questions()[id]
    except KeyError:
        near = difflib.get_close_matches(id, _questions(), 3, 0.4) or list(_questions())[:3]
        from course_utils.i18n import t

        raise KeyError(t("questions.unknown", id=id, near=", ".join(near))) from None
