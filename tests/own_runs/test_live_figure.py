"""The figure under the slider: the static one, moved and not drawn anew."""

import io

import numpy as np
import pandas as pd
import pytest
from PIL import Image

from course_utils import own_runs, set_language
from course_utils.own_runs.figure import draw
from course_utils.own_runs.live_figure import LiveFigure
from course_utils.plots import png_bytes


@pytest.fixture(scope="module")
def sample():
    return own_runs.analyse(own_runs.read(), n=100)


def budgets(analysis):
    """The ends of the page's slider, and what lies between."""
    flops = analysis.runs.flops
    ends = np.floor(np.log10(flops.min())), np.ceil(np.log10(flops.max()) + 4)
    return [analysis.with_budget(10.0**x) for x in np.linspace(*ends, 7)]


def grey(content):
    return np.asarray(Image.open(io.BytesIO(content)).convert("L").resize((152, 70), Image.Resampling.BOX), float)


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_the_moved_figure_is_the_one_that_is_drawn_anew(sample, language):
    set_language(language)
    live = LiveFigure(sample)
    for analysis in budgets(sample):
        shown = live.png(analysis)
        figure = draw(analysis)
        figure.draw_without_rendering()
        left, moved = figure.axes[0], live._parts.left
        figure.set_layout_engine("none")
        for axes, mine in zip(figure.axes, (moved, live._parts.right), strict=True):
            axes.set_position(mine.get_position())
        assert np.abs(grey(shown) - grey(png_bytes(figure, scale=2.0))).mean() < 1.5  # a moved axis: 6
        for limits in ("get_xlim", "get_ylim"):
            assert getattr(moved, limits)() == getattr(left, limits)()
        for axis, mine in zip((left.xaxis, left.yaxis), live._axes, strict=True):
            low, high = axis.get_view_interval()
            ticks = [tick.label1.get_text() for tick in axis.get_major_ticks() if low <= tick.get_loc() <= high]
            assert [label.get_text() for label in mine._labels if label.get_visible()] == ticks
        assert figure._suptitle.get_text() == live._parts.message.get_text()


def test_only_what_follows_the_plan_is_drawn_again(sample):
    live = LiveFigure(sample)
    first = live.png(sample)
    picture, axes = live._picture, list(live._picture.figure.axes)
    shown = [live.png(analysis) for analysis in budgets(sample)]
    assert len(set(shown)) == len(shown)
    assert live._picture is picture and picture.figure.axes == axes and picture.backgrounds_drawn == 1
    assert live.png(sample) == first
    assert live.shows(sample.with_budget(1e16)) and not live.shows(own_runs.analyse(own_runs.read(), n=100))


@pytest.mark.parametrize("exponent", [0.34, 0.02, 2.0])
def test_the_name_of_the_axis_stands_clear_of_every_label_of_a_tick(exponent):
    params = np.geomspace(1e7, 1e9, 8)
    loss = 1.5 + 2 * (params / 1e7) ** -exponent
    result = own_runs.analyse(pd.DataFrame({"params": params, "tokens": 20 * params, "loss": loss}), n=50)
    live = LiveFigure(result)
    for analysis in budgets(result):
        live.png(analysis)
        renderer = live._picture.figure.canvas.get_renderer()
        name = live._parts.left.yaxis.label.get_window_extent(renderer)
        labels = [label for label in live._axes[1]._labels if label.get_visible()]
        assert len(labels) >= 2 and name.x0 >= 0
        assert all(label.get_window_extent(renderer).x0 > name.x1 for label in labels)
    live._room = 0  # as if its labels had become longer than it has room for
    assert live.png(result) == LiveFigure(result).png(result)


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_the_plans_label_stays_beside_the_runs(sample, language):
    set_language(language)
    for analysis in budgets(sample):
        figure = draw(analysis)
        figure.draw_without_rendering()
        left = figure.axes[0]
        (label,) = (text for text in left.texts if text.get_text())
        words, inside = label.get_window_extent(), left.get_window_extent()
        assert inside.x0 <= words.x0 and words.x1 <= inside.x1


def test_a_step_of_the_slider_sends_what_changed_and_leaves_the_slider_alone():
    page = own_runs.open_runs()
    page.widget()
    view = page._view
    sent = []
    for name in ("image", "plan", "fitted", "budget", "result", "box"):
        getattr(view, name).observe(lambda change, name=name: sent.append((name, change["name"])))
    view.budget.value = 10 ** (np.log10(view.budget.value) + 0.05)
    assert sorted(sent) == [("budget", "value"), ("image", "tooltip"), ("image", "value"), ("plan", "value")]
    assert page.analysis.plan.flops == float(f"{view.budget.value:.3g}")
    assert page.analysis.summary() == own_runs.analyse(own_runs.read(), budget=page.analysis.plan.flops).summary()


def test_another_file_gets_a_figure_of_its_own(grid):
    page = own_runs.open_runs()
    page.widget()
    view, before = page._view, page._view.image.value
    assert view.image in view.box.children
    page.open(grid.to_csv(index=False).encode(), "mine.csv")
    page.analyse()
    assert view.image.value != before and "mine.csv" in view.image.tooltip and view.image in view.box.children
    page.choose(columns={"flops": None})
    assert page.analysis is None and view.image not in view.box.children and view.saving.layout.display == "none"
