"""The plane of parameters and tokens: lines of equal compute, a line of equal ratio, and the models of history."""

from __future__ import annotations

from collections.abc import Mapping
from types import MappingProxyType
from typing import TYPE_CHECKING

import numpy as np

from course_utils.i18n import format_flops, t

if TYPE_CHECKING:
    import pandas
    from matplotlib.axes import Axes

    from course_utils.plots.picture import Picture

PARAMS_LIMITS = (6e6, 1.7e13)
TOKENS_LIMITS = (6e8, 1.7e14)
TOKENS_PER_PARAM = 20  # Hoffmann et al. 2022, Table 3: the rule of thumb
_ISO_COMPUTE = 10.0 ** np.arange(17, 29, 2)
# Where the name of a model stands beside its square: (alignment, points to the right, points up). Models
# that are not named here are drawn without a name, because their neighbours' names would cover them.
_NAMED = {
    "GPT-3": ("right", -6, -7),
    "Gopher": ("center", 4, -14),
    "MT-NLG": ("left", 6, -4),
    "PaLM 540B": ("left", 7, -3),
    "Chinchilla": ("left", 11, -4),
    "LLaMA 7B": ("right", -7, -4),
    "Llama 2 7B": ("right", -7, -1),
    "Llama 2 70B": ("center", 0, 7),
    "Llama 3 8B": ("right", -7, -3),
    "Llama 3 70B": ("right", -7, 1),
    "Llama 3.1 405B": ("left", 7, 0),
}


def white_halo() -> list:
    """Return the stroke that keeps a name readable where it crosses a line."""
    from matplotlib import patheffects

    return [patheffects.withStroke(linewidth=3, foreground="white")]


def draw_plane(
    picture: Picture,
    axes: Axes,
    history: pandas.DataFrame,
    *,
    source: str,
    names: Mapping[str, tuple[str, int, int]] = MappingProxyType({}),
    name_rule: bool = True,
) -> None:
    """Draw what never moves on the plane of parameters and tokens.

    Parameters
    ----------
    picture : Picture
        Whose figure the axes belong to.
    axes : matplotlib.axes.Axes
        Empty axes in their place on the page.
    history : pandas.DataFrame
        The table ``models_history``.
    source : str
        Where the squares come from, in the reader's language.
    names : mapping of str to (alignment, points to the right, points up)
        Other places for the names of some models, where the usual ones are taken.
    name_rule : bool
        Whether the line of 20 tokens a parameter is named.
    """
    from course_utils import plots
    from course_utils.explorers.colours import FAINT, INK, MUTED

    axes.set(xlim=PARAMS_LIMITS, ylim=TOKENS_LIMITS)
    plots.tokens_axis(plots.params_axis(axes), "y")
    axes.yaxis.set_label_coords(-0.195, 0.5)
    axes.grid(False)
    span = np.array(PARAMS_LIMITS)
    slope = _slope_on_page(picture, axes)
    for flops in _ISO_COMPUTE:
        axes.plot(span, flops / (6 * span), color=FAINT, lw=0.8, zorder=1)
        x, y = _edge_of_line(flops)
        if x is not None:
            axes.text(
                x,
                y,
                format_flops(flops),
                rotation=-slope,
                rotation_mode="anchor",
                fontsize=8,
                color=MUTED,
                ha="left",
                va="bottom",
                zorder=1,
            )
    axes.plot(span, TOKENS_PER_PARAM * span, color=MUTED, lw=1.0, ls=(0, (4, 3)), zorder=1)
    if name_rule:
        axes.text(
            1.0e8,
            1.0e8 * TOKENS_PER_PARAM * 1.25,
            t("explorers.cost.rule", n=TOKENS_PER_PARAM),
            color=MUTED,
            fontsize=8.5,
            rotation=slope,
            rotation_mode="anchor",
        )
    plots.published(axes, history["params"], history["tokens"], source=source, ms=5)
    halo = white_halo()
    places = {**_NAMED, **names}
    for row in history.itertuples():
        if row.model in places:
            side, right, up = places[row.model]
            axes.annotate(
                row.model,
                (row.params, row.tokens),
                xytext=(right, up),
                textcoords="offset points",
                ha=side,
                fontsize=8.5,
                color=INK,
                path_effects=halo,
                zorder=2,  # over the lines, under the squares of its neighbours
            )


def _slope_on_page(picture: Picture, axes: Axes) -> float:
    """Return the angle, in degrees, of a line of slope one on the log axes as they lie on the page."""
    box = axes.get_position()
    decades = [float(np.log10(high / low)) for low, high in (PARAMS_LIMITS, TOKENS_LIMITS)]
    up = box.height * picture.height / decades[1]
    right = box.width * picture.width / decades[0]
    return float(np.degrees(np.arctan2(up, right)))


def _edge_of_line(flops: float) -> tuple[float | None, float]:
    """Return a place just inside the left or upper edge of the axes for the name of a line of equal compute."""
    x = max(PARAMS_LIMITS[0] * 1.25, flops / (6 * TOKENS_LIMITS[1]) * 1.9)
    y = flops / (6 * x)
    inside = x < PARAMS_LIMITS[1] / 4 and y > TOKENS_LIMITS[0] * 4
    return (x, y * 1.05) if inside else (None, y)
