"""How even a load is, and the step that makes it more even without touching the loss."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.routing.checks import expert_table


def expert_load(experts: ArrayLike, n_experts: int) -> NDArray[np.int64]:
    """Count the tokens that chose each expert.

    Parameters
    ----------
    experts : array of shape (n_tokens,) or (n_tokens, k), int, chosen experts; -1 for none
    n_experts : number of experts

    Returns
    -------
    array of shape (n_experts,), int

    Raises
    ------
    ValueError
        If an expert does not exist.

    Examples
    --------
    >>> expert_load([0, 2, 2, 1, 2], 4)
    array([1, 1, 3, 0])
    """
    table = expert_table(experts, n_experts)
    return np.bincount(table[table >= 0], minlength=n_experts)


def load_entropy(load: ArrayLike) -> NDArray[np.float64]:
    r"""Measure how even a load is: 1 when all experts get the same, 0 when one gets everything.

    .. math:: H = -\frac{1}{\ln E} \sum_e p_e \ln p_e, \qquad p_e = \text{load}_e / \sum \text{load}

    Parameters
    ----------
    load : array of shape (..., n_experts), tokens or shares of each expert, 0 or more; at least two experts

    Returns
    -------
    array of shape (...), between 0 and 1

    Raises
    ------
    ValueError
        If there is one expert only, a load is negative or not finite, or nobody has any.

    Examples
    --------
    >>> load_entropy([[5, 5, 5, 5], [20, 0, 0, 0], [10, 10, 0, 0]]).round(3)
    array([1. , 0. , 0.5])
    """
    table = np.asarray(load, dtype=np.float64)
    if table.ndim == 0 or table.shape[-1] < 2:
        raise ValueError(f"load has shape {table.shape}; evenness needs at least two experts, along the last axis")
    if not (np.isfinite(table) & (table >= 0)).all():
        bad = table[~(np.isfinite(table) & (table >= 0))][0]
        raise ValueError(f"load must be finite and 0 or more; one entry is {bad!r}")
    total = table.sum(axis=-1, keepdims=True)
    if not (total > 0).all():
        raise ValueError("load is 0 for every expert; there is nothing to share out")
    share = table / total
    logs = np.log(share, out=np.zeros_like(share), where=share > 0)
    return np.clip(-(share * logs).sum(axis=-1) / np.log(table.shape[-1]), 0.0, 1.0) + 0.0  # no -0


def bias_step(bias: ArrayLike, load: ArrayLike, *, step: float = 1e-3) -> NDArray[np.float64]:
    r"""Move the selection bias of every expert against its load: balance without an auxiliary loss.

    .. math:: b_e \leftarrow b_e + u \operatorname{sign}(\bar{\text{load}} - \text{load}_e)

    The bias is added to the scores when experts are *chosen* and left out of the gates, so no gradient fights the
    language loss. Choose with ``top_k(scores, k, bias=bias)``.

    Parameters
    ----------
    bias : array of shape (n_experts,), the present bias
    load : array of shape (n_experts,), tokens that each expert got in the last batch
    step : u, the size of the step; too large a step makes the load swing from batch to batch

    Returns
    -------
    array of shape (n_experts,), the new bias

    Raises
    ------
    ValueError
        If the shapes differ or the step is not positive.

    Source
    ------
    Wang et al. 2024 (arXiv 2408.15664), algorithm 1; used by DeepSeek-V3 (arXiv 2412.19437).

    Examples
    --------
    >>> bias_step([0.0, 0.0, 0.0], [9, 3, 0], step=0.01)
    array([-0.01,  0.01,  0.01])
    """
    b, n = np.asarray(bias, dtype=np.float64), np.asarray(load, dtype=np.float64)
    if b.shape != n.shape or b.ndim != 1:
        raise ValueError(f"bias has shape {b.shape} and load {n.shape}; give one number an expert in both")
    if not step > 0:
        raise ValueError(f"step must be above 0; it is {step!r}")
    return b + step * np.sign(n.mean() - n)
