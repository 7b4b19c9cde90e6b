"""The explorer *memory or compute*: how many experts are best for a budget, and what a memory makes of the answer."""

from __future__ import annotations

import html
from collections.abc import Hashable
from typing import TYPE_CHECKING

import numpy as np

from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.memory_state import (
    BUDGETS,
    BYTES,
    EXPERTS,
    LARGEST_ACTIVE,
    LARGEST_TOTAL,
    LIMITS,
    MEMORIES,
    Contest,
    MemoryResult,
    MemoryState,
    memory_or_compute,
)
from course_utils.explorers.moving_ticks import MovingTicks
from course_utils.i18n import format_count, format_flops, format_number, language, t
from course_utils.plots.picture import Picture

if TYPE_CHECKING:
    from matplotlib.axes import Axes

_LEFT, _RIGHT = (0.1, 0.185, 0.49, 0.635), (0.715, 0.185, 0.27, 0.635)
_EXPERT_LIMITS = (0.87, 37.0)
_BYTE_LIMITS = (1.5e8, 4e13)
_NAME_FREE = 6  # experts at which the line of compute alone has its name, under it
_NAME_HELD = 8  # experts at which the other line has its own, over it, where it falls all the way
_ROOM = 0.17  # above the highest and below the lowest loss, as a share of what lies between


class MemoryOrCompute(Explorer):
    """Choose a budget and a memory; see which number of experts the published law would have you train.

    Examples
    --------
    >>> explorer = MemoryOrCompute(memory=16e9)
    >>> explorer.result.held.best_experts, explorer.result.free.best_experts
    (16, 32)
    """

    section = "memory"
    State = MemoryState
    size = (800, 440)

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.memory"
        return (
            Choice("limit", t(f"{key}.limit"), tuple((t(f"{key}.limit_{x}"), x) for x in LIMITS), face="buttons"),
            Choice("flops", t(f"{key}.flops"), tuple((format_flops(x), x) for x in BUDGETS)),
            Choice("memory", t(f"{key}.memory"), tuple((_gigabytes(x), x) for x in MEMORIES)),
            Choice(
                "bytes_per_param",
                t(f"{key}.bytes_per_param"),
                tuple((t(f"{key}.bytes_{x:g}".replace("0.5", "half")), x) for x in BYTES),
            ),
        )

    def locked(self) -> frozenset[str]:
        return frozenset() if self.state.limit == "both" else frozenset({"memory"})

    def compute(self, state: MemoryState) -> MemoryResult:
        return memory_or_compute(state.limit, state.flops, state.memory, state.bytes_per_param)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.colours import COLOURS
        from course_utils.plots.fonts import figure_words

        source = {"source": t("explorers.memory.published_source")}
        start = np.array(EXPERTS), np.ones(len(EXPERTS))
        axes = self._add_axes(picture, _LEFT)
        self._axes = axes
        axes.set_xlabel(t("explorers.memory.x_axis"), loc="left")
        axes.set_ylabel(figure_words("plots.loss"))
        axes.yaxis.set_label_coords(-0.14, 0.5)
        self._ticks = MovingTicks(picture, axes, "left")
        line = {"ls": "-", "marker": "none", **source}
        self._free = plots.published(axes, *start, **(line | {"ls": (0, (4, 2))}), lw=1.3)
        self._held = plots.published(axes, *start, lw=2.2, **line)
        self._beyond = plots.published(axes, *start, ms=7, mfc="white", mew=1.4, **source)
        self._known = plots.published(axes, *start, ms=7, mfc=COLOURS["orange"], **source)
        plots.provenance_note(axes)
        (self._free_winner,) = axes.plot([], [], "o", color="white", mec=OWN, ms=7, mew=1.5)
        (self._winner,) = axes.plot([], [], "o", color="none", mec=OWN, ms=17, mew=2.2, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._name_winner = picture.text(1, 1, ha="center", va="top", color=OWN, fontweight="bold", **words)
        self._name_held = picture.text(1, 1, ha="right", va="bottom", color=COLOURS["orange"], **words)
        self._name_free = picture.text(1, 1, ha="right", va="top", color=COLOURS["orange"], **words)
        for left, mark, key in ((_LEFT[0], "■", "known"), (_LEFT[0] + 0.235, "□", "beyond")):
            picture.figure.text(left, 0.865, mark, color=COLOURS["orange"], fontsize=10, va="center")
            text = t(f"explorers.memory.key_{key}")
            picture.figure.text(left + 0.022, 0.865, text, color=MUTED, fontsize=9, va="center")

        right = self._add_axes(picture, _RIGHT)
        right.set(yscale="log", ylim=_BYTE_LIMITS, xlabel=t("explorers.memory.x_axis_short"))
        right.yaxis.set_major_formatter(lambda x, _: _gigabytes(x))
        right.yaxis.set_minor_locator(_nowhere())
        picture.figure.text(
            _RIGHT[0] - 0.085, 0.865, t("explorers.memory.bytes_axis"), color=INK, fontsize=9.5, va="center"
        )
        self._free_bytes = plots.published(right, *start, **(line | {"ls": (0, (4, 2))}), lw=1.3)
        self._held_bytes = plots.published(right, *start, lw=2.2, **line)
        (self._limit,) = right.plot([], [], color=OWN, lw=1.4)
        (self._winner_bytes,) = right.plot([], [], "o", color="none", mec=OWN, ms=13, mew=2.0, clip_on=False)
        self._name_limit = picture.text(
            1, 1, axes=right, ha="right", color=OWN, fontsize=9.5, path_effects=white_halo()
        )
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._free, self._free_winner, self._held, self._beyond, self._known, self._winner,
            self._name_held, self._name_free, self._name_winner, *self._ticks.artists,
            self._free_bytes, self._limit, self._held_bytes, self._winner_bytes, self._name_limit, self._title,
        )  # fmt: skip

    @staticmethod
    def _add_axes(picture: Picture, box: tuple[float, float, float, float]) -> Axes:
        axes = picture.figure.add_axes(box)
        axes.set(xscale="log", xlim=_EXPERT_LIMITS)
        axes.set_xticks(EXPERTS, [str(n) for n in EXPERTS])
        axes.xaxis.set_minor_locator(_nowhere())
        axes.grid(False)
        return axes

    def draw(self, result: MemoryResult) -> Hashable:
        free, held, along = result.free, result.held, result.curve_experts
        counts = result.memory is not None
        low = float(min(free.curve_loss.min(), held.curve_loss.min()))
        high = float(max(free.curve_loss.max(), held.curve_loss.max()))
        room = _ROOM * (high - low)
        self._axes.set_ylim(low - room, high + room)
        self._set_ticks(low - room, high + room)
        self._free.set_data(along, free.curve_loss)
        self._held.set_data(along, held.curve_loss)
        experts = np.array(EXPERTS)
        self._known.set_data(experts[held.known], held.loss[held.known])
        self._beyond.set_data(experts[~held.known], held.loss[~held.known])
        self._winner.set_data([held.best_experts], [held.loss[held.best]])
        self._name_winners(result, room)
        for artist in (self._free, self._free_winner, self._free_bytes, self._name_free, self._limit, self._name_limit):
            artist.set_visible(counts)
        self._name_held.set_visible(counts)
        self._draw_bytes(result)
        self._title.set_text(self._message(result))
        return "only"

    def _set_ticks(self, low: float, high: float) -> None:
        from matplotlib.ticker import MaxNLocator

        places = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        places = places[(places > low) & (places < high)]
        digits = next(n for n in range(9) if np.allclose(places, places.round(n), rtol=0, atol=1e-9))
        self._ticks.set(list(places), [f"{x:.{digits}f}" for x in places])

    def _name_winners(self, result: MemoryResult, room: float) -> None:
        held, last = result.held, EXPERTS[-1]
        key = "label_dense" if held.best_experts == 1 else "label_experts"
        self._name_winner.set_text(t(f"explorers.memory.{key}", experts=held.best_experts))
        # Over the bottom of a valley; under either end, where the line comes down to it.
        side = {1: "left", last: "right"}.get(held.best_experts)
        self._name_winner.set(ha=side or "center", va="top" if side else "bottom")
        away = -0.45 * room if side else 0.45 * room
        self._name_winner.set_position((held.best_experts, held.loss[held.best] + away))
        if result.memory is None:
            return
        self._name_held.set_text(t("explorers.memory.label_held", memory=_gigabytes(result.memory)))
        # Where the line rises to its end, to the left of that; where it falls, to the right of its middle.
        falls = held.best_experts == last
        at = _NAME_HELD if falls else last
        self._name_held.set_ha("left" if falls else "right")
        self._name_held.set_position((at, held.curve_loss[at - 1] + 0.3 * room))
        self._name_free.set_text(t("explorers.memory.label_free"))
        self._name_free.set_position((_NAME_FREE, result.free.curve_loss[_NAME_FREE - 1] - 0.3 * room))
        self._free_winner.set_data([result.free.best_experts], [result.free.loss[result.free.best]])

    def _draw_bytes(self, result: MemoryResult) -> None:
        held, each = result.held, result.bytes_per_param
        self._free_bytes.set_data(result.curve_experts, each * result.free.curve_total)
        self._held_bytes.set_data(result.curve_experts, each * held.curve_total)
        self._winner_bytes.set_data([held.best_experts], [each * held.total_params[held.best]])
        if result.memory is None:
            return
        self._limit.set_data(_EXPERT_LIMITS, [result.memory] * 2)
        below = bool(held.at_memory[-1])
        self._name_limit.set_va("top" if below else "bottom")
        self._name_limit.set_position((_EXPERT_LIMITS[1] * 0.95, result.memory * (0.58 if below else 1.5)))
        self._name_limit.set_text(t("explorers.memory.label_limit", memory=_gigabytes(result.memory)))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: MemoryResult) -> str:
        held = result.held
        where = format_flops(result.flops)
        if result.memory is not None:
            where = t("explorers.memory.where_both", flops=where, memory=_gigabytes(result.memory))
        return t(
            f"explorers.memory.message_{'dense' if held.best_experts == 1 else 'experts'}",
            where=where,
            experts=held.best_experts,
            loss=_loss(held.loss[held.best]),
            dense=_loss(held.loss[0]),
            most=EXPERTS[-1],
            most_loss=_loss(held.loss[-1]),
        )

    def words(self, result: MemoryResult) -> str:
        key, free, held = "explorers.memory", result.free, result.held
        kind = "dense" if held.best_experts == 1 else "experts"
        parts = [t(f"{key}.words_{kind}", **_said(held, result.bytes_per_param))]
        if result.memory is None:
            parts.append(t(f"{key}.words_no_memory"))
        elif not held.at_memory[held.best]:
            parts.append(t(f"{key}.words_fits"))
        elif free.best == held.best:
            parts.append(t(f"{key}.words_same", **_said(free, result.bytes_per_param)))
        else:
            parts.append(t(f"{key}.words_other", **_said(free, result.bytes_per_param)))
        active, total = format_count(LARGEST_ACTIVE), format_count(LARGEST_TOTAL)
        parts.append(t(f"{key}.words_law", active=active, total=total, most=EXPERTS[-1]))
        beyond = held.times_beyond
        parts.append(t(f"{key}.words_{'beyond' if beyond > 1 else 'within'}", times=format_number(beyond, 2)))
        return ("" if language() == "zh" else " ").join(parts)

    def table(self, result: MemoryResult) -> str:
        held = result.held
        heads = "".join(
            f'<th scope="col">{html.escape(t(f"explorers.memory.head_{name}"))}</th>'
            for name in ("experts", "active", "total", "memory", "tokens", "ratio", "loss", "ground")
        )
        rows = []
        for k, experts in enumerate(EXPERTS):
            cells = (
                format_count(held.params[k]),
                format_count(held.total_params[k]),
                _gigabytes(result.bytes_per_param * held.total_params[k]),
                format_count(held.tokens[k]),
                format_number(float(held.tokens[k] / held.params[k]), 2),
                _loss(held.loss[k]),
                t(f"explorers.memory.ground_{'known' if held.known[k] else 'beyond'}"),
            )
            tag = ("<b>", "</b>") if k == held.best else ("", "")
            row = "".join(f"<td>{tag[0]}{html.escape(cell)}{tag[1]}</td>" for cell in cells)
            rows.append(f'<tr><th scope="row">{experts}</th>{row}</tr>')
        note = f'<p class="explorer-note">{html.escape(t("explorers.memory.note"))}</p>'
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"


def _said(contest: Contest, bytes_per_param: float) -> dict[str, str | int]:
    """Return what the words say of a contest's winner."""
    k = contest.best
    return {
        "experts": EXPERTS[k],
        "active": format_count(contest.params[k]),
        "total": format_count(contest.total_params[k]),
        "memory": _gigabytes(bytes_per_param * contest.total_params[k]),
        "tokens": format_count(contest.tokens[k]),
        "ratio": format_number(float(contest.tokens[k] / contest.params[k]), 2),
        "loss": _loss(contest.loss[k]),
    }


def _gigabytes(size: float) -> str:
    """Write a memory in decimal GB, from a thousand of them in TB."""
    unit, value = ("TB", size / 1e12) if size >= 0.9995e12 else ("GB", size / 1e9)
    return f"{float(f'{value:.3g}'):g} {unit}"


def _loss(value: float) -> str:
    return f"{value:.3f}"


def _nowhere():
    from matplotlib.ticker import NullLocator

    return NullLocator()
