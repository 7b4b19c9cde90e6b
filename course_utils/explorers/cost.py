"""The explorer *what does a run cost*: from N and D to FLOPs, days, money and energy, every assumption in view."""

from __future__ import annotations

import html
from collections.abc import Callable, Hashable
from functools import cached_property

import numpy as np
from traitlets import Float, HasTraits, Unicode

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control, Slider, decade_steps
from course_utils.explorers.cost_sum import Accelerator, CostResult, compute_cost, format_energy
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.plane import PARAMS_LIMITS, draw_plane, white_halo
from course_utils.i18n import (
    format_count,
    format_duration,
    format_flops,
    format_money,
    format_number,
    format_percent,
    format_scientific,
    t,
)
from course_utils.plots.picture import Picture

_PARAMS = decade_steps(1e7, 1e13)
_TOKENS = decade_steps(1e9, 1e14, (1, 1.4, 2, 3, 4, 5, 7))
_DEVICES = tuple(
    float(n) for n in (1, 2, 4, 8, 16, 32, 64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768, 65536, 100_000)
)
_UTILISATIONS = tuple(round(0.05 + 0.01 * k, 2) for k in range(66))
_PRICES = decade_steps(0.1, 10.0, (1, 1.25, 1.5, 1.75, 2, 2.25, 2.5, 2.75, 3, 3.5, 4, 5, 6, 8))
_STEPS = {
    "params": _PARAMS,
    "tokens": _TOKENS,
    "devices": _DEVICES,
    "utilisation": _UTILISATIONS,
    "price": _PRICES,
}


class CostState(HasTraits):
    """What the reader sets: model, data, machines, and the four assumptions."""

    params = Float(70e9)
    tokens = Float(1.4e12)
    accelerator = Unicode("H100 SXM")
    devices = Float(1024.0)
    utilisation = Float(0.4)
    price = Float(2.0)
    overhead = Float(1.2)


class CostOfARun(Explorer):
    """Choose a model, its data and the machines; read off FLOPs, days, money and energy.

    Examples
    --------
    >>> f"{CostOfARun(params=175e9, tokens=300e9).result.flops:.2e}"
    '3.15e+23'
    """

    section = "cost"
    State = CostState
    size = (760, 455)

    def prepare(self) -> None:
        self._between: dict[str, set[float]] = {}
        table = datasets.load("hardware")
        self.accelerators = {
            row.device: Accelerator(
                row.device, row.precision, float(row.peak_flops_per_second), float(row.power_watts), row.source
            )
            for row in table.itertuples()
        }
        self.history = datasets.load("models_history")

    def controls_key(self) -> Hashable:
        # A value that code has set between two steps becomes a step of its own and stays one: a slider that lost a
        # stop while it moves would jump under the reader's hand.
        for name, values in _STEPS.items():
            value = getattr(self.state, name)
            if value not in values:
                self._between.setdefault(name, set()).add(value)
        return tuple((name, tuple(sorted(values))) for name, values in sorted(self._between.items()))

    def make_controls(self) -> tuple[Control, ...]:
        def steps(name: str, write: Callable[[float], str]) -> Choice:
            stops = sorted({*_STEPS[name], *self._between.get(name, ())})
            options = tuple((write(value), value) for value in stops)
            return Choice(name, t(f"explorers.cost.{name}"), options, between=True)

        return (
            steps("params", lambda n: t("explorers.cost.params_value", count=format_count(n))),
            steps("tokens", lambda n: t("explorers.cost.tokens_value", count=format_count(n))),
            Choice(
                "accelerator",
                t("explorers.cost.accelerator"),
                tuple((name, name) for name in self.accelerators),
                face="list",
            ),
            steps("devices", lambda n: f"{n:,.0f}"),
            steps("utilisation", format_percent),
            steps("price", format_money),
            Slider("overhead", t("explorers.cost.overhead"), 1.0, 2.0, 0.05),
        )

    def compute(self, state: CostState) -> CostResult:
        return compute_cost(
            params=state.params,
            tokens=state.tokens,
            accelerator=self.accelerators[state.accelerator],
            devices=state.devices,
            utilisation=state.utilisation,
            price=state.price,
            overhead=state.overhead,
        )

    @cached_property
    def _history_flops(self) -> np.ndarray:
        return self.history["flops"].to_numpy(float)

    def nearest_model(self, result: CostResult) -> tuple[str, float]:
        """Return the known model whose 6ND is nearest in ratio, and this run's compute over it."""
        row = int(np.argmin(np.abs(np.log(self._history_flops / result.flops))))
        return str(self.history["model"].iloc[row]), result.flops / self._history_flops[row]

    def build(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import INK, OWN

        axes = picture.figure.add_axes((0.18, 0.185, 0.785, 0.73))  # room for '100 nghìn tỷ'
        draw_plane(picture, axes, self.history, source=t("explorers.cost.history_source"))
        plots.provenance_note(axes)
        self._span = np.array(PARAMS_LIMITS)
        (self._iso,) = axes.plot([], [], color=OWN, lw=1.4)
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=10, mec="white", mew=1.5)
        self._name = picture.text(1, 1, axes=axes, color=OWN, fontsize=10, va="bottom", path_effects=white_halo())
        self._title = picture.text(0.18, 0.955, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(self._iso, self._point, self._name, self._title)

    def draw(self, result: CostResult) -> Hashable:
        self._iso.set_data(self._span, result.flops / (6 * self._span))
        self._point.set_data([result.params], [result.tokens])
        crowded = result.params > 3e10  # known models stand there: the name goes below the line, to the left
        self._name.set_ha("right" if crowded else "left")
        self._name.set_va("top" if crowded else "bottom")
        self._name.set_position((result.params * (0.9 if crowded else 1.33), result.tokens * (0.5 if crowded else 1)))
        self._name.set_text(t("explorers.cost.your_run"))
        self._title.set_text(
            t(
                "explorers.cost.message",
                flops=format_flops(result.flops),
                time=format_duration(result.seconds),
                money=format_money(result.dollars),
                energy=format_energy(result.kilowatt_hours),
            )
        )
        return "only"

    def words(self, result: CostResult) -> str:
        model, ratio = self.nearest_model(result)
        if 0.9 <= ratio <= 1.1:
            compared = t("explorers.cost.as_much_as", model=model)
        elif ratio > 1:
            compared = t("explorers.cost.times_as_much_as", model=model, ratio=format_number(ratio))
        else:
            compared = t("explorers.cost.took_more", model=model, ratio=format_number(1 / ratio))
        return t(
            "explorers.cost.words",
            flops=format_flops(result.flops),
            devices=f"{result.devices:,.0f}",
            accelerator=result.accelerator.name,
            time=format_duration(result.seconds),
            money=format_money(result.dollars),
            energy=format_energy(result.kilowatt_hours),
            compared=compared,
        )

    def table(self, result: CostResult) -> str:
        device = result.accelerator
        devices = f"{result.devices:,.0f}"
        rate = f"{format_scientific(device.peak_flops)} FLOP/s"
        lines = (
            ("flops", f"6 × {format_count(result.params)} × {format_count(result.tokens)}", format_flops(result.flops)),
            (
                "rate",
                f"{devices} × {rate} × {format_percent(result.utilisation)}",
                f"{format_scientific(result.rate)} FLOP/s",
            ),
            (
                "time",
                f"{format_flops(result.flops)} ÷ {format_scientific(result.rate)} FLOP/s",
                format_duration(result.seconds),
            ),
            (
                "money",
                t(
                    "explorers.cost.money_how",
                    hours=format_count(result.device_hours),
                    price=format_money(result.price),
                ),
                format_money(result.dollars),
            ),
            (
                "energy",
                t(
                    "explorers.cost.energy_how",
                    hours=format_count(result.device_hours),
                    watts=f"{device.watts:g}",
                    overhead=f"{result.overhead:.2f}",
                ),
                format_energy(result.kilowatt_hours),
            ),
            (
                "ratio",
                f"{format_count(result.tokens)} ÷ {format_count(result.params)}",
                t("explorers.cost.ratio_value", n=format_number(result.tokens_per_param)),
            ),
        )
        notes = {"rate": {"accelerator": device.name, "precision": device.precision, "source": device.source}}
        rows = []
        for key, how, value in lines:
            name = t(f"explorers.cost.line_{key}")
            note = t(f"explorers.cost.note_{key}", **notes.get(key, {}))
            cells = (
                f"<td>{html.escape(name)}</td><td>{html.escape(how)}<br><small>{html.escape(note)}</small></td>"
                f"<td><b>{html.escape(value)}</b></td>"
            )
            rows.append(f"<tr>{cells}</tr>")
        heads = "".join(f"<th>{html.escape(t(f'explorers.cost.head_{key}'))}</th>" for key in ("line", "how", "value"))
        return f"<table><thead><tr>{heads}</tr></thead><tbody>{''.join(rows)}</tbody></table>"
