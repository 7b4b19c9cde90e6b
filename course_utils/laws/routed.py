"""Laws of mixtures of experts: what experts, their fineness and the data are worth together."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.laws.counts import positive_counts


def effective_experts(experts: ArrayLike, *, E_start: float, E_max: float) -> NDArray[np.float64]:
    r"""Compute the number of experts as the loss sees it: from E_start at one expert up to E_max at infinitely many.

    .. math:: \frac{1}{\hat E} = \frac{1}{E - 1 + \left(\frac{1}{E_{\text{start}}} - \frac{1}{E_{\max}}\right)^{-1}}
       + \frac{1}{E_{\max}}

    Parameters
    ----------
    experts : array, experts E a routed layer has; 1 for a dense model
    E_start : what one expert counts as
    E_max : what infinitely many count as, above E_start; infinity where nothing saturates

    Returns
    -------
    array of the shape of experts

    Raises
    ------
    ValueError
        If an experts is below 1.

    Source
    ------
    Clark et al. 2022 (arXiv 2202.01169), eq. 6 and Table 3.

    Examples
    --------
    >>> effective_experts([1, 64, 1e9], E_start=1.847, E_max=314.478).round(1)
    array([  1.8,  53.8, 314.5])
    """
    count = positive_counts(experts, "experts")
    if (count < 1).any():
        row = int(np.flatnonzero(count < 1)[0])
        raise ValueError(f"experts must be 1 or more; row {row} is {count.flat[row]:g}. A dense model has 1 expert.")
    reach = 1.0 / np.asarray(E_max, dtype=np.float64)
    with np.errstate(divide="ignore"):  # E_start = E_max: experts change nothing
        offset = 1.0 / (1.0 / np.asarray(E_start, dtype=np.float64) - reach)
    return 1.0 / (1.0 / (count - 1.0 + offset) + reach)


def routed_loss(
    params: ArrayLike, experts: ArrayLike, *, a: float, b: float, c: float, d: float, E_start: float, E_max: float
) -> NDArray[np.float64]:
    r"""Compute the loss of a model of which every token uses N parameters, in routed layers of E experts.

    .. math:: \log_{10} L = a \log_{10} N + b \log_{10} \hat E + c \log_{10} N \log_{10} \hat E + d

    With c above 0 experts are worth less to a larger model, and beyond :math:`N = 10^{-b/c}` nothing. All runs behind
    the published constants read 130 billion tokens, which has much to do with that.

    Parameters
    ----------
    params : array, parameters N of the dense model that one token sees
    experts : array that broadcasts with params, experts E a routed layer has
    a, b, c, d : exponents of size, of experts, of their product, and the logarithm of the scale
    E_start, E_max : as in `effective_experts`

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a params is not positive or an experts is below 1.

    Source
    ------
    Clark et al. 2022 (arXiv 2202.01169), eq. 1 and Table 3; logarithms to base 10.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> routed_loss(1.3e8, [1, 64], **CONSTANTS["clark_s_base"].values).round(2)
    array([2.69, 2.39])
    """
    n = np.log10(positive_counts(params, "params"))
    e = np.log10(effective_experts(experts, E_start=E_start, E_max=E_max))
    return 10.0 ** (a * n + b * e + c * n * e + d)


def effective_params(
    params: ArrayLike, experts: ArrayLike, *, a: float, b: float, c: float, E_start: float, E_max: float, d: float = 0.0
) -> NDArray[np.float64]:
    r"""Compute the size of the dense model that would have the same loss.

    .. math:: \log \bar N = \frac{(a + c \log \hat E) \log N + b\,(\log \hat E - \log E_{\text{start}})}
       {a + c \log E_{\text{start}}}

    Parameters
    ----------
    params : array, parameters N of the dense model that one token sees
    experts : array that broadcasts with params, experts E a routed layer has
    a, b, c, E_start, E_max : as in `routed_loss`
    d : without influence; it is there so that all constants of the law can be handed over together

    Returns
    -------
    array of the common shape, parameters

    Raises
    ------
    ValueError
        If a params is not positive or an experts is below 1.

    Source
    ------
    Clark et al. 2022 (arXiv 2202.01169), eq. 7 and 8.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> [f"{n / 1e6:.0f}M" for n in effective_params(5e6, [1, 128], **CONSTANTS["clark_s_base"].values)]
    ['5M', '52M']
    """
    n = np.log10(positive_counts(params, "params"))
    e = np.log10(effective_experts(experts, E_start=E_start, E_max=E_max))
    one = np.log10(E_start)
    return 10.0 ** (((a + c * e) * n + b * (e - one)) / (a + c * one))


def granular_loss(
    params: ArrayLike,
    tokens: ArrayLike,
    granularity: ArrayLike,
    *,
    a: float,
    alpha: float,
    b: float,
    beta: float,
    c: float,
    g: float,
    gamma: float,
) -> NDArray[np.float64]:
    r"""Compute the loss when experts are cut into G finer ones, of which G times as many are used.

    .. math:: L = c + \left(\frac{g}{G^{\gamma}} + a\right) \frac{1}{N^{\alpha}} + \frac{b}{D^{\beta}}

    Parameters
    ----------
    params : array, **total** non-embedding parameters N, all experts counted; with 64 experts about 43 times what one
        token uses. Never compare with a dense model of the same N
    tokens : array that broadcasts with params, training tokens D
    granularity : array that broadcasts with them, width of a dense feed-forward layer over that of an expert; above 0
    a, alpha, b, beta, c : scale and exponent of size and of data, and the floor
    g, gamma : scale and exponent of granularity

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a count is not positive.

    Source
    ------
    Krajewski et al. 2024 (arXiv 2402.07871), eq. 9 and Table 1.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> granular_loss(43e9, 28.9e9, [1, 4, 16], **CONSTANTS["krajewski_64"].values).round(2)
    array([2.57, 2.5 , 2.47])
    """
    n, t = positive_counts(params, "params"), positive_counts(tokens, "tokens")
    fineness = positive_counts(granularity, "granularity")
    return c + (g * fineness**-gamma + a) * n**-alpha + b * t**-beta


def joint_moe_loss(
    params: ArrayLike,
    tokens: ArrayLike,
    experts: ArrayLike,
    *,
    a: float,
    alpha: float,
    delta: float,
    gamma: float,
    b: float,
    beta: float,
    omega: float,
    zeta: float,
    c: float,
    E_start: float,
    E_max: float,
) -> NDArray[np.float64]:
    r"""Compute the loss over active parameters, tokens and experts together.

    .. math:: L = a\,\hat E^{\delta} N^{\alpha + \gamma \ln \hat E}
       + b\,\hat E^{\omega} D^{\beta + \zeta \ln \hat E} + c

    Alpha, beta, delta and zeta are **negative** here, as printed in the paper; notes that write :math:`N^{-(\ldots)}`
    have turned them round. More experts lower the size term and raise the scale of the data term, while data pays off
    faster: experts want tokens.

    Parameters
    ----------
    params : array, **active** parameters N: those that one token uses
    tokens : array that broadcasts with params, training tokens D
    experts : array that broadcasts with them, experts E of which a token uses one
    a, alpha, delta, gamma : size term
    b, beta, omega, zeta : data term
    c : floor
    E_start, E_max : as in `effective_experts`

    Returns
    -------
    array of the common shape, nats per token

    Raises
    ------
    ValueError
        If a count is not positive or an experts is below 1.

    Source
    ------
    Ludziejewski et al. 2025 (arXiv 2502.05172), eq. 6 and Table 3.

    Examples
    --------
    >>> from course_utils.laws import CONSTANTS
    >>> joint_moe_loss([5.7e9, 2.85e9], [29.3e9, 58.4e9], [1, 32], **CONSTANTS["ludziejewski"].values).round(2)
    array([2.35, 2.25])
    """
    n, t = positive_counts(params, "params"), positive_counts(tokens, "tokens")
    e = effective_experts(experts, E_start=E_start, E_max=E_max)
    log_e = np.log(e)
    size = a * e**delta * n ** (alpha + gamma * log_e)
    return size + b * e**omega * t ** (beta + zeta * log_e) + c
