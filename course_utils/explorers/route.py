"""The explorer *route the tokens*: one batch, one layer of experts, and where every token goes under each router."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from course_utils.explorers.controls import Choice, Control, Slider
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.route_state import (
    CAPACITY,
    CHOICES,
    EXPERTS,
    ROUTERS,
    STEPS,
    STRENGTH,
    TOKENS,
    RouteResult,
    RouteState,
    route,
)
from course_utils.i18n import format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_QUEUES, _STRIP = (0.085, 0.35, 0.89, 0.5), (0.085, 0.185, 0.89, 0.055)
_RIGHT = TOKENS + 0.6
_LARGEST = 18.0  # pixels: the side of a token's square
_LOCKED = {
    "none": frozenset({"strength", "steps"}),
    "switch": frozenset(),
    "bias": frozenset(),
    "base": frozenset({"k", "capacity", "strength", "steps"}),
    "choice": frozenset({"capacity", "strength", "steps"}),
}


class RouteTheTokens(Explorer):
    """Choose who balances the experts of a layer, and watch tokens move, pile up and be dropped.

    Examples
    --------
    >>> explorer = RouteTheTokens(router="none")
    >>> int(explorer.result.load.max()), round(explorer.result.dropped, 2)
    (20, 0.47)
    """

    section = "route"
    State = RouteState
    size = (800, 460)

    def prepare(self) -> None:
        import scipy.optimize  # noqa: F401  BASE needs it, and the reader's first click should not wait for it

    def make_controls(self) -> tuple[Control, ...]:
        def steps(name: str, options: tuple[float, ...]) -> Choice:
            return Choice(name, t(f"explorers.route.{name}"), tuple((f"{x:g}", x) for x in options))

        routers = tuple((t(f"explorers.route.router_{name}"), name) for name in ROUTERS)
        return (
            Choice("router", t("explorers.route.router"), routers, face="buttons"),
            Slider("skew", t("explorers.route.skew"), 0.0, 4.0, 0.25),
            steps("experts", EXPERTS),
            steps("k", CHOICES),
            steps("capacity", CAPACITY),
            steps("strength", STRENGTH),
            steps("steps", STEPS),
        )

    def locked(self) -> frozenset[str]:
        return _LOCKED[self.state.router]

    def compute(self, state: RouteState) -> RouteResult:
        return route(state)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN
        from course_utils.plots.colours import COLOURS

        looks = {
            "home": {"color": COLOURS["grey"], "mew": 0},
            "moved": {"color": OWN, "mew": 0},
            "dropped": {"color": "#F7D3C3", "mec": COLOURS["orange"], "mew": 1.1},
        }
        axes = picture.figure.add_axes(_QUEUES)
        axes.set(xlim=(0, _RIGHT), ylim=(0, 1), yticks=[], xticks=range(0, TOKENS + 1, 4))
        axes.grid(False)
        axes.set_xlabel(t("explorers.route.queue_axis"), labelpad=2)
        axes.set_ylabel(t("explorers.route.expert_axis"), labelpad=22)
        (self._free,) = axes.plot([], [], "s", color="white", mec="#BDBDBD", mew=0.7, ls="none")
        self._squares = {
            name: plots.simulated(axes, [], [], marker="s", label=t(f"explorers.route.key_{name}"), **look)
            for name, look in looks.items()
        }
        self._plain = plots.simulated(
            axes, [], [], marker="|", color=INK, mew=1.6, label=t("explorers.route.key_plain")
        )
        (self._room,) = axes.plot([], [], color=INK, lw=1.2, ls=(0, (4, 2)))
        self._build_key(picture, {**looks, "plain": {"color": INK, "mew": 1.6}})

        strip = picture.figure.add_axes(_STRIP)
        strip.set(xlim=(0, _RIGHT), ylim=(0, 1), yticks=[], xticks=[])
        strip.grid(False)
        for side in strip.spines.values():
            side.set_visible(False)
        strip.set_xlabel(t("explorers.route.strip_axis"), labelpad=4, fontsize=9.5)
        self._served = plots.simulated(strip, [], [], marker="s", ms=12.5, **looks["home"])
        self._unserved = plots.simulated(strip, [], [], marker="s", ms=12.5, **looks["dropped"])
        plots.provenance_note(strip)
        strip.texts[-1].set_text("× " + t("explorers.route.note"))

        number = {"ha": "center", "va": "center"}
        self._names = [
            picture.text(-0.35, 0, axes=axes, ha="right", va="center", fontsize=9, color=INK)
            for _ in range(max(EXPERTS))
        ]
        self._numbers = [picture.text(0, 0, axes=axes, fontsize=6.8, **number) for _ in range(TOKENS * max(CHOICES))]
        self._counts = [picture.text(i + 0.5, 0.5, axes=strip, fontsize=8, **number) for i in range(TOKENS)]
        self._room_name = picture.text(0, 1.01, axes=axes, va="bottom", fontsize=9, color=MUTED)
        self._title = picture.text(0.02, 0.955, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._free, *self._squares.values(), self._plain, self._room, self._served, self._unserved, *self._names,
            *self._numbers, *self._counts, self._room_name, self._title,
        )  # fmt: skip

    def _build_key(self, picture: Picture, looks: dict) -> None:
        """Name the marks in a row over the queues."""
        from matplotlib.lines import Line2D

        marks = [
            Line2D(
                [], [], ls="none", marker="|" if name == "plain" else "s", ms=11 if name == "plain" else 8, **look,
                label=t(f"explorers.route.key_{name}"),
            )
            for name, look in looks.items()
        ]  # fmt: skip
        picture.figure.legend(
            handles=marks, loc="center left", bbox_to_anchor=(0.012, 0.912), ncols=4, frameon=False, fontsize=9,
            handletextpad=0.2, columnspacing=1.2, borderpad=0,
        )  # fmt: skip

    def draw(self, result: RouteResult) -> Hashable:
        height = self._picture.height * _QUEUES[3] / result.experts
        points = 0.72 * min(_LARGEST, 0.86 * height)
        rows = 1.0 - (np.arange(result.experts) + 0.5) / result.experts
        x, y = result.place + 0.5, rows[result.expert]
        groups = {
            "home": result.kept & ~result.moved,
            "moved": result.kept & result.moved,
            "dropped": ~result.kept,
        }
        for name, line in self._squares.items():
            line.set_data(x[groups[name]], y[groups[name]])
            line.set_markersize(points)
        shown = min(result.capacity, TOKENS)
        free = np.arange(shown) >= result.load[:, None]
        row, place = np.nonzero(free)
        self._free.set_data(place + 0.5, rows[row])
        self._free.set_markersize(points)
        self._plain.set_data(result.plain_load, rows)
        self._plain.set_markersize(0.72 * 0.96 * height)
        self._room.set_data([result.capacity] * 2, [0, 1])
        self._room.set_visible(result.capacity <= TOKENS)
        self._draw_words(result, x, y, rows)
        served = result.served > 0
        at = np.arange(TOKENS) + 0.5
        self._served.set_data(at[served], np.full(served.sum(), 0.5))
        self._unserved.set_data(at[~served], np.full((~served).sum(), 0.5))
        return "only"

    def _draw_words(self, result: RouteResult, x: np.ndarray, y: np.ndarray, rows: np.ndarray) -> None:
        from course_utils.explorers.colours import INK

        for text, row in zip(self._names, [*rows, *[None] * (len(self._names) - len(rows))], strict=True):
            text.set_visible(row is not None)
            if row is not None:
                text.set_y(row)
        for i, text in enumerate(self._names):
            text.set_text(str(i + 1))
        for i, text in enumerate(self._numbers):
            text.set_visible(i < len(x))
            if i < len(x):
                text.set_position((x[i], y[i]))
                text.set_text(str(result.token[i] + 1))
                text.set_color("white" if result.kept[i] else INK)
        for text, count in zip(self._counts, result.served, strict=True):
            text.set_text(str(count))
            text.set_color("white" if count else INK)
        near_end = result.capacity > 0.7 * TOKENS
        self._room_name.set_x(min(result.capacity, _RIGHT) + (-0.2 if near_end else 0.2))
        self._room_name.set_ha("right" if near_end else "left")
        self._room_name.set_text(t("explorers.route.room", n=result.capacity))
        self._title.set_text(self._message(result))

    # Words ----------------------------------------------------------------------------------------------------------

    def _said(self, result: RouteResult) -> dict[str, object]:
        auxiliary, bias = result.auxiliary or (0.0, 0.0), result.bias or (0.0, 0.0)
        return {
            "tokens": TOKENS,
            "experts": result.experts,
            "k": result.k,
            "room": result.capacity,
            "busiest": int(result.load.max()),
            "plain_busiest": int(result.plain_load.max()),
            "idle": int((result.plain_load == 0).sum()),
            "dropped": format_percent(result.dropped),
            "plain_dropped": format_percent(result.plain_dropped),
            "padding": format_percent(result.padding),
            "entropy": f"{result.entropy:.2f}",
            "plain_entropy": f"{result.plain_entropy:.2f}",
            "unserved": result.unserved,
            "least": int(result.served.min()),
            "most": int(result.served.max()),
            "moved": int(result.moved.sum()),
            "choices": len(result.token),
            "lost": format_percent(max(0.0, result.taste_lost)),
            "steps": result.steps,
            "shortest": result.shortest,
            "strength": f"{self.state.strength:g}",
            "before": format_number(float(auxiliary[0]), 3),
            "after": format_number(float(auxiliary[1]), 3),
            "low": f"{bias[0]:.3f}".replace("-", "\u2212"),
            "high": f"{bias[1]:.3f}",
        }

    def _message(self, result: RouteResult) -> str:
        return t(f"explorers.route.message_{result.router}", **self._said(result))

    def words(self, result: RouteResult) -> str:
        said = self._said(result)
        keys = ["plain", *(["idle"] if said["idle"] else [])]
        if result.router != "none":
            keys.append(result.router)
            keys += ["now"] if result.steps else []
            if result.shortest is not None and result.load.max() > result.shortest + 1:
                keys.append("overshot")
            keys += ["moved"] if result.moved.any() else []
        keys += ["padding"] if result.padding else []
        parts = [t(f"explorers.route.words_{key}", **said) for key in keys]
        return ("" if language() == "zh" else " ").join(parts)
