"""How one ruler follows from another when every token is right with one probability, independently of the others.

Real models break the second assumption (a wrong carry spoils two digits) and the first (the leading digit is easier):
compare with what was measured before using these.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.metrics.checks import counts, probabilities


def exact_match_from_tokens(accuracy: ArrayLike, length: ArrayLike) -> NDArray[np.float64]:
    r"""Compute the share of whole answers that are right, from that of tokens.

    .. math:: \text{exact match} = p^L

    Parameters
    ----------
    accuracy : array of any shape, probability p that a token is right
    length : array that broadcasts against it, tokens L in an answer

    Returns
    -------
    array of the common shape

    Raises
    ------
    ValueError
        If an accuracy lies outside 0 to 1 or a length is no count.

    Source
    ------
    Schaeffer et al. 2023 (arXiv 2304.15004), section 2.

    Examples
    --------
    >>> exact_match_from_tokens([0.9, 0.95, 0.99], 8).round(2)
    array([0.43, 0.66, 0.92])
    """
    return probabilities(accuracy, "accuracy") ** counts(length, "length")


def tokens_from_exact_match(exact: ArrayLike, length: ArrayLike) -> NDArray[np.float64]:
    r"""Compute the token accuracy that a share of right answers asks for: the inverse, p = m^{1/L}.

    Parameters
    ----------
    exact : array of any shape, share of answers that are right throughout
    length : array that broadcasts against it, tokens L in an answer

    Returns
    -------
    array of the common shape

    Raises
    ------
    ValueError
        If a share lies outside 0 to 1 or a length is no count.

    Examples
    --------
    >>> tokens_from_exact_match(0.5, [1, 4, 16]).round(3)
    array([0.5  , 0.841, 0.958])
    """
    return probabilities(exact, "exact") ** (1.0 / counts(length, "length"))


def edit_distance_from_tokens(accuracy: ArrayLike, length: ArrayLike) -> NDArray[np.float64]:
    """Compute the expected number of wrong tokens, L (1 - p): an upper bound of the mean edit distance, and near it.

    Parameters
    ----------
    accuracy : array of any shape, probability p that a token is right
    length : array that broadcasts against it, tokens L in an answer

    Returns
    -------
    array of the common shape, tokens

    Raises
    ------
    ValueError
        If an accuracy lies outside 0 to 1 or a length is no count.

    Source
    ------
    Schaeffer et al. 2023 (arXiv 2304.15004), section 2.

    Examples
    --------
    >>> edit_distance_from_tokens([0.9, 0.95, 0.99], 8).round(2)
    array([0.8 , 0.4 , 0.08])
    """
    return counts(length, "length") * (1.0 - probabilities(accuracy, "accuracy"))
