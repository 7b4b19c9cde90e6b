"""The explorer *sharp or smooth*: this course's tasks side by side, by size, compute or loss, under either ruler."""

from __future__ import annotations

from collections.abc import Hashable, Mapping
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.sharp_state import (
    AXES,
    OTHERS,
    RULERS,
    SHARES,
    Curves,
    Panel,
    SharpResult,
    SharpState,
    digit_curves,
    panel_of,
    parity_curves,
)
from course_utils.i18n import format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_BOXES = {"left": (0.085, 0.185, 0.385, 0.635), "right": (0.59, 0.185, 0.385, 0.635)}  # left, bottom, width, height
_LIGHT, _DARK = np.array([0.62, 0.79, 0.93]), np.array([0.0, 0.16, 0.38])  # of the smallest and the largest model
_CHANCE = {"right": 0.5, "log": -float(np.log(2))}  # of sparse parity: one of two answers
_PAPERS = {
    ("parity", "log"): (-1.02, 0.05),
    ("multiplication", "log"): (-2.6, 0.1),
    ("addition", "log"): (-2.6, 0.1),
}
_RIGHT_PAPER = (-0.04, 1.04)


class SharpOrSmooth(Explorer):
    """Put multiplication beside sparse parity or addition, and see which ability comes all at once, and on which axis.

    Parameters
    ----------
    tables : mapping of str to pandas.DataFrame, optional
        ``"multiplication"``, and ``"parity"``, ``"addition"`` or both, with the columns of the tables
        ``multiplication_runs`` and so on, which are the default.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If there is no multiplication or nothing beside it, a table lacks a column, or a value lies outside its control.
    """

    section = "sharp"
    State = SharpState
    size = (800, 430)

    def __init__(self, tables: Mapping[str, Any] | None = None, **start: Any):
        if tables is None:
            tables = {name: datasets.load(f"{name}_runs") for name in ("multiplication", *OTHERS)}
        self.others = tuple(name for name in OTHERS if name in tables)
        if "multiplication" not in tables or not self.others:
            raise ValueError(
                f"tables: {', '.join(tables) or 'nothing'} given. Pass multiplication and parity or addition."
            )
        self.curves: dict[str, dict[int, Curves]] = {
            name: parity_curves(table) if name == "parity" else digit_curves(name, table)
            for name, table in tables.items()
        }
        self._panel = lru_cache(maxsize=256)(self._compute_panel)
        super().__init__(**start)

    def prepare(self) -> None:
        self.lengths = sorted(self.curves["multiplication"])
        self.state.length = self.lengths[-1]
        self.state.other = self.others[0]

    def make_controls(self) -> tuple[Control, ...]:
        def buttons(name: str, options: tuple[str, ...]) -> Choice:
            named = tuple((t(f"explorers.sharp.{name}_{option}"), option) for option in options)
            return Choice(name, t(f"explorers.sharp.{name}"), named, face="buttons")

        lengths = tuple((t("explorers.sharp.tokens", n=n), n) for n in self.lengths)
        skills = tuple((t("explorers.sharp.skill_number", n=k), k) for k in sorted(self.curves.get("parity", ())))
        return (
            *((buttons("other", self.others),) if len(self.others) > 1 else ()),
            buttons("axis", AXES),
            buttons("ruler", RULERS),
            Choice("length", t("explorers.sharp.length"), lengths),
            *((Choice("skill", t("explorers.sharp.skill"), skills),) if skills else ()),
            Choice("share", t("explorers.sharp.share"), tuple((format_percent(s), s) for s in SHARES)),
        )

    def locked(self) -> frozenset[str]:
        return frozenset() if self.state.other == "parity" else frozenset({"skill"})

    def _compute_panel(self, task: str, detail: int, axis: str, ruler: str, share: float) -> Panel:
        return panel_of(self.curves[task][detail], detail, axis, ruler, share)

    def compute(self, state: SharpState) -> SharpResult:
        how = (state.axis, state.ruler, state.share)
        detail = state.skill if state.other == "parity" else state.length
        return SharpResult(
            *how,
            left=self._panel("multiplication", state.length, *how),
            right=self._panel(state.other, detail, *how),
        )

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN

        most = max(len(next(iter(curves.values())).params) for curves in self.curves.values())
        self._sides = {}
        for side, box in _BOXES.items():
            axes = picture.figure.add_axes(box)
            start = [1.0], [0.5]
            axes.set_xscale("log")
            (step,) = axes.plot([], [], color=OWN, lw=7, alpha=0.28, solid_capstyle="round", zorder=1)
            (chance,) = axes.plot([0, 1], [0, 0], transform=axes.get_yaxis_transform(), color=MUTED, lw=1, ls="--")
            lines = [plots.measured(axes, *start, ms=2.6, mew=0, lw=1.0) for _ in range(most)]
            means = plots.measured(axes, *start, ms=6.5, mec="white", mew=0.8, ls="-", lw=1.4)
            name = picture.text(0.0, 1.045, axes=axes, transform=axes.transAxes, color=INK, fontsize=10.5, va="bottom")
            self._sides[side] = (axes, step, chance, lines, means, name)
        self._sides["right"][0].set_xlabel(" ")  # the note stands below the axis's name
        plots.provenance_note(self._sides["right"][0])
        key = picture.text(0.085, 0.035, color=MUTED, fontsize=9, va="center")
        key.set_text(t("explorers.sharp.key"))
        self._key = key
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        moving = [key, self._title]
        for _, step, chance, lines, means, name in self._sides.values():
            moving += [step, chance, *lines, means, name]
        picture.moving(*moving)

    def draw(self, result: SharpResult) -> Hashable:
        for side, panel in (("left", result.left), ("right", result.right)):
            self._draw_panel(side, panel, result)
        self._key.set_visible(result.axis != "params")
        self._title.set_text(self._message(result))
        return result.axis, result.ruler, result.right.task

    def _draw_panel(self, side: str, panel: Panel, result: SharpResult) -> None:
        axes, step, chance, lines, means, name = self._sides[side]
        self._change_paper(axes, panel.task, result)
        by_size = result.axis == "params"
        name.set_text(_task(panel))
        guess = _CHANCE[result.ruler] if panel.task == "parity" else None
        chance.set_visible(guess is not None)
        if guess is not None:
            chance.set_ydata([guess, guess])
        for artist in (step, means):
            artist.set_visible(by_size)
        if by_size:
            means.set_data(panel.sizes, panel.means)
            step.set_visible(panel.doubled is not None)
            if panel.doubled is not None:
                step.set_data(*panel.doubled)
        rank = np.searchsorted(panel.sizes, panel.params) / max(len(panel.sizes) - 1, 1)
        for row, line in enumerate(lines):
            line.set_visible(row < len(panel.params))
            if row >= len(panel.params):
                continue
            line.set_color("#0072B2" if by_size else tuple(_LIGHT + (_DARK - _LIGHT) * rank[row]))
            line.set_alpha(0.4 if by_size else 1.0)
            line.set_linestyle("-" if result.axis == "flops" else "none")
            line.set_markersize(3.6 if by_size else 0.0 if result.axis == "flops" else 3.0)
            # Fifty lines with soft edges make a kept picture twice as large; at two pixels for one nobody sees them.
            line.set_antialiased(result.axis != "flops")
            if by_size:
                line.set_data(panel.params[row : row + 1], panel.y[row, -1:])
            else:
                line.set_data(panel.x[row], panel.y[row])

    def _change_paper(self, axes: Any, task: str, result: SharpResult) -> None:
        """Give one side its axes: what stands on them, and from where to where."""
        from course_utils import plots

        curves = next(iter(self.curves[task].values()))
        if result.axis == "loss":
            low, high = 0.0, float(max(c.loss.max() for c in self.curves[task].values()))
            axes.set_xscale("linear")
            plots.loss_axis(axes, "x", scale="linear")
            axes.set_xlabel(t(f"explorers.sharp.axis_loss_{'parity' if task == 'parity' else 'digits'}"))
            axes.set_xlim(1.03 * high, low - 0.03 * high)  # falls from left to right, as it does in training
        else:
            values = curves.params if result.axis == "params" else curves.flops
            (plots.params_axis if result.axis == "params" else plots.flops_axis)(axes)
            axes.set_xlim(float(values.min()) / 1.35, float(values.max()) * 1.35)
        axes.set_ylim(_RIGHT_PAPER if result.ruler == "right" else _PAPERS[task, "log"])
        axes.set_ylabel(t(f"explorers.sharp.axis_{result.ruler}_{'parity' if task == 'parity' else 'digits'}"))
        axes.yaxis.set_label_coords(-0.155, 0.5)

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: SharpResult) -> str:
        if result.left.measure is None and result.right.measure is None:
            return t("explorers.sharp.message_none")
        return t(
            f"explorers.sharp.message_{result.axis}",
            a=_measure(result, result.left),
            b=_measure(result, result.right),
            task=t(f"explorers.sharp.short_{result.right.task}"),
        )

    def words(self, result: SharpResult) -> str:
        parts = [t(f"explorers.sharp.words_ruler_{result.ruler}")]
        for panel in (result.left, result.right):
            known = panel.measure is not None
            parts.append(
                t(
                    f"explorers.sharp.words_{result.axis}{'' if known else '_none'}",
                    task=_capital(_task(panel)),
                    **({"measure": _measure(result, panel), "n": panel.reached} if known else {}),
                )
            )
        if result.share < 1:
            parts.append(t("explorers.sharp.words_share", share=format_percent(result.share)))
        return ("" if language() == "zh" else " ").join(parts)


def _task(panel: Panel) -> str:
    return t(f"explorers.sharp.task_{panel.task}", n=panel.detail)


def _measure(result: SharpResult, panel: Panel) -> str:
    if panel.measure is None:
        return t(f"explorers.sharp.none_{result.axis}")
    if result.axis != "loss":
        return t("explorers.sharp.of_the_change", share=format_percent(panel.measure))
    return _difference(panel.measure)


def _difference(gap: float) -> str:
    return "< 0.001" if gap < 1e-3 else format_number(gap, 2)


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
