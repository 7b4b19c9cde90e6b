"""Read a teacher's notes on a lesson: goals, minutes, key sentences and misconceptions."""

from __future__ import annotations

import tomllib
from dataclasses import dataclass

from course_utils.lessons import Course

PLACES = ("class", "home")


@dataclass(frozen=True)
class Section:
    """One section of a lesson, as a teacher plans it.

    Attributes
    ----------
    id : str
        Id of the block that holds the section's heading.
    minutes : int
        Our estimate; nobody has been timed.
    place : str
        "class" or "home".
    key : str
        The sentence that the slide shows.
    """

    id: str
    minutes: int
    place: str
    key: str


@dataclass(frozen=True)
class Misconception:
    """What students say, what is true, and the block of the lesson that shows it."""

    says: str
    truth: str
    block: str


@dataclass(frozen=True)
class Notes:
    """A teacher's notes on one lesson in one language."""

    goals: tuple[str, ...]
    sections: tuple[Section, ...]
    misconceptions: tuple[Misconception, ...]

    def minutes(self, place: str) -> int:
        """Add up the minutes of one place, "class" or "home"."""
        return sum(section.minutes for section in self.sections if section.place == place)

    def key(self, block: str) -> str | None:
        """Return the key sentence of the section whose heading is in `block`."""
        return next((section.key for section in self.sections if section.id == block), None)


def read_notes(course: Course, lesson: str, language: str) -> Notes | None:
    """Read ``notebooks/source/NN_name/teacher.{language}.toml``; None where nobody has written it yet.

    Raises
    ------
    ValueError
        If the file lacks a field or holds an unknown one; names the file and the entry.
    """
    path = course.source_folder / lesson / f"teacher.{language}.toml"
    if not path.is_file():
        return None
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
        sections = tuple(Section(**entry) for entry in tree.pop("sections"))
        misconceptions = tuple(Misconception(**entry) for entry in tree.pop("misconceptions"))
        notes = Notes(goals=tuple(tree.pop("goals")), sections=sections, misconceptions=misconceptions, **tree)
    except (tomllib.TOMLDecodeError, KeyError, TypeError) as error:
        raise ValueError(f"{course.shown(path)}: {error}") from error
    for section in sections:
        if section.place not in PLACES:
            raise ValueError(
                f"{course.shown(path)}: section {section.id!r}: place is {section.place!r}; write {' or '.join(PLACES)}"
            )
    return notes
