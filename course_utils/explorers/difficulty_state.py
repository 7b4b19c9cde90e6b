"""What *why a power law* is asked and answers: from the density of difficulty to the exponent of coverage."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits, Int

from course_utils import fitting, sampling
from course_utils.explorers.controls import decade_steps

if TYPE_CHECKING:
    import pandas

NOBODY = 0.0
ALPHAS = tuple(round(0.05 * i, 2) for i in range(1, 31))
MEANS = decade_steps(1e-3, 0.5, (1, 1.5, 2, 3, 5, 7))
HARDEST = (0.0, 1e-6, 1e-5, 1e-4, 1e-3, 1e-2)
SAMPLES_AT = tuple(int(k) for k in decade_steps(2, 1e5, (1, 2, 5)))
PROBLEMS, SAMPLES = 128, 10_000  # as many as Brown et al. 2024 took
SOLVED_AT = np.unique(np.rint(np.geomspace(1, SAMPLES, 17)))
EDGES = 10.0 ** np.arange(-4.25, 0.3, 0.5)  # half a power of ten wide; 1 of 10,000 falls into the first
RATES = np.concatenate([np.geomspace(1e-7, 0.29, 120), 1 - np.geomspace(0.7, 1e-4, 60)])
CURVE_AT = np.geomspace(1, 1e5, 120)

_FAR = 50.0  # misses expected on the hardest problem, from which on all others are solved
_NODES = np.linspace(0.0, 1.0, 500) ** 2  # crowded at the hardest rate, where a long run of samples looks


class DifficultyState(HasTraits):
    """What the reader sets: the density of difficulty, where its exponent is read, and whose counts stand beside it."""

    alpha = Float(0.3)
    mean = Float(0.02)
    hardest = Enum(HARDEST, default_value=0.0)
    k = Int(100)
    model = Float(NOBODY)


@dataclass(frozen=True, eq=False)
class Benchmark:
    """Counts of right samples on some problems, as a figure shows them.

    Attributes
    ----------
    problems, unsolved : int
        Problems, and those that no sample solved.
    rates, share : arrays of shape (n_bins,)
        Middle of each half power of ten that holds a problem, and the share of problems for a whole power of ten.
    k, missed : arrays of shape (n_k,)
        Samples and -ln coverage, where coverage is neither 0 nor 1.
    exponent, r_squared : float or None
        The line through ln(-ln coverage): its slope, and the share of variance it explains; None with under three k.
    """

    problems: int
    unsolved: int
    rates: np.ndarray
    share: np.ndarray
    k: np.ndarray
    missed: np.ndarray
    exponent: float | None
    r_squared: float | None


@dataclass(frozen=True, eq=False)
class DifficultyResult:
    """What a density of difficulty does to coverage.

    Attributes
    ----------
    alpha, beta, hardest : the beta distribution of rates, and the lowest rate that is left in it
    k : samples at which the exponent is read
    density : array of shape (180,), share of problems for a power of ten of p, at :data:`RATES`; 0 below the hardest
    curve : array of shape (120,), -ln coverage at :data:`CURVE_AT`
    at_one, at_k, at_ten_k : coverage of 1, k and 10 k samples
    missed : -ln coverage at k
    exponent, exponent_at_one, exponent_at_end : its slope in ln k, at k, at one sample and at 10,000
    tail : factor of the line that -ln coverage tends to, tail k**-alpha; None where a hardest rate ends the power
    simulated : counts on 128 problems drawn from the density, 10,000 samples each
    model : parameters of the published model, 0 for none
    published : its counts, or None
    published_alpha, published_beta : beta distribution that makes these most likely, or None
    """

    alpha: float
    beta: float
    hardest: float
    k: int
    density: np.ndarray
    curve: np.ndarray
    at_one: float
    at_k: float
    at_ten_k: float
    missed: float
    exponent: float
    exponent_at_one: float
    exponent_at_end: float
    tail: float | None
    simulated: Benchmark
    model: float
    published: Benchmark | None
    published_alpha: float | None
    published_beta: float | None


def benchmark_of(correct: np.ndarray, samples: int) -> Benchmark:
    """Summarise counts of right samples.

    Examples
    --------
    >>> counts = benchmark_of(np.array([0, 0, 3, 40]), 10_000)
    >>> counts.unsolved, counts.share
    (2, array([0.5, 0.5]))
    """
    rate = correct / samples
    held = np.histogram(rate[correct > 0], EDGES)[0]
    some = held > 0
    width = float(np.log10(EDGES[1] / EDGES[0]))
    coverage = sampling.pass_at_k(correct, samples, SOLVED_AT).mean(axis=0)
    inside = (coverage > 0) & (coverage < 1 - 1e-12)
    k, missed = SOLVED_AT[inside], -np.log(coverage[inside])
    exponent = r_squared = None
    if len(k) >= 3:
        x, y = np.log(k), np.log(missed)
        line = np.polyfit(x, y, 1)
        exponent = float(line[0])
        r_squared = float(1 - ((y - np.polyval(line, x)) ** 2).sum() / ((y - y.mean()) ** 2).sum())
    return Benchmark(
        problems=len(correct),
        unsolved=int((correct == 0).sum()),
        rates=np.sqrt(EDGES[1:] * EDGES[:-1])[some],
        share=held[some] / len(correct) / width,
        k=k,
        missed=missed,
        exponent=exponent,
        r_squared=r_squared,
    )


@lru_cache(maxsize=64)
def draw_benchmark(alpha: float, beta: float, hardest: float) -> Benchmark:
    """Draw 128 problems from the density and 10,000 samples of each, always by the same seed."""
    from scipy.special import betainc, betaincinv

    generator = np.random.default_rng(7)
    below = float(betainc(alpha, beta, hardest)) if hardest else 0.0
    rates = betaincinv(alpha, beta, below + (1 - below) * generator.random(PROBLEMS))
    return benchmark_of(generator.binomial(SAMPLES, np.clip(rates, 0.0, 1.0)), SAMPLES)


def missed_and_slope(alpha: float, beta: float, hardest: float, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    r"""Compute -ln coverage and its slope in ln k.

    .. math:: m(k) = \mathbb E[(1-p)^k], \qquad
       \frac{d \ln(-\ln(1 - m))}{d \ln k} = \frac{k\, m'(k)}{(1 - m)\,(-\ln(1 - m))}

    Parameters
    ----------
    alpha, beta, hardest : float
        Beta distribution of p, cut off below `hardest`.
    k : array of shape (n_k,)

    Returns
    -------
    missed, slope : arrays of shape (n_k,)

    Examples
    --------
    >>> missed, slope = missed_and_slope(0.3, 5.0, 0.0, np.array([1.0, 1e8]))
    >>> missed[:1].round(3), slope[1:].round(3)
    (array([2.872]), array([-0.301]))
    """
    from scipy.special import betaincc, betaln, psi

    whole = betaln(alpha, beta)
    log_m = betaln(alpha, beta + k) - whole
    change = k * (psi(beta + k) - psi(alpha + beta + k))  # d ln m / d ln k
    if hardest:
        log_kept = np.log(betaincc(alpha, beta, hardest))
        far = k * hardest > _FAR
        near = k[~far]
        step = near * 1e-4
        cut = [np.log(betaincc(alpha, beta + at, hardest)) for at in (near - step, near, near + step)]
        log_m[~far] += cut[1] - log_kept
        change[~far] += (cut[2] - cut[0]) / 2e-4
        if far.any():
            log_m[far], change[far] = _at_the_hardest(alpha, beta, hardest, k[far])
            log_m[far] -= whole + log_kept
    m = np.exp(log_m)
    small = m < 1e-12  # there -ln(1 - m) is m
    with np.errstate(divide="ignore", invalid="ignore"):
        missed = np.where(small, m, -np.log1p(-m))
        slope = np.where(small, change, change * m / ((1 - m) * missed))
    return missed, slope


def _at_the_hardest(alpha: float, beta: float, hardest: float, k: np.ndarray) -> tuple[np.ndarray, np.ndarray]:
    """Integrate where only problems near the hardest are still missed: ln of the integral, and its slope in ln k."""
    u = np.log(hardest) * (1 - _NODES)[:-1]  # ln p, up to short of 1
    left = np.log1p(-np.exp(u))
    weights = np.zeros(len(u))
    weights[1:] += np.diff(u) / 2
    weights[:-1] += np.diff(u) / 2
    terms = alpha * u + (beta - 1 + k[:, None]) * left + np.log(weights)
    top = terms.max(axis=1, keepdims=True)
    shares = np.exp(terms - top)
    total = shares.sum(axis=1)
    return top[:, 0] + np.log(total), k * (shares * left).sum(axis=1) / total


class Published:
    """Hold the published counts, or none.

    Parameters
    ----------
    table : pandas.DataFrame or None
        Columns of ``repeated_sampling``; None where it cannot be had.
    """

    def __init__(self, table: pandas.DataFrame | None):
        self.correct: Mapping[float, np.ndarray] = {}
        if table is not None:
            first = table[table["samples"] == SAMPLES].drop_duplicates(["params", "problem"])
            self.correct = {float(n): rows["correct"].to_numpy() for n, rows in first.groupby("params")}
        self._known: dict[float, tuple[Benchmark, float, float]] = {}

    @property
    def models(self) -> tuple[float, ...]:
        """Parameters of the models, smallest first."""
        return tuple(self.correct)

    def of(self, model: float) -> tuple[Benchmark | None, float | None, float | None]:
        """Return a model's counts and the beta distribution that makes them most likely."""
        if model not in self.correct:
            return None, None, None
        if model not in self._known:
            correct = self.correct[model]
            fit = fitting.fit_coverage(correct=correct, samples=SAMPLES, form="beta_binomial", resamples=2)
            self._known[model] = benchmark_of(correct, SAMPLES), fit["alpha"], fit["beta"]
        return self._known[model]

    def compute(self, alpha: float, mean: float, hardest: float, k: int, model: float) -> DifficultyResult:
        """Follow a density of difficulty to coverage and its exponent."""
        from scipy.special import betainc, betaln, gammaln

        beta = alpha * (1 - mean) / mean
        log_density = alpha * np.log(RATES) + (beta - 1) * np.log1p(-RATES) - betaln(alpha, beta)
        kept = 1.0 - (float(betainc(alpha, beta, hardest)) if hardest else 0.0)
        density = np.where(hardest <= RATES, np.log(10) * np.exp(log_density) / kept, 0.0)
        points = np.concatenate([[1.0, k, 10.0 * k, SAMPLES], CURVE_AT])
        missed, slope = missed_and_slope(alpha, beta, hardest, points)
        counts, fitted_alpha, fitted_beta = self.of(model)
        return DifficultyResult(
            alpha=alpha,
            beta=beta,
            hardest=hardest,
            k=k,
            density=density,
            curve=missed[4:],
            at_one=float(np.exp(-missed[0])),
            at_k=float(np.exp(-missed[1])),
            at_ten_k=float(np.exp(-missed[2])),
            missed=float(missed[1]),
            exponent=float(slope[1]),
            exponent_at_one=float(slope[0]),
            exponent_at_end=float(slope[3]),
            tail=None if hardest else float(np.exp(gammaln(alpha + beta) - gammaln(beta))),
            simulated=draw_benchmark(alpha, beta, hardest),
            model=model if counts is not None else NOBODY,
            published=counts,
            published_alpha=fitted_alpha,
            published_beta=fitted_beta,
        )
