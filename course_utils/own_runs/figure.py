"""Draw a reader's runs, the law that was fitted to them, its plan, and how far each run lies from the law."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils.allocation import compute_optimal
from course_utils.i18n import format_count, format_flops, format_number, t, using_language
from course_utils.own_runs.analysis import Analysis, flops_per_param_token, splitting
from course_utils.own_runs.runs import Array
from course_utils.own_runs.verdict import percent
from course_utils.plots.fonts import figure_language, figure_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.collections import FillBetweenPolyCollection
    from matplotlib.figure import Figure
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation, Text

INCHES = (7.6, 3.5)
_LONGEST_NAME = 36
_FLAT = 0.02  # least room above and below, as a share of the loss: alike losses would leave an axis without ticks
_ROOM = 0.1  # room above and below, as a share of the axis
_CRAMPED = 0.3  # share of the horizontal axis on its left in which the plan's label would not fit
_FARTHEST = 3.0  # factor beyond the runs' losses that the axis follows a plan


@dataclass(frozen=True)
class Parts:
    """Hold what of the figure follows the plan, and the axes; the rest is the same for every budget."""

    left: Axes
    right: Axes
    runs: tuple[Line2D, ...]
    law: Line2D
    beyond: Line2D
    band: FillBetweenPolyCollection
    interval: Line2D
    plan: Line2D
    label: Annotation
    message: Text
    note: Text


def draw(analysis: Analysis) -> Figure:
    """Draw an analysis: left the runs and the law, right what the law misses, run by run."""
    from matplotlib.figure import Figure

    from course_utils import plots

    plots.use_style()
    figure = Figure(figsize=INCHES, layout="constrained")
    follow(compose(figure, analysis), analysis)
    return figure


def png(analysis: Analysis, *, scale: float = 1.0) -> bytes:
    """Return the figure as PNG bytes."""
    from course_utils import plots

    return plots.png_bytes(draw(analysis), scale=scale)


def compose(figure: Figure, analysis: Analysis) -> Parts:
    """Put into a figure what is the same for every budget, and empty artists for what `follow` moves."""
    from course_utils import plots

    left, right = figure.subplots(1, 2, width_ratios=[1.45, 1])
    x, axis = _across(analysis)
    used, loss = analysis.law.use, analysis.runs.loss
    runs = [plots.measured(left, x[used], loss[used], markersize=4, alpha=0.85)]
    if not used.all():
        runs.append(plots.measured(left, x[~used], loss[~used], markersize=4, markerfacecolor="none"))
    law = plots.fitted(left, [], [])
    beyond = plots.fitted(left, [], [], ([], []), linestyle=(0, (4, 2)), linewidth=1.0)
    colour = plots.COLOURS["pink"]
    (interval,) = left.plot([], [], color=colour, linewidth=2.5, zorder=5)
    (plan,) = left.plot([], [], marker="D", color=colour, markersize=7, zorder=6, linestyle="none")
    # Runs lie above the best split for their compute, and the law comes from above: below on the left is room. A plan
    # for less than the runs cost stands near the end of the axis; its room is above on the right.
    label = left.annotate(
        "",
        (1.0, 1.0),
        xytext=(-7, 0),
        textcoords="offset points",
        ha="right",
        va="center",
        fontsize=9,
        color=colour,
        fontweight="bold",
    )
    getattr(plots, axis)(left)
    plots.loss_axis(left)
    if analysis.runs.per_byte:
        left.set_ylabel(figure_words("own_runs.loss_per_byte"))
    _right(right, analysis, x, used)
    getattr(plots, axis)(right)
    for ax in (left, right):  # in Vietnamese the name of compute is wider than the right half at the usual size
        ax.xaxis.label.set_size(9.5)
        ax.margins(x=0.06)
    message = figure.suptitle("", fontsize=11)
    note = figure.supxlabel("", fontsize=8.5, color=plots.COLOURS["grey"], x=0.99, ha="right")
    band = left.collections[-1]
    return Parts(left, right, tuple(runs), law, beyond, band, interval, plan, label, message, note)


def follow(parts: Parts, analysis: Analysis) -> None:
    """Move what follows the plan: the law as far as it is drawn, the plan itself, the limits, the words."""
    x, _ = _across(analysis)
    x, plan = x[analysis.law.use], analysis.plan
    grid, loss, band = _curve(analysis)
    inside = (grid >= x.min() / 1.3) & (grid <= x.max() * 1.3)
    parts.law.set_data(grid, np.where(inside, loss, np.nan))
    parts.beyond.set_data(grid, loss)
    finite = band is not None and np.isfinite(np.asarray(band)).all()
    parts.band.set_data(*((grid, *band) if finite else ([], [], [])))
    planned = plan.loss is not None and plan.flops is not None
    parts.plan.set_data(*(([plan.flops], [plan.loss]) if planned else ([], [])))
    open_ended = not planned or plan.loss_interval is None
    parts.interval.set_data(*(([], []) if open_ended else ([plan.flops] * 2, plan.loss_interval)))
    parts.left.relim()
    parts.left.autoscale_view(scaley=False)
    parts.left.set_ylim(*_reach(analysis))
    parts.label.set_visible(planned)
    if planned:
        with using_language(figure_language()):
            parts.label.set_text(t("own_runs.figure.plan", loss=format_number(plan.loss, 3)))
        low, high = parts.left.get_xlim()
        cramped = plan.flops < low * (high / low) ** _CRAMPED
        parts.label.set(ha="left" if cramped else "right", position=(7 if cramped else -7, 0))
        parts.label.xy = (plan.flops, plan.loss if open_ended else plan.loss_interval[1 if cramped else 0])
    parts.message.set_text(_message(analysis))
    parts.note.set_text(_note(analysis))


def _across(analysis: Analysis) -> tuple[Array, str]:
    """Return each run's place on the horizontal axis, and the axis."""
    name = analysis.law.inputs[0] if len(analysis.law.inputs) == 1 else "flops"
    return getattr(analysis.runs, name), f"{name}_axis"


def _curve(analysis: Analysis) -> tuple[Array, Array, tuple[Array, Array] | None]:
    """Return the law along the horizontal axis with its band."""
    runs, boot = analysis.runs, analysis.bootstrap
    if len(analysis.law.inputs) == 1:
        name = analysis.law.inputs[0]
        grid = _grid(getattr(runs, name)[analysis.law.use], analysis.plan.flops if name == "flops" else None)
        return grid, analysis.fit.predict(grid), boot.band(grid)
    source = splitting(boot)
    if source is None:
        return np.empty(0), np.empty(0), None
    grid = _grid(runs.flops, analysis.plan.flops)
    best = compute_optimal(
        grid, source, flops_per_param_token=flops_per_param_token(runs)[0], level=analysis.settings["level"]
    )
    return grid, best.loss, best.loss_interval


def _grid(x: Array, target: float | None) -> Array:
    ends = [x.min() / 1.3, x.max() * 1.3]
    if target is not None:
        ends = [min(ends[0], target / 1.5), max(ends[1], target * 1.5)]
    return np.geomspace(*ends, 80)


def _reach(analysis: Analysis) -> tuple[float, float]:
    """Return the ends of the axis of losses: the runs and the plan, whatever a steep law does between them."""
    low, high = float(analysis.runs.loss.min()), float(analysis.runs.loss.max())
    plan = analysis.plan
    for end in (plan.loss, *(plan.loss_interval or ())):
        if end is not None:
            low = min(low, max(end, low / _FARTHEST))
            high = max(high, min(end, high * _FARTHEST))
    room = max((high / low) ** _ROOM, 1 + _FLAT)
    return low / room, high * room


def _right(ax: Axes, analysis: Analysis, x: Array, used: np.ndarray) -> None:
    from course_utils import plots

    miss = 100 * np.expm1(analysis.fit.residuals())
    plots.measured(ax, x[used], miss[used], markersize=4, alpha=0.85)
    ax.axhline(0.0, color=plots.COLOURS["black"], linewidth=1.2)
    limit = 1.25 * max(float(np.abs(miss[used]).max()), 0.1)
    ax.set_ylim(-limit, limit)
    ax.set_ylabel(figure_words("own_runs.figure.miss"))


def _message(analysis: Analysis) -> str:
    """Say the figure's one message: the plan where there is one, else how well the law describes the runs."""
    plan = analysis.plan
    miss = float(np.median(np.abs(np.expm1(analysis.fit.residuals()[analysis.law.use]))))
    with using_language(figure_language()):
        if plan.params is not None and plan.flops is not None:
            return t(
                "own_runs.figure.message_plan",
                flops=format_flops(plan.flops),
                params=format_count(plan.params),
                tokens=format_count(plan.tokens),
            )
        return t("own_runs.figure.message_fit", runs=int(analysis.law.use.sum()), miss=percent(miss))


def _note(analysis: Analysis) -> str:
    """Tell whose runs these are."""
    table = analysis.runs.reading.table
    name = table.name if len(table.name) <= _LONGEST_NAME else table.name[: _LONGEST_NAME - 1] + "…"
    key = "own_runs.figure.note_sample" if table.sample else "own_runs.figure.note_yours"
    words = ["● " + figure_words(key, name=name), "— " + figure_words("plots.note_fitted")]
    if analysis.plan.loss is not None:
        words.append("◆ " + figure_words("own_runs.figure.note_plan"))
    return "    ".join(words)


def figure_text(analysis: Analysis) -> str:
    """Say the figure in words, for those who cannot see it."""
    return t("own_runs.figure.alt", name=analysis.runs.reading.name, message=_message(analysis))
