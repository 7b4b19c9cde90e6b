"""The explorer *count it your way*: one set of runs, several ways of counting, and the exponent that follows."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control, Span
from course_utils.explorers.count_state import (
    COMPUTES,
    COUNTS,
    LEVEL,
    REACHES,
    WARMUPS,
    CountResult,
    CountState,
    Recount,
)
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.i18n import format_percent, format_scientific, language, t
from course_utils.plots.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_FLOPS_LIMITS, _PARAMS_LIMITS = (1.2e10, 2.2e13), (2.2e3, 1.6e6)
_EXPONENT_LIMITS = (0.32, 0.95)
_KAPLAN, _KAPLAN_FIXED_BATCH = 0.73, 0.88  # Kaplan et al. 2020 (arXiv 2001.08361), Table 6 and section 6.1
_HOFFMANN = 0.50  # Hoffmann et al. 2022 (arXiv 2203.15556), Table 2, approach 1
_OURS, _THEIRS, _NAMES = 0.9, 2.1, -1.65  # where the marks stand beside the scale
_SAME = 1.06  # shares of compute that agree within this factor do not move an exponent


class CountItYourWay(Explorer):
    """Choose what counts as a parameter and as compute, the warm-up and the budgets; see the exponent move.

    Examples
    --------
    >>> plain, kaplan = CountItYourWay(), CountItYourWay(params="blocks", compute="six_nd")
    >>> round(plain.result.exponent.value, 2), round(kaplan.result.exponent.value, 2)
    (0.52, 0.59)
    """

    section = "count"
    State = CountState
    size = (800, 430)

    def prepare(self) -> None:
        self.recount = Recount(datasets.load("text_runs"))
        self.state.span = (self.recount.budgets[0], self.recount.budgets[-1])

    def make_controls(self) -> tuple[Control, ...]:
        def buttons(name: str, options: tuple[str, ...]) -> Choice:
            named = tuple((t(f"explorers.count.{name}_{option}"), option) for option in options)
            return Choice(name, t(f"explorers.count.{name}"), named, face="buttons")

        reaches = tuple(
            (t("explorers.count.reach_all") if reach == REACHES[-1] else f"+{format_percent(reach)}", reach)
            for reach in REACHES
        )
        return (
            buttons("params", tuple(COUNTS)),
            buttons("compute", COMPUTES),
            buttons("warmup", WARMUPS),
            Span(
                "span",
                t("explorers.count.span"),
                tuple((format_scientific(budget), budget) for budget in self.recount.budgets),
            ),
            Choice("reach", t("explorers.count.reach"), reaches),
        )

    def compute(self, state: CountState) -> CountResult:
        return self.recount.compute(state.params, state.compute, state.warmup, state.span, state.reach)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MEASURED
        from course_utils.plots.colours import COLOURS

        plain = self.recount.plain()
        axes = picture.figure.add_axes((0.14, 0.185, 0.385, 0.685))  # room for '100 nghìn'
        self._axes = axes
        axes.set(xlim=_FLOPS_LIMITS, ylim=_PARAMS_LIMITS)
        plots.params_axis(plots.flops_axis(axes), "y")
        axes.yaxis.set_label_coords(-0.29, 0.5)
        self._draw_plain(picture, plain)
        start = plain.used_flops[:1], plain.used_params[:1]
        self._band = axes.fill([1, 1], [1, 1], color=COLOURS["sky"], alpha=0.3, lw=0)[0]
        self._left_out = plots.measured(axes, *start, ms=3.2, mfc="white", mew=0.7, alpha=0.55)
        self._used = plots.measured(axes, *start, ms=3.2, alpha=0.35, mew=0)
        self._line = plots.fitted(axes, *start, lw=2.0)
        self._bars = axes.vlines([1.0], [1.0], [1.0], color=MEASURED, lw=1.8)
        self._bottoms = plots.measured(axes, *start, ms=7.5, mec="white", mew=0.8)
        plots.provenance_note(axes)
        self._build_scale(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._band, self._left_out, self._used, self._line, self._bars, self._bottoms, self._plain_name,
            self._twin_bar, self._twin, self._twin_name, self._bar, self._own, self._own_name, self._title,
        )  # fmt: skip

    def _draw_plain(self, picture: Picture, plain: CountResult) -> None:
        """Draw the line of the plain way of counting, which every other is compared with, and make its name."""
        from course_utils.explorers.colours import MUTED

        axes, box = self._axes, self._axes.get_position()
        axes.plot(plain.line_flops, plain.line_params, color=MUTED, lw=1.0, ls=(0, (4, 2)), zorder=1.5)
        decades = [np.log10(high / low) for low, high in (_FLOPS_LIMITS, _PARAMS_LIMITS)]
        up = plain.exponent.value * box.height * picture.height / decades[1]
        turned = float(np.degrees(np.arctan2(up, box.width * picture.width / decades[0])))
        self._plain_ends = [(float(plain.line_flops[i]), float(plain.line_params[i])) for i in (0, -1)]
        self._plain_name = picture.text(
            1, 1, axes=axes, color=MUTED, fontsize=8.5, rotation=turned, rotation_mode="anchor"
        )
        self._plain_name.set_text(t("explorers.count.label_plain"))

    def _build_scale(self, picture: Picture) -> None:
        """Make the scale of exponents: published values to the right of it, this course's to the left."""
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, MEASURED, MUTED

        scale = picture.figure.add_axes((0.65, 0.185, 0.09, 0.685))
        scale.set(xlim=(0, 3), ylim=_EXPONENT_LIMITS, xticks=[])
        scale.text(0, 1.03, t("explorers.count.scale"), transform=scale.transAxes, fontsize=9.5, color=INK)
        scale.yaxis.set_major_formatter(lambda y, _: f"{y:.1f}")
        scale.yaxis.set_major_locator(_tenths())
        scale.grid(True, axis="y")
        scale.spines["bottom"].set_visible(False)
        marks = self._published()
        source = t("explorers.count.published_source")
        values = np.array([value for value, _ in marks])
        plots.published(scale, np.full(len(values), _THEIRS), values, source=source, ms=5.5)
        _note_right(plots, picture, scale)
        low, high = _EXPONENT_LIMITS
        heights = spread_labels((values - low) / (high - low), gap=0.068, low=0.03, high=0.97)
        for (value, label), height in zip(marks, heights, strict=True):
            own = (value - low) / (high - low)
            scale.plot(
                [(_THEIRS + 0.35) / 3, 1.0, 1.1], [own, height, height], transform=scale.transAxes, color=FAINT, lw=0.7,
                clip_on=False,
            )  # fmt: skip
            scale.text(
                1.13, height, label, transform=scale.transAxes, va="center", fontsize=8.8, color=MUTED,
            )  # fmt: skip
        self._scale = scale
        (self._twin_bar,) = scale.plot([], [], color=MEASURED, lw=1.2, alpha=0.6)
        self._twin = plots.measured(scale, [_OURS], [_HOFFMANN], ms=6, mfc="white", mew=1.2)
        (self._bar,) = scale.plot([], [], color=MEASURED, lw=2.2)
        self._own = plots.measured(scale, [_OURS], [_HOFFMANN], ms=9, mec="white", mew=1.0)
        style = {"axes": scale, "ha": "right", "va": "center"}
        self._own_name = picture.text(0, 0, color=MEASURED, fontsize=10.5, fontweight="bold", **style)
        self._twin_name = picture.text(0, 0, color=MEASURED, fontsize=9, **style)

    def _published(self) -> list[tuple[float, str]]:
        """List the published exponents and their names, highest first."""
        steps = datasets.load("porian_steps")
        steps = steps[steps["corpus"] == "OpenWebText2"]
        marks = [
            (_KAPLAN_FIXED_BATCH, "kaplan_fixed_batch"),
            (_KAPLAN, "kaplan"),
            (_HOFFMANN, "hoffmann"),
            *((float(row.exponent_params), f"porian_{row.change}") for row in steps.itertuples()),
        ]
        return [
            (value, f"{value:.2f}  " + t(f"explorers.count.mark_{name}")) for value, name in sorted(marks, reverse=True)
        ]

    def draw(self, result: CountResult) -> Hashable:
        known = result.exponent is not None
        self._used.set_data(result.used_flops, result.used_params)
        self._left_out.set_data(result.left_flops, result.left_params)
        for artist in (self._line, self._band, self._bars, self._bottoms):
            artist.set_visible(known)
        self._plain_name.set_visible(known and not result.is_plain)
        self._title.set_text(self._message(result))
        self._draw_mark(result.exponent, self._own, self._bar, self._own_name, "label_own")
        self._draw_mark(result.twin, self._twin, self._twin_bar, self._twin_name, "label_twin")
        if not known:
            return "only"
        self._line.set_data(result.line_flops, result.line_params)
        edge = np.concatenate([result.band_low, result.band_high[::-1]])
        self._band.set_xy(np.column_stack([np.concatenate([result.line_flops, result.line_flops[::-1]]), edge]))
        self._bars.set_segments(
            [
                [(flops, low), (flops, high)]
                for flops, low, high in zip(result.bottom_flops, result.bottom_low, result.bottom_high, strict=True)
            ]
        )
        self._bottoms.set_data(result.bottom_flops, result.bottom_params)
        self._name_plain(result)
        if result.twin is not None:
            low, high = _EXPONENT_LIMITS
            wanted = np.array([result.exponent.value, result.twin.value])
            apart = spread_labels(wanted, gap=0.06 * (high - low), low=low, high=high)
            for name, place in zip((self._own_name, self._twin_name), apart, strict=True):
                name.set_y(place)
        return "only"

    def _name_plain(self, result: CountResult) -> None:
        """Write the name of the plain line on the side where the fitted line is not."""
        on_plain = np.interp(np.log(result.line_flops), *np.log(np.array(self._plain_ends).T))
        above = float(np.mean(np.log(result.line_params) - on_plain)) < 0
        end = self._plain_ends[0 if above else 1]
        self._plain_name.set_position((end[0], end[1] * (1.14 if above else 1 / 1.14)))
        self._plain_name.set(ha="left" if above else "right", va="bottom" if above else "top")

    @staticmethod
    def _draw_mark(exponent, mark, bar, name, key: str) -> None:
        for artist in (mark, bar, name):
            artist.set_visible(exponent is not None)
        if exponent is not None:
            mark.set_data([_OURS], [exponent.value])
            bar.set_data([_OURS, _OURS], [exponent.low, exponent.high])
            name.set_text(t(f"explorers.count.{key}", a=_exponent(exponent.value)))
            name.set_position((_NAMES, exponent.value))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: CountResult) -> str:
        if result.exponent is None:
            return t("explorers.count.message_none")
        way = {("blocks", "six_nd"): "kaplan", ("everything", "all"): "hoffmann", ("blocks_and_head", "all"): "plain"}
        key = way.get((result.params, result.compute), "other")
        return t(f"explorers.count.message_{key}", a=_exponent(result.exponent.value))

    def words(self, result: CountResult) -> str:
        key = "explorers.count"
        if result.exponent is None:
            if result.warmup == "fixed":
                budgets = ", ".join(format_scientific(budget) for budget in self.recount.fixed_budgets())
                return t(f"{key}.too_few_fixed", budgets=budgets)
            return t(f"{key}.too_few", n=result.n_budgets)
        a = result.exponent
        parts = [
            t(
                f"{key}.words_fit",
                n=result.n_runs,
                budgets=result.n_budgets,
                a=_exponent(a.value),
                level=format_percent(LEVEL),
                low=_exponent(a.low),
                high=_exponent(a.high),
            )
        ]
        small, large = (format_percent(share) for share in result.share)
        if result.params != "blocks_and_head":
            parts.append(t(f"{key}.words_{result.params}", small=small, large=large))
        if result.compute != "all":
            small, large = (format_percent(share) for share in result.compute_share)
            ratio = result.compute_share[1] / result.compute_share[0]
            effect = "wider" if ratio > _SAME else "narrower" if ratio < 1 / _SAME else "same"
            parts.append(t(f"{key}.words_compute_{effect}", small=small, large=large))
        if result.twin is not None:
            parts.append(t(f"{key}.words_warmup", twin=_exponent(result.twin.value)))
        elif round(result.whole.value - a.value, 9):
            parts.append(t(f"{key}.words_whole", whole=_exponent(result.whole.value)))
        return ("" if language() == "zh" else " ").join(parts)


def _exponent(value: float) -> str:
    return f"{value:.2f}"


def _tenths():
    from matplotlib.ticker import MultipleLocator

    return MultipleLocator(0.1)


def _note_right(plots, picture: Picture, axes: Axes) -> None:
    """Write what the scale shows under it, where the note of the other axes leaves room."""
    plots.provenance_note(axes)
    note = axes.texts[-1]
    box = axes.get_position()
    note.xyann = ((0.985 - box.x1) * picture.width * 0.72, -44)
