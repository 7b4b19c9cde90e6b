"""The explorer *spend a budget*: one question, so many FLOPs: for a larger model, a longer thought or more samples?"""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.controls import Choice, Control, Switch
from course_utils.explorers.countdown_answers import CountdownAnswers
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.spend_map import SplitMap
from course_utils.explorers.spend_state import (
    BUDGETS,
    GROUNDS,
    THIRDS,
    AnswerBudgets,
    SpendResult,
    SpendState,
    shipped_budgets,
)
from course_utils.explorers.spend_thoughts import STEPS_OF, ThoughtBudgets, shipped_chains
from course_utils.i18n import format_count, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.085, 0.2, 0.41, 0.62), (0.71, 0.2, 0.155, 0.62)
_TOPS = (0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)  # ends that the axis of shares may have
_NO_THOUGHT = "#6A7B8C"
_SHADES = ("#56B4E9", "#0072B2", "#00477A", "#001D36")  # blue for measured, darker for larger
_TIE = 0.02  # a lead below this could turn on other problems: two standard errors are 2 to 3 points
_STRIP = 1.09  # height of the row of winners, in ends of the axis


class SpendABudget(Explorer):
    """Choose problems and the FLOPs for one question; see which model should answer, how long it thinks, how often.

    Countdown leaves size and samples to choose: its answers have one length. Pointers leave size, thoughts and samples.

    Parameters
    ----------
    answers : pandas.DataFrame, optional
        Table with the columns of ``countdown_samples``, which is the default.
    chains : pandas.DataFrame, optional
        Table with the columns of ``pointer_spend``, which is the default.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If a table lacks a column or holds too few runs, or a value lies outside its control.
    """

    section = "spend"
    State = SpendState
    size = (800, 440)

    def __init__(self, answers: Any = None, chains: Any = None, **start: Any):
        self.budgets = shipped_budgets() if answers is None else AnswerBudgets(CountdownAnswers(answers))
        self.thoughts = shipped_chains() if chains is None else ThoughtBudgets(chains)
        super().__init__(**start)

    def prepare(self) -> None:
        self.state.numbers = self.budgets.answers.numbers[-1]

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.spend"
        numbers = tuple((str(n), n) for n in self.budgets.answers.numbers)
        ground = self.state.ground
        kind = "third" if ground == "countdown" else "steps"
        return (
            Choice("ground", t(f"{key}.ground"), tuple((t(f"{key}.ground_{x}"), x) for x in GROUNDS), face="buttons"),
            Choice("numbers", t(f"{key}.numbers"), numbers, face="buttons"),
            Choice("third", t(f"{key}.{kind}"), tuple((t(f"{key}.{kind}_{x}"), x) for x in THIRDS), face="buttons"),
            Choice("flops", t(f"{key}.flops"), tuple((format_flops(c), c) for c in BUDGETS)),
            Switch("verifier", t(f"{key}.verifier")),
        )

    def controls_key(self) -> Hashable:
        return self.state.ground

    def locked(self) -> frozenset[str]:
        return frozenset({"numbers"}) if self.state.ground == "pointers" else frozenset()

    def compute(self, state: SpendState) -> SpendResult:
        held = self.budgets if state.ground == "countdown" else self.thoughts
        return held.compute(state.numbers, state.third, state.flops, state.verifier)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        count = max(len(self.budgets.widths), len(self.thoughts.widths))
        self._shades = [_SHADES[round(i * (len(_SHADES) - 1) / max(count - 1, 1))] for i in range(count)]
        self._build_curves(picture)
        self._build_bars(picture)
        self._map = SplitMap(picture, self.thoughts.params, STEPS_OF["all"][1])
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._here, self._none, *self._lines, *self._winners, self._point, *self._labels, self._none_label,
            *self._bars, self._frame, *self._names, *self._values, *self._map.moving, self._title,
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
        self._none = plots.measured(axes, *start, color=_NO_THOUGHT, ms=0, ls="--", lw=1.4)
        style = {"clip_on": False}
        self._lines = [plots.measured(axes, *start, color=c, ms=3.5, ls="-", lw=1.6) for c in self._shades]
        self._winners = [plots.measured(axes, *start, color=c, ms=6, marker="s", **style) for c in self._shades]
        (self._point,) = axes.plot([], [], "o", ls="none", color=OWN, ms=10, mec="white", mew=1.5, **style)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo(), "va": "center", "ha": "left"}
        self._labels = [picture.text(BUDGETS[-1] * 1.35, 0.5, color=c, **words) for c in self._shades]
        self._none_label = picture.text(BUDGETS[-1] * 1.35, 0.5, color=_NO_THOUGHT, **words)
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
        top = next((end for end in _TOPS if result.curves.max() <= end), _TOPS[-1])
        self._draw_curves(result, top)
        self._draw_bars(result if result.grid is None else None)
        columns = self._map.show(None if result.grid is None else result)
        self._change_paper(top)
        self._title.set_text(self._message(result))
        return top, columns

    def _draw_curves(self, result: SpendResult, top: float) -> None:
        budgets, count = np.array(BUDGETS), len(result.params)
        for i, line in enumerate(self._lines):
            for artist in (line, self._winners[i], self._labels[i]):
                artist.set_visible(i < count)
            if i < count:
                line.set_data(budgets[result.paid[i]], result.curves[i][result.paid[i]])
                won = result.winners == i
                self._winners[i].set_data(budgets[won], np.full(int(won.sum()), top * _STRIP))
                self._labels[i].set_text(format_count(result.params[i], 2))
        self._none.set_visible(result.unthought is not None)
        self._none_label.set_visible(result.unthought is not None)
        labels, ends = self._labels[:count], result.curves[:, -1]
        if result.unthought is not None:
            self._none.set_data(budgets, result.unthought)
            self._none_label.set_text(t("explorers.spend.label_unthought"))
            labels, ends = [*labels, self._none_label], np.append(ends, result.unthought[-1])
        for label, place in zip(labels, spread_labels(ends, gap=0.075 * top, low=0.0, high=top), strict=True):
            label.set_y(place)
        self._here.set_data([result.flops] * 2, [0, top * 1.03])
        self._point.set_visible(result.best is not None)
        if result.best is not None:
            self._point.set_data([result.flops], [result.solved[result.best]])

    def _draw_bars(self, result: SpendResult | None) -> None:
        """Move the bars to a result on Countdown; None hides them."""
        from course_utils.explorers.colours import INK, OWN

        self._bar_axes.set_visible(result is not None)
        count = 0 if result is None else len(result.params)
        for i, row in enumerate(zip(self._bars, self._names, self._values, strict=True)):
            bar, name, value = row
            for artist in row:
                artist.set_visible(i < count)
            if i >= count:
                continue
            able = result.samples[i] > 0
            said = {"params": format_count(result.params[i], 2), "samples": f"{result.samples[i]:,}"}
            bar.set_xy(_box(result.solved[i], i))
            name.set_text(t(f"explorers.spend.label_{'samples' if able else 'none'}", **said))
            value.set_text(format_percent(result.solved[i], 3) if able else "–")
            value.set_color(OWN if i == result.best else INK)
        self._frame.set_visible(result is not None and result.best is not None)
        if result is not None and result.best is not None:
            self._frame.set_xy(_box(result.solved[result.best], result.best))

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
        length = None if result.length is None else int(result.length[result.best])
        way = "" if length is None else "think_"
        return t(
            f"explorers.spend.message_{way}{'checked' if result.verifier else 'vote'}",
            flops=flops,
            params=format_count(result.params[result.best], 2),
            samples=f"{int(result.samples[result.best]):,}",
            solved=format_percent(result.solved[result.best], 3),
            length=length,
        )

    def words(self, result: SpendResult) -> str:
        parts = self._words_of_countdown(result) if result.grid is None else self._words_of_pointers(result)
        return ("" if language() == "zh" else " ").join(parts)

    def _words_of_countdown(self, result: SpendResult) -> list[str]:
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
        kind = "checked" if result.verifier else "vote"
        parts = [t(f"{key}.words_cost", **said), *self._words_of_lead(result)]
        return [*parts, t(f"{key}.words_{kind}"), t(f"{key}.words_ranked", **said)]

    def _words_of_pointers(self, result: SpendResult) -> list[str]:
        key, (low, high) = "explorers.spend", STEPS_OF[result.third]
        said = {
            "problems": result.problems,
            "low": low,
            "high": high,
            "small": format_count(result.params[0], 2),
            "large": format_count(result.params[-1], 2),
            "small_cost": format_flops(2 * result.params[0]),
            "large_cost": format_flops(2 * result.params[-1]),
            "samples": self.thoughts.samples,
            "seeds": max(result.seeds),
            "held": ("、" if language() == "zh" else ", ").join(str(k) for k in self.thoughts.held),
            "unthought": format_percent(result.unthought[BUDGETS.index(result.flops)], 3),
        }
        kind = "checked" if result.verifier else "vote"
        parts = [t(f"{key}.words_thoughts_cost", **said), *self._words_of_lead(result)]
        if result.best is not None and result.length[result.best] > 0:
            parts.append(t(f"{key}.words_unthought", **said))
        return [*parts, t(f"{key}.words_thoughts_{kind}", **said), t(f"{key}.words_measured_{kind}", **said)]

    @staticmethod
    def _words_of_lead(result: SpendResult) -> list[str]:
        if result.lead is None or result.best is None:
            return []
        name = "equal" if result.lead == 0 else "tie" if result.lead < _TIE else "lead"
        winner = format_count(result.params[result.best], 2)
        return [t(f"explorers.spend.words_{name}", winner=winner, lead=format_number(100 * result.lead, 2))]


def _box(length: float, row: int) -> list[tuple[float, float]]:
    return [(0.0, row - 0.22), (length, row - 0.22), (length, row + 0.22), (0.0, row + 0.22)]
