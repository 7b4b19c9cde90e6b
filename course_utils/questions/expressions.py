"""Compute the answers of the bank from the package itself, so that no key can go stale."""

from __future__ import annotations

import ast
import importlib
import math
from collections.abc import Mapping
from typing import Any

PARTS = ("accounting", "allocation", "fitting", "laws", "metrics", "routing", "sampling")
FUNCTIONS = {f.__name__: f for f in (abs, float, int, len, max, min, range, round, sum)}


def evaluate(expression: str | float, values: Mapping[str, Any] | None = None) -> Any:
    """Compute an expression of the bank.

    Parameters
    ----------
    expression : str or number
        Python, over the parts of this package, ``math``, ``np`` and `values`. It is text of the package, never of a
        learner. A number is returned as it is.
    values : mapping, optional
        Names that the expression may use besides: the parameters of a drill.

    Raises
    ------
    ValueError
        If it names something that is not known here; the message says what.

    Examples
    --------
    >>> evaluate("accounting.training_flops(70e9, 1.4e12)")
    5.88e+23
    >>> evaluate("2 * n", {"n": 4})
    8
    """
    if not isinstance(expression, str):
        return expression
    values = values or {}
    known: dict[str, Any] = {"__builtins__": {}}
    tree = ast.parse(expression.strip(), mode="eval")
    own = {argument.arg for node in ast.walk(tree) if isinstance(node, ast.arguments) for argument in node.args}
    own |= {node.id for node in ast.walk(tree) if isinstance(node, ast.Name) and isinstance(node.ctx, ast.Store)}
    for node in ast.walk(tree):
        if isinstance(node, ast.Name) and node.id not in own:
            known[node.id] = _named(node.id, values, expression)
    result = eval(compile(tree, "<bank>", "eval"), known)  # text of our own package, not of a learner
    return float(result) if getattr(result, "shape", None) == () else result


def _named(name: str, values: Mapping[str, Any], expression: str) -> Any:
    if name in values:
        return values[name]
    if name in FUNCTIONS:
        return FUNCTIONS[name]
    if name == "math":
        return math
    if name == "np":
        return importlib.import_module("numpy")
    if name in PARTS:
        return importlib.import_module(f"course_utils.{name}")
    known = ", ".join(sorted([*PARTS, *FUNCTIONS, "math", "np", *values]))
    raise ValueError(f"expression {expression!r}: {name} is not known here; it may name {known}.")
