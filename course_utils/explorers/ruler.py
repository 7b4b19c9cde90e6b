"""The explorer *change the ruler*: the same trained models under six rulers, at any answer length, on fewer items."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.controls import Action, Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.ruler_state import ITEMS, RULERS, RuledRuns, RulerResult, RulerState
from course_utils.i18n import format_count, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.095, 0.185, 0.46, 0.675), (0.765, 0.185, 0.185, 0.675)  # left, bottom, width, height
_JUMP = 0.5  # share of the whole change in one step from which on it is called a jump
_PAPERS = {
    "exact_match": (-0.03, 1.03),
    "sampled_exact_match": (-0.03, 1.03),
    "token_accuracy": (-0.03, 1.03),
    "edit_distance": (6.4, -0.2),  # turned over: better is up, as with every other ruler
    "brier": (0.95, -0.03),
    "log_probability_token": (-2.6, 0.08),
}


class ChangeTheRuler(Explorer):
    """Choose a ruler, an answer length and a number of test items; see where the same models jump and where not.

    Parameters
    ----------
    runs : pandas.DataFrame, optional
        Table with the columns of ``multiplication_runs``, which is the default.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If the table lacks a column or has fewer than three sizes, or a value lies outside its control.
    """

    section = "ruler"
    State = RulerState
    size = (800, 430)

    def __init__(self, runs: Any = None, **start: Any):
        if runs is None:
            from course_utils import datasets

            runs = datasets.load("multiplication_runs")
        self.runs = RuledRuns(runs)
        super().__init__(**start)

    def prepare(self) -> None:
        self.state.length = self.runs.lengths[-1]

    def make_controls(self) -> tuple[Control, ...]:
        return (
            Choice("ruler", t("explorers.ruler.ruler"), tuple((_name(name), name) for name in RULERS), face="list"),
            Choice(
                "length", t("explorers.ruler.length"),
                tuple((t("explorers.ruler.tokens", n=n), n) for n in self.runs.lengths),
            ),
            Choice("items", t("explorers.ruler.items"), tuple((f"{n:,.0f}", n) for n in ITEMS)),
        )  # fmt: skip

    def locked(self) -> frozenset[str]:
        return frozenset() if self.state.ruler == "exact_match" else frozenset({"items"})

    def actions(self) -> tuple[Action, ...]:
        fewer = self.state.ruler == "exact_match" and self.state.items < ITEMS[-1]
        return (Action("draw_again", t("explorers.ruler.draw_again"), enabled=fewer),)

    def draw_again(self) -> None:
        """Test on other items of the same number."""
        with self.one_update():
            self.state.draw += 1

    def compute(self, state: RulerState) -> RulerResult:
        return self.runs.compute(state.ruler, state.length, state.items, state.draw)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, LAW, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_LEFT)
        self._axes = axes
        plots.params_axis(axes)
        axes.set_xlim(self.runs.sizes[0] / 1.35, self.runs.sizes[-1] * 1.35)
        axes.yaxis.set_label_coords(-0.125, 0.5)
        start = self.runs.sizes[:1], np.zeros(1)
        (self._step,) = axes.plot([], [], color=OWN, lw=7, alpha=0.28, solid_capstyle="round", zorder=1)
        self._runs = plots.measured(axes, *start, ms=3.6, alpha=0.4, mew=0)
        self._means = plots.measured(axes, *start, ms=6.5, mec="white", mew=0.8, ls="-", lw=1.4)
        plots.provenance_note(axes)
        self._notes = {False: axes.texts[-1]}
        (self._power,) = axes.plot(*start, color=LAW, lw=1.4, ls=(0, (5, 3)), zorder=2)
        self._tested = plots.simulated(axes, *start, color=OWN, ms=8, mew=2.0, ls=":", lw=1.2)
        plots.provenance_note(axes)
        self._notes[True] = axes.texts[-1]
        formula = f"┄ {t('explorers.ruler.key_formula')}"
        self._formula_key = picture.figure.text(_LEFT[0], 0.03, formula, color=MUTED, fontsize=8.5, va="center")
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._power_name = picture.text(0, 0, transform=axes.transAxes, color=LAW, va="center", **words)
        self._tested_name = picture.text(0, 0, transform=axes.transAxes, color=OWN, va="center", **words)
        self._build_bars(picture)
        self._title = picture.text(0.02, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._step, self._power, self._runs, self._means, self._tested, self._power_name, self._tested_name,
            *self._bars.values(), *self._numbers.values(), *self._names.values(), self._cross, self._title,
        )  # fmt: skip

    def _build_bars(self, picture: Picture) -> None:
        """Make one bar a ruler: how much of its whole change falls into its largest step."""
        from course_utils.explorers.colours import INK, MEASURED, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        bars = picture.figure.add_axes(_RIGHT)
        bars.set(xlim=(0, 1), ylim=(len(RULERS) - 0.45, -0.75), yticks=[])
        bars.grid(False)
        for side in ("left", "right", "top"):
            bars.spines[side].set_visible(False)
        bars.set_xticks([0, 0.5, 1], ["0%", "50%", "100%"])
        bars.set_xlabel(t("explorers.ruler.share_axis"), loc="right")
        bars.axvline(_JUMP, ymax=0.955, color=MUTED, lw=1, ls=(0, (4, 2)), zorder=0)
        bars.text(_JUMP, -0.72, t("explorers.ruler.jump"), ha="center", va="center", fontsize=9, color=MUTED)
        self._bars, self._numbers, self._names = {}, {}, {}
        for row, name in enumerate(RULERS):
            self._bars[name] = bars.fill([0, 0], [row, row], color=MEASURED, lw=0)[0]
            self._numbers[name] = picture.text(
                0, row, axes=bars, va="center", fontsize=9, color=INK, path_effects=white_halo()
            )
            self._names[name] = picture.text(-0.05, row, axes=bars, ha="right", va="center", fontsize=9.5, color=INK)
            self._names[name].set_text(_name(name))
        (self._cross,) = bars.plot([], [], "x", color=OWN, ms=8, mew=2.0, clip_on=False)

    def draw(self, result: RulerResult) -> Hashable:
        from course_utils.explorers.colours import INK, MEASURED, MUTED

        exact = result.ruler == "exact_match"
        self._change_paper(result)
        self._runs.set_data(result.run_params, result.run_values)
        self._means.set_data(result.params, result.means)
        few = result.tested is not None
        for artist in (self._means, self._runs):
            artist.set_alpha(0.3 if few else 1.0 if artist is self._means else 0.4)
        pair = slice(result.step, result.step + 2)
        self._step.set_data(result.params[pair], result.shown[pair])
        for artist in (self._power, self._power_name):
            artist.set_visible(exact)
        for artist in (self._tested, self._tested_name):
            artist.set_visible(few)
        if exact:
            self._draw_power(result)
        if few:
            self._tested.set_data(result.params, result.tested)
            self._tested_name.set_text("× " + t("explorers.ruler.label_tested", items=result.items))
        for row, name in enumerate(RULERS):
            share = result.shares[name] or 0.0
            chosen = name == result.ruler
            self._bars[name].set_xy([(0, row - 0.3), (share, row - 0.3), (share, row + 0.3), (0, row + 0.3)])
            self._bars[name].set_alpha(1.0 if chosen else 0.35)
            self._names[name].set_color(MEASURED if chosen else MUTED)
            self._numbers[name].set_text(
                t("numbers.unknown") if result.shares[name] is None else format_percent(share, 3)
            )
            self._numbers[name].set_x(max(share, (chosen and result.tested_share) or 0.0) + 0.05)
            self._numbers[name].set_color(INK if chosen else MUTED)
        self._cross.set_visible(result.tested_share is not None)
        if result.tested_share is not None:
            self._cross.set_data([min(result.tested_share, 1.0)], [RULERS.index("exact_match")])
        self._title.set_text(self._message(result))
        return result.ruler, few

    def _change_paper(self, result: RulerResult) -> None:
        """Give the axes the limits and the name of a ruler, and say of what kind the numbers are."""
        for simulated, note in self._notes.items():
            note.set_visible(simulated == (result.tested is not None))
        self._formula_key.set_visible(result.power is not None)
        self._axes.set_ylim(_PAPERS[result.ruler])
        self._axes.set_ylabel(t(f"explorers.ruler.axis_{result.ruler}"))

    def _draw_power(self, result: RulerResult) -> None:
        """Draw p**L, and write its name and that of the drawn items where the curve leaves room."""
        self._power.set_data(result.params, result.power)
        self._power_name.set_text("┄ " + t("explorers.ruler.label_power", n=result.length))
        early = result.means[len(result.means) // 3] > 0.5
        for row, name in enumerate((self._power_name, self._tested_name)):
            name.set_position((0.97, 0.06 + 0.085 * row) if early else (0.03, 0.94 - 0.085 * row))
            name.set_horizontalalignment("right" if early else "left")

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: RulerResult) -> str:
        if result.tested is not None and result.tested_zeros:
            return t(
                "explorers.ruler.message_few", items=result.items, zeros=result.tested_zeros, sizes=len(result.params)
            )
        share = result.shares[result.ruler] if result.tested_share is None else result.tested_share
        if share is None:
            return t("explorers.ruler.message_still", ruler=_name(result.ruler))
        return t(
            f"explorers.ruler.message_{'jump' if share > _JUMP else 'even'}",
            ruler=_capital(_name(result.ruler)),
            share=format_percent(share, 3),
            small=format_count(float(result.params[result.step])),
            large=format_count(float(result.params[result.step + 1])),
        )

    def words(self, result: RulerResult) -> str:
        key = "explorers.ruler"
        own = result.shares[result.ruler]
        parts = [t(f"{key}.words_runs", runs=self.runs.n_runs, sizes=len(result.params), tokens=result.length)]
        if own is None:
            parts.append(t(f"{key}.words_still", ruler=_name(result.ruler)))
        else:
            parts.append(t(f"{key}.words_share", ruler=_name(result.ruler), share=format_percent(own, 3)))
            least = min((name for name in RULERS if result.shares[name] is not None), key=lambda n: result.shares[n])
            if least != result.ruler:
                parts.append(t(f"{key}.words_least", ruler=_name(least), share=format_percent(result.shares[least], 3)))
        if result.power_error is not None:
            parts.append(t(f"{key}.words_power", n=result.length, error=format_number(result.power_error, 2)))
        if result.tested is not None:
            parts.append(t(f"{key}.words_few", items=result.items, zeros=result.tested_zeros, all_zeros=result.zeros))
        return ("" if language() == "zh" else " ").join(parts)


def _name(ruler: str) -> str:
    return t(f"explorers.ruler.name_{ruler}")


def _capital(text: str) -> str:
    return text[:1].upper() + text[1:]
