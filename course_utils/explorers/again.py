"""The explorer *sample again*: the same model asked once more and once more, and who picks the answer."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.again_state import (
    CURVE_AT,
    EDGES,
    FALSE_POSITIVE,
    SAMPLES_AT,
    AgainCurves,
    AgainResult,
    AgainState,
)
from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.countdown_answers import CountdownAnswers, shipped_answers
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.i18n import format_count, format_percent, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.075, 0.2, 0.43, 0.62), (0.695, 0.2, 0.28, 0.62)
_TALLEST = 0.32
_NAMES = ("coverage", "checked", "vote")


class SampleAgain(Explorer):
    """Choose a model, problems and how often to ask; see what any, the most frequent and a checked answer are worth.

    Parameters
    ----------
    answers : pandas.DataFrame, optional
        Table with the columns of ``countdown_samples``, which is the default.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If the table lacks a column or holds no complete run, or a value lies outside its control.
    """

    section = "again"
    State = AgainState
    size = (800, 440)

    def __init__(self, answers: Any = None, **start: Any):
        self.curves = AgainCurves(shipped_answers() if answers is None else CountdownAnswers(answers))
        super().__init__(**start)

    def prepare(self) -> None:
        held = self.curves.answers
        self.state.size = max(held.widths, key=lambda d: (len(held.temperatures(d)), -d))
        self.state.numbers = held.numbers[len(held.numbers) // 2]

    def make_controls(self) -> tuple[Control, ...]:
        key, held = "explorers.again", self.curves.answers
        return (
            Choice("size", t(f"{key}.size"), tuple((format_count(held.params[d], 2), d) for d in held.widths)),
            Choice("numbers", t(f"{key}.numbers"), tuple((str(n), n) for n in held.numbers), face="buttons"),
            Choice(
                "temperature", t(f"{key}.temperature"), tuple((f"{x:g}", x) for x in self.curves.temperatures),
                face="buttons",
            ),
            Choice("k", t(f"{key}.k"), tuple((f"{k:,.0f}", k) for k in SAMPLES_AT)),
        )  # fmt: skip

    def locked(self) -> frozenset[str]:
        alone = len(self.curves.answers.temperatures(self.state.size)) < 2
        return frozenset({"temperature"}) if alone else frozenset()

    def compute(self, state: AgainState) -> AgainResult:
        return self.curves.compute(state.size, state.numbers, state.temperature, state.k)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_curves(picture)
        self._build_problems(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._here, self._far, self._checked, self._coverage, self._vote, self._dots, *self._labels, *self._voted,
            *self._others, self._once, self._once_name, self._voted_name, self._others_name, self._title,
        )  # fmt: skip

    def _build_curves(self, picture: Picture) -> None:
        """Make coverage, the vote and the checked answer over the number of samples."""
        from matplotlib.ticker import PercentFormatter

        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.colours import COLOURS

        axes = picture.figure.add_axes(_LEFT)
        axes.set(xscale="log", xlim=(0.85, 1.2e4), ylim=(-0.015, 1.03))
        axes.set_xticks([1, 10, 100, 1000, 10_000])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.minorticks_off()
        axes.set_xlabel(t("explorers.again.k_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(0.02, 0.865, t("explorers.again.share_axis"), color=INK, fontsize=9.5, va="center")
        start = [1.0, 2.0], [0.0, 0.0]
        (self._here,) = axes.plot([], [], color=OWN, lw=1.2)
        self._far = plots.measured(axes, *start, marker="none", ls=(0, (2, 2)), lw=1.6)
        self._checked = plots.simulated(axes, *start, line=True, ls=(0, (5, 2)), lw=1.6, color=MUTED)
        self._coverage = plots.measured(axes, *start, ms=4.5, ls="-", lw=1.6)
        self._vote = plots.measured(axes, *start, ms=4.5, ls="-", lw=1.6, mfc="white")
        (self._dots,) = axes.plot([], [], "o", ls="none", color=OWN, ms=8, mec="white", mew=1.2, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo(), "va": "center", "ha": "left"}
        colours = (COLOURS["blue"], MUTED, COLOURS["blue"])
        self._labels = [picture.text(1.4e4, 0.5, color=colour, **words) for colour in colours]
        plots.provenance_note(axes)

    def _build_problems(self, picture: Picture) -> None:
        """Make the bars of problems by the chance of one sample, split by who wins the vote."""
        from matplotlib.ticker import PercentFormatter

        from course_utils.explorers.colours import INK, MEASURED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_RIGHT)
        axes.set(xlim=(EDGES[0], EDGES[-1]), ylim=(0, _TALLEST))
        axes.set_xticks([-4, -2, 0], ["0.01%", "1%", "100%"])
        axes.set_yticks([0, 0.1, 0.2, 0.3])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(t("explorers.again.rate_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(
            _RIGHT[0] - 0.045, 0.865, t("explorers.again.problems_axis"), color=INK, fontsize=9.5, va="center"
        )
        box = [0, 0, 1, 1], [0, 0.1, 0.1, 0]
        self._voted = [axes.fill(*box, color=MEASURED, lw=0)[0] for _ in EDGES[1:]]
        self._others = [axes.fill(*box, color=MEASURED, alpha=0.3, lw=0)[0] for _ in EDGES[1:]]
        (self._once,) = axes.plot([], [], color=OWN, lw=1.4)
        words = {"transform": axes.transAxes, "axes": axes, "fontsize": 9, "path_effects": white_halo(), "va": "top"}
        self._once_name = picture.text(0.03, 0.80, color=OWN, **words)
        self._voted_name = picture.text(0.03, 0.985, color=MEASURED, **words)
        self._others_name = picture.text(0.03, 0.905, color="#4E93C4", **words)

    def draw(self, result: AgainResult) -> Hashable:
        counted = result.most_k >= CURVE_AT
        self._coverage.set_data(CURVE_AT[counted], result.coverage[counted])
        self._vote.set_data(CURVE_AT[counted], result.vote[counted])
        beyond = CURVE_AT[counted][-1] <= CURVE_AT
        self._far.set_data(CURVE_AT[beyond], result.coverage[beyond])
        self._checked.set_data(CURVE_AT, result.checked)
        at = np.array([result.coverage_at, result.checked_at, result.vote_at])
        self._here.set_data([result.k, result.k], [0, at.max()])
        self._dots.set_data([result.k, result.k, min(result.k, result.most_k)], at)
        ends = np.array([result.coverage[-1], result.checked[-1], result.vote[-1]])
        places = spread_labels(ends, gap=0.15, low=0.05, high=1.0)
        for label, name, place, value in zip(self._labels, _NAMES, places, at, strict=True):
            label.set_text(t(f"explorers.again.label_{name}") + f"\n{_share(value)}")
            label.set_y(place)
        for bar, low, height in zip(self._voted, EDGES, result.voted, strict=False):
            bar.set_xy(_box(low, 0.0, height))
        for bar, low, base, height in zip(self._others, EDGES, result.voted, result.others, strict=False):
            bar.set_xy(_box(low, base, base + height))
        self._once.set_data([-np.log10(result.k)] * 2, [0, _TALLEST * 0.74])
        self._once_name.set_text("│ " + t("explorers.again.label_once", k=f"{result.k:,}"))
        share = format_percent(result.without_end, 3)
        self._voted_name.set_text("■ " + t("explorers.again.label_voted", share=share))
        self._others_name.set_text("■ " + t("explorers.again.label_others"))
        self._title.set_text(self._message(result))
        return "only"

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: AgainResult) -> str:
        return t(
            f"explorers.again.message_{'once' if result.k == 1 else 'many'}",
            k=f"{result.k:,}",
            votes=f"{min(result.k, result.most_k):,}",
            coverage=_share(result.coverage_at),
            vote=_share(result.vote_at),
        )

    def words(self, result: AgainResult) -> str:
        key = "explorers.again"
        said = {
            "params": format_count(result.params, 2),
            "numbers": result.numbers,
            "problems": result.problems,
            "seeds": result.seeds,
            "temperature": f"{result.temperature:g}",
            "k": f"{result.k:,}",
            "one": format_percent(result.one, 3),
            "coverage": _share(result.coverage_at),
            "vote": _share(result.vote_at),
            "checked": _share(result.checked_at),
            "errors": format_percent(FALSE_POSITIVE),
            "end": format_percent(result.without_end, 3),
            "most": f"{result.most_k:,}",
        }
        names = ("runs", "picks", "end") if result.k > 1 else ("runs", "end")
        parts = [t(f"{key}.words_{name}", **said) for name in names]
        if result.k > result.most_k:
            parts.append(t(f"{key}.words_beyond", **said))
        if self.state.temperature != result.temperature:
            parts.append(t(f"{key}.words_temperature"))
        return ("" if language() == "zh" else " ").join(parts)


def _share(value: float) -> str:
    """Write a share, not with more nines than problems can show."""
    return format_percent(value, 3) if value < 0.9995 else ">99.9%"


def _box(left: float, low: float, high: float) -> list[tuple[float, float]]:
    right = left + (EDGES[1] - EDGES[0])
    return [(left, low), (left, high), (right, high), (right, low)]
