"""Series drawn by where their numbers come from: measured here, published elsewhere, simulated, or fitted."""

from __future__ import annotations

import re
from collections.abc import Sequence
from dataclasses import dataclass
from typing import TYPE_CHECKING
from weakref import WeakKeyDictionary

from course_utils.plots.colours import COLOURS
from course_utils.plots.fonts import figure_words

if TYPE_CHECKING:
    from matplotlib.axes import Axes
    from matplotlib.lines import Line2D
    from matplotlib.text import Annotation
    from numpy.typing import ArrayLike


@dataclass(frozen=True)
class Provenance:
    """Where a series comes from: its kind, and the source of published numbers."""

    kind: str
    source: str = ""


_KINDS = ("measured", "published", "simulated", "fitted")
_SYMBOLS = {"measured": "●", "published": "□", "simulated": "×", "fitted": "—"}
_DASHES = "┄"  # for what is simulated and drawn as curves alone
_OTHERS = re.compile(r"([^\s,;]+) et al\. (\d{4})")
_provenance: WeakKeyDictionary = WeakKeyDictionary()


def provenance_of(artist) -> Provenance | None:
    """Return where a drawn series comes from, or None when it was not drawn through this module."""
    return _provenance.get(artist)


def measured(ax: Axes, x: ArrayLike, y: ArrayLike, **style) -> Line2D:
    """Draw measurements of this repository: filled circles, dark blue.

    Parameters
    ----------
    ax : matplotlib.axes.Axes
    x, y : array of shape (n_points,)
    **style
        Anything that ``Axes.plot`` takes; it changes the look, not the meaning.

    Examples
    --------
    >>> from course_utils import plots
    >>> fig, ax = plots.subplots()
    >>> measured(ax, [1e6, 1e7], [4.0, 3.5]).get_marker()
    'o'
    """
    look = {"linestyle": "none", "marker": "o", "color": COLOURS["blue"], "zorder": 3}
    return _draw(ax, x, y, look, style, Provenance("measured"))


def published(ax: Axes, x: ArrayLike, y: ArrayLike, *, source: str, **style) -> Line2D:
    """Draw numbers that somebody published: hollow squares, orange, with their source in the legend.

    Parameters
    ----------
    ax, x, y, **style
        As for ``measured``.
    source : str
        Paper or repository: ``"Hoffmann et al. 2022"``; "et al." is shown as the reader's language writes it.

    Raises
    ------
    ValueError
        If the source is empty: a published number without one is hearsay.
    """
    if not source.strip():
        raise ValueError(
            "source: published numbers need one. Pass the paper or repository, e.g. 'Hoffmann et al. 2022'."
        )
    source = _OTHERS.sub(lambda found: figure_words("plots.and_others", first=found[1], year=found[2]), source)
    look = {
        "linestyle": "none",
        "marker": "s",
        "color": COLOURS["orange"],
        "markerfacecolor": "none",
        "markeredgewidth": 1.2,
        "label": source,
        "zorder": 3,
    }
    return _draw(ax, x, y, look, style, Provenance("published", source))


def simulated(ax: Axes, x: ArrayLike, y: ArrayLike, *, line: bool = False, **style) -> Line2D:
    """Draw numbers that a formula or a random seed made: thin grey crosses, or dashes, and the word in the label.

    Parameters
    ----------
    ax, x, y, **style
        As for ``measured``. A label gets the word "simulated" in the reader's language.
    line : bool
        Draw a dashed line instead of crosses: for curves rather than points.
    """
    word = figure_words("plots.simulated")
    label = style.pop("label", None)
    look = {"color": COLOURS["grey"], "zorder": 2}
    look |= {"linestyle": (0, (5, 3)), "linewidth": 1.2} if line else {"linestyle": "none", "marker": "x"}
    look |= {} if line else {"markeredgewidth": 1.0}
    look["label"] = figure_words("plots.simulated_label", label=label) if label else word
    return _draw(ax, x, y, look, style, Provenance("simulated"))


def fitted(ax: Axes, x: ArrayLike, y: ArrayLike, band: Sequence[ArrayLike] | None = None, **style) -> Line2D:
    """Draw a fitted law: a black line, and its interval as a shaded band.

    Parameters
    ----------
    ax, x, y, **style
        As for ``measured``.
    band : pair of arrays of shape (n_points,), optional
        Lower and upper end of the interval at each x.

    Raises
    ------
    ValueError
        If the band is not a pair.
    """
    look = {"linestyle": "-", "linewidth": 1.6, "color": COLOURS["black"], "zorder": 4}
    line = _draw(ax, x, y, look, style, Provenance("fitted"))
    if band is not None:
        if len(band) != 2:
            raise ValueError(f"band: a pair (lower, upper) is needed, not {len(band)} values. Pass two arrays.")
        colour = style.get("color", COLOURS["sky"])
        ax.fill_between(x, band[0], band[1], color=colour, alpha=0.25, linewidth=0, zorder=1)
    return line


def _draw(ax: Axes, x: ArrayLike, y: ArrayLike, look: dict, style: dict, provenance: Provenance) -> Line2D:
    from matplotlib import cbook

    # Short forms ("c", "ls") must replace the look's entries, not stand beside them.
    from matplotlib.lines import Line2D

    chosen = look | cbook.normalize_kwargs(style, Line2D)
    (line,) = ax.plot(x, y, **chosen)
    _provenance[line] = provenance
    return line


def label_end(ax: Axes, line: Line2D, text: str, **style) -> Annotation:
    """Write a label beside the last point of a line, in its colour: no legend to look up.

    Examples
    --------
    >>> from course_utils import plots
    >>> fig, ax = plots.subplots()
    >>> label_end(ax, plots.fitted(ax, [1, 2], [3, 4]), "fit").get_text()
    'fit'
    """
    x, y = line.get_xdata()[-1], line.get_ydata()[-1]
    look = {"color": line.get_color(), "va": "center", "ha": "left", "fontsize": "small", "annotation_clip": False}
    return ax.annotate(text, (x, y), xytext=(6, 0), textcoords="offset points", **(look | style))


def provenance_note(ax: Axes) -> None:
    """Write under an axes which kinds of numbers it shows, in the reader's language.

    It returns nothing, so that it can end a notebook's cell; the text is the last of ``ax.texts``.

    Raises
    ------
    ValueError
        If nothing in the axes was drawn through this module.

    Examples
    --------
    >>> from course_utils import plots
    >>> fig, ax = plots.subplots()
    >>> _ = measured(ax, [1, 2], [3, 4])
    >>> provenance_note(ax)
    >>> ax.texts[-1].get_text()
    '● measured by this course'
    """
    lines = [line for line in ax.get_lines() if line in _provenance]
    found = [_provenance[line] for line in lines]
    if not found:
        raise ValueError("ax: no series of known origin. Draw with measured, published, simulated or fitted first.")
    parts = []
    for kind in _KINDS:
        of_kind = [provenance for provenance in found if provenance.kind == kind]
        if of_kind:
            sources = "; ".join(dict.fromkeys(provenance.source for provenance in of_kind))
            curves = kind == "simulated" and all(
                line.get_marker() in ("None", "none", "", None) for line in lines if _provenance[line].kind == kind
            )
            symbol = _DASHES if curves else _SYMBOLS[kind]
            parts.append(f"{symbol} " + figure_words(f"plots.note_{kind}", source=sources))
    below_label = (0, -44 if ax.get_xlabel() else -26)
    ax.annotate(
        "    ".join(parts),
        (1.0, 0.0),
        xycoords="axes fraction",
        xytext=below_label,
        textcoords="offset points",
        ha="right",
        va="top",
        fontsize=8.5,
        color=COLOURS["grey"],
        annotation_clip=False,
    )
