"""What *fit a thousand laws* lets the reader choose, and what follows from it."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from traitlets import Float, HasTraits, Int, Tuple, Unicode

from course_utils.fitting.designs import Design, Study, study
from course_utils.fitting.ladders import Ladder, Rung

Array = NDArray[np.float64]

LAWS = ("chinchilla", "chinchilla_without_floor", "kaplan", "compute", "compute_with_floor")
MODELS = (4, 5, 7, 10, 15, 20, 30)
CURVES = (0.0, 0.5, 0.7, 0.9, 0.97, 1.0)  # share of a run, counted from its end, whose checkpoints are fitted
_PATH = 25
_BAND = (0.05, 0.25, 0.5, 0.75, 0.95)


class ThousandState(HasTraits):
    """What the reader chooses: which runs may be bought, how many are, and what is fitted to them."""

    law = Unicode("chinchilla")
    span = Tuple(Float(), Float(), default_value=(1e11, 1e13))
    models = Int(7)
    seeds = Int(1)
    curve = Float(0.0)


@dataclass(frozen=True)
class Row:
    """How the laws err on one target; shares, the bias signed."""

    budget: float
    median: float
    ninety: float
    within_4: float
    within_20: float
    bias: float
    baseline: float


@dataclass(frozen=True, eq=False)
class Ruler:
    """The ladder's losses as one ruler has them: at the end of the runs, or of their curves.

    Attributes
    ----------
    flops, loss : arrays of shape (n_runs,), every run of the grid
    rung_flops, rung_loss : arrays of shape (n_rungs,), means over seeds
    path : log inputs along the best rungs and on to the largest target: log C, log N, log D
    """

    flops: Array
    loss: Array
    rung_budget: Array
    rung_flops: Array
    rung_loss: Array
    path: tuple[Array, Array, Array]


@dataclass(frozen=True, eq=False)
class ThousandResult:
    """What the laws of a design foretell.

    Attributes
    ----------
    refusal : why nothing could be fitted, as a key of the words, or None
    constants : of the law
    models : sizes that each law sees, at most as many as there are
    errors : array of shape (n_fitted,), predicted / measured - 1 at the largest target
    rows : how they err, target by target; empty where nothing could be fitted
    too_high : share of the laws that foretell too high a loss at the largest target
    costs : 5, 50 and 95 per cent quantiles of the drawn runs' compute over the largest target's
    path_flops, path_loss : arrays of shape (n_path,) and (5, n_path): quantiles of the laws along the best runs
    """

    ruler: Ruler
    law: str
    span: tuple[float, float]
    seeds: int
    curve: float
    refusal: str | None
    constants: int
    models: int
    n_laws: int
    n_unfitted: int
    n_possible: int
    complete: bool
    errors: Array
    rows: tuple[Row, ...]
    too_high: float
    costs: Array
    path_flops: Array
    path_loss: Array
    target_flops: Array
    target_loss: Array


def make_ruler(ladder: Ladder, checkpoints: bool) -> Ruler:
    """Lay out the runs of a ladder and the way along its best ones."""
    losses = [rung.curves[:, -1] if checkpoints else rung.losses for rung in ladder.rungs]
    nodes = [*ladder.frontier(checkpoints), *ladder.holdouts]
    log_c, log_n, log_d = (np.log([getattr(rung, name) for rung in nodes]) for name in ("flops", "params", "tokens"))
    way = np.linspace(log_c[0], log_c[-1] + 0.25 * np.log(2), _PATH)
    beyond = [
        np.where(way > log_c[-1], y[-1] + (way - log_c[-1]) / 2, np.interp(way, log_c, y)) for y in (log_n, log_d)
    ]
    return Ruler(
        np.concatenate([np.full(len(loss), r.flops) for r, loss in zip(ladder.rungs, losses, strict=True)]),
        np.concatenate(losses),
        np.array([rung.budget for rung in ladder.rungs]),
        np.array([rung.flops for rung in ladder.rungs]),
        np.array([loss.mean() for loss in losses]),
        (way, *beyond),
    )


def design_of(state: ThousandState, ladder: Ladder) -> Design:
    """Turn the state into a design: never more runs than there are, and curves only for laws of N and D."""
    law = state.law
    low, high = state.span
    have = sum(low <= rung.budget <= high for rung in ladder.rungs)
    curve = 0.0 if law.startswith("compute") else state.curve
    return Design(
        law=law,
        budgets=(low, high),
        models=min(state.models, have),
        seeds=state.seeds,
        checkpoints=curve > 0,
        dropped=round(1.0 - curve, 9) if curve > 0 else 0.0,
    )


def refusal_of(design: Design, ladder: Ladder) -> str | None:
    """Say why a design cannot be studied: too few budgets for a law of compute, or too few runs for the others."""
    if design.of_compute:
        low, high = design.budgets
        have = sum(low <= budget <= high for budget in ladder.budgets)
        return "few_budgets" if have < design.constants else None
    return "few_models" if not design.checkpoints and design.models < design.constants else None


def refused(design: Design, ruler: Ruler, refusal: str, targets: tuple[Rung, ...]) -> ThousandResult:
    """Return a result without laws."""
    none = np.empty(0)
    return _result(design, ruler, targets, refusal=refusal, errors=none, costs=none, path_loss=np.empty((5, 0)))


def studied(design: Design, ruler: Ruler, ladder: Ladder, n_laws: int) -> ThousandResult:
    """Fit the laws, and sum up how they err."""
    made = study(design, ladder, n_laws=n_laws, exact=False)
    columns = (*made.quantile([0.5, 0.9]), made.share_within(0.04), made.share_within(0.2))
    rows = tuple(
        Row(target.budget, *(float(c[i]) for c in columns), float(made.bias[i]), float(made.baseline_error[i]))
        for i, target in enumerate(made.targets)
    )
    errors = made.errors[np.isfinite(made.errors[:, -1]), -1]
    way, log_n, log_d = ruler.path
    foretold = made.laws.predict(way) if design.of_compute else made.laws.predict(log_n, log_d)
    return _result(
        design,
        ruler,
        made.targets,
        made=made,
        errors=errors,
        rows=rows,
        too_high=float((errors > 0).mean()),
        costs=np.quantile(made.cost, (0.05, 0.5, 0.95)) / made.targets[-1].flops,
        path_loss=np.quantile(foretold, _BAND, axis=0),
    )


def _result(
    design: Design,
    ruler: Ruler,
    targets: tuple[Rung, ...],
    *,
    errors: Array,
    costs: Array,
    path_loss: Array,
    made: Study | None = None,
    refusal: str | None = None,
    rows: tuple[Row, ...] = (),
    too_high: float = 0.0,
) -> ThousandResult:
    return ThousandResult(
        ruler=ruler,
        law=design.law,
        span=design.budgets,
        seeds=design.seeds,
        curve=1.0 - design.dropped if design.checkpoints else 0.0,
        refusal=refusal,
        constants=design.constants,
        models=design.models,
        n_laws=0 if made is None else len(made),
        n_unfitted=0 if made is None else made.n_unfitted,
        n_possible=0 if made is None else made.n_possible,
        complete=made is not None and made.complete,
        errors=errors,
        rows=rows,
        too_high=too_high,
        costs=costs,
        path_flops=np.exp(ruler.path[0])[: path_loss.shape[1]],
        path_loss=path_loss,
        target_flops=np.array([rung.flops for rung in targets]),
        target_loss=np.array([rung.loss(design.checkpoints) for rung in targets]),
    )
