"""A world in which a plan can be tried before it is paid for: what a run of any size and compute would give."""

from __future__ import annotations

from dataclasses import dataclass, fields
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike

from course_utils.fitting import validation
from course_utils.planning.checks import positives
from course_utils.planning.forecast import forecast
from course_utils.planning.posterior import WANDER, Array
from course_utils.planning.prior import VALLEY_EXPONENT, VALLEY_SCALE
from course_utils.planning.tables import Runs

if TYPE_CHECKING:
    from pandas import DataFrame


_LARGEST = 1e6  # of an exponent or of a scatter
_LARGEST_LOG = 600.0  # of a number that is still one


@dataclass(frozen=True)
class World:
    """Hold the law by which simulated runs are drawn; the defaults are the shipped ladder's.

    Attributes
    ----------
    loss, flops : a point of the valley's bottom, nats per token and FLOPs
    exponent : -d ln(L - floor) / d ln C along the bottom, before it wanders
    floor : nats per token that no compute removes
    valley_scale, valley_exponent : N_opt = scale * C**exponent
    steepness, skew : ln L gains steepness * w**2 + skew * w**3 beside the bottom, w = ln N / N_opt
    wander : tau; every simulated ladder has an exponent of its own that wanders by tau times the root of the e-folds
    noise, noise_exponent : scatter of ln L from seed to seed at `flops`, and its power of C
    unfinished : e0, e1, e2: the loss on the way of a run with a cosine schedule stands higher in ln L than that of a
        run that ends there, by e0 + e1 ln(C / 1e12) + e2 ln(share / 0.3) where share (of C) is up to a third, less and
        less from there to the end, and never below 0
    """

    loss: float = 3.796
    flops: float = 1e12
    exponent: float = 0.0746
    floor: float = 0.0
    valley_scale: float = VALLEY_SCALE
    valley_exponent: float = VALLEY_EXPONENT
    steepness: float = 0.064
    skew: float = -0.0156
    wander: float = WANDER
    noise: float = 0.0104
    noise_exponent: float = -0.151
    unfinished: tuple[float, float, float] = (0.0170, 0.0204, 0.0138)

    def __post_init__(self) -> None:
        for field in fields(self):
            given = getattr(self, field.name)
            values = validation.numeric(given, field.name)
            many = (3,) if field.name == "unfinished" else ()
            if values.shape != many:
                raise ValueError(f"{field.name}: {given!r}; give {'three numbers' if many else 'one number'}.")
            if not np.isfinite(values).all():
                raise ValueError(f"{field.name}: {given!r}; give a finite number.")
            if field.name not in ("flops", "valley_scale") and not (np.abs(values) <= _LARGEST).all():
                raise ValueError(f"{field.name}: {given!r}; give a number up to {_LARGEST:g}.")
        for name in ("loss", "flops", "valley_scale", "noise"):
            if not 1e-100 <= getattr(self, name) <= 1e100:
                raise ValueError(f"{name}: {getattr(self, name)!r}; give a positive number, 1e-100 to 1e100.")
        if self.wander < 0:
            raise ValueError(f"wander: {self.wander!r}; give 0 (exponents stay) or more.")
        if not 0 <= self.floor < self.loss:
            raise ValueError(f"floor: {self.floor!r}; give 0 or more, and less than the loss of {self.loss:.4g}.")

    @classmethod
    def of(cls, params: ArrayLike, flops: ArrayLike, loss: ArrayLike) -> World:
        """Fit a world to some runs: a reader's own screening, say. Unfinished runs stand as high as the shipped ones.

        Parameters
        ----------
        params, flops, loss : arrays of shape (n_runs,), as for `forecast`

        Raises
        ------
        ValueError
            If the runs are refused by `forecast`, or show no valley.

        Examples
        --------
        >>> from course_utils import datasets
        >>> grid = datasets.load("text_runs").query("set == 'grid'")
        >>> world = World.of(grid["params_blocks_and_head"], grid["flops"], grid["loss_nats"])
        >>> round(world.exponent, 3), round(world.valley_exponent, 2)
        (0.075, 0.49)
        """
        compute = validation.positive_column(flops, "flops")
        fitted = forecast(params, compute, loss, target_flops=float(compute.max()) if len(compute) else 1.0)
        if fitted.best_params is None:
            raise ValueError("loss: these runs show no valley, so no world can be drawn from them; add widths.")
        valleys = fitted.valleys
        plan, weight = valleys.plan, valleys.weight[0]
        a = float((valleys.a[0] * weight).sum())
        constants = (valleys.constants[0] * weight[:, None]).sum(axis=0)
        ends = np.array([plan.at[0], 0.0, plan.at[-1]])
        best = np.log(fitted.best_params) - plan.centre[0] - a * (np.log(fitted.target_flops) - plan.centre[1])
        bottom = valleys.at(best + a * ends, ends)[0][0]
        log_noise = np.log(valleys.noise[0])
        slope = float(np.polyfit(plan.at, log_noise, 1)[0]) if len(plan.at) > 2 else 0.0
        return cls(
            loss=float(np.exp(bottom[1])),
            flops=float(np.exp(plan.centre[1])),
            exponent=-float((bottom[2] - bottom[0]) / (ends[2] - ends[0])),
            valley_scale=float(np.exp(best + plan.centre[0] - a * plan.centre[1])),
            valley_exponent=a,
            steepness=max(float(constants[3] + 3 * constants[4] * best), 0.0),
            skew=float(constants[4]),
            noise=float(np.exp(log_noise.mean() - slope * plan.at.mean())),
            noise_exponent=float(np.clip(slope, -0.5, 0.5)),
        )

    @classmethod
    def of_table(cls, runs: DataFrame) -> World:
        """Fit a world to a table of runs with the columns of ``text_runs``; runs that diverged are left out.

        Raises
        ------
        ValueError
            If a column is missing or a value bad, or as `of`.
        """
        made = Runs.of(runs)
        return cls.of(made.params, made.flops, made.loss)

    def optimal_params(self, flops: ArrayLike) -> Array:
        """Compute the best N for some computes."""
        return self._power(self.valley_scale, flops, 1.0, self.valley_exponent)

    def log_loss(self, params: ArrayLike, flops: ArrayLike) -> Array:
        """Compute ln L of a run of average luck, before exponents wander.

        Examples
        --------
        >>> world = World()
        >>> float(np.exp(world.log_loss(world.optimal_params(1e12), 1e12)).round(3))
        3.796
        """
        c = np.log(positives(flops, "flops"))
        falls = np.log(self.loss - self.floor) - self.exponent * (c - np.log(self.flops))
        bottom = np.logaddexp(falls, np.log(self.floor)) if self.floor else falls
        w = np.log(positives(params, "params")) - np.log(self.valley_scale) - self.valley_exponent * c
        return bottom + self.steepness * w**2 + self.skew * w**3

    def scatter(self, flops: ArrayLike) -> Array:
        """Compute the standard deviation of ln L from seed to seed at some computes."""
        return self._power(self.noise, flops, self.flops, self.noise_exponent)

    @staticmethod
    def _power(scale: float, flops: ArrayLike, unit: float, exponent: float) -> Array:
        compute = positives(flops, "flops")
        if (np.abs(exponent * (np.log(compute) - np.log(unit))) > _LARGEST_LOG).any():
            raise ValueError(f"flops: to the power {exponent:g} of this world they are beyond what a float can count.")
        return scale * (compute / unit) ** exponent

    def excess(self, flops: ArrayLike, ends_at: ArrayLike) -> Array:
        """Compute by how much ln L stands too high after `flops` of a cosine run that ends at `ends_at` FLOPs.

        Examples
        --------
        >>> World().excess([3e12, 1e13], 1e13).round(3)
        array([0.064, 0.   ])
        """
        ends_at = positives(ends_at, "ends_at")
        share = positives(flops, "flops") / ends_at
        e0, e1, e2 = self.unfinished
        high = np.maximum(e0 + e1 * np.log(ends_at / 1e12) + e2 * np.log(np.minimum(share, 1 / 3) / 0.3), 0.0)
        rate = 0.5 * (1 + np.cos(np.pi * np.clip(share, 1 / 3, 1.0))) / 0.75
        return high * rate
