"""A reader's own file goes through the page with buttons: chosen, settled by keyboard, analysed, planned, saved."""

import numpy as np
import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


@pytest.fixture
def runs_file(tmp_path):
    size, data = (a.ravel() for a in np.meshgrid(np.geomspace(0.1, 10, 6), np.geomspace(2, 200, 5)))
    loss = 1.69 + 406.4 * (size * 1e9) ** -0.34 + 410.7 * (data * 1e9) ** -0.28
    path = tmp_path / "mine.csv"
    lines = [f"{n:.6g};{d:.6g};{y:.6f}".replace(".", ",") for n, d, y in zip(size, data, loss, strict=True)]
    path.write_text("\n".join(["size;tokens (B);val_loss", *lines]), encoding="utf-8")
    return path


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_a_file_goes_from_the_button_to_the_report(open_notebook, lab, runs_file, language):
    notebook = open_notebook(
        [f"from course_utils import own_runs, set_language\nset_language('{language}')\nown_runs.open_runs()"]
    )
    notebook.run_all()
    page = notebook.page
    output = page.locator(".jp-OutputArea-output .own-runs-page").first
    assert output.locator("img").count() == 1
    with page.expect_file_chooser() as chooser:
        output.locator("button").first.press("Enter")
    chooser.value.set_files(runs_file)
    page.wait_for_function("() => /mine\\.csv/.test(document.querySelector('.jp-OutputArea').textContent)")
    assert output.locator("img").count() == 0  # a question is open: nothing is analysed before it is answered
    units = output.locator("select").nth(1)
    units.focus()
    chosen = units.evaluate("select => select.selectedOptions[0].textContent")
    assert chosen == {"en": "billions", "vi": "tỷ", "zh": "十亿"}[language]
    output.locator("button.mod-primary").press("Enter")
    page.wait_for_function("() => document.querySelectorAll('.jp-OutputArea .own-runs-page img').length === 1")
    before = output.locator("img").get_attribute("src")
    handle = notebook.handles().first
    handle.focus()
    page.keyboard.press("ArrowRight")
    page.wait_for_function(
        "before => document.querySelector('.jp-OutputArea .own-runs-page img').src !== before", arg=before
    )
    output.locator("button").last.press("Enter")
    page.wait_for_function("() => /report\\.html/.test(document.querySelector('[role=status]')?.textContent ?? '')")
    report = lab.root / "report.html"
    assert f'lang="{"zh-Hans" if language == "zh" else language}"' in report.read_text(encoding="utf-8")
    report.unlink()
    assert notebook.problems() == []
