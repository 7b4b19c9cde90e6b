"""The explorer *spend a budget*: one question, so many FLOPs: many answers of a small model or few of a large one."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.controls import Choice, Control, Switch
from course_utils.explorers.countdown_answers import CountdownAnswers, shipped_answers
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.spend_state import BUDGETS, THIRDS, AnswerBudgets, SpendResult, SpendState
from course_utils.i18n import format_count, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.085, 0.2, 0.435, 0.62), (0.71, 0.2, 0.155, 0.62)
_TOPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # ends that the axis of shares may have
_SHADES = ("#56B4E9", "#0072B2", "#00477A", "#001D36")  # blue for measured, darker for larger
_TIE = 0.02  # a lead below this could turn on other problems: two standard errors are 2 to 3 points
_STRIP = 1.09  # height of the row of winners, in ends of the axis


class SpendABudget(Explorer):
    """Choose problems and the FLOPs for one question; see which size of model should answer, and how often.

    Parameters
    ----------
    answers : pandas.DataFrame, optional
        Table with the columns of ``countdown_samples``, which is the default.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If the table lacks a column or holds too few runs, or a value lies outside its control.
    """

    section = "spend"
    State = SpendState
    size = (800, 440)

    def __init__(self, answers: Any = None, **start: Any):
        self.budgets = AnswerBudgets(shipped_answers() if answers is None else CountdownAnswers(answers))
        super().__init__(**start)

    def prepare(self) -> None:
        self.state.numbers = self.budgets.answers.numbers[-1]

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.spend"
        numbers = tuple((str(n), n) for n in self.budgets.answers.numbers)
        return (
            Choice("numbers", t(f"{key}.numbers"), numbers, face="buttons"),
            Choice("third", t(f"{key}.third"), tuple((t(f"{key}.third_{x}"), x) for x in THIRDS), face="buttons"),
            Choice("flops", t(f"{key}.flops"), tuple((format_flops(c), c) for c in BUDGETS)),
            Switch("verifier", t(f"{key}.verifier")),
        )

    def compute(self, state: SpendState) -> SpendResult:
        return self.budgets.compute(state.numbers, state.third, state.flops, state.verifier)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        count = len(self.budgets.widths)
        self._shades = [_SHADES[round(i * (len(_SHADES) - 1) / max(count - 1, 1))] for i in range(count)]
        self._build_curves(picture)
        self._build_bars(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._here, *self._lines, *self._winners, self._point, *self._labels, *self._bars, self._frame,
            *self._names, *self._values, self._title,
        )  # fmt: skip

    def _build_curves(self, picture: Picture) -> None:
        """Make one curve a size over the budget, and a row that names the winner at every budget."""
        from course_utils import plots
        from course_utils.explorers.colours import INK, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_LEFT)
        self._axes = axes
        axes.set(xscale="log", xlim=(BUDGETS[0] * 0.85, BUDGETS[-1] * 1.18))
        axes.set_xticks([1e6, 1e7, 1e8])
        axes.xaxis.set_major_formatter(lambda x, _: format_flops(x))
        axes.minorticks_off()
        axes.set_xlabel(t("explorers.spend.flops_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(0.02, 0.865, t("explorers.spend.share_axis"), color=INK, fontsize=9.5, va="center")
        start = [1e6, 2e6], [0.0, 0.0]
        (self._here,) = axes.plot([], [], color=OWN, lw=1.2)
        style = {"clip_on": False}
        self._lines = [plots.measured(axes, *start, color=c, ms=3.5, ls="-", lw=1.6) for c in self._shades]
        self._winners = [plots.measured(axes, *start, color=c, ms=6, marker="s", **style) for c in self._shades]
        (self._point,) = axes.plot([], [], "o", ls="none", color=OWN, ms=10, mec="white", mew=1.5, **style)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo(), "va": "center", "ha": "left"}
        self._labels = [picture.text(BUDGETS[-1] * 1.35, 0.5, color=c, **words) for c in self._shades]
        plots.provenance_note(axes)

    def _build_bars(self, picture: Picture) -> None:
        """Make one bar a size: what it solves for the budget, and with how many samples."""
        from course_utils.explorers.colours import INK, OWN

        count = len(self._shades)
        bars = picture.figure.add_axes(_RIGHT)
        self._bar_axes = bars
        bars.set(ylim=(count - 0.4, -0.75), yticks=[])
        bars.grid(False)
        for side in ("left", "right", "top"):
            bars.spines[side].set_visible(False)
        bars.set_xlabel(t("explorers.spend.bars_axis"), loc="left")
        box = [0, 0, 1, 1], [0, 0.1, 0.1, 0]
        self._bars = [bars.fill(*box, color=c, lw=0)[0] for c in self._shades]
        self._frame = bars.fill(*box, facecolor="none", edgecolor=OWN, lw=2.2, clip_on=False)[0]
        left = {"axes": bars, "transform": bars.get_yaxis_transform(), "va": "center", "fontsize": 9}
        self._names = [picture.text(0.0, i - 0.43, color=INK, ha="left", **left) for i in range(count)]
        self._values = [picture.text(1.08, i, color=INK, ha="left", **(left | {"fontsize": 9.5})) for i in range(count)]

    def draw(self, result: SpendResult) -> Hashable:
        from course_utils.explorers.colours import INK, OWN

        top = next((end for end in _TOPS if result.curves.max() <= end), _TOPS[-1])
        self._change_paper(top)
        budgets = np.array(BUDGETS)
        for i, line in enumerate(self._lines):
            line.set_data(budgets[result.paid[i]], result.curves[i][result.paid[i]])
            won = result.winners == i
            self._winners[i].set_data(budgets[won], np.full(int(won.sum()), top * _STRIP))
            self._labels[i].set_text(format_count(result.params[i], 2))
        ends = spread_labels(result.curves[:, -1], gap=0.075 * top, low=0.0, high=top)
        for label, place in zip(self._labels, ends, strict=True):
            label.set_y(place)
        for i, (bar, solved) in enumerate(zip(self._bars, result.solved, strict=True)):
            bar.set_xy(_box(solved, i))
            able = result.samples[i] > 0
            said = {"params": format_count(result.params[i], 2), "samples": f"{result.samples[i]:,}"}
            self._names[i].set_text(t(f"explorers.spend.label_{'samples' if able else 'none'}", **said))
            self._values[i].set_text(format_percent(solved, 3) if able else "–")
            self._values[i].set_color(OWN if i == result.best else INK)
        self._here.set_data([result.flops] * 2, [0, top * 1.03])
        for artist in (self._point, self._frame):
            artist.set_visible(result.best is not None)
        if result.best is not None:
            self._point.set_data([result.flops], [result.solved[result.best]])
            self._frame.set_xy(_box(result.solved[result.best], result.best))
        self._title.set_text(self._message(result))
        return top

    def _change_paper(self, top: float) -> None:
        """Give both axes the end that holds the curves."""
        ticks = np.array([0, 0.5, 1.0]) * top if top < 1 else np.array([0, 0.25, 0.5, 0.75, 1.0])
        self._axes.set_ylim(-0.015 * top, 1.13 * top)
        self._axes.set_yticks(ticks, [format_percent(x) for x in ticks])
        self._bar_axes.set_xlim(0, top)
        self._bar_axes.set_xticks([0, top], ["0%", format_percent(top)])

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: SpendResult) -> str:
        flops = format_flops(result.flops)
        if result.best is None:
            return t("explorers.spend.message_nobody", flops=flops)
        many = int(result.samples[result.best])
        return t(
            f"explorers.spend.message_{'checked' if result.verifier else 'vote'}",
            flops=flops,
            params=format_count(result.params[result.best], 2),
            samples=f"{many:,}",
            solved=format_percent(result.solved[result.best], 3),
        )

    def words(self, result: SpendResult) -> str:
        key = "explorers.spend"
        said = {
            "numbers": result.numbers,
            "problems": result.problems,
            "tokens": 2 * result.numbers - 1,
            "small": format_count(result.params[0], 2),
            "large": format_count(result.params[-1], 2),
            "small_cost": format_flops(result.each[0]),
            "large_cost": format_flops(result.each[-1]),
            "third": t(f"{key}.third_{result.third}"),
        }
        parts = [t(f"{key}.words_cost", **said)]
        if result.lead is not None and result.best is not None:
            winner = format_count(result.params[result.best], 2)
            name = "tie" if result.lead < _TIE else "lead"
            parts.append(t(f"{key}.words_{name}", winner=winner, lead=format_number(100 * result.lead, 2)))
        parts.append(t(f"{key}.words_{'checked' if result.verifier else 'vote'}"))
        parts.append(t(f"{key}.words_ranked", **said))
        return ("" if language() == "zh" else " ").join(parts)


def _box(length: float, row: int) -> list[tuple[float, float]]:
    return [(0.0, row - 0.22), (length, row - 0.22), (length, row + 0.22), (0.0, row + 0.22)]
