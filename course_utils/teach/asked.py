"""Find what a code cell asks: calls of ``check``, ``quiz`` and ``grade``."""

from __future__ import annotations

import ast
from dataclasses import dataclass

from course_utils.questions import names


@dataclass(frozen=True)
class Asked:
    """What a cell asks.

    Attributes
    ----------
    kind : str
        "check", "quiz" or "grade".
    ids : tuple of str
        Questions of the bank, in order.
    """

    kind: str
    ids: tuple[str, ...]


def asked_in(code: str) -> list[Asked]:
    """List the calls in `code` that ask questions of the bank.

    Parameters
    ----------
    code : str
        Source of a cell; lines of IPython's own (``%matplotlib``) are none of the course's and are refused by Python.

    Returns
    -------
    list of Asked

    Examples
    --------
    >>> asked_in('check("01.halve", None)')
    [Asked(kind='check', ids=('01.halve',))]
    >>> asked_in('print("check")')
    []
    """
    found = []
    for call in _calls(code):
        first = call.args[0].value if call.args and isinstance(call.args[0], ast.Constant) else None
        if not isinstance(first, str):
            continue
        match _name(call):
            case "check":
                found.append(Asked("check", (first,)))
            case "quiz":
                found.append(Asked("quiz", tuple(names(first, role=_keyword(call, "role") or "quiz"))))
            case "grade":
                found.append(Asked("grade", tuple(names(first, role="placement"))))
    return found


def gives_away(code: str) -> bool:
    """Tell whether a cell calls ``solution``, which a student's copy must not.

    Examples
    --------
    >>> gives_away('solution("01.halve")'), gives_away("from course_utils.questions import check, solution")
    (True, False)
    """
    return any(_name(call) == "solution" for call in _calls(code))


def _calls(code: str) -> list[ast.Call]:
    calls = [node for node in ast.walk(ast.parse(code)) if isinstance(node, ast.Call)]
    return sorted(calls, key=lambda call: (call.lineno, call.col_offset))


def _name(call: ast.Call) -> str:
    """Give the last part of the name that is called: check, questions.check and q.check are one."""
    return call.func.attr if isinstance(call.func, ast.Attribute) else getattr(call.func, "id", "")


def _keyword(call: ast.Call, name: str) -> str | None:
    given = next((word.value for word in call.keywords if word.arg == name), None)
    return given.value if isinstance(given, ast.Constant) else None
