"""Axes of the field: parameters, tokens, compute and loss, with their units and ticks that can be read aloud."""

from __future__ import annotations

import math
from collections.abc import Callable
from typing import TYPE_CHECKING

from course_utils.i18n import format_count, format_number, format_scientific, using_language
from course_utils.plots.fonts import figure_language, figure_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes


def params_axis(ax: Axes, which: str = "x", *, scale: str = "log") -> Axes:
    """Make an axis one of parameters N: 10M, 100M, 1B, in the words of the language.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    which : str
        ``"x"`` or ``"y"``.
    scale : str
        ``"log"`` or ``"linear"``.

    Examples
    --------
    >>> from course_utils import plots
    >>> fig, ax = plots.subplots()
    >>> params_axis(ax).get_xlabel()
    'parameters N'
    """
    return _make(ax, which, scale, "plots.params", format_count)


def tokens_axis(ax: Axes, which: str = "x", *, scale: str = "log") -> Axes:
    """Make an axis one of training tokens D, in the words of the language. Arguments as for ``params_axis``."""
    return _make(ax, which, scale, "plots.tokens", format_count)


def flops_axis(ax: Axes, which: str = "x", *, scale: str = "log") -> Axes:
    """Make an axis one of training compute C in FLOPs, as powers of ten. Arguments as for ``params_axis``."""
    return _make(ax, which, scale, "plots.flops", format_scientific)


def loss_axis(ax: Axes, which: str = "y", *, scale: str = "log", above_floor: bool = False) -> Axes:
    """Make an axis one of loss L in nats per token.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    which, scale
        As for ``params_axis``; a loss stands on the vertical axis unless said otherwise.
    above_floor : bool
        Name the axis as the part of the loss above the floor, L - E.
    """
    return _make(ax, which, scale, "plots.loss_above_floor" if above_floor else "plots.loss", _plain_number)


def _plain_number(x: float) -> str:
    """Write a tick without trailing zeros: 2.5, not 2.50; small ones as powers of ten."""
    text = format_number(float(f"{x:.6g}"), 6)
    return text.rstrip("0").rstrip(".") if "." in text and "10" + "⁻" not in text else text


def _make(ax: Axes, which: str, scale: str, key: str, write: Callable[[float], str]) -> Axes:
    from matplotlib.ticker import FuncFormatter, LogLocator, MaxNLocator, NullFormatter

    if which not in ("x", "y"):
        raise ValueError(f"which: an axis is 'x' or 'y', not {which!r}. Pass one of these.")
    if scale not in ("log", "linear"):
        raise ValueError(f"scale: 'log' or 'linear', not {scale!r}. Pass one of these.")
    axis = ax.xaxis if which == "x" else ax.yaxis
    axis.set_label_text(figure_words(key))
    (ax.set_xscale if which == "x" else ax.set_yscale)(scale)

    # Ticks are written when the figure is drawn; they keep the language that the label has.
    code = figure_language()

    def tick(x: float, _position: int | None = None) -> str:
        with using_language(code):
            return write(x)

    axis.set_major_formatter(FuncFormatter(tick))
    if scale == "linear":
        axis.set_major_locator(MaxNLocator(nbins=_room_for_labels(axis), steps=[1, 2, 2.5, 5, 10]))
    else:
        axis.set_major_locator(_readable_log_locator())
        axis.set_minor_locator(LogLocator(subs=tuple(range(2, 10)), numticks=99))
        axis.set_minor_formatter(NullFormatter())
    return ax


def readable_log_ticks(low: float, high: float, *, most: int = 7) -> list[float]:
    """Choose tick values on a logarithmic axis: whole decades on long axes, 1-2-5 on short, round steps on shorter.

    Examples
    --------
    >>> readable_log_ticks(1e6, 1e9)
    [1000000.0, 10000000.0, 100000000.0, 1000000000.0]
    >>> readable_log_ticks(2.0, 4.0)
    [2.0, 2.5, 3.0, 3.5, 4.0]
    """
    if not 0 < low < high:
        return []
    decades = math.log10(high / low)
    if decades < 0.75:
        from matplotlib.ticker import MaxNLocator

        ticks = MaxNLocator(nbins=max(1, most - 2), steps=[1, 2, 2.5, 5, 10]).tick_values(low, high)
        return [float(x) for x in ticks if low * (1 - 1e-9) <= x <= high * (1 + 1e-9) and x > 0]
    first, last = math.floor(math.log10(low)), math.ceil(math.log10(high))
    if decades < 1.6:
        multiples, every = (1, 2, 5), 1
    elif decades < 2.6:
        multiples, every = (1, 3), 1
    else:
        multiples, every = (1,), max(1, math.ceil(decades / most))
    for chosen in (multiples, (1,)):
        values = [m * 10.0**e for e in range(first, last + 1) if e % every == 0 for m in chosen]
        values = [x for x in values if low * (1 - 1e-9) <= x <= high * (1 + 1e-9)]
        if len(values) <= most:
            break
    return values


def _room_for_labels(axis) -> int:
    """Count the tick labels that fit beside each other on an axis, at most 7."""
    size = axis.axes.get_window_extent()
    inches = (size.width if axis.axis_name == "x" else size.height) / axis.figure.dpi
    return int(min(7, max(2, inches / (0.75 if axis.axis_name == "x" else 0.3))))


def _readable_log_locator():
    from matplotlib.ticker import Locator

    class ReadableLogLocator(Locator):
        def __call__(self):
            return self.tick_values(*sorted(self.axis.get_view_interval()))

        def tick_values(self, vmin, vmax):
            return readable_log_ticks(vmin, vmax, most=_room_for_labels(self.axis))

    return ReadableLogLocator()
