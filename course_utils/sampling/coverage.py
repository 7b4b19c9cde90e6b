"""Coverage: the chance that at least one of k samples is right."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.sampling.checks import numbers, one_number, positive_count, probability, together, whole
from course_utils.sampling.log_gamma import log_gamma_ratio, shifted_log_gamma

Array = NDArray[np.float64]

_TABLE = 1_000_000  # samples up to which log factorials are looked up in a table and keep nine digits in differences
_BLOCK = 4_000_000  # numbers drawn at a time
_SMALLEST = 1e-100  # of a number of samples or a constant; products of any two stay finite


def pass_at_k(correct: ArrayLike, samples: ArrayLike, k: ArrayLike) -> Array:
    r"""Estimate, without bias, the chance that at least one of k samples is right.

    .. math:: \widehat{\text{pass@}k} = 1 - \binom{n-c}{k} \Big/ \binom{n}{k}
       = 1 - \prod_{i=n-c+1}^{n} \Big(1 - \frac ki\Big)

    It is the share of the ways to choose k of the n samples that hold a right one. Putting c / n into 1 - (1 - p)**k
    instead is too low on average. A problem that was never solved has 0 at every k, whatever its true rate.

    Parameters
    ----------
    correct : array of shape (n_problems,) or a number, right samples c of each problem
    samples : number, or array that broadcasts with correct: samples n of each problem
    k : number, or array of shape (n_k,), from 1 to the smallest n

    Returns
    -------
    array of shape (n_problems, n_k), without the axis of an argument that was a number; within 1e-9 of the product for
    any number of samples

    Raises
    ------
    ValueError
        If a count is not whole, correct exceeds samples, or k exceeds samples.

    Source
    ------
    Chen et al. 2021, Codex (arXiv 2107.03374), eq. 1; openai/human-eval, evaluation.py.

    Examples
    --------
    >>> pass_at_k([0, 1, 10], 10, [1, 5]).round(3)
    array([[0. , 0. ],
           [0.1, 0.5],
           [1. , 1. ]])
    """
    c, n = together(correct=whole(correct, "correct", lowest=0), samples=whole(samples, "samples", lowest=1))
    size = whole(k, "k", lowest=1)
    if (c > n).any():
        row = int(np.flatnonzero(c > n)[0])
        raise ValueError(f"correct: row {row} has {c.flat[row]:g} right of {n.flat[row]:g} samples; are they swapped?")
    if size.size and n.size and size.max() > n.min():
        row = int(np.argmin(n))
        raise ValueError(
            f"k: {size.max():g} samples cannot be drawn from the {n.flat[row]:g} of row {row}; keep k up to n."
        )
    shape = c.shape + size.shape
    c, n, size = (a.reshape(-1) for a in (c, n, size))
    if not (len(c) and len(size)):
        return np.zeros(shape)
    top = float(n.max())
    left = (n - c)[:, None] - size
    never = left < 0  # fewer wrong samples than k: every choice holds a right one
    np.maximum(left, 0.0, out=left)
    if top < _TABLE and left.size > top / 50:
        table = shifted_log_gamma(np.arange(1.0, top + 2), top)
        wrong, whole_, lesser, rest = (table[x.astype(np.intp)] for x in (n - c, n, n[:, None] - size, left))
        lesser -= rest
        lesser += (wrong - whole_)[:, None]
    else:
        lesser = log_gamma_ratio(left + 1, *np.broadcast_arrays(c[:, None], size))
    out = -np.expm1(lesser, out=lesser)
    np.clip(out, 0.0, 1.0, out=out)
    out += 0.0  # which turns -0 into 0
    out[never] = 1.0
    return out.reshape(shape)


def expected_coverage(rate: ArrayLike, k: ArrayLike) -> Array:
    r"""Compute coverage where the chance of a right answer is known: 1 - (1 - p)**k.

    Parameters
    ----------
    rate : array of shape (n_problems,) or a number, chance p that one sample is right
    k : array of shape (n_k,) or a number, samples; np.inf for the limit

    Returns
    -------
    array of shape (n_problems, n_k), without the axis of an argument that was a number

    Raises
    ------
    ValueError
        If a rate is not between 0 and 1 or a k is not whole.

    Examples
    --------
    >>> expected_coverage(0.01, [1, 100, 1000]).round(3)
    array([0.01 , 0.634, 1.   ])
    """
    p, size = probability(rate, "rate"), whole(k, "k", lowest=1, infinite=True)
    p = p.reshape(p.shape + (1,) * size.ndim)
    with np.errstate(divide="ignore", invalid="ignore"):
        out = -np.expm1(size * np.log1p(-p))
    return np.where(p == 0, 0.0, out)


def power_coverage(k: ArrayLike, *, a: ArrayLike, b: ArrayLike) -> Array:
    r"""Compute coverage by the exponentiated power law.

    .. math:: -\ln c(k) = a\,k^{b}, \qquad a > 0,\; b < 0

    Parameters
    ----------
    k : array of any shape, samples
    a : -ln of the coverage of one sample
    b : exponent, negative; ten times the samples multiply -ln c by 10**b

    Returns
    -------
    array of the common shape

    Raises
    ------
    ValueError
        If a k or a is not positive and finite, or b is not finite.

    Source
    ------
    Brown et al. 2024 (arXiv 2407.21787), section 3, which writes log c = a k**b with a negative.

    Examples
    --------
    >>> power_coverage([1, 10, 100], a=2.0, b=-0.3).round(3)
    array([0.135, 0.367, 0.605])
    """
    power = numbers(b, "b")
    if not np.isfinite(power).all():
        row = int(np.flatnonzero(~np.isfinite(power))[0])
        raise ValueError(f"b must be a finite exponent (-0.3, say); entry {row} is {power.flat[row]:g}")
    scale, size, power = together(a=_positive(a, "a"), k=_positive(k, "k"), b=power)
    with np.errstate(over="ignore"):  # of -ln c; coverage is then 0
        return np.exp(-scale * size**power)


def beta_coverage(k: ArrayLike, *, alpha: ArrayLike, beta: ArrayLike) -> Array:
    r"""Compute coverage over problems whose rates are drawn from a beta distribution.

    .. math:: c(k) = 1 - \mathbb E\big[(1-p)^k\big] = 1 - \frac{\mathrm B(\alpha, \beta + k)}{\mathrm B(\alpha, \beta)}
       \;\to\; 1 - \frac{\Gamma(\alpha + \beta)}{\Gamma(\beta)}\,k^{-\alpha}

    Every single problem is exponential in k. The power comes from the hard ones: the density of rates goes as
    p**(alpha - 1) near 0.

    Parameters
    ----------
    k : array of any shape, samples
    alpha, beta : positive, of the distribution of rates; its mean is alpha / (alpha + beta)

    Returns
    -------
    array of the common shape

    Raises
    ------
    ValueError
        If a k or a constant is not positive.

    Source
    ------
    Schaeffer et al. 2025 (arXiv 2502.17578); the asymptote is derived from Stirling's formula.

    Examples
    --------
    >>> beta_coverage([1, 10, 100], alpha=0.5, beta=2.0).round(3)
    array([0.2  , 0.612, 0.868])
    """
    columns = {name: _positive(values, name) for name, values in (("k", k), ("alpha", alpha), ("beta", beta))}
    size, first, second = together(**columns)
    return -np.expm1(log_gamma_ratio(second, first, size))


def _positive(values: ArrayLike, name: str) -> Array:
    array = numbers(values, name)
    bad = ~((array >= _SMALLEST) & (array <= 1 / _SMALLEST))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"{name} must be positive and finite; entry {row} is {array.flat[row]:g}"
            + (f", outside {_SMALLEST:g} to {1 / _SMALLEST:g}" if 0 < array.flat[row] < np.inf else "")
        )
    return array


@dataclass(frozen=True, eq=False)
class CoverageCurve:
    """Hold coverage over the number of samples, with an interval over problems.

    Attributes
    ----------
    k : array of shape (n_k,), samples
    coverage : array of the same shape, mean pass@k over the problems
    low, high : arrays of the same shape, ends of the interval at each k
    level : coverage of that interval
    n_problems : problems it is the mean of
    """

    k: Array
    coverage: Array
    low: Array
    high: Array
    level: float
    n_problems: int


def coverage_curve(
    correct: ArrayLike, samples: ArrayLike, k: ArrayLike, *, n: int = 2000, level: float = 0.9, seed: int = 0
) -> CoverageCurve:
    """Average pass@k over problems, with a bootstrap interval for other problems of the same kind.

    Whole problems are drawn again, so the interval says what another set of problems would show. It does not hold what
    the finite number of samples leaves open about each one.

    Parameters
    ----------
    correct : array of shape (n_problems,), right samples of each problem
    samples : number or array of the same shape
    k : array of shape (n_k,)
    n : resamples
    level : coverage of the interval
    seed : of the draws

    Returns
    -------
    CoverageCurve

    Raises
    ------
    ValueError
        As `pass_at_k`; or if there are fewer than two problems, or n or level is no use.

    Examples
    --------
    >>> curve = coverage_curve([0, 1, 8, 51], 100, [1, 10, 100])
    >>> curve.coverage.round(3), curve.low.round(3)
    (array([0.15 , 0.421, 0.75 ]), array([0.008, 0.075, 0.487]))
    """
    c = whole(correct, "correct", lowest=0)
    if c.ndim != 1 or len(c) < 2:
        raise ValueError(f"correct has shape {c.shape}; give one count a problem, and two problems at least")
    share = one_number(level, "level")
    if not 0 < share < 1:
        raise ValueError(f"level is between 0 and 1 (0.9 for 90 per cent), not {level!r}")
    size = np.atleast_1d(whole(k, "k", lowest=1))
    if size.ndim != 1 or not len(size):
        raise ValueError(f"k has shape {size.shape}; give one row of numbers of samples, such as [1, 10, 100]")
    many = whole(samples, "samples", lowest=1)
    if many.shape not in ((), (1,), c.shape):
        raise ValueError(f"samples has shape {many.shape} and correct has {c.shape}; give one number, or one a problem")
    table = pass_at_k(c, many, size)
    generator, total = np.random.default_rng(seed), positive_count(n, "n", most=1e6)
    drawn, even, block = np.empty((total, len(size))), np.full(len(c), 1 / len(c)), max(1, _BLOCK // len(c))
    for first in range(0, total, block):
        draws = generator.multinomial(len(c), even, size=min(block, total - first))
        drawn[first : first + block] = draws.astype(np.float64) @ table / len(c)
    low, high = np.quantile(drawn, [(1 - share) / 2, (1 + share) / 2], axis=0)
    return CoverageCurve(size, table.mean(axis=0), low, high, share, len(c))


def local_exponents(k: ArrayLike, coverage: ArrayLike) -> tuple[Array, Array]:
    r"""Compute the slope of ln(-ln coverage) in ln k between neighbours.

    .. math:: b(k) = \frac{d \ln(-\ln c)}{d \ln k}

    An exponentiated power law has one slope throughout. Where it drifts, the law is a chord of a curve: good between
    its ends, wrong beyond them.

    Parameters
    ----------
    k : array of shape (n_k,), rising
    coverage : array of shape (..., n_k), strictly between 0 and 1

    Returns
    -------
    k_mid : array of shape (n_k - 1,), geometric means of neighbours
    slope : array of shape (..., n_k - 1), negative

    Raises
    ------
    ValueError
        If k does not rise, lengths differ, or a coverage is 0 or 1, whose logarithms are none.

    Examples
    --------
    >>> k = np.array([1.0, 10.0, 100.0])
    >>> local_exponents(k, np.exp(-3 * k**-0.4))[1].round(3)
    array([-0.4, -0.4])
    """
    size, c = numbers(k, "k"), numbers(coverage, "coverage")
    if size.ndim != 1 or len(size) < 2 or not ((size > 0).all() and (size[1:] > size[:-1]).all() and size[-1] < np.inf):
        raise ValueError("k must be one rising row of two or more positive numbers; sort it and drop repeats")
    if c.shape[-1:] != size.shape:
        raise ValueError(f"coverage has shape {c.shape} and k has {len(size)} values; give one coverage for each k")
    bad = ~((c > 0) & (c < 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"coverage: entry {row} is {c.flat[row]:g}; leave out values that are not between 0 and 1")
    slope = np.diff(np.log(-np.log(c)), axis=-1) / np.diff(np.log(size))
    return np.sqrt(size[1:] * size[:-1]), slope
