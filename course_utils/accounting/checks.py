"""Refuse sizes that are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike


def not_negative(**values: ArrayLike) -> None:
    """Raise ValueError that names the first value that is not 0 or more."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        if not (array >= 0).all():
            row = int(np.flatnonzero(~(array >= 0))[0])
            raise ValueError(f"{name} must be a number that is 0 or more; entry {row} is {array.flat[row]!r}")


def positive(**values: ArrayLike) -> None:
    """Raise ValueError that names the first value that is not above 0."""
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        if not (array > 0).all():
            row = int(np.flatnonzero(~(array > 0))[0])
            raise ValueError(f"{name} must be a number above 0; entry {row} is {array.flat[row]!r}")
