"""The explorer *walk the valley*: at a fixed budget, what a model of the wrong size loses and what it wastes."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.moving_ticks import MovingTicks
from course_utils.explorers.walk_state import (
    GROUNDS,
    MULTIPLES,
    RUNGS,
    WINDOW,
    LawGround,
    RunsGround,
    WalkResult,
    WalkState,
    walk,
)
from course_utils.i18n import format_count, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_BOX = (0.105, 0.185, 0.84, 0.62)
_BESIDE = 1.16  # the factor in size that is the distance of a label from its dot
_EDGE = 5.0  # where a label to the left of the ring would leave the picture: times smaller than the best size
_BELOW = 0.3  # room under the bottom, as a share of the height above it
_ALWAYS_SEEN = 6.0  # times the best size: a law's picture is at least as high as its valley there


class WalkTheValley(Explorer):
    """Fix the budget, change the size, and read off the loss above the best and the compute that it wastes.

    Examples
    --------
    >>> explorer = WalkTheValley(ground="besiroglu", rung=3, multiple=4.0)
    >>> round(explorer.result.penalty, 3), round(explorer.result.share, 2)
    (0.02, 0.51)
    """

    section = "walk"
    State = WalkState
    size = (760, 450)

    def prepare(self) -> None:
        self.runs = RunsGround(datasets.load("text_runs"))
        self.grounds = {name: self.runs if name == "our_runs" else LawGround(name) for name in GROUNDS}

    def controls_key(self) -> Hashable:
        return self.state.ground

    def make_controls(self) -> tuple[Control, ...]:
        budgets = self.grounds[self.state.ground].budgets
        return (
            Choice(
                "ground",
                t("explorers.walk.ground"),
                tuple((t(f"explorers.walk.ground_{name}"), name) for name in GROUNDS),
                face="buttons",
            ),
            Choice("rung", t("explorers.walk.rung"), tuple((format_flops(budgets[k]), k) for k in range(RUNGS))),
            Choice("multiple", t("explorers.walk.multiple"), tuple((_times(x), x) for x in MULTIPLES)),
        )

    def compute(self, state: WalkState) -> WalkResult:
        return walk(self.grounds[state.ground], state.ground, state.rung, state.multiple)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.fonts import figure_words

        axes = picture.figure.add_axes(_BOX)
        self._axes = axes
        axes.set(xscale="log", xlabel=figure_words("plots.params"), ylabel=figure_words("plots.loss"))
        axes.grid(False)
        axes.xaxis.labelpad = 22
        axes.yaxis.set_label_coords(-0.088, 0.5)
        axes.spines["top"].set_visible(True)
        picture.figure.text(
            _BOX[0] + _BOX[2] / 2, 0.897, t("explorers.walk.top_axis"), ha="center", va="center", fontsize=10, color=INK
        )
        self._ticks = {side: MovingTicks(picture, axes, side) for side in ("left", "bottom", "top")}

        # What was measured and what a paper says have their own notes, of which one shows at a time.
        start = self.runs.run_params[:1], self.runs.run_loss[:1]
        self._cloud = plots.measured(axes, self.runs.run_params, self.runs.run_loss, ms=3, alpha=0.25)
        self._own_runs = plots.measured(axes, *start, ms=6, alpha=0.75, mew=0)
        self._parabola = plots.fitted(axes, *start, lw=2.0)
        self._beyond = plots.fitted(axes, *start, lw=1.6, ls=(0, (3, 2)))
        plots.provenance_note(axes)
        self._notes = {True: axes.texts[-1]}
        law_axes = picture.figure.add_axes(_BOX, sharex=axes, sharey=axes, frameon=False)
        law_axes.tick_params(which="both", length=0, labelleft=False, labelbottom=False)
        law_axes.set_xlabel(" ")
        law_axes.grid(False)
        self._law = plots.published(
            law_axes, *start, source=t("explorers.walk.published_source"), ls="-", marker="none", lw=2.2
        )
        plots.provenance_note(law_axes)
        self._notes[False] = law_axes.texts[-1]

        (self._bottoms,) = axes.plot([], [], color=MUTED, lw=1.0, ls=(0, (1, 2)))
        (self._smaller,) = axes.plot([], [], color=OWN, lw=1.0)
        (self._level,) = axes.plot([], [], color=FAINT, lw=1.0)
        (self._same,) = axes.plot([], [], color=OWN, lw=1.0, ls=(0, (4, 2)))
        (self._rise,) = axes.plot([], [], color=OWN, lw=2.6, solid_capstyle="butt")
        (self._bottom,) = axes.plot([], [], "D", color=INK, ms=6, mec="white", mew=1.0)
        (self._share,) = axes.plot([], [], "o", color="white", mec=OWN, ms=7, mew=1.5)
        (self._walker,) = axes.plot([], [], "o", color=OWN, ms=11, mec="white", mew=1.5)
        halo = white_halo()
        words = {"axes": axes, "fontsize": 9.5, "path_effects": halo}
        self._name_bottom = picture.text(1, 1, ha="center", va="top", color=INK, **words)
        self._name_rise = picture.text(1, 1, va="center", color=OWN, **words)
        self._name_share = picture.text(1, 1, va="bottom", color=OWN, **words)
        self._title = picture.text(0.02, 0.955, ha="left", va="center", fontsize=11, color=INK)
        picture.moving(
            self._bottoms, self._cloud, self._parabola, self._beyond, self._law, self._smaller, self._own_runs,
            self._level, self._same, self._rise, self._bottom, self._share, self._walker, self._name_bottom,
            self._name_rise, self._name_share, *(a for ticks in self._ticks.values() for a in ticks.artists),
            self._title,
        )  # fmt: skip

    def draw(self, result: WalkResult) -> Hashable:
        measured = result.tried is not None
        self._set_window(result)
        self._draw_valley(result, measured)
        self._draw_walker(result)
        for kind, note in self._notes.items():
            note.set_visible(kind == measured)
        self._title.set_text(self._message(result))
        return measured

    def _set_window(self, result: WalkResult) -> None:
        """Keep the best size in the middle, and as much height as the walker needs."""
        if result.tried is not None:
            rows = self.runs.run_budget == result.flops
            least = 1.3 * (float(self.runs.run_loss[rows].max()) - result.best_loss)
        else:
            least = float(np.interp(_ALWAYS_SEEN, result.curve_params / result.best_params, result.curve_loss))
            least -= result.best_loss
        height = max(1.3 * result.penalty, least)
        low, high = result.best_loss - _BELOW * height, result.best_loss + height
        left, right = result.best_params / WINDOW, result.best_params * WINDOW
        self._axes.set_xlim(left, right)
        self._axes.set_ylim(low, high)
        self._set_ticks(result, (left, right), (low, high))

    def _set_ticks(self, result: WalkResult, sizes: tuple[float, float], losses: tuple[float, float]) -> None:
        from matplotlib.ticker import MaxNLocator

        from course_utils.plots.axes import readable_log_ticks

        ground = self.grounds[result.ground]
        params = readable_log_ticks(*sizes)
        self._ticks["bottom"].set(params, [format_count(x) for x in params])
        ratios = readable_log_ticks(*(float(ground.tokens_per_param(result.rung, size)) for size in reversed(sizes)))
        self._ticks["top"].set(list(ground.params_with(result.rung, ratios)), [format_count(x) for x in ratios])
        loss = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(*losses)
        loss = loss[(loss > losses[0]) & (loss < losses[1])]
        digits = max(0, 1 - int(np.floor(np.log10(loss[1] - loss[0]) + 1e-9)))
        self._ticks["left"].set(list(loss), [f"{x:.{digits}f}" for x in loss])

    def _draw_valley(self, result: WalkResult, measured: bool) -> None:
        for line in (self._cloud, self._own_runs, self._parabola, self._beyond):
            line.set_visible(measured)
        self._law.set_visible(not measured)
        self._bottoms.set_data(result.bottoms_params, result.bottoms_loss)
        self._bottom.set_data([result.best_params], [result.best_loss])
        if not measured:
            self._law.set_data(result.curve_params, result.curve_loss)
            return
        rows = self.runs.run_budget == result.flops
        self._own_runs.set_data(self.runs.run_params[rows], self.runs.run_loss[rows])
        self._cloud.set_data(self.runs.run_params[~rows], self.runs.run_loss[~rows])
        low, high = result.tried
        inside = np.geomspace(low, high, 60)
        self._parabola.set_data(inside, self.runs.loss(result.rung, inside))
        # One line for both sides, broken where the parabola has runs to stand on.
        beyond = np.where((result.curve_params < low) | (result.curve_params > high), result.curve_loss, np.nan)
        self._beyond.set_data(result.curve_params, beyond)

    def _draw_walker(self, result: WalkResult) -> None:
        astray = result.multiple != 1
        for artist in (self._rise, self._level, self._same, self._share, self._name_rise, self._name_share):
            artist.set_visible(astray)
        self._smaller.set_visible(astray and result.smaller_loss is not None)
        self._walker.set_data([result.params], [result.loss])
        low, high = self._axes.get_ylim()
        self._name_bottom.set_position((result.best_params, result.best_loss - 0.035 * (high - low)))
        self._name_bottom.set_text(
            t(
                "explorers.walk.label_best",
                params=format_count(result.best_params),
                ratio=format_number(result.best_ratio, 2),
            )
        )
        if not astray:
            return
        too_large = result.multiple > 1
        self._rise.set_data([result.params] * 2, [result.best_loss, result.loss])
        self._level.set_data([result.best_params, result.params], [result.best_loss] * 2)
        self._same.set_data([result.share_params, result.params], [result.loss] * 2)
        self._share.set_data([result.share_params], [result.loss])
        if result.smaller_loss is not None:
            self._smaller.set_data(result.curve_params, result.smaller_loss)
        self._name_rise.set_ha("left" if too_large else "right")
        beside = _BESIDE if too_large else 1 / _BESIDE
        self._name_rise.set_position((result.params * beside, (result.best_loss + result.loss) / 2))
        self._name_rise.set_text(t("explorers.walk.label_penalty", penalty=_nats(result.penalty)))
        # On the side of the ring that the walker is not on, unless the ring is at the edge itself.
        to_left = too_large and result.share_params > result.best_params / _EDGE
        self._name_share.set_ha("right" if to_left else "left")
        beside = 1 / _BESIDE if to_left else _BESIDE
        self._name_share.set_position((result.share_params * beside, result.loss + 0.02 * (high - low)))
        self._name_share.set_text(t("explorers.walk.label_share", share=format_percent(result.share)))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: WalkResult) -> str:
        if result.multiple == 1:
            return t(
                "explorers.walk.message_bottom",
                flops=format_flops(result.flops),
                params=format_count(result.best_params),
                ratio=format_number(result.best_ratio, 2),
            )
        return t(
            f"explorers.walk.message_{'large' if result.multiple > 1 else 'small'}",
            factor=_factor(result.multiple),
            penalty=_nats(result.penalty),
            share=format_percent(result.share),
        )

    def words(self, result: WalkResult) -> str:
        said = {
            "params": format_count(result.params),
            "ratio": format_number(result.ratio, 2),
            "loss": _loss(result.loss),
            "best": format_count(result.best_params),
            "best_ratio": format_number(result.best_ratio, 2),
            "best_loss": _loss(result.best_loss),
            "flops": format_flops(result.flops),
            "share": format_percent(result.share),
            "waste": format_percent(1 - result.share),
        }
        if result.multiple == 1:
            return t("explorers.walk.words_bottom", **said)
        measured = result.tried is not None
        parts = [
            t("explorers.walk.words_here", **said),
            t(f"explorers.walk.words_waste_{'runs' if measured else 'law'}", **said),
        ]
        if measured:
            if result.below_ladder:
                parts.append(t("explorers.walk.words_below"))
            if result.outside:
                low, high = (format_count(size) for size in result.tried)
                parts.append(t("explorers.walk.words_outside", low=low, high=high))
            parts.append(t("explorers.walk.words_parabola"))
        else:
            parts.append(self._words_on_sides(result))
            parts.append(t("explorers.walk.words_every_budget"))
        return ("" if language() == "zh" else " ").join(parts)

    @staticmethod
    def _words_on_sides(result: WalkResult) -> str:
        """Say which of the two mistakes of one factor is the dearer."""
        large, small = result.penalty, result.penalty_opposite
        if result.multiple < 1:
            large, small = small, large
        said = {"large": format_number(large, 3), "small": format_number(small, 3)}
        verdict = "alike" if said["large"] == said["small"] else "large" if large > small else "small"
        return t(f"explorers.walk.words_dearer_{verdict}", factor=_factor(result.multiple), **said)


def _factor(multiple: float) -> str:
    """Write by which factor a size is wrong, whichever way."""
    return f"{max(multiple, 1 / multiple):.4g}"


def _times(multiple: float) -> str:
    return f"× {_factor(multiple)}" if multiple >= 1 else f"÷ {_factor(multiple)}"


def _nats(penalty: float) -> str:
    return format_number(penalty, 2)


def _loss(value: float) -> str:
    return f"{value:.3f}"
