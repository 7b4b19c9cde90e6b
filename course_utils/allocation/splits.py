"""Split a budget between parameters and tokens: in closed form, and numerically where the model is also used."""

from __future__ import annotations

from collections.abc import Callable, Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils import laws
from course_utils.accounting import PF_DAY
from course_utils.fitting import validation
from course_utils.fitting.resampling import Bootstrap
from course_utils.fitting.results import FitResult
from course_utils.laws import Constants
from course_utils.sampling.checks import numbers, one_number

Array = NDArray[np.float64]
Source = FitResult | Bootstrap | Constants | str

_LARGEST_LOG = 600.0  # of a number that is still one, squared or multiplied

# Kaplan et al. 2020 (arXiv 2001.08361), Table 6: coefficient at one PF-day of C_min, exponent.
_TABLE_6 = {"params": (1.3e9, 0.73), "tokens": (2e10, 0.27)}


@dataclass(frozen=True, eq=False)
class Allocation:
    """Hold the best split of one budget or of several.

    Attributes
    ----------
    flops : the budgets, of any shape
    params, tokens, loss : what to buy and what it should reach, of the same shape
    params_interval, tokens_interval, loss_interval : (low, high), arrays of the same shape, when the source was a
        bootstrap; None when it was not, or where so many resamples see no gain from one input that an end is open
    decades_outside : powers of ten by which the answer lies outside the fitted runs in parameters, tokens or compute,
        whichever is furthest; 0 inside; None when the source is a published set of constants without its runs
    level : coverage of the intervals, or None
    """

    flops: Array
    params: Array
    tokens: Array
    loss: Array
    params_interval: tuple[Array, Array] | None = None
    tokens_interval: tuple[Array, Array] | None = None
    loss_interval: tuple[Array, Array] | None = None
    decades_outside: Array | None = None
    level: float | None = None

    @property
    def tokens_per_param(self) -> Array:
        """Tokens for every parameter, D / N."""
        return self.tokens / self.params


def _parts(source: Source) -> tuple[str, Mapping[str, float]]:
    """Return the law's name and its constants."""
    if isinstance(source, str):
        if source not in laws.CONSTANTS:
            raise ValueError(f"no constants named {source!r}; there are: {', '.join(laws.CONSTANTS)}.")
        source = laws.CONSTANTS[source]
    if isinstance(source, Bootstrap):
        source = source.fit
    if isinstance(source, FitResult | Constants):
        return source.law, source.values
    raise ValueError(
        "give a fit, a bootstrap of a fit, an entry of laws.CONSTANTS or its name, not " + type(source).__name__
    )


def sum_with_floor(source: Source, asker: str) -> Mapping[str, float]:
    """Return the constants of Hoffmann's sum; refuse a law of another form, or one that is flat in one input."""
    law, v = _parts(source)
    if law != "chinchilla":
        raise ValueError(f"source: {asker} needs a sum of terms with a floor; {law!r} has another form.")
    if not min(v["A"], v["B"], v["alpha"], v["beta"]) > 0:
        raise ValueError(
            "source: the law is flat in params or in tokens, so no split is best. Fit runs that vary both."
        )
    return v


def _flops(flops: ArrayLike) -> Array:
    array = numbers(flops, "flops")
    bad = ~((array >= 1e-100) & (array <= 1e100))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(
            f"flops must be positive, up to 1e100; entry {row} is {array.flat[row]!r}. Give FLOPs, not a log."
        )
    return array


def exponents(source: Source) -> tuple[float, float]:
    r"""Compute the exponents of the best size and the best data: N_opt ~ C**a, D_opt ~ C**b.

    .. math:: a = \frac{\beta}{\alpha + \beta}, \qquad b = \frac{\alpha}{\alpha + \beta}

    Parameters
    ----------
    source : a fit, a bootstrap, an entry of laws.CONSTANTS or its name; of Hoffmann's sum or Kaplan's coupled law

    Returns
    -------
    a, b

    Raises
    ------
    ValueError
        If the law has no such exponents.

    Source
    ------
    Hoffmann et al. 2022 (arXiv 2203.15556), eq. 4. For Kaplan's eq. 1.5, a = 1 / (1 + alpha_N / alpha_D).

    Examples
    --------
    >>> [round(x, 3) for x in exponents("besiroglu")]
    [0.513, 0.487]
    """
    law, values = _parts(source)
    if law == "chinchilla":
        total = values["alpha"] + values["beta"]
        return values["beta"] / total, values["alpha"] / total
    if law == "kaplan":
        a = 1.0 / (1.0 + values["alpha_N"] / values["alpha_D"])
        return a, 1.0 - a
    raise ValueError(f"the law {law!r} has no exponents of allocation; fit parameters and tokens together.")


def compute_optimal(
    flops: ArrayLike,
    source: Source,
    *,
    inference_tokens: float = 0.0,
    unique_tokens: float | None = None,
    flops_per_param_token: float = 6.0,
    level: float = 0.9,
) -> Allocation:
    r"""Find the size and the data that reach the lowest loss for a budget.

    .. math:: \min_{N, D} L(N, D) \quad\text{with}\quad 6 N D + 2 N D_{\mathrm{inf}} = C

    In closed form for training alone, :math:`N_{\mathrm{opt}} = G\,(C/6)^{\beta/(\alpha+\beta)}` with
    :math:`G = (\alpha A / \beta B)^{1/(\alpha+\beta)}`; numerically otherwise.

    Parameters
    ----------
    flops : array of any shape, budgets C; with inference_tokens, training and use together
    source : a fit of params and tokens, its bootstrap (then with intervals), an entry of laws.CONSTANTS, or its name
    inference_tokens : tokens that the model will read and write in its life
    unique_tokens : distinct tokens there are, for the law of repeated data
    flops_per_param_token : 6, or what the convention of the fit makes it
    level : coverage of the intervals

    Returns
    -------
    Allocation

    Raises
    ------
    ValueError
        If a budget is bad, the source has no law of params and tokens, or that law is flat in one of them.

    Source
    ------
    Hoffmann et al. 2022 (arXiv 2203.15556), eq. 4; inference after Sardana et al. 2024 (arXiv 2401.00448).

    Examples
    --------
    >>> best = compute_optimal(5.76e23, "besiroglu")
    >>> f"{best.params / 1e9:.0f}B parameters, {best.tokens_per_param:.0f} tokens each"
    '72B parameters, 18 tokens each'
    """
    budget = _flops(flops)
    law, values = _parts(source)
    inference_tokens = one_number(inference_tokens, "inference_tokens")
    if not 0 <= inference_tokens <= 1e100:
        raise ValueError(f"inference_tokens must be 0 or more, not {inference_tokens!r}")
    flops_per_param_token = one_number(flops_per_param_token, "flops_per_param_token")
    if not 1e-100 <= flops_per_param_token <= 1e100:
        raise ValueError(f"flops_per_param_token must be positive (6 is usual), not {flops_per_param_token!r}")
    level = validation.probability(level)
    if law == "chinchilla":
        sum_with_floor(source, "compute_optimal")
    if law == "repeated_data" and unique_tokens is None:
        raise ValueError("unique_tokens: the law of repeated data needs the number of distinct tokens")
    extra = () if law != "repeated_data" else (unique_tokens,)

    def split(budgets: Array, constants: Mapping[str, ArrayLike]) -> tuple[Array, Array]:
        product = budgets / flops_per_param_token
        if law in ("chinchilla", "kaplan") and inference_tokens == 0:
            return _closed_form(law, product, constants)
        share = 2.0 * inference_tokens / flops_per_param_token
        return _numeric(law, product, constants, share, extra)

    params, tokens = split(budget, values)
    out = Allocation(
        flops=budget,
        params=params,
        tokens=tokens,
        loss=laws.LAWS[law](params, tokens, *extra, **values),
        decades_outside=_decades(source, params, tokens, *extra),
    )
    if not isinstance(source, Bootstrap):
        return out
    columns = {name: sample.reshape(-1, *[1] * budget.ndim) for name, sample in source.samples.items()}
    drawn_n, drawn_d = split(budget[None], columns)
    drawn = (drawn_n, drawn_d, laws.LAWS[law](drawn_n, drawn_d, *extra, **columns))
    intervals = [_ends(d, level) for d in drawn]
    return Allocation(
        out.flops, out.params, out.tokens, out.loss, *intervals, decades_outside=out.decades_outside, level=level
    )


def _ends(drawn: Array, level: float) -> tuple[Array, Array] | None:
    """Compute percentile ends; None where so many resamples are flat in one input that an end is open."""
    how = "linear" if np.isfinite(drawn).all() else "closest_observation"  # which never averages with infinity
    low, high = np.nanquantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0, method=how)
    return (low, high) if (low > 0).all() and np.isfinite(high).all() else None


def kaplan_table6(flops: ArrayLike) -> Allocation:
    r"""Read the split that Kaplan et al. recommend off the lines of their Table 6.

    .. math:: N_{\mathrm{opt}} = 1.3\times10^{9}\,C_{\min}^{0.73},
       \qquad D_{\mathrm{opt}} = 2\times10^{10}\,C_{\min}^{0.27}

    with C_min in PF-days. Two of Kaplan's conventions differ from everybody else's: params leave the embeddings out,
    and C_min is the compute that the same loss would cost at a batch far below the critical one. A run at the critical
    batch costs twice C_min, and D_opt counts its tokens: so 6 N D comes out at 1.8 times C_min, not at C_min.

    Parameters
    ----------
    flops : array of any shape, C_min in **FLOPs** (the paper counts PF-days of 8.64e19 FLOPs)

    Returns
    -------
    Allocation
        Non-embedding params, tokens, and the loss of L(C_min), Table 5; no intervals and no decades outside.

    Raises
    ------
    ValueError
        If a budget is not positive and finite.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), Table 6; the batch correction, eqs. 5.4 and 5.5.

    Examples
    --------
    >>> one, ten = kaplan_table6(8.64e19), kaplan_table6(8.64e20)
    >>> f"{ten.params / one.params:.1f} times the parameters, {ten.tokens / one.tokens:.1f} times the tokens"
    '5.4 times the parameters, 1.9 times the tokens'
    """
    budget = _flops(flops)
    params, tokens = (k * (budget / PF_DAY) ** exponent for k, exponent in _TABLE_6.values())
    loss = laws.kaplan_compute_loss(budget, **laws.CONSTANTS["kaplan_compute"].values)
    return Allocation(budget, params, tokens, loss)


def _closed_form(law: str, product: Array, v: Mapping[str, ArrayLike]) -> tuple[Array, Array]:
    """Solve alpha A N**-alpha = beta B D**-beta on N D = product; for Kaplan p (N_c/N)**p = D_c / D, p the ratio."""
    if law == "chinchilla":
        alpha, beta = np.asarray(v["alpha"]), np.asarray(v["beta"])
        with np.errstate(divide="ignore", invalid="ignore"):
            log_g = (np.log(alpha * v["A"]) - np.log(beta * v["B"])) / (alpha + beta)
            log_n = log_g + beta / (alpha + beta) * np.log(product)
    else:
        p = np.asarray(v["alpha_N"]) / v["alpha_D"]
        with np.errstate(divide="ignore", invalid="ignore"):
            log_n = (np.log(p) + p * np.log(v["N_c"]) + np.log(product) - np.log(v["D_c"])) / (1 + p)
    log_d = np.log(product) - log_n
    if log_n.ndim == product.ndim and not (np.maximum(np.abs(log_n), np.abs(log_d)) < _LARGEST_LOG).all():
        raise ValueError(
            "source: the law is flat in params or in tokens (a scale or an exponent is 0, or nearly), so no split is "
            "best. Fit runs in which both vary."
        )
    with np.errstate(over="ignore"):
        return np.exp(log_n), np.exp(log_d)


def _numeric(
    law: str, product: Array, values: Mapping[str, ArrayLike], share: float, extra: tuple[ArrayLike, ...]
) -> tuple[Array, Array]:
    """Minimise over ln N, with D = (product - share N) / N, by golden section after a coarse scan."""
    if law not in ("chinchilla", "kaplan", "repeated_data"):
        raise ValueError(f"the law {law!r} is no law of params and tokens, so a budget cannot be split by it.")
    columns = {name: np.asarray(value, dtype=np.float64) for name, value in values.items()}
    shape = np.broadcast_shapes(product.shape, *(column.shape for column in columns.values()))
    flat, *each = (np.broadcast_to(a, shape).reshape(-1) for a in (product, *columns.values()))
    columns = dict(zip(columns, each, strict=True))
    # D above 0 bounds N by product / share; ten powers of ten to either side of the square root hold every law.
    high = np.log(flat) if share == 0 else np.minimum(np.log(flat), np.log(flat / share) - 1e-9)
    low = np.minimum(0.0, high - 1.0)

    def loss(log_n: Array) -> Array:
        n = np.exp(log_n)
        d = np.maximum(flat / n - share, 1e-300)
        return laws.LAWS[law](n, d, *extra, **columns)

    # The sum and Kaplan's law have one valley in ln N, whatever is used; the law of repeated data may have two.
    log_n = _golden(loss, low * np.ones_like(flat), high, scan=400 if law == "repeated_data" else 3)
    params = np.exp(log_n).reshape(shape)
    return params, product / params - share


def _golden(function: Callable[[Array], Array], low: Array, high: Array, scan: int) -> Array:
    """Minimise elementwise: scan some values, then golden section in the best bracket."""
    grid = low + (high - low) * np.linspace(0, 1, scan)[:, None]
    best = np.clip(np.argmin(function(grid), axis=0), 1, scan - 2)
    column = np.arange(len(low))
    low, high = grid[best - 1, column], grid[best + 1, column]
    golden = (np.sqrt(5.0) - 1) / 2
    for _ in range(70):
        a, b = high - golden * (high - low), low + golden * (high - low)
        left = function(a) < function(b)
        low, high = np.where(left, low, a), np.where(left, b, high)
    return (low + high) / 2


def cheapest_for_loss(loss: float, source: Source, *, inference_tokens: ArrayLike = 0.0) -> Allocation:
    r"""Find the size and the data that reach a loss for the least compute over training and use.

    .. math:: \min_{N, D}\; 6 N D + 2 N D_{\mathrm{inf}} \quad\text{with}\quad L(N, D) = \ell

    Parameters
    ----------
    loss : the loss to reach, nats per token
    source : a fit of Hoffmann's form, an entry of laws.CONSTANTS, or its name
    inference_tokens : array of any shape, tokens that the model will read and write in its life

    Returns
    -------
    Allocation
        Of the shape of inference_tokens, with flops the total of training and use.

    Raises
    ------
    ValueError
        If the loss is not above the law's floor or is beyond what a float can count, or the law has another form or
        is flat.

    Source
    ------
    Sardana et al. 2024 (arXiv 2401.00448), eqs. 3 and 5; eq. 5 is solved by bisection to ten digits or better.

    Examples
    --------
    >>> best = cheapest_for_loss(2.0, "besiroglu", inference_tokens=2e12)
    >>> bool(best.params < compute_optimal(best.flops, "besiroglu").params)
    True
    """
    v = sum_with_floor(source, "cheapest_for_loss")
    aim = one_number(loss, "loss")
    spare = min(aim, 1e100) - v["E"]
    if not spare > 0:
        raise ValueError(f"loss: {loss!r} is not above the floor E = {v['E']:.4g}; no size reaches it.")
    served = numbers(inference_tokens, "inference_tokens")
    bad = ~((served >= 0) & (served <= 1e200))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"inference_tokens must be 0 or more; entry {row} is {served.flat[row]!r}")

    # What the loss has to spare is split, share : 1 - share, over params and tokens; x is ln of share : 1 - share.
    def log_tokens(x: Array) -> Array:
        return (np.log(v["B"]) - np.log(spare) + np.logaddexp(0.0, x)) / v["beta"]

    def log_params(x: Array) -> Array:
        return (np.log(v["A"]) - np.log(spare) + np.logaddexp(0.0, -x)) / v["alpha"]

    def log_ratio(x: Array) -> Array:
        return np.logaddexp(0.0, log_served - log_tokens(x))

    # alpha share / (beta (1 - share)) = 1 + served / (3 tokens): the left rises in x and the right falls.
    with np.errstate(divide="ignore"):
        log_served = np.log(served.reshape(-1) / 3)
    low = np.full(served.size, np.log(v["beta"] / v["alpha"]))
    high, start = low + log_ratio(low), low
    for _ in range(80):
        middle = (low + high) / 2
        below = middle < start + log_ratio(middle)
        low, high = np.where(below, middle, low), np.where(below, high, middle)
    log_n, log_d = (count((low + high) / 2) for count in (log_params, log_tokens))
    ends = np.stack([log_n, log_d, log_n + log_d, log_n + np.maximum(log_served, 0.0)])
    if not (np.abs(ends) < _LARGEST_LOG).all():
        raise ValueError(
            f"loss: {loss!r} takes more or less than a float can count by this law, whose floor is {v['E']:.4g}; ask "
            "for a loss of the order of those that were fitted."
        )
    n, d = (np.exp(log).reshape(served.shape) for log in (log_n, log_d))
    total = np.asarray(6 * n * d + 2 * n * served)
    reached = np.full(served.shape, aim)
    return Allocation(total, n, d, reached, decades_outside=_decades(source, n, d))


def _decades(source: Source, params: Array, tokens: Array, *more: ArrayLike) -> Array | None:
    """Compute how far outside the fitted runs an answer lies; None for published constants."""
    fit = source.fit if isinstance(source, Bootstrap) else source
    if not isinstance(fit, FitResult):
        return None
    used = fit.data["weights"] > 0
    known = np.log10(fit.data["params"][used] * fit.data["tokens"][used])
    compute = np.log10(params * tokens)
    beyond = np.maximum(np.maximum(compute - known.max(), known.min() - compute), 0.0)
    return np.maximum(beyond, fit.decades_outside(params, tokens, *more))
