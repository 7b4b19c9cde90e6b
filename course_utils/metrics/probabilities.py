"""Rulers that read the model's probabilities, not only the answer it gave."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.metrics.checks import FILL


def token_log_probability(
    scores: ArrayLike, targets: ArrayLike, *, over: Literal["mean", "joint", "none"] = "mean"
) -> NDArray[np.float64]:
    r"""Compute the log probability that a model gives the right tokens, each after the right ones before it.

    .. math:: \ln p_t = z_{t, y_t} - \ln \sum_v e^{z_{t, v}}

    The joint log probability is the sum over an item's tokens: its exponential is the chance that sampling at
    temperature 1 says the whole answer. The mean is minus the loss on the answer.

    Parameters
    ----------
    scores : array of shape (n_items, n_tokens, n_vocabulary), logits z, or log probabilities, which give the same
    targets : array of shape (n_items, n_tokens), int, the right tokens; -1 behind the end of a shorter answer
    over : "mean" over an item's tokens, "joint" for their sum, "none" for every token (0 behind the end)

    Returns
    -------
    array of shape (n_items,), nats, 0 or less; of shape (n_items, n_tokens) for "none"

    Raises
    ------
    ValueError
        If shapes do not fit, a score is NaN or plus infinity, a target is no token, or an item has none.

    Source
    ------
    Schaeffer et al. 2023 (arXiv 2304.15004), section 2.

    Examples
    --------
    >>> even = np.zeros((1, 3, 4))  # four tokens, all as likely, three times
    >>> token_log_probability(even, [[0, 1, 2]], over="joint").round(3)
    array([-4.159])
    """
    if over not in ("mean", "joint", "none"):
        raise ValueError(f"over must be 'mean', 'joint' or 'none', not {over!r}")
    z = np.asarray(scores, dtype=np.float64)
    right = np.asarray(targets)
    if z.ndim != 3 or right.shape != z.shape[:2] or right.dtype.kind not in "iu":
        raise ValueError(
            f"scores has shape {z.shape} and targets {right.shape} of type {right.dtype}; give scores of shape "
            "(n_items, n_tokens, n_vocabulary) and whole numbers of shape (n_items, n_tokens)."
        )
    outside = ((right < FILL) | (right >= z.shape[2])).any(axis=1)
    if outside.any():
        row = int(np.argmax(outside))
        raise ValueError(f"targets: item {row} is {right[row].tolist()}; give 0 to {z.shape[2] - 1}, or -1.")
    asked = right != FILL
    if not asked.any(axis=1).all():
        raise ValueError(f"targets: item {int(np.argmin(asked.any(axis=1)))} has no token; drop it.")
    bad = (np.isnan(z) | (z == np.inf)).any(axis=2) & asked
    if bad.any():
        row, token = np.argwhere(bad)[0]
        raise ValueError(f"scores: item {row}, token {token} is NaN or infinite; mask with -inf what cannot be said.")
    most = z.max(axis=2, keepdims=True)
    centred = z - np.where(np.isfinite(most), most, 0.0)
    with np.errstate(divide="ignore"):
        total = np.log(np.exp(centred).sum(axis=2))
    chosen = np.take_along_axis(centred, np.where(asked, right, 0)[:, :, None], axis=2)[:, :, 0]
    logs = np.where(asked, np.minimum(chosen - np.where(asked, total, 0.0), 0.0), 0.0)
    if over == "none":
        return logs
    return logs.sum(axis=1) if over == "joint" else logs.sum(axis=1) / asked.sum(axis=1)


def brier_score(probabilities: ArrayLike, correct: ArrayLike) -> NDArray[np.float64]:
    r"""Compute Brier's score of multiple-choice items: the squared distance of the probabilities from the truth.

    .. math:: B = \sum_k (p_k - [k = \text{correct}])^2

    0 is certain and right, 2 certain and wrong; even guessing among K choices gives 1 - 1/K. It moves while the right
    choice gains on the others, long before it comes first.

    Parameters
    ----------
    probabilities : array of shape (n_items, n_choices), rows of sum 1
    correct : array of shape (n_items,), int, number of the right choice, from 0

    Returns
    -------
    array of shape (n_items,), from 0 to 2

    Raises
    ------
    ValueError
        If a row is no distribution, or a right choice does not exist.

    Source
    ------
    Brier 1950, Monthly Weather Review 78, 1, equation 2; against accuracy, Schaeffer et al. 2023 (arXiv 2304.15004).

    Examples
    --------
    >>> brier_score([[0.25, 0.25, 0.25, 0.25], [0.4, 0.6, 0.0, 0.0]], [0, 0]).round(3)
    array([0.75, 0.72])
    """
    p, right = _choices(probabilities, correct)
    truth = np.zeros_like(p)
    truth[np.arange(len(p)), right] = 1.0
    return ((p - truth) ** 2).sum(axis=1)


def choice_accuracy(probabilities: ArrayLike, correct: ArrayLike) -> NDArray[np.float64]:
    """Tell for which multiple-choice items the right choice is the most probable; a tie of m counts 1/m.

    Parameters
    ----------
    probabilities, correct : as for `brier_score`

    Returns
    -------
    array of shape (n_items,), from 0 to 1; its mean is the score, 1/K for even guessing

    Raises
    ------
    ValueError
        As for `brier_score`.

    Examples
    --------
    >>> choice_accuracy([[0.25, 0.25, 0.25, 0.25], [0.4, 0.6, 0.0, 0.0]], [0, 0])
    array([0.25, 0.  ])
    """
    p, right = _choices(probabilities, correct)
    first = p >= p.max(axis=1, keepdims=True)
    return np.where(first[np.arange(len(p)), right], 1.0 / first.sum(axis=1), 0.0)


def _choices(probabilities: ArrayLike, correct: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.int64]]:
    p, right = np.asarray(probabilities, dtype=np.float64), np.asarray(correct)
    if p.ndim != 2 or 0 in p.shape:
        raise ValueError(f"probabilities has shape {p.shape}; give one row an item and one column a choice.")
    wrong = ~((p >= 0).all(axis=1) & (np.abs(p.sum(axis=1) - 1) <= 1e-6))
    if wrong.any():
        row = int(np.argmax(wrong))
        raise ValueError(f"probabilities: item {row} is {p[row].tolist()}; give numbers of 0 or more that sum to 1.")
    if right.shape != (len(p),) or right.dtype.kind not in "iu":
        raise ValueError(f"correct has shape {right.shape} and type {right.dtype}; give one whole number an item.")
    outside = (right < 0) | (right >= p.shape[1])
    if outside.any():
        row = int(np.argmax(outside))
        raise ValueError(f"correct: item {row} is {right[row]}; there are choices 0 to {p.shape[1] - 1}.")
    return p, right.astype(np.int64)
