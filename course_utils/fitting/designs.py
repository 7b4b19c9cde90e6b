"""Judge a design before buying it: fit a thousand laws to random subsets of a ladder, and see how far each one errs."""

from __future__ import annotations

from collections.abc import Iterator
from dataclasses import dataclass
from itertools import combinations, product

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.fitting.families import Array
from course_utils.fitting.ladders import Ladder, Rung
from course_utils.fitting.many_laws import CONSTANTS, Laws, Units, fit_subsets

_CHECKPOINTS = 6  # of each run at most, evenly spread over those that are kept: more of one curve say the same again


@dataclass(frozen=True)
class Design:
    """Say which runs may be bought, how many are, and what is fitted to them.

    Attributes
    ----------
    law : "chinchilla" (E + A N**-alpha + B D**-beta), "chinchilla_without_floor", "kaplan" (eq. 1.5), "compute"
        (A C**-alpha through the best run at each budget) or "compute_with_floor"
    budgets : smallest and largest budget that may be bought, FLOPs
    models : how many of the ladder's sizes are bought; the same size at two budgets counts twice
    seeds : runs of each, or as many as the ladder has; their mean is fitted
    checkpoints : fit the losses during training too. They were measured on the ruler of the curves, and so are the
        targets then
    dropped : share of each run's tokens before which checkpoints are left out
    """

    law: str = "kaplan"
    budgets: tuple[float, float] = (1e11, 1e13)
    models: int = 5
    seeds: int = 1
    checkpoints: bool = False
    dropped: float = 0.0

    def __post_init__(self) -> None:
        if self.law not in CONSTANTS:
            raise ValueError(f"law: {self.law!r} is not a form of law; choose one of {', '.join(CONSTANTS)}.")
        if len(self.budgets) != 2 or not 0 < self.budgets[0] <= self.budgets[1]:
            raise ValueError(f"budgets: {self.budgets!r}; give the smallest and the largest, in FLOPs.")
        for name in ("models", "seeds"):
            value = getattr(self, name)
            if isinstance(value, bool) or not isinstance(value, int) or value < 1:
                raise ValueError(f"{name}: {value!r}; give a whole number from 1.")
        if not 0 <= self.dropped < 1:
            raise ValueError(f"dropped: {self.dropped!r}; give a share from 0 to below 1.")
        if self.dropped and not self.checkpoints:
            raise ValueError("dropped: only checkpoints have a beginning; set checkpoints=True or dropped=0.")
        if self.checkpoints and self.of_compute:
            raise ValueError(
                f"checkpoints: {self.law!r} goes through the best finished run at each budget; "
                "choose a law of N and D, or checkpoints=False."
            )

    @property
    def of_compute(self) -> bool:
        """Whether the law has compute for its only input."""
        return self.law.startswith("compute")

    @property
    def constants(self) -> int:
        """How many constants the law has."""
        return CONSTANTS[self.law]


@dataclass(frozen=True, eq=False)
class Study:
    """Hold the laws that a design leads to, and how each of them errs.

    Attributes
    ----------
    design : what was studied
    targets : held-out runs, by compute; the last is the largest
    truth : array of shape (n_targets,), their measured losses, nats per token
    errors : array of shape (n_laws, n_targets), predicted / measured - 1; NaN for a law that could not be fitted
    baseline : array of shape (n_laws, n_targets), the same of the prediction "no better than the best run bought"
    cost : array of shape (n_laws,), training compute of the runs drawn, FLOPs
    n_possible : different subsets that the design allows
    complete : every one of them was fitted, and none is missing
    n_unfitted : laws without an answer: the subset held fewer budgets than the law has constants
    laws : the fitted laws
    """

    design: Design
    targets: tuple[Rung, ...]
    truth: Array
    errors: Array
    baseline: Array
    cost: Array
    n_possible: int
    complete: bool
    n_unfitted: int
    laws: Laws

    def __len__(self) -> int:
        return len(self.errors)

    def quantile(self, q: ArrayLike) -> Array:
        """Compute quantiles of the absolute relative error over the fitted laws: (n_targets,) or (n_q, n_targets).

        Examples
        --------
        >>> from course_utils import datasets
        >>> made = study(Design(), Ladder.of(datasets.load("text_runs")), n_laws=50)
        >>> made.quantile([0.1, 0.9]).shape
        (2, 1)
        """
        return np.nanquantile(np.abs(self.errors), q, axis=0)

    def share_within(self, error: float) -> Array:
        """Compute the share of all laws that err by at most `error`, either way; unfitted laws count as misses.

        Examples
        --------
        >>> from course_utils import datasets
        >>> made = study(Design(models=20), Ladder.of(datasets.load("text_runs")), n_laws=50)
        >>> bool(made.share_within(0.2)[-1] > 0.9)
        True
        """
        with np.errstate(invalid="ignore"):
            return (np.abs(self.errors) <= error).mean(axis=0)

    @property
    def bias(self) -> Array:
        """Median of the signed errors, shape (n_targets,): above zero the laws promise too little."""
        return np.nanmedian(self.errors, axis=0)

    @property
    def baseline_error(self) -> Array:
        """Median absolute error of "no better than the best run bought", shape (n_targets,)."""
        return np.median(np.abs(self.baseline), axis=0)

    @property
    def relative_cost(self) -> float:
        """Median compute of the runs drawn over the compute of the largest target."""
        return float(np.median(self.cost)) / self.targets[-1].flops

    def predict(self, *inputs: ArrayLike) -> Array:
        """Compute every law at some inputs (N and D, or C): array of shape (n_fitted, n_inputs)."""
        return self.laws.predict(*(np.log(np.atleast_1d(np.asarray(a, dtype=np.float64))) for a in inputs))

    def summary(self) -> str:
        """Describe the study target by target, in the reader's language."""
        from course_utils.fitting.study_presentation import study_text

        return study_text(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from course_utils.fitting.study_presentation import study_html

        return study_html(self)


def study(design: Design, ladder: Ladder, *, n_laws: int = 1000, seed: int = 0, exact: bool = True) -> Study:
    r"""Fit laws to random subsets of a ladder and compare what they foretell with the larger runs.

    .. math:: \mathrm{ARE} = |\hat L - L| / L

    A law sees `design.models` rungs (a size at a budget), drawn without replacement, each with `design.seeds` of its
    seeds, drawn without replacement. Where the design allows no more than `n_laws` different subsets, each is fitted
    once; otherwise `n_laws` are drawn, and one may come twice. What is minimised is the squared residual of log loss.
    Of the ladder's subsets of seven runs or more, 98 in a hundred end at the optimum of the full global search; with
    as many runs as constants there are several minima, and about one in twelve ends at a higher one.

    Parameters
    ----------
    design : which runs may be bought and what is fitted to them
    ladder : from ``Ladder.of``
    n_laws : laws to fit
    seed : of the draws
    exact : False stops each law after a dozen steps, three to five times as fast: single laws may still be on their
        way, the quantiles of all of them hardly move

    Returns
    -------
    Study

    Raises
    ------
    ValueError
        If the ladder has nothing to foretell beyond the design, fewer rungs or budgets than the design needs, or no
        curves where it asks for checkpoints.

    Source
    ------
    Choshen, Zhang and Andreas 2025 (arXiv 2410.11840), sections 3.2 and 5.2.

    Examples
    --------
    >>> from course_utils import datasets
    >>> ladder = Ladder.of(datasets.load("text_runs"))
    >>> made = study(Design(law="kaplan", budgets=(1e11, 1e12), models=21, seeds=3), ladder)
    >>> len(made), made.complete, made.quantile(0.5).round(3)
    (1, True, array([0.024, 0.029, 0.076]))
    """
    if n_laws < 1:
        raise ValueError(f"n_laws: {n_laws!r}; give at least 1.")
    pool = _pool(design, ladder)
    targets = ladder.targets(design.budgets[1], design.checkpoints)
    if not targets:
        raise ValueError(
            f"budgets: nothing in the ladder lies beyond {design.budgets[1]:.4g}; lower the largest budget, or add a "
            'run of the set "holdout".'
        )
    choices = [_seed_choices(rung, design) for rung in pool]
    counts = np.array([len(c) for c in choices])
    possible = n_possible(counts, design.models)
    if possible <= n_laws:
        picks = np.array(list(_every_subset(counts, design.models)), dtype=np.intp)
    else:
        picks = _draw(counts, design.models, n_laws, np.random.default_rng(seed))
    units, finals, cost = _units(pool, choices, design)
    truth = np.array([rung.loss(design.checkpoints) for rung in targets])
    if design.of_compute:
        picks_fitted, fitted = _frontiers(np.repeat([r.budget for r in pool], counts), finals, picks, design.constants)
    else:
        picks_fitted, fitted = picks, np.ones(len(picks), dtype=bool)
    if not fitted.any():
        raise ValueError(
            f"models: none of {len(picks)} subsets of {design.models} runs holds the {design.constants} budgets that "
            f"{design.law!r} needs; buy more models."
        )
    laws = fit_subsets(design.law, units, picks_fitted, exact=exact)
    errors = np.full((len(picks), len(targets)), np.nan)
    errors[fitted] = laws.predict(*_log_inputs(targets, design.of_compute)) / truth - 1.0
    return Study(
        design=design,
        targets=targets,
        truth=truth,
        errors=errors,
        baseline=finals[picks].min(axis=1)[:, None] / truth - 1.0,
        cost=cost[picks].sum(axis=1),
        n_possible=possible,
        complete=possible <= n_laws,
        n_unfitted=int((~fitted).sum()),
        laws=laws,
    )


def n_possible(counts: ArrayLike, models: int) -> int:
    """Count the subsets of `models` rungs where rung i can be had in counts[i] ways.

    Examples
    --------
    >>> n_possible([3, 3, 1], 2)
    15
    """
    ways = [1] + [0] * models  # ways[k]: subsets of k rungs among those seen so far
    for count in counts:
        for k in range(models, 0, -1):
            ways[k] += ways[k - 1] * int(count)
    return ways[models]


def _pool(design: Design, ladder: Ladder) -> list[Rung]:
    low, high = design.budgets
    pool = [r for r in ladder.rungs if low * (1 - 1e-9) <= r.budget <= high * (1 + 1e-9)]
    if design.models > len(pool):
        raise ValueError(
            f"models: {design.models} were asked for, and the ladder has {len(pool)} sizes from {low:.4g} to "
            f"{high:.4g} FLOPs; ask for at most {len(pool)}, or widen the budgets."
        )
    if design.of_compute:
        have, needed = len({r.budget for r in pool}), design.constants
        if have < needed:
            raise ValueError(
                f"budgets: {design.law!r} has {needed} constants and goes through one run a budget; {have} lie from "
                f"{low:.4g} to {high:.4g}. Widen the budgets."
            )
    elif design.models < (2 if design.checkpoints else design.constants):
        raise ValueError(
            f"models: {design.law!r} has {design.constants} constants; buy at least that many runs, or fit "
            "checkpoints of at least two."
        )
    if design.checkpoints and not ladder.has_curves:
        raise ValueError("checkpoints: this ladder has no curves; give Ladder.of the table of curves.")
    return pool


def _seed_choices(rung: Rung, design: Design) -> list[tuple[int, ...]]:
    have = len(rung.losses)
    return list(combinations(range(have), min(design.seeds, have)))


def _every_subset(counts: NDArray[np.intp], models: int) -> Iterator[tuple[int, ...]]:
    first = np.concatenate([[0], np.cumsum(counts)])
    for rungs in combinations(range(len(counts)), models):
        yield from product(*(range(first[i], first[i + 1]) for i in rungs))


def _draw(counts: NDArray[np.intp], models: int, n_laws: int, rng: np.random.Generator) -> NDArray[np.intp]:
    """Draw units: rungs without replacement, then one of each rung's choices of seeds."""
    first = np.cumsum(counts) - counts
    rungs = np.argsort(rng.random((n_laws, len(counts))), axis=1)[:, :models]
    return first[rungs] + (rng.random(rungs.shape) * counts[rungs]).astype(np.intp)


def _units(pool: list[Rung], choices: list[list[tuple[int, ...]]], design: Design) -> tuple[Units, Array, Array]:
    """Lay out every rung with every choice of its seeds; return also its final loss and its cost in FLOPs."""
    rows, finals, cost = [], [], []
    for rung, chosen in zip(pool, choices, strict=True):
        late = np.flatnonzero(rung.curve_tokens >= design.dropped * rung.tokens)
        keep = late[np.unique(np.linspace(0, len(late) - 1, _CHECKPOINTS).round().astype(int))]
        for seeds in chosen:
            of_seeds = list(seeds)
            end = rung.curves[of_seeds, -1].mean() if design.checkpoints else rung.losses[of_seeds].mean()
            if design.of_compute:
                row = ([rung.flops], [end])
            elif design.checkpoints:
                tokens = rung.curve_tokens[keep]
                row = (np.full(len(tokens), rung.params), tokens, rung.curves[of_seeds][:, keep].mean(axis=0))
            else:
                row = ([rung.params], [rung.tokens], [end])
            rows.append(row)
            finals.append(end)
            cost.append(rung.flops * len(seeds))
    width = max(len(row[0]) for row in rows)
    columns = np.zeros((len(rows[0]), len(rows), width))
    weights = np.zeros((len(rows), width))
    for i, row in enumerate(rows):
        n = len(row[0])
        columns[:, i, :n] = np.log(row)
        weights[i, :n] = 1.0
    return Units(tuple(columns[:-1]), columns[-1], weights), np.array(finals), np.array(cost)


def _frontiers(
    budget: Array, finals: Array, picks: NDArray[np.intp], needed: int
) -> tuple[NDArray[np.intp], NDArray[np.bool_]]:
    """Keep the best unit at each budget of every subset, and the subsets that hold enough budgets."""
    levels = np.unique(budget)
    best = np.full((len(picks), len(levels)), -1, dtype=np.intp)
    rows = np.arange(len(picks))
    for k, level in enumerate(levels):
        loss = np.where(budget[picks] == level, finals[picks], np.inf)
        where = loss.argmin(axis=1)
        best[:, k] = np.where(np.isfinite(loss[rows, where]), picks[rows, where], -1)
    fitted = (best >= 0).sum(axis=1) >= needed
    return best[fitted], fitted


def _log_inputs(targets: tuple[Rung, ...], of_compute: bool) -> tuple[Array, ...]:
    if of_compute:
        return (np.log([rung.flops for rung in targets]),)
    return np.log([rung.params for rung in targets]), np.log([rung.tokens for rung in targets])
