"""The explorer *fit a thousand laws*: choose which runs to buy, and see how far a thousand laws fitted to them err."""

from __future__ import annotations

from collections.abc import Hashable
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.explorers.controls import Choice, Control, Span
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.thousand_state import (
    CURVES,
    LAWS,
    MODELS,
    Row,
    ThousandResult,
    ThousandState,
    design_of,
    make_ruler,
    refusal_of,
    refused,
    studied,
)
from course_utils.fitting.designs import Design
from course_utils.fitting.ladders import Ladder
from course_utils.fitting.presentation import html_table
from course_utils.fitting.study_presentation import signed_percent
from course_utils.i18n import format_count, format_flops, format_percent, format_scientific, language, t
from course_utils.plots.picture import Picture

_LAWS_FITTED = 1000
_LEAST, _MOST = -0.25, 0.65  # ends of the histogram; what lies beyond is counted in its last bins
_BINS = np.round(np.arange(_LEAST, _MOST + 0.005, 0.01), 2)
_CHEAPEST, _DEAREST = 3e-4, 4.0  # ends of the scale of costs, in units of the target's compute


class FitAThousandLaws(Explorer):
    """Judge a design by the errors of a thousand laws, each fitted to a random choice of the runs that it may buy.

    The target is the largest run of the course's ladder, which no law sees; the table adds the best runs of the budgets
    in between.

    Parameters
    ----------
    runs, curves : pandas.DataFrame, optional
        Tables with the columns of ``text_runs`` and ``text_curves``, which are the defaults.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If a table lacks a column, no run is held out, or a value lies outside its control.
    """

    section = "thousand"
    State = ThousandState
    size = (760, 440)

    def __init__(self, runs: Any = None, curves: Any = None, **start: Any):
        if runs is None:
            from course_utils import datasets

            runs, curves = datasets.load("text_runs"), datasets.load("text_curves")
        self.ladder = Ladder.of(runs, curves)
        if not self.ladder.holdouts:
            raise ValueError('runs: no row has set == "holdout"; a design is judged by a run that nobody fits.')
        kinds = (False, True) if self.ladder.has_curves else (False,)
        self._rulers = {kind: make_ruler(self.ladder, kind) for kind in kinds}
        self._studied = lru_cache(maxsize=64)(self._study)
        super().__init__(**start)

    def prepare(self) -> None:
        self.state.span = (self.ladder.budgets[0], self.ladder.budgets[-1])

    def _study(self, design: Design) -> ThousandResult:
        ruler = self._rulers[design.checkpoints]
        refusal = refusal_of(design, self.ladder)
        if refusal:
            return refused(design, ruler, refusal, self.ladder.targets(design.budgets[1], design.checkpoints))
        return studied(design, ruler, self.ladder, _LAWS_FITTED)

    def compute(self, state: ThousandState) -> ThousandResult:
        return self._studied(design_of(state, self.ladder))

    # Controls -------------------------------------------------------------------------------------------------------

    def make_controls(self) -> tuple[Control, ...]:
        most = max(len(rung.losses) for rung in self.ladder.rungs)
        controls = (
            Choice("law", t("explorers.thousand.law"), tuple((_law_name(law), law) for law in LAWS), face="list"),
            Span(
                "span",
                t("explorers.thousand.span"),
                tuple((format_scientific(budget), budget) for budget in self.ladder.budgets),
            ),
            Choice("models", t("explorers.thousand.models"), tuple((str(n), n) for n in MODELS)),
            Choice("seeds", t("explorers.thousand.seeds"), tuple((str(n), n) for n in range(1, most + 1))),
        )
        if not self.ladder.has_curves:
            return controls
        return (*controls, Choice("curve", t("explorers.thousand.curve"), tuple((_curve_name(c), c) for c in CURVES)))

    def locked(self) -> frozenset[str]:
        return frozenset({"curve"}) if self.state.law.startswith("compute") else frozenset()

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, LAW, MEASURED, MUTED

        self._fan_axes = fan = picture.figure.add_axes((0.075, 0.175, 0.415, 0.70))
        plots.loss_axis(plots.flops_axis(fan))
        fan.yaxis.set_label_coords(-0.115, 0.5)
        losses = np.concatenate([ruler.loss for ruler in self._rulers.values()])
        target = max(rung.flops for rung in self.ladder.holdouts)
        fan.set_xlim(self.ladder.budgets[0] / 1.6, target * 1.9)
        fan.set_ylim(0.84 * min(r.loss(False) for r in self.ladder.holdouts), 1.04 * float(losses.max()))
        start = [target], [float(losses.min())]
        self._bands = [fan.fill_between(*start, start[1], color=MUTED, alpha=a, lw=0, zorder=1) for a in (0.22, 0.4)]
        self._middle = plots.fitted(fan, *start)
        self._others = plots.measured(fan, *start, ms=3, mfc="white", alpha=0.6)
        self._bought = plots.measured(fan, *start, ms=3.6, alpha=0.75)
        self._targets = plots.measured(fan, *start, marker="*", ms=13, mec="white", mew=0.8)
        plots.provenance_note(fan)

        errors = picture.figure.add_axes((0.555, 0.40, 0.42, 0.475))
        errors.set_xlim(_LEAST, _MOST)
        errors.set_ylim(0, 1.34)
        errors.set_yticks([])
        for side in ("left", "right", "top"):
            errors.spines[side].set_visible(False)
        errors.set_xticks([-0.2, 0, 0.2, 0.4, 0.6], ["−20%", "0", "+20%", "+40%", "+60%"])
        errors.set_xlabel(plots.figure_words("explorers.thousand.error_axis"))
        errors.axvspan(-0.2, 0.2, color="#EEF3EE", zorder=0)
        errors.axvspan(-0.04, 0.04, color="#CFE3D4", zorder=0)
        errors.text(0.0, 1.33, "±4%", ha="center", va="top", fontsize=9, color=MUTED)
        errors.text(-0.195, 1.33, "±20%", ha="left", va="top", fontsize=9, color=MUTED)
        errors.axvline(0, color=FAINT, lw=1, zorder=0)
        self._bars = errors.stairs(np.zeros(len(_BINS) - 1), _BINS, fill=True, color=MUTED, zorder=2)
        (self._median,) = errors.plot([0, 0], [0, 1.05], color=LAW, lw=1.8)
        (self._baseline,) = errors.plot([0, 0], [0, 1.05], color=MEASURED, lw=1.6, ls=(0, (4, 2)))
        words = {"axes": errors, "va": "center", "fontsize": 9.5}
        self._median_label = picture.text(0, 1.19, color=LAW, **words)
        self._baseline_label = picture.text(0, 1.08, color=MEASURED, **words)

        cost = picture.figure.add_axes((0.555, 0.175, 0.42, 0.07))
        cost.set_xscale("log")
        cost.set_xlim(_CHEAPEST, _DEAREST)
        cost.set_ylim(-1, 1)
        cost.set_yticks([])
        for side in ("left", "right", "top"):
            cost.spines[side].set_visible(False)
        cost.set_xticks([1e-3, 1e-2, 0.1, 1], ["0.1%", "1%", "10%", "100%"])
        cost.minorticks_off()
        cost.set_xlabel(plots.figure_words("explorers.thousand.cost_axis"))
        cost.axvline(1, color=FAINT, lw=1)
        (self._cost_spread,) = cost.plot([], [], color=LAW, lw=2, alpha=0.35, solid_capstyle="butt")
        (self._cost,) = cost.plot([], [], "D", color=LAW, ms=6)
        self._refusal = picture.text(0.765, 0.62, ha="center", va="center", fontsize=10.5, color=INK)
        self._title = picture.text(0.075, 0.945, ha="left", va="center", fontsize=11, color=INK)
        picture.moving(
            *self._bands, self._others, self._bought, self._middle, self._targets, self._bars, self._median,
            self._baseline, self._median_label, self._baseline_label, self._cost_spread, self._cost, self._refusal,
            self._title,
        )  # fmt: skip

    def draw(self, result: ThousandResult) -> Hashable:
        ruler = result.ruler
        low, high = result.span
        bought = (ruler.rung_budget >= low) & (ruler.rung_budget <= high)
        self._bought.set_data(ruler.rung_flops[bought], ruler.rung_loss[bought])
        self._others.set_data(ruler.rung_flops[~bought], ruler.rung_loss[~bought])
        self._targets.set_data(result.target_flops, result.target_loss)
        fitted = result.refusal is None
        for artist in (
            *self._bands, self._middle, self._bars, self._median, self._baseline, self._median_label,
            self._baseline_label, self._cost_spread, self._cost,
        ):  # fmt: skip
            artist.set_visible(fitted)
        self._refusal.set_visible(not fitted)
        self._title.set_text(self._message(result))
        if not fitted:
            self._refusal.set_text(self._refused(result))
            return "only"
        flops, loss = result.path_flops, result.path_loss
        for band, (bottom, top) in zip(self._bands, ((0, 4), (1, 3)), strict=True):
            band.set_data(flops, loss[bottom], loss[top])
        self._middle.set_data(flops, loss[2])
        counts = np.histogram(np.clip(result.errors, _LEAST + 1e-9, _MOST - 1e-9), _BINS)[0]
        self._bars.set_data(counts / counts.max())
        last = result.rows[-1]
        for name, line, label, error in (
            ("median", self._median, self._median_label, last.bias),
            ("baseline", self._baseline, self._baseline_label, last.baseline),
        ):
            self._mark(line, label, error, t(f"explorers.thousand.label_{name}", error=signed_percent(error)))
        self._cost_spread.set_data(result.costs[[0, 2]], [0, 0])
        self._cost.set_data(result.costs[1:2], [0])
        return "only"

    @staticmethod
    def _mark(line: Any, label: Any, error: float, text: str) -> None:
        """Stand a line at an error and write its name on the side that has room."""
        place = min(max(error, _LEAST + 0.004), _MOST - 0.004)
        line.set_xdata([place, place])
        right = place > 0.2
        label.set_x(place - 0.008 if right else place + 0.008)
        label.set_horizontalalignment("right" if right else "left")
        label.set_text(text)

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: ThousandResult) -> str:
        bought = {"models": result.models, "budget": format_scientific(result.span[1])}
        if result.refusal is not None:
            return t("explorers.thousand.message_refused", **bought)
        return t(
            f"explorers.thousand.message{'_single' if result.n_laws == 1 else ''}",
            median=format_percent(result.rows[-1].median),
            cost=format_percent(float(result.costs[1])),
            **bought,
        )

    @staticmethod
    def _refused(result: ThousandResult) -> str:
        return t(f"explorers.thousand.{result.refusal}", constants=result.constants)

    def words(self, result: ThousandResult) -> str:
        if result.refusal is not None:
            return self._refused(result)
        last = result.rows[-1]
        parts = [
            *(self._words_single(last) if result.n_laws == 1 else self._words_many(result, last)),
            t("explorers.thousand.words_cost", cost=format_percent(float(result.costs[1]))),
        ]
        if result.n_unfitted:
            parts.append(t("explorers.thousand.words_unfitted", count=f"{result.n_unfitted:,}"))
        if result.curve > 0:
            parts.append(t("explorers.thousand.words_ruler"))
        return ("" if language() == "zh" else " ").join(parts)

    @staticmethod
    def _words_single(last: Row) -> tuple[str]:
        errors = {"median": format_percent(last.median), "baseline": format_percent(last.baseline)}
        return (t("explorers.thousand.words_single", target=format_flops(last.budget), **errors),)

    @staticmethod
    def _words_many(result: ThousandResult, last: Row) -> tuple[str, str, str]:
        side = "high" if result.too_high >= 0.9 else "low" if result.too_high <= 0.1 else "both"
        missed = 1.0 - result.too_high if side == "low" else result.too_high
        return (
            t(
                "explorers.thousand.words_complete" if result.complete else "explorers.thousand.words_drawn",
                laws=f"{result.n_laws:,}",
                possible=format_count(result.n_possible),
            ),
            t(
                "explorers.thousand.words_errors",
                target=format_flops(last.budget),
                median=format_percent(last.median),
                ninety=format_percent(last.ninety),
                within_4=format_percent(last.within_4),
                within_20=format_percent(last.within_20),
                baseline=format_percent(last.baseline),
            ),
            t(f"explorers.thousand.words_{side}", share=format_percent(missed)),
        )

    def table(self, result: ThousandResult) -> str:
        if len(result.rows) < 2:
            return ""
        keys = ("target", "median", "ninety", "within_4", "within_20", "bias", "baseline")
        rows = [
            [
                format_scientific(row.budget),
                *(format_percent(v) for v in (row.median, row.ninety, row.within_4, row.within_20)),
                signed_percent(row.bias),
                format_percent(row.baseline),
            ]
            for row in result.rows
        ]
        return html_table([t(f"fitting.study.{key}") for key in keys], rows, t("fitting.study.caption"))


def _law_name(law: str) -> str:
    return t(f"explorers.thousand.law_{law}")


def _curve_name(share: float) -> str:
    if share in (0.0, 1.0):
        return t("explorers.thousand.curve_end" if share == 0 else "explorers.thousand.curve_whole")
    return t("explorers.thousand.curve_last", share=format_percent(share))
