"""The explorer *shape of a law*: what a floor, a scale and an exponent do to a curve, on three kinds of paper."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from traitlets import Bool, Enum, Float, HasTraits

from course_utils.explorers.controls import Choice, Control, Slider, Switch
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.labels import spread_labels
from course_utils.i18n import format_count, format_number, format_percent, t
from course_utils.laws import power_law
from course_utils.plots.picture import Picture

AXES = ("linear", "semilog", "log-log")
_DECADES = 10.0 ** np.arange(7)
_X = np.geomspace(1.0, 1e6, 241)
# Limits never follow the sliders: what moves is the law, not the paper. Beyond the last dot is room for its label.
_LOSS_LIMITS = {"linear": (0.0, 5.2), "semilog": (0.0, 5.2), "log-log": (0.08, 6.0)}
_COMPUTE_LIMITS = {"linear": (-2.0, 109.0), "semilog": (0.8, 2.8e6), "log-log": (0.8, 2.8e6)}
_LOG_TICKS = (0.1, 0.2, 0.5, 1.0, 2.0, 5.0)


class ShapeState(HasTraits):
    """What the reader sets: the law's E, A and alpha, the axes, and whether L - E is drawn too."""

    E = Float(1.7)
    A = Float(2.0)
    alpha = Float(0.16)
    axes = Enum(AXES, default_value="semilog")
    reducible = Bool(False)


@dataclass(frozen=True)
class ShapeResult:
    """What follows from a law L = E + A x^-alpha, where x counts compute in multiples of the first run.

    Attributes
    ----------
    E, A, alpha : float
        The law.
    axes : str
        One of :data:`AXES`.
    show_reducible : bool
        Whether L - E is drawn.
    x : array of shape (241,)
        Compute, as a multiple of the first run.
    loss, reducible, straight : arrays of shape (241,)
        L; L - E; and the pure power law (no floor) with the same loss and the same slope at the first run.
    left_after_double, left_after_ten : float
        Fraction of the loss above the floor that is left after twice and ten times the compute.
    loss_at_one, loss_at_ten : float
        L at one and at ten times the first run.
    times_to_halve : float
        How many times the compute halves the loss above the floor.
    """

    E: float
    A: float
    alpha: float
    axes: str
    show_reducible: bool
    x: np.ndarray
    loss: np.ndarray
    reducible: np.ndarray
    straight: np.ndarray
    left_after_double: float
    left_after_ten: float
    loss_at_one: float
    loss_at_ten: float
    times_to_halve: float


def compute_shape(*, E: float, A: float, alpha: float, axes: str = "semilog", reducible: bool = False) -> ShapeResult:
    """Compute the curve of a power law with a floor and what more compute buys on it.

    ``L = E + A x^-alpha``; of the loss above the floor, k times the compute leaves ``k^-alpha``, wherever one starts.

    Parameters
    ----------
    E, A, alpha : float
        Floor and scale in nats per token, exponent.
    axes : str
        One of :data:`AXES`.
    reducible : bool
        Whether L - E is to be drawn.

    Examples
    --------
    >>> round(compute_shape(E=1.7, A=1.0, alpha=0.16).left_after_ten, 2)
    0.69
    """
    loss = power_law(_X, A=A, alpha=alpha, E=E)
    start = E + A
    # d ln L / d ln x at x = 1 is -alpha A / (E + A): the line that log-log paper suggests to whoever sees the start.
    straight = power_law(_X, A=start, alpha=alpha * A / start)
    return ShapeResult(
        E=E,
        A=A,
        alpha=alpha,
        axes=axes,
        show_reducible=reducible,
        x=_X,
        loss=loss,
        reducible=loss - E,
        straight=straight,
        left_after_double=2.0**-alpha,
        left_after_ten=10.0**-alpha,
        loss_at_one=start,
        loss_at_ten=E + A * 10.0**-alpha,
        times_to_halve=2.0 ** (1 / alpha),
    )


class ShapeOfALaw(Explorer):
    """Slide the floor, the scale and the exponent of L = E + A x^-alpha and change the paper it is drawn on.

    Examples
    --------
    >>> explorer = ShapeOfALaw(alpha=0.3)
    >>> round(explorer.result.left_after_ten, 2)
    0.5
    """

    section = "shape"
    State = ShapeState
    size = (760, 390)

    def make_controls(self) -> tuple[Control, ...]:
        return (
            Slider("E", t("explorers.shape.E"), 0.0, 2.5, 0.05),
            Slider("A", t("explorers.shape.A"), 0.25, 2.5, 0.05),
            Slider("alpha", t("explorers.shape.alpha"), 0.04, 0.5, 0.01),
            Choice(
                "axes",
                t("explorers.shape.axes"),
                tuple((t(f"explorers.shape.axes_{name.replace('-', '_')}"), name) for name in AXES),
                face="buttons",
            ),
            Switch("reducible", t("explorers.shape.reducible")),
        )

    def compute(self, state: ShapeState) -> ShapeResult:
        return compute_shape(E=state.E, A=state.A, alpha=state.alpha, axes=state.axes, reducible=state.reducible)

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import ABOVE_FLOOR, INK, LAW, MUTED

        axes = picture.figure.add_axes((0.085, 0.135, 0.665, 0.765))
        self._axes = axes
        axes.set_xlabel(t("explorers.shape.x_axis"))
        axes.set_ylabel(t("explorers.shape.y_axis"))
        axes.yaxis.set_label_coords(-0.07, 0.5)
        axes.text(
            0.985,
            0.965,
            t("explorers.common.formula_note"),
            transform=axes.transAxes,
            ha="right",
            va="top",
            color=MUTED,
            fontsize=9,
            style="italic",
        )
        (self._straight,) = axes.plot([], [], color=MUTED, lw=1.2, ls=(0, (2, 2)))
        (self._floor,) = axes.plot([], [], color=INK, lw=1.2, ls="--")
        (self._above,) = axes.plot([], [], color=ABOVE_FLOOR, lw=2.0)
        (self._curve,) = axes.plot([], [], color=LAW, lw=2.4)
        self._stems = axes.vlines(_DECADES, 0, 1, color=ABOVE_FLOOR, lw=1.3)
        (self._dots,) = axes.plot(_DECADES, _DECADES, "o", color=LAW, ms=5)
        self._percents = [
            picture.text(x, 1, axes=axes, ha="left", va="bottom", color=ABOVE_FLOOR, fontsize=9.5) for x in _DECADES
        ]
        self._ends = [
            picture.text(
                1.015, 0, axes=axes, transform=axes.transAxes, ha="left", va="center", color=colour, fontsize=10
            )
            for colour in (LAW, INK, MUTED, ABOVE_FLOOR)
        ]
        self._title = picture.text(0.085, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._straight,
            self._floor,
            self._stems,
            self._above,
            self._curve,
            self._dots,
            *self._percents,
            *self._ends,
            self._title,
        )

    def draw(self, result: ShapeResult) -> Hashable:
        axes, kind = self._axes, result.axes
        if axes.get_xlim() != _COMPUTE_LIMITS[kind] or axes.get_yscale() != ("log" if kind == "log-log" else "linear"):
            self._change_paper(kind)
        self._curve.set_data(result.x, result.loss)
        self._straight.set_data(result.x, result.straight)
        self._above.set_data(result.x, result.reducible)
        self._above.set_visible(result.show_reducible)
        low, high = axes.get_ylim()
        self._floor.set_data([result.x[0], result.x[-1]], [result.E, result.E])
        at_decades = power_law(_DECADES, A=result.A, alpha=result.alpha, E=result.E)
        foot = max(result.E, low)
        self._stems.set_segments([[(x, foot), (x, y)] for x, y in zip(_DECADES, at_decades, strict=True)])
        self._dots.set_data(_DECADES, at_decades)
        for label, x, y in zip(self._percents, _DECADES, at_decades, strict=True):
            label.set_visible(x <= axes.get_xlim()[1])
            label.set_text(" " + format_percent(x**-result.alpha))
            label.set_position((x, y))
        self._place_end_labels(result, low, high)
        self._title.set_text(t("explorers.shape.message", left=format_percent(result.left_after_ten)))
        return kind

    def _change_paper(self, kind: str) -> None:
        from matplotlib.ticker import FixedLocator, NullLocator

        axes = self._axes
        axes.set_xscale("linear" if kind == "linear" else "log")
        axes.set_yscale("log" if kind == "log-log" else "linear")
        axes.set_xlim(_COMPUTE_LIMITS[kind])
        axes.set_ylim(_LOSS_LIMITS[kind])
        axes.xaxis.set_major_formatter(lambda x, _: format_count(x))
        if kind == "log-log":
            axes.yaxis.set_major_locator(FixedLocator(_LOG_TICKS))
            axes.yaxis.set_minor_locator(NullLocator())
            axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")

    def _place_end_labels(self, result: ShapeResult, low: float, high: float) -> None:
        """Write the lines' names at their right ends, apart from each other."""
        to_axes = self._axes.transScale + self._axes.transLimits
        right = 100.0 if result.axes == "linear" else float(result.x[-1])
        values = [float(np.interp(right, result.x, y)) for y in (result.loss, result.straight, result.reducible)]
        lines = [
            (0, values[0], t("explorers.shape.label_loss"), True),
            (1, result.E, t("explorers.shape.label_floor", E=format_number(result.E)), True),
            (2, values[1], t("explorers.shape.label_straight"), True),
            (3, values[2], t("explorers.shape.label_reducible"), result.show_reducible),
        ]
        shown = []
        for index, value, text, visible in lines:
            artist = self._ends[index]
            artist.set_visible(visible)
            artist.set_text(text)
            if visible:
                place = float(to_axes.transform((right, min(max(value, low + 1e-9), high)))[1])
                shown.append((artist, min(max(place, 0.0), 1.0)))
        places = spread_labels(np.array([place for _, place in shown]), gap=0.062, low=0.02, high=0.98)
        for (artist, _), place in zip(shown, places, strict=True):
            artist.set_y(place)

    def words(self, result: ShapeResult) -> str:
        return t(
            "explorers.shape.words",
            double=format_percent(result.left_after_double, 3),
            ten=format_percent(result.left_after_ten, 3),
            before=format_number(result.loss_at_one),
            after=format_number(result.loss_at_ten),
            halve=format_count(result.times_to_halve, 2),
        )
