"""Axes carry their unit and ticks that can be read aloud."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import plots
from course_utils.i18n import set_language
from course_utils.plots.axes import readable_log_ticks


def ticks_of(ax, which="x"):
    ax.figure.canvas.draw()
    low, high = sorted(ax.get_xlim() if which == "x" else ax.get_ylim())
    axis = ax.xaxis if which == "x" else ax.yaxis
    pairs = zip(axis.get_majorticklocs(), axis.get_majorticklabels(), strict=True)
    return [label.get_text() for place, label in pairs if low <= place <= high]


@pytest.mark.parametrize(
    ("code", "expected"),
    [
        ("en", ["1M", "10M", "100M", "1B", "10B"]),
        ("vi", ["1 triệu", "10 triệu", "100 triệu", "1 tỷ", "10 tỷ"]),
        ("zh", ["100 万", "1000 万", "1 亿", "10 亿", "100 亿"]),
    ],
)
def test_counts_on_ticks_follow_the_language(code, expected, request):
    if code == "zh":
        request.getfixturevalue("chinese_font")
    set_language(code)
    _, ax = plots.subplots()
    plots.params_axis(ax).set_xlim(1e6, 1e10)
    assert ticks_of(ax) == expected


def test_ticks_keep_the_language_of_their_label():
    set_language("vi")
    _, ax = plots.subplots()
    plots.tokens_axis(ax).set_xlim(1e6, 1e9)
    set_language("en")
    assert ax.get_xlabel() == "số token huấn luyện D"
    assert ticks_of(ax)[0] == "1 triệu"


def test_loss_ticks_are_plain_numbers_on_a_short_log_axis():
    _, ax = plots.subplots()
    plots.loss_axis(ax).set_ylim(1.9, 3.3)
    assert ticks_of(ax, "y") == ["2", "2.25", "2.5", "2.75", "3", "3.25"] or ticks_of(ax, "y") == ["2", "2.5", "3"]
    assert ax.get_ylabel() == "loss L (nats per token)"


def test_small_losses_above_the_floor_take_powers_of_ten():
    _, ax = plots.subplots()
    plots.loss_axis(ax, above_floor=True).set_ylim(1e-5, 1.0)
    assert ticks_of(ax, "y") == ["10⁻⁵", "10⁻⁴", "0.001", "0.01", "0.1", "1"]
    assert "L − E" in ax.get_ylabel()


def test_compute_takes_powers_of_ten_and_names_an_amount():
    _, ax = plots.subplots()
    plots.flops_axis(ax).set_xlim(1e11, 1e14)
    assert ticks_of(ax) == ["10¹¹", "10¹²", "10¹³", "10¹⁴"]
    assert "FLOPs" in ax.get_xlabel()
    assert "/s" not in ax.get_xlabel()


def test_linear_axes_and_either_side():
    _, ax = plots.subplots()
    plots.params_axis(ax, "y", scale="linear")
    assert ax.get_yscale() == "linear"
    assert ax.get_ylabel() == "parameters N"
    ax.set_ylim(0, 1e9)
    assert "500M" in ticks_of(ax, "y") or "400M" in ticks_of(ax, "y")


@pytest.mark.parametrize("function", [plots.params_axis, plots.tokens_axis, plots.flops_axis, plots.loss_axis])
def test_bad_arguments_are_named(function):
    _, ax = plots.subplots()
    assert function(ax) is ax
    with pytest.raises(ValueError, match="which"):
        function(ax, "z")
    with pytest.raises(ValueError, match="scale"):
        function(ax, scale="symlog")


@given(st.floats(-6, 24), st.floats(0.05, 18))
def test_there_are_always_a_few_ticks_within_the_axis(start, decades):
    low, high = 10.0**start, 10.0 ** (start + decades)
    ticks = readable_log_ticks(low, high)
    assert 1 <= len(ticks) <= 10
    assert ticks == sorted(set(ticks))
    assert all(low * (1 - 1e-6) <= x <= high * (1 + 1e-6) for x in ticks)


def test_no_ticks_where_a_logarithm_has_no_place():
    assert readable_log_ticks(0.0, 1.0) == []
    assert readable_log_ticks(1.0, 1.0) == []
    assert not any(math.isnan(x) for x in readable_log_ticks(1e-3, 1e3))
