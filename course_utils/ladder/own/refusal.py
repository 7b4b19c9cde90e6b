"""Why a game does not go on, in the reader's language, with the cure."""

from __future__ import annotations

from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

from course_utils.i18n import format_flops, format_number, t


class Refusal(ValueError):
    """Say what is not allowed at this point of a game, and what to do.

    Attributes
    ----------
    code : str
        Name of the reason, the same in every language.
    """

    def __init__(self, code: str, /, **fields: Any):
        self.code = code
        super().__init__(words(f"refusal.{code}", **fields))


@contextmanager
def needs_access(path: Path | None) -> Iterator[None]:
    """Refuse what the file system does not allow within: a full disk, a folder that cannot be written to.

    Raises
    ------
    Refusal
        With the path and the system's reason.
    """
    try:
        yield
    except OSError as error:
        raise Refusal("no_access", path=path, reason=error.strerror or error) from error


def words(key: str, /, **fields: Any) -> str:
    """Return a sentence of the game; a number among its fields is written with four digits, compute as a power of ten.

    Parameters
    ----------
    key : str
        Below ``ladder`` in the language files.
    **fields
        Names that end in ``flops`` hold compute.
    """
    return t(f"ladder.{key}", **{name: _written(name, value) for name, value in fields.items()})


def _written(name: str, value: Any) -> str:
    if name.endswith("flops"):
        return format_flops(value, 3)
    return format_number(value, 4) if isinstance(value, float) else str(value)
