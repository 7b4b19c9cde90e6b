"""The explorer *train or think*: which model of one quality is cheapest once the answers are paid for too."""

from __future__ import annotations

import html
from collections.abc import Hashable

import numpy as np

from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.serving_state import (
    ANSWERS,
    LENGTHS,
    MOST_TOKENS_PER_PARAM,
    PRICES,
    SIZES,
    SOURCES,
    VOLUMES,
    ServingResult,
    ServingState,
    train_or_think,
)
from course_utils.i18n import format_count, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.075, 0.2, 0.315, 0.62), (0.575, 0.2, 0.4, 0.62)
_SIZE_LIMITS, _BILL_LIMITS = (0.085, 4.2), (0.0, 1.75)
_VOLUME_LIMITS, _SHARE_LIMITS = (1e8, 1e17), (-0.02, 1.08)
_BILLS, _NAMED_AT = ("training", "serving", "both"), (1.2, 1.3, 1.55)
_TICKS = (0.1, 0.2, 0.5, 1, 2, 4)
_HARDLY = 0.005  # saving below which the model that is cheapest to train is the answer


class TrainOrThink(Explorer):
    """Choose a quality and a life of answers; see how small a model should be, and how long it should be trained.

    Examples
    --------
    >>> explorer = TrainOrThink(answers=1e10, length=1000.0)
    >>> f"{explorer.result.params / 1e9:.1f}B on {explorer.result.tokens / 1e12:.2f}T"
    '13.6B on 4.43T'
    """

    section = "serving"
    State = ServingState
    size = (800, 440)

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.serving"
        return (
            Choice("answers", t(f"{key}.answers"), tuple((format_count(n), n) for n in ANSWERS)),
            Choice("length", t(f"{key}.length"), tuple((f"{n:,.0f}", n) for n in LENGTHS)),
            Choice("size", t(f"{key}.size"), tuple((format_count(n), n) for n in SIZES)),
            Choice("price", t(f"{key}.price"), tuple((t(f"{key}.times", n=f"{n:g}"), n) for n in PRICES)),
            Choice("source", t(f"{key}.source"), tuple((t(f"{key}.source_{x}"), x) for x in SOURCES), face="list"),
        )

    def compute(self, state: ServingState) -> ServingResult:
        return train_or_think(state.size, state.answers, state.length, state.price, state.source)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_bills(picture)
        self._build_volumes(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._training, self._serving, self._both, self._drop, self._plain, self._point, *self._names,
            self._plain_name, self._point_name, self._beyond, self._even, self._sizes, self._savings, self._here,
            self._here_size, self._here_saving, self._beyond_name, self._even_name, self._size_name, self._saving_name,
            self._title,
        )  # fmt: skip

    def _build_bills(self, picture: Picture) -> None:
        """Make the bills of every size of one quality."""
        from matplotlib.ticker import NullLocator

        from course_utils import plots
        from course_utils.explorers.colours import INK, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.colours import COLOURS

        axes = picture.figure.add_axes(_LEFT)
        self._axes = axes
        axes.set(xscale="log", xlim=_SIZE_LIMITS, ylim=_BILL_LIMITS)
        axes.set_xticks(_TICKS, [f"{x:g}" for x in _TICKS])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.set_yticks([0, 0.5, 1, 1.5])
        axes.grid(False)
        axes.set_xlabel(t("explorers.serving.size_axis"), loc="left")
        picture.figure.text(0.02, 0.865, t("explorers.serving.bill_axis"), color=INK, fontsize=9.5, va="center")
        line = {"ls": "-", "marker": "none", "source": t("explorers.serving.published_source")}
        start = [1.0, 2.0], [1.0, 1.0]
        self._training = plots.published(axes, *start, **(line | {"ls": (0, (5, 2))}), lw=1.4)
        self._serving = plots.published(axes, *start, **(line | {"ls": (0, (1, 1.5))}), lw=1.6)
        self._both = plots.published(axes, *start, **line, lw=2.4)
        (self._drop,) = axes.plot([], [], color=OWN, lw=1.2)
        self._plain = plots.published(axes, [1.0], [1.0], source=line["source"], ms=9, mfc="white", mew=1.8)
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=10, mec="white", mew=1.5, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._names = [picture.text(1, 1, va="center", color=COLOURS["orange"], **words) for _ in _BILLS]
        self._plain_name = picture.text(1.1, 1.06, color=INK, ha="left", va="bottom", **words)
        self._point_name = picture.text(1, 1, color=OWN, ha="left", va="top", fontweight="bold", **words)

    def _build_volumes(self, picture: Picture) -> None:
        """Make the best size and the saving over the tokens served."""
        from matplotlib.ticker import NullLocator, PercentFormatter

        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo
        from course_utils.plots.colours import COLOURS

        axes = picture.figure.add_axes(_RIGHT)
        axes.set(xscale="log", xlim=_VOLUME_LIMITS, ylim=_SHARE_LIMITS)
        axes.set_xticks([1e9, 1e12, 1e15])
        axes.xaxis.set_minor_locator(NullLocator())
        axes.xaxis.set_major_formatter(lambda x, _: format_count(x))
        axes.set_yticks([0, 0.25, 0.5, 0.75, 1])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.grid(False)
        axes.set_xlabel(t("explorers.serving.volume_axis"), loc="left")
        picture.figure.text(
            _RIGHT[0] - 0.055, 0.865, t("explorers.serving.share_axis"), color=INK, fontsize=9.5, va="center"
        )
        self._beyond = axes.fill([1, 1, 2, 2], [0, 1, 1, 0], color=FAINT, alpha=0.35, lw=0)[0]
        (self._even,) = axes.plot([], [], color=INK, lw=1.1, ls=(0, (1, 2)))
        line = {"ls": "-", "marker": "none", "source": t("explorers.serving.published_source")}
        start = [1e9, 1e10], [1.0, 1.0]
        self._sizes = plots.published(axes, *start, **line, lw=2.2)
        self._savings = plots.published(axes, *start, **(line | {"ls": (0, (4, 2))}), lw=1.6)
        plots.provenance_note(axes)
        (self._here,) = axes.plot([], [], color=OWN, lw=1.2)
        (self._here_size,) = axes.plot([], [], "o", color=OWN, ms=10, mec="white", mew=1.5, clip_on=False)
        (self._here_saving,) = axes.plot([], [], "o", color="white", mec=OWN, ms=7.5, mew=1.8, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._beyond_name = picture.text(1, 0.53, color=MUTED, ha="right", va="center", **(words | {"fontsize": 8.5}))
        self._even_name = picture.text(1, 1.02, color=INK, ha="right", va="bottom", **(words | {"fontsize": 8.5}))
        self._size_name = picture.text(1.6e8, 0.955, color=COLOURS["orange"], ha="left", va="top", **words)
        self._saving_name = picture.text(1.6e8, 0.03, color=COLOURS["orange"], ha="left", va="bottom", **words)
        self._size_name.set_text(t("explorers.serving.label_size"))
        self._saving_name.set_text(t("explorers.serving.label_saving"))

    def draw(self, result: ServingResult) -> Hashable:
        whole, size = result.plain_flops, result.curve_params / result.plain_params
        both = (result.curve_training + result.curve_serving) / whole
        curves = (result.curve_training / whole, result.curve_serving / whole, both)
        for line, values in zip((self._training, self._serving, self._both), curves, strict=True):
            line.set_data(size, values)
        own = result.params / result.plain_params
        self._point.set_data([own], [1 - result.saving])
        self._drop.set_data([own, own], [0, 1 - result.saving])
        self._name_bills(size, curves)
        self._plain_name.set_text(t("explorers.serving.label_plain", params=format_count(result.plain_params)))
        self._point_name.set_text(format_count(result.params))
        near = own > 0.7  # there the two marks stand together
        self._plain_name.set_visible(not near)
        self._point_name.set_position((own * 1.12, 1 - result.saving - 0.07))
        self._draw_volumes(result)
        self._title.set_text(self._message(result))
        return "only"

    def _name_bills(self, size: np.ndarray, curves: tuple[np.ndarray, ...]) -> None:
        """Write the names of the bills beside their right ends; where one leaves at the top, beside its way there."""
        last = int(np.flatnonzero(size <= _SIZE_LIMITS[1])[-1])
        at_end = []
        for k, (values, height) in enumerate(zip(curves, _NAMED_AT, strict=True)):
            label = self._names[k]
            label.set_text(t(f"explorers.serving.label_{_BILLS[k]}"))
            if values[last] <= _BILL_LIMITS[1]:
                label.set(ha="left", x=_SIZE_LIMITS[1] * 1.06)
                at_end.append((label, max(float(values[last]), 0.03)))
                continue
            left_at = int(np.flatnonzero(values < height)[-1])  # on the branch that rises to the right
            side = _BILLS[k] == "both"
            label.set(ha="right" if side else "left", x=size[left_at] * (0.9 if side else 1.15), y=height)
        places = spread_labels(np.array([y for _, y in at_end]), gap=0.13, low=0.03, high=1.7)
        for (label, _), place in zip(at_end, places, strict=True):
            label.set_y(place)

    def _draw_volumes(self, result: ServingResult) -> None:
        self._sizes.set_data(VOLUMES, result.volume_size)
        self._savings.set_data(VOLUMES, result.volume_saving)
        served, own = result.served, result.params / result.plain_params
        self._here.set_data([served, served], [result.saving, own])
        self._here_size.set_data([served], [own])
        self._here_saving.set_data([served], [result.saving])
        inside = result.break_even > _VOLUME_LIMITS[0] * 3
        self._even.set_visible(inside)
        self._even_name.set_visible(inside)
        self._even.set_data([result.break_even] * 2, [0, 1.0])
        right = result.break_even > 1e13
        self._even_name.set_ha("right" if right else "left")
        self._even_name.set_position((result.break_even * (0.8 if right else 1.25), 1.01))
        self._even_name.set_text(t("explorers.serving.label_even"))
        known = result.beyond is None
        self._beyond.set_visible(not known)
        self._beyond_name.set_visible(not known)
        if result.beyond is not None:
            low, high = result.beyond, _VOLUME_LIMITS[1]
            self._beyond.set_xy([(low, 0), (low, 0.99), (high, 0.99), (high, 0)])
            self._beyond_name.set_position((high * 0.75, 0.5))
            self._beyond_name.set_text(t("explorers.serving.label_beyond"))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: ServingResult) -> str:
        return t(
            f"explorers.serving.message_{'same' if result.saving < _HARDLY else 'smaller'}",
            served=format_count(result.served),
            params=format_count(result.params),
            tokens=format_count(result.tokens),
            plain=format_count(result.plain_params),
            saving=format_percent(result.saving),
        )

    def words(self, result: ServingResult) -> str:
        key = "explorers.serving"
        same = result.saving < _HARDLY
        said = {
            "served": format_count(result.served),
            "params": format_count(result.params),
            "tokens": format_count(result.tokens),
            "ratio": format_count(result.tokens_per_param, 2),
            "plain": format_count(result.plain_params),
            "plain_tokens": format_count(result.plain_tokens),
            "loss": f"{result.loss:.3f}",
            "saving": format_percent(result.saving),
            "share": format_percent(result.share_of_serving),
            "even": format_count(result.break_even),
        }
        parts = [t(f"{key}.words_quality", **said), t(f"{key}.words_{'same' if same else 'smaller'}", **said)]
        if result.price > 1:
            parts.append(t(f"{key}.words_price", price=f"{result.price:g}"))
        beyond = result.tokens_per_param > MOST_TOKENS_PER_PARAM
        most = f"{MOST_TOKENS_PER_PARAM:,}"
        if not same:
            parts.append(t(f"{key}.words_{'beyond' if beyond else 'within'}", ratio=said["ratio"], most=most))
        return ("" if language() == "zh" else " ").join(parts)

    def table(self, result: ServingResult) -> str:
        serving = result.plain_flops - 6 * result.plain_params * result.plain_tokens
        plain = (result.plain_params, result.plain_tokens, 6 * result.plain_params * result.plain_tokens, serving)
        best = (result.params, result.tokens, result.training, result.serving)
        names = ("model", "params", "tokens", "ratio", "training", "serving", "both")
        heads = "".join(f'<th scope="col">{html.escape(t(f"explorers.serving.head_{name}"))}</th>' for name in names)
        rows = []
        for name, (params, tokens, training, served) in (("plain", plain), ("best", best)):
            cells = (
                format_count(params),
                format_count(tokens),
                format_number(tokens / params, 2) if tokens / params < 1e4 else format_count(tokens / params, 2),
                format_flops(training),
                format_flops(served),
                format_flops(training + served),
            )
            row = "".join(f"<td>{html.escape(cell)}</td>" for cell in cells)
            rows.append(f'<tr><th scope="row">{html.escape(t(f"explorers.serving.row_{name}"))}</th>{row}</tr>')
        note = f'<p class="explorer-note">{html.escape(t("explorers.serving.note"))}</p>'
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>{note}"
