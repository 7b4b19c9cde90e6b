"""What a count of right answers says about the accuracy behind it."""

from __future__ import annotations

from statistics import NormalDist
from typing import Literal, NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.metrics.checks import counts, coverage, probabilities

Array = NDArray[np.float64]


class Accuracy(NamedTuple):
    """Hold shares of right answers and their intervals, three arrays of one shape."""

    value: Array
    low: Array
    high: Array


def accuracy(
    correct: ArrayLike, items: ArrayLike, *, level: float = 0.95, method: Literal["wilson", "exact"] = "wilson"
) -> Accuracy:
    r"""Compute the share of right answers and an interval for the probability behind it.

    Wilson's interval holds every p that a test with the normal approximation at p itself would not reject:

    .. math:: \frac{\hat p + \frac{z^2}{2n} \pm z \sqrt{\frac{\hat p (1 - \hat p)}{n} + \frac{z^2}{4 n^2}}}{1 + z^2/n}

    It stays inside 0 to 1 and is no point where all answers are wrong; on the average over p it covers what it
    promises. "exact" (Clopper and Pearson) never covers less than it promises, and so is wider.

    Parameters
    ----------
    correct : array of any shape, right answers, 0 to items
    items : array that broadcasts against it, test items, 1 or more
    level : coverage of the interval
    method : "wilson" or "exact"

    Returns
    -------
    Accuracy
        ``value``, ``low`` and ``high``, each of the common shape

    Raises
    ------
    ValueError
        If a count is not whole, more answers are right than there are items, or level or method is unknown.

    Source
    ------
    Wilson 1927, Journal of the American Statistical Association 22, 209; Clopper and Pearson 1934, Biometrika 26, 404;
    compared by Brown, Cai and DasGupta 2001, Statistical Science 16, 101.

    Examples
    --------
    >>> [x.round(3).tolist() for x in accuracy([0, 30], 100)]
    [[0.0, 0.3], [0.0, 0.219], [0.037, 0.396]]
    """
    right, n = np.broadcast_arrays(counts(correct, "correct", least=0), counts(items, "items"))
    level = coverage(level)
    if (right > n).any():
        row = int(np.argmax(right > n))
        raise ValueError(f"correct: row {row} is {right.flat[row]:g} of {n.flat[row]:g} items; it cannot be more.")
    if method == "exact":
        return Accuracy(right / n, *_clopper_pearson(right, n, level))
    if method != "wilson":
        raise ValueError(f"method must be 'wilson' or 'exact', not {method!r}")
    z = NormalDist().inv_cdf((1 + level) / 2)
    p = right / n
    middle = p + z * z / (2 * n)
    half = z * np.sqrt(p * (1 - p) / n + (z / (2 * n)) ** 2)
    low, high = ((middle + side * half) / (1 + z * z / n) for side in (-1, 1))
    return Accuracy(p, np.where(right == 0, 0.0, low), np.where(right == n, 1.0, high))


def _clopper_pearson(right: Array, n: Array, level: float) -> tuple[Array, Array]:
    from scipy.special import betaincinv

    tail = (1 - level) / 2
    low = betaincinv(np.maximum(right, 1), n - right + 1, tail)
    high = betaincinv(right + 1, np.maximum(n - right, 1), 1 - tail)
    return np.where(right == 0, 0.0, low), np.where(right == n, 1.0, high)


def bound_from_zero(items: ArrayLike, *, level: float = 0.95) -> Array:
    r"""Compute the highest accuracy that none right of n leaves possible.

    .. math:: (1 - p)^n = 1 - \text{level} \quad\Rightarrow\quad p = 1 - (1 - \text{level})^{1/n}

    A model with a higher accuracy would have shown a right answer with a probability above `level`. One-sided: all of
    the doubt stands on the one side that is open. `accuracy(0, n, method="exact")` shares it out on both and reads
    higher.

    Parameters
    ----------
    items : array of any shape, test items, 1 or more
    level : confidence of the bound

    Returns
    -------
    array of the shape of items, from 0 to 1

    Raises
    ------
    ValueError
        If items is no count or level lies outside 0 to 1.

    Examples
    --------
    >>> bound_from_zero([10, 100, 1000]).round(4)
    array([0.2589, 0.0295, 0.003 ])
    """
    return -np.expm1(np.log1p(-coverage(level)) / counts(items, "items"))


def rule_of_three(items: ArrayLike) -> Array:
    """Compute 3/n, the short form of `bound_from_zero` at 95 per cent: -ln 0.05 is 2.996.

    It lies above the exact bound, by 16 per cent of it at 10 items and 2 per cent at 100; at most 1.

    Parameters
    ----------
    items : array of any shape, test items, 1 or more

    Returns
    -------
    array of the shape of items

    Raises
    ------
    ValueError
        If items is no count.

    Source
    ------
    Hanley and Lippman-Hand 1983, Journal of the American Medical Association 249, 1743.

    Examples
    --------
    >>> rule_of_three([10, 100, 1000])
    array([0.3  , 0.03 , 0.003])
    """
    return np.minimum(3.0 / counts(items, "items"), 1.0)


def chance_of_zero(accuracy: ArrayLike, items: ArrayLike) -> Array:
    """Compute the probability (1 - p)**n that a model of accuracy p has none of n items right.

    Parameters
    ----------
    accuracy : array of any shape, true accuracy p, 0 to 1
    items : array that broadcasts against it, test items n

    Returns
    -------
    array of the common shape

    Raises
    ------
    ValueError
        If an accuracy lies outside 0 to 1 or items is no count.

    Examples
    --------
    >>> chance_of_zero(0.01, [10, 100, 1000]).round(3)
    array([0.904, 0.366, 0.   ])
    """
    return (1.0 - probabilities(accuracy, "accuracy")) ** counts(items, "items")


def items_to_see(accuracy: ArrayLike, *, chance: float = 0.95) -> Array:
    r"""Compute how many items show at least one right answer with a given probability.

    .. math:: n = \left\lceil \frac{\ln(1 - \text{chance})}{\ln(1 - p)} \right\rceil

    Parameters
    ----------
    accuracy : array of any shape, true accuracy p, 0 to 1
    chance : probability of at least one right answer

    Returns
    -------
    array of the shape of accuracy, whole numbers as floats; infinite where p is 0

    Raises
    ------
    ValueError
        If an accuracy or chance lies outside 0 to 1.

    Examples
    --------
    >>> items_to_see([0.1, 0.01, 0.001])
    array([  29.,  299., 2995.])
    """
    p = probabilities(accuracy, "accuracy")
    wanted = np.log1p(-coverage(chance, "chance"))
    with np.errstate(divide="ignore"):
        exact = np.divide(wanted, np.log1p(-p), out=np.full(p.shape, np.inf), where=p > 0)
    return np.maximum(np.ceil(exact * (1 - 1e-12)), 1.0)  # the product of n equal roots rounds to either side of n
