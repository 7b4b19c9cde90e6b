"""The page with buttons: what each button does, without a browser."""

import datetime

import numpy as np
import pytest

from course_utils import own_runs, set_language


@pytest.fixture
def content(grid):
    return (
        grid[["params", "tokens", "loss"]]
        .rename(columns={"params": "size"})
        .assign(size=lambda g: g["size"] / 1e9)
        .to_csv(index=False)
        .encode()
    )


def upload(page, name, content):
    view = page._view
    view.upload.value = ({"name": name, "type": "text/csv", "size": len(content), "content": memoryview(content),
                          "last_modified": datetime.datetime(2026, 11, 24)},)  # fmt: skip


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_the_sample_shows_a_result_at_once_and_without_a_kernel(language):
    set_language(language)
    page = own_runs.open_runs()
    bundle = page._repr_mimebundle_()
    assert bundle["text/plain"] == page.analysis.summary()
    assert bundle["image/png"].startswith("iVBOR") and len(bundle["image/png"]) < 80_000
    assert "application/vnd.jupyter.widget-view+json" in bundle
    assert f'lang="{language}"' in page._view.result.value


def test_a_file_goes_through_the_page_to_a_report(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = own_runs.open_runs()
    page.widget()
    view = page._view
    upload(page, "mine.csv", content)
    assert page.reading.name == "mine.csv" and page.analysis is None
    assert view.columns["params"].value == "size" and view.units["params"].value == "billions"
    assert "size" in view.result.value and view.saving.layout.display == "none"
    view.units["params"].value = "millions"
    assert page.reading.units["params"].value == "millions"
    view.units["params"].value = "billions"
    page.analyse()
    assert page.analysis.fit["alpha"] == pytest.approx(0.34, abs=1e-3)
    assert view.saving.layout.display == "flex"
    view.budget.value = 1e24
    assert page.analysis.plan.flops == 1e24
    view.save_as.value = "mine.html"
    view._save()
    assert (tmp_path / "mine.html").is_file() and "mine.html" in view.message.value
    view._save()
    assert page.refused and 'role="alert"' in view.message.value
    view.replace.value = True
    view._save()
    assert not page.refused
    view.save_as.value = "nowhere/mine.html"
    view._save()
    assert page.refused and "nowhere/mine.html" in page.message


def test_what_is_refused_is_said_on_the_page_and_the_file_before_stays(content, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    page = own_runs.open_runs(content)
    page.widget()
    upload(page, "bad.csv", b"a,b\n1,2\n")
    assert page.refused and "bad.csv" in page._view.message.value
    assert page.reading.table.header == ("size", "tokens", "loss")
    page.open("nowhere.csv")
    assert page.refused and "nowhere.csv" in page.message
    page._view.leave_out.value = "seven"
    assert page.refused and "seven" in page.message
    page._view.leave_out.value = "3, 5"
    assert not page.refused and page.reading.choices.leave_out == (3, 5)
    page._view.leave_out.value = "999"
    assert page.refused and page.reading.choices.leave_out == (3, 5)
    page._view.columns["loss"].value = ""
    assert page.refused and page._view.columns["loss"].value == "loss"


def test_a_column_that_is_not_in_the_file_can_be_said_to_be_absent():
    page = own_runs.open_runs()
    page.widget()
    page._view.columns["budget"].value = ""
    assert "budget" not in page.reading.columns and page.analysis is None
    page.analyse()
    assert page.analysis is not None and page._view.columns["budget"].value == ""


def test_the_slider_holds_every_budget_that_is_asked_for(content):
    page = own_runs.open_runs(content, budget=1e30)
    page.analyse()
    page.widget()
    assert page._view.budget.value == pytest.approx(1e30)
    page.set_budget(1e12)
    assert page._view.budget.value == pytest.approx(1e12)
    assert np.isfinite(page.analysis.plan.loss)


def test_the_page_keeps_its_language():
    set_language("zh")
    page = own_runs.open_runs()
    page.widget()
    set_language("en")
    page.set_budget(1e15)
    assert "10¹⁵ FLOPs 的方案" in page._view.plan.value
