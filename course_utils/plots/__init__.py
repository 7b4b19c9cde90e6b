"""Figures: ax in, ax out, one look, and every series drawn so that the reader sees where its numbers come from.

==============  ==========================================  ==================================
function        for                                         looks like
==============  ==========================================  ==================================
``measured``    runs that this repository trained           filled circles, dark blue
``published``   numbers of somebody's paper or repository   hollow squares, orange
``simulated``   numbers that a formula or a seed made up    thin grey crosses or dashes
``fitted``      a law fitted to any of them                 black line, shaded band
==============  ==========================================  ==================================

``params_axis``, ``tokens_axis``, ``flops_axis`` and ``loss_axis`` name an axis and its unit in the reader's language.

Examples
--------
>>> from course_utils import plots
>>> fig, ax = plots.subplots()
>>> points = plots.measured(ax, [1e11, 1e12, 1e13], [4.1, 3.4, 2.9])
>>> ax = plots.loss_axis(plots.flops_axis(ax))
"""

from __future__ import annotations

from course_utils.plots import fonts
from course_utils.plots.axes import flops_axis, loss_axis, params_axis, tokens_axis
from course_utils.plots.colours import COLOURS
from course_utils.plots.fonts import figure_words
from course_utils.plots.provenance import fitted, label_end, measured, provenance_note, published, simulated
from course_utils.plots.style import png_bytes, save, subplots, use_style

__all__ = [
    "COLOURS",
    "figure_words",
    "fitted",
    "flops_axis",
    "fonts",
    "label_end",
    "loss_axis",
    "measured",
    "params_axis",
    "png_bytes",
    "provenance_note",
    "published",
    "save",
    "simulated",
    "subplots",
    "tokens_axis",
    "use_style",
]
