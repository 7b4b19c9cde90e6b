"""A prediction is sealed: what it rests on is hashed, and it is written down before the run that it is about."""

from __future__ import annotations

import hashlib
import json
import math
from collections.abc import Iterable
from dataclasses import asdict
from numbers import Real

from .refusal import Refusal
from .state import State
from .tables import Row


def fingerprint(state: State, rows: Iterable[Row]) -> str:
    """Return the SHA-256 of a game's plan and of its screening runs, times left out.

    The same plan and the same losses give the same hash on every machine; whoever has the folder of the game can
    compute it again.
    """
    plan = asdict(state.design) | {"seed": state.seed, "rate": state.rate}
    found = [[row.run, row.params, row.flops, None if row.diverged else row.loss, row.data]
             for row in sorted(rows, key=lambda row: row.run)]
    return hashlib.sha256(json.dumps([plan, found], sort_keys=True).encode()).hexdigest()


def checked(loss: float, low: float, high: float) -> tuple[float, float, float]:
    """Return a prediction as numbers.

    Raises
    ------
    Refusal
        If they are no finite numbers above zero, or the loss does not lie between the ends.
    """
    loss, low, high = number("loss", loss), number("low", low), number("high", high)
    if not low < loss < high:
        raise Refusal("no_interval", loss=loss, low=low, high=high)
    return loss, low, high


def number(name: str, value: float) -> float:
    """Return one number of a prediction.

    Raises
    ------
    Refusal
        If it is no finite number above zero.
    """
    if isinstance(value, bool) or not isinstance(value, Real) or not math.isfinite(value) or value <= 0:
        raise Refusal("no_loss", name=name, value=repr(value))
    return float(value)
