"""The explorer *what the network costs*: how much of a routed layer's step its tokens spend between devices."""

from __future__ import annotations

import html
from collections.abc import Hashable

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control, Slider
from course_utils.explorers.cost_sum import Accelerator
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.network_state import (
    BANDWIDTHS,
    DEVICES,
    EXPERTS,
    GRANULARITIES,
    LATENCIES,
    SAVINGS,
    TOKENS,
    TOP_K,
    UTILISATIONS,
    WIDTHS,
    NetworkResult,
    NetworkState,
    network_cost,
)
from course_utils.i18n import format_bytes, format_duration, format_flops, format_number, format_percent, language, t
from course_utils.plots.picture import Picture

_BOX = (0.105, 0.13, 0.865, 0.57)  # left, bottom, width, height
_STRIP = (0.105, 0.765, 0.865, 0.045)
_HARDLY = 0.05  # share of the step below which the network is not worth a word
_PARTS = ("compute", "transfer", "latency")


class WhatTheNetworkCosts(Explorer):
    """Choose a network, a layer and a card; read off the network's share of a step and what it leaves of a saving.

    Examples
    --------
    >>> explorer = WhatTheNetworkCosts(bandwidth=10e9)
    >>> round(explorer.result.network_share, 2), explorer.result.left < 1
    (0.83, True)
    """

    section = "network"
    State = NetworkState
    size = (760, 450)

    def prepare(self) -> None:
        table = datasets.load("hardware")
        self.accelerators = {
            row.device: Accelerator(
                row.device, row.precision, float(row.peak_flops_per_second), float(row.power_watts), row.source
            )
            for row in table.itertuples()
        }

    def make_controls(self) -> tuple[Control, ...]:
        def steps(name: str, values: tuple, texts: list[str]) -> Choice:
            return Choice(name, t(f"explorers.network.{name}"), tuple(zip(texts, values, strict=True)))

        def times(values: tuple[float, ...]) -> list[str]:
            return [t("explorers.network.times", n=f"{value:g}") for value in values]

        return (
            steps("bandwidth", BANDWIDTHS, [_rate(value) for value in BANDWIDTHS]),
            steps("devices", DEVICES, [str(n) for n in DEVICES]),
            steps("d_model", WIDTHS, [f"{n:,}" for n in WIDTHS]),
            steps("granularity", GRANULARITIES, ["4d" if n == 1 else f"4d / {n}" for n in GRANULARITIES]),
            steps("top_k", TOP_K, [f"{k} / {EXPERTS}" for k in TOP_K]),
            steps("saving", SAVINGS, times(SAVINGS)),
            steps("tokens", TOKENS, [f"{n:,}" for n in TOKENS]),
            Slider("capacity_factor", t("explorers.network.capacity_factor"), 0.75, 2.0, 0.05),
            steps("latency", LATENCIES, [f"{1e6 * value:g} µs" for value in LATENCIES]),
            Choice(
                "accelerator",
                t("explorers.network.accelerator"),
                tuple((name, name) for name in self.accelerators),
                face="list",
            ),
            steps("utilisation", UTILISATIONS, [format_percent(value) for value in UTILISATIONS]),
        )

    def compute(self, state: NetworkState) -> NetworkResult:
        values = state.trait_values()
        return network_cost(**{**values, "accelerator": self.accelerators[state.accelerator]})

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from matplotlib.ticker import MultipleLocator, NullFormatter, PercentFormatter

        from course_utils.explorers.colours import FAINT, INK, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_BOX)
        axes.set(xscale="log", xlim=(BANDWIDTHS[0], BANDWIDTHS[-1]), ylim=(0, 1))
        axes.xaxis.set_major_formatter(lambda x, _: f"{x / 1e9:g}")
        axes.xaxis.set_minor_formatter(NullFormatter())
        axes.yaxis.set_major_locator(MultipleLocator(0.2))
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(t("explorers.network.x_axis"), loc="left")
        axes.set_ylabel(t("explorers.network.y_axis"))
        axes.yaxis.set_label_coords(-0.079, 0.5)
        axes.grid(False)
        note = t("explorers.common.formula_note")
        picture.figure.text(
            _BOX[0] + _BOX[2], 0.035, note, ha="right", va="center", color=MUTED, fontsize=9, style="italic"
        )
        looks = {"compute": (FAINT, 0.55), "transfer": (OWN, 0.28), "latency": (OWN, 0.75)}
        self._fills = {
            name: axes.fill([1, 1], [0, 0], color=looks[name][0], alpha=looks[name][1], lw=0)[0]
            for name in ("transfer", "latency")
        }
        (self._curve,) = axes.plot([], [], color=OWN, lw=2.2)
        (self._level,) = axes.plot([], [], color=INK, lw=1.2, ls=(0, (4, 2)))
        (self._drop,) = axes.plot([], [], color=INK, lw=1.0, ls=(0, (1, 2)))
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=10.5, mec="white", mew=1.5, clip_on=False, zorder=5)
        halo = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._level_name = picture.text(1, 1, ha="right", va="bottom", color=INK, **halo)
        self._drop_name = picture.text(1, 1, va="bottom", color=INK, **halo)

        strip = picture.figure.add_axes(_STRIP)
        strip.set(xlim=(0, 1), ylim=(0, 1), xticks=[], yticks=[])
        strip.grid(False)
        strip.spines[:].set_visible(False)
        self._bars = {
            name: strip.fill([0, 0], [0, 0], color=looks[name][0], alpha=looks[name][1], lw=0)[0] for name in _PARTS
        }
        self._keys = {}
        for name, left in zip(_PARTS, (_STRIP[0], 0.375, 0.70), strict=True):
            colour, alpha = looks[name]
            picture.figure.text(left, 0.845, "■", color=colour, alpha=alpha, fontsize=11, va="center")
            self._keys[name] = picture.text(left + 0.022, 0.845, va="center", color=INK, fontsize=9.5)
        self._title = picture.text(0.02, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            *self._fills.values(), self._curve, self._level, self._drop, self._level_name, self._drop_name, self._point,
            *self._bars.values(), *self._keys.values(), self._title,
        )  # fmt: skip

    def draw(self, result: NetworkResult) -> Hashable:
        grid, zero = result.grid, np.zeros_like(result.grid)
        around = np.concatenate([grid, grid[::-1]])
        for name, low, high in (
            ("latency", zero, result.latency_share),
            ("transfer", result.latency_share, result.share),
        ):
            self._fills[name].set_xy(np.column_stack([around, np.concatenate([low, high[::-1]])]))
        self._curve.set_data(grid, result.share)
        self._point.set_data([result.bandwidth], [result.network_share])
        self._draw_level(result)
        left = 0.0
        for name in _PARTS:
            seconds = getattr(result, f"{name}_seconds")
            right = left + seconds / result.seconds
            self._bars[name].set_xy([(left, 0), (right, 0), (right, 1), (left, 1)])
            self._keys[name].set_text(t(f"explorers.network.key_{name}", time=format_duration(seconds)))
            left = right
        self._title.set_text(self._message(result))
        return "only"

    def _draw_level(self, result: NetworkResult) -> None:
        """Draw the share at which the saving is gone, and the bandwidth at which this curve has it."""
        level, (low, high) = 1 - 1 / result.saving, (result.grid[0], result.grid[-1])
        self._level.set_data([low, high], [level, level])
        self._level_name.set_position((high * 0.9, level + 0.012))
        self._level_name.set_text(t("explorers.network.label_level", saving=_times(result.saving)))
        at = result.break_even
        shown = at is not None and low < at < high
        for artist in (self._drop, self._drop_name):
            artist.set_visible(shown)
        if not shown:
            return
        self._drop.set_data([at, at], [0, level])
        right = at < np.sqrt(low * high)
        self._drop_name.set_ha("left" if right else "right")
        self._drop_name.set_position((at * (1.05 if right else 1 / 1.05), 0.4 * level))
        self._drop_name.set_text(t("explorers.network.label_break_even", bandwidth=_rate(at)))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: NetworkResult) -> str:
        if result.devices == 1:
            return t("explorers.network.message_alone", memory=format_bytes(result.bytes_alone))
        return t(
            f"explorers.network.message_{_verdict(result)}",
            share=format_percent(result.network_share),
            saving=_times(result.saving),
            left=format_number(result.left, 2),
        )

    def words(self, result: NetworkResult) -> str:
        key = "explorers.network"
        said = {
            "tokens": f"{result.tokens:,}",
            "k": result.top_k,
            "devices": result.devices,
            "sent": format_bytes(result.bytes_sent),
            "travel": format_duration(result.network_seconds),
            "work": format_duration(result.compute_seconds),
            "utilisation": format_percent(result.utilisation),
            "accelerator": result.accelerator.name,
            "alone": format_bytes(result.bytes_alone),
            "kept": format_bytes(result.bytes_kept),
            "stretch": format_number(result.stretch, 2),
            "saving": _times(result.saving),
            "left": format_number(result.left, 2),
            "padding": format_percent(result.padding),
            "dropped": format_percent(result.dropped),
        }
        if result.devices == 1:
            return t(f"{key}.words_alone", **said)
        parts = [t(f"{key}.words_step", **said), t(f"{key}.words_{_verdict(result)}", **said)]
        if result.break_even is None:
            parts.append(t(f"{key}.words_latency"))
        if result.padding > 0:
            parts.append(t(f"{key}.words_padding", **said))
        if result.dropped > 0:
            parts.append(t(f"{key}.words_dropped", **said))
        parts.append(t(f"{key}.words_hidden"))
        return ("" if language() == "zh" else " ").join(parts)

    def table(self, result: NetworkResult) -> str:
        rate = result.accelerator.peak_flops * result.utilisation
        per_byte = result.flops_per_byte
        routes = f"{result.top_k} × {result.capacity_factor:g}"
        around = f"({result.devices} − 1)"
        lines = (
            (
                "sent",
                f"4 × {result.tokens:,} × {routes} × {result.d_model:,} × 2 B × {around} / {result.devices}",
                format_bytes(result.bytes_sent),
            ),
            ("transfer", f"{format_bytes(result.bytes_sent)} ÷ {_rate(result.bandwidth)}", result.transfer_seconds),
            ("latency", f"4 × {around} × {1e6 * result.latency:g} µs", result.latency_seconds),
            ("compute", f"{format_flops(result.flops)} ÷ ({_flop_rate(rate)})", result.compute_seconds),
            (
                "balance",
                t("explorers.network.balance_how", card=format_number(rate / result.bandwidth)),
                "–" if per_byte is None else t("explorers.network.balance_value", n=format_number(per_byte)),
            ),
            (
                "memory",
                t("explorers.network.memory_how", alone=format_bytes(result.bytes_alone), devices=result.devices),
                format_bytes(result.bytes_kept),
            ),
        )
        notes = {"balance": {"width": f"{result.d_expert:,}"}}
        rows = []
        for key, how, value in lines:
            text = value if isinstance(value, str) else format_duration(value)
            name = t(f"explorers.network.line_{key}")
            note = t(f"explorers.network.note_{key}", **notes.get(key, {}))
            cells = (
                f"<td>{html.escape(how)}<br><small>{html.escape(note)}</small></td><td><b>{html.escape(text)}</b></td>"
            )
            rows.append(f'<tr><th scope="row">{html.escape(name)}</th>{cells}</tr>')
        heads = "".join(
            f'<th scope="col">{html.escape(t(f"explorers.cost.head_{key}"))}</th>' for key in ("line", "how", "value")
        )
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"


def _verdict(result: NetworkResult) -> str:
    """Say what becomes of the saving: "gone", "kept" nearly whole, or partly "left"."""
    if result.left <= 1:
        return "gone"
    return "kept" if result.network_share < _HARDLY else "left"


def _rate(bandwidth: float) -> str:
    text = format_number(float(f"{bandwidth / 1e9:.3g}"), 3)
    return f"{text.rstrip('0').rstrip('.') if '.' in text else text} GB/s"


def _flop_rate(rate: float) -> str:
    return f"{format_number(rate / 1e12, 3)} TFLOP/s"


def _times(saving: float) -> str:
    return f"{saving:g}"
