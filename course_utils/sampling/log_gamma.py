"""Logarithms of gamma functions in ratios, where what is large cancels before it costs digits."""

from __future__ import annotations

import numpy as np
from numpy.typing import NDArray

Array = NDArray[np.float64]

_LARGE = 16.0  # from here on Stirling's series is good to the last digit


def shifted_log_gamma(x: Array, scale: float) -> Array:
    r"""Compute ln Gamma(x) - x (ln(scale) - 1), which is small where ln Gamma is large.

    Terms linear in x cancel in ln Gamma(a) + ln Gamma(b) - ln Gamma(c) - ln Gamma(d) when a + b = c + d, as they do in
    ratios of binomial coefficients and of beta functions. At x = 1e6 that saves six digits.

    Parameters
    ----------
    x : array, positive
    scale : positive, the largest x of the difference or near it

    Returns
    -------
    array of the shape of x

    Source
    ------
    Stirling's series, Abramowitz and Stegun 1964, 6.1.41; below 16 by way of Gamma(x + 16).

    Examples
    --------
    >>> x = np.array([0.5, 5.0, 1e6])
    >>> (shifted_log_gamma(x, 2.0) + x * (np.log(2.0) - 1)).round(4)
    array([5.72400000e-01, 3.17810000e+00, 1.28155046e+07])
    """
    flat = np.asarray(x, dtype=np.float64).reshape(-1)
    small = np.flatnonzero(flat < _LARGE)
    low = flat[small]
    if len(small):
        flat = flat.copy()
        flat[small] += _LARGE
    out = flat * np.log(flat / scale) - 0.5 * np.log(flat / (2 * np.pi)) + _series(flat)
    if len(small):
        out[small] += _LARGE * (np.log(scale) - 1) - np.log(low[:, None] + np.arange(_LARGE)).sum(axis=1)
    return out.reshape(np.shape(x))


def log_gamma_ratio(rest: Array, first: Array, second: Array) -> Array:
    r"""Compute ln of Gamma(w + a) Gamma(w + b) / (Gamma(w) Gamma(w + a + b)), which is never above 0.

    It is what ratios of binomial coefficients and of beta functions come to. Nothing large is subtracted, so it keeps
    13 digits however large or small w, a and b are, and however near to 0 the logarithm is.

    .. math:: w \ln\Big(1 + \frac{ab}{nw}\Big) - b \ln\Big(1 + \frac{a}{w + b}\Big)
       - a \ln\Big(1 + \frac{b}{w + a}\Big) - \tfrac12 \ln\Big(1 + \frac{ab}{nw}\Big) + \dots,
       \qquad n = w + a + b

    with Stirling's series for the dots; below 16, w is raised by the factors that this adds.

    Parameters
    ----------
    rest, first, second : arrays of a common shape, w positive, a and b 0 or more

    Returns
    -------
    array of that shape

    Source
    ------
    Derived here from Stirling's series, Abramowitz and Stegun 1964, 6.1.41.

    Examples
    --------
    >>> np.exp(log_gamma_ratio(np.array([1.0, 1e15]), np.array([1.0, 1e3]), np.array([2.0, 1e12]))).round(4)
    array([0.3333, 0.3681])
    """
    w, a, b = rest, first, second
    out = np.zeros(np.shape(w))
    small = w < _LARGE
    if small.any():
        low, x, y = w[small][:, None] + np.arange(_LARGE), a[small][:, None], b[small][:, None]
        out[small] = -np.log1p(x / (low + x + y) * (y / low)).sum(axis=1)
        w = np.where(small, w + _LARGE, w)
    n = w + a + b
    out += (w - 0.5) * np.log1p(a / n * (b / w)) - b * np.log1p(a / (w + b)) - a * np.log1p(b / (w + a))
    return out + _series(w + a) + _series(w + b) - _series(w) - _series(n)


def _series(x: Array) -> Array:
    """Compute the end of Stirling's series, good to the last digit from 16 on."""
    inverse = 1.0 / x
    square = inverse * inverse
    return inverse * (1 / 12 - square * (1 / 360 - square * (1 / 1260 - square / 1680)))
