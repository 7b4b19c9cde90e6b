"""Losses that reward an even load: what is added to the language loss so that no expert starves."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.routing.checks import expert_table, probability_table, score_table


def _shares(table: NDArray[np.float64], experts: ArrayLike | None) -> NDArray[np.float64]:
    """Return the share of tokens whose first choice each expert is."""
    first = table.argmax(axis=1) if experts is None else expert_table(experts, table.shape[1])[:, 0]
    if len(first) != len(table):
        raise ValueError(f"experts has {len(first)} tokens and probabilities has {len(table)}; give one row a token")
    if (first < 0).any():
        raise ValueError(f"experts of token {int(np.argmax(first < 0))} has no first choice (-1)")
    return np.bincount(first, minlength=table.shape[1]) / len(table)


def switch_loss(probabilities: ArrayLike, experts: ArrayLike | None = None, *, weight: float = 1e-2) -> float:
    r"""Compute the auxiliary loss of the Switch transformer.

    .. math:: \alpha\, E \sum_e f_e P_e

    with f the share of tokens that an expert is the first choice of and P its mean probability. Only P has a gradient.
    When the router is sure (f = P) the minimum is alpha, reached when both are uniform, and the maximum alpha E. A
    router that is not sure can lie a little below alpha: its first choices may fall where its mean probability is low.

    Parameters
    ----------
    probabilities : array of shape (n_tokens, n_experts), softmax of the router's scores
    experts : array of shape (n_tokens,) or (n_tokens, k), int, choices, best first; the highest probability when None
    weight : alpha

    Returns
    -------
    float, to be added to the loss in nats per token

    Raises
    ------
    ValueError
        If a row does not sum to 1 or an expert does not exist.

    Source
    ------
    Fedus et al. 2021, Switch (arXiv 2101.03961), eq. 4 to 6.

    Examples
    --------
    >>> switch_loss([[1.0, 0.0], [0.0, 1.0]]), switch_loss([[1.0, 0.0], [1.0, 0.0]])
    (0.01, 0.02)
    """
    table = probability_table(probabilities)
    return float(weight * table.shape[1] * (_shares(table, experts) * table.mean(axis=0)).sum())


def gshard_loss(probabilities: ArrayLike, experts: ArrayLike | None = None) -> float:
    r"""Compute the auxiliary loss of GShard, the mean over experts of share times mean probability.

    .. math:: \frac{1}{E} \sum_e \frac{c_e}{S}\, m_e

    with c the tokens of a group of S whose first choice an expert is, and m its mean probability in the group. It is
    Switch's loss with alpha = 1, divided by E squared.

    Parameters
    ----------
    probabilities : array of shape (n_tokens, n_experts), softmax of the router's scores in one group
    experts : array of shape (n_tokens,) or (n_tokens, k), int, choices, best first; the highest probability when None

    Returns
    -------
    float, to be multiplied by a weight and added to the loss

    Raises
    ------
    ValueError
        If a row does not sum to 1 or an expert does not exist.

    Source
    ------
    Lepikhin et al. 2020, GShard (arXiv 2006.16668), section 2.2 and algorithm 1.

    Examples
    --------
    >>> gshard_loss([[1.0, 0.0], [0.0, 1.0]]), gshard_loss([[1.0, 0.0], [1.0, 0.0]])
    (0.25, 0.5)
    """
    table = probability_table(probabilities)
    return float((_shares(table, experts) * table.mean(axis=0)).mean())


def importance_loss(gates: ArrayLike, *, weight: float = 1.0) -> float:
    r"""Compute the importance loss of the first sparse layers: squared coefficient of variation of the summed gates.

    .. math:: w \cdot \mathrm{CV}\Big(\sum_t g_t\Big)^2

    Parameters
    ----------
    gates : array of shape (n_tokens, n_experts), gate of every expert for every token, 0 where it was not chosen
    weight : w

    Returns
    -------
    float; 0 when all experts weigh the same

    Raises
    ------
    ValueError
        If a gate is negative or not finite, or all are 0.

    Source
    ------
    Shazeer et al. 2017 (arXiv 1701.06538), eq. 6 and 7.

    Examples
    --------
    >>> importance_loss([[1.0, 0.0], [0.0, 1.0]]), importance_loss([[1.0, 0.0], [1.0, 0.0]])
    (0.0, 1.0)
    """
    table = score_table(gates, "gates")
    if (table < 0).any() or not table.sum() > 0:
        raise ValueError("gates must be 0 or more, and at least one above 0")
    importance = table.sum(axis=0)
    return float(weight * importance.var() / importance.mean() ** 2)
