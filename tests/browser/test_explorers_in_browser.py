"""Every explorer in JupyterLab: it shows, its sliders move the picture by keyboard, its buttons work, nothing fails."""

from __future__ import annotations

import statistics

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]

# A small made-up ladder, so that the test needs no table of measurements.
LADDER = """import pandas
ladder = pandas.DataFrame(
    [("grid", d, c, c, s, 1.6 + 2.5 * (c / 1e11) ** -0.12 + d / 1e4 + s / 1e2)
     for c in (1e11, 3e11, 1e12, 3e12) for d in (16, 32, 64) for s in (0, 1)],
    columns=["set", "d_model", "budget", "flops", "seed", "loss_nats"])"""


def _cells(code: str) -> list[str]:
    return [
        f"import course_utils\ncourse_utils.set_language({code!r})\nfrom course_utils import explorers",
        LADDER,
        "explorers.shape_of_a_law()",
        "explorers.foretell_the_big_run(ladder)",
        "explorers.cost_of_a_run()",
    ]


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_explorers_follow_the_keyboard(open_notebook, code, capsys):
    notebook = open_notebook(_cells(code))
    notebook.run_all()
    assert notebook.problems() == []
    page = notebook.page
    assert page.locator(".scaling-explorer").count() == 3
    # The live widget is preferred to the still picture of the same output.
    assert page.locator(".jp-OutputArea-output.jp-RenderedImage").count() == 0
    assert page.locator(".scaling-explorer img.widget-image").count() == 3
    for image in page.locator(".scaling-explorer img.widget-image").all():
        assert image.evaluate("e => e.complete && e.naturalWidth") == 1520
        assert len(image.get_attribute("title")) > 20

    handles, times = notebook.handles(), []
    assert handles.count() >= 3 + 4 + 6
    for row in range(handles.count()):
        # A handle that stands at one end of its slider answers to the other key.
        moved = [notebook.press(handles.nth(row), key, patience=5) for key in ("ArrowRight", "ArrowLeft")]
        assert any(moved), f"slider {row} does not move the picture"
        times += [ms for ms in moved if ms is not None]
    with capsys.disabled():
        print(f"\n{code}: key press to new pixels, median {statistics.median(times):.0f} ms, worst {max(times):.0f} ms")
    assert notebook.problems() == []


def test_a_round_of_the_game_and_a_reset(open_notebook):
    notebook = open_notebook(_cells("en"))
    notebook.run_all()
    game = notebook.page.locator(".scaling-explorer").nth(1)
    words = game.locator("[role=status]")
    before = words.inner_text()
    game.get_by_role("button", name="Commit and reveal").press("Enter")
    game.locator("table").wait_for()
    assert "Measured" in words.inner_text()
    assert game.locator("table tbody tr").count() == 3
    assert game.get_by_role("button", name="Commit and reveal").is_disabled()
    game.get_by_role("button", name="Next, larger budget").press("Enter")
    notebook.page.wait_for_function(
        "() => !document.querySelectorAll('.scaling-explorer [role=status]')[1].textContent.includes('Measured')"
    )
    game.get_by_role("button", name="Start over").press("Enter")
    game.locator("table").wait_for(state="detached")
    assert words.inner_text() == before
    assert notebook.problems() == []


@pytest.mark.parametrize("width", [900, 1400])
@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_no_label_is_cut(open_notebook, code, width):
    notebook = open_notebook(_cells(code), width=width)
    notebook.run_all()
    cut = notebook.page.evaluate(
        """() => [...document.querySelectorAll(
            '.scaling-explorer .widget-label, .scaling-explorer .widget-readout, .scaling-explorer button')]
            .filter(e => e.offsetParent && e.scrollWidth > e.clientWidth + 1).map(e => e.textContent)"""
    )
    assert cut == []
    wide = notebook.page.evaluate(
        """() => [...document.querySelectorAll('.scaling-explorer img.widget-image')].map(e =>
            [e.getBoundingClientRect().width, e.closest('.jp-OutputArea-output').clientWidth,
             e.getBoundingClientRect().width / e.getBoundingClientRect().height, e.naturalWidth / e.naturalHeight])"""
    )
    for shown, room, ratio, natural in wide:
        assert shown <= room
        assert ratio == pytest.approx(natural, rel=0.01)
