"""What a reader can set, described without a widget: tests walk the descriptions, the view makes widgets of them."""

from __future__ import annotations

import math
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Any


@dataclass(frozen=True)
class Slider:
    """Describe an evenly spaced slider over numbers.

    Parameters
    ----------
    trait : str
        Name of the state's trait that it sets.
    label : str
        Words beside it, in the reader's language.
    low, high, step : float
        Ends and step, in the units of the trait.
    digits : int
        Decimals that the readout shows.
    """

    trait: str
    label: str
    low: float
    high: float
    step: float
    digits: int = 2

    @property
    def values(self) -> tuple[float, ...]:
        """Values that a test tries: both ends."""
        return (self.low, self.high)

    def nearest_step(self, value: float) -> float:
        """Return the step of the slider that is nearest to a value, free of the noise of binary fractions.

        Examples
        --------
        >>> Slider("x", "x", 0.01, 0.5, 0.01).nearest_step(0.09999999999999999)
        0.1
        """
        step = round(self.low + self.step * round((value - self.low) / self.step), 9)
        return min(max(step, self.low), self.high)


@dataclass(frozen=True)
class Choice:
    """Describe a choice among named values: a slider over them, a row of buttons or a list.

    Parameters
    ----------
    trait : str
        Name of the state's trait that it sets.
    label : str
        Words beside it.
    options : tuple of (str, value)
        What is read and what it stands for, in order.
    face : {"slider", "buttons", "list"}
        How it looks.
    between : bool
        Whether numbers between the first and the last option may be set by code too.
    """

    trait: str
    label: str
    options: tuple[tuple[str, Any], ...]
    face: str = "slider"
    between: bool = False

    @property
    def values(self) -> tuple[Any, ...]:
        """Values that a test tries: both ends of a slider, every option of the other faces."""
        named = tuple(value for _, value in self.options)
        return (named[0], named[-1]) if self.face == "slider" else named


@dataclass(frozen=True)
class Span:
    """Describe a slider with two handles over named values; the trait holds the pair (first, last)."""

    trait: str
    label: str
    options: tuple[tuple[str, Any], ...]

    @property
    def values(self) -> tuple[tuple[Any, Any], ...]:
        """Values that a test tries: each single end, and everything."""
        first, last = self.options[0][1], self.options[-1][1]
        return ((first, first), (last, last), (first, last))


@dataclass(frozen=True)
class Switch:
    """Describe a yes-or-no control."""

    trait: str
    label: str

    @property
    def values(self) -> tuple[bool, bool]:
        """Both positions."""
        return (False, True)


@dataclass(frozen=True)
class Action:
    """Describe a button that calls a method of the explorer.

    Parameters
    ----------
    method : str
        Name of the method.
    label : str
        Words on the button.
    enabled : bool
        Whether it can be pressed now.
    """

    method: str
    label: str
    enabled: bool = True


Control = Slider | Choice | Span | Switch


def decade_steps(low: float, high: float, mantissas: Iterable[float] = (1, 1.5, 2, 3, 4, 5, 7)) -> tuple[float, ...]:
    """Return round numbers between two ends, a few in every decade: what a slider over a log scale steps through.

    Parameters
    ----------
    low, high : float
        Ends, both included when they are such numbers.
    mantissas : iterable of float
        The round numbers of one decade, from 1 up to below 10.

    Raises
    ------
    ValueError
        If ``low`` is not positive or not below ``high``.

    Examples
    --------
    >>> decade_steps(1e9, 1e10, (1, 2, 5))
    (1000000000.0, 2000000000.0, 5000000000.0, 10000000000.0)
    """
    if not 0 < low < high:
        raise ValueError(f"low: a log scale needs 0 < low < high, not {low} and {high}. Pass positive ends in order.")
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    steps = (float(f"{m}e{power}") for power in range(first, last + 1) for m in mantissas)
    return tuple(step for step in steps if low * (1 - 1e-12) <= step <= high * (1 + 1e-12))
