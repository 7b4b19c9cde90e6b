"""A bank of one's own beside the course's, for questions whose answers a class must not be able to read.

The environment variable ``SCALING_LAWS_BANK`` names a folder outside the repository::

    bank/hn01_midterm.toml             numbers, as in this package's bank/
    bank/code/hn01_midterm.py          code exercises, where there are any
    words/{en,vi,zh}/hn01_midterm.toml words, in the languages that the class needs

A file's name begins with a prefix of the teacher's own and the number of a lesson; its questions are called
"hn01.name" and are asked, checked and graded as any other. The prefix begins with letters, so it cannot meet the ids of
the course.
"""

from __future__ import annotations

import functools
import os
import re
from pathlib import Path

from course_utils.i18n import language, t

VARIABLE = "SCALING_LAWS_BANK"

_NAME = re.compile(r"([a-z]{2,8}\d\d)_[a-z0-9_]+")


def private_folder() -> Path | None:
    """Return the folder of the private bank, or None where none is named."""
    named = os.environ.get(VARIABLE, "").strip()
    return Path(named) if named else None


def private_files() -> dict[str, str]:
    """Map the prefixes of the private bank to its files, such as {"hn01": "hn01_midterm"}.

    Raises
    ------
    ValueError
        If the folder holds no ``bank/``, or a file in it has a name that the bank cannot use.
    """
    folder = private_folder()
    return _files(folder) if folder else {}


@functools.cache
def _files(folder: Path) -> dict[str, str]:
    if not (folder / "bank").is_dir():
        raise ValueError(t("questions.bank_missing", folder=folder))
    found: dict[str, str] = {}
    for path in sorted((folder / "bank").glob("*.toml")):
        name = _NAME.fullmatch(path.stem)
        if name is None or name.group(1) in found:
            raise ValueError(t("questions.bank_name", file=path))
        found[name.group(1)] = path.stem
    return found


def home_of(file: str) -> Path | None:
    """Return the private folder that holds the bank's `file`, or None where the package does."""
    return private_folder() if file in private_files().values() else None


def missing_words(home: Path, file: str) -> ValueError:
    """Make the refusal of a private file that has no words in the language in force."""
    wanted = home / "words" / language() / f"{file}.toml"
    return ValueError(t("questions.bank_words", file=f"{file}.toml", language=language(), wanted=wanted))
