"""Check what every law takes: counts."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def positive_counts(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return `values` as floats, or refuse the first one that is not a positive count."""
    array = np.asarray(values, dtype=np.float64)
    bad = ~(array > 0)
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name} must be positive counts; row {row} is {array.flat[row]!r}. "
            f"Give the count itself (7e9, not its logarithm and not 7 for '7B') and drop rows without one."
        )
    return array
