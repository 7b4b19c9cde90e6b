"""Units in which people write counts and losses, what they are worth, and which of them a column's numbers allow."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_FACTORS = {
    "ones": 1.0,
    "thousands": 1e3,
    "ten_thousands": 1e4,
    "millions": 1e6,
    "hundred_millions": 1e8,
    "billions": 1e9,
    "trillions": 1e12,
    "gigaflops": 1e9,
    "teraflops": 1e12,
    "petaflops": 1e15,
    "exaflops": 1e18,
    "pf_days": 8.64e19,
    "zettaflops": 1e21,
}
_COUNTS = ("ones", "thousands", "ten_thousands", "millions", "hundred_millions", "billions", "trillions", "log10", "ln")
_FLOPS = ("ones", "gigaflops", "teraflops", "petaflops", "exaflops", "pf_days", "zettaflops", "log10", "ln")

UNITS = {
    "params": _COUNTS,
    "tokens": _COUNTS,
    "flops": _FLOPS,
    "budget": _FLOPS,
    "loss": ("nats", "bits", "perplexity", "bits_per_byte", "nats_per_byte"),
}
"""Units by role; the first one is that of the package (counts, nats per token)."""

PLAUSIBLE = {"params": (50.0, 1e14), "tokens": (1e3, 1e16), "flops": (1e6, 1e29), "budget": (1e6, 1e29)}
"""From the smallest that anyone trains for a lesson to beyond the largest that anyone plans."""

_LARGEST_LOSS = 13.0  # nats: a uniform guess among 440,000 tokens; an untrained model of any vocabulary lies below


def convert(values: Array, unit: str) -> Array:
    """Convert numbers to counts or to nats (per token, or per byte where the unit is one per byte).

    Examples
    --------
    >>> import numpy as np
    >>> convert(np.array([0.35]), "billions"), convert(np.array([8.0]), "perplexity").round(3)
    (array([3.5e+08]), array([2.079]))
    """
    with np.errstate(over="ignore", divide="ignore", invalid="ignore"):
        match unit:
            case "log10":
                return 10.0**values
            case "ln":
                return np.exp(values)
            case "nats" | "nats_per_byte":
                return values.copy()
            case "bits" | "bits_per_byte":
                return values * np.log(2.0)
            case "perplexity":
                return np.log(values)
    return values * _FACTORS[unit]


def fits(values: Array, role: str, unit: str) -> bool:
    """Tell whether numbers in a unit are of a size that the role can have."""
    out = convert(values, unit)
    if role == "loss":
        low = 1.0 if unit == "perplexity" else 0.0
        return bool((values > low).all() and (out <= _LARGEST_LOSS).all())
    low, high = PLAUSIBLE[role]
    return bool(((out >= low) & (out <= high)).all())


def by_magnitude(values: Array, role: str) -> tuple[str, bool]:
    """Guess a unit from the size of the numbers alone; say whether another one is out of the question.

    Examples
    --------
    >>> import numpy as np
    >>> by_magnitude(np.array([1.25e8, 1e9]), "params"), by_magnitude(np.array([0.35, 7.0]), "params")
    (('ones', True), ('billions', False))
    >>> by_magnitude(np.array([18.0, 21.5]), "flops"), by_magnitude(np.array([24.0, 13.0]), "loss")
    (('log10', False), ('perplexity', False))
    """
    low, high = float(values.min()), float(values.max())
    if role == "loss":
        if high > _LARGEST_LOSS:
            return "perplexity", False
        return "nats", high >= 1.25  # from 0.6 to 1.2 bits per byte are as usual as nats
    if role in ("flops", "budget"):
        if low >= 1e6:
            return "ones", True
        return ("log10" if low >= 5 and high <= 30 else "pf_days"), False
    if low >= 1e3:
        return "ones", low >= (1e3 if role == "params" else 1e4)
    if role == "tokens":
        return "billions", False
    return ("millions" if low >= 10 and high > 80 else "billions"), False
