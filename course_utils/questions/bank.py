"""The questions: numbers once, words per language."""

from __future__ import annotations

import difflib
import functools
import tomllib
from collections.abc import Mapping
from dataclasses import dataclass, field
from importlib.resources import files
from importlib.resources.abc import Traversable
from typing import Any

from course_utils.i18n import language, t
from course_utils.questions import private_bank
from course_utils.questions.expressions import evaluate

_HERE = files("course_utils.questions")

TYPES = ("number", "choice", "choices", "code", "open")
ROLES = ("exercise", "quiz", "placement")
TOPICS = ("foundations", "kaplan_chinchilla", "fitting", "data", "emergence", "moe", "inference", "systems")
_TOPIC_OF_LESSON = {
    "00": "foundations", "01": "foundations", "02": "kaplan_chinchilla", "03": "fitting", "04": "data",
    "05": "emergence", "06": "moe", "07": "inference", "08": "systems", "09": "foundations",
}  # fmt: skip


@dataclass(frozen=True)
class Question:
    """One question, without its words.

    Attributes
    ----------
    id : str
        "NN.name", NN being the lesson; in a private bank its prefix before it, as in "hn01.name".
    type : str
        "number", "choice", "choices" (several), "code" or "open".
    role : str
        "exercise", "quiz" or "placement".
    difficulty : int
        1 to 3.
    topic : str
        One of `TOPICS`.
    tolerance : float
        Largest relative difference that still counts as right, for a number or what code returns.
    tolerance_decades : float or None
        Largest difference in powers of ten, instead of `tolerance`.
    unit : str or None
        Unit of the number; an answer may leave it out but must not contradict it.
    exact_unit : bool
        Whether only `unit` itself will do, because the conversion is what is asked.
    choices : tuple of str
        Letters.
    function : str or None
        Name of the function that the reader writes, for code.
    cases : tuple of str
        Arguments that it is tried on, as they stand between the brackets of a call.
    source : str
        Where the question's facts come from.
    """

    id: str
    type: str
    source: str
    key: Any = field(default=None, repr=False)
    role: str = "exercise"
    difficulty: int = 1
    topic: str = "foundations"
    tolerance: float = 0.0
    tolerance_decades: float | None = None
    unit: str | None = None
    exact_unit: bool = False
    choices: tuple[str, ...] = ()
    function: str | None = None
    cases: tuple[str, ...] = ()
    slip_keys: Mapping[str, Any] = field(default_factory=dict, repr=False)

    @property
    def lesson(self) -> str:
        return self.id.split(".")[0]

    @property
    def name(self) -> str:
        return self.id.split(".", 1)[1]

    @functools.cached_property
    def answer(self) -> Any:
        """The number or function computed from the package, the letter of the right choice, or a tuple of letters."""
        if self.type in ("number", "code"):
            found = evaluate(self.key)
            return float(found) if self.type == "number" else found
        return tuple(self.key) if self.type == "choices" else self.key

    @functools.cached_property
    def slips(self) -> dict[str, Any]:
        """Numbers (or functions) that typical mistakes give; each has its own feedback."""
        cast = float if self.type == "number" else lambda function: function
        return {name: cast(evaluate(key)) for name, key in self.slip_keys.items()}

    def words(self) -> dict:
        """Return the question's words in the language in force."""
        return words_of(_file_of(self.lesson))[self.name]


def _banks() -> dict[str, str]:
    """Return the file of each lesson, such as {"00": "00_start_here"}, and of each prefix of a private bank."""
    return _own_banks() | private_bank.private_files()


@functools.cache
def _own_banks() -> dict[str, str]:
    found = sorted(f.name.removesuffix(".toml") for f in (_HERE / "bank").iterdir() if f.name[:2].isdigit())
    return {name[:2]: name for name in found}


def _file_of(lesson: str) -> str:
    return _banks()[lesson]


def read_bank(file: str) -> dict:
    """Read one file of numbers, such as "00_start_here" or "interview/moe"."""
    return _read(private_bank.home_of(file) or _HERE, "bank", file)


def words_of(file: str) -> dict:
    """Read the words that belong to a file of the bank, in the language in force."""
    home = private_bank.home_of(file)
    try:
        return _read(home or _HERE, f"words/{language()}", file)
    except FileNotFoundError:
        if home is None:
            raise
        raise private_bank.missing_words(home, file) from None


@functools.cache
def _read(home: Traversable, folder: str, file: str) -> dict:
    path = home.joinpath(*folder.split("/"), *f"{file}.toml".split("/"))
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        error.add_note(f"while reading {folder}/{file}.toml")
        raise


def _make(lesson: str, name: str, entry: dict) -> Question:
    entry = dict(entry)
    for key, allowed in (("type", TYPES), ("role", ROLES), ("topic", TOPICS)):
        if entry.get(key, allowed[0]) not in allowed:
            raise ValueError(f"{lesson}.{name}: unknown {key} {entry[key]!r}; use one of {', '.join(allowed)}")
    try:
        return Question(
            id=f"{lesson}.{name}",
            key=entry.pop("answer", None),
            slip_keys=entry.pop("slips", {}),
            choices=tuple(entry.pop("choices", ())),
            cases=tuple(entry.pop("cases", ())),
            topic=entry.pop("topic", _TOPIC_OF_LESSON[lesson[-2:]]),
            **entry,
        )
    except TypeError as error:
        raise ValueError(f"{lesson}.{name}: {error}") from None


def _of_lesson(lesson: str) -> dict[str, Question]:
    return _questions(lesson, private_bank.home_of(_file_of(lesson)))


@functools.cache
def _questions(lesson: str, _home: Traversable | None) -> dict[str, Question]:
    made = (_make(lesson, name, entry) for name, entry in read_bank(_file_of(lesson)).items())
    return {question.id: question for question in made}


def lessons() -> list[str]:
    """Return the numbers of the lessons that have questions, such as ["00", "01"]."""
    return list(_banks())


def lesson_file(lesson: str) -> str | None:
    """Return the name of a lesson's notebook without its ending; None for a lesson without questions."""
    return _banks().get(lesson)


def names(lesson: str | None = None, role: str | None = None) -> list[str]:
    """Return the ids of questions, in the order of the bank.

    Parameters
    ----------
    lesson : str, optional
        Number of a lesson, such as "00"; all of them if left out.
    role : str, optional
        "exercise", "quiz" or "placement"; all of them if left out.

    Raises
    ------
    ValueError
        If there is no such role, or the lesson has no questions.

    Examples
    --------
    >>> len(names("00", role="placement"))
    10
    """
    if role is not None and role not in ROLES:
        raise ValueError(f"role: {role!r} is none of {', '.join(ROLES)}.")
    chosen = lessons() if lesson is None else [lesson_number(lesson)]
    return [id for number in chosen for id, question in _of_lesson(number).items() if role in (None, question.role)]


def lesson_number(lesson: str | int) -> str:
    """Return a lesson's number as the bank writes it.

    Raises
    ------
    ValueError
        If that lesson has no questions; the message names those that have.

    Examples
    --------
    >>> lesson_number(1), lesson_number("01_what_are_scaling_laws")
    ('01', '01')
    """
    number = f"{lesson:02d}" if isinstance(lesson, int) else str(lesson).split("_")[0]
    if number not in _banks():
        raise ValueError(t("questions.no_such_lesson", lesson=lesson, known=", ".join(_banks())))
    return number


def find(id: str) -> Question:
    """Return the question called `id`.

    Raises
    ------
    KeyError
        If there is none; the message names the nearest ids.
    """
    lesson = id.split(".")[0]
    if lesson in _banks() and id in _of_lesson(lesson):
        return _of_lesson(lesson)[id]
    every = names()
    near = difflib.get_close_matches(id, every, 3, 0.4) or every[:3]
    raise KeyError(t("questions.unknown", id=id, near=", ".join(near)))
