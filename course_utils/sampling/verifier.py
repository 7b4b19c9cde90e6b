"""Best of n: the chance that the sample a verifier picks is right, when the verifier errs."""

from __future__ import annotations

import math
from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.sampling.checks import one_number, positive_count, probability, whole

Array = NDArray[np.float64]
Fallback = Literal["guess", "abstain"]

_BLOCK = 2_000_000  # numbers held at a time
_MOST_DRAWN = 1e7  # samples of one problem that are drawn one by one


def best_of_n(
    rate: ArrayLike,
    n: ArrayLike,
    *,
    true_positive: float = 1.0,
    false_positive: float = 0.0,
    fallback: Fallback = "guess",
    draws: int | None = None,
    seed: int = 0,
) -> Array:
    r"""Compute the chance that one sample picked among those a verifier accepts is right.

    .. math:: (1 - (1-q)^n)\,\frac{p\,t}{q} + (1-q)^n\,\frac{p\,(1-t)}{1-q}, \qquad q = p\,t + (1-p) f

    with p the chance that a sample is right, t that the verifier accepts a right one and f a wrong one. A perfect
    verifier (t = 1, f = 0) turns coverage into accuracy. Any other is capped: as n grows the first term tends to
    p t / (p t + (1 - p) f), and more samples buy nothing.

    Parameters
    ----------
    rate : array of shape (n_problems,) or a number, chance p that one sample is right
    n : array of shape (n_n,) or a number, samples; np.inf for the limit
    true_positive, false_positive : t and f
    fallback : what to hand in when none is accepted: any sample ("guess", the second term) or nothing ("abstain")
    draws : None for the formula; a number of simulated draws for each problem and n otherwise
    seed : of the draws

    Returns
    -------
    array of shape (n_problems, n_n), without the axis of an argument that was a number

    Raises
    ------
    ValueError
        If a chance is not between 0 and 1, n is not whole, or draws are asked for at infinite n or one above 1e18.

    Source
    ------
    Derived here; that false positives cap resampling, Stroebl et al. 2024 (arXiv 2411.17501).

    Examples
    --------
    >>> best_of_n(0.1, [1, 10, 100, np.inf]).round(3)
    array([0.1  , 0.651, 1.   , 1.   ])
    >>> best_of_n(0.1, [1, 10, 100, np.inf], true_positive=0.9, false_positive=0.05).round(3)
    array([0.1  , 0.513, 0.667, 0.667])
    """
    p, size = probability(rate, "rate"), whole(n, "n", lowest=1, infinite=draws is None)
    t = one_number(probability(true_positive, "true_positive"), "true_positive")
    f = one_number(probability(false_positive, "false_positive"), "false_positive")
    if fallback not in ("guess", "abstain"):
        raise ValueError(f"fallback is {fallback!r}; choose 'guess' or 'abstain'")
    p = p.reshape(p.shape + (1,) * size.ndim)
    if draws is not None:
        _refuse_many(size, 1e18)
        return _drawn(p, size, t, f, fallback == "guess", positive_count(draws, "draws"), seed)
    q = p * t + (1 - p) * f
    with np.errstate(divide="ignore", invalid="ignore"):
        log_none = np.where(q == 0, 0.0, size * np.log1p(-q))
        chosen = np.where(q > 0, -np.expm1(log_none) * p * t / q, 0.0)
        guessed = np.where(q < 1, np.exp(log_none) * p * (1 - t) / (1 - q), 0.0)
    return np.minimum(chosen + (guessed if fallback == "guess" else 0.0), 1.0)


def _refuse_many(size: Array, most: float) -> None:
    if size.size and size.max() > most:
        row = int(np.argmax(size))
        raise ValueError(f"n: entry {row} is {size.flat[row]:g}, too many to draw; leave draws at None for the formula")


def _drawn(p: Array, size: Array, t: float, f: float, guess: bool, draws: int, seed: int) -> Array:
    """Draw right and wrong samples and what is accepted of them; average the share that is right."""
    generator = np.random.default_rng(seed)
    shape = np.broadcast_shapes(p.shape, size.shape)
    count, total = size.astype(np.int64), np.zeros(shape)
    block = max(1, _BLOCK // max(1, total.size))
    for first in range(0, draws, block):
        right = generator.binomial(count, p, size=(min(block, draws - first), *shape))
        kept, errors = generator.binomial(right, t), generator.binomial(count - right, f)
        accepted = kept + errors
        share = np.where(accepted > 0, kept / np.maximum(accepted, 1), right / count if guess else 0.0)
        total += share.sum(axis=0)
    return total / draws


def best_by_score(
    rate: ArrayLike, n: ArrayLike, *, separation: float, draws: int | None = None, seed: int = 0
) -> Array:
    r"""Compute the chance that the sample with the highest score is right, when scores are noisy.

    .. math:: \int n\,p\,\varphi(x - d)\,\big[p\,\Phi(x - d) + (1 - p)\,\Phi(x)\big]^{n-1} dx

    Scores of right samples are normal about d and those of wrong ones about 0, both with standard deviation 1. A right
    sample outscores a wrong one with chance :math:`\Phi(d / \sqrt 2)`. With d = 0 the score says nothing and the chance
    stays at p. With d above 0 it rises with n, ever more slowly: far out in the tail right ones win at last.

    Parameters
    ----------
    rate : array of shape (n_problems,) or a number, chance p that one sample is right
    n : array of shape (n_n,) or a number, samples
    separation : d, standard deviations between the means
    draws : None for the integral; a number of simulated draws for each problem and n otherwise
    seed : of the draws

    Returns
    -------
    array of shape (n_problems, n_n), without the axis of an argument that was a number; the integral is good to 1e-9

    Raises
    ------
    ValueError
        If a chance is not between 0 and 1, n is not whole or above 1e100 (1e7 where samples are drawn), or separation
        is beyond 30 standard deviations.

    Source
    ------
    Derived here: the density of the highest of n scores, times the chance that it belongs to a right sample.

    Examples
    --------
    >>> best_by_score(0.1, [1, 10, 100, 1000], separation=1.0).round(3)
    array([0.1  , 0.29 , 0.521, 0.706])
    """
    p, size = probability(rate, "rate"), whole(n, "n", lowest=1)
    d = one_number(separation, "separation")
    if not abs(d) <= 30:
        raise ValueError(f"separation must be a number of standard deviations from -30 to 30, not {separation!r}")
    p = p.reshape(p.shape + (1,) * size.ndim)
    if draws is not None:
        _refuse_many(size, _MOST_DRAWN)
        return _scored(p, size, d, positive_count(draws, "draws"), seed)
    _refuse_many(size, 1e100)
    shape = np.broadcast_shapes(p.shape, size.shape)
    if not math.prod(shape):
        return np.zeros(shape)
    rate, count = (np.broadcast_to(each, shape).reshape(-1) for each in (p, size))
    # The highest of n scores lies sqrt(2 ln n) above its mean or less, spread over 1 / sqrt(2 ln n).
    top = math.sqrt(2 * math.log(size.max()))
    low, high = min(0.0, d) - 10, max(0.0, d) + max(10.0, top + 8)
    x = np.linspace(low, high, 1200 if top < 7 else 6000)
    density = np.exp(-0.5 * (x - d) ** 2) / math.sqrt(2 * math.pi)
    tail = np.vectorize(lambda z: 0.5 * math.erfc(z / math.sqrt(2)), otypes=[float])
    above_right, above_wrong = tail(x - d), tail(x)
    out, block = np.empty(len(rate)), _BLOCK // len(x)
    for first in range(0, len(rate), block):
        q, n_ = rate[first : first + block, None], count[first : first + block, None]
        with np.errstate(divide="ignore", invalid="ignore"):
            others = np.exp((n_ - 1) * np.log1p(-(q * above_right + (1 - q) * above_wrong)))
        others = np.where(n_ == 1, 1.0, others)
        out[first : first + block] = (n_ * q * density * others).sum(axis=-1) * (x[1] - x[0])
    return np.minimum(out, 1.0).reshape(shape)


def _scored(p: Array, size: Array, d: float, draws: int, seed: int) -> Array:
    """Draw every sample and its score, and look whose is the highest."""
    generator = np.random.default_rng(seed)
    shape = np.broadcast_shapes(p.shape, size.shape)
    rate, count = np.broadcast_to(p, shape), np.broadcast_to(size, shape)
    out = np.empty(shape)
    for place in np.ndindex(shape):
        won = 0
        block = max(1, int(1_000_000 // count[place]))
        for first in range(0, draws, block):
            rows = (min(block, draws - first), int(count[place]))
            right = generator.random(rows) < rate[place]
            best = np.argmax(generator.standard_normal(rows) + d * right, axis=1)
            won += int(right[np.arange(rows[0]), best].sum())
        out[place] = won / draws
    return out
