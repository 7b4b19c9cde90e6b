"""What the views share: one look, buttons, a text that is said when it changes, and a still face."""

from __future__ import annotations

import html
from collections.abc import Callable
from typing import Any

import ipywidgets as widgets

from course_utils.i18n import t, using_language
from course_utils.questions.faces import lines_html

STYLE = """<style>
.scaling-questions { max-width: 54em; padding: 4px 2px 8px; }
.scaling-questions p, .scaling-questions li { line-height: 1.5; }
.scaling-questions .questions-title { font-weight: 600; font-size: 1.1em; margin: 0 0 2px; }
.scaling-questions .questions-place { opacity: 0.8; margin: 0; }
.scaling-questions .questions-text { font-size: 1.05em; line-height: 1.5; margin: 4px 0 6px; max-width: 46em; }
.scaling-questions .questions-said { line-height: 1.5; margin: 4px 0; max-width: 46em;
  border-left: 3px solid currentColor; padding-left: 10px; }
.scaling-questions .widget-radio-box, .scaling-questions .widget-radio { width: 100%; height: auto; max-height: none; }
.scaling-questions .widget-radio-box label, .scaling-questions .widget-checkbox label.widget-label-basic {
  height: auto; white-space: normal; line-height: 1.45; margin: 3px 0; overflow: visible; align-items: baseline; }
.scaling-questions .widget-radio-box label input, .scaling-questions .widget-checkbox label input { flex: none; }
.scaling-questions .questions-text p { margin: 0 0 4px; }
.scaling-questions a { color: var(--jp-content-link-color, #0072b2); text-decoration: underline; }
.scaling-questions .widget-checkbox { height: auto; }
.scaling-questions .questions-one-of, .scaling-questions .questions-one-of .widget-radio { margin: 0;
  overflow: visible; }
.scaling-questions .questions-one-of .widget-radio-box { margin: 0; padding: 0; }
.scaling-questions .widget-html, .scaling-questions .widget-html-content { height: auto; }
.scaling-questions button:focus-visible, .scaling-questions input:focus-visible,
.scaling-questions textarea:focus-visible, .scaling-questions select:focus-visible {
  outline: 2px solid #0072b2; outline-offset: 2px; }
</style>"""


class Panel(widgets.VBox):
    """A box that speaks one language and shows a still face where no kernel runs.

    Parameters
    ----------
    code : str
        The language.
    """

    def __init__(self, code: str):
        self.language = code
        super().__init__(layout=widgets.Layout(width="100%", align_items="stretch"))
        self.add_class("scaling-questions")

    def bundle(self, session: Any, include: Any = None, exclude: Any = None) -> dict:
        """Return the output of a notebook: the live box, and `session` as HTML and plain text."""
        data = dict(super()._repr_mimebundle_())
        data["text/plain"] = repr(session)
        data["text/html"] = session._repr_html_()
        if include:
            data = {kind: value for kind, value in data.items() if kind in include}
        if exclude:
            data = {kind: value for kind, value in data.items() if kind not in exclude}
        return data

    def say(self, key: str, **values: Any) -> str:
        """Return a text of the section "questions" in the box's language."""
        with using_language(self.language):
            return t(f"questions.{key}", **values)

    def button(self, key: str, act: Callable[[], None]) -> widgets.Button:
        """Return a button that calls `act`."""
        made = widgets.Button(
            description=self.say(f"buttons.{key}"), layout=widgets.Layout(width="auto", padding="0 14px")
        )
        made.on_click(lambda _: act())
        return made

    def row(self, *buttons: widgets.Widget) -> widgets.HBox:
        """Return buttons side by side, wrapped on narrow pages."""
        return widgets.HBox(buttons, layout=widgets.Layout(flex_flow="row wrap", margin="4px 0"))

    def text(self, said: str, kind: str, *, live: bool = False) -> str:
        """Return plain text as a paragraph; a live one is read aloud by a screen reader when it changes."""
        region = ' role="status" aria-live="polite"' if live else ""
        shown = lines_html(said) if said else ""
        return f'<div class="questions-{kind}" lang="{self.language}"{region}>{shown}</div>' if said else ""

    def title(self, said: str) -> widgets.HTML:
        """Return the heading, which also carries the look."""
        return widgets.HTML(f'{STYLE}<p class="questions-title" lang="{self.language}">{html.escape(said)}</p>')
