"""The figure that grows while runs train: loss against compute, what is finished, what flies, and what was sealed."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

import numpy as np

from ..train import Run
from .tables import Tables
from .trainable import trainable

if TYPE_CHECKING:
    from matplotlib.lines import Line2D

    from .game import Game

_FIRST = 6.0  # a loss further above the lowest one than so many times is of the first steps, and not shown
_SIZE = (700, 320)


class LiveFigure:
    """Own one figure and move its lines.

    Parameters
    ----------
    game : Game
    runs : names of the runs that are trained now
    """

    size = _SIZE

    def __init__(self, game: Game, runs: Sequence[str]):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        from course_utils import plots

        plots.use_style()
        self.game, self.now = game, set(runs)
        self.figure = Figure(figsize=(_SIZE[0] / 100, _SIZE[1] / 100), dpi=200, facecolor="white", layout="constrained")
        self.canvas = FigureCanvasAgg(self.figure)
        self.axes = self.figure.subplots()
        plots.flops_axis(self.axes)
        plots.loss_axis(self.axes)
        self._finished: dict[str, Line2D] = {}
        self._flying: dict[str, Line2D] = {}
        every = [*game.design.runs, *([game._target()] if game._state.sealed else [])]
        self._per_step = {run.name: _flops_per_step(run) for run in trainable(every, game._state)}
        if game._state.sealed is not None:
            self._draw_seal()
        keys = ["ladder.figure.note_yours", "ladder.figure.note_flying"]
        keys += ["ladder.figure.note_sealed"] if game._state.sealed else []
        colours = [plots.COLOURS["blue"], plots.COLOURS["green"], plots.COLOURS["pink"]]
        for place, (key, mark, colour) in enumerate(zip(keys, "●●◆", colours, strict=False)):
            self.axes.text(0.99, 0.97 - 0.075 * place, f"{mark} {plots.figure_words(key)}", ha="right", va="top",
                           transform=self.axes.transAxes, fontsize=9, color=colour)

    def _draw_seal(self) -> None:
        from course_utils import plots

        sealed, target = self.game._state.sealed, self.game.design.target
        self.axes.plot([target] * 2, [sealed.low, sealed.high], color=plots.COLOURS["pink"], linewidth=3, zorder=5)
        self.axes.plot([target], [sealed.loss], marker="D", color=plots.COLOURS["pink"], markersize=7, zorder=6)

    def png(self, tables: Tables, flying: dict[str, list[dict]]) -> bytes:
        """Return the picture of some finished runs and of the points of those in flight."""
        from course_utils import plots
        from course_utils.plots.png import encode_png

        for name, row in tables.rows.items():
            if name not in self._finished and not row.diverged:
                curve = tables.curves.get(name, [])
                bold = {"linewidth": 1.4, "alpha": 0.9} if name in self.now else {"linewidth": 0.8, "alpha": 0.35}
                self._finished[name] = plots.measured(
                    self.axes, [*(point.flops for point in curve), row.flops],
                    [*(point.loss for point in curve), row.loss],
                    linestyle="-", markersize=4, markevery=[-1], **bold)
        for name in [name for name in self._flying if name in tables.rows or name not in flying]:
            self._flying.pop(name).remove()
        for name, points in flying.items():
            if points and name in self._per_step:
                line = self._flying.get(name)
                if line is None:
                    line = self._flying[name] = plots.measured(
                        self.axes, [], [], linestyle="-", markersize=5, linewidth=1.6, color=plots.COLOURS["green"])
                line.set_data([point["step"] * self._per_step[name] for point in points],
                              [point["loss"] for point in points])
                line.set_markevery([-1])
        self._limits()
        self.canvas.draw()
        return encode_png(np.asarray(self.canvas.buffer_rgba()))

    def _limits(self) -> None:
        lines = [line.get_xydata() for line in (*self._finished.values(), *self._flying.values())]
        points = np.concatenate([line for line in lines if len(line)] or [np.empty((0, 2))])
        points = points[np.isfinite(points).all(axis=1) & (points > 0).all(axis=1)]
        sealed, target = self.game._state.sealed, self.game.design.target
        if sealed is not None:
            points = np.concatenate([points, [[target, sealed.low], [target, sealed.high]]])
        if not len(points):
            self.axes.set(xlim=(1e-4 * target, target), ylim=(2, 8))
            return
        x, y = points.T
        self.axes.set_xlim(x.min() / 1.3, (target if sealed is not None else x.max()) * 1.3)
        self.axes.set_ylim(y.min() / 1.04, min(y.max() * 1.04, _FIRST * y.min()))


def _flops_per_step(run: Run) -> float:
    return run.batch_tokens * run.shape().flops_per_token()
