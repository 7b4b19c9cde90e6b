"""Places for labels that stand beside lines."""

from __future__ import annotations

import numpy as np


def spread_labels(places: np.ndarray, *, gap: float, low: float, high: float) -> np.ndarray:
    """Move positions on a line apart until neighbours are at least ``gap`` away, as little as that needs.

    Labels that would touch are gathered into a block around the middle of where they wanted to be.

    Parameters
    ----------
    places : array of shape (n_labels,)
        Wanted positions, any unit.
    gap : float
        Least distance between neighbours, same unit.
    low, high : float
        Ends of the line. Where the labels do not all fit, the gap shrinks until they do.

    Returns
    -------
    array of shape (n_labels,)
        Positions in the order given.

    Raises
    ------
    ValueError
        If ``low`` is not below ``high`` or a place is not finite.

    Examples
    --------
    >>> spread_labels(np.array([0.50, 0.52]), gap=0.1, low=0.0, high=1.0).round(2).tolist()
    [0.46, 0.56]
    """
    places = np.asarray(places, float)
    if not low < high:
        raise ValueError(f"low: {low} must lie below high, {high}. Swap them.")
    if not np.isfinite(places).all():
        raise ValueError(f"places: row {int(np.argmin(np.isfinite(places)))} is not finite. Leave that label out.")
    if len(places) < 2:
        return np.clip(places, low, high)
    gap = min(gap, (high - low) / (len(places) - 1))
    order = np.argsort(places, kind="stable")
    steps = gap * np.arange(len(places))
    # Taking the steps away turns "at least a gap apart" into "not falling": isotonic regression, by pooling.
    blocks: list[list[float]] = []  # mean, count
    for value in places[order] - steps:
        blocks.append([value, 1])
        while len(blocks) > 1 and blocks[-2][0] > blocks[-1][0]:
            mean, count = blocks.pop()
            total = blocks[-1][1] + count
            blocks[-1] = [(blocks[-1][0] * blocks[-1][1] + mean * count) / total, total]
    pooled = np.concatenate([np.full(count, mean) for mean, count in blocks])
    moved = np.clip(pooled, low, high - steps[-1]) + steps
    result = np.empty_like(places)
    result[order] = moved
    return result
