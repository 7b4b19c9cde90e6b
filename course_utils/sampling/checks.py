"""Refuse counts, rates and numbers of samples that are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def whole(values: ArrayLike, name: str, *, lowest: int, infinite: bool = False) -> NDArray[np.float64]:
    """Return whole numbers of at least `lowest` as floats, or raise ValueError that names the row.

    Infinity passes where `infinite` says that the limit has a meaning.
    """
    array = np.asarray(values, dtype=np.float64)
    good = (array >= lowest) & (array == np.floor(array)) & (np.isfinite(array) | infinite)
    if not good.all():
        row = int(np.flatnonzero(~good)[0])
        cure = "; np.inf asks for the limit" if infinite else ""
        raise ValueError(f"{name} must be whole numbers from {lowest} on; entry {row} is {array.flat[row]:g}{cure}")
    return array


def probability(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return numbers from 0 to 1, or raise ValueError that names the row."""
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array >= 0) & (array <= 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} must be from 0 to 1 (0.5, not 50 per cent); entry {row} is {array.flat[row]:g}")
    return array


def positive_count(value: int, name: str) -> int:
    """Return one whole number of at least 1."""
    return int(whole(value, name, lowest=1))
