"""Compare answers with targets, token by token."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

from course_utils.metrics.checks import FILL, Answers, answers_and_targets


def exact_match(answers: Answers, targets: Answers) -> NDArray[np.bool_]:
    """Tell which answers are the target, token for token.

    Parameters
    ----------
    answers, targets : arrays of shape (n_items, n_tokens), int, filled up with -1; or lists of strings or of token
        numbers

    Returns
    -------
    array of shape (n_items,), bool; its mean is the score

    Raises
    ------
    ValueError
        If the numbers of items differ, a target is empty, or an item is no sequence of tokens.

    Examples
    --------
    >>> exact_match(["1729", "1728", "172"], ["1729", "1729", "1729"])
    array([ True, False, False])
    """
    said, wanted = answers_and_targets(answers, targets)
    width = max(said.shape[1], wanted.shape[1])
    return (_widened(said, width) == _widened(wanted, width)).all(axis=1)


def token_accuracy(answers: Answers, targets: Answers) -> NDArray[np.float64]:
    """Compute the share of each target's tokens that the answer has in the same place.

    A token missing at the end of an answer is wrong; tokens beyond the target's end do not count. One token left out
    in the middle makes every later one wrong: `token_edit_distance` forgives that, this does not.

    Parameters
    ----------
    answers, targets : as for `exact_match`

    Returns
    -------
    array of shape (n_items,), from 0 to 1

    Raises
    ------
    ValueError
        As for `exact_match`.

    Examples
    --------
    >>> token_accuracy(["1729", "1728", "729"], ["1729", "1729", "1729"])
    array([1.  , 0.75, 0.  ])
    """
    said, wanted = answers_and_targets(answers, targets)
    asked = wanted != FILL
    right = (_widened(said, wanted.shape[1])[:, : wanted.shape[1]] == wanted) & asked
    return right.sum(axis=1) / asked.sum(axis=1)


def token_edit_distance(answers: Answers, targets: Answers) -> NDArray[np.int64]:
    r"""Count the tokens to change, insert or delete until each answer is its target (Levenshtein's distance).

    With D(i, j) the distance between the first i tokens of one and the first j of the other,

    .. math:: D(i, j) = \min\big(D(i-1, j) + 1,\; D(i, j-1) + 1,\; D(i-1, j-1) + [a_i \ne b_j]\big)

    All items are done at once, a row of the table at a time: the term that leans on its left neighbour becomes a
    running minimum of D - j.

    Parameters
    ----------
    answers, targets : as for `exact_match`

    Returns
    -------
    array of shape (n_items,), int, 0 or more

    Raises
    ------
    ValueError
        As for `exact_match`.

    Source
    ------
    Levenshtein 1966, Soviet Physics Doklady 10, 707; as a ruler of answers, Schaeffer et al. 2023 (arXiv 2304.15004).

    Examples
    --------
    >>> token_edit_distance(["1729", "1728", "729", "91729"], ["1729"] * 4)
    array([0, 1, 1, 1])
    """
    said, wanted = answers_and_targets(answers, targets)
    n_items, across = wanted.shape
    place = np.arange(across + 1)
    said_length, wanted_length = (said != FILL).sum(axis=1), (wanted != FILL).sum(axis=1)
    row = np.tile(place, (n_items, 1))
    distance = np.where(said_length == 0, wanted_length, 0)
    for i in range(1, int(said_length.max()) + 1):
        new = np.empty_like(row)
        new[:, 0] = i
        np.minimum(row[:, 1:] + 1, row[:, :-1] + (said[:, i - 1, None] != wanted), out=new[:, 1:])
        row = np.minimum.accumulate(new - place, axis=1) + place
        done = said_length == i  # what lies beyond an answer's end has no say in its distance
        distance[done] = row[done, wanted_length[done]]
    return distance


def _widened(table: NDArray[np.int64], width: int) -> NDArray[np.int64]:
    missing = width - table.shape[1]
    return np.pad(table, ((0, 0), (0, missing)), constant_values=FILL) if missing > 0 else table
