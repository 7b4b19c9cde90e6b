"""The explorer *compute saved*: which dense model an expert model is worth, by whose law, and where that ends."""

from __future__ import annotations

import html
from collections.abc import Hashable

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.saved_state import (
    EXPERTS,
    LAWS,
    PARAMS,
    REPORTED_END,
    SEEN,
    TOKENS,
    SavedResult,
    SavedState,
    Savings,
    Worth,
)
from course_utils.i18n import format_count, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_BOX = (0.14, 0.185, 0.71, 0.665)
_LOW, _HIGH = 0.19, 34.0
_TICKS = (0.25, 0.5, 1, 2, 4, 8, 16, 32)
_TIE = 0.005
"""A loss under half a per cent of the compute reads as nothing saved, so it is called that."""


class ComputeSaved(Explorer):
    """Set a mixture of experts and read off the dense model of equal loss, by each law that knows.

    Examples
    --------
    >>> explorer = ComputeSaved(law="rl_r", kind="printed", params=1e9, experts=64)
    >>> round(explorer.result.worth.saved, 2)
    0.54
    """

    section = "saved"
    State = SavedState
    size = (800, 450)

    def prepare(self) -> None:
        self.savings = Savings(datasets.find("routed_models"))
        self.state.kind = self.savings.kinds[0]

    def make_controls(self) -> tuple[Control, ...]:
        def buttons(name: str, options: tuple[str, ...]) -> Choice:
            named = tuple((t(f"explorers.saved.{name}_{option}"), option) for option in options)
            return Choice(name, t(f"explorers.saved.{name}"), named, face="buttons")

        def sizes(name: str, options: tuple[float, ...]) -> Choice:
            return Choice(name, t(f"explorers.saved.{name}"), tuple((format_count(x), x) for x in options))

        return (
            buttons("law", LAWS),
            sizes("params", PARAMS),
            sizes("experts", EXPERTS),
            sizes("tokens", TOKENS),
            buttons("kind", self.savings.kinds),
        )

    def locked(self) -> frozenset[str]:
        return frozenset({"kind"}) if self.state.law == "joint" else frozenset()

    def compute(self, state: SavedState) -> SavedResult:
        return self.savings.compute(state.law, state.kind, state.experts, state.params, state.tokens)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from matplotlib.ticker import FixedLocator, NullLocator

        from course_utils import plots
        from course_utils.explorers.colours import INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.colours import COLOURS

        axes = picture.figure.add_axes(_BOX)
        self._axes = axes
        plots.params_axis(axes)
        axes.set_xlabel(t("explorers.saved.params_axis"))
        axes.set(xlim=(PARAMS[0] / 1.25, PARAMS[-1] * 1.25), yscale="log", ylim=(_LOW, _HIGH))
        axes.yaxis.set_major_locator(FixedLocator(_TICKS))
        axes.yaxis.set_minor_locator(NullLocator())
        axes.set_yticklabels([_tick(ratio) for ratio in _TICKS])
        axes.tick_params(axis="y", labelsize=9)
        axes.text(-0.16, 1.035, t("explorers.saved.ratio_axis"), transform=axes.transAxes, fontsize=9.5, color=INK)
        axes.axhline(1.0, color=INK, lw=1.0, zorder=1.5)
        axes.text(
            0.008, 1.0 / 1.07, t("explorers.saved.no_gain"), transform=axes.get_yaxis_transform(), va="top",
            fontsize=8.8, color=MUTED,
        )  # fmt: skip

        source = {"source": t("explorers.saved.published_source"), "ls": "-", "marker": "none"}
        start = [1e9], [1.0]
        self._others = {name: plots.published(axes, *start, **source, lw=1.0, alpha=0.55) for name in LAWS}
        self._printed = plots.published(axes, *start, **source, lw=2.4)
        self._beyond = plots.published(axes, *start, **(source | {"ls": (0, (3, 2))}), lw=2.0)
        plots.provenance_note(axes)
        self._notes = {False: axes.texts[-1]}
        (self._band,) = axes.fill([1e9, 1e9, 1e9], [1, 1, 1], color=COLOURS["sky"], alpha=0.28, lw=0)
        self._fitted = plots.fitted(axes, *start, lw=2.2)
        self._fitted_beyond = plots.fitted(axes, *start, lw=1.8, ls=(0, (3, 2)))
        self._runs = plots.published(axes, *start, source=t("explorers.saved.published_source"), ms=5)
        plots.provenance_note(axes)
        self._notes[True] = axes.texts[-1]

        (self._end,) = axes.plot([], [], "o", color="white", mec=INK, mew=1.4, ms=7)
        (self._interval,) = axes.plot([], [], color=OWN, lw=2.6, solid_capstyle="butt")
        (self._own,) = axes.plot([], [], "D", color=OWN, ms=8, mec="white", mew=1.0)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._end_name = picture.text(1, 1, ha="center", va="top", color=INK, **words)
        self._own_name = picture.text(1, 1, va="bottom", color=OWN, **words)
        self._own_name.set_fontweight("bold")
        self._names = {
            name: picture.text(1.012, 0, axes=axes, transform=axes.transAxes, va="center", fontsize=9, color=MUTED)
            for name in LAWS
        }
        self._title = picture.text(0.02, 0.955, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            *self._others.values(), self._band, self._printed, self._beyond, self._fitted, self._fitted_beyond,
            self._runs, self._end, self._interval, self._own, self._end_name, self._own_name, *self._names.values(),
            self._title,
        )  # fmt: skip

    def draw(self, result: SavedResult) -> Hashable:
        refit = result.kind == "refit"
        for kind, note in self._notes.items():
            note.set_visible(kind == refit)
        for artist in (self._band, self._fitted, self._fitted_beyond, self._runs):
            artist.set_visible(refit)
        for artist in (self._printed, self._beyond):
            artist.set_visible(not refit)
        self._draw_laws(result, refit)
        self._draw_own(result)
        self._title.set_text(self._message(result))
        return refit

    def _draw_laws(self, result: SavedResult, refit: bool) -> None:
        x, y = result.curve_params, result.curve_ratio
        for name, line in self._others.items():
            line.set_data(x, result.drawn[name])
            line.set_visible(refit or name != result.law)
        (low, high), most = SEEN["joint" if result.law == "joint" else "clark"]
        seen = (x >= low) & (x <= high) if result.experts <= most else np.zeros(len(x), dtype=bool)
        solid, dashed = (self._fitted, self._fitted_beyond) if refit else (self._printed, self._beyond)
        solid.set_data(x[seen], y[seen])
        # One line for both sides, broken where there are runs; it starts where the solid one ends.
        inner = seen & np.roll(seen, 1) & np.roll(seen, -1)
        dashed.set_data(x, np.where(inner, np.nan, y))
        if refit:
            lower, upper = result.band
            self._band.set_xy(np.column_stack([np.r_[x, x[::-1]], np.r_[lower, upper[::-1]]]))
            self._runs.set_data(result.run_params, result.run_ratio)
        self._name_laws(result)
        end = result.worth.end
        shown = end is not None and end <= PARAMS[-1] * 1.2
        self._end.set_visible(shown)
        self._end_name.set_visible(shown)
        if shown:
            self._end.set_data([end], [1.0])
            self._end_name.set_position((min(end, 2e11), 0.86))
            self._end_name.set_text(t("explorers.saved.label_end", params=format_count(end)))

    def _name_laws(self, result: SavedResult) -> None:
        """Name every line at its right end; the fitted law's name stands for its printed twin too."""
        from course_utils.explorers.colours import INK, MUTED

        height = np.log(_HIGH / _LOW)
        ends = {name: result.drawn[name][-1] for name in LAWS} | {result.law: result.curve_ratio[-1]}
        places = np.clip(np.log(np.array([ends[name] for name in LAWS]) / _LOW) / height, 0.0, 1.0)
        for name, place in zip(LAWS, spread_labels(places, gap=0.05, low=0.02, high=0.98), strict=True):
            self._names[name].set_y(place)
            self._names[name].set_text(t(f"explorers.saved.law_{name}"))
            self._names[name].set_color(INK if name == result.law else MUTED)

    def _draw_own(self, result: SavedResult) -> None:
        worth = result.worth
        ratio = float(np.clip(worth.dense / result.params, _LOW, _HIGH))
        self._own.set_data([result.params], [ratio])
        self._interval.set_visible(worth.dense_interval is not None)
        if worth.dense_interval is not None:
            low, high = (end / result.params for end in worth.dense_interval)
            self._interval.set_data([result.params] * 2, [low, high])
        right = result.params > 1e10
        self._own_name.set_ha("right" if right else "left")
        self._own_name.set_position((result.params * (0.8 if right else 1.25), min(ratio * 1.16, 0.82 * _HIGH)))
        self._own_name.set_text(t(f"explorers.saved.label_{_verdict(worth)}", **_said(result)))

    # Words ----------------------------------------------------------------------------------------------------------

    def _law_name(self, law: str, kind: str) -> str:
        name = t(f"explorers.saved.law_{law}")
        return t("explorers.saved.refitted", law=name) if kind == "refit" else name

    def _message(self, result: SavedResult) -> str:
        law = t(f"explorers.saved.law_{result.law}")
        return t(f"explorers.saved.message_{_verdict(result.worth)}", law=law, **_said(result))

    def words(self, result: SavedResult) -> str:
        key, worth = "explorers.saved", result.worth
        parts = [] if self.savings.boots else [t(f"{key}.words_missing")]
        parts.append(t(f"{key}.words_{_verdict(worth)}", **_said(result)))
        if worth.dense_interval is not None:
            low, high = (format_count(end) for end in worth.dense_interval)
            first, last = (_saved(end) for end in worth.saved_interval)
            parts.append(t(f"{key}.words_interval", low=low, high=high, first=first, last=last))
        elif result.law != "joint":
            parts.append(t(f"{key}.words_no_interval"))
        if result.free_dense_flops is not None:
            parts.append(t(f"{key}.words_free", flops=format_flops(result.free_dense_flops)))
        parts += self._words_on_reach(result)
        parts.append(t(f"{key}.words_left_out"))
        return ("" if language() == "zh" else " ").join(parts)

    def _words_on_reach(self, result: SavedResult) -> list[str]:
        """Say where gains end by this law, and where it has no runs to stand on."""
        key, worth = "explorers.saved", result.worth
        parts = []
        if worth.end_interval is not None and worth.end is not None:
            low, high = worth.end_interval
            ends = {"end": format_count(worth.end), "low": format_count(low)}
            if high is None:
                parts.append(t(f"{key}.words_end_open", **ends))
            else:
                parts.append(t(f"{key}.words_end_refit", high=format_count(high), **ends))
        elif worth.end is not None:
            reported = format_count(REPORTED_END[result.law])
            parts.append(t(f"{key}.words_end_printed", end=format_count(worth.end), reported=reported))
        parts.append(t(f"{key}.words_tokens_{'joint' if result.law == 'joint' else 'clark'}"))
        (_, high), most = SEEN["joint" if result.law == "joint" else "clark"]
        if result.beyond:
            parts.append(t(f"{key}.words_beyond", high=format_count(high, 2), experts=most))
        return parts

    def table(self, result: SavedResult) -> str:
        heads = ("law", "dense", "saved", "interval", "end")
        rows = "".join(self._row(law, kind, worth, result) for (law, kind), worth in result.others.items())
        head = "".join(f'<th scope="col">{html.escape(t(f"explorers.saved.head_{name}"))}</th>' for name in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{rows}</tbody></table>"

    def _row(self, law: str, kind: str, worth: Worth, result: SavedResult) -> str:
        none = t("explorers.saved.none")
        interval = none
        if worth.saved_interval is not None:
            interval = t(
                "explorers.saved.span",
                low=_saved(worth.saved_interval[0]),
                high=_saved(worth.saved_interval[1]),
            )
        cells = (
            format_count(worth.dense),
            _saved(worth.saved),
            interval,
            none if worth.end is None else format_count(worth.end),
        )
        name = html.escape(self._law_name(law, kind))
        if (law, kind) == (result.law, result.kind):
            name = f"<b>{name}</b>"
        return f'<tr><th scope="row">{name}</th>' + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>"


def _saved(share: float) -> str:
    """Write a share of compute that is saved, or with a minus what is spent above the dense model's."""
    return format_percent(max(share, 0.0)) if share > -_TIE else "\u2212" + format_percent(-share)


def _verdict(worth: Worth) -> str:
    """Call a loss what is still one when it is written down."""
    return "gain" if worth.saved > -_TIE else "loss"


def _said(result: SavedResult) -> dict[str, object]:
    """Return what the picture and the words say of the reader's model."""
    worth = result.worth
    return {
        "experts": result.experts,
        "params": format_count(result.params),
        "tokens": format_count(result.tokens),
        "flops": format_flops(result.flops),
        "dense": format_count(worth.dense),
        "dense_flops": format_flops(result.dense_flops),
        "saved": _saved(worth.saved),
        "factor": format_number(result.params / worth.dense, 3),
    }


def _tick(ratio: float) -> str:
    return f"×{format_number(ratio, 1 if ratio != 0.25 else 2)} ({_saved(1 - 1 / ratio)})"
