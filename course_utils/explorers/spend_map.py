"""The map of *spend a budget*: what every split between size and thoughts solves, and with how many samples."""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np

from course_utils.i18n import format_count, t

if TYPE_CHECKING:
    from matplotlib.artist import Artist

    from course_utils.explorers.spend_state import SpendResult
    from course_utils.plots.picture import Picture

_PLACE = (0.675, 0.2, 0.31, 0.62)
_DARK = 0.55  # from this share on, numbers in a cell are white
_TOO_DEAR = "#E4E4E4"
_BLUES = ("#F2F7FB", "#9CCBE8", "#3B8EC4", "#0B5A94", "#00345F")


class SplitMap:
    """Draw one cell for each size of model (row) and each number of thoughts (column).

    Parameters
    ----------
    picture : Picture
        The picture that it is part of.
    params : array of shape (n_sizes,), parameters of blocks and head
    most : thoughts in the last column

    Attributes
    ----------
    moving : tuple of matplotlib artists, to be declared to the picture
    """

    def __init__(self, picture: Picture, params: np.ndarray, most: int):
        from matplotlib.colors import LinearSegmentedColormap

        from course_utils.explorers.colours import INK, OWN

        rows, columns = len(params), most + 1
        axes = picture.figure.add_axes(_PLACE)
        self._axes, self._ink = axes, INK
        colours = LinearSegmentedColormap.from_list("measured", _BLUES).with_extremes(bad=_TOO_DEAR)
        axes.set_yticks(range(rows), [format_count(n, 2) for n in params], fontsize=8.5)
        axes.tick_params(length=0)
        axes.grid(False)
        axes.set_xlabel(t("explorers.spend.map_axis"), loc="left")
        axes.set_title(t("explorers.spend.map_title"), loc="left", fontsize=9.5, color=INK, pad=10)
        edges = np.arange(columns + 1) - 0.5, np.arange(rows + 1) - 0.5
        self._cells = axes.pcolormesh(*edges, np.zeros((rows, columns)), cmap=colours, vmin=0, vmax=1)
        self._shares = [
            [picture.text(j, i - 0.1, axes=axes, ha="center", va="center", fontsize=9) for j in range(columns)]
            for i in range(rows)
        ]
        self._samples = [
            [picture.text(j, i + 0.22, axes=axes, ha="center", va="center", fontsize=7) for j in range(columns)]
            for i in range(rows)
        ]
        self._frame = axes.fill([0, 1, 1, 0], [0, 0, 1, 1], fc="none", ec=OWN, lw=2.6, clip_on=False)[0]
        axes.set(ylim=(rows - 0.5, -0.5), xticks=range(columns))
        words = [text for row in (*self._shares, *self._samples) for text in row]
        self.moving: tuple[Artist, ...] = (self._cells, *words, self._frame)

    def show(self, result: SpendResult | None) -> int:
        """Show a result, or nothing; return the number of columns, which the layout depends on."""
        self._axes.set_visible(result is not None)
        for artist in self.moving:
            artist.set_visible(result is not None)
        if result is None:
            return 0
        rows, columns = result.grid.shape
        self._axes.set_xlim(-0.5, columns - 0.5)
        paid = result.grid_samples > 0
        colours = np.ma.masked_array(np.zeros((rows, len(self._shares[0]))), mask=True)
        colours[:, :columns] = np.ma.masked_array(result.grid, ~paid)
        self._cells.set_array(colours)
        for i, (shares, samples) in enumerate(zip(self._shares, self._samples, strict=True)):
            for j, (share, sample) in enumerate(zip(shares, samples, strict=True)):
                shown = j < columns
                share.set_visible(shown)
                sample.set_visible(shown and bool(paid[i, j]))
                if not shown:
                    continue
                share.set_text(f"{100 * result.grid[i, j]:.0f}" if paid[i, j] else "–")
                sample.set_text(str(result.grid_samples[i, j]))
                colour = "white" if paid[i, j] and result.grid[i, j] >= _DARK else self._ink
                share.set_color(colour)
                sample.set_color(colour)
        self._frame.set_visible(result.best is not None)
        if result.best is not None:
            x, y = int(result.length[result.best]), result.best
            self._frame.set_xy([(x - 0.5, y - 0.5), (x + 0.5, y - 0.5), (x + 0.5, y + 0.5), (x - 0.5, y + 0.5)])
        return columns
