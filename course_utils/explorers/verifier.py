"""The explorer *how good is the verifier*: two error rates decide what many samples are worth."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control, Slider
from course_utils.explorers.countdown_answers import CountdownAnswers, shipped_answers
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.verifier_state import (
    CURVE_AT,
    FALSE_POSITIVES,
    RATIOS,
    SAMPLES_AT,
    SCORES,
    SELECTED,
    SELECTED_AT,
    VerifiedAnswers,
    VerifierResult,
    VerifierState,
)
from course_utils.i18n import format_count, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.075, 0.2, 0.43, 0.62), (0.7, 0.2, 0.275, 0.62)
_NAMES = ("oracle", "checked", "vote")
_MARKS = {"log_probability": "^", "log_probability_larger": "D", "verdict": "v"}
_SIGNS = {"log_probability": "▲", "log_probability_larger": "◆", "verdict": "▼"}
_RATIO_LIMITS = (4e-4, 30)
_NAMED_AT = 0.33  # height at which the curves have their names


class HowGoodIsTheVerifier(Explorer):
    """Choose how often a verifier accepts right and wrong answers; see where the best of n samples stops rising.

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

    section = "verifier"
    State = VerifierState
    size = (800, 440)

    def __init__(self, answers: Any = None, **start: Any):
        own = answers is None
        held = shipped_answers() if own else CountdownAnswers(answers)
        self.answers = VerifiedAnswers(held, datasets.load("countdown_selection") if own else None)
        super().__init__(**start)

    def prepare(self) -> None:
        held = self.answers.answers
        if SELECTED[0] not in held.widths or SELECTED[1] not in held.numbers:
            self.state.size, self.state.numbers = held.widths[0], held.numbers[0]

    def make_controls(self) -> tuple[Control, ...]:
        key, held = "explorers.verifier", self.answers.answers
        return (
            Slider("true_positive", t(f"{key}.true_positive"), 0.05, 1.0, 0.05),
            Choice(
                "false_positive", t(f"{key}.false_positive"), tuple((format_percent(f), f) for f in FALSE_POSITIVES)
            ),
            Choice("n", t(f"{key}.n"), tuple((f"{n:,.0f}", n) for n in SAMPLES_AT)),
            Choice("size", t(f"{key}.size"), tuple((format_count(held.params[d], 2), d) for d in held.widths)),
            Choice("numbers", t(f"{key}.numbers"), tuple((str(m), m) for m in held.numbers), face="buttons"),
        )

    def compute(self, state: VerifierState) -> VerifierResult:
        return self.answers.compute(state.true_positive, state.false_positive, state.n, state.size, state.numbers)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_curves(picture)
        self._build_plateaus(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._ceiling, self._here, self._vote, self._oracle, self._checked, *self._scored.values(), self._dots,
            *self._labels, *self._legend.values(), *self._plateaus.values(), self._chosen, self._drop, self._point,
            *self._problem_names.values(), self._point_name, self._title,
        )  # fmt: skip

    def _build_curves(self, picture: Picture) -> None:
        """Make a perfect verifier, this one, the vote and the learnt scores over the number of samples."""
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
        axes.set_xlabel(t("explorers.verifier.n_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(0.02, 0.865, t("explorers.verifier.share_axis"), color=INK, fontsize=9.5, va="center")
        start = [1.0, 2.0], [0.0, 0.0]
        (self._ceiling,) = axes.plot([], [], color=OWN, lw=1.2, ls=(0, (1, 2)))
        (self._here,) = axes.plot([], [], color=OWN, lw=1.2)
        self._oracle = plots.measured(axes, *start, marker="none", ls="-", lw=1.8)
        self._vote = plots.measured(axes, *start, ms=3.5, ls="-", lw=1.2, mfc="white", alpha=0.8)
        self._checked = plots.simulated(axes, *start, line=True, ls=(0, (5, 2)), lw=2.0, color=OWN)
        style = {"ms": 6, "mec": "white", "mew": 0.7, "color": COLOURS["blue"]}
        self._scored = {name: plots.measured(axes, *start, marker=_MARKS[name], **style) for name in SCORES}
        (self._dots,) = axes.plot([], [], "o", ls="none", color=OWN, ms=8, mec="white", mew=1.2, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo(), "va": "center"}
        colours = (COLOURS["blue"], OWN, COLOURS["blue"])
        self._labels = [picture.text(1.4e4, 0.5, color=colour, ha="left", **words) for colour in colours]
        small = words | {"fontsize": 8.5, "transform": axes.transAxes}
        self._legend = {
            name: picture.text(0.985, 0.045 + 0.058 * i, color=MUTED, ha="right", **small)
            for i, name in enumerate(SCORES)
        }
        for name, label in self._legend.items():
            label.set_text(f"{_SIGNS[name]} " + t(f"explorers.verifier.label_{name}"))
        plots.provenance_note(axes)

    def _build_plateaus(self, picture: Picture) -> None:
        """Make the plateau over the ratio of the two rates, one curve for each size of problem."""
        from matplotlib.ticker import PercentFormatter

        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_RIGHT)
        axes.set(xscale="log", xlim=_RATIO_LIMITS, ylim=(-0.015, 1.03))
        axes.set_xticks([0.001, 0.01, 0.1, 1, 10])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.minorticks_off()
        axes.set_xlabel(t("explorers.verifier.ratio_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(
            _RIGHT[0] - 0.05, 0.865, t("explorers.verifier.plateau_axis"), color=INK, fontsize=9.5, va="center"
        )
        curve = {"line": True, "ls": (0, (5, 2)), "lw": 1.2, "color": MUTED}
        many = self.answers.answers.numbers
        self._plateaus = {m: plots.simulated(axes, RATIOS, RATIOS, **curve) for m in many}
        self._chosen = plots.simulated(axes, RATIOS, RATIOS, **(curve | {"lw": 2.0, "color": OWN}))
        (self._drop,) = axes.plot([], [], color=OWN, lw=1.2)
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=9.5, mec="white", mew=1.5, clip_on=False)
        words = {"axes": axes, "fontsize": 9, "path_effects": white_halo()}
        self._problem_names = {m: picture.text(1, 1, ha="center", va="center", **words) for m in many}
        for m, label in self._problem_names.items():
            label.set_text(str(m))
        axes.text(
            0.985, 0.985, t("explorers.verifier.label_problems"), transform=axes.transAxes, ha="right", va="top",
            fontsize=8.5, color=MUTED,
        )  # fmt: skip
        self._point_name = picture.text(1, 1, color=OWN, va="bottom", fontweight="bold", **words)

    def draw(self, result: VerifierResult) -> Hashable:
        self._oracle.set_data(CURVE_AT, result.oracle)
        self._checked.set_data(CURVE_AT, result.checked)
        self._vote.set_data(CURVE_AT[: len(result.vote)], result.vote)
        self._ceiling.set_data([0.85, 1.2e4], [result.plateau] * 2)
        at = np.array([result.oracle_at, result.checked_at, result.vote_at])
        self._here.set_data([result.n, result.n], [0, at.max()])
        self._dots.set_data([result.n, result.n, min(result.n, result.most_n)], at)
        ends = np.array([result.oracle[-1], result.checked[-1], result.vote[-1]])
        for label, name, place, value in zip(
            self._labels, _NAMES, spread_labels(ends, gap=0.15, low=0.05, high=1.0), at, strict=True
        ):
            label.set_text(t(f"explorers.verifier.label_{name}") + f"\n{_share(value)}")
            label.set_y(place)
        for name in SCORES:
            shown = name in result.selectors
            self._scored[name].set_visible(shown)
            self._legend[name].set_visible(shown)
            if shown:
                self._scored[name].set_data(SELECTED_AT, result.selectors[name])
        self._draw_plateaus(result)
        self._title.set_text(self._message(result))
        return "only"

    def _draw_plateaus(self, result: VerifierResult) -> None:
        from course_utils.explorers.colours import MUTED, OWN

        for m, line in self._plateaus.items():
            line.set_data(RATIOS, result.ceilings[m])
            line.set_visible(m != result.numbers)
            at = int(np.argmin(np.abs(result.ceilings[m] - _NAMED_AT)))
            self._problem_names[m].set_position((RATIOS[at], result.ceilings[m][at]))
            self._problem_names[m].set_color(OWN if m == result.numbers else MUTED)
        self._chosen.set_data(RATIOS, result.ceilings[result.numbers])
        ratio = min(max(result.ratio, RATIOS[0]), RATIOS[-1])
        self._point.set_data([ratio], [result.plateau])
        self._point.set_marker("<" if result.ratio < RATIOS[0] else "o")
        self._drop.set_data([ratio, ratio], [0, result.plateau])
        left = ratio > 0.3 or result.plateau < 0.5
        self._point_name.set_ha("right" if left and ratio > 2e-3 else "left")
        low = 0.055 if result.plateau > 0.1 else result.plateau + 0.03
        self._point_name.set_position((ratio * (0.8 if left and ratio > 2e-3 else 1.25), low))
        self._point_name.set_text(_share(result.plateau))

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: VerifierResult) -> str:
        there = result.reached is not None and result.n >= result.reached
        name = "perfect" if result.false_positive == 0 else "plateau" if there else "errs"
        return t(
            f"explorers.verifier.message_{name}",
            n=f"{result.n:,}",
            here=_share(result.checked_at),
            plateau=_share(result.plateau),
            oracle=_share(result.oracle_at),
        )

    def words(self, result: VerifierResult) -> str:
        key = "explorers.verifier"
        said = {
            "params": format_count(result.params, 2),
            "numbers": result.numbers,
            "one": format_percent(result.one, 3),
            "t": format_percent(result.true_positive),
            "f": format_percent(result.false_positive),
            "n": f"{result.n:,}",
            "here": _share(result.checked_at),
            "oracle": _share(result.oracle_at),
            "vote": _share(result.vote_at),
            "votes": f"{min(result.n, result.most_n):,}",
            "plateau": _share(result.plateau),
            "reached": f"{result.reached:,}" if result.reached else "",
            "ratio": format_number(result.ratio, 2),
        }
        parts = [t(f"{key}.words_answers", **said), t(f"{key}.words_here", **said)]
        if result.reached is not None and result.false_positive > 0:
            parts.append(t(f"{key}.words_plateau", **said))
        if result.selectors:
            ends = {name: format_percent(values[-1], 3) for name, values in result.selectors.items()}
            parts.append(t(f"{key}.words_scores", own=ends[SCORES[0]], larger=ends[SCORES[1]]))
            if SCORES[2] in ends:
                parts.append(t(f"{key}.words_verdict", verdict=ends[SCORES[2]]))
        parts.append(t(f"{key}.words_independent"))
        return ("" if language() == "zh" else " ").join(parts)


def _share(value: float) -> str:
    """Write a share, not with more nines than problems can show."""
    return format_percent(value, 3) if value < 0.9995 else ">99.9%"
