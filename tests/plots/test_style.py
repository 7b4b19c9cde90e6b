"""Figures are crisp, small, and the same bytes each time, in scripts and in notebooks."""

import base64
import io

import numpy as np
import pytest
from PIL import Image

from course_utils import plots
from course_utils.i18n import set_language


def busy_figure():
    """About as much as a figure of the course ever holds: 300 points, a band, a note."""
    rng = np.random.default_rng(0)
    fig, ax = plots.subplots()
    x = np.geomspace(1e18, 1e22, 300)
    plots.published(ax, x, 2 + rng.random(300), source="Hoffmann et al. 2022", markersize=4)
    curve = 1.8 + (x / 1e17) ** -0.15
    plots.fitted(ax, x, curve, band=(curve * 0.97, curve * 1.03))
    plots.loss_axis(plots.flops_axis(ax))
    plots.provenance_note(ax)
    ax.set_title("A title of the usual length for one message")
    return fig


@pytest.mark.parametrize(("scale", "width"), [(1.0, 700), (2.0, 1400)])
def test_png_is_of_the_stated_width_and_light(scale, width):
    png = plots.png_bytes(busy_figure(), scale=scale)
    picture = Image.open(io.BytesIO(png))
    assert picture.width == width
    assert len(png) < 60_000
    assert not picture.info.keys() & {"Software", "Creation Time", "date"}


def test_png_shows_what_was_drawn():
    """The palette costs no visible difference: no channel of any pixel moves by more than a shade."""
    fig = busy_figure()
    raw = io.BytesIO()
    fig.savefig(raw, format="png")
    exact = np.asarray(Image.open(raw).convert("RGB")).astype(int)
    ours = np.asarray(Image.open(io.BytesIO(plots.png_bytes(fig))).convert("RGB")).astype(int)
    assert exact.shape == ours.shape
    assert np.abs(exact - ours).max() <= 40
    assert np.abs(exact - ours).mean() < 0.5


@pytest.mark.parametrize("code", ["en", "zh"])
def test_two_builds_give_the_same_bytes(code):
    set_language(code)
    assert plots.png_bytes(busy_figure(), scale=2) == plots.png_bytes(busy_figure(), scale=2)


@pytest.mark.parametrize(("size", "scale"), [((7.013, 4.31), 1.0), ((3.3333, 2.7777), 2.0), ((5, 5), 1.5)])
def test_any_size_can_be_drawn(size, scale):
    fig, _ = plots.subplots(figsize=size)
    picture = Image.open(io.BytesIO(plots.png_bytes(fig, scale=scale)))
    assert picture.width == pytest.approx(size[0] * 100 * scale, abs=1)


def test_save_writes_png_only(tmp_path):
    fig, _ = plots.subplots()
    plots.save(fig, tmp_path / "hình 图.png")
    assert (tmp_path / "hình 图.png").read_bytes().startswith(b"\x89PNG")
    with pytest.raises(ValueError, match="PNG"):
        plots.save(fig, tmp_path / "figure.pdf")


@pytest.mark.slow
def test_a_notebook_keeps_crisp_light_reproducible_figures():
    import nbformat
    from nbclient import NotebookClient

    code = (
        "from course_utils import plots\n"
        "fig, ax = plots.subplots()\n"
        "plots.measured(ax, [1e6, 1e7], [4, 3])\n"
        "plots.loss_axis(plots.params_axis(ax));"
    )

    def run():
        cells = [nbformat.v4.new_code_cell(code) for _ in range(2)]
        notebook = nbformat.v4.new_notebook(cells=cells)
        NotebookClient(notebook, timeout=120, kernel_name="python3").execute()
        return [[out for out in cell.outputs if "image/png" in out.get("data", {})] for cell in notebook.cells]

    first, second = run(), run()
    for cell, again in zip(first, second, strict=True):
        (output,) = cell
        assert output.data == again[0].data
        png = base64.b64decode(output.data["image/png"])
        assert Image.open(io.BytesIO(png)).width == 1400
        assert output.metadata["image/png"]["width"] == 700
        assert len(png) < 60_000
