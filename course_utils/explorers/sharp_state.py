"""Training curves of several tasks on one footing: what *sharp or smooth* computes from the tables of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from traitlets import Enum, Float, HasTraits, Int

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]

OTHERS = ("parity", "addition")
AXES = ("params", "flops", "loss")
RULERS = ("right", "log")
SHARES = (0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
"""How much of the training is shown, as a share of the steps."""

_NEAR = {"multiplication": 0.05, "addition": 0.05, "parity": 0.02}
"""Nats: checkpoints of two sizes whose losses differ by less have the same loss."""
_ENDS = {
    ("multiplication", "right"): (0.0, 1.0),
    ("addition", "right"): (0.0, 1.0),
    ("parity", "right"): (0.5, 1.0),
    ("multiplication", "log"): (-float(np.log(10)), 0.0),
    ("addition", "log"): (-float(np.log(10)), 0.0),
    ("parity", "log"): (-float(np.log(2)), 0.0),
}
"""What guessing scores, and what cannot be passed."""

_LEAST = 0.02  # a change below this is none
_HALF = 0.5  # of the way from a run's first value to the best
_MOVING = (0.2, 0.8)  # parts of the way where equal loss can show equal ability: at either end everyone is equal


class SharpState(HasTraits):
    """What the reader sets: the task beside multiplication, the axis, the ruler, and how far training has gone."""

    other = Enum(OTHERS, default_value="parity")
    axis = Enum(AXES, default_value="flops")
    ruler = Enum(RULERS, default_value="log")
    length = Int(7)
    skill = Int(2)
    share = Float(1.0)


@dataclass(frozen=True, eq=False)
class Curves:
    """Hold every run of one task, smallest first; tables have one row a run and one column a checkpoint.

    Attributes
    ----------
    task : "multiplication", "addition" or "parity"
    params : array of shape (n_runs,)
    progress : array of shape (n_checkpoints,), share of the steps
    flops, loss, right, log : arrays of shape (n_runs, n_checkpoints): compute so far, test loss of the whole task,
        share of right answers, log probability of the right answer (nats a token)
    """

    task: str
    params: Array
    progress: Array
    flops: Array
    loss: Array
    right: Array
    log: Array


@dataclass(frozen=True, eq=False)
class Panel:
    """What one task shows on one axis.

    Attributes
    ----------
    task : its name
    detail : tokens of an answer, or number of the skill
    sizes, means : arrays of shape (n_sizes,); mean over seeds at the last checkpoint shown
    params : array of shape (n_runs,)
    x, y : arrays of shape (n_runs, n_shown): compute or loss, and the ruler's values
    measure : sharpness: by size and by compute, the largest share of the whole change that falls within one doubling
        (sizes and checkpoints lie differently far apart, so that steps between them cannot be compared); by compute,
        the median over the runs that get half of the way from guessing to the best value; by loss, the median
        difference between sizes of equal loss. None where nothing can be said
    reached : sizes, or runs that get half of the way, or pairs of equal loss
    doubled : arrays of sizes and means along that doubling, by size alone; else None
    """

    task: str
    detail: int
    sizes: Array
    means: Array
    params: Array
    x: Array
    y: Array
    measure: float | None
    reached: int
    doubled: tuple[Array, Array] | None


@dataclass(frozen=True, eq=False)
class SharpResult:
    """What both tasks show."""

    axis: str
    ruler: str
    share: float
    left: Panel
    right: Panel


def digit_curves(task: str, runs: pandas.DataFrame) -> dict[int, Curves]:
    """Read the curves of multiplication or addition, by tokens of the answer.

    Raises
    ------
    ValueError
        If a column is missing, or the runs were measured at different steps.
    """
    needed = ("run", "params_blocks_and_head", "step", "flops", "mixture_loss_nats", "answer_tokens", "exact_match",
              "log_probability_token")  # fmt: skip
    _have(runs, needed, task)
    return {
        int(length): _curves(task, rows, "params_blocks_and_head", "mixture_loss_nats", "exact_match",
                             rows["log_probability_token"])
        for length, rows in runs.groupby("answer_tokens")
    }  # fmt: skip


def parity_curves(runs: pandas.DataFrame) -> dict[int, Curves]:
    """Read the curves of sparse parity, by number of the skill, the most frequent first.

    Raises
    ------
    ValueError
        If a column is missing, or the runs were measured at different steps.
    """
    _have(runs, ("run", "params_total", "step", "flops", "loss_nats", "loss_task_1", "accuracy_task_1"), "parity")
    skills = sum(column.startswith("loss_task_") for column in runs.columns)
    return {
        k: _curves("parity", runs, "params_total", "loss_nats", f"accuracy_task_{k}", -runs[f"loss_task_{k}"])
        for k in range(1, skills + 1)
    }


def _have(runs: pandas.DataFrame, needed: tuple[str, ...], task: str) -> None:
    missing = [column for column in needed if column not in runs]
    if missing:
        raise ValueError(f"{task}: no column {missing[0]!r}. Pass a table with {', '.join(needed)}.")


def _curves(task: str, rows: pandas.DataFrame, params: str, loss: str, right: str, log: pandas.Series) -> Curves:
    rows = rows.assign(_log=log).sort_values([params, "run", "step"], kind="stable")
    steps = rows.groupby("run", sort=False)["step"].agg(tuple)
    if steps.nunique() != 1:
        raise ValueError(f"{task}: run {steps.index[-1]!r} was measured at other steps than the rest. Leave it out.")
    shape = (len(steps), len(steps.iloc[0]))
    table = {
        name: rows[name].to_numpy(dtype=np.float64).reshape(shape) for name in (params, "flops", loss, right, "_log")
    }
    progress = np.array(steps.iloc[0], dtype=np.float64)
    return Curves(
        task, table[params][:, 0], progress / progress[-1], table["flops"], table[loss], table[right], table["_log"]
    )


def panel_of(curves: Curves, detail: int, axis: str, ruler: str, share: float) -> Panel:
    """Compute what one task shows; see :class:`Panel`."""
    shown = max(1, int((curves.progress <= share * (1 + 1e-9)).sum()))
    y = (curves.right if ruler == "right" else curves.log)[:, :shown]
    sizes, which = np.unique(curves.params, return_inverse=True)
    means = np.bincount(which, y[:, -1]) / np.bincount(which)
    x = (curves.loss if axis == "loss" else curves.flops)[:, :shown]
    doubled = None
    if axis == "params":
        measure, doubled = _doubling(sizes, means)
        reached = len(sizes)
    elif axis == "flops":
        measure, reached = _within_doubling(x, y, _ENDS[curves.task, ruler][1])
    else:
        floor, best = _ENDS[curves.task, ruler]
        measure, reached = _gap(x, y, which, _NEAR[curves.task], (y - floor) / (best - floor))
    return Panel(curves.task, detail, sizes, means, curves.params, x, y, measure, reached, doubled)


def _doubling(x: Array, y: Array) -> tuple[float | None, tuple[Array, Array] | None]:
    """Find the doubling of x with the largest share of y's whole change, straight lines in log x between points.

    Between straight lines the largest difference has one of its ends on a point.
    """
    whole, log_x = y[-1] - y[0], np.log2(x)
    starts = np.unique(np.concatenate([log_x, log_x - 1.0]))
    starts = starts[(starts >= log_x[0]) & (starts <= log_x[-1] - 1.0)]
    if abs(whole) < _LEAST or not len(starts):
        return None, None
    shares = (np.interp(starts + 1.0, log_x, y) - np.interp(starts, log_x, y)) / whole
    start = starts[int(np.argmax(shares))]
    inside = (log_x > start) & (log_x < start + 1.0)
    along = np.concatenate([[start], log_x[inside], [start + 1.0]])
    return float(shares.max()), (2.0**along, np.interp(along, log_x, y))


def _within_doubling(flops: Array, y: Array, best: float) -> tuple[float | None, int]:
    """Compute the median over runs of the largest share within a doubling of compute, and how many runs count.

    A run counts once it ends half of the way or further: before that its change is yet to come, or noise.
    """
    shares = []
    for own_flops, own in zip(flops, y, strict=True):
        if best - own[-1] <= _HALF * (best - own[0]):
            share = _doubling(own_flops, own)[0]
            if share is not None:
                shares.append(share)
    return (float(np.median(shares)) if shares else None), len(shares)


def _gap(loss: Array, y: Array, size: NDArray[np.intp], near: float, way: Array) -> tuple[float | None, int]:
    """Compute the median difference of ability between checkpoints of different sizes and nearly equal loss.

    Pairs count of which at least one is on its way from guessing to the best value.
    """
    order = np.argsort(loss, axis=None, kind="stable")
    flat_loss, flat_y = loss.ravel()[order], y.ravel()[order]
    flat_size = np.repeat(size, loss.shape[1])[order]
    moving = ((way > _MOVING[0]) & (way < _MOVING[1])).ravel()[order]
    last = np.searchsorted(flat_loss, flat_loss + near, side="left")
    gaps = []
    for i in range(len(flat_loss)):
        others = slice(i + 1, last[i])
        counted = (flat_size[others] != flat_size[i]) & (moving[others] | moving[i])
        gaps.append(np.abs(flat_y[others] - flat_y[i])[counted])
    every = np.concatenate(gaps)
    return (float(np.median(every)) if len(every) else None), len(every)
