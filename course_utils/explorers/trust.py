"""The explorer *which fit do you trust*: leave points out, change the objective, and see the best size move."""

from __future__ import annotations

import html
from collections.abc import Hashable
from dataclasses import dataclass
from typing import TYPE_CHECKING, Any

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.trust_state import (
    BUDGETS,
    DELTAS,
    DROPPED,
    OBJECTIVES,
    PRINTED,
    Answer,
    Refits,
    TrustResult,
    TrustState,
    answer_of,
)
from course_utils.i18n import format_count, format_flops, format_number, format_scientific, language, t
from course_utils.plots.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _RIGHT = (0.075, 0.185, 0.395, 0.685), (0.68, 0.185, 0.085, 0.685)
_RATIO_LIMITS = {"published": (0.02, 700.0), "own": (0.9, 260.0)}
_MISS_LIMITS = {"published": (-0.06, 0.37), "own": (-0.065, 0.115)}
_PARAMS_LIMITS = {"published": (2.4e10, 2.6e11), "own": (1.05e5, 3.2e5)}
_OURS, _THEIRS = 0.9, 2.1  # where the marks stand beside the scale


@dataclass(frozen=True, eq=False)
class _Stage:
    """The axes of one source of points, what moves on them, and where on the scale this fit's number ends."""

    axes: Axes
    scale: Axes
    used: Any
    left_out: Any
    mark: Any
    number_at: float


class WhichFitDoYouTrust(Explorer):
    """Choose how many of the highest losses are left out and what is minimised; read off what the fit would build.

    Examples
    --------
    >>> explorer = WhichFitDoYouTrust(data="own")
    >>> explorer.result.n_points, len(explorer.result.left_miss)
    (87, 5)
    """

    section = "trust"
    State = TrustState
    size = (800, 430)

    def prepare(self) -> None:
        self.refits = Refits(datasets.load("text_runs"), datasets.find("chinchilla_points"))
        self.state.data = self.refits.sources[0]
        self._printed = {name: answer_of(name, BUDGETS["published"]) for name in PRINTED}

    def make_controls(self) -> tuple[Control, ...]:
        def buttons(name: str, options: tuple[str, ...]) -> Choice:
            named = tuple((t(f"explorers.trust.{name}_{option}"), option) for option in options)
            return Choice(name, t(f"explorers.trust.{name}"), named, face="buttons")

        return (
            Choice("dropped", t("explorers.trust.dropped"), tuple((str(n), n) for n in DROPPED)),
            buttons("objective", OBJECTIVES),
            Choice("delta", t("explorers.trust.delta"), tuple((f"{delta:g}", delta) for delta in DELTAS)),
            buttons("data", self.refits.sources),
        )

    def locked(self) -> frozenset[str]:
        return frozenset() if self.state.objective == "huber" else frozenset({"delta"})

    def compute(self, state: TrustState) -> TrustResult:
        return self.refits.compute(state.data, state.dropped, state.objective, state.delta)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK, LAW

        self._stages = {data: self._build_stage(picture, data) for data in self.refits.sources}
        scale = next(iter(self._stages.values())).scale
        self._number = picture.text(0, 0, axes=scale, ha="right", va="center", color=LAW, fontsize=10.5)
        self._number.set_fontweight("bold")
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        for stage in self._stages.values():
            picture.moving(stage.left_out, stage.used, stage.mark)
        picture.moving(self._number, self._title)

    def _build_stage(self, picture: Picture, data: str) -> _Stage:
        from matplotlib.ticker import PercentFormatter

        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED

        published = data == "published"
        axes = picture.figure.add_axes(_LEFT, label=f"{data} points")
        plots.tokens_axis(axes)
        axes.set_xlabel(t("explorers.trust.ratio_axis"))
        axes.set(xlim=_RATIO_LIMITS[data], ylim=_MISS_LIMITS[data])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.text(0, 1.03, t("explorers.trust.miss_axis"), transform=axes.transAxes, fontsize=9.5, color=INK)
        axes.axhline(0, color=INK, lw=1.0, zorder=1.5)
        start = [1.0], [0.0]
        if published:
            source = {"source": t("explorers.trust.published_source")}
            used = plots.published(axes, *start, ms=3.6, mfc="#D55E0055", mew=0.6, **source)
            left_out = plots.published(axes, *start, ms=6, mfc="white", mew=1.3, **source)
        else:
            used = plots.measured(axes, *start, ms=4, alpha=0.55, mew=0)
            left_out = plots.measured(axes, *start, ms=6, mfc="white", mew=1.2)
        axes.text(
            0.985, 0.97, t("explorers.trust.key"), transform=axes.transAxes, ha="right", va="top",
            color=MUTED, fontsize=9,
        )  # fmt: skip
        if not published:  # else the note of the scale says the same
            plots.provenance_note(axes)
        scale = picture.figure.add_axes(_RIGHT, label=f"{data} scale")
        mark = self._build_scale(picture, data, scale)
        ticks = scale.yaxis.get_tightbbox(picture.figure.canvas.get_renderer())
        number_at = float(scale.transData.inverted().transform((ticks.x0, ticks.y0))[0]) - 0.3
        return _Stage(axes, scale, used, left_out, mark, number_at)

    def _build_scale(self, picture: Picture, data: str, scale: Axes):
        """Make the scale of best sizes: others' answers to the right of it, this fit's on it."""
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, MUTED

        low, high = _PARAMS_LIMITS[data]
        plots.params_axis(scale, "y")
        scale.set(xlim=(0, 3), ylim=(low, high), xticks=[], ylabel="")
        scale.grid(True, axis="y")
        scale.spines["bottom"].set_visible(False)
        budget = BUDGETS[data][0]
        heading = t(f"explorers.trust.scale_{data}", flops=format_flops(budget))
        scale.text(-1.0, 1.03, heading, transform=scale.transAxes, fontsize=9.5, color=INK)
        marks = self._others(data)
        values = np.array([value for value, _ in marks])
        if data == "published":
            plots.published(
                scale, np.full(len(values), _THEIRS), values, source=t("explorers.trust.published_source"), ms=5.5
            )
        else:
            plots.fitted(scale, np.full(len(values), _THEIRS), values, ls="none", marker="D", ms=4.5, mfc="white")
        mark = plots.fitted(scale, [_OURS], [low], ls="none", marker="D", ms=8, mec="white", mew=0.8)
        plots.provenance_note(scale)
        scale.texts[-1].xyann = ((0.985 - scale.get_position().x1) * picture.width * 0.72, -44)
        places = np.log(values / low) / np.log(high / low)
        heights = spread_labels(places, gap=0.068, low=0.03, high=0.97)
        digits = 2 if data == "published" else 3
        for (value, label), own, height in zip(marks, places, heights, strict=True):
            scale.plot(
                [(_THEIRS + 0.35) / 3, 1.0, 1.1], [own, height, height], transform=scale.transAxes, color=FAINT, lw=0.7,
                clip_on=False,
            )  # fmt: skip
            text = f"{format_count(float(value), digits)}  {label}"
            scale.text(1.13, height, text, transform=scale.transAxes, va="center", fontsize=8.8, color=MUTED)
        return mark

    def _others(self, data: str) -> list[tuple[float, str]]:
        """List what others answer, or what other ways of fitting the same runs do."""
        if data == "published":
            marks = [
                (float(answer.params[0]), t(f"explorers.trust.mark_{name}")) for name, answer in self._printed.items()
            ]
            table = datasets.load("chinchilla_table3")
            row = table[(table["approach"] == 1) & (table["flops"] == BUDGETS[data][0])].iloc[0]
            return [*marks, (float(row["params"]), t("explorers.trust.mark_approach_1"))]
        return [
            (size, t(f"explorers.trust.mark_{name}"))
            for name, size in self.refits.other_fits(BUDGETS["own"][0]).items()
        ]

    def draw(self, result: TrustResult) -> Hashable:
        stage = self._stages[result.data]
        for data, other in self._stages.items():
            for artist in (other.axes, other.scale, other.used, other.left_out, other.mark):
                artist.set_visible(data == result.data)
        low, high = _MISS_LIMITS[result.data]
        stage.used.set_data(result.used_ratio, np.clip(result.used_miss, low, high))
        stage.left_out.set_data(result.left_ratio, np.clip(result.left_miss, low, high))
        params = float(result.fit.params[0])
        stage.mark.set_data([_OURS], [params])
        self._number.set_transform(stage.scale.transData)
        self._number.set_text(_size(params))
        self._number.set_position((stage.number_at, params))
        self._title.set_text(self._message(result))
        return result.data

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: TrustResult) -> str:
        return t(
            f"explorers.trust.message_{'' if result.dropped else 'all_'}{result.data}",
            n=result.dropped or result.n_points,
            objective=t(f"explorers.trust.objective_{result.objective}"),
            params=_size(result.fit.params[0]),
            flops=format_flops(result.budgets[0]),
        )

    def words(self, result: TrustResult) -> str:
        key = "explorers.trust"
        parts = [] if "published" in self.refits.sources else [t(f"{key}.words_missing")]
        values = result.fit.values
        parts.append(
            t(
                f"{key}.words_fit_{result.data}",
                n=result.n_points - result.dropped,
                alpha=f"{values['alpha']:.3f}",
                beta=f"{values['beta']:.3f}",
                a=f"{result.fit.exponent:.3f}",
                params=_size(result.fit.params[0]),
                ratio=format_number(float(result.fit.ratio[0]), 2),
                flops=format_flops(result.budgets[0]),
                large=_size(result.fit.params[1]),
                large_ratio=format_number(float(result.fit.ratio[1]), 2),
                large_flops=format_flops(result.budgets[1]),
            )
        )
        if result.left_ratio_range is not None:
            low, high = (format_number(end, 2) for end in result.left_ratio_range)
            everything = _size(result.nothing_left_out.params[0])
            parts.append(t(f"{key}.words_left", n=result.dropped, low=low, high=high, params=everything))
        if result.holdout is not None:
            foretold, measured = (f"{loss:.3f}" for loss in result.holdout)
            flops = format_scientific(result.budgets[1])
            parts.append(t(f"{key}.words_holdout", flops=flops, foretold=foretold, measured=measured))
        return ("" if language() == "zh" else " ").join(parts)

    def table(self, result: TrustResult) -> str:
        rows = [(t("explorers.trust.row_fit"), result.fit)]
        if result.dropped:
            rows.append((t("explorers.trust.row_all"), result.nothing_left_out))
        if result.data == "published":
            rows += [(t(f"explorers.trust.mark_{name}"), answer) for name, answer in self._printed.items()]
        budgets = [format_flops(budget) for budget in result.budgets]
        heads = [
            t("explorers.trust.head_source"), "E", "A", "B", "α", "β", "a",
            *(t("explorers.trust.head_split", flops=budget) for budget in budgets),
        ]  # fmt: skip
        head = "".join(f'<th scope="col">{html.escape(text)}</th>' for text in heads)
        body = "".join(_row(name, answer) for name, answer in rows)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{body}</tbody></table>"


def _row(name: str, answer: Answer) -> str:
    values = answer.values
    cells = [
        *(format_number(values[letter], 3 if letter == "E" else 4) for letter in ("E", "A", "B")),
        *(f"{values[letter]:.3f}" for letter in ("alpha", "beta")),
        f"{answer.exponent:.3f}",
        *(
            t("explorers.trust.split", params=_size(params), ratio=format_number(float(ratio), 2))
            for params, ratio in zip(answer.params, answer.ratio, strict=True)
        ),
    ]
    return (
        f'<tr><th scope="row">{html.escape(name)}</th>'
        + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
        + "</tr>"
    )


def _size(params: float) -> str:
    """Write a size with as many digits as tell neighbouring steps of the sliders apart."""
    return format_count(float(params), 3)
