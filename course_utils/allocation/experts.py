"""Split a budget between the size of a model, its data and the number of its experts, within a memory."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import laws
from course_utils.laws import Constants

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class ExpertAllocation:
    """Hold the best size and data for every number of experts; the last axis of every array runs over `experts`.

    Attributes
    ----------
    experts : array of shape (n_choices,), the numbers of experts that were compared
    flops, memory_bytes : arrays of shape (...), the budgets; infinite memory where none was given
    params : array of shape (..., n_choices), active parameters
    total_params : array of the same shape, parameters that must be kept
    tokens, loss : arrays of the same shape
    at_memory : array of the same shape, bool; the memory, not the budget, decides the size
    """

    experts: Array
    flops: Array
    memory_bytes: Array
    params: Array
    total_params: Array
    tokens: Array
    loss: Array
    at_memory: NDArray[np.bool_]

    @property
    def best(self) -> NDArray[np.intp]:
        """Position in `experts` of the lowest loss, of shape (...)."""
        return np.argmin(self.loss, axis=-1)

    @property
    def best_experts(self) -> Array:
        """Number of experts that reaches the lowest loss, of shape (...)."""
        return self.experts[self.best]


def total_params(active: ArrayLike, experts: ArrayLike) -> Array:
    r"""Compute the parameters that are kept when every feed-forward layer becomes E of them and one is used.

    .. math:: N = N_{\text{act}} \frac{2 E + 1}{3}

    Of the 12 d**2 weights of a block, 4 d**2 are attention and 8 d**2 feed-forward; embeddings, head and router are
    left out.

    Parameters
    ----------
    active : array, active non-embedding parameters
    experts : array that broadcasts with active, experts E

    Returns
    -------
    array of the common shape, parameters

    Raises
    ------
    ValueError
        If a count is not positive or an experts is below 1.

    Source
    ------
    Krajewski et al. 2024 (arXiv 2402.07871), section 5: N = d**2 (8 E + 4) a block.

    Examples
    --------
    >>> float(total_params(1e9, 64) / 1e9)
    43.0
    """
    n, e = (_positive(values, name) for values, name in ((active, "active"), (experts, "experts")))
    if (e < 1).any():
        raise ValueError(f"experts must be 1 or more, not {experts!r}; a dense model has 1")
    return n * (2.0 * e + 1.0) / 3.0


def compute_optimal_experts(
    flops: ArrayLike,
    source: Constants | str = "ludziejewski",
    *,
    memory_bytes: ArrayLike | None = None,
    bytes_per_param: float = 2.0,
    experts: Sequence[float] = (1, 2, 4, 8, 16, 32),
    flops_per_param_token: float = 6.0,
) -> ExpertAllocation:
    r"""Find, for every number of experts, the size and the data that reach the lowest loss for a budget and a memory.

    .. math:: \min_{N, D} L(N, D, E) \quad\text{with}\quad 6 N D = C, \quad s\,N \frac{2E+1}{3} \le M

    For a fixed number of experts the joint law is Hoffmann's sum, whose optimum is known in closed form; along the
    budget it has one valley, so a memory that cuts it off makes the largest model that fits the best one.

    Parameters
    ----------
    flops : array of shape (...), training budgets C
    source : an entry of laws.CONSTANTS of the law "joint_moe", or its name
    memory_bytes : array that broadcasts with flops, bytes M for the weights; None for no limit
    bytes_per_param : 2 to use the model in bfloat16, 16 to train it with Adam
    experts : numbers of experts to compare. The published runs have 1 to 32: the law beyond them is a guess
    flops_per_param_token : 6, or what the convention of the law makes it

    Returns
    -------
    ExpertAllocation

    Raises
    ------
    ValueError
        If a value is not positive or the source has another law.

    Source
    ------
    Ludziejewski et al. 2025 (arXiv 2502.05172), section 5.

    Examples
    --------
    >>> free = compute_optimal_experts(1e21, experts=(1, 8, 32))
    >>> [f"{n / 1e9:.1f}B on {d / 1e9:.0f}B" for n, d in zip(free.params, free.tokens)]
    ['5.7B on 29B', '3.8B on 44B', '2.9B on 58B']
    >>> tight = compute_optimal_experts(1e21, memory_bytes=[4e9, 16e9, 200e9])
    >>> tight.best_experts
    array([ 1., 16., 32.])
    """
    constants = _constants(source)
    v = constants.values
    budget, _ = np.broadcast_arrays(_positive(flops, "flops"), 1.0 if memory_bytes is None else memory_bytes)
    memory = np.full(budget.shape, np.inf) if memory_bytes is None else _positive(memory_bytes, "memory_bytes")
    memory = np.broadcast_to(memory, budget.shape)
    count = np.atleast_1d(_positive(experts, "experts"))
    _positive(bytes_per_param, "bytes_per_param")
    product = budget[..., None] / float(_positive(flops_per_param_token, "flops_per_param_token"))
    kept = total_params(1.0, count)

    effective = laws.effective_experts(count, E_start=v["E_start"], E_max=v["E_max"])
    log_e = np.log(effective)
    alpha, beta = -(v["alpha"] + v["gamma"] * log_e), -(v["beta"] + v["zeta"] * log_e)
    if not ((alpha > 0) & (beta > 0)).all():
        raise ValueError("source: with these constants a loss does not fall with size and data; no split is best.")
    size, data = v["a"] * effective ** v["delta"], v["b"] * effective ** v["omega"]
    free = ((alpha * size) / (beta * data) * product**beta) ** (1.0 / (alpha + beta))
    most = memory[..., None] / (bytes_per_param * kept)
    params = np.minimum(free, most)
    tokens = product / params
    return ExpertAllocation(
        experts=count,
        flops=budget,
        memory_bytes=memory,
        params=params,
        total_params=params * kept,
        tokens=tokens,
        loss=laws.joint_moe_loss(params, tokens, count, **v),
        at_memory=most < free,
    )


def _constants(source: Constants | str) -> Constants:
    if isinstance(source, str):
        if source not in laws.CONSTANTS:
            raise ValueError(f"no constants named {source!r}; there are: {', '.join(laws.CONSTANTS)}.")
        source = laws.CONSTANTS[source]
    if source.law != "joint_moe":
        raise ValueError(f"source: the law {source.law!r} knows no size, data and experts together; give 'joint_moe'.")
    return source


def _positive(values: ArrayLike, name: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array > 0) & np.isfinite(array))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} must be positive and finite; entry {row} is {array.flat[row]:g}")
    return array
