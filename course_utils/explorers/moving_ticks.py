"""Ticks of an axis whose limits follow the state: stamped labels and one line of marks, with nothing laid out anew."""

from __future__ import annotations

from collections.abc import Sequence
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    from matplotlib.axes import Axes

    from course_utils.plots.picture import Picture

_MOST = 9
_MARKS = {"left": "_", "bottom": "|", "top": "|"}


class MovingTicks:
    """Keep the ticks of one side of an axes and move them.

    An axis of Matplotlib that moves is part of the background, and drawing that again takes 60 ms or more; these
    take 2.

    Parameters
    ----------
    picture : Picture
    axes : matplotlib.axes.Axes
        Its own ticks are taken away.
    side : str
        ``"left"``, ``"bottom"`` or ``"top"``.
    """

    def __init__(self, picture: Picture, axes: Axes, side: str):
        from matplotlib.ticker import NullLocator

        from course_utils.explorers.colours import INK

        if side not in _MARKS:
            raise ValueError(f"side: one of {', '.join(_MARKS)}, not {side!r}. Pass one of these.")
        self._vertical = side == "left"
        self._place = 1.0 if side == "top" else 0.0
        axis = axes.yaxis if self._vertical else axes.xaxis
        axis.set_major_locator(NullLocator())
        axis.set_minor_locator(NullLocator())
        transform = axes.get_yaxis_transform() if self._vertical else axes.get_xaxis_transform()
        (self._marks,) = axes.plot([], [], _MARKS[side], transform=transform, color=INK, ms=7, mew=0.8, clip_on=False)
        style = {"left": ("right", "center"), "bottom": ("center", "top"), "top": ("center", "bottom")}[side]
        away = {"left": -0.012, "bottom": -0.03, "top": 1.025}[side]
        self._labels = [
            picture.text(
                away if self._vertical else 0, 0 if self._vertical else away, axes=axes, transform=transform,
                ha=style[0], va=style[1], color=INK, fontsize=9.5,
            )
            for _ in range(_MOST)
        ]  # fmt: skip

    @property
    def artists(self) -> tuple:
        """What must be declared as moving."""
        return (self._marks, *self._labels)

    def set(self, places: Sequence[float], texts: Sequence[str]) -> None:
        """Put ticks at some places, in data units, the first nine of them.

        Raises
        ------
        ValueError
            If there are not as many texts as places.
        """
        if len(places) != len(texts):
            raise ValueError(f"texts: {len(texts)} for {len(places)} places. Give one for each.")
        places, texts = list(places)[:_MOST], list(texts)[:_MOST]
        ends = [self._place] * len(places)
        self._marks.set_data(*((ends, places) if self._vertical else (places, ends)))
        for label in self._labels[len(places) :]:
            label.set_visible(False)
        for label, place, text in zip(self._labels, places, texts, strict=False):
            label.set_visible(True)
            label.set_text(text)
            (label.set_y if self._vertical else label.set_x)(place)
