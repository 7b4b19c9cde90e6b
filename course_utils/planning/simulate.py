"""Try a design many times before paying for it: how wide its forecasts are, how far they err, and which way."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting import validation
from course_utils.planning.checks import whole
from course_utils.planning.designs import CURVE_FROM, Design, PlannedRun
from course_utils.planning.forecast import best_log_params, student_quantiles, target_law
from course_utils.planning.posterior import Array, Plan, posterior, wander_covariance
from course_utils.planning.prior import WIDTHS, shape
from course_utils.planning.world import World

_LARGEST_LOG = 300.0  # of a loss that can still be divided by another
CURVE_POINTS = 8
"""How often a run of a plan is measured on its way, evenly in the logarithm from 1/200 of the run to its end."""


@dataclass(frozen=True, eq=False)
class Simulation:
    """Hold what a design led to in many simulated ladders.

    Attributes
    ----------
    design : what was tried
    world : the law behind it
    level : promised coverage
    interval_width : median of (high - low) / loss
    error_median, error_90 : median and 90th percentile of the absolute relative error
    inside : share of the targets inside their interval
    bias : median of the signed error; above zero the forecasts promise too little
    loss, low, high, measured : the forecasts and what the targets gave, nats per token, shape (n,)
    widths : width of every target, shape (n,)
    """

    design: Design
    world: World
    level: float
    interval_width: float
    error_median: float
    error_90: float
    inside: float
    bias: float
    loss: Array
    low: Array
    high: Array
    measured: Array
    widths: NDArray[np.intp]

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def errors(self) -> Array:
        """Signed relative errors, foretold / measured - 1, shape (n,)."""
        return self.loss / self.measured - 1

    def summary(self) -> str:
        """Describe the simulation in a few lines, in the reader's language."""
        from course_utils.planning.presentation import simulation_text

        return simulation_text(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from course_utils.planning.presentation import simulation_html

        return simulation_html(self)


def simulate(
    design: Design, world: World | None = None, *, n: int = 200, seed: int = 0, level: float = 0.8
) -> Simulation:
    """Draw the runs of a design from a world, forecast, draw the target, compare; n times.

    In every simulated ladder exponents wander anew and every run has its own luck. All points of one curve share the
    luck of their run, and stand too high where its learning rate has not yet fallen; the forecast knows neither, and
    that is what fitting checkpoints costs. The target has the width of `WIDTHS` nearest to the forecast's own valley.

    Parameters
    ----------
    design : from `planning.design`
    world : the law behind the runs; the shipped ladder's when None, `World.of` fits one to runs of one's own
    n : simulated ladders
    seed : of the draws; the same seed draws the same luck for every world, so sliders move smoothly
    level : coverage of the intervals

    Returns
    -------
    Simulation

    Raises
    ------
    ValueError
        If n or the seed is no whole number, the level is no coverage, or the world's losses, or the intervals of the
        forecasts, reach beyond what a float can count.

    Examples
    --------
    >>> from course_utils.planning.designs import design
    >>> made = simulate(design("ladder"), n=100)
    >>> 0.7 < made.inside < 0.95, made.interval_width < 0.15
    (True, True)
    """
    if isinstance(n, bool) or not isinstance(n, (int, np.integer)) or n < 1:
        raise ValueError(f"n: {n!r}; give a whole number of ladders from 1.")
    level = validation.probability(level)
    seed = whole(seed, "seed", 0, 2**63)
    if not isinstance(design, Design):
        raise ValueError(f"design: {type(design).__name__} is no design; make one with planning.design(...).")
    world = World() if world is None else world
    if not isinstance(world, World):
        raise ValueError(f"world: {type(world).__name__} is no world; make one with planning.World(...).")
    rows = plan_rows(design)
    size, compute = (np.array(column, dtype=np.float64) for column in (rows.params, rows.flops))
    plan = Plan.of(np.log(size), np.log(compute))
    rng = np.random.default_rng(seed)
    luck = rng.standard_normal((n, rows.n_runs))
    own_luck = rng.standard_normal(n)
    v = np.log(design.target) - plan.centre[1]
    at = np.append(plan.at, v)
    paths = rng.standard_normal((n, len(at))) @ _root(wander_covariance(at[:, None], at[None, :])).T * world.wander
    mean = world.log_loss(size, compute) + np.where(rows.cosine, world.excess(compute, rows.ends_at), 0.0)
    y = mean + paths[:, plan.rung] + world.scatter(compute) * luck[:, rows.run]
    valleys = posterior(plan, y)
    log_n = best_log_params(valleys, v)
    log_sizes = np.log([shape(width, design.vocabulary).params_blocks_and_head for width in WIDTHS])
    fallback = log_sizes[WIDTHS.index(design.target_width)]
    log_n = np.where(np.isfinite(log_n), log_n, fallback)
    chosen = np.abs(log_n[:, None] - log_sizes).argmin(axis=1)
    foretold, sd, _ = target_law(valleys, log_sizes[chosen] - plan.centre[0], v)
    truth = world.log_loss(np.exp(log_sizes[chosen]), design.target) + paths[:, -1]
    truth = truth + world.scatter(design.target) * own_luck
    reach = student_quantiles(level, valleys.freedom) * sd
    for logs in (y, truth, foretold - reach, foretold + reach):
        if not (np.abs(logs) < _LARGEST_LOG).all():
            raise ValueError(
                "world: its losses, or the intervals of their forecasts, reach beyond what a float can count; choose a "
                "world of smaller exponents, scatter and steepness, or a design nearer to its target."
            )
    loss, low, high, measured = (np.exp(x) for x in (foretold, foretold - reach, foretold + reach, truth))
    errors = loss / measured - 1
    return Simulation(
        design=design,
        world=world,
        level=level,
        interval_width=float(np.median((high - low) / loss)),
        error_median=float(np.median(np.abs(errors))),
        error_90=float(np.quantile(np.abs(errors), 0.9)),
        inside=float(np.mean((low <= measured) & (measured <= high))),
        bias=float(np.median(errors)),
        loss=loss,
        low=low,
        high=high,
        measured=measured,
        widths=np.array(WIDTHS)[chosen],
    )


@dataclass(frozen=True, eq=False)
class PlanRows:
    """Hold the rows that a design gives to its forecast: final losses, and points of curves where they count.

    Attributes
    ----------
    params, flops, ends_at : of every row; the last is the compute at which its run ends
    cosine : whether the run's rate falls along a cosine
    run : number of the run
    n_runs : how many there are
    """

    params: Array
    flops: Array
    ends_at: Array
    cosine: NDArray[np.bool_]
    run: NDArray[np.intp]
    n_runs: int


def plan_rows(design: Design) -> PlanRows:
    """Lay out the rows of a design.

    Examples
    --------
    >>> from course_utils.planning.designs import design
    >>> len(plan_rows(design("ladder")).flops), len(plan_rows(design("checkpoints")).flops)
    (25, 15)
    """
    rows = []
    for number, run in enumerate(design.runs):
        for flops in _measured_at(run, CURVE_FROM * design.target) if design.uses_curves else (run.flops,):
            rows.append((run.params, flops, run.flops, run.schedule == "cosine", number))
    params, flops, ends_at, cosine, number = zip(*rows, strict=True)
    return PlanRows(
        np.array(params, dtype=float), np.array(flops), np.array(ends_at), np.array(cosine), np.array(number),
        len(design.runs),
    )  # fmt: skip


def _measured_at(run: PlannedRun, least: float) -> list[float]:
    """Return the FLOPs of the measurements on the way that count."""
    steps = np.unique(np.round(np.geomspace(max(1, run.steps / 200), run.steps, CURVE_POINTS)).astype(int))
    flops = steps * (run.flops / run.steps)
    return [float(x) for x in flops[flops >= least]]


def _root(covariance: Array) -> Array:
    """Return a square root of a covariance that may be singular."""
    values, vectors = np.linalg.eigh(covariance)
    return vectors * np.sqrt(np.maximum(values, 0.0))
