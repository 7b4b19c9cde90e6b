"""The explorer *clean or more*: a smaller clean text read again and again, or all of it with its noise, once."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import datasets
from course_utils.explorers.clean_state import (
    CURVE,
    REPEATS,
    SHARES,
    CleanResult,
    CleanState,
    Noised,
    clean_or_noised,
)
from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.moving_ticks import MovingTicks
from course_utils.i18n import format_count, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

if TYPE_CHECKING:
    import pandas

_LOSS, _WORTH = (0.1, 0.185, 0.535, 0.635), (0.765, 0.185, 0.2, 0.635)  # left, bottom, width, height
_MIDDLE = 0.22
_TICKS = (0.05, 0.1, 0.2, 0.5, 1.0)


class CleanOrMore(Explorer):
    """Set the noise and how much of the text survives cleaning; see which choice ends at the lower loss.

    Parameters
    ----------
    noised, repeated : pandas.DataFrame, optional
        Runs with the columns of ``noised_runs`` and ``repetition_runs``; those tables when not given.
    **start
        Where the controls stand at first.

    Examples
    --------
    >>> explorer = CleanOrMore(share=1.0)
    >>> explorer.result.clean_loss < explorer.result.noised_loss
    True
    """

    section = "clean"
    State = CleanState
    size = (760, 430)

    def __init__(self, noised: pandas.DataFrame | None = None, repeated: pandas.DataFrame | None = None, **start: Any):
        self._tables = noised, repeated
        super().__init__(**start)

    def prepare(self) -> None:
        noised, repeated = (
            datasets.load(name) if table is None else table
            for name, table in zip(("noised_runs", "repetition_runs"), self._tables, strict=True)
        )
        self.runs = Noised(noised, repeated)
        self.state.tokens = self.runs.lengths[-1]

    def make_controls(self) -> tuple[Control, ...]:
        noises = tuple((format_percent(share), share) for share in self.runs.noises)
        return (
            Choice("noise", t("explorers.clean.noise"), noises, face="buttons"),
            Choice("share", t("explorers.clean.share"), tuple((format_percent(s), s) for s in SHARES), between=True),
            Choice(
                "tokens", t("explorers.clean.tokens"), tuple((format_count(n), n) for n in self.runs.lengths),
                between=True,
            ),
            Choice(
                "repeats", t("explorers.clean.repeats"),
                tuple((self._with_R(name), name) for name in REPEATS), face="buttons",
            ),
        )  # fmt: skip

    def _with_R(self, name: str) -> str:
        told = t(f"explorers.clean.repeats_{name}")
        return t("explorers.clean.with_R", repeats=told, R=format_number(self.runs.R_star[name]))

    def compute(self, state: CleanState) -> CleanResult:
        return clean_or_noised(
            self.runs, noise=state.noise, share=state.share, tokens=state.tokens, repeats=state.repeats
        )

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_loss(picture)
        self._build_worth(picture)
        self._title = picture.text(0.02, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._level, self._beyond, self._law, self._noised_runs, self._clean_runs, self._name_noised,
            self._name_clean, self._gap, self._even, self._here, self._name_even, *self._bars, *self._bar_names,
            *self._ticks.artists, self._title,
        )  # fmt: skip

    def _build_loss(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MEASURED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.fonts import figure_words

        axes = picture.figure.add_axes(_LOSS)
        self._axes = axes
        axes.set(xscale="log", xlim=(CURVE[0] * 0.95, 1.12), xlabel=t("explorers.clean.x_axis"))
        axes.set_xticks(_TICKS)
        axes.minorticks_off()
        axes.xaxis.set_major_formatter(lambda x, _: format_percent(x))
        axes.set_ylabel(figure_words("plots.loss"))
        axes.yaxis.set_label_coords(-0.115, 0.5)
        axes.grid(False)
        self._ticks = MovingTicks(picture, axes, "left")
        (self._level,) = axes.plot([], [], color=MEASURED, lw=1.8)
        self._law = plots.fitted(axes, [1], [1], lw=2.2)
        self._beyond = plots.fitted(axes, [1], [1], lw=1.6, ls=(0, (3, 2)))
        self._noised_runs = plots.measured(axes, [1], [1], ms=6, alpha=0.8, mew=0)
        self._clean_runs = plots.measured(axes, [1], [1], ms=6, mfc="white", mec=MEASURED, mew=1.2)
        plots.provenance_note(axes)
        (self._gap,) = axes.plot([], [], color=OWN, lw=2.2, solid_capstyle="butt")
        (self._even,) = axes.plot([], [], "D", color="white", mec=INK, ms=7, mew=1.5)
        (self._here,) = axes.plot([], [], "o", mfc="none", mec=OWN, ms=12, mew=2.2, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._name_noised = picture.text(CURVE[0], 1, ha="left", va="top", color=MEASURED, **words)
        self._name_clean = picture.text(1, 1, ha="right", va="top", color=INK, **words)
        self._name_even = picture.text(1, 1, ha="left", va="bottom", color=INK, **words)

    def _build_worth(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK, MUTED

        axes = picture.figure.add_axes(_WORTH)
        axes.set(xlim=(0, 1.03), ylim=(len(self.runs.noises) - 0.4, -0.6))
        axes.set_xticks([0, 0.5, 1])
        axes.xaxis.set_major_formatter(lambda x, _: format_percent(x))
        axes.set_yticks(range(len(self.runs.noises)), [format_percent(share) for share in self.runs.noises])
        axes.set_xlabel(t("explorers.clean.worth_axis"))
        axes.set_ylabel(t("explorers.clean.noise_axis"))
        axes.set_title(t("explorers.clean.worth_title"), fontsize=9.5, color=INK, pad=6, loc="right")
        axes.grid(False)
        self._bars = [axes.fill([0, 0, 1, 1], [0, 1, 1, 0], color=MUTED, lw=0)[0] for _ in self.runs.noises]
        self._bar_names = [
            picture.text(0.03, i - 0.36, axes=axes, ha="left", va="bottom", color=INK, fontsize=9.5)
            for i in range(len(self.runs.noises))
        ]

    def draw(self, result: CleanResult) -> Hashable:
        self._set_window(result)
        ends = CURVE[[0, -1]]
        self._level.set_data(ends, [result.noised_loss] * 2)
        inside = max(result.inside, result.kind) * (1 - 1e-9) <= CURVE
        self._law.set_data(CURVE[inside], result.curve_loss[inside])
        self._beyond.set_data(CURVE[~inside], result.curve_loss[~inside])
        self._noised_runs.set_data(np.full(len(result.noised_runs), 1.0), result.noised_runs)
        self._clean_runs.set_data(np.full(len(result.clean_runs), 1.0), result.clean_runs)
        self._gap.set_data([result.share] * 2, [result.clean_loss, result.noised_loss])
        self._here.set_data([result.share], [result.clean_loss])
        crossing = result.break_even is not None and result.break_even < 1
        self._even.set_visible(crossing)
        self._name_even.set_visible(crossing)
        if crossing:
            self._even.set_data([result.break_even], [result.noised_loss])
        self._name_lines(result)
        self._draw_worth(result)
        self._title.set_text(self._message(result))
        return "only"

    def _set_window(self, result: CleanResult) -> None:
        from matplotlib.ticker import MaxNLocator

        shown = np.concatenate([result.curve_loss, result.noised_runs, result.clean_runs, [result.noised_loss]])
        height = float(np.ptp(shown))
        low, high = float(shown.min()) - 0.12 * height, float(shown.max()) + 0.06 * height
        self._axes.set_ylim(low, high)
        ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = [x for x in ticks if low < x < high]
        self._ticks.set(ticks, [f"{x:.2f}" for x in ticks])

    def _name_lines(self, result: CleanResult) -> None:
        low, high = self._axes.get_ylim()
        step = 0.02 * (high - low)
        self._name_noised.set_text(t("explorers.clean.label_noised", noise=format_percent(result.noise)))
        even = result.break_even
        left = even is not None and even >= _MIDDLE
        # Beside the crossing, on the side where there is room; under the line where nothing crosses it.
        rows = 4 if even is not None and not left else -1
        self._name_noised.set_position((CURVE[0] if left else 0.92, result.noised_loss + rows * step))
        self._name_noised.set(ha="left" if left else "right", va="bottom" if rows > 0 else "top")
        self._name_clean.set_text(t("explorers.clean.label_clean"))
        self._name_clean.set_position((0.92, float(result.curve_loss[-1]) - step))
        if even is not None and even < 1:
            right = even > 0.6
            self._name_even.set_text(t("explorers.clean.label_even", share=format_percent(even)))
            self._name_even.set_position((even / 1.08 if right else even * 1.08, result.noised_loss + step))
            self._name_even.set_ha("right" if right else "left")

    def _draw_worth(self, result: CleanResult) -> None:
        from course_utils.explorers.colours import MUTED, OWN

        for i, (bar, name, noise) in enumerate(zip(self._bars, self._bar_names, self.runs.noises, strict=True)):
            worth = result.worth[noise]
            bar.set_xy([(0, i - 0.3), (0, i + 0.3), (worth, i + 0.3), (worth, i - 0.3)])
            chosen = noise == result.noise
            bar.set(facecolor=OWN if chosen else MUTED, alpha=0.85 if chosen else 0.4)
            name.set_text(format_percent(worth))

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: CleanResult) -> str:
        key = "message_clean" if result.clean_loss < result.noised_loss else "message_noised"
        return t(f"explorers.clean.{key}", **_said(result))

    def words(self, result: CleanResult) -> str:
        said = _said(result) | {
            "repeats": t(f"explorers.clean.repeats_{result.repeats}"),
            "params": format_count(self.runs.params),
        }
        parts = [t("explorers.clean.words_whole" if result.share == 1 else "explorers.clean.words_two", **said)]
        if result.break_even is None:
            parts.append(t("explorers.clean.words_always", **said))
        elif result.break_even < 1:
            parts.append(t("explorers.clean.words_even", **said))
        parts.append(t("explorers.clean.words_worth", **said))
        if result.turn is not None and min(result.share, result.break_even or 0.0) < result.kind:
            kind = format_percent(result.kind)
            parts.append(t("explorers.clean.words_turn", turn=f"{result.turn:g}", kind=kind, **said))
        if result.share < result.inside * (1 - 1e-9):
            parts.append(t("explorers.clean.words_outside", **said))
        parts.append(t("explorers.clean.words_assumed", **said))
        return ("" if language() == "zh" else " ").join(parts)


def _said(result: CleanResult) -> dict[str, str]:
    said = {
        "noise": format_percent(result.noise),
        "share": format_percent(result.share),
        "tokens": format_count(result.tokens),
        "epochs": f"{result.epochs:.2g}",
        "clean": f"{result.clean_loss:.2f}",
        "noised": f"{result.noised_loss:.2f}",
        "worth": format_percent(result.worth[result.noise]),
        "R": format_number(result.R_star),
        "least": format_percent(SHARES[0]),
    }
    if result.break_even is not None:
        said["even"] = format_percent(result.break_even)
    return said
