"""Balance by assignment: BASE gives every expert the same number of tokens, expert choice lets experts pick."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.routing.checks import score_table


def balanced_assignment(scores: ArrayLike) -> NDArray[np.int64]:
    r"""Give every expert exactly T/E tokens so that the total score is as high as possible.

    .. math:: \max_a \sum_t s_{t, a_t} \quad\text{such that}\quad |\{t : a_t = e\}| = T / E \text{ for every } e

    Every expert becomes T/E places, and tokens and places form a linear assignment problem, which SciPy solves
    exactly. (BASE runs an auction on GPUs, exact up to a tolerance.) The time grows as the cube of T.

    Parameters
    ----------
    scores : array of shape (n_tokens, n_experts), affinities; n_tokens a multiple of n_experts

    Returns
    -------
    array of shape (n_tokens,), int, the expert of each token

    Raises
    ------
    ValueError
        If a score is not finite or the tokens cannot be shared out evenly.

    Source
    ------
    Lewis et al. 2021 (arXiv 2103.16716), eq. 1; repository facebookresearch/fairseq, base_layer.py.

    Examples
    --------
    >>> balanced_assignment([[3.0, 0.0], [2.0, 0.0], [2.5, 2.0], [1.0, 0.9]])
    array([0, 0, 1, 1])
    """
    from scipy.optimize import linear_sum_assignment

    table = score_table(scores)
    n_tokens, n_experts = table.shape
    if n_tokens % n_experts:
        raise ValueError(
            f"scores: {n_tokens} tokens cannot be shared evenly among {n_experts} experts; "
            f"give a multiple of {n_experts} tokens"
        )
    each = n_tokens // n_experts
    _, places = linear_sum_assignment(np.repeat(table, each, axis=1), maximize=True)  # rows come back in order
    return (places // each).astype(np.int64)


def expert_choice(scores: ArrayLike, capacity: int) -> NDArray[np.bool_]:
    r"""Let every expert pick the tokens that it scores highest.

    The load is even by construction; what varies is how many experts a token gets, from none to all. An expert
    compares tokens with later ones, so a decoder trained this way has seen a little of the future.

    Parameters
    ----------
    scores : array of shape (n_tokens, n_experts), affinities
    capacity : tokens that each expert takes, n_tokens * c / n_experts for c experts a token on average

    Returns
    -------
    array of shape (n_tokens, n_experts), bool; every column has exactly `capacity` True. Of equal scores the earlier
    token is taken.

    Raises
    ------
    ValueError
        If a score is not finite, or the capacity is below 1 or above n_tokens.

    Source
    ------
    Zhou et al. 2022 (arXiv 2202.09368), section 3.2.

    Examples
    --------
    >>> expert_choice([[3.0, 0.0], [2.0, 1.0], [1.0, 2.0]], capacity=1)
    array([[ True, False],
           [False, False],
           [False,  True]])
    """
    table = score_table(scores)
    if not 1 <= capacity <= len(table):
        raise ValueError(f"capacity is {capacity}; an expert can take 1 to {len(table)} of {len(table)} tokens")
    best = np.argsort(-table, axis=0, kind="stable")[: int(capacity)]
    taken = np.zeros(table.shape, dtype=bool)
    np.put_along_axis(taken, best, True, axis=0)
    return taken
