"""Choose experts by score: top-k, plain and with noise, and what a capacity leaves of the choice."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.routing.checks import expert_table, score_table

Gates = Literal["all", "chosen", "sigmoid"]


def softmax(scores: ArrayLike) -> NDArray[np.float64]:
    """Turn scores into probabilities over experts.

    Parameters
    ----------
    scores : array of shape (n_tokens, n_experts)

    Returns
    -------
    array of the same shape; every row sums to 1

    Raises
    ------
    ValueError
        If a score is not finite.

    Examples
    --------
    >>> softmax([[0.0, 0.0], [np.log(3), 0.0]]).round(2)
    array([[0.5 , 0.5 ],
           [0.75, 0.25]])
    """
    table = score_table(scores)
    weights = np.exp(table - table.max(axis=1, keepdims=True))
    return weights / weights.sum(axis=1, keepdims=True)


def top_k(
    scores: ArrayLike, k: int = 1, *, gates: Gates = "all", bias: ArrayLike | None = None
) -> tuple[NDArray[np.int64], NDArray[np.float64]]:
    r"""Choose the k experts that score highest for each token, and the weight of each one's output.

    .. math:: y = \sum_{e \in \text{top-}k} g_e\, \mathrm{FFN}_e(x)

    Parameters
    ----------
    scores : array of shape (n_tokens, n_experts), the router's logits
    k : experts a token goes to
    gates : "all" is the softmax over all experts, cut to the chosen (Switch, GShard); "chosen" the softmax over the
        chosen alone, which sums to 1 (Shazeer, Mixtral) and at k = 1 is 1, so that the router cannot learn from it;
        "sigmoid" the sigmoid of each score (BASE, DeepSeek-V3 before it divides by the sum)
    bias : array of shape (n_experts,), added for the choice and left out of the gates, see `bias_step`. It is added to
        the softmax (or sigmoid) that the gates are taken from

    Returns
    -------
    experts : array of shape (n_tokens, k), int, best first; of equal scores the lower number
    gates : array of shape (n_tokens, k)

    Raises
    ------
    ValueError
        If a score is not finite, k is not between 1 and n_experts, or gates is unknown.

    Source
    ------
    Shazeer et al. 2017 (arXiv 1701.06538), eq. 3; Fedus et al. 2021, Switch (arXiv 2101.03961), eq. 1 and 2.

    Examples
    --------
    >>> experts, gates = top_k([[2.0, 1.0, 0.0]], k=2, gates="chosen")
    >>> experts, gates.round(3)
    (array([[0, 1]]), array([[0.731, 0.269]]))
    """
    table = score_table(scores)
    n_experts = table.shape[1]
    if not 1 <= k <= n_experts:
        raise ValueError(f"k is {k}; a token can go to 1 to {n_experts} of {n_experts} experts")
    if gates not in ("all", "chosen", "sigmoid"):
        raise ValueError(f"gates is {gates!r}; choose 'all', 'chosen' or 'sigmoid'")
    values = 1 / (1 + np.exp(-table)) if gates == "sigmoid" else softmax(table)
    ranked = table
    if bias is not None:
        shift = np.asarray(bias, dtype=np.float64)
        if shift.shape != (n_experts,) or not np.isfinite(shift).all():
            raise ValueError(f"bias has shape {shift.shape}; give one finite number for each of {n_experts} experts")
        ranked = values + shift
    experts = np.argsort(-ranked, axis=1, kind="stable")[:, : int(k)]
    weights = np.take_along_axis(values, experts, axis=1)
    if gates == "chosen":
        weights = softmax(np.take_along_axis(table, experts, axis=1))
    return experts.astype(np.int64), weights


def noisy_scores(scores: ArrayLike, noise_scores: ArrayLike, *, seed: int) -> NDArray[np.float64]:
    r"""Add noise of a learnt size to the scores, so that neighbours of the best expert are tried too.

    .. math:: H_e = s_e + z_e \ln(1 + e^{n_e}), \qquad z_e \sim \mathcal N(0, 1)

    ``top_k(noisy_scores(s, n, seed=0), k, gates="chosen")`` is the noisy top-k gate of 2017.

    Parameters
    ----------
    scores : array of shape (n_tokens, n_experts), the router's logits
    noise_scores : array that broadcasts with scores, the logits of the noise; very negative for none
    seed : of the draw

    Returns
    -------
    array of the shape of scores

    Raises
    ------
    ValueError
        If a score is not finite or the shapes do not agree.

    Source
    ------
    Shazeer et al. 2017 (arXiv 1701.06538), eq. 4.

    Examples
    --------
    >>> noisy_scores([[2.0, 1.0]], -50.0, seed=0).round(6)
    array([[2., 1.]])
    """
    table, noise = score_table(scores), np.asarray(noise_scores, dtype=np.float64)
    if not np.isfinite(noise).all():
        raise ValueError("noise_scores must be finite; use a number like -50 for no noise")
    try:
        size = np.broadcast_to(np.logaddexp(0.0, noise), table.shape)
    except ValueError:
        raise ValueError(f"noise_scores has shape {noise.shape}, which does not fit scores, {table.shape}") from None
    return table + np.random.default_rng(seed).standard_normal(table.shape) * size


def expert_capacity(n_tokens: int, n_experts: int, *, k: int = 1, factor: float = 1.0) -> int:
    r"""Compute how many tokens an expert takes from a batch.

    .. math:: \left\lceil \frac{k\,T}{E} \times \text{factor} \right\rceil

    Parameters
    ----------
    n_tokens : tokens T in the batch (or in the group that is routed together)
    n_experts : experts E
    k : experts a token goes to
    factor : capacity factor; 1 leaves no room at all, Switch works at 1 to 1.25

    Returns
    -------
    int, tokens an expert; at least 1

    Raises
    ------
    ValueError
        If a value is not positive.

    Source
    ------
    Fedus et al. 2021, Switch (arXiv 2101.03961), eq. 3; GShard's 2T/E (arXiv 2006.16668) is k = 2, factor 1.

    Examples
    --------
    >>> expert_capacity(512, 16, factor=1.25)
    40
    """
    if not (n_tokens > 0 and n_experts > 0 and k > 0 and factor > 0):
        raise ValueError(
            f"n_tokens, n_experts, k and factor must be above 0; they are {n_tokens}, {n_experts}, {k}, {factor}"
        )
    return math.ceil(round(k * n_tokens / n_experts * factor, 9))


def keep_within_capacity(experts: ArrayLike, n_experts: int, capacity: int) -> NDArray[np.bool_]:
    """Say which choices an expert still has room for; the others are dropped and the token skips that expert.

    All first choices are served before all second ones, and tokens in their order within each.

    Parameters
    ----------
    experts : array of shape (n_tokens, k) or (n_tokens,), int, chosen experts, best first; -1 for none
    n_experts : number of experts
    capacity : tokens an expert takes

    Returns
    -------
    array of shape (n_tokens, k), bool; False where the choice is dropped, or was -1

    Raises
    ------
    ValueError
        If an expert does not exist or the capacity is below 1.

    Source
    ------
    Lepikhin et al. 2020, GShard (arXiv 2006.16668), algorithm 1; Fedus et al. 2021, Switch (arXiv 2101.03961), 2.2.

    Examples
    --------
    >>> keep_within_capacity([0, 0, 0, 1], 2, capacity=2).ravel()
    array([ True,  True, False,  True])
    """
    table = expert_table(experts, n_experts)
    if not capacity >= 1:
        raise ValueError(f"capacity is {capacity}; an expert must take at least one token")
    queue = table.T.ravel()  # first choices, then second ones
    order = np.argsort(queue, kind="stable")
    standing = queue[order]
    first = np.searchsorted(standing, standing, side="left")
    place = np.empty(len(queue), dtype=np.int64)
    place[order] = np.arange(len(queue)) - first
    kept = (place < capacity) & (queue >= 0)
    return kept.reshape(table.T.shape).T
