"""Where sources, glossary and built notebooks lie."""

from __future__ import annotations

import difflib
import re
from dataclasses import dataclass
from pathlib import Path

LANGUAGES = ("en", "vi", "zh")
"""Languages of the course; the first is the one that holds the code."""

_LESSON_NAME = re.compile(r"\d\d_[a-z0-9_]+")


@dataclass(frozen=True)
class Course:
    """Locate the parts of a course under one root folder.

    Parameters
    ----------
    root : Path
        Folder that holds ``notebooks/``.

    Examples
    --------
    >>> Course.of_this_package().glossary_path.name
    'glossary.toml'
    """

    root: Path

    @classmethod
    def of_this_package(cls) -> Course:
        """Locate the course that this package belongs to."""
        return cls(Path(__file__).resolve().parents[2])

    @property
    def source_folder(self) -> Path:
        return self.root / "notebooks" / "source"

    @property
    def glossary_path(self) -> Path:
        return self.source_folder / "glossary.toml"

    def source_path(self, lesson: str, language: str) -> Path:
        return self.source_folder / lesson / f"{language}.md"

    def notebook_path(self, lesson: str, language: str) -> Path:
        return self.root / "notebooks" / language / f"{lesson}.ipynb"

    def lessons(self) -> list[str]:
        """List the lessons by the folders of their sources, in order."""
        if not self.source_folder.is_dir():
            return []
        return sorted(
            folder.name
            for folder in self.source_folder.iterdir()
            if folder.is_dir() and _LESSON_NAME.fullmatch(folder.name)
        )

    def find_lesson(self, wanted: str) -> str:
        """Find a lesson by its number ("1", "01"), its name or a part of the name that only one lesson has.

        Raises
        ------
        ValueError
            No lesson or more than one fits; the message names the nearest.
        """
        names = self.lessons()
        wanted = wanted.strip().rstrip("/")
        if wanted in names:
            return wanted
        if wanted.isdecimal():
            hits = [name for name in names if int(name[:2]) == int(wanted)]
        else:
            hits = [name for name in names if wanted.lower() in name]
        if len(hits) == 1:
            return hits[0]
        near = hits or difflib.get_close_matches(wanted, names, n=3, cutoff=0.3) or names
        raise ValueError(f"No single lesson is called {wanted!r}. Nearest: {', '.join(near) or 'there are none yet'}.")

    def shown(self, path: Path) -> str:
        """Give a path relative to the root, with forward slashes, for messages."""
        try:
            return path.relative_to(self.root).as_posix()
        except ValueError:
            return path.as_posix()
