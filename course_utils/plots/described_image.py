"""A picture on a page that says itself to those who cannot see it."""

from __future__ import annotations

import ipywidgets as widgets
from traitlets import Unicode


class DescribedImage(widgets.Image):
    """An image with a text for those who cannot see it.

    The browser's part of ipywidgets 8 writes a widget's tooltip as the element's ``title``, which names an image
    without ``alt``, but only where the widget has a description, which an image lacks: so this one has an empty one.
    """

    description = Unicode("").tag(sync=True)

    def show(self, png: bytes, tooltip: str) -> None:
        """Show other pixels and their text, in one message to the page."""
        with self.hold_sync():
            self.value, self.tooltip = png, tooltip
