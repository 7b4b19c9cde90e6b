"""The page with buttons: a file in, its columns and units settled, an analysis, a report out."""

from __future__ import annotations

import base64
import re
from html import escape
from pathlib import Path
from typing import Any

import ipywidgets as widgets
import numpy as np

from course_utils.i18n import language, t, using_language
from course_utils.own_runs import faces
from course_utils.own_runs.analysis import Analysis, analyse
from course_utils.own_runs.figure import figure_text, png
from course_utils.own_runs.live_figure import LiveFigure
from course_utils.own_runs.reading import Reading, read
from course_utils.own_runs.reading_faces import reading_html, unit_key
from course_utils.own_runs.said import Refusal
from course_utils.own_runs.units import UNITS
from course_utils.plots.described_image import DescribedImage

_ROLES = ("params", "tokens", "flops", "loss", "budget", "run", "step", "seed", "diverged")
_ABSENT = ""  # of a drop-down: a list shows nothing at all for None
_IMAGE_WIDTH = 820  # pixels of the page
_BEYOND = 4.0  # powers of ten beyond the largest run to which the budget goes
_STYLE = """<style>
.own-runs-page table { border-collapse: collapse; margin: 4px 0; min-width: min(100%, 36em); max-width: 60em; }
.own-runs-page th, .own-runs-page td
  { padding: 2px 14px 2px 0; text-align: left; vertical-align: top; white-space: normal; line-height: 1.45; }
.own-runs-page caption { text-align: left; font-weight: 600; white-space: normal; }
.own-runs-page thead th { border-bottom: 1px solid currentColor; font-weight: 600; }
.own-runs-page tbody th { font-weight: 400; }
.own-runs-page .own-runs ul { margin: 2px 0; padding-left: 1.4em; }
.own-runs-page ul.can li::marker { content: "+  "; }
.own-runs-page ul.cannot li::marker { content: "−  "; }
.own-runs-page ul.warnings li::marker { content: "!  "; }
.own-runs-page p, .own-runs-page li { margin: 3px 0; line-height: 1.5; max-width: 58em; white-space: normal;
  overflow-wrap: anywhere; }
.own-runs-page h2 { font-size: 1.1em; margin: 12px 0 2px; white-space: normal; }
.own-runs-page h3 { font-size: 1em; margin: 8px 0 0; }
.own-runs-page .refused { border-left: 3px solid #D55E00; padding-left: 10px; }
</style>"""


class OwnRuns:
    """Hold a reader's runs: what was read, what was settled, what came out; and show it with buttons.

    Everything that a button does is a method, so that a lesson, a test or a terminal can do the same.

    Attributes
    ----------
    reading : the file as it is understood at present
    analysis : of it, or None after a change
    message : what is wrong or done, in words; empty when nothing is to be said
    refused : whether the message is a refusal
    language : in which the page speaks
    """

    def __init__(self, source: Any = None, *, budget: float | None = None):
        self.language = language()
        self.reading: Reading = source if isinstance(source, Reading) else read(source)
        self.analysis: Analysis | None = None
        self.message, self.refused = "", False
        self._budget = budget
        self._view: _View | None = None
        if not self.reading.questions:
            self.analyse()

    def open(self, source: Any, name: str | None = None) -> None:
        """Read another file; a refusal becomes the message, and the present file stays."""
        self._attempt(lambda: self._take(read(source, name=name)))

    def choose(self, **choices: Any) -> None:
        """Change columns, units, the decimal mark or the lines left out, as `Reading.choose` does."""
        self._attempt(lambda: self._take(self.reading.choose(**choices)))

    def analyse(self) -> None:
        """Confirm the columns and units as they stand, and analyse the runs."""

        def work() -> None:
            self.analysis = analyse(self.reading.confirm(), budget=self._budget)

        self._attempt(work)

    def set_budget(self, flops: float) -> None:
        """Plan for another budget."""

        def work() -> None:
            self._budget = float(flops)
            if self.analysis is not None:
                self.analysis = self.analysis.with_budget(flops)

        self._attempt(work)

    def save(self, path: str | Path, *, overwrite: bool = False) -> None:
        """Write the report."""

        def work() -> None:
            if self.analysis is not None:
                written = self.analysis.report(path, overwrite=overwrite)
                self.message = t("own_runs.view.saved", path=written)

        self._attempt(work)

    def refuse(self, message: str) -> None:
        """Say on the page why something was not done."""
        self.message, self.refused = message, True
        if self._view is not None:
            self._view.show()

    def _take(self, reading: Reading) -> None:
        changed = self.analysis is not None and reading.table is self.reading.table
        if reading.table is not self.reading.table:
            self._budget = None
        self.reading, self.analysis = reading, None
        self.message = t("own_runs.view.changed") if changed else ""

    def _attempt(self, work) -> None:
        """Do something; what is refused is said on the page, in the reader's language."""
        with using_language(self.language):
            self.message, self.refused = "", False
            try:
                work()
            except (Refusal, FileExistsError) as error:
                self.message, self.refused = str(error), True
            except FileNotFoundError as error:
                # A folder that the report should go to says it with a file's name, a file to be read in words.
                path = error.filename
                said = str(error) if path is None else t("own_runs.view.not_found", path=path, folder=Path.cwd())
                self.message, self.refused = said, True
            except (ValueError, OSError) as error:
                self.message, self.refused = t("own_runs.view.bad_choice", error=error), True
            if self._view is not None:
                self._view.show()

    def widget(self) -> widgets.Widget:
        """Return the live page; there is one."""
        if self._view is None:
            with using_language(self.language):
                self._view = _View(self)
        return self._view.box

    def __repr__(self) -> str:
        with using_language(self.language):
            return self.reading.summary() if self.analysis is None else self.analysis.summary()

    def _repr_mimebundle_(self, include=None, exclude=None):
        data = dict(self.widget()._repr_mimebundle_())
        data["text/plain"] = repr(self)
        with using_language(self.language):
            if self.analysis is not None:
                data["image/png"] = base64.b64encode(png(self.analysis)).decode("ascii")
        if include:
            data = {kind: value for kind, value in data.items() if kind in include}
        return {kind: value for kind, value in data.items() if kind not in (exclude or ())}


def _row() -> widgets.Layout:
    """Make a layout for a row; each row its own, for hiding one must not hide another."""
    return widgets.Layout(flex_flow="row wrap", align_items="center", max_width="960px")


def _asked(flops: float) -> float:
    """Return the budget that a place of the slider stands for: as many digits as the reader is shown."""
    return float(f"{flops:.3g}")


class _View:
    """Make the widgets once and bring them up to the page's state after every change."""

    def __init__(self, page: OwnRuns):
        self.page = page
        self._writing = False
        auto, wide = widgets.Layout(width="auto"), widgets.Layout(width="auto", min_width="16em", flex="1 1 16em")
        self.upload = widgets.FileUpload(
            accept=".csv,.tsv,.txt", multiple=False, description=t("own_runs.view.upload"), layout=auto
        )
        self.upload.observe(self._uploaded, names="value")
        self.path = widgets.Text(description=t("own_runs.view.path"), style={"description_width": "auto"}, layout=wide)
        self.columns = {role: self._column(role) for role in _ROLES}
        self.units = {role: self._unit(role) for role in _ROLES if role in UNITS}
        self.decimal = widgets.Dropdown(
            options=[(".", "."), (",", ",")],
            description=t("own_runs.view.decimal"),
            style={"description_width": "auto"},
            layout=widgets.Layout(width="14em"),
        )
        self.decimal.observe(self._decimal_changed, names="value")
        self.leave_out = widgets.Text(
            description=t("own_runs.view.leave_out"),
            placeholder=t("own_runs.view.leave_out_hint"),
            continuous_update=False,
            style={"description_width": "auto"},
            layout=wide,
        )
        self.leave_out.observe(self._leave_out_changed, names="value")
        self.budget = widgets.FloatLogSlider(
            min=0,
            max=30,
            step=0.05,
            readout_format=".2e",
            continuous_update=True,
            description=t("own_runs.view.budget"),
            style={"description_width": "auto"},
            layout=widgets.Layout(width="auto", max_width="46em"),
        )
        self.budget.observe(self._budget_changed, names="value")
        self.save_as = widgets.Text(
            value="report.html",
            description=t("own_runs.view.save_as"),
            style={"description_width": "auto"},
            layout=wide,
        )
        self.replace = widgets.Checkbox(description=t("own_runs.view.replace"), indent=False, layout=auto)
        self.message, self.result, self.plan, self.fitted = (widgets.HTML() for _ in range(4))
        self.image = DescribedImage(
            format="png",
            width=_IMAGE_WIDTH,
            layout=widgets.Layout(max_width="100%", height="auto", object_fit="contain", flex="0 0 auto"),
        )
        self.image.layout.align_self = "flex-start"
        self._figure: LiveFigure | None = None
        run = self._button("analyse", lambda: page.analyse(), style="primary")
        heading = widgets.HTML(
            f'{_STYLE}<div lang="{page.language}" class="own-runs-page"><p><strong>{escape(t("own_runs.view.title"))}'
            f"</strong></p><p>{escape(t('own_runs.view.lead'))}</p></div>"
        )
        grid = widgets.GridBox(
            [widget for role in _ROLES for widget in (self.columns[role], self.units.get(role, widgets.Label()))],
            layout=widgets.Layout(
                grid_template_columns="minmax(18em, 1.4fr) minmax(14em, 1fr)", grid_gap="0 18px", max_width="820px"
            ),
        )
        self.saving = widgets.HBox([self.save_as, self.replace, self._button("save", self._save)], layout=_row())
        source = [
            self.upload,
            self.path,
            self._button("open", lambda: page.open(self.path.value.strip())),
            self._button("sample", lambda: page.open(None)),
        ]
        settled = [self.decimal, self.leave_out, run]
        self._top = (
            heading,
            widgets.HBox(source, layout=_row()),
            grid,
            widgets.HBox(settled, layout=_row()),
            self.message,
            self.result,
        )
        self.box = widgets.VBox(layout=widgets.Layout(width="100%", align_items="stretch"))
        self.box.add_class("own-runs-page")
        self.show()

    def show(self) -> None:
        """Bring every widget up to the page's state; the picture goes first, it is what the eye waits for."""
        page = self.page
        if page.analysis is not None:
            self._show_figure(page.analysis)
        self._writing = True
        try:
            self._show_reading(page.reading)
            self._show_budget()
        finally:
            self._writing = False
        kind, role = ("refused", "alert") if page.refused else ("told", "status")
        self.message.value = (
            f'<p lang="{page.language}" class="{kind}" role="{role}">{escape(page.message)}</p>' if page.message else ""
        )
        with using_language(page.language):
            self._show_result()

    def _show_reading(self, reading: Reading) -> None:
        absent = (t("own_runs.view.none"), _ABSENT)
        for role, widget in self.columns.items():
            widget.options = [absent, *((name, name) for name in reading.table.header if name)]
            guess = reading.columns.get(role)
            widget.value = _ABSENT if guess is None else guess.value
        for role, widget in self.units.items():
            guess = reading.units.get(role)
            widget.disabled = guess is None
            widget.value = UNITS[role][0] if guess is None else guess.value
        self.decimal.value = reading.decimal
        self.leave_out.value = ", ".join(map(str, reading.choices.leave_out))

    def _show_figure(self, analysis: Analysis) -> None:
        with using_language(self.page.language):
            if self._figure is None or not self._figure.shows(analysis):
                self._figure = LiveFigure(analysis)
                self.fitted.value = self._part(faces.fitted_html(analysis))
            self.image.show(self._figure.png(analysis), figure_text(analysis))

    def _show_result(self) -> None:
        analysis = self.page.analysis
        if analysis is None:
            step = t("own_runs.view.next", button=t("own_runs.view.analyse"))
            self.result.value = self._part(reading_html(self.page.reading, next_step=step))
            self.box.children = (*self._top, self.saving)
        else:
            self.result.value = self._part(faces.told_html(analysis))
            self.plan.value = self._part(faces.plan_html(analysis))
            self.box.children = (*self._top, self.budget, self.image, self.plan, self.fitted, self.saving)
        self.saving.layout.display = "none" if analysis is None else "flex"

    def _part(self, body: str) -> str:
        """Write a part of the page, with the language that it speaks."""
        return f'<div lang="{self.page.language}" class="own-runs">{body}</div>'

    def _show_budget(self) -> None:
        """Put the slider where the plan is; one whose limits and value are right is left alone under the hand."""
        analysis = self.page.analysis
        planned = analysis is not None and analysis.plan.flops is not None
        self.budget.layout.display = "flex" if planned else "none"
        if not planned:
            return
        flops, target = analysis.runs.flops, analysis.plan.flops
        low, high = np.floor(np.log10(flops.min())), np.ceil(np.log10(flops.max()) + _BEYOND)
        limits = float(min(low, np.log10(target))), float(max(high, np.log10(target)))
        if limits == (self.budget.min, self.budget.max) and _asked(self.budget.value) == target:
            return
        # The wider limits first: a slider refuses limits that leave its value outside.
        self.budget.min, self.budget.max = -300, 300
        self.budget.value = target
        self.budget.min, self.budget.max = limits

    def _button(self, name: str, work, style: str = "") -> widgets.Button:
        button = widgets.Button(
            description=t(f"own_runs.view.{name}"), button_style=style, layout=widgets.Layout(width="auto")
        )
        button.on_click(lambda _: work())
        return button

    def _column(self, role: str) -> widgets.Dropdown:
        widget = widgets.Dropdown(
            options=[(t("own_runs.view.none"), _ABSENT)],
            description=t(f"own_runs.role.{role}"),
            style={"description_width": "12em"},
            layout=widgets.Layout(width="auto"),
        )
        widget.observe(lambda change: self._changed("columns", role, change), names="value")
        return widget

    def _unit(self, role: str) -> widgets.Dropdown:
        widget = widgets.Dropdown(
            options=[(t(f"own_runs.unit.{unit_key(role, unit)}"), unit) for unit in UNITS[role]],
            description=t("own_runs.view.unit"),
            style={"description_width": "5em"},
            layout=widgets.Layout(width="auto"),
        )
        widget.observe(lambda change: self._changed("units", role, change), names="value")
        return widget

    def _changed(self, kind: str, role: str, change: dict) -> None:
        if not self._writing:
            self.page.choose(**{kind: {role: change["new"] or None}})

    def _decimal_changed(self, change: dict) -> None:
        if not self._writing:
            self.page.choose(decimal=change["new"])

    def _leave_out_changed(self, change: dict) -> None:
        if self._writing:
            return
        text = change["new"].strip()
        if not re.fullmatch(r"(\d+([\s,;，、]+\d+)*)?", text):
            with using_language(self.page.language):
                said = t("own_runs.view.leave_out_bad", text=text)
            self.page.refuse(said)
            return
        self.page.choose(leave_out=[int(line) for line in re.findall(r"\d+", text)])

    def _budget_changed(self, change: dict) -> None:
        if not self._writing:
            self.page.set_budget(_asked(change["new"]))

    def _uploaded(self, change: dict) -> None:
        if change["new"]:
            file = change["new"][0]
            self.page.open(bytes(file["content"]), file["name"])

    def _save(self) -> None:
        self.page.save(self.save_as.value.strip(), overwrite=self.replace.value)
