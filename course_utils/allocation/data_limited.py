"""Spend a budget on a fixed stock of text: how many epochs, how large a model, and when more compute buys nothing."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import laws
from course_utils.allocation.splits import Source, _closed_form, _decades, _numeric, _parts

Array = NDArray[np.float64]

_LARGEST_LOG = 300.0  # of a budget in FLOPs; beyond it "never" is said


@dataclass(frozen=True, eq=False)
class DataLimited:
    """Hold the best way to spend budgets on stocks of text; every array has their common shape.

    Attributes
    ----------
    flops, unique_tokens : budgets and distinct tokens at hand
    params, tokens, loss : what to train, tokens to read with repeats, and the loss foretold
    fresh_params, fresh_tokens, fresh_loss : the same with as much fresh text as anybody could read
    limit : loss that no budget gets below on this stock
    wasted : share of the budget that fresh text would have saved at the same loss, 0 to 1
    decades_outside : powers of ten by which the answer lies outside the fitted runs; None for published constants
    """

    flops: Array
    unique_tokens: Array
    params: Array
    tokens: Array
    loss: Array
    fresh_params: Array
    fresh_tokens: Array
    fresh_loss: Array
    limit: Array
    wasted: Array
    decades_outside: Array | None = None

    @property
    def epochs(self) -> Array:
        """How often the stock is read; below 1 where the budget does not get to its end."""
        return self.tokens / self.unique_tokens


def spend_on_epochs(
    flops: ArrayLike,
    unique_tokens: ArrayLike,
    source: Source = "muennighoff_c4_repeated",
    *,
    flops_per_param_token: float = 6.0,
) -> DataLimited:
    r"""Find the size and the epochs that reach the lowest loss for a budget on a fixed stock of text.

    .. math:: \min_{N, D} L(N, D, U) \quad\text{with}\quad 6 N D = C

    by the law of repeated data. While the stock lasts this is the split of Hoffmann; beyond, budget goes to epochs
    faster than to parameters when R_D > R_N. Far beyond `flops_until_worn_out` every split has the same loss to the
    last digit, and the one that is given means nothing.

    Parameters
    ----------
    flops : array of any shape, budgets C
    unique_tokens : array that broadcasts with flops, distinct tokens U
    source : a fit of fit_repeated_data, its bootstrap (whose estimate is used), an entry of laws.CONSTANTS, or its name
    flops_per_param_token : 6, or what the convention of the fit makes it

    Returns
    -------
    DataLimited

    Raises
    ------
    ValueError
        If a budget or a stock is not positive and finite, or the source has another law.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), section 5 and its repository: 1e22 FLOPs on 25 billion tokens, 7.0
    billion parameters for 9.5 epochs.

    Examples
    --------
    >>> best = spend_on_epochs(1e22, 25e9)
    >>> f"{best.params / 1e9:.1f}B parameters, {best.epochs:.1f} epochs, {best.wasted:.0%} of it in vain"
    '7.0B parameters, 9.5 epochs, 44% of it in vain'
    """
    law, values = _repeated(source)
    budget, unique = np.broadcast_arrays(_positive(flops, "flops"), _positive(unique_tokens, "unique_tokens"))
    product = budget / float(_positive(flops_per_param_token, "flops_per_param_token"))
    params, tokens = _numeric(law, product, values, 0.0, (unique.reshape(-1),))
    loss = laws.repeated_data_loss(params, tokens, unique, **values)
    base = {name: values[name] for name in ("E", "A", "B", "alpha", "beta")}
    fresh_params, fresh_tokens = _closed_form("chinchilla", product, base)
    fresh = laws.chinchilla_loss(fresh_params, fresh_tokens, **base)
    exponent = (values["alpha"] + values["beta"]) / (values["alpha"] * values["beta"])
    saved = ((fresh - values["E"]) / (loss - values["E"])) ** exponent
    return DataLimited(
        flops=budget,
        unique_tokens=unique,
        params=params,
        tokens=tokens,
        loss=loss,
        fresh_params=fresh_params,
        fresh_tokens=fresh_tokens,
        fresh_loss=fresh,
        limit=loss_limit(unique, source),
        wasted=np.maximum(1.0 - saved, 0.0),
        decades_outside=_decades(source, params, tokens, unique),
    )


def loss_limit(unique_tokens: ArrayLike, source: Source = "muennighoff_c4_repeated") -> Array:
    r"""Compute the loss that a stock of text allows at best, whatever is spent.

    .. math:: L_{\min}(U) = E + \frac{A}{\left[(1 + R_N^*)\,U_N\right]^{\alpha}}
       + \frac{B}{\left[(1 + R_D^*)\,U\right]^{\beta}}

    Parameters
    ----------
    unique_tokens : array, distinct tokens U
    source : as in `spend_on_epochs`

    Returns
    -------
    array of the same shape, nats per token; E where repeats and excess parameters never wear out

    Raises
    ------
    ValueError
        If a stock is not positive and finite, or the source has another law.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 5, at the end of all repeats.

    Examples
    --------
    >>> loss_limit([1e9, 1e11, 1e13]).round(2)
    array([2.76, 2.05, 1.9 ])
    """
    _, v = _repeated(source)
    u = _positive(unique_tokens, "unique_tokens")
    size = laws.matching_params(u, **{name: v[name] for name in ("A", "B", "alpha", "beta")})
    return v["E"] + v["A"] * ((1 + v["R_N"]) * size) ** -v["alpha"] + v["B"] * ((1 + v["R_D"]) * u) ** -v["beta"]


def flops_until_worn_out(
    unique_tokens: ArrayLike,
    source: Source = "muennighoff_c4_repeated",
    *,
    within: float = 0.01,
    flops_per_param_token: float = 6.0,
) -> Array:
    """Find the budget from which on a stock has no more than a little left to give: more compute buys nothing.

    Parameters
    ----------
    unique_tokens : array, distinct tokens U
    source : as in `spend_on_epochs`
    within : nats per token that may still be missing to the limit
    flops_per_param_token : as in `spend_on_epochs`

    Returns
    -------
    array of the same shape, FLOPs; infinite where repeats never wear out

    Raises
    ------
    ValueError
        If a value is not positive and finite, or the source has another law.

    Source
    ------
    Muennighoff et al. 2023 (arXiv 2305.16264), eq. 5.

    Examples
    --------
    >>> print(f"{flops_until_worn_out(25e9):.0e}")
    9e+22
    """
    law, values = _repeated(source)
    u = _positive(unique_tokens, "unique_tokens")
    _positive(within, "within")
    factor = float(_positive(flops_per_param_token, "flops_per_param_token"))
    goal = loss_limit(u, source) + within
    low, high = np.zeros(u.shape), np.full(u.shape, _LARGEST_LOG)
    if np.isinf([values["R_D"], values["R_N"]]).any():
        return np.full(u.shape, np.inf)
    for _ in range(60):
        middle = (low + high) / 2
        product = np.exp(middle) / factor
        params, tokens = _numeric(law, product, values, 0.0, (u.reshape(-1),))
        there = laws.repeated_data_loss(params, tokens, u, **values) <= goal
        low, high = np.where(there, low, middle), np.where(there, middle, high)
    return np.exp(high)


def _repeated(source: Source) -> tuple[str, dict[str, float]]:
    law, values = _parts(source)
    if law != "repeated_data":
        raise ValueError(
            f"source: the law {law!r} knows no repeats; give a fit of fit_repeated_data or 'muennighoff_c4_repeated'."
        )
    return law, dict(values)


def _positive(values: ArrayLike, name: str) -> Array:
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array > 0) & np.isfinite(array))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name} must be positive and finite; entry {row} is {array.flat[row]:g}.")
    return array
