"""The live view of an explorer: descriptions of controls become ipywidgets, pixels go to one image."""

from __future__ import annotations

import base64
import functools
import html
import unicodedata
from typing import Any

import ipywidgets as widgets

from course_utils.explorers.controls import Choice, Control, Slider, Span, Switch
from course_utils.plots.described_image import DescribedImage

# A readout that grows with its text would move the slider under the reader's hand, so it keeps its width.
_STYLE = """<style>
.scaling-explorer .widget-readout { min-width: 9.5em; max-width: 9.5em; text-align: left; }
.scaling-explorer .explorer-title { font-weight: 600; margin: 0; line-height: 1.5; }
.scaling-explorer .explorer-lead, .scaling-explorer .explorer-words, .scaling-explorer .explorer-note
  { margin: 0; line-height: 1.5; max-width: 54em; white-space: normal; overflow-wrap: anywhere; }
.scaling-explorer .explorer-words { font-size: 1.05em; }
.scaling-explorer table { border-collapse: collapse; margin: 4px 0; max-width: 100%; }
.scaling-explorer th, .scaling-explorer td
  { padding: 2px 12px 2px 0; text-align: left; vertical-align: top; white-space: normal; line-height: 1.45; }
.scaling-explorer thead th { border-bottom: 1px solid currentColor; font-weight: 600; }
.scaling-explorer td b { white-space: nowrap; }
.scaling-explorer td small { opacity: 0.75; }
.scaling-explorer .widget-html-content { overflow-x: auto; }
</style>"""


class ExplorerView(widgets.VBox):
    """Show one explorer: controls, picture, words, and what each change makes of them.

    Its output in a notebook is one MIME bundle: the live widget, a still PNG of the present state for pages without
    a kernel, and the result in words.
    """

    def __init__(self, explorer: Any):
        self.explorer = explorer
        self._writing = False
        self._controls = explorer.controls
        self._name_width = max(_width_in_em(c.label) for c in self._controls)
        self._inputs = {c.trait: self._make_input(c) for c in self._controls}
        self._buttons = {a.method: self._make_button(a.method, a.label) for a in explorer.buttons}
        reset = self._make_button("reset", explorer.text("explorers.common.reset"))
        self.image = DescribedImage(
            value=explorer.png(),
            format="png",
            width=explorer.size[0],
            tooltip=explorer.text("picture"),
            layout=widgets.Layout(max_width="100%", height="auto", object_fit="contain", flex="0 0 auto"),
        )
        lead, title = html.escape(explorer.text("lead")), html.escape(explorer.title())
        heading = widgets.HTML(
            f'{_STYLE}<div lang="{explorer.language}"><p class="explorer-title">{title}</p>'
            f'<p class="explorer-lead">{lead}</p></div>'
        )
        self.words = widgets.HTML(explorer.status_html())
        self.table = widgets.HTML(explorer.html_table())
        self._grid = widgets.GridBox(
            list(self._inputs.values()),
            layout=widgets.Layout(
                # A column holds the longest name, a track and the value: else the track shrinks to nothing.
                grid_template_columns="repeat(auto-fit, minmax("
                f"min(100%, max(350px, {self._name_width:.1f}em + 200px)), 1fr))",
                grid_gap="2px 28px",
                width="100%",
                max_width="960px",
            ),
        )
        buttons = widgets.HBox([*self._buttons.values(), reset], layout=widgets.Layout(flex_flow="row wrap"))
        super().__init__(
            [heading, self._grid, buttons, self.image, self.words, self.table],
            layout=widgets.Layout(width="100%", align_items="stretch"),
        )
        self.image.layout.align_self = "flex-start"
        self.add_class("scaling-explorer")
        self._mark_enabled()

    def show(self) -> None:
        """Bring the page up to the explorer's present result; the picture goes first, it is what the eye waits for."""
        self.image.value = self.explorer.png()
        status = self.explorer.status_html()
        if status != self.words.value:
            self.words.value = status
        self.table.value = self.explorer.html_table()
        self._writing = True
        try:
            if self.explorer.controls is not self._controls:
                self._replace_inputs(self.explorer.controls)
            for name, widget in self._inputs.items():
                widget.value = getattr(self.explorer.state, name)
            self._mark_enabled()
        finally:
            self._writing = False

    def _replace_inputs(self, controls: tuple[Control, ...]) -> None:
        """Make new widgets for the controls that changed.

        A slider in the browser that gets new limits first reports what it makes of its old value, and that report
        arrives after the new value was set: it would undo it. A new widget has nothing old to report, and reports of
        the closed one reach nobody.
        """
        for old, new in zip(self._controls, controls, strict=True):
            if old != new:
                gone = self._inputs[new.trait]
                gone.unobserve_all()
                self._inputs[new.trait] = self._make_input(new)
                gone.close()
        self._controls = controls
        self._grid.children = tuple(self._inputs.values())

    def _mark_enabled(self) -> None:
        locked = self.explorer.locked()
        for name, widget in self._inputs.items():
            widget.disabled = name in locked
        for action in self.explorer.buttons:
            self._buttons[action.method].disabled = not action.enabled

    def _input_changed(self, control: Control, change: dict) -> None:
        if self._writing:
            return
        value = change["new"]
        if isinstance(control, Slider):
            value = control.nearest_step(value)  # the browser counts in steps and says 0.09999999999999999 for 0.1
        if value != getattr(self.explorer.state, control.trait):
            with self.explorer.one_update():
                setattr(self.explorer.state, control.trait, value)

    def _make_button(self, method: str, label: str) -> widgets.Button:
        button = widgets.Button(description=label, layout=widgets.Layout(width="auto", padding="0 14px"))
        button.on_click(lambda _: getattr(self.explorer, method)())
        return button

    def _make_input(self, control: Control) -> widgets.Widget:
        style = {"description_width": f"{self._name_width:.1f}em"}
        shared = {
            "value": getattr(self.explorer.state, control.trait),
            "description": control.label,
            "layout": widgets.Layout(width="auto", min_width="0"),
        }
        match control:
            case Slider():
                widget = widgets.FloatSlider(
                    min=control.low,
                    max=control.high,
                    step=control.step,
                    readout_format=f".{control.digits}f",
                    continuous_update=True,
                    style=style,
                    **shared,
                )
            case Choice(face="slider"):
                widget = widgets.SelectionSlider(options=control.options, continuous_update=True, style=style, **shared)
            case Choice(face="buttons"):
                style["button_width"] = "auto"
                widget = widgets.ToggleButtons(options=control.options, style=style, **shared)
            case Choice(face="list"):
                widget = widgets.Dropdown(options=control.options, style=style, **shared)
            case Span():
                widget = widgets.SelectionRangeSlider(
                    options=control.options, continuous_update=True, style=style, **shared
                )
            case Switch():
                widget = widgets.Checkbox(indent=False, **shared)
        widget.observe(functools.partial(self._input_changed, control), names="value")
        return widget

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = dict(super()._repr_mimebundle_())
        data["text/plain"] = repr(self.explorer)
        data["image/png"] = base64.b64encode(self.explorer.png(small=True)).decode("ascii")
        if include:
            data = {kind: value for kind, value in data.items() if kind in include}
        if exclude:
            data = {kind: value for kind, value in data.items() if kind not in exclude}
        width, height = self.explorer.size
        metadata = {"image/png": {"width": width, "height": height}} if "image/png" in data else {}
        return data, metadata


def _width_in_em(label: str) -> float:
    """Estimate the width of a label: Han characters fill their em, Latin ones about 0.56 of it."""
    wide = sum(unicodedata.east_asian_width(letter) in "WF" for letter in label)
    marks = sum(unicodedata.combining(letter) > 0 for letter in label)
    return 0.6 + wide + 0.56 * (len(label) - wide - marks)
