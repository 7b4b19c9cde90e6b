"""The explorer *spend the epochs*: what the second, the fourth, the hundredth reading of the same text is worth."""

from __future__ import annotations

from collections.abc import Hashable
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control, Switch
from course_utils.explorers.epochs_state import (
    CURVE,
    EPOCHS,
    GROUNDS,
    EpochsResult,
    EpochsState,
    PaperGround,
    RunsGround,
    spend,
)
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.moving_ticks import MovingTicks
from course_utils.i18n import format_count, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

if TYPE_CHECKING:
    import pandas

_LOSS, _WORTH = (0.1, 0.185, 0.535, 0.635), (0.72, 0.185, 0.26, 0.635)  # left, bottom, width, height
_TICKS = (1, 2, 5, 10, 20, 50, 100)
_ROOM_ABOVE, _ROOM_BELOW = 0.06, 0.11  # of the height of what is drawn
_LITTLE = 1e-3  # of an epoch; less is said to be less


class SpendTheEpochs(Explorer):
    """Read a stock of text again and again: the loss beside that of fresh text, and what the next epoch adds.

    Parameters
    ----------
    runs : pandas.DataFrame, optional
        Runs with the columns of the table ``repetition_runs``; that table itself when not given.
    **start
        Where the controls stand at first.

    Examples
    --------
    >>> explorer = SpendTheEpochs(ground="c4", stock=1, epochs=4.0)
    >>> round(explorer.result.next_worth, 2)
    0.8
    """

    section = "epochs"
    State = EpochsState
    size = (760, 430)

    def __init__(self, runs: pandas.DataFrame | None = None, **start: Any):
        self._runs = runs
        super().__init__(**start)

    def prepare(self) -> None:
        table = datasets.load("repetition_runs") if self._runs is None else self._runs
        self.grounds = {"our_runs": RunsGround(table), "c4": PaperGround()}

    def controls_key(self) -> Hashable:
        return self.state.ground

    def make_controls(self) -> tuple[Control, ...]:
        ground = self.grounds[self.state.ground]
        names = tuple((t(f"explorers.epochs.ground_{name}"), name) for name in GROUNDS)
        return (
            Choice("ground", t("explorers.epochs.ground"), names, face="buttons"),
            Choice("epochs", t("explorers.epochs.epochs"), tuple((f"{k:g}", k) for k in EPOCHS), between=True),
            Choice("stock", t("explorers.epochs.stock"), _named(ground.stocks)),
            Choice("size", t("explorers.epochs.size"), _named(ground.sizes), face="buttons"),
            Switch("past_turn", t("explorers.epochs.past_turn")),
        )

    def compute(self, state: EpochsState) -> EpochsResult:
        ground, other = (self.grounds[name] for name in sorted(GROUNDS, key=lambda name: name != state.ground))
        stock, size = ground.stocks[state.stock], ground.sizes[state.size]
        other_R = other.R_star(other.sizes[state.size], state.past_turn)
        return spend(ground, state.ground, stock, size, state.epochs, past_turn=state.past_turn, other_R=other_R)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_loss(picture)
        self._build_worth(picture)
        self._title = picture.text(0.02, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._limit, self._fresh, self._fresh_runs, self._own_runs, self._fitted, self._paper, self._name_fresh,
            self._name_repeated, self._name_limit, self._gap, self._here, self._other, self._added, self._name_added,
            self._name_other, self._added_here, *self._ticks.artists, self._title,
        )  # fmt: skip

    def _build_loss(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MEASURED, MUTED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.fonts import figure_words

        axes = picture.figure.add_axes(_LOSS)
        self._axes = axes
        self._epochs_axis(axes)
        axes.set_ylabel(figure_words("plots.loss"))
        axes.yaxis.set_label_coords(-0.115, 0.5)
        self._ticks = MovingTicks(picture, axes, "left")
        (self._limit,) = axes.plot([], [], color=MUTED, lw=1.1, ls=(0, (1, 2)))
        (self._fresh,) = axes.plot([], [], color=MUTED, lw=1.6, ls=(0, (4, 2)))
        self._fresh_runs = plots.measured(axes, [1], [1], ms=5, mfc="white", mec=MEASURED, mew=1.1, alpha=0.8)
        self._own_runs = plots.measured(axes, [1], [1], ms=6, alpha=0.8, mew=0)
        self._fitted = plots.fitted(axes, [1], [1], lw=2.2)
        plots.provenance_note(axes)
        self._notes = {"our_runs": axes.texts[-1]}
        paper = picture.figure.add_axes(_LOSS, sharex=axes, sharey=axes, frameon=False)
        paper.tick_params(which="both", length=0, labelleft=False, labelbottom=False)
        paper.set_xlabel(" ")
        paper.grid(False)
        source = t("explorers.epochs.published_source")
        self._paper = plots.published(paper, [1], [1], source=source, ls="-", marker="none", lw=2.2)
        plots.provenance_note(paper)
        self._notes["c4"] = paper.texts[-1]
        (self._gap,) = axes.plot([], [], color=OWN, lw=2.2, solid_capstyle="butt")
        (self._here,) = axes.plot([], [], "o", mfc="none", mec=OWN, ms=12, mew=2.2, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._name_fresh = picture.text(1, 1, ha="right", va="top", color=MUTED, **words)
        self._name_repeated = picture.text(1, 1, ha="right", va="bottom", color=INK, **words)
        self._name_limit = picture.text(1, 1, ha="left", va="top", color=MUTED, **words)

    def _build_worth(self, picture: Picture) -> None:
        from course_utils.explorers.colours import FAINT, INK, LAW, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_WORTH)
        self._epochs_axis(axes)
        axes.set_ylim(0, 1.04)
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.yaxis.set_major_formatter(lambda y, _: format_percent(y))
        axes.set_title(t("explorers.epochs.next_title"), fontsize=9.5, color=INK, pad=6)
        (self._other,) = axes.plot([], [], color=FAINT, lw=1.6)
        (self._added,) = axes.plot([], [], color=LAW, lw=2.2)
        (self._added_here,) = axes.plot([], [], "o", color=OWN, ms=10, mec="white", mew=1.5, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._name_added = picture.text(1, 1, color=OWN, va="bottom", ha="left", **words)
        self._name_other = picture.text(1, 1, color=MUTED, va="center", ha="left", **words)

    @staticmethod
    def _epochs_axis(axes: Any) -> None:
        from matplotlib.ticker import NullLocator

        axes.set(xscale="log", xlim=(0.93, EPOCHS[-1] * 1.07), xlabel=t("explorers.epochs.x_axis"))
        axes.set_xticks(_TICKS)
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:g}")
        axes.grid(False)

    def draw(self, result: EpochsResult) -> Hashable:
        ours = result.ground == "our_runs"
        self._set_window(result)
        for line in (self._fresh_runs, self._own_runs, self._fitted):
            line.set_visible(ours)
        self._paper.set_visible(not ours)
        (self._fitted if ours else self._paper).set_data(CURVE, result.curve_loss)
        self._fresh.set_data(CURVE, result.curve_fresh)
        self._fresh_runs.set_data(result.fresh_epochs, result.fresh_run_loss)
        again = result.run_epochs > 1
        self._own_runs.set_data(result.run_epochs[again], result.run_loss[again])
        self._limit.set_data(CURVE[[0, -1]], [result.limit] * 2)
        self._gap.set_data([result.epochs] * 2, [result.loss, result.fresh_loss])
        self._here.set_data([result.epochs], [result.loss])
        self._name_curves(result)
        self._draw_worth(result)
        for name, note in self._notes.items():
            note.set_visible(name == result.ground)
        self._title.set_text(self._message(result))
        return result.ground

    def _set_window(self, result: EpochsResult) -> None:
        from matplotlib.ticker import MaxNLocator

        shown = np.concatenate([result.curve_loss, result.curve_fresh, result.run_loss, result.fresh_run_loss])
        height = float(np.ptp(shown))
        low, high = float(shown.min()) - _ROOM_BELOW * height, float(shown.max()) + _ROOM_ABOVE * height
        self._axes.set_ylim(low, high)
        ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        ticks = ticks[(ticks > low) & (ticks < high)]
        digits = max(0, 1 - int(np.floor(np.log10(ticks[1] - ticks[0]) + 1e-9)))
        self._ticks.set(list(ticks), [f"{x:.{digits}f}" for x in ticks])

    def _name_curves(self, result: EpochsResult) -> None:
        low, high = self._axes.get_ylim()
        step = 0.02 * (high - low)
        for label, key, place, height in (
            (self._name_fresh, "fresh", EPOCHS[-1], float(result.curve_fresh[-1]) - step),
            (self._name_limit, "limit", EPOCHS[0], result.limit - step),
            (self._name_repeated, "repeated", EPOCHS[-1], float(result.curve_loss[-1]) + step),
        ):
            label.set_text(t(f"explorers.epochs.label_{key}"))
            label.set_position((place, height))

    def _draw_worth(self, result: EpochsResult) -> None:
        other = "c4" if result.ground == "our_runs" else "our_runs"
        self._other.set_data(CURVE, result.other_next)
        self._added.set_color((self._fitted if other == "c4" else self._paper).get_color())
        self._added.set_data(CURVE, result.curve_next)
        self._added_here.set_data([result.epochs], [result.next_worth])
        self._name_added.set_text(_share(result.next_worth))
        right = result.epochs > 20
        self._name_added.set_ha("right" if right else "left")
        self._name_added.set_position((result.epochs * (0.86 if right else 1.16), min(result.next_worth + 0.02, 0.96)))
        self._name_other.set_text(t(f"explorers.epochs.other_{other}"))
        self._name_other.set_position((19.0, 0.42) if other == "c4" else (1.08, 0.05))

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: EpochsResult) -> str:
        said = _said(result)
        if result.turned_epochs is not None:
            return t("explorers.epochs.message_turned", **said)
        if result.epochs == 1:
            return t("explorers.epochs.message_once", **said)
        return t("explorers.epochs.message", **said)

    def words(self, result: EpochsResult) -> str:
        said, ours = _said(result), result.ground == "our_runs"
        parts = [t("explorers.epochs.words_once" if result.epochs == 1 else "explorers.epochs.words_worth", **said)]
        parts.append(t("explorers.epochs.words_limit", **said))
        if result.R_otherwise is not None:
            key = "words_with_turned" if result.past_turn else "words_without_turned"
            parts.append(t(f"explorers.epochs.{key}", R=format_number(result.R_otherwise)))
        if result.turned_epochs is not None:
            parts.append(t("explorers.epochs.words_turned", **said))
        elif ours and result.epochs > result.run_epochs.max():
            parts.append(t("explorers.epochs.words_beyond", most=f"{result.run_epochs.max():g}"))
        if not ours:
            parts.append(t("explorers.epochs.words_no_rise"))
        return ("" if language() == "zh" else " ").join(parts)


def _said(result: EpochsResult) -> dict[str, str]:
    """Write a result's numbers."""
    said = {
        "epochs": f"{result.epochs:g}",
        "stock": format_count(result.stock),
        "size": format_count(result.size),
        "loss": f"{result.loss:.3f}",
        "fresh_loss": f"{result.fresh_loss:.3f}",
        "worth": format_number(result.worth),
        "next": _share(result.next_worth),
        "R": format_number(result.R_star),
        "ceiling": format_number(1 + result.R_star),
        "limit": f"{result.limit:.3f}",
    }
    if result.turned_epochs is not None:
        said |= {
            "best_epochs": f"{result.best_epochs:g}",
            "best_loss": f"{result.best_loss:.2f}",
            "turned_epochs": f"{result.turned_epochs:g}",
            "turned_loss": f"{result.turned_loss:.2f}",
        }
    return said


def _share(worth: float) -> str:
    return format_percent(worth) if worth >= _LITTLE else f"< {format_percent(_LITTLE)}"


def _named(counts: tuple[float, ...]) -> tuple[tuple[str, int], ...]:
    return tuple((format_count(count), place) for place, count in enumerate(counts))
