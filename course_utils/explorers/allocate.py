"""The explorer *allocate a budget*: how large a model and how much text, by whose constants, for how many users."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from course_utils import datasets
from course_utils.explorers.allocate_state import (
    BUDGETS,
    LEVEL,
    SERVED,
    SOURCES,
    AllocateResult,
    AllocateState,
    Sources,
)
from course_utils.explorers.controls import Choice, Control, Switch
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.plane import PARAMS_LIMITS, TOKENS_LIMITS, TOKENS_PER_PARAM, draw_plane
from course_utils.i18n import format_count, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_BOX = (0.16, 0.185, 0.625, 0.73)  # left, bottom, width, height; room for '100 nghìn tỷ' and for the sources' names
_NAMES = {"Llama 3.1 405B": ("right", 12, 7), "MT-NLG": ("left", 6, 4)}
_MOSTLY_USE = 0.9  # share of the budget from which on there is hardly a model left to speak of


class AllocateABudget(Explorer):
    """Choose a budget and whose constants to trust; read off how large a model on how much text.

    Examples
    --------
    >>> explorer = AllocateABudget(source="hoffmann_unrounded")
    >>> f"{explorer.result.params / 1e9:.1f}B, {explorer.result.tokens_per_param:.0f} tokens each"
    '40.4B, 59 tokens each'
    """

    section = "allocate"
    State = AllocateState
    size = (760, 455)

    def prepare(self) -> None:
        self._own_budgets: set[float] = set()
        self.sources = Sources(datasets.load("text_runs"))
        self.history = datasets.load("models_history")

    def controls_key(self) -> Hashable:
        # A budget that code has set between two steps becomes a step of its own and stays one.
        if self.state.flops not in BUDGETS:
            self._own_budgets.add(self.state.flops)
        return tuple(sorted(self._own_budgets))

    def make_controls(self) -> tuple[Control, ...]:
        budgets = sorted({*BUDGETS, *self._own_budgets})
        return (
            Choice(
                "flops",
                t("explorers.allocate.flops"),
                tuple((format_flops(value), value) for value in budgets),
                between=True,
            ),
            Choice(
                "source",
                t("explorers.allocate.source"),
                tuple((t(f"explorers.allocate.source_{name}"), name) for name in SOURCES),
                face="list",
            ),
            Choice(
                "served",
                t("explorers.allocate.served"),
                tuple((t("explorers.allocate.served_value", count=format_count(n)), n) for n in SERVED),
            ),
            Switch("intervals", t("explorers.allocate.intervals", level=format_percent(LEVEL))),
        )

    def compute(self, state: AllocateState) -> AllocateResult:
        return self.sources.compute(
            flops=state.flops, source=state.source, served=state.served, intervals=state.intervals
        )

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, OWN
        from course_utils.plots.colours import COLOURS

        axes = picture.figure.add_axes(_BOX)
        self._axes = axes
        source = t("explorers.allocate.published_source")
        draw_plane(picture, axes, self.history, source=source, names=_NAMES, name_rule=False)
        axes.yaxis.set_label_coords(-0.2, 0.5)
        self._colours = {name: COLOURS["orange"] for name in SOURCES} | {"our_runs": COLOURS["black"]}
        for name in SOURCES:
            curve = self.sources.curve(name)
            if name == "our_runs":  # dashed: not one of these budgets is near a run
                plots.fitted(axes, curve.params, curve.tokens, lw=1.0, ls=(0, (3, 2)), zorder=1.5)
            else:
                plots.published(
                    axes, curve.params, curve.tokens, source=source, ls="-", marker="none", lw=0.8, alpha=0.6,
                    zorder=1.5,
                )  # fmt: skip
        plots.provenance_note(axes)
        self._band = axes.fill([0, 0], [0, 0], color=OWN, alpha=0.13, lw=0)[0]
        (self._line,) = axes.plot([], [], lw=2.2)
        (self._iso,) = axes.plot([], [], color=OWN, lw=1.2)
        (self._interval,) = axes.plot([], [], color=OWN, lw=4.5, alpha=0.55, solid_capstyle="butt")
        (self._others,) = axes.plot([], [], "o", color="white", mec=OWN, ms=4.5, mew=1.2)
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=9.5, mec="white", mew=1.5, clip_on=False)
        self._ends = {name: self._end_label(picture) for name in SOURCES}
        self._name_ends(picture)
        self._title = picture.text(0.02, 0.955, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._band, self._line, self._iso, self._interval, self._others, self._point, *self._ends.values(),
            self._title,
        )  # fmt: skip

    def _end_label(self, picture: Picture):
        return picture.text(1.03, 0.5, axes=self._axes, transform=self._axes.transAxes, va="center", fontsize=9)

    def _name_ends(self, picture: Picture) -> None:
        """Write the names of the lines in a column beside the plane, each joined to the end of its line."""
        from course_utils.explorers.colours import FAINT, MUTED

        axes = self._axes
        to_axes = axes.transScale + axes.transLimits
        rule = self._end_label(picture)
        rule.set(text=t("explorers.allocate.label_rule", n=TOKENS_PER_PARAM), color=MUTED)
        picture.moving(rule)
        ends = [(rule, to_axes.transform((TOKENS_LIMITS[1] / TOKENS_PER_PARAM, TOKENS_LIMITS[1])))]
        for name, label in self._ends.items():
            curve = self.sources.curve(name)
            last = int(np.flatnonzero((curve.params < PARAMS_LIMITS[1]) & (curve.tokens < TOKENS_LIMITS[1]))[-1])
            label.set_text(t(f"explorers.allocate.label_{name}"))
            ends.append((label, to_axes.transform((curve.params[last], curve.tokens[last]))))
        heights = spread_labels(np.array([y for _, (_, y) in ends]), gap=0.052, low=0.02, high=1.0)
        for (label, (x, y)), height in zip(ends, heights, strict=True):
            label.set_y(height)
            axes.plot(
                [x, 1.005, 1.025], [y, height, height], transform=axes.transAxes, color=FAINT, lw=0.7, clip_on=False,
                zorder=1,
            )  # fmt: skip

    def draw(self, result: AllocateResult) -> Hashable:
        from course_utils.explorers.colours import MUTED

        self._line.set_data(result.line_params, result.line_tokens)
        self._line.set_color(self._colours[result.source])
        self._line.set_linestyle((0, (4, 1.5)) if result.source == "our_runs" else "-")
        self._draw_budget(result)
        self._draw_interval(result)
        rest = [split for name, split in result.everyone.items() if name != result.source]
        self._others.set_data(*zip(*rest, strict=True))
        # A size beyond the edge of the plane stays in sight, at the edge.
        seen = np.clip(result.params, *PARAMS_LIMITS)
        self._point.set_data([seen], [np.clip(result.tokens, *TOKENS_LIMITS)])
        self._point.set_marker("o" if seen == result.params else "<" if seen > result.params else ">")
        for name, label in self._ends.items():
            label.set_color(self._colours[name] if name == result.source else MUTED)
        self._title.set_text(self._message(result))
        return "only"

    def _draw_budget(self, result: AllocateResult) -> None:
        """Draw what the budget can pay for: a line of equal compute, bent where use takes its part."""
        most = result.flops / (6 * TOKENS_LIMITS[0] + 2 * result.served)
        params = np.geomspace(PARAMS_LIMITS[0] / 10, max(most, PARAMS_LIMITS[0]), 200 if result.served else 2)
        tokens = (result.flops / params - 2 * result.served) / 6
        self._iso.set_data(params[tokens > 0], tokens[tokens > 0])

    def _draw_interval(self, result: AllocateResult) -> None:
        shown = result.params_interval is not None
        self._band.set_visible(shown)
        self._interval.set_visible(shown)
        if not shown:
            return
        low, high = result.params_interval
        self._interval.set_data([low, high], [result.flops / 6 / low, result.flops / 6 / high])
        params = np.concatenate([result.band_params[0], result.band_params[1][::-1]])
        budgets = np.array([*BUDGETS, *BUDGETS[::-1]])
        self._band.set_xy(np.column_stack([params, budgets / 6 / params]))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: AllocateResult) -> str:
        return t(
            f"explorers.allocate.message{'_served' if result.served else ''}",
            flops=format_flops(result.flops),
            served=format_count(result.served),
            params=format_count(result.params),
            tokens=format_count(result.tokens),
            ratio=format_number(result.tokens_per_param, 2),
        )

    def words(self, result: AllocateResult) -> str:
        key = "explorers.allocate"
        parts = [
            t(
                f"{key}.words_{'kaplan' if result.source == 'kaplan_2020' else 'split'}",
                source=t(f"{key}.by_{result.source}"),
                params=format_count(result.params),
                tokens=format_count(result.tokens),
                ratio=format_number(result.tokens_per_param, 2),
                loss=_loss(result.loss),
            )
        ]
        if result.served:
            served, share = format_count(result.served), format_percent(result.share_of_use)
            parts.append(t(f"{key}.words_served", served=served, share=share))
            if result.share_of_use > _MOSTLY_USE:
                parts.append(t(f"{key}.words_mostly_use"))
        if result.share_of_use <= _MOSTLY_USE:
            parts.append(self._words_on_range(result))
        if result.params_interval is not None:
            (low, high), loss = result.params_interval, result.loss_interval
            parts.append(
                t(
                    f"{key}.words_interval",
                    level=format_percent(LEVEL),
                    low=format_count(low),
                    high=format_count(high),
                    loss_low=_loss(loss[0]),
                    loss_high=_loss(loss[1]),
                )
            )
        elif result.without_interval:
            parts.append(t(f"{key}.without_{result.without_interval}"))
        if result.source == "our_runs" or result.decades_outside:
            parts.append(t(f"{key}.words_outside", decades=format_number(result.decades_outside, 2)))
        if result.ignores_users:
            parts.append(t(f"{key}.kaplan_no_users"))
        return ("" if language() == "zh" else " ").join(parts)

    def _words_on_range(self, result: AllocateResult) -> str:
        """Say between which sizes the sources lie."""
        sizes = {name: params for name, (params, _) in result.everyone.items()}
        least, most = min(sizes, key=sizes.get), max(sizes, key=sizes.get)
        return t(
            "explorers.allocate.words_range",
            least=format_count(sizes[least]),
            least_source=t(f"explorers.allocate.by_{least}"),
            most=format_count(sizes[most]),
            most_source=t(f"explorers.allocate.by_{most}"),
        )


def _loss(value: float) -> str:
    return f"{value:.2f}"
