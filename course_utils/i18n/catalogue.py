"""Texts by key, from one TOML file a language."""

from __future__ import annotations

import difflib
import functools
import re
import string
from pathlib import Path

from course_utils.i18n.current import LANGUAGES, language

_FOLDER = Path(__file__).parent

# A Chinese field may end in a digit or in a Han character ("768", "1400 亿"), so a template cannot know whether the
# space that Chinese puts between digits and Han characters belongs after it. Two Han characters never take one.
_SPACE_BETWEEN_HAN = re.compile(r"(?<=[\u4e00-\u9fff]) (?=[\u4e00-\u9fff])")


@functools.cache
def _texts(code: str) -> dict[str, str]:
    """Read one language's file into a flat mapping ``"section.key" -> text``."""
    import tomllib

    path = _FOLDER / f"{code}.toml"
    try:
        tree = tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        error.add_note(f"while reading {path.name}")
        raise
    return dict(_flatten(tree))


def _flatten(tree: dict, prefix: str = ""):
    for key, value in tree.items():
        if isinstance(value, dict):
            yield from _flatten(value, f"{prefix}{key}.")
        elif isinstance(value, str):
            yield f"{prefix}{key}", value
        else:
            raise TypeError(f"{prefix}{key}: a text must be a string, not {type(value).__name__}. Put it in quotes.")


def keys(code: str) -> frozenset[str]:
    """Return every key that a language file holds, as ``"section.key"``."""
    return frozenset(_texts(code))


def fields(key: str, code: str) -> frozenset[str]:
    """Return the names of the ``{fields}`` of one text.

    Examples
    --------
    >>> sorted(fields("datasets.rows", "en"))
    ['count']
    """
    return frozenset(name for _, name, _, _ in string.Formatter().parse(_template(key, code)) if name is not None)


def _template(key: str, code: str) -> str:
    texts = _texts(code)
    if key not in texts:
        near = difflib.get_close_matches(key, texts, n=3, cutoff=0.5)
        hint = f" Nearest: {', '.join(near)}." if near else ""
        raise KeyError(f"no text {key!r} in {code}.toml.{hint}")
    return texts[key]


def t(key: str, /, **values: object) -> str:
    """Return a text in the reader's language, its fields filled in.

    Parameters
    ----------
    key : str
        Where the text stands in the language files: ``"section.key"``.
    **values
        One value for each ``{field}`` of the text.

    Raises
    ------
    KeyError
        If there is no such text: names the key, the language and the nearest keys.
    ValueError
        If a field of the text was given no value.

    Examples
    --------
    >>> t("datasets.rows", count="245")
    '245 rows'
    """
    code = language()
    template = _template(key, code)
    try:
        text = template.format(**values)
    except (KeyError, IndexError) as missing:
        raise ValueError(f"text {key!r} ({code}) needs a value for the field {missing}. Pass it by name.") from None
    return _SPACE_BETWEEN_HAN.sub("", text) if code == "zh" and values else text


__all__ = ["LANGUAGES", "fields", "keys", "t"]
