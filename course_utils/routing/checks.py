"""Refuse scores and choices that are not."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray


def score_table(scores: ArrayLike, name: str = "scores") -> NDArray[np.float64]:
    """Return a finite table of shape (n_tokens, n_experts), or raise ValueError that says what is wrong."""
    table = np.asarray(scores, dtype=np.float64)
    if table.ndim != 2 or 0 in table.shape:
        raise ValueError(f"{name} has shape {table.shape}; give one row a token and one column an expert")
    bad = ~np.isfinite(table)
    if bad.any():
        row, column = np.argwhere(bad)[0]
        raise ValueError(f"{name} must be finite; token {row}, expert {column} is {table[row, column]!r}")
    return table


def probability_table(probabilities: ArrayLike) -> NDArray[np.float64]:
    """Return a table of router probabilities, rows of sum 1, or raise ValueError that names the token."""
    table = score_table(probabilities, "probabilities")
    wrong = (table < 0).any(axis=1) | (np.abs(table.sum(axis=1) - 1) > 1e-6)
    if wrong.any():
        row = int(np.flatnonzero(wrong)[0])
        raise ValueError(f"probabilities of token {row} sum to {table[row].sum():.6g}; take a softmax of the scores")
    return table


def expert_table(experts: ArrayLike, n_experts: int) -> NDArray[np.int64]:
    """Return chosen experts of shape (n_tokens, k), or raise ValueError that names the token.

    A single choice per token may come as shape (n_tokens,). -1 means that no expert was chosen.
    """
    if n_experts < 1:
        raise ValueError(f"n_experts is {n_experts}; there must be at least one expert")
    table = np.asarray(experts)
    if table.ndim == 1:
        table = table[:, None]
    if table.ndim != 2 or not np.issubdtype(table.dtype, np.integer):
        raise ValueError(f"experts has shape {table.shape} and type {table.dtype}; give whole numbers, one row a token")
    outside = ((table < -1) | (table >= n_experts)).any(axis=1)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise ValueError(f"experts of token {row} are {table[row].tolist()}; there are experts 0 to {n_experts - 1}")
    return table.astype(np.int64)
