"""Exercises in code: the stub that a reader starts from and the solution, once, in ``bank/code/NN_name.py``.

A block begins with a tag comment, ``# exercise: name`` or ``# solution: name``; what stands above the first tag (the
imports) belongs to every block.
"""

from __future__ import annotations

import functools
import re
from collections.abc import Callable
from dataclasses import dataclass
from importlib.resources import files
from typing import Any

from course_utils.questions import private_bank
from course_utils.questions.bank import Question, lesson_file
from course_utils.questions.expressions import evaluate

_TAG = re.compile(r"^# (exercise|solution): ([a-z0-9-]+)[ ]*$", re.MULTILINE)


@functools.cache
def blocks(file: str) -> dict[tuple[str, str], str]:
    """Read one file of code into ``{("exercise" or "solution", name): code}`` and ``{("", ""): imports}``.

    Raises
    ------
    ValueError
        If a block occurs twice.
    """
    home = private_bank.home_of(file) or files("course_utils.questions")
    text = (home / "bank" / "code" / f"{file}.py").read_text(encoding="utf-8")
    tags = list(_TAG.finditer(text))
    found = {("", ""): text[: tags[0].start()].strip() if tags else text}
    for tag, end in zip(tags, [t.start() for t in tags[1:]] + [len(text)], strict=True):
        if tag.groups() in found:
            raise ValueError(f"bank/code/{file}.py: the block {tag.group(1)}: {tag.group(2)} stands there twice.")
        found[tag.groups()] = text[tag.end() : end].strip()
    return found


def block(question: Question, kind: str) -> str:
    """Return the code of a question's block, "exercise" or "solution".

    Raises
    ------
    KeyError
        If the file has no such block.
    """
    file = lesson_file(question.lesson)
    try:
        return blocks(file)[kind, question.name]
    except KeyError:
        raise KeyError(f"bank/code/{file}.py has no block '# {kind}: {question.name}'.") from None


def function_of(question: Question, kind: str) -> Callable:
    """Run a block and return the function that it makes."""
    names: dict[str, Any] = {}
    imports = blocks(lesson_file(question.lesson))["", ""]
    exec(compile(f"{imports}\n\n{block(question, kind)}\n", f"<{kind}: {question.id}>", "exec"), names)
    return names[question.function]


@dataclass(frozen=True)
class Trial:
    """What a reader's function made of one case.

    Attributes
    ----------
    call : str
        The call, such as "n_opt(1e21)".
    wanted, got : object
        What it should return and what it returned.
    error : Exception or None
        What it raised instead.
    right : bool
    slip : str or None
        Which typical slip gives the same in every case.
    """

    call: str
    wanted: Any = None
    got: Any = None
    error: Exception | None = None
    right: bool = False
    slip: str | None = None


def try_out(question: Question, function: Callable) -> Trial:
    """Run a reader's function on the question's cases; return the first that failed, or the last.

    Each call gets arguments of its own, so a function that changes them spoils nothing.
    """
    outcomes = []
    for case in question.cases:
        wanted = question.answer(*_arguments(case))
        call = f"{question.function}({case})"
        try:
            got = function(*_arguments(case))
        except Exception as error:  # whatever the reader's code raises is the answer to show
            return Trial(call, wanted, error=error)
        outcomes.append(Trial(call, wanted, got, right=_same(got, wanted, question.tolerance)))
    failed = [trial for trial in outcomes if not trial.right]
    if not failed:
        return outcomes[-1]
    for slip, wrong in question.slips.items():
        if all(
            _same(o.got, wrong(*_arguments(c)), question.tolerance)
            for o, c in zip(outcomes, question.cases, strict=True)
        ):
            return Trial(failed[0].call, failed[0].wanted, failed[0].got, slip=slip)
    return failed[0]


def _arguments(case: str) -> tuple:
    return evaluate(f"({case},)")


def _same(got: Any, wanted: Any, tolerance: float) -> bool:
    """Compare numbers, arrays, and tuples or mappings of them, within a relative tolerance."""
    import numpy as np

    if isinstance(wanted, dict):
        return (
            isinstance(got, dict)
            and got.keys() == wanted.keys()
            and all(_same(got[name], wanted[name], tolerance) for name in wanted)
        )
    try:
        got_array, wanted_array = np.asarray(got), np.asarray(wanted)
        if got_array.dtype.kind not in "biuf" or wanted_array.dtype.kind not in "biuf":
            return got_array.shape == wanted_array.shape and bool(np.all(got_array == wanted_array))
        return got_array.shape == wanted_array.shape and bool(
            np.allclose(got_array.astype(float), wanted_array.astype(float), rtol=max(tolerance, 1e-9), atol=1e-300)
        )
    except (TypeError, ValueError):  # ragged, or nothing that NumPy can compare: not the same
        return False
