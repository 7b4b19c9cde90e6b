"""What *memory or compute* is asked and answers: how many experts are best for a budget, with and without a memory."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache

import numpy as np
from traitlets import Enum, Float, HasTraits

from course_utils import allocation
from course_utils.explorers.controls import decade_steps

LAW = "ludziejewski"
LIMITS = ("compute", "both")
EXPERTS = (1, 2, 4, 8, 16, 32)
BUDGETS = decade_steps(1e19, 1e23)
MEMORIES = tuple(
    1e9 * n for n in (1, 1.5, 2, 3, 4, 6, 8, 12, 16, 24, 32, 48, 64, 80, 128, 192, 256, 384, 512, 640, 1000, 2000)
)
BYTES = (0.5, 1.0, 2.0, 4.0, 16.0)

# Ludziejewski et al. 2025 (arXiv 2502.05172), abstract: the largest models behind the law.
LARGEST_ACTIVE, LARGEST_TOTAL = 2.7e9, 5e9

_ALL = np.arange(EXPERTS[0], EXPERTS[-1] + 1)
_AT = np.array([n - EXPERTS[0] for n in EXPERTS])


class MemoryState(HasTraits):
    """What the reader sets: whether memory counts, the budget in FLOPs, the memory, and bytes a parameter."""

    limit = Enum(LIMITS, default_value="both")
    flops = Float(1e21)
    memory = Float(8e9)
    bytes_per_param = Float(2.0)


@dataclass(frozen=True, eq=False)
class Contest:
    """The best model for every number of experts under one limit.

    Attributes
    ----------
    params, total_params, tokens, loss : arrays of shape (6,)
        Active and all parameters, training tokens, nats per token, for the numbers of :data:`EXPERTS`.
    at_memory : array of shape (6,), bool
        The memory, not the budget, sets the size.
    known : array of shape (6,), bool
        The size, active and in all, is no larger than the largest behind the law.
    curve_loss, curve_total : arrays of shape (32,)
        Loss and all parameters for every whole number of experts.
    """

    params: np.ndarray
    total_params: np.ndarray
    tokens: np.ndarray
    loss: np.ndarray
    at_memory: np.ndarray
    known: np.ndarray
    curve_loss: np.ndarray
    curve_total: np.ndarray

    @property
    def best(self) -> int:
        """Position of the lowest loss."""
        return int(np.argmin(self.loss))

    @property
    def best_experts(self) -> int:
        """Number of experts with the lowest loss."""
        return EXPERTS[self.best]

    @property
    def times_beyond(self) -> float:
        """How many times as large as the largest behind the law the winner is; at most 1 where it is known ground."""
        return float(max(self.params[self.best] / LARGEST_ACTIVE, self.total_params[self.best] / LARGEST_TOTAL))


@dataclass(frozen=True)
class MemoryResult:
    """Who wins.

    Attributes
    ----------
    flops, bytes_per_param : float
        Training budget C, and bytes that a parameter takes.
    memory : float or None
        Bytes for the weights; None where memory does not count.
    free, held : Contest
        The contest with the budget alone, and under the limits that the reader chose; the same where memory does not
        count.
    curve_experts : array of shape (32,)
    """

    flops: float
    bytes_per_param: float
    memory: float | None
    free: Contest
    held: Contest
    curve_experts: np.ndarray


@lru_cache(maxsize=256)
def compete(flops: float, *, memory: float | None, bytes_per_param: float) -> Contest:
    """Find the best model for every number of experts by the published law; what was asked lately is kept.

    Parameters
    ----------
    flops : float
        Training budget C.
    memory : float or None
        Bytes for the weights.
    bytes_per_param : float

    Examples
    --------
    >>> compete(1e21, memory=4e9, bytes_per_param=2.0).best_experts
    1
    >>> compete(1e21, memory=None, bytes_per_param=2.0).best_experts
    32
    """
    found = allocation.compute_optimal_experts(
        flops, LAW, memory_bytes=memory, bytes_per_param=bytes_per_param, experts=tuple(_ALL)
    )
    params, total = found.params[_AT], found.total_params[_AT]
    return Contest(
        params=params,
        total_params=total,
        tokens=found.tokens[_AT],
        loss=found.loss[_AT],
        at_memory=found.at_memory[_AT],
        known=(params <= LARGEST_ACTIVE) & (total <= LARGEST_TOTAL),
        curve_loss=found.loss,
        curve_total=found.total_params,
    )


def memory_or_compute(limit: str, flops: float, memory: float, bytes_per_param: float) -> MemoryResult:
    """Hold the contest with the budget alone and, where memory counts, under both limits.

    Parameters
    ----------
    limit : str
        One of :data:`LIMITS`.
    flops, memory, bytes_per_param : float
        Training budget; bytes for the weights, without a meaning where compute alone counts; bytes a parameter.
    """
    free = compete(flops, memory=None, bytes_per_param=bytes_per_param)
    counts = limit == "both"
    held = compete(flops, memory=memory, bytes_per_param=bytes_per_param) if counts else free
    return MemoryResult(flops, bytes_per_param, memory if counts else None, free, held, _ALL)
