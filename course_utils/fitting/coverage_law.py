"""Fit how coverage grows with the number of samples: an exponentiated power law, or a beta distribution of rates."""

from __future__ import annotations

import warnings as python_warnings
from collections.abc import Mapping
from dataclasses import dataclass, replace
from types import MappingProxyType
from typing import Literal, get_args

import numpy as np
from numpy.typing import ArrayLike

from course_utils import sampling
from course_utils.fitting import beta_binomial, validation
from course_utils.fitting.families import Array
from course_utils.fitting.results import Estimate, FitWarning

Form = Literal["power", "beta_binomial"]

_VALUES_OF_K = 25  # of the grid that is used where none is given


@dataclass(frozen=True, eq=False)
class CoverageFit:
    """Hold a fitted law of coverage.

    Attributes
    ----------
    form : "power" or "beta_binomial"
    params : a and b, or alpha and beta; each an `Estimate`
    curvature : how fast the exponent drifts, the second derivative of ln(-ln coverage) in ln k of a parabola through
        the measured curve; 0 for an exponentiated power law
    objective_value : half the squared residuals of ln(-ln coverage), summed; or minus the log likelihood of the counts
    n_points : problems, or values of k where only a curve was given
    n_problems : problems behind the curve; None where only a curve was given
    converged : the solver can promise no further gain. It does not mean that the law is right
    level : coverage of the intervals; None while there are none
    samples : constants by name, curvature among them, from problems drawn again, arrays of shape (n_resamples,); None
        where only a curve was given
    n_lost : resamples whose coverage touches 0 or 1 at all but one k, or that have no spread; they are not in `samples`
    warnings : what the counts leave open, most important first
    data : k and coverage; correct and samples where they were given
    """

    form: Form
    params: Mapping[str, Estimate]
    curvature: Estimate
    objective_value: float
    n_points: int
    n_problems: int | None
    converged: bool
    level: float | None
    samples: Mapping[str, Array] | None
    n_lost: int
    warnings: tuple[FitWarning, ...]
    data: Mapping[str, Array]

    @property
    def law(self) -> str:
        """Name of the law in `course_utils.sampling`."""
        return {"power": "power_coverage", "beta_binomial": "beta_coverage"}[self.form]

    @property
    def values(self) -> dict[str, float]:
        """Return the constants as plain floats, ready for the law: ``power_coverage(k, **fit.values)``."""
        return {name: estimate.value for name, estimate in self.params.items()}

    def __getitem__(self, name: str) -> float:
        return self.params[name].value

    def predict(self, k: ArrayLike | None = None) -> Array:
        """Compute the fitted coverage at k samples; at the fitted k when nothing is given."""
        return getattr(sampling, self.law)(self.data["k"] if k is None else k, **self.values)

    def band(self, k: ArrayLike, *, level: float | None = None) -> tuple[Array, Array]:
        """Compute a percentile interval of the law at each k: two arrays of shape (n_k,).

        It says how far the law moves with other problems of the same kind, not how far it is from the truth beyond
        the largest k that was fitted.

        Raises
        ------
        ValueError
            If a k is bad, or the fit has no resamples: because only a curve was given, or all of them were lost.
        """
        if self.samples is None or self.level is None:
            raise ValueError("band: a curve alone has no problems to draw again; fit with correct= and samples=.")
        if self.n_lost and not len(self.samples["curvature"]):
            raise ValueError(
                f"band: all {self.n_lost} resamples were lost, for these problems show no curve or no spread when they "
                "are drawn again; take more of them."
            )
        level = self.level if level is None else validation.probability(level)
        points = validation.positive_column(np.atleast_1d(validation.numeric(k, "k")), "k")
        drawn = getattr(sampling, self.law)(points, **{name: self.samples[name][:, None] for name in self.params})
        low, high = np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2], axis=0)
        return low, high

    def residuals(self) -> Array:
        """Compute ln(-ln coverage), measured minus fitted, at every k: positive where the law promises too much."""
        return _double_log(self.data["coverage"]) - _double_log(self.predict())

    @property
    def r_squared(self) -> float | None:
        """Share of the variance of ln(-ln coverage) over k that the law explains; None where coverage never grows.

        Neighbouring values of k come from the same samples, so this is near 1 for any smooth falling curve. Look at
        `exponents_at_ends` and at the pattern of `residuals` before believing it.
        """
        measured = _double_log(self.data["coverage"])
        if np.ptp(measured) <= 1e-9:
            return None
        return float(1 - (self.residuals() ** 2).sum() / ((measured - measured.mean()) ** 2).sum())

    def exponents_at_ends(self) -> tuple[float, float]:
        """Compute the exponent at the smallest and at the largest k, of a parabola through the measured curve.

        The two agree for an exponentiated power law. They depend on the values of k, as a parabola does that is laid
        through a curve with more bends than one; `sampling.local_exponents` has no such form.
        """
        x = np.log(self.data["k"])
        bend = np.polyfit(x, _double_log(self.data["coverage"]), 2)
        return float(2 * bend[0] * x.min() + bend[1]), float(2 * bend[0] * x.max() + bend[1])

    def summary(self) -> str:
        """Describe the fit in a few lines, in the reader's language."""
        from course_utils.fitting.coverage_presentation import coverage_text

        return coverage_text(self)

    def _repr_html_(self) -> str:
        from course_utils.fitting.coverage_presentation import coverage_html

        return coverage_html(self)

    def __repr__(self) -> str:
        constants = ", ".join(f"{name}={e.value:.5g}" for name, e in self.params.items())
        return f"<CoverageFit {self.form}: {constants}; n={self.n_points}>"


def fit_coverage(
    k: ArrayLike | None = None,
    coverage: ArrayLike | None = None,
    *,
    correct: ArrayLike | None = None,
    samples: ArrayLike | None = None,
    form: Form = "power",
    resamples: int = 1000,
    level: float = 0.9,
    seed: int = 0,
) -> CoverageFit:
    r"""Fit how coverage grows with the number of samples.

    .. math:: \text{power:}\; -\ln c(k) = a\,k^{b}, \qquad
       \text{beta-binomial:}\; c_i \sim \mathrm{Bin}(n_i, p_i),\; p_i \sim \mathrm{Beta}(\alpha, \beta)

    The power law is the least-squares line of ln(-ln coverage) in ln k, every value of k with the same weight: so the
    constants depend on the values of k, and a line through a bent curve is steeper or flatter where it has more of
    them. The beta-binomial law is fitted to the counts by maximum likelihood and does not look at k at all; that its
    curve passes through the measured one is then evidence, not construction.

    Intervals are percentiles over whole problems drawn again. In 400 simulated sets each of 30, 80 and 300 problems,
    300 samples a problem, those of 90 per cent held b in 87 to 90 of a hundred, alpha in 85 to 90, and beta in 77 to 81
    with 30 problems and in 86 to 88 with 300: beta is found too large from few problems.

    Parameters
    ----------
    k : array of shape (n_k,), samples, up to the smallest n. None takes up to 25 values, even in ln k, from 1 on, where
        coverage is not yet 1
    coverage : array of shape (n_k,), a curve; or (n_problems, n_k), pass@k of every problem. Instead of counts, and for
        the power law only
    correct : array of shape (n_problems,), right samples c of each problem
    samples : number or array of shape (n_problems,), samples n of each problem
    form : "power" or "beta_binomial"
    resamples : draws of problems for the intervals
    level : coverage of the intervals
    seed : of the draws

    Returns
    -------
    CoverageFit
        With a and b (negative), or alpha and beta. Without intervals where only a curve was given.

    Raises
    ------
    ValueError
        If neither a curve nor counts are given, or both; a coverage is 0 or 1, which has no such logarithm; all
        problems were solved always or never; or an argument is malformed.

    Warns
    -----
    FitWarning
        If the exponent drifts over k by more than other problems could explain, or all problems look equally hard.

    Source
    ------
    Brown et al. 2024 (arXiv 2407.21787), section 3; Schaeffer et al. 2025 (arXiv 2502.17578).

    Examples
    --------
    >>> fit = fit_coverage([1, 10, 100], [0.135, 0.367, 0.605])
    >>> {name: round(value, 2) for name, value in fit.values.items()}
    {'a': 2.0, 'b': -0.3}
    >>> counts = np.random.default_rng(0).binomial(1000, np.random.default_rng(1).beta(0.3, 5, 400))
    >>> beta = fit_coverage(correct=counts, samples=1000, form="beta_binomial", resamples=200)
    >>> low, high = beta.params["alpha"].interval
    >>> bool(low < 0.3 < high)
    True
    """
    if not isinstance(form, str) or form not in get_args(Form):
        raise ValueError(f"form must be 'power' or 'beta_binomial', not {form!r}")
    if isinstance(resamples, bool) or not isinstance(resamples, int | np.integer) or not 2 <= resamples <= 100_000:
        raise ValueError(f"resamples must be 2 or more, a whole number up to 100,000, not {resamples!r}")
    level = validation.probability(level)
    if (coverage is None) == (correct is None) or (correct is None) != (samples is None):
        raise ValueError("give either coverage, or correct and samples together, and not both.")
    data: dict[str, Array] = {}
    if correct is not None:
        c, n = _counts(correct, samples)
        size = _grid(c, n) if k is None else _samples(k)
        table = sampling.pass_at_k(c, n, size)
        data = {"correct": c, "samples": n}
    else:
        if form == "beta_binomial":
            raise ValueError("coverage: the beta-binomial law is fitted to counts; give correct and samples instead.")
        if k is None:
            raise ValueError("k is missing: say for which numbers of samples the coverage was measured.")
        size, table = _samples(k), _table(coverage)
    if table.shape[-1] != len(size):
        raise ValueError(f"coverage has {table.shape[-1]} values of k and k has {len(size)}; give one for each.")
    n_problems = len(table) if table.ndim == 2 else None
    curve = table.mean(axis=0) if table.ndim == 2 else table
    _refuse_ends(size, curve)
    x = np.log(size)
    weights = None
    if n_problems is not None:
        even = np.full(n_problems, 1 / n_problems)
        weights = np.random.default_rng(seed).multinomial(n_problems, even, size=resamples).astype(np.float64)
    curves = curve[None] if weights is None else np.concatenate([curve[None], weights @ table / n_problems])
    bends, good = _lines(x, curves, degree=2)
    if form == "power":
        lines, fine = _lines(x, curves, degree=1)
        good &= fine
        constants = {"a": np.exp(lines[:, 0]), "b": lines[:, 1]}
        misfit = _double_log(curve) - lines[0, 0] - lines[0, 1] * x
        value, settled, at_bound = 0.5 * float(misfit @ misfit), True, ()
    else:
        found = beta_binomial.fit(data["correct"], data["samples"], weights)
        constants = {"alpha": found.alpha, "beta": found.beta}
        good &= found.settled & ~found.at_bound.any(axis=1)
        value, settled = float(found.value[0]), bool(found.settled[0])
        at_bound = tuple(np.array(list(constants))[found.at_bound[0]].tolist())
    constants["curvature"] = 2 * bends[:, 2]
    good[0] = True
    drawn = None if weights is None else {name: column[1:][good[1:]] for name, column in constants.items()}
    estimates = {
        name: _estimate(float(column[0]), None if drawn is None else drawn[name], level, name in at_bound)
        for name, column in constants.items()
    }
    curvature = estimates.pop("curvature")
    fit = CoverageFit(
        form=form,
        params=MappingProxyType(estimates),
        curvature=curvature,
        objective_value=value,
        n_points=len(size) if n_problems is None else n_problems,
        n_problems=n_problems,
        converged=settled,
        level=None if drawn is None else level,
        samples=None if drawn is None else MappingProxyType(drawn),
        n_lost=int((~good).sum()),
        warnings=(),
        data=MappingProxyType({"k": size, "coverage": curve, **data}),
    )
    for column in fit.data.values():
        column.setflags(write=False)
    notes = _notes(fit)
    for note in notes:
        python_warnings.warn(note, stacklevel=2)
    return replace(fit, warnings=notes)


def _double_log(coverage: Array) -> Array:
    """Compute ln(-ln c), the logarithm in which the power law is a line."""
    return np.log(-np.log(coverage))


def _lines(x: Array, curves: Array, *, degree: int) -> tuple[Array, np.ndarray]:
    """Fit a polynomial in ln k to ln(-ln c) of every curve, over the k where that exists.

    Returns coefficients of shape (n_curves, degree + 1), lowest power first, and which curves have points enough.
    """
    inside = (curves > 0) & (curves < 1)
    y = np.where(inside, _double_log(np.where(inside, curves, 0.5)), 0.0)
    centre = x.mean()
    powers = (x - centre) ** np.arange(2 * degree + 1)[:, None]
    moments = inside.astype(np.float64) @ powers.T
    order = np.arange(degree + 1)
    matrix = moments[:, order[:, None] + order]
    right = y @ powers[: degree + 1].T
    good = inside.sum(axis=1) > degree
    matrix[~good] = np.eye(degree + 1)
    shifted = np.linalg.solve(matrix, right[..., None])[..., 0]
    # The same polynomial about 0 instead of about the centre.
    out = shifted.copy()
    out[:, 0] = sum(shifted[:, i] * (-centre) ** i for i in order)
    out[:, 1] = sum(i * shifted[:, i] * (-centre) ** (i - 1) for i in order[1:])
    return out, good


def _counts(correct: ArrayLike, samples: ArrayLike) -> tuple[Array, Array]:
    c = validation.numeric(correct, "correct")
    if c.ndim != 1 or len(c) < 2:
        raise ValueError(f"correct has shape {c.shape}; give one count a problem, and two problems at least.")
    n = np.atleast_1d(validation.numeric(samples, "samples"))
    if n.shape not in ((1,), c.shape):
        raise ValueError(f"samples has {len(n)} rows and correct has {len(c)}; give one number, or one a problem.")
    n = np.broadcast_to(n, c.shape).copy()
    sampling.pass_at_k(c, n, 1)  # which refuses counts that are none, by row
    share = c / n
    if (share == share[0]).all() and share[0] in (0.0, 1.0):
        always = "always" if share[0] else "never"
        raise ValueError(f"correct: every problem was {always} solved; there is no curve to fit. Take other problems.")
    return c, n


def _samples(k: ArrayLike) -> Array:
    size = validation.positive_column(k, "k")
    if len(size) < 3 or not (np.diff(size) > 0).all():
        raise ValueError("k must rise and have three values or more; sort it and drop repeats.")
    return size


def _grid(correct: Array, samples: Array) -> Array:
    """Spread values of k evenly in ln k, from 1 to the smallest number of samples, where coverage is not 0 or 1."""
    size = np.unique(np.rint(np.geomspace(1, samples.min(), _VALUES_OF_K)))
    curve = sampling.pass_at_k(correct, samples, size).mean(axis=0)
    size = size[(curve > 0) & (curve < 1 - 1e-12)]
    if len(size) < 3:
        raise ValueError(
            f"correct: coverage lies between 0 and 1 at {len(size)} values of k only; a curve needs three. Take more "
            "samples, or harder problems."
        )
    return size


def _table(coverage: ArrayLike) -> Array:
    table = validation.numeric(coverage, "coverage")
    if table.ndim not in (1, 2) or 0 in table.shape:
        raise ValueError(f"coverage has shape {table.shape}; give one curve, or one row a problem.")
    bad = ~((table >= 0) & (table <= 1))
    if bad.any():
        place = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"coverage: entry {place} is {table[place]:g}; give shares from 0 to 1, and no NaN.")
    if table.ndim == 2 and len(table) < 2:
        raise ValueError("coverage: one problem is no sample of problems; give a curve, or two rows at least.")
    return table


def _refuse_ends(k: Array, curve: Array) -> None:
    bad = (curve <= 0) | (curve >= 1 - 1e-12)
    if bad.any():
        row = int(np.argmax(bad))
        raise ValueError(
            f"coverage is {curve[row]:g} at k = {k[row]:g} (entry {row}), and ln(-ln coverage) does not exist there. "
            "Leave that k out; average over problems first, then take logarithms."
        )


def _estimate(value: float, drawn: Array | None, level: float, at_bound: bool) -> Estimate:
    if drawn is None or len(drawn) < 2:
        return Estimate(value, at_bound=at_bound)
    low, high = (float(q) for q in np.quantile(drawn, [(1 - level) / 2, (1 + level) / 2]))
    return Estimate(value, float(drawn.std(ddof=1)), (low, high), at_bound)


def _notes(fit: CoverageFit) -> tuple[FitWarning, ...]:
    """Say where the law and the counts disagree, and what they leave open."""
    notes = []
    names = tuple(name for name, estimate in fit.params.items() if estimate.at_bound)
    if names:
        notes.append(
            FitWarning(
                "coverage_no_spread",
                f"{', '.join(names)}: at a bound; these counts show no spread of rates that a beta distribution could "
                "describe. Add problems, or fit the power law.",
                names,
            )
        )
    ends = fit.curvature.interval
    bent = ends is not None and (ends[0] > 0 or ends[1] < 0)
    if fit.form == "power" and bent and fit.r_squared is not None:
        first, last = fit.exponents_at_ends()
        notes.append(
            FitWarning(
                "coverage_bends",
                f"the exponent drifts from {first:.3g} at the smallest k to {last:.3g} at the largest, more than other "
                f"problems would explain: one exponent is a chord of a bent curve, although R2 is {fit.r_squared:.3f}. "
                "Do not extrapolate with it.",
                (f"{first:.3g} → {last:.3g}",),
            )
        )
    return tuple(notes)
