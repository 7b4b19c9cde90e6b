"""A reader sees at a glance which numbers were measured, published, simulated or fitted."""

import numpy as np
import pytest

from course_utils import plots
from course_utils.i18n import LANGUAGES, set_language, t
from course_utils.plots.provenance import provenance_of

X, Y = [1e6, 1e7, 1e8], [4.0, 3.0, 2.5]


@pytest.fixture
def ax():
    return plots.subplots()[1]


def test_measured_are_filled_blue_circles(ax):
    line = plots.measured(ax, X, Y, label="ours")
    assert (line.get_marker(), line.get_linestyle()) == ("o", "None")
    assert line.get_color() == line.get_markerfacecolor() == plots.COLOURS["blue"]
    assert provenance_of(line).kind == "measured"


def test_published_are_hollow_orange_squares_with_their_source(ax):
    line = plots.published(ax, X, Y, source="Hoffmann et al. 2022")
    assert line.get_marker() == "s"
    assert line.get_markerfacecolor() == "none"
    assert line.get_markeredgecolor() == plots.COLOURS["orange"]
    assert line.get_label() == "Hoffmann et al. 2022"
    with pytest.raises(ValueError, match="source"):
        plots.published(ax, X, Y, source=" ")


@pytest.mark.parametrize(
    ("code", "shown"),
    [
        ("en", "Hoffmann et al. 2022; Clark et al. 2022"),
        ("vi", "Hoffmann và cộng sự 2022; Clark và cộng sự 2022"),
        ("zh", "Hoffmann 等（2022）; Clark 等（2022）"),
    ],
)
def test_others_are_named_in_the_readers_language(ax, code, shown, request):
    if code == "zh":
        request.getfixturevalue("chinese_font")
    set_language(code)
    line = plots.published(ax, X, Y, source="Hoffmann et al. 2022; Clark et al. 2022")
    assert line.get_label() == shown
    assert provenance_of(line).source == shown


def test_a_source_without_others_stays(ax):
    assert plots.published(ax, X, Y, source="Sardana 2024, table et al").get_label() == "Sardana 2024, table et al"


@pytest.mark.parametrize("code", LANGUAGES)
def test_simulated_say_so_in_their_label(ax, code, request):
    if code == "zh":
        request.getfixturevalue("chinese_font")
    set_language(code)
    points, curve = plots.simulated(ax, X, Y, label="L"), plots.simulated(ax, X, Y, line=True)
    assert points.get_marker() == "x"
    assert curve.get_linestyle() == "--"
    for line in (points, curve):
        assert t("plots.simulated") in line.get_label()
    assert "L" in points.get_label()


def test_fitted_have_a_band(ax):
    band = (np.multiply(Y, 0.9), np.multiply(Y, 1.1))
    line = plots.fitted(ax, X, Y, band=band)
    assert line.get_linestyle() == "-"
    assert len(ax.collections) == 1
    with pytest.raises(ValueError, match="band"):
        plots.fitted(ax, X, Y, band=[Y])


def test_a_look_can_be_changed_by_long_and_short_names(ax):
    assert plots.measured(ax, X, Y, c="red", ms=3).get_color() == "red"
    assert plots.measured(ax, X, Y, ls="-").get_linestyle() == "-"


@pytest.mark.parametrize("code", LANGUAGES)
def test_note_lists_each_kind_once(ax, code, request):
    if code == "zh":
        request.getfixturevalue("chinese_font")
    set_language(code)
    plots.measured(ax, X, Y)
    plots.measured(ax, X, Y)
    plots.published(ax, X, Y, source="A 2020")
    plots.published(ax, X, Y, source="B 2021")
    plots.fitted(ax, X, Y)
    plots.provenance_note(ax)
    note = ax.texts[-1].get_text()
    assert note.count(t("plots.note_measured")) == 1
    assert "A 2020; B 2021" in note
    assert t("plots.note_fitted") in note
    assert "×" not in note


def test_note_needs_something_to_say(ax):
    ax.plot(X, Y)
    with pytest.raises(ValueError, match="measured, published"):
        plots.provenance_note(ax)


def test_note_stays_inside_the_figure_and_off_the_axis_label(ax):
    plots.measured(ax, X, Y)
    plots.loss_axis(plots.params_axis(ax))
    plots.provenance_note(ax)
    note = ax.texts[-1]
    fig = ax.figure
    fig.canvas.draw()
    box = note.get_window_extent()
    assert box.y0 >= 0
    assert box.x1 <= fig.bbox.x1
    assert not box.overlaps(ax.xaxis.label.get_window_extent())


def test_label_at_the_end_of_a_line(ax):
    line = plots.fitted(ax, X, Y, color=plots.COLOURS["green"])
    label = plots.label_end(ax, line, "fit")
    assert label.xy == (1e8, 2.5)
    assert label.get_color() == plots.COLOURS["green"]


def luminance(colour):
    from matplotlib.colors import to_rgb

    linear = [c / 12.92 if c <= 0.04045 else ((c + 0.055) / 1.055) ** 2.4 for c in to_rgb(colour)]
    return 0.2126 * linear[0] + 0.7152 * linear[1] + 0.0722 * linear[2]


@pytest.mark.parametrize("name", ["blue", "orange", "green", "black", "grey"])
def test_colours_of_data_stand_out_from_white(name):
    """Graphics need a contrast of 3 to 1 (WCAG 2.1, 1.4.11)."""
    assert 1.05 / (luminance(plots.COLOURS[name]) + 0.05) >= 3


def test_the_note_shows_dashes_where_nothing_but_curves_is_simulated(ax):
    plots.simulated(ax, X, Y, line=True)
    plots.provenance_note(ax)
    assert ax.texts[-1].get_text().startswith("┄ ")
    plots.simulated(ax, X, Y)
    plots.provenance_note(ax)
    assert ax.texts[-1].get_text().startswith("× ")
