"""Which language the reader has chosen."""

from __future__ import annotations

import os
from collections.abc import Callable, Iterator
from contextlib import contextmanager

LANGUAGES = ("en", "vi", "zh")

_listeners: list[Callable[[str], None]] = []


def _language_of_environment() -> str:
    code = os.environ.get("COURSE_LANG", "").strip().lower()
    return code if code in LANGUAGES else "en"


_current = _language_of_environment()


def language() -> str:
    """Return the code of the language in use: ``"en"``, ``"vi"`` or ``"zh"``.

    At start it is the environment variable ``COURSE_LANG`` where that names one of the three, else English.

    Examples
    --------
    >>> set_language("zh")
    >>> language()
    'zh'
    >>> set_language("en")
    """
    return _current


def set_language(code: str) -> None:
    """Show every label, message, number and date in one of the three languages from now on.

    Parameters
    ----------
    code : str
        ``"en"``, ``"vi"`` or ``"zh"``.

    Raises
    ------
    ValueError
        If the course does not speak that language.

    Examples
    --------
    >>> set_language("en")
    """
    global _current
    _current = _checked(code)
    for listener in _listeners:
        listener(code)


def _checked(code: str) -> str:
    if code not in LANGUAGES:
        raise ValueError(f"code: the course speaks {', '.join(map(repr, LANGUAGES))}, not {code!r}. Pass one of these.")
    return code


def on_language_change(listener: Callable[[str], None]) -> Callable[[str], None]:
    """Call ``listener(code)`` after every later ``set_language``; return the listener, so this works as a decorator.

    Fonts are the reason: a figure in Chinese needs a family that a figure in English does not.
    """
    if listener not in _listeners:
        _listeners.append(listener)
    return listener


@contextmanager
def using_language(code: str) -> Iterator[None]:
    """Speak another language for the length of a ``with`` block, without telling the listeners.

    For a few words in between, such as the labels of one axis. To draw whole figures use ``set_language``.

    Examples
    --------
    >>> with using_language("vi"):
    ...     language()
    'vi'
    """
    global _current
    before = _current
    _current = _checked(code)
    try:
        yield
    finally:
        _current = before
