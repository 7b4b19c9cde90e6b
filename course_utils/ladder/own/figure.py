"""The figure of a game: the valleys of the small runs, the frontier, the forecast, and what came of it."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils.i18n import format_flops, format_number, format_percent, t, using_language
from course_utils.plots.fonts import figure_language, figure_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.figure import Figure

    from course_utils.planning import Forecast

    from .game import Game
    from .verdict import Verdict

INCHES = (7.6, 3.6)
_WRONGEST = 1.25  # a mistake that is further off is in the table alone, or it would flatten the rest
_QUANTILE = 1.2816  # of the normal distribution: eight of ten lie within so many standard deviations


def draw(game: Game, verdict: Verdict | None = None) -> Figure:
    """Draw what is known of a game; `verdict` spares a second judgement where there is one."""
    from matplotlib.figure import Figure

    from course_utils import plots

    plots.use_style()
    state = game.state
    if state == "trained" and verdict is None and not game.measured().diverged:
        verdict = game.verdict()
    foretold = game.forecast() if state != "planned" else None
    figure = Figure(figsize=INCHES, layout="constrained")
    left, right = figure.subplots(1, 2, width_ratios=[1, 1.25])
    _valleys(left, game, foretold)
    _frontier(right, game, foretold, verdict)
    for ax in (left, right):
        ax.xaxis.label.set_size(9.5)
        ax.yaxis.label.set_size(9.5)
        ax.tick_params(labelsize=8.5)
    figure.suptitle(message(game, foretold, verdict), fontsize=10.5)
    figure.supxlabel(_note(game, foretold, verdict), fontsize=8, color=plots.COLOURS["grey"], x=0.99, ha="right")
    return figure


def message(game: Game, foretold: Forecast | None, verdict: Verdict | None) -> str:
    """Say the figure's one message in the language of the figure."""
    target = game.design.target
    with using_language(figure_language()):
        if verdict is not None:
            key = "ladder.figure.inside" if verdict.inside else "ladder.figure.outside"
            return t(key, loss=format_number(verdict.sealed.loss, 4), measured=format_number(verdict.measured, 4),
                     percent=format_percent(abs(verdict.error_share)))
        if foretold is not None:
            return t("ladder.figure.foretold", flops=format_flops(target), loss=format_number(foretold.loss, 4),
                     low=format_number(foretold.low, 4), high=format_number(foretold.high, 4))
        return t("ladder.figure.planned", done=len(game.screening()), total=len(game.design.runs))


def _note(game: Game, foretold: Forecast | None, verdict: Verdict | None) -> str:
    words = ["● " + figure_words("plots.note_measured" if game.recorded else "ladder.figure.note_yours")]
    if foretold is not None:
        words.append("— " + figure_words("plots.note_fitted"))
        words.append("┃ " + figure_words("ladder.figure.note_interval"))
    if game._state.sealed is not None:
        words.append("◆ " + figure_words("ladder.figure.note_sealed"))
    if verdict is not None:
        words.append("◂ " + figure_words("ladder.figure.note_mistakes"))
    return "    ".join(words)


def _valleys(ax: Axes, game: Game, foretold: Forecast | None) -> None:
    from course_utils import plots

    rows = [row for row in game.screening() if not row.diverged and row.flops > 0]
    by_rung: dict[float, list] = {}
    for row in rows:
        by_rung.setdefault(row.rung, []).append(row)
    for rung, members in by_rung.items():
        sizes, losses = np.array([(row.params, row.loss) for row in members]).T
        plots.measured(ax, sizes, losses, markersize=4, alpha=0.85)
        if foretold is not None:
            grid = np.geomspace(sizes.min() / 1.15, sizes.max() * 1.15, 60)
            mean, _ = foretold.predict(grid, np.full_like(grid, float(np.mean([row.flops for row in members]))))
            plots.fitted(ax, grid, np.exp(mean), linewidth=1.0)
        end = (sizes.max(), losses[sizes == sizes.max()].mean())
        if foretold is not None:
            end = (grid[-1], float(np.exp(mean[-1])))
        with using_language(figure_language()):
            ax.annotate(format_flops(rung, 2), end, xytext=(5, 0), textcoords="offset points",
                        fontsize=8, color=plots.COLOURS["grey"], va="center", annotation_clip=False)
    if by_rung:
        ax.set_xlim(min(row.params for row in rows) / 1.25, max(row.params for row in rows) * 3.2)
    plots.params_axis(ax)
    plots.loss_axis(ax)


def _frontier(ax: Axes, game: Game, foretold: Forecast | None, verdict: Verdict | None) -> None:
    from course_utils import plots

    rows = [row for row in game.screening() if not row.diverged]
    target, losses = game.design.target, [row.loss for row in rows]
    if rows:
        plots.measured(ax, [row.flops for row in rows], losses, markersize=3.5, alpha=0.6)
    ends = [min([row.flops for row in rows] or [0.01 * target]) / 1.2, target]
    if foretold is not None:
        grid = np.geomspace(*ends, 60)
        best = foretold.optimal_params(grid)
        if best is None:
            best = np.full_like(grid, foretold.target_params)
        mean, sd = foretold.predict(best, grid)
        plots.fitted(ax, grid, np.exp(mean), (np.exp(mean - _QUANTILE * sd), np.exp(mean + _QUANTILE * sd)))
        ax.plot([target] * 2, [foretold.low, foretold.high], color=plots.COLOURS["black"], linewidth=1.2, zorder=4,
                marker="_", markersize=8)
        losses += [foretold.low, foretold.high]
    if game._state.sealed is not None:
        sealed, colour = game._state.sealed, plots.COLOURS["pink"]
        beside = target * 1.13
        ax.plot([beside] * 2, [sealed.low, sealed.high], color=colour, linewidth=2.5, zorder=5)
        ax.plot([beside], [sealed.loss], marker="D", color=colour, markersize=6, zorder=6)
        losses += [sealed.low, sealed.high]
    if verdict is not None:
        plots.measured(ax, [target], [verdict.measured], markersize=8, markeredgecolor="white", zorder=8)
        losses.append(verdict.measured)
        room = (verdict.measured / _WRONGEST, verdict.measured * _WRONGEST)
        wrong = [each.loss for each in verdict.mistakes if room[0] < each.loss < room[1]]
        losses += wrong
        ax.plot([target * 1.32] * len(wrong), wrong, linestyle="none", marker="<", markersize=4.5, zorder=5,
                color=plots.COLOURS["grey"])
    plots.flops_axis(ax)
    plots.loss_axis(ax)
    ax.set_xlim(ends[0], target * 1.6)
    if losses:
        ax.set_ylim(min(losses) / 1.05, max(losses) * 1.04)
