"""One figure that is drawn once and then only changed: background kept, moving parts blitted, PNG bytes out."""

from __future__ import annotations

from collections import OrderedDict
from collections.abc import Hashable

import numpy as np

from course_utils.plots.png import encode_png, encode_small_png

_KEPT_BACKGROUNDS = 8  # a background of 1520 x 840 pixels is 5 MB


class Picture:
    """Own one Matplotlib figure and give its pixels.

    What never moves (axes, ticks, titles) is drawn once for each *layout* and kept as pixels. What moves is handed to
    :meth:`moving` and drawn over it. A layout is any hashable that names a state of the axes, for example
    ``("log", "log")``; the first time it is met, the whole figure is drawn.

    Parameters
    ----------
    width, height : int
        Size on the page, CSS pixels.
    scale : int
        Image pixels for one CSS pixel. Two is crisp on the screens of today.

    Attributes
    ----------
    figure : matplotlib.figure.Figure
        The figure, made without pyplot, so that nothing else holds or shows it.
    backgrounds_drawn : int
        How often the whole figure was drawn.

    Examples
    --------
    >>> picture = Picture(300, 200, scale=1)
    >>> line, = picture.figure.subplots().plot([0, 1], [0, 1])
    >>> picture.moving(line)
    >>> picture.png(layout="only")[1:4]
    b'PNG'
    """

    def __init__(self, width: int = 760, height: int = 400, *, scale: int = 2):
        from matplotlib.backends.backend_agg import FigureCanvasAgg
        from matplotlib.figure import Figure

        self.width, self.height, self.scale = width, height, scale
        self.figure = Figure(figsize=(width / 100, height / 100), dpi=100 * scale, facecolor="white")
        self.figure.set_layout_engine("none")  # a layout that is solved again at every draw moves the axes
        self._canvas = FigureCanvasAgg(self.figure)
        self._moving: list = []
        self._backgrounds: OrderedDict[Hashable, object] = OrderedDict()
        self.backgrounds_drawn = 0

    def moving(self, *artists) -> None:
        """Declare artists that change with the state; they are drawn in this order, over everything else."""
        for artist in artists:
            artist.set_animated(True)
        self._moving.extend(artists)

    def text(self, x: float, y: float, *, axes=None, transform=None, **style):
        """Add a line of text that moves or changes, and return it; declare it with :meth:`moving` in its turn.

        Parameters
        ----------
        x, y : float
            Position, in data units of ``axes``, else in fractions of the figure.
        axes : matplotlib.axes.Axes, optional
            Axes that it belongs to.
        transform : matplotlib.transforms.Transform, optional
            Other units for the position.
        **style
            Properties of :class:`matplotlib.text.Text`.
        """
        from course_utils.plots.stamps import StampedText

        artist = StampedText(x, y, "", **style)
        owner = self.figure if axes is None else axes
        artist.set_transform(transform or (self.figure.transFigure if axes is None else axes.transData))
        owner.add_artist(artist)
        artist.set_clip_on(False)
        return artist

    def forget_backgrounds(self) -> None:
        """Draw every background anew when it is next needed (what is in them has changed)."""
        self._backgrounds.clear()

    def _paint(self, layout: Hashable) -> np.ndarray:
        if layout in self._backgrounds:
            self._backgrounds.move_to_end(layout)
        else:
            self._canvas.draw()  # leaves out the animated artists
            self._backgrounds[layout] = self._canvas.copy_from_bbox(self.figure.bbox)
            self.backgrounds_drawn += 1
            while len(self._backgrounds) > _KEPT_BACKGROUNDS:
                self._backgrounds.popitem(last=False)
        self._canvas.restore_region(self._backgrounds[layout])
        for artist in self._moving:
            if artist.get_visible():
                owner = artist.axes if artist.axes is not None else self.figure
                owner.draw_artist(artist)
        return np.asarray(self._canvas.buffer_rgba())

    def png(self, layout: Hashable, *, small: bool = False) -> bytes:
        """Return the picture as PNG bytes, with the background of this layout under the moving artists.

        Parameters
        ----------
        layout : hashable
            Names the state of the axes. The axes must be in that state already.
        small : bool
            Take ten times as long for a file of a quarter of the size: for pictures that are kept.
        """
        return (encode_small_png if small else encode_png)(self._paint(layout))
