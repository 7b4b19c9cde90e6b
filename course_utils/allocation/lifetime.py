"""Train and serve: the size and the data that reach one loss for the lowest bill over a model's life."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.allocation.splits import Source, cheapest_for_loss, sum_with_floor
from course_utils.sampling.checks import numbers, one_number, together

Array = NDArray[np.float64]


@dataclass(frozen=True, eq=False)
class LifetimeBill:
    """Hold what a model of one quality costs to train and to serve, for one volume of use or several.

    Every FLOP is counted in training FLOPs: a served one counts `served_cost` of them.

    Attributes
    ----------
    loss : the quality that is held
    inference_tokens : array of any shape, tokens read and written in the model's life
    served_cost : price of a served FLOP over that of a training FLOP
    params, tokens : arrays of the same shape, the cheapest model for each volume
    training_flops, serving_flops : arrays of the same shape, its two bills
    plain_params, plain_tokens : the model that is cheapest to train alone
    plain_flops : array of the same shape, the whole bill of that one
    decades_outside : powers of ten by which the answer lies outside the fitted runs; None for published constants
    """

    loss: float
    inference_tokens: Array
    served_cost: float
    params: Array
    tokens: Array
    training_flops: Array
    serving_flops: Array
    plain_params: float
    plain_tokens: float
    plain_flops: Array
    decades_outside: Array | None

    @property
    def flops(self) -> Array:
        """The whole bill of the cheapest model."""
        return self.training_flops + self.serving_flops

    @property
    def saving(self) -> Array:
        """Share of the bill that is saved against the model that is cheapest to train."""
        return 1.0 - self.flops / self.plain_flops

    @property
    def tokens_per_param(self) -> Array:
        """Tokens for every parameter, D / N: how far the model is trained past the training optimum."""
        return self.tokens / self.params


def lifetime_bill(
    loss: float, source: Source, inference_tokens: ArrayLike, *, served_cost: float = 1.0
) -> LifetimeBill:
    r"""Find the model of a given quality that is cheapest over its life, and what it saves.

    .. math:: \min_{N, D}\; 6 N D + r\,2 N D_{\mathrm{inf}} \quad\text{with}\quad L(N, D) = \ell

    At the optimum :math:`\alpha A N^{-\alpha} / (\beta B D^{-\beta}) = 1 + r D_{\mathrm{inf}} / (3 D)`, which has no
    closed form. The more a model is used, the smaller it should be and the longer it should be trained; how much longer
    the law allows rests on runs far beyond 20 tokens a parameter, which few have made.

    Parameters
    ----------
    loss : the loss to reach, nats per token
    source : a fit of Hoffmann's form, an entry of laws.CONSTANTS, or its name
    inference_tokens : array of any shape, tokens that the model will read and write in its life
    served_cost : price r of a served FLOP over that of a training FLOP; 50 where decoding runs at 1 per cent of the
        hardware's peak and training at 50

    Returns
    -------
    LifetimeBill

    Raises
    ------
    ValueError
        As `cheapest_for_loss`, or if served_cost is not positive and finite.

    Source
    ------
    Sardana et al. 2024 (arXiv 2401.00448), eqs. 3 and 5.

    Examples
    --------
    >>> bill = lifetime_bill(2.0, "sardana", [0, 1e12, 1e13])
    >>> [f"{n / 1e9:.1f}B on {d / 1e12:.2f}T saves {s:.0%}" for n, d, s in zip(bill.params, bill.tokens, bill.saving)]
    ['19.5B on 0.93T saves 0%', '13.9B on 1.36T saves 5%', '7.7B on 3.43T saves 37%']
    """
    price = one_number(served_cost, "served_cost")
    if not 1e-100 <= price <= 1e100:
        raise ValueError(f"served_cost must be positive and finite (1 where a FLOP is a FLOP), not {served_cost!r}")
    served = numbers(inference_tokens, "inference_tokens")
    bad = ~((served >= 0) & (served <= 1e100))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"inference_tokens must be 0 or more; entry {row} is {served.flat[row]!r}")
    best = cheapest_for_loss(loss, source, inference_tokens=served * price)
    plain = cheapest_for_loss(loss, source)
    training = 6.0 * best.params * best.tokens
    return LifetimeBill(
        loss=float(loss),
        inference_tokens=served,
        served_cost=price,
        params=best.params,
        tokens=best.tokens,
        training_flops=training,
        serving_flops=best.flops - training,
        plain_params=float(plain.params),
        plain_tokens=float(plain.tokens),
        plain_flops=plain.flops + 2.0 * plain.params * served * price,
        decades_outside=best.decades_outside,
    )


def tokens_for_loss(params: ArrayLike, loss: float, source: Source) -> Array:
    r"""Compute the training tokens with which a model of a given size reaches a loss.

    .. math:: D = \Big(\frac{B}{\ell - E - A N^{-\alpha}}\Big)^{1/\beta}

    Parameters
    ----------
    params : array of any shape, parameters N
    loss : the loss to reach
    source : a fit of Hoffmann's form, an entry of laws.CONSTANTS, or its name

    Returns
    -------
    array of the shape of params; infinite where the model is too small for any amount of text

    Raises
    ------
    ValueError
        If a size is not positive, the loss is no number, or the law has another form or is flat.

    Examples
    --------
    >>> tokens_for_loss([1e9, 1e10, 1e11], 2.0, "sardana") / 1e12
    array([       inf, 2.16582287, 0.31824342])
    """
    v = sum_with_floor(source, "tokens_for_loss")
    n, aim = numbers(params, "params"), one_number(loss, "loss")
    bad = ~((n >= 1e-100) & (n <= 1e100))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"params must be positive and finite; entry {row} is {n.flat[row]!r}")
    if not 0 < aim <= 1e100:
        raise ValueError(f"loss must be a number of nats per token above 0, not {loss!r}")
    left = aim - v["E"] - v["A"] * n ** -v["alpha"]
    with np.errstate(over="ignore"):  # more text than a float can count is no amount of text
        return np.where(left > 0, (v["B"] / np.where(left > 0, left, 1.0)) ** (1.0 / v["beta"]), np.inf)


def equal_compute_share(size_ratio: ArrayLike, use_ratio: ArrayLike) -> Array:
    r"""Compute how many times the serving compute the small model may use when the large one costs as much in all.

    .. math:: 6 M N D + 2 M N D_{\mathrm{inf}} = 6 N D + s\,2 N D_{\mathrm{inf}}
       \quad\Rightarrow\quad s = M + 3\,(M - 1) / R, \qquad R = D_{\mathrm{inf}} / D

    Parameters
    ----------
    size_ratio : array, parameters of the large model over those of the small one, M; both trained on the same tokens
    use_ratio : array that broadcasts with it, tokens served over training tokens, R; np.inf for the limit

    Returns
    -------
    array of the common shape, s: samples instead of one, or times as long a thought

    Raises
    ------
    ValueError
        If size_ratio is below 1 or not finite, use_ratio is not positive, or their shapes do not fit.

    Source
    ------
    The comparison of Snell et al. 2024 (arXiv 2408.03314), with R of 0.16, 0.79 and 22; the formula is derived here.

    Examples
    --------
    >>> equal_compute_share(14, [0.16, 0.79, 22]).round(1)
    array([257.8,  63.4,  15.8])
    """
    m, r = numbers(size_ratio, "size_ratio"), numbers(use_ratio, "use_ratio")
    if not ((m >= 1) & (m <= 1e100)).all():
        raise ValueError(f"size_ratio must be 1 or more: the large model over the small one, not {size_ratio!r}")
    if not (r >= 1e-100).all():
        raise ValueError(f"use_ratio must be positive: an unused model compares with nothing; not {use_ratio!r}")
    m, r = together(size_ratio=m, use_ratio=r)
    return m + 3.0 * (m - 1.0) / r
