"""Draw a reader's runs, the law that was fitted to them, its plan, and how far each run lies from the law."""

from __future__ import annotations

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
    from matplotlib.figure import Figure

_INCHES = (7.6, 3.5)
_LONGEST_NAME = 36
_FLAT = 0.02  # least room above and below, as a share of the loss: alike losses would leave an axis without ticks
_ROOM = 0.1  # room above and below, as a share of the axis
_FARTHEST = 3.0  # factor beyond the runs' losses that the axis follows a plan


def draw(analysis: Analysis) -> Figure:
    """Draw an analysis: left the runs and the law, right what the law misses, run by run."""
    from matplotlib.figure import Figure

    from course_utils import plots

    plots.use_style()
    figure = Figure(figsize=_INCHES, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1.45, 1])
    x, axis, curve, band = _scale(analysis)
    used = analysis.law.use
    _left(left, analysis, x, used, curve, band)
    left.set_ylim(*_reach(analysis))
    getattr(plots, axis)(left)
    plots.loss_axis(left)
    if analysis.runs.per_byte:
        left.set_ylabel(figure_words("own_runs.loss_per_byte"))
    _right(right, analysis, x, used)
    getattr(plots, axis)(right)
    for ax in (left, right):  # in Vietnamese the name of compute is wider than the right half at the usual size
        ax.xaxis.label.set_size(9.5)
        ax.margins(x=0.06)
    figure.suptitle(_message(analysis), fontsize=11)
    figure.supxlabel(_note(analysis), fontsize=8.5, color=plots.COLOURS["grey"], x=0.99, ha="right")
    return figure


def png(analysis: Analysis, *, scale: float = 1.0) -> bytes:
    """Return the figure as PNG bytes."""
    from course_utils import plots

    return plots.png_bytes(draw(analysis), scale=scale)


def _scale(analysis: Analysis) -> tuple[Array, str, Array, tuple[Array, Array] | None]:
    """Return each run's place on the horizontal axis, the axis, and the law along it with its band."""
    runs, boot = analysis.runs, analysis.bootstrap
    if len(analysis.law.inputs) == 1:
        name = analysis.law.inputs[0]
        x = getattr(runs, name)
        grid = _grid(x[analysis.law.use], analysis.plan.flops if name == "flops" else None)
        return x, f"{name}_axis", np.stack([grid, analysis.fit.predict(grid)]), boot.band(grid)
    grid = _grid(runs.flops, analysis.plan.flops)
    source = splitting(boot)
    if source is None:
        return runs.flops, "flops_axis", np.empty((2, 0)), None
    best = compute_optimal(
        grid, source, flops_per_param_token=flops_per_param_token(runs)[0], level=analysis.settings["level"]
    )
    return runs.flops, "flops_axis", np.stack([grid, best.loss]), best.loss_interval


def _grid(x: Array, target: float | None) -> Array:
    ends = [x.min() / 1.3, x.max() * 1.3]
    if target is not None:
        ends = [min(ends[0], target / 1.5), max(ends[1], target * 1.5)]
    return np.geomspace(*ends, 80)


def _left(
    ax: Axes, analysis: Analysis, x: Array, used: np.ndarray, curve: Array, band: tuple[Array, Array] | None
) -> None:
    from course_utils import plots

    plots.measured(ax, x[used], analysis.runs.loss[used], markersize=4, alpha=0.85)
    if not used.all():
        plots.measured(ax, x[~used], analysis.runs.loss[~used], markersize=4, markerfacecolor="none")
    if curve.shape[1]:
        grid, loss = curve
        inside = (grid >= x[used].min() / 1.3) & (grid <= x[used].max() * 1.3)
        finite = band is not None and np.isfinite(np.asarray(band)).all()
        plots.fitted(ax, grid, np.where(inside, loss, np.nan))
        plots.fitted(ax, grid, loss, band if finite else None, linestyle=(0, (4, 2)), linewidth=1.0)
    plan = analysis.plan
    if plan.loss is not None and plan.flops is not None:
        colour = plots.COLOURS["pink"]
        if plan.loss_interval is not None:
            ax.plot([plan.flops] * 2, plan.loss_interval, color=colour, linewidth=2.5, zorder=5)
        ax.plot([plan.flops], [plan.loss], marker="D", color=colour, markersize=7, zorder=6, linestyle="none")
        with using_language(figure_language()):
            text = t("own_runs.figure.plan", loss=format_number(plan.loss, 3))
        # Runs lie above the best split for their compute, and the law comes from above: below on the left is room.
        ax.annotate(
            text,
            (plan.flops, plan.loss_interval[0] if plan.loss_interval else plan.loss),
            xytext=(-7, 0),
            textcoords="offset points",
            ha="right",
            va="center",
            fontsize=9,
            color=colour,
            fontweight="bold",
        )


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
