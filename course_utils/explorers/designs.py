"""The explorer *compare designs*: five ways to buy the small runs, judged by simulated forecasts before paying."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.designs_state import ComparedDesigns, DesignsResult, DesignsState
from course_utils.explorers.explorer import Explorer
from course_utils.i18n import format_flops, format_number, format_percent, format_scientific, language, t
from course_utils.planning import DESIGNS, optimal_params
from course_utils.planning.comparison import BUDGETS, SHARES
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.205, 0.185, 0.345, 0.645), (0.735, 0.185, 0.24, 0.645)
_ERRORS = (0.004, 0.3)
_FLOPS, _PARAMS = (5e8, 3e15), (2.5e3, 8e6)
_LABEL_TURNS = 1e12  # FLOPs of the target
_MEASURED_TO = 1e13  # FLOPs of the largest runs whose unfinished losses the simulated world was fitted to
_PROMISE = 0.8
_BROKEN = 0.7  # an interval that holds less is called one that does not keep its promise


class CompareDesigns(Explorer):
    """Choose a budget and the target's share of it; see how far the forecasts of five designs err.

    Parameters
    ----------
    table : pandas.DataFrame, optional
        Table with the columns of ``design_comparison``, which is the default.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If the table lacks a column or a row, or a value lies outside its control.
    """

    section = "designs"
    State = DesignsState
    size = (820, 440)

    def __init__(self, table: Any = None, **start: Any):
        if table is None:
            from course_utils import datasets

            table = datasets.load("design_comparison")
        self.study = ComparedDesigns(table)
        super().__init__(**start)

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.designs"
        return (
            Choice("budget", t(f"{key}.budget"), tuple((format_flops(b), b) for b in BUDGETS)),
            Choice("share", t(f"{key}.share"), tuple((format_percent(s), s) for s in SHARES)),
            Choice("design", t(f"{key}.design"), tuple((_name(d), d) for d in DESIGNS), face="buttons"),
        )

    def compute(self, state: DesignsState) -> DesignsResult:
        return self.study.compute(state.budget, state.share, state.design)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_errors(picture)
        self._build_plane(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._band, *self._spans, *self._halves, *self._ninety, *self._medians, *self._names, *self._buys,
            *self._holds, *self._none, self._runs, self._target, self._target_name, self._title,
        )  # fmt: skip

    def _build_errors(self, picture: Picture) -> None:
        """Make a row a design: the errors of its forecasts, and what their interval promises."""
        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN

        axes = picture.figure.add_axes(_LEFT)
        axes.set(xscale="log", xlim=_ERRORS, ylim=(len(DESIGNS) - 0.5, -0.5), yticks=[])
        axes.set_xticks([0.005, 0.01, 0.02, 0.05, 0.1, 0.2], ["0.5%", "1%", "2%", "5%", "10%", "20%"])
        axes.minorticks_off()
        axes.set_xlabel(t("explorers.designs.error_axis"), loc="left")
        axes.grid(True, axis="x")
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        picture.figure.text(_LEFT[0], 0.868, t("explorers.designs.key"), color=MUTED, fontsize=8.5, va="center")
        picture.figure.text(
            sum(_LEFT[::2]) + 0.012, 0.868, t("explorers.designs.holds_axis"), color=MUTED, fontsize=8.5, va="center"
        )
        start, rows = ([0.01, 0.02], [0, 0]), range(len(DESIGNS))
        (self._band,) = axes.fill(
            [0, 0, 1, 1], [0, 1, 1, 0], color=OWN, alpha=0.1, lw=0, clip_on=False, transform=axes.get_yaxis_transform()
        )
        self._spans = [plots.simulated(axes, *start, line=True, lw=1.4) for _ in rows]
        self._halves = [plots.simulated(axes, *start, marker="D", ms=5.5, mfc="white") for _ in rows]
        self._ninety = [plots.simulated(axes, *start, marker="|", ms=11, mew=1.8) for _ in rows]
        self._medians = [plots.simulated(axes, *start, ms=8, mew=2.2) for _ in rows]
        left = {"axes": axes, "transform": axes.get_yaxis_transform(), "va": "center"}
        self._names = [picture.text(-0.025, i - 0.13, ha="right", fontsize=9.7, **left) for i in rows]
        self._buys = [picture.text(-0.025, i + 0.2, ha="right", fontsize=8.5, color=MUTED, **left) for i in rows]
        self._holds = [picture.text(1.035, i, ha="left", fontsize=10.5, color=INK, **left) for i in rows]
        self._none = [picture.text(0.5, i, ha="center", fontsize=9.5, color=MUTED, **left) for i in rows]
        plots.provenance_note(axes)

    def _build_plane(self, picture: Picture) -> None:
        """Make the plane of compute and size with the shipped ladder's valley."""
        from course_utils import plots
        from course_utils.explorers.colours import INK, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_RIGHT)
        plots.params_axis(plots.flops_axis(axes), "y")
        axes.set(xlim=_FLOPS, ylim=_PARAMS, ylabel="", xticks=[1e9, 1e12, 1e15])
        axes.set_xlabel(t("explorers.designs.flops_axis"), loc="left")
        picture.figure.text(
            _RIGHT[0] - 0.05, 0.868, t("explorers.designs.params_axis"), color=INK, fontsize=9.5, va="center"
        )
        span = np.array(_FLOPS)
        plots.fitted(axes, span, optimal_params(span), lw=1.2)
        self._runs = plots.simulated(axes, span, span, color=OWN, ms=5, mew=1.3)
        self._target = plots.simulated(axes, span[:1], span[:1], color=OWN, marker="*", ms=14, mfc="white", mew=1.4)
        self._target_name = picture.text(0, 0, axes=axes, color=OWN, fontsize=9.5, path_effects=white_halo())
        plots.provenance_note(axes)

    def draw(self, result: DesignsResult) -> Hashable:
        from course_utils.explorers.colours import INK, MUTED, OWN

        for i, name in enumerate(DESIGNS):
            found, chosen = result.tried[name], name == result.design
            self._names[i].set_text(_name(name))
            self._names[i].set_color(OWN if chosen else INK)
            self._none[i].set_visible(found is None)
            self._none[i].set_text(t("explorers.designs.too_short"))
            for artists in (self._spans, self._halves, self._ninety, self._medians, self._buys, self._holds):
                artists[i].set_visible(found is not None)
                if artists in (self._spans, self._halves, self._ninety, self._medians):
                    artists[i].set_color(OWN if chosen else MUTED)
            if found is None:
                continue
            half = found.interval_width / 2
            self._halves[i].set_markerfacecolor("white")
            self._spans[i].set_data([found.error_median, max(found.error_90, half)], [i, i])
            self._halves[i].set_data([half], [i])
            self._ninety[i].set_data([found.error_90], [i])
            self._medians[i].set_data([found.error_median], [i])
            self._buys[i].set_text(t("explorers.designs.buys", runs=found.runs, cost=format_scientific(found.cost, 2)))
            self._holds[i].set_text(format_percent(found.inside))
        row = DESIGNS.index(result.design)
        self._band.set_xy([(-0.57, row - 0.46), (-0.57, row + 0.46), (1.2, row + 0.46), (1.2, row - 0.46)])
        self._runs.set_data(result.flops, result.params)
        self._target.set_data([result.target], [result.target_params])
        self._target_name.set_text(t("explorers.designs.target", flops=format_scientific(result.target, 2)))
        small = result.target < _LABEL_TURNS  # under the valley where there is room to the right, else over it
        right, up = (1.3, 1 / 1.5) if small else (1.0, 1.5)
        self._target_name.set_position((right * result.target, up * result.target_params))
        self._target_name.set_horizontalalignment("left" if small else "right")
        self._target_name.set_verticalalignment("top" if small else "bottom")
        self._title.set_text(self._message(result))
        return "only"

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: DesignsResult) -> str:
        said = {"budget": format_flops(result.budget), "share": format_percent(result.share)}
        if not result.best:
            return t("explorers.designs.message_none", **said)
        said["error"] = format_percent(result.tried[result.best[0]].error_median)
        said["best"] = _quoted(result.best[0])
        if len(result.best) == 1:
            return t("explorers.designs.message_one", **said)
        if len(result.best) == 2:
            first, second = map(_quoted, result.best)
            return t("explorers.designs.message_two", first=first, second=second, **said)
        return t("explorers.designs.message_alike", count=len(result.best), **said)

    def words(self, result: DesignsResult) -> str:
        key, found = "explorers.designs", result.chosen
        name = {"design": _quoted(result.design)}
        if found is None:
            parts = [t(f"{key}.words_too_short", **name)]
        else:
            said = name | {
                "runs": found.runs,
                "cost": format_flops(found.cost),
                "target": format_flops(result.target),
                "times": format_number(result.target / found.largest, 2),
                "ladders": found.ladders,
                "median": format_percent(found.error_median),
                "ninety": format_percent(found.error_90),
                "width": format_percent(found.interval_width),
                "inside": format_percent(found.inside),
                "promise": format_percent(_PROMISE),
                "bias": format_percent(abs(found.bias)),
            }
            parts = [t(f"{key}.words_buys", **said), t(f"{key}.words_errs", **said)]
            if found.inside < _BROKEN:
                side = "high" if found.bias > 0.25 * found.error_median else "low" if found.bias < 0 else "plain"
                parts.append(t(f"{key}.words_broken", **said))
                if side != "plain":
                    parts.append(t(f"{key}.words_broken_{side}", **said))
            if result.design == "checkpoints" and found.largest > _MEASURED_TO:
                parts.append(t(f"{key}.words_carried", flops=format_flops(_MEASURED_TO)))
        if result.share < 0.5:
            parts.append(t(f"{key}.words_more"))
        elif result.share > 0.5:
            parts.append(t(f"{key}.words_further"))
        parts.append(t(f"{key}.words_simulated"))
        return ("" if language() == "zh" else " ").join(parts)


def _name(design: str) -> str:
    return t(f"planning.design.{design}")


def _quoted(design: str) -> str:
    return t("explorers.designs.quoted", design=_name(design))
