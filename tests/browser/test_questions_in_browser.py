"""A learner's path in JupyterLab: wrong, hint, right, the record after a restart; an interview."""

from __future__ import annotations

import pytest

pytestmark = [pytest.mark.browser, pytest.mark.slow]


def _cells(code: str, file: str, *shown: str) -> list[str]:
    first = (
        f"import os\nos.environ['SCALING_LAWS_PROGRESS'] = {file!r}\nfrom course_utils import questions, set_language"
    )
    return [f"{first}\nset_language({code!r})", *shown]


def _said(box, text: str) -> None:
    """Wait until the box says something new and holds it in a live region."""
    box.page.wait_for_function(
        "([box, text]) => [...box.querySelectorAll('[role=status][aria-live=polite]')]"
        ".some(e => e.textContent.includes(text))",
        arg=[box.element_handle(), text],
        timeout=20_000,
    )


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_wrong_hint_right_and_the_record_stays(open_notebook, code, tmp_path):
    from course_utils.i18n import t, using_language
    from course_utils.questions.bank import find

    with using_language(code):
        first, second = (find(f"00.{name}").words() for name in ("unit-of-compute", "six-nd"))
        answered = t("questions.progress_of", asked=2, total="*", right=2, alone=0).split("*")[1].split("0")[0]
    file = str(tmp_path / "progress.sqlite")
    notebook = open_notebook(_cells(code, file, "questions.quiz('00', role='placement')"))
    notebook.run_all()
    page = notebook.page
    box = page.locator(".scaling-questions")
    assert box.count() == 1

    # Everything by keyboard: the wrong choice, the button, a hint, the right choice, on to the next.
    choices = box.locator("input[type=radio]")
    choices.nth(0).focus()
    page.keyboard.press("Space")
    buttons = box.locator("button")
    buttons.nth(0).focus()
    page.keyboard.press("Enter")
    _said(box, first["feedback"]["a"][:30])
    page.keyboard.press("Tab")
    page.keyboard.press("Enter")
    _said(box, first["hints"][0][:30])
    choices.nth(0).focus()
    page.keyboard.press("Tab")
    page.keyboard.press("Space")
    buttons.nth(0).focus()
    page.keyboard.press("Enter")
    _said(box, first["feedback"]["b"][:30])
    box.locator("button.mod-primary").focus()
    page.keyboard.press("Enter")
    _said(box, second["text"][:20])
    field = box.locator("input[type=text]")
    field.fill(str(2 * 70e9 * 1.4e12))
    field.press("Enter")
    _said(box, second["feedback"]["two_nd"][:20])
    field.fill("5.88 × 10^23 FLOPs")
    field.press("Enter")
    _said(box, second["feedback"]["right"][:20])
    assert notebook.problems() == []

    # A new kernel, as on another day.
    later = open_notebook(_cells(code, file, "questions.progress()"))
    later.run_all()
    shown = later.page.locator(".jp-OutputArea-output.jp-RenderedHTMLCommon").last
    assert answered in shown.inner_text()
    link = shown.locator("a[href*='00_start_here.ipynb']")
    assert link.count() == 1, "it took a hint"
    assert later.problems() == []


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_an_interview_from_choice_to_report(open_notebook, code, tmp_path):
    file = str(tmp_path / "progress.sqlite")
    call = "made = questions.interview(level='screen', minutes=4, topics='moe', seed=2)\nmade"
    notebook = open_notebook(_cells(code, file, call))
    notebook.run_all()
    page, box = notebook.page, notebook.page.locator(".scaling-questions")
    box.locator("button").first.focus()
    page.keyboard.press("Enter")
    page.wait_for_function("() => / ?[01]:[0-5][0-9]/.test(document.querySelector('.scaling-questions').innerText)")
    before = box.inner_text()
    page.wait_for_function("before => document.querySelector('.scaling-questions').innerText !== before", arg=before)
    for last in (False, True):
        box.locator("textarea").fill("…")
        box.locator("button").first.click()
        box.locator("input[type=checkbox]").first.wait_for()
        points = box.locator("input[type=checkbox]")
        assert 3 <= points.count() <= 6
        points.first.check()
        box.locator("button").first.click()
        page.wait_for_function("() => document.querySelectorAll('.scaling-questions button').length >= 2")
        box.locator("button").nth(1).click()
        if not last:
            page.wait_for_function("() => document.querySelectorAll('.scaling-questions button').length === 1")
    box.locator("[role=status] li").first.wait_for()
    assert box.locator("[role=status] li").count() == 2
    assert notebook.problems() == []
