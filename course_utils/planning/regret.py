"""Say afterwards what another width would have saved."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils.fitting import validation
from course_utils.planning.checks import several, table, whole
from course_utils.planning.forecast import forecast
from course_utils.planning.prior import WIDEST, WIDTHS, nearest_width, shape
from course_utils.planning.tables import Runs

if TYPE_CHECKING:
    from pandas import DataFrame, Series


@dataclass(frozen=True)
class Regret:
    """Hold what the choice of the target's width cost.

    Attributes
    ----------
    flops_wasted : compute that the best width would have saved at the loss of the width that was trained
    best_width : the width of the list nearest to the bottom of the valley, from all runs and the target
    share : `flops_wasted` of the target's compute
    width : that was trained
    """

    flops_wasted: float
    best_width: int
    share: float
    width: int

    def words(self) -> str:
        """Say it in the reader's language."""
        from course_utils.planning.presentation import regret_words

        return regret_words(self)


def regret(
    runs: DataFrame | Mapping[str, object],
    target: Series | Mapping[str, object],
    *,
    widths: tuple[int, ...] = WIDTHS,
) -> Regret:
    """Compute what the best width would have saved, from the valley through all runs and the target.

    The fitted loss of the target's width at the target's compute is compared with that of the best width at less.

    Parameters
    ----------
    runs : the small runs, with the columns of ``text_runs``
    target : the target's row: d_model, params_blocks_and_head, flops, loss_nats
    widths : the list that the best width is chosen from

    Returns
    -------
    Regret
        Of nothing where the trained width is the best of the list, or the runs show no valley.

    Raises
    ------
    ValueError
        If a column is missing or a value is bad.

    Examples
    --------
    >>> from course_utils import datasets
    >>> table = datasets.load("text_runs")
    >>> made = regret(table.query("set == 'grid'"), table.query("set == 'holdout'").iloc[0])
    >>> made.best_width, made.width
    (160, 176)
    """
    made = Runs.of(runs)
    table(target, "target")
    for column in ("d_model", "params_blocks_and_head", "flops", "loss_nats"):
        if column not in target:
            raise ValueError(f"target: {column!r} is missing; give the target's row of the table.")
    size, compute, loss = (
        float(validation.positive_column([target[key]], f"target: {key}")[0])
        for key in ("params_blocks_and_head", "flops", "loss_nats")
    )
    width = whole(target["d_model"], "target: d_model", 1, WIDEST)
    choice = {whole(each, "widths", 1, WIDEST) for each in several(widths, "widths", "such as (8, 12, 16)")}
    fitted = forecast(
        np.append(made.params, size), np.append(made.flops, compute), np.append(made.loss, loss), target_flops=compute
    )
    if fitted.best_params is None:
        return Regret(0.0, width, 0.0, width)
    vocabulary = round((size - 24 * width**2) / width)
    vocabulary = vocabulary if vocabulary >= 1 else shape(width).vocabulary_out
    best = nearest_width(fitted.best_params, tuple(sorted({*choice, width})), vocabulary)
    if best == width:
        return Regret(0.0, width, 0.0, width)
    best_size = float(shape(best, vocabulary).params_blocks_and_head)
    less = np.geomspace(compute / 1e3, compute, 4001)
    mean, _ = fitted.predict(np.append(np.full(len(less), best_size), size), np.append(less, compute))
    enough = mean[:-1] <= mean[-1]
    needed = float(less[int(np.argmax(enough))]) if enough.any() else compute
    return Regret(compute - needed, best, 1 - needed / compute, width)
