"""Read what a forecast needs out of tables of runs and curves: a DataFrame, or a mapping of columns."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_utils.fitting import validation
from course_utils.planning.checks import table as table_of
from course_utils.planning.designs import CURVE_FROM, Design
from course_utils.planning.posterior import Array
from course_utils.planning.prior import WIDEST

if TYPE_CHECKING:
    from pandas import DataFrame


@dataclass(frozen=True, eq=False)
class Runs:
    """Hold finished runs as columns, those that diverged left out.

    Attributes
    ----------
    name : names of the runs
    params, flops, loss : N, C and final loss, shape (n_runs,)
    width : d_model
    flops_without_head : or None where the table does not have it
    """

    name: NDArray[np.str_]
    params: Array
    flops: Array
    loss: Array
    width: NDArray[np.intp]
    flops_without_head: Array | None

    @classmethod
    def of(cls, table: DataFrame | Mapping[str, object]) -> Runs:
        """Read a table with the columns of ``text_runs``.

        Raises
        ------
        ValueError
            If a column is missing, a value is bad, or every run diverged.
        """
        table_of(table, "runs")
        needed = ("run", "d_model", "params_blocks_and_head", "flops", "loss_nats")
        for column in needed:
            if column not in table:
                raise ValueError(f"runs: the column {column!r} is missing; the table needs {', '.join(needed)}.")
        names = np.asarray(table["run"]).astype(str)
        kept = np.ones(len(names), dtype=bool)
        if "diverged" in table:
            kept = ~_truths(table["diverged"])
            if kept.shape != names.shape:
                raise ValueError(f"runs: 'diverged' has {kept.size} rows and 'run' {names.size}; give every run one.")
        if not kept.any():
            raise ValueError("runs: no run is left; give at least one that did not diverge.")

        def column(key: str) -> Array:
            values = np.asarray(table[key])
            if values.shape != kept.shape:
                raise ValueError(f"runs: {key!r} has {values.size} rows and 'run' has {kept.size}; give every run one.")
            return validation.positive_column(values[kept], f"runs: {key}")

        without = column("flops_without_head") if "flops_without_head" in table else None
        size, compute, loss = (column(key) for key in needed[2:])
        width = column("d_model")
        odd = (width != np.floor(width)) | (width > WIDEST)
        if odd.any():
            row = int(np.flatnonzero(odd)[0])
            raise ValueError(f"runs: d_model: row {row} is {width[row]:g}; give a width, a whole number.")
        return cls(names[kept], size, compute, loss, width.astype(np.intp), without)


def _truths(values: object) -> NDArray[np.bool_]:
    """Return a column of True and False; text is none, for "False" would count as true."""
    column = np.asarray(values)
    for row, value in enumerate(column.ravel().tolist()):
        if not isinstance(value, bool | int | float) or value not in (0, 1):
            raise ValueError(f"runs: diverged: row {row} is {value!r}; write True or False.")
    return column.astype(bool)


def rows_for_fit(
    design: Design, runs: DataFrame | Mapping[str, object], curves: DataFrame | Mapping[str, object] | None = None
) -> tuple[Array, Array, Array]:
    """Return N, C and loss of every row that a design gives to `forecast`.

    These are the final losses of the runs; where the design uses curves, the points of their curves from `CURVE_FROM`
    of the target on instead, the last of which is the end of the run.

    Parameters
    ----------
    design : whose runs were made
    runs : those runs, with the columns of ``text_runs``; runs that diverged are left out
    curves : their curves, with the columns of ``text_curves``

    Returns
    -------
    params, flops, loss : arrays of shape (n_rows,)

    Raises
    ------
    ValueError
        If a column is missing, the design needs curves and there are none, or a run has none.
    """
    if not isinstance(design, Design):
        raise ValueError(f"design: {type(design).__name__} is no design; make one with planning.design(...).")
    made = Runs.of(runs)
    if not design.uses_curves:
        return made.params, made.flops, made.loss
    if curves is None:
        raise ValueError(f"curves: the design {design.name!r} fits losses on the way; give the table of curves.")
    _, first, times = np.unique(made.name, return_index=True, return_counts=True)
    if (times > 1).any():
        row = int(first[np.argmax(times > 1)])
        name = str(made.name[row])
        raise ValueError(f"runs: {name!r} is the name of several runs, whose curves cannot be told apart; rename them.")
    least = CURVE_FROM * design.target
    rows = []
    for name, params in zip(made.name, made.params, strict=True):
        flops, loss = curve_of(curves, name)
        late = flops >= least
        if not late.any():
            raise ValueError(f"curves: run {name!r} has no point from {least:.3g} FLOPs on; give its whole curve.")
        rows.append((np.full(late.sum(), params), flops[late], loss[late]))
    return tuple(np.concatenate(column) for column in zip(*rows, strict=True))


def curve_of(curves: DataFrame | Mapping[str, object], name: str) -> tuple[Array, Array]:
    """Return FLOPs and losses of one run's curve, by FLOPs.

    Raises
    ------
    ValueError
        If a column is missing or the run has no point.
    """
    table_of(curves, "curves")
    for column in ("run", "flops", "loss_nats"):
        if column not in curves:
            raise ValueError(f"curves: the column {column!r} is missing; the table needs run, flops, loss_nats.")
    rows = np.flatnonzero(np.asarray(curves["run"]).astype(str) == name)
    if not len(rows):
        raise ValueError(f"curves: no point of run {name!r}; give every run its curve.")
    flops = validation.positive_column(np.asarray(curves["flops"])[rows], "curves: flops")
    loss = validation.positive_column(np.asarray(curves["loss_nats"])[rows], "curves: loss_nats")
    order = np.argsort(flops, kind="stable")
    return flops[order], loss[order]
