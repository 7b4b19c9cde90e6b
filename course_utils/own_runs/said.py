"""Sentences that are kept as a key and its fields, and spoken in the language of whoever reads them."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any

from course_utils.i18n import format_number, language, t


@dataclass(frozen=True)
class Said:
    """Hold a sentence: a key below ``own_runs`` in the language files, and what fills its fields.

    Examples
    --------
    >>> Said("unit.billions").words()
    'billions'
    """

    key: str
    fields: Mapping[str, Any] = field(default_factory=dict)

    def words(self) -> str:
        """Say it in the reader's language."""
        return t(f"own_runs.{self.key}", **{name: _spoken(value) for name, value in self.fields.items()})

    def __str__(self) -> str:
        return self.words()


def said(key: str, /, **fields: Any) -> Said:
    """Make a sentence; numbers, lists and other sentences among its fields are written when it is spoken."""
    return Said(key, fields)


def _spoken(value: Any) -> str:
    if isinstance(value, Said):
        return value.words()
    if isinstance(value, float):
        return format_number(value)
    if isinstance(value, tuple | list):
        return listed(value)
    return str(value)


def listed(values) -> str:
    """Write a list with the comma of the language; a long one ends in three dots.

    Examples
    --------
    >>> listed([4, 7, 9])
    '4, 7, 9'
    """
    shown = [_spoken(value) for value in values]
    if len(shown) > 12:
        shown = [*shown[:12], "…"]
    return ("、" if language() == "zh" else ", ").join(shown)


class Refusal(ValueError):
    """Say why a file of runs cannot be used, where, and what to do, in the reader's language.

    Attributes
    ----------
    code : str
        Name of the reason, the same in every language.
    lines : tuple of int
        Lines of the file that are at fault, where there are such lines.
    """

    def __init__(self, code: str, name: str, lines: tuple[int, ...] = (), **fields: Any):
        self.code, self.name, self.lines = code, name, tuple(lines)
        self.sentence = said(f"refusal.{code}", **fields)
        super().__init__(self.words())

    def words(self) -> str:
        """Say it in the reader's language."""
        place = said("place", name=self.name)
        if self.lines:
            place = said("place_lines" if len(self.lines) > 1 else "place_line", name=self.name, lines=self.lines)
        gap = "" if language() == "zh" else " "  # a full-width colon brings its own
        return f"{place.words()}{gap}{self.sentence.words()}"
