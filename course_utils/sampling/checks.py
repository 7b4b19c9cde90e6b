"""Refuse counts, rates and numbers of samples that are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def numbers(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return real numbers as floats, or raise ValueError: of text, of complex numbers, of a row that is masked."""
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        row = int(np.flatnonzero(np.ma.getmaskarray(values))[0])
        raise ValueError(f"{name}: entry {row} is masked; leave it out, or fill it in")
    try:
        return np.asarray(values, dtype=np.float64)
    except (TypeError, ValueError) as error:
        raise ValueError(f"{name} must be real numbers, as many in every row; {error}") from None


def one_number(value: float, name: str) -> float:
    """Return one real number."""
    array = numbers(value, name)
    if array.ndim:
        raise ValueError(f"{name} must be one number; its shape is {array.shape}")
    return float(array)


def together(**columns: NDArray[np.float64]) -> list[NDArray[np.float64]]:
    """Broadcast arrays, or raise ValueError that names them and their shapes."""
    try:
        return list(np.broadcast_arrays(*columns.values()))
    except ValueError:
        shapes = ", ".join(f"{name} has shape {column.shape}" for name, column in columns.items())
        raise ValueError(f"{shapes}; give one number, or as many of each") from None


def whole(values: ArrayLike, name: str, *, lowest: int, infinite: bool = False) -> NDArray[np.float64]:
    """Return whole numbers of at least `lowest` as floats, or raise ValueError that names the row.

    Infinity passes where `infinite` says that the limit has a meaning.
    """
    array = numbers(values, name)
    good = (array >= lowest) & (array == np.floor(array)) & (np.isfinite(array) | infinite)
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        cure = "; np.inf asks for the limit" if infinite else ""
        raise ValueError(f"{name} must be whole numbers from {lowest} on; entry {row} is {array.flat[row]:g}{cure}")
    return array


def probability(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return numbers from 0 to 1, or raise ValueError that names the row."""
    array = numbers(values, name)
    bad = ~((array >= 0) & (array <= 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} must be from 0 to 1 (0.5, not 50 per cent); entry {row} is {array.flat[row]:g}")
    return array


def positive_count(value: int, name: str, *, most: float = 1e9) -> int:
    """Return one whole number from 1 to `most`."""
    count = one_number(whole(value, name, lowest=1), name)
    if count > most:
        raise ValueError(f"{name} is {count:g}; {most:g} is the most that can be drawn")
    return int(count)
