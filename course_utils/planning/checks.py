"""Refuse what no plan can be made of, by name and with the cure."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from typing import Any

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.fitting import validation

Array = NDArray[np.float64]


def one_positive(value: float, name: str) -> float:
    """Return one positive number.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> one_positive(2, "target_flops")
    2.0
    """
    if isinstance(value, bool) or np.ndim(value) != 0:
        raise ValueError(f"{name}: {value!r}; give one number.")
    return float(validation.positive_column([value], name)[0])


def positives(values: ArrayLike, name: str) -> Array:
    """Return an array of any shape, all of it positive.

    Raises
    ------
    ValueError
        If an entry is not, or not from 1e-100 to 1e100.

    Examples
    --------
    >>> positives([[1, 2]], "flops")
    array([[1., 2.]])
    """
    array = validation.numeric(values, name)
    validation.positive_column(array.ravel(), name)
    return array


def whole(value: int, name: str, lowest: int, highest: int) -> int:
    """Return one whole number between two others.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> whole(24, "width", 1, 10_000)
    24
    """
    good = not isinstance(value, bool) and not np.ma.is_masked(value) and np.ndim(value) == 0
    try:
        good = good and float(value) == int(value) and lowest <= int(value) <= highest
    except (TypeError, ValueError, OverflowError):
        good = False
    if not good:
        raise ValueError(f"{name}: {value!r}; give a whole number from {lowest} to {highest:,}.")
    return int(value)


def several(values: Iterable, name: str, cure: str, *, least: int = 1) -> tuple:
    """Return what can be gone through, but no text and, with `least` at 1, nothing empty.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> several([8, 12], "widths", "such as (8, 12)")
    (8, 12)
    """
    single = isinstance(values, np.ndarray) and (values.ndim == 0 or np.ma.is_masked(values))
    if isinstance(values, str | bytes) or not isinstance(values, Iterable) or single:
        raise ValueError(f"{name}: {values!r}; give several, {cure}.")
    found = tuple(values)
    if len(found) < least:
        raise ValueError(f"{name}: none are given; give one at least, {cure}.")
    return found


def table(given: Any, name: str) -> Any:
    """Return a DataFrame or a mapping of columns (or a row of a table), as it is.

    Raises
    ------
    ValueError
        If it is none.

    Examples
    --------
    >>> table({"run": ["a"]}, "runs")
    {'run': ['a']}
    """
    if not isinstance(given, Mapping) and not hasattr(given, "iloc"):
        raise ValueError(f"{name}: {type(given).__name__} is no table; give a DataFrame, or a mapping of columns.")
    return given
