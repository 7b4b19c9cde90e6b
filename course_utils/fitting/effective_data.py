"""Read off fresh runs what a repeated text was worth, without any law; then one constant through what was read."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import laws
from course_utils.fitting import validation

Array = NDArray[np.float64]

_REACH = (0.02, 1e4)  # of R*: from worthless after the first epoch to as good as fresh
_SCAN = 2000


@dataclass(frozen=True, eq=False)
class EffectiveData:
    """Hold what the stocks of one size were worth; the runs of equal tokens and stock are averaged.

    Attributes
    ----------
    tokens, unique_tokens, loss : arrays of shape (n,), tokens seen, distinct tokens, mean loss
    effective_tokens : array of shape (n,), fresh tokens that reach the same loss; NaN where the fresh runs do not reach
        so far up or down
    R_star : the constant of `laws.effective_data` by least squares on the logarithm; None where no repeated run can be
        compared; infinite where repeats were as good as fresh text
    spread : lowest and highest R_star when one stock at a time is left out; None with fewer than two stocks
    """

    tokens: Array
    unique_tokens: Array
    loss: Array
    effective_tokens: Array
    R_star: float | None
    spread: tuple[float, float] | None

    @property
    def epochs(self) -> Array:
        """Return how often each stock was read."""
        return self.tokens / self.unique_tokens

    @property
    def share(self) -> Array:
        """Return effective over seen tokens."""
        return self.effective_tokens / self.tokens


def measure_effective_data(
    fresh_tokens: ArrayLike, fresh_loss: ArrayLike, tokens: ArrayLike, unique_tokens: ArrayLike, loss: ArrayLike
) -> EffectiveData:
    r"""Find for every repeated run the number of fresh tokens that reaches the same loss at the same size.

    The curve of the fresh runs is interpolated, straight between neighbours in the logarithms of tokens and loss, and
    never continued. One constant is then fitted to the result,

    .. math:: \min_{R^*} \sum \left[\ln D_{\mathrm{eff}}
       - \ln U\left(1 + R^* (1 - e^{-R/R^*})\right)\right]^2

    Parameters
    ----------
    fresh_tokens, fresh_loss : arrays of shape (n_fresh,), runs of one size that read nothing twice; the runs of equal
        tokens (seeds) are averaged
    tokens, unique_tokens, loss : arrays of shape (n_runs,), runs of the same size that read a stock of unique_tokens
        until tokens were seen

    Returns
    -------
    EffectiveData

    Raises
    ------
    ValueError
        If a value is missing or not positive, lengths differ, fewer than two token counts are fresh, the fresh loss
        does not fall from one to the next, or a stock is larger than what was read of it.

    Examples
    --------
    >>> import numpy as np
    >>> from course_utils import laws
    >>> fresh = np.geomspace(1e6, 1e8, 8)
    >>> epochs = np.array([2, 4, 8, 16])
    >>> worth = laws.effective_data(epochs * 2e6, 2e6, R_D=5.0)
    >>> found = measure_effective_data(fresh, 9 * fresh**-0.1, epochs * 2e6, np.full(4, 2e6), 9 * worth**-0.1)
    >>> round(found.R_star, 2)
    5.0
    """
    x = validation.positive_column(fresh_tokens, "fresh_tokens")
    y = validation.positive_column(fresh_loss, "fresh_loss")
    validation.same_length(fresh_tokens=x, fresh_loss=y)
    d = validation.positive_column(tokens, "tokens")
    u = validation.positive_column(unique_tokens, "unique_tokens")
    loss = validation.positive_column(loss, "loss")
    validation.same_length(tokens=d, unique_tokens=u, loss=loss)
    if (u > d * (1 + 1e-9)).any():
        row = int(np.argmax(u > d * (1 + 1e-9)))
        raise ValueError(
            f"unique_tokens: row {row} has {u[row]:g} distinct of {d[row]:g} tokens seen; give tokens seen first."
        )
    curve_x, curve_y = _curve(x, y)
    (d, u), loss = _means(np.stack([d, u]), loss)
    effective = np.exp(np.interp(-np.log(loss), -np.log(curve_y), np.log(curve_x), left=np.nan, right=np.nan))
    known = np.isfinite(effective) & (d > u * (1 + 1e-9))
    best = _constant(d[known], u[known], effective[known]) if known.any() else None
    left_out = []
    for stock in np.unique(u[known]):
        others = known & (u != stock)
        if others.any():
            left_out.append(_constant(d[others], u[others], effective[others]))
    spread = (min(left_out), max(left_out)) if len(left_out) > 1 else None
    return EffectiveData(d, u, loss, effective, best, spread)


def _means(keys: Array, values: Array) -> tuple[Array, Array]:
    """Average the values of equal keys, shape (k, n)."""
    unique, group = np.unique(keys, axis=1, return_inverse=True)
    group = group.reshape(-1)
    return unique, np.bincount(group, values) / np.bincount(group)


def _curve(x: Array, y: Array) -> tuple[Array, Array]:
    """Return the mean loss of each number of fresh tokens, which must fall."""
    (x,), y = _means(x[None], y)
    if len(x) < 2:
        raise ValueError(f"fresh_tokens: all runs read {x[0]:g} tokens; a curve needs at least two counts.")
    rising = np.flatnonzero(np.diff(y) >= 0)
    if rising.size:
        i = int(rising[0])
        raise ValueError(
            f"fresh_loss: it does not fall from {x[i]:g} to {x[i + 1]:g} tokens ({y[i]:.4g}, {y[i + 1]:.4g}), so "
            "a loss has no one number of fresh tokens. Average more seeds, or leave one of the two out."
        )
    return x, y


def _constant(tokens: Array, unique: Array, effective: Array) -> float:
    """Minimise the squared log error over R*, by a fine scan and a parabola through its best three."""
    decays = np.linspace(*np.log(_REACH), _SCAN)
    error = np.log(laws.effective_data(tokens, unique, R_D=np.exp(decays)[:, None]) / effective)
    cost = (error**2).sum(axis=1)
    i = int(np.argmin(cost))
    if i == _SCAN - 1:
        return float("inf")
    if i == 0:
        return 0.0
    low, middle, high = cost[i - 1 : i + 2]
    bend = low - 2 * middle + high
    shift = 0.5 * (low - high) / bend if bend > 0 else 0.0
    return float(np.exp(decays[i] + shift * (decays[1] - decays[0])))
