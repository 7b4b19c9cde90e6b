"""One look for every figure, and PNG bytes that two builds give alike."""

from __future__ import annotations

import io
import sys
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.plots import fonts

if TYPE_CHECKING:
    from matplotlib.figure import Figure

STYLE_FILE = Path(__file__).with_name("course.mplstyle")

# Colours of a PNG's palette. A figure has a handful and the shades between each and white: more are not seen.
_PALETTE_SIZE = 192
_NOTEBOOK_SCALE = 2.0  # device pixels for each pixel: text stays crisp on sharp screens


def use_style() -> None:
    """Give every later figure the look of the course, and in a notebook crisp, reproducible PNG files.

    Calling it again does no harm. Figures are 700 pixels wide, drawn at twice that for sharp screens.

    Examples
    --------
    >>> use_style()
    """
    from matplotlib import style

    style.use(STYLE_FILE)
    fonts.use_language_fonts()
    if (ipython := _kernel_with_inline_figures()) is not None:
        from matplotlib.figure import Figure

        ipython.display_formatter.formatters["image/png"].for_type(Figure, _notebook_png)


def _kernel_with_inline_figures():
    """Return the IPython shell when figures go into a notebook, else None."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if shell is None or not hasattr(shell, "kernel"):
        return None
    import matplotlib as mpl

    if "inline" not in mpl.get_backend().lower():
        return None
    # Its import registers a formatter of its own, which must not come after the course's.
    import matplotlib_inline.backend_inline  # noqa: F401

    return shell


def _notebook_png(fig: Figure) -> tuple[bytes, dict[str, int]] | None:
    """Give a notebook a figure's PNG and the size at which to show it; nothing for an empty figure."""
    if not fig.axes and not fig.lines:
        return None
    width, height = (round(inches * fig.dpi) for inches in fig.get_size_inches())
    return png_bytes(fig, scale=_NOTEBOOK_SCALE), {"width": width, "height": height}


def subplots(rows: int = 1, columns: int = 1, **options):
    """Start a figure in the course's look; return it with its axes, as ``matplotlib.pyplot.subplots`` does.

    Examples
    --------
    >>> fig, (left, right) = subplots(1, 2)
    """
    use_style()
    import matplotlib.pyplot as plt

    return plt.subplots(rows, columns, **options)


def png_bytes(fig: Figure, *, scale: float = 1.0) -> bytes:
    """Draw a figure into PNG bytes that depend on nothing but the picture.

    Parameters
    ----------
    fig : matplotlib.figure.Figure
    scale : float
        Device pixels for each pixel of the figure; 2 for sharp screens.

    Examples
    --------
    >>> fig, ax = subplots()
    >>> png_bytes(fig)[1:4]
    b'PNG'
    """
    from PIL import Image

    drawn = io.BytesIO()
    fig.savefig(drawn, format="rgba", dpi=fig.dpi * scale)
    # The canvas rounds its size to whole pixels in its own way; what it drew is the authority.
    size = _pixel_size(fig, scale)
    picture = Image.frombytes("RGBA", size, drawn.getvalue()).convert("RGB")
    palette = picture.quantize(_PALETTE_SIZE, method=Image.Quantize.MAXCOVERAGE, dither=Image.Dither.NONE)
    buffer = io.BytesIO()
    palette.save(buffer, format="PNG", optimize=True)
    return buffer.getvalue()


def _pixel_size(fig: Figure, scale: float) -> tuple[int, int]:
    width, height = fig.get_size_inches() * fig.dpi * scale
    return int(width + 1e-9), int(height + 1e-9)


def save(fig: Figure, path: str | Path, *, scale: float = 2.0) -> None:
    """Write a figure to a PNG file whose bytes depend on nothing but the picture.

    Raises
    ------
    ValueError
        If the path does not end in ``.png``.
    """
    path = Path(path)
    if path.suffix.lower() != ".png":
        raise ValueError(f"path: {path.name} is no PNG file. End the name in .png.")
    path.write_bytes(png_bytes(fig, scale=scale))
