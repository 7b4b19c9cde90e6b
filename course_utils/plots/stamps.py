"""Text that is laid out once and then stamped: most words of a moving picture do not change when they move."""

from __future__ import annotations

from collections import OrderedDict
from typing import ClassVar

import numpy as np
from matplotlib.backends.backend_agg import RendererAgg
from matplotlib.text import Text
from matplotlib.transforms import IdentityTransform

_KEPT_STAMPS = 512
_MARGIN = 3  # pixels around a text, for strokes that reach beyond its box


class StampedText(Text):
    """Draw text from pixels kept of the last time that the same words were drawn in the same face.

    Laying out and rasterising a line of text takes 1 to 3 ms, copying its pixels 0.05 ms; an explorer has a dozen
    lines, of which one slider changes a few. Looks exactly like :class:`matplotlib.text.Text` placed on whole pixels.
    Neither clipped nor wrapped.
    """

    _stamps: ClassVar[OrderedDict] = OrderedDict()

    def draw(self, renderer) -> None:
        if not self.get_visible() or not self.get_text():
            return
        key = self._face(renderer)
        stamp = self._stamps.get(key)
        if stamp is None:
            stamp = self._stamps[key] = self._make_stamp(renderer)
            if len(self._stamps) > _KEPT_STAMPS:
                self._stamps.popitem(last=False)
        else:
            self._stamps.move_to_end(key)
        pixels, left, bottom = stamp
        x, y = self.get_transform().transform(self.get_position())
        if np.isfinite(x) and np.isfinite(y):
            gc = renderer.new_gc()
            renderer.draw_image(gc, round(x) + left, round(y) + bottom, pixels)
            gc.restore()
        self.stale = False

    def _face(self, renderer) -> tuple:
        font = self.get_fontproperties()
        align = (self.get_horizontalalignment(), self.get_verticalalignment(), self.get_rotation())
        return (
            self.get_text(),
            self.get_color(),
            self.get_alpha(),
            hash(font),
            renderer.dpi,
            *align,
            *map(id, self.get_path_effects()),
        )

    def _make_stamp(self, renderer) -> tuple[np.ndarray, int, int]:
        """Draw the text alone; return its pixels (top row first) and where they lie from the text's position."""
        position, transform = self.get_position(), self.get_transform()
        try:
            self.set_transform(IdentityTransform())
            self.set_position((0, 0))
            box = self.get_window_extent(renderer)
            left, bottom = int(np.floor(box.x0)) - _MARGIN, int(np.floor(box.y0)) - _MARGIN
            # With strokes around it a text is drawn as unhinted outlines, which are wider than the box of the hinted
            # letters: two or three per cent, most of a letter in a long line.
            wider = int(0.05 * box.width) if self.get_path_effects() else 0
            width, height = int(np.ceil(box.width)) + wider + 2 * _MARGIN, int(np.ceil(box.height)) + 2 * _MARGIN
            alone = RendererAgg(width, height, renderer.dpi)
            self.set_position((-left, -bottom))
            super().draw(alone)
        finally:
            self.set_transform(transform)
            self.set_position(position)
        # draw_image wants the bottom row first.
        return np.ascontiguousarray(np.asarray(alone.buffer_rgba())[::-1]), left, bottom
