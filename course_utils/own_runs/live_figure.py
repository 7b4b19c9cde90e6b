"""The figure of one analysis for every budget: composed once, then only moved, fast enough for a slider."""

from __future__ import annotations

from collections.abc import Iterable
from typing import TYPE_CHECKING

import numpy as np

from course_utils.own_runs.analysis import Analysis
from course_utils.own_runs.figure import INCHES, compose, follow
from course_utils.plots.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.ticker import Locator

_MOST = 9  # ticks with a label


class LiveFigure:
    """Show an analysis for one budget after another.

    The right half, the names of the axes and the note are drawn once. The left half follows the plan as far as its
    axes: their ticks move too, and what they need is drawn over the rest.

    Parameters
    ----------
    analysis : Analysis
        With any budget; from then on only the budget may change.

    Examples
    --------
    >>> from course_utils import own_runs
    >>> result = own_runs.analyse(own_runs.read())
    >>> LiveFigure(result).png(result.with_budget(1e15))[1:4]
    b'PNG'
    """

    def __init__(self, analysis: Analysis):
        from course_utils import plots

        plots.use_style()
        self._bootstrap = analysis.bootstrap
        self._build(analysis)

    def shows(self, analysis: Analysis) -> bool:
        """Tell whether an analysis differs from the first one at most in its budget."""
        return analysis.bootstrap is self._bootstrap

    def png(self, analysis: Analysis) -> bytes:
        """Return the figure for the budget of an analysis as PNG bytes, two pixels for one of the page."""
        follow(self._parts, analysis)
        longest = _longest(self._axes[1].labels())
        if longest > self._room:
            self._build(analysis, longest)
        for axis in self._axes:
            axis.follow()
        return self._picture.png(layout=self._parts.note.get_text())

    def _build(self, analysis: Analysis, room: int = 0) -> None:
        """Compose the figure, with room on the axis of losses for labels of so many letters, or as many as it needs.

        Ticks are closest, and their labels longest, where the axis reaches no farther than the runs.
        """
        from matplotlib.ticker import FuncFormatter

        self._picture = Picture(*(round(100 * inches) for inches in INCHES))
        figure, parts = self._picture.figure, compose(self._picture.figure, analysis)
        self._parts = parts
        follow(parts, analysis)
        losses, runs = parts.left.yaxis, analysis.runs.loss
        write, locator = losses.get_major_formatter(), losses.get_major_locator()
        for limits in (losses.get_view_interval(), (runs.min(), runs.max())):
            room = max(room, _longest(write(place) for place in locator.tick_values(*limits)))
        self._room = room
        losses.set_major_formatter(FuncFormatter(lambda *_: "0" * room))
        figure.set_layout_engine("constrained")
        figure.draw_without_rendering()
        figure.set_layout_engine("none")
        losses.set_major_formatter(write)
        self._axes = [_LiveAxis(self._picture, parts.left, which) for which in "xy"]
        self._picture.moving(
            *(axis.grid for axis in self._axes),
            parts.band,
            *(parts.left.spines[side] for side in ("left", "bottom")),
            *parts.runs,
            parts.law,
            parts.beyond,
            parts.interval,
            parts.plan,
            parts.label,
            *(artist for axis in self._axes for artist in axis.marks_and_labels),
            parts.message,
        )


def _longest(labels: Iterable[str]) -> int:
    return max(map(len, labels), default=0)


class _LiveAxis:
    """Take over the ticks of an axis that is laid out: the same ticks, but moved instead of drawn anew.

    Where a tick may stand and how it is written stays with the locators and the formatter of the axis.
    """

    def __init__(self, picture: Picture, axes: Axes, which: str):
        from matplotlib import rcParams
        from matplotlib.lines import Line2D
        from matplotlib.markers import TICKDOWN, TICKLEFT
        from matplotlib.ticker import NullLocator

        self._x = which == "x"
        self._axis = axis = axes.xaxis if self._x else axes.yaxis
        self._major, self._minor, self._write = (
            axis.get_major_locator(),
            axis.get_minor_locator(),
            axis.get_major_formatter(),
        )
        # The name of the axis stays where the layout put it, which was below or beside its ticks.
        axis.set_label_coords(*axis.label.get_position(), transform=axis.label.get_transform())
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())
        along = axes.get_xaxis_transform() if self._x else axes.get_yaxis_transform()
        self.grid = Line2D([], [], transform=along, color=rcParams["grid.color"], linewidth=rcParams["grid.linewidth"])
        self._marks = [
            Line2D(
                [],
                [],
                transform=along,
                linestyle="none",
                marker=TICKDOWN if self._x else TICKLEFT,
                color=rcParams[f"{which}tick.color"],
                markersize=rcParams[f"{which}tick.{rank}.size"],
                markeredgewidth=rcParams[f"{which}tick.{rank}.width"],
            )
            for rank in ("major", "minor")
        ]
        for line in (self.grid, *self._marks):
            axes.figure.add_artist(line)  # of the figure, so that the limits of the axes do not heed them
        away = rcParams[f"{which}tick.major.size"] + rcParams[f"{which}tick.major.pad"]
        place, va, ha = (axes.get_xaxis_text1_transform if self._x else axes.get_yaxis_text1_transform)(away)
        style = {"color": rcParams[f"{which}tick.labelcolor"], "fontsize": rcParams[f"{which}tick.labelsize"]}
        self._labels = [picture.text(0, 0, axes=axes, transform=place, va=va, ha=ha, **style) for _ in range(_MOST)]

    @property
    def marks_and_labels(self) -> tuple:
        """What is drawn over the runs and the law."""
        return (*self._marks, *self._labels)

    def _ticks(self, locator: Locator) -> np.ndarray:
        low, high = self._axis.get_view_interval()
        places = np.asarray(locator.tick_values(low, high), float)
        return places[(places >= low * (1 - 1e-9)) & (places <= high * (1 + 1e-9))]

    def labels(self) -> list[str]:
        """Write the ticks for the present limits."""
        return [self._write(place, None) for place in self._ticks(self._major)[:_MOST]]

    def follow(self) -> None:
        """Put the ticks where the present limits want them."""
        major, minor = self._ticks(self._major), self._ticks(self._minor)
        for line, places in zip(self._marks, (major, minor), strict=True):
            line.set_data(*self._pair(places, np.zeros(len(places))))
        across = np.tile([0.0, 1.0, np.nan], len(major))
        self.grid.set_data(*self._pair(np.repeat(major, 3), across))
        texts = self.labels()
        for label in self._labels[len(texts) :]:
            label.set_visible(False)
        for label, place, text in zip(self._labels, major, texts, strict=False):
            label.set_visible(True)
            label.set_text(text)
            label.set_position(self._pair(place, 0.0))

    def _pair(self, along, across) -> tuple:
        return (along, across) if self._x else (across, along)
