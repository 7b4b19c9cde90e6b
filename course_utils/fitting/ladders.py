"""Hold a ladder of runs as arrays, so that designs can be drawn from it: what may be bought and what is foretold."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting import validation
from course_utils.fitting.families import Array

if TYPE_CHECKING:
    from pandas import DataFrame

_RUN_COLUMNS = ("set", "budget", "tokens", "flops", "loss_nats", "seed")
_CURVE_COLUMNS = ("run", "step", "tokens", "flops", "loss_nats")


@dataclass(frozen=True, eq=False)
class Rung:
    """Hold the runs of one size at one budget, which differ in their seed alone.

    Attributes
    ----------
    budget : FLOPs that were planned
    params, tokens, flops : what was trained
    losses : array of shape (n_seeds,), final losses, nats per token
    curve_tokens, curve_flops : arrays of shape (n_checkpoints,)
    curves : array of shape (n_seeds, n_checkpoints), losses during training; the last one is the end of the run
    """

    budget: float
    params: float
    tokens: float
    flops: float
    losses: Array
    curve_tokens: Array
    curve_flops: Array
    curves: Array

    def loss(self, checkpoints: bool) -> float:
        """Return the mean over seeds of the loss at the end, on the ruler of the finals or of the curves."""
        return float(self.curves[:, -1].mean() if checkpoints else self.losses.mean())


@dataclass(frozen=True, eq=False)
class Ladder:
    """Hold runs that may be bought, and larger runs that nobody fits.

    Attributes
    ----------
    rungs : runs of the grid, by budget and size
    holdouts : runs beyond the grid
    has_curves : whether losses during training are known
    """

    rungs: tuple[Rung, ...]
    holdouts: tuple[Rung, ...]
    has_curves: bool

    @classmethod
    def of(
        cls, runs: DataFrame, curves: DataFrame | None = None, *, params: str = "params_blocks_and_head"
    ) -> Ladder:
        """Arrange tables of runs by budget and size.

        Parameters
        ----------
        runs : one row a run, with the columns of the table ``text_runs``; sets other than "grid" and "holdout", and
            runs that diverged, are left out
        curves : one row a checkpoint, with the columns of the table ``text_curves``. Curves may be measured on another
            sample of the held-out text than the final losses, so the two are never mixed in one fit
        params : the column that counts N

        Raises
        ------
        ValueError
            If a column is missing, a loss is not positive, there is no run of the set "grid", or seeds of one size were
            measured at different steps.

        Examples
        --------
        >>> from course_utils import datasets
        >>> ladder = Ladder.of(datasets.load("text_runs"), datasets.load("text_curves"))
        >>> len(ladder.rungs), len(ladder.holdouts), len(ladder.budgets)
        (33, 1, 5)
        """
        _need(runs, (*_RUN_COLUMNS, params), "runs")
        if curves is not None:
            _need(runs, ("run",), "runs")
            _need(curves, _CURVE_COLUMNS, "curves")
        if "diverged" in runs:
            runs = runs[~runs["diverged"].astype(bool)]
        by_run = {} if curves is None else dict(tuple(curves.sort_values("step").groupby("run")))
        rungs = {}
        for kind in ("grid", "holdout"):
            groups = runs[runs["set"] == kind].sort_values("seed").groupby(["budget", params, "tokens"])
            rungs[kind] = tuple(_rung(rows, by_run, params, curves is not None) for _, rows in groups)
        if not rungs["grid"]:
            raise ValueError('runs: no row has set == "grid"; give the runs that a design may buy that name.')
        return cls(rungs["grid"], rungs["holdout"], curves is not None)

    @property
    def budgets(self) -> tuple[float, ...]:
        """Budgets of the grid in FLOPs, ascending."""
        return tuple(sorted({rung.budget for rung in self.rungs}))

    def frontier(self, checkpoints: bool = False) -> tuple[Rung, ...]:
        """Return the rung of the lowest seed mean at each budget, ascending."""
        best: dict[float, Rung] = {}
        for rung in self.rungs:
            held = best.get(rung.budget)
            if held is None or rung.loss(checkpoints) < held.loss(checkpoints):
                best[rung.budget] = rung
        return tuple(best[budget] for budget in sorted(best))

    def targets(self, largest: float, checkpoints: bool = False) -> tuple[Rung, ...]:
        """Return what a design that stops at `largest` foretells: the frontier beyond it, then the holdouts."""
        beyond = (rung for rung in self.frontier(checkpoints) if rung.budget > largest * (1 + 1e-9))
        return (*beyond, *self.holdouts)


def _need(table: DataFrame, columns: tuple[str, ...], name: str) -> None:
    missing = [column for column in columns if column not in table]
    if missing:
        raise ValueError(f"{name}: the column {missing[0]!r} is missing; the table needs {', '.join(columns)}.")


def _rung(rows: DataFrame, by_run: dict, params: str, with_curves: bool) -> Rung:
    first = rows.iloc[0]
    losses = validation.positive_column(rows["loss_nats"].to_numpy(), "runs: loss_nats")
    if with_curves:
        of_seeds = [_curve(by_run, run) for run in rows["run"]]
        tokens, flops = of_seeds[0][:2]
        for run, (others, _, _) in zip(rows["run"], of_seeds, strict=True):
            if not np.array_equal(others, tokens):
                raise ValueError(
                    f"curves: run {run!r} was measured at other token counts than {rows['run'].iloc[0]!r}, which "
                    "differs in its seed alone; measure all seeds of a size at the same steps."
                )
        curves = np.array([loss for _, _, loss in of_seeds])
    else:
        tokens, flops = np.array([float(first["tokens"])]), np.array([float(first["flops"])])
        curves = losses[:, None]
    return Rung(
        float(first["budget"]), float(first[params]), float(first["tokens"]), float(first["flops"]),
        losses, tokens, flops, curves,
    )  # fmt: skip


def _curve(by_run: dict, run: str) -> tuple[NDArray, NDArray, NDArray]:
    if run not in by_run:
        raise ValueError(f"curves: no checkpoint of run {run!r}; give every run its curve, or leave curves out.")
    rows = by_run[run]
    return (
        rows["tokens"].to_numpy(dtype=np.float64),
        rows["flops"].to_numpy(dtype=np.float64),
        validation.positive_column(rows["loss_nats"].to_numpy(), "curves: loss_nats"),
    )
