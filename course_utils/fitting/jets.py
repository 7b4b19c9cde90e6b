"""Carry first and second derivatives along with a calculation, exactly.

A jet holds a quantity for many fits and runs with its derivatives by a few coordinates. Sums, products and functions of
jets follow the rules of calculus, so that a law written once gives its gradient and its Hessian: no difference quotient
whose step has to be chosen, and no page of formulas to mistype.
"""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class Jet:
    """Hold a quantity and its derivatives by p coordinates.

    Attributes
    ----------
    value : array of shape (n_fits, n_runs), or one that broadcasts with it
    first : array of shape (p, n_fits, n_runs), likewise
    second : array of shape (p, p, n_fits, n_runs), likewise
    """

    value: Array
    first: Array
    second: Array

    __array_ufunc__ = None  # an array on the left leaves the operation to the jet

    @classmethod
    def coordinate(cls, value: Array, index: int, count: int) -> Jet:
        """Start from the coordinate of that index itself; value has shape (n_fits, 1)."""
        first = np.zeros((count, 1, 1))
        first[index] = 1.0
        return cls(value, first, np.zeros((count, count, 1, 1)))

    @classmethod
    def constant(cls, value: Array | float, count: int) -> Jet:
        """Start from what no coordinate moves."""
        return cls(np.asarray(value, dtype=np.float64), np.zeros((count, 1, 1)), np.zeros((count, count, 1, 1)))

    def __add__(self, other: Jet | Array | float) -> Jet:
        if isinstance(other, Jet):
            return Jet(self.value + other.value, self.first + other.first, self.second + other.second)
        return Jet(self.value + other, self.first, self.second)

    __radd__ = __add__

    def __neg__(self) -> Jet:
        return Jet(-self.value, -self.first, -self.second)

    def __sub__(self, other: Jet | Array | float) -> Jet:
        return self + (-other)

    def __rsub__(self, other: Array | float) -> Jet:
        return -self + other

    def __mul__(self, other: Jet | Array | float) -> Jet:
        if not isinstance(other, Jet):
            return Jet(self.value * other, self.first * other, self.second * other)
        cross = self.first[:, None] * other.first[None]
        return Jet(
            self.value * other.value,
            self.first * other.value + other.first * self.value,
            self.second * other.value + other.second * self.value + cross + cross.swapaxes(0, 1),
        )

    __rmul__ = __mul__

    def through(self, value: Array, slope: Array, bend: Array) -> Jet:
        """Apply a function of which the value, the slope and the second derivative at this value are given."""
        return Jet(value, slope * self.first, bend * self.first[:, None] * self.first[None] + slope * self.second)

    def exp(self) -> Jet:
        """Raise e to it."""
        value = np.exp(self.value)
        return self.through(value, value, value)

    def log(self) -> Jet:
        """Take its natural logarithm."""
        inverse = 1.0 / self.value
        return self.through(np.log(self.value), inverse, -inverse * inverse)

    def inverse(self) -> Jet:
        """Take one over it."""
        inverse = 1.0 / self.value
        return self.through(inverse, -inverse * inverse, 2.0 * inverse**3)

    def where(self, condition: NDArray[np.bool_], other: Jet) -> Jet:
        """Keep it where the condition holds, and take the other elsewhere."""
        return Jet(
            np.where(condition, self.value, other.value),
            np.where(condition, self.first, other.first),
            np.where(condition, self.second, other.second),
        )
