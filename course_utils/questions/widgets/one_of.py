"""One choice out of several that works by keyboard alone."""

from __future__ import annotations

from collections.abc import Sequence

import ipywidgets as widgets
from traitlets import Unicode


class OneOf(widgets.VBox):
    """Show choices as radio buttons, each reached with Tab and chosen with the space bar.

    A group of radio buttons is driven with the arrow keys, as a list to choose from is. JupyterLab takes these keys
    for itself to go from cell to cell, so each choice is a group of its own here and the box lets one be chosen.

    Parameters
    ----------
    options : sequence of (str, str)
        Label and value of each choice.
    value : str
        What is chosen at first; empty for nothing.
    """

    value = Unicode("")

    def __init__(self, options: Sequence[tuple[str, str]], value: str = ""):
        self._writing = False
        self.buttons = {
            name: widgets.RadioButtons(options=[(label, name)], value=None, layout=widgets.Layout(width="100%"))
            for label, name in options
        }
        super().__init__(list(self.buttons.values()), layout=widgets.Layout(width="100%"))
        self.add_class("questions-one-of")
        for name, button in self.buttons.items():
            button.observe(lambda change, name=name: self._pressed(name, change["new"]), names="value")
        self.observe(self._show, names="value")
        self.value = value

    def _pressed(self, name: str, value: str | None) -> None:
        if not self._writing and value is not None:
            self.value = name

    def _show(self, _: dict) -> None:
        self._writing = True
        try:
            for name, button in self.buttons.items():
                button.value = name if name == self.value else None
        finally:
            self._writing = False
