"""Slides: nothing is fetched, every lesson opens, everything fits, in three languages."""

from __future__ import annotations

import re
import time
from pathlib import Path

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook, new_output

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.lessons import Course
from course_utils.teach.answer_key import plain
from course_utils.teach.mathml import with_mathml
from course_utils.teach.notes import read_notes
from course_utils.teach.slides import addresses_fetched, missing_parts, slide_page
from course_utils.teach.storyboard import CODE_LINES, OUTPUT_LINES, lead, shortened, slides_of

COURSE = Course.of_this_package()
needs_slides = pytest.mark.skipif(
    bool(missing_parts()), reason=f"not installed: {', '.join(missing_parts())} (python3 course.py teach brings them)"
)
PAGES = [
    (code, lesson) for code in LANGUAGES for lesson in COURSE.lessons() if COURSE.notebook_path(lesson, code).is_file()
]


def story(code: str, lesson: str) -> list:
    notebook = nbformat.read(COURSE.notebook_path(lesson, code), as_version=4)
    with using_language(code):
        return slides_of(notebook, read_notes(COURSE, lesson, code))


@pytest.mark.parametrize(("code", "lesson"), PAGES)
def test_all_prose_is_spoken_and_all_figures_are_shown(code, lesson):
    notebook = nbformat.read(COURSE.notebook_path(lesson, code), as_version=4)
    slides = story(code, lesson)
    spoken = "\n\n".join("\n\n".join(slide.spoken) for slide in slides)
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            first, _, rest = cell.source.partition("\n")
            prose = rest.strip() if first.startswith(("# ", "## ")) else cell.source.strip()
            assert prose in spoken, cell.id

    def figures(cells):
        return [o.data["image/png"] for c in cells for o in c.get("outputs", []) if "image/png" in o.get("data", {})]

    assert figures(cell for slide in slides for cell in slide.shown) == figures(notebook.cells)
    headings = [
        cell.source.split("\n")[0].lstrip("# ") for cell in notebook.cells if cell.source.startswith(("# ", "## "))
    ]
    assert [slide.heading for slide in slides if slide.opens] == headings
    for slide in slides:
        assert all(cell.source.count("\n") < CODE_LINES for cell in slide.shown)


@pytest.mark.parametrize(("code", "lesson"), PAGES)
def test_answers_are_with_the_speaker_and_not_on_the_slide(code, lesson):
    slides = story(code, lesson)
    shown = "\n".join(word for slide in slides for word in slide.words)
    with using_language(code):
        for id in [id for id in questions.names() if id.startswith(lesson[:2])]:
            assert plain(questions.find(id).words()["solution"]) not in shown


@needs_slides
@pytest.mark.parametrize("code", LANGUAGES)
def test_slides_fetch_nothing(folders, code):
    pages = sorted((folders[code] / "slides").glob("*.html"))
    assert [page.stem for page in pages] == [lesson for c, lesson in PAGES if c == code]
    for page in pages:
        text = page.read_text(encoding="utf-8")
        assert addresses_fetched(text) == []
        assert not re.search(r"<(script|link|img|iframe)[^>]*\b(src|href)=[\"']?(https?:)?//", text)
        assert f'<html lang="{code}">' in text
        assert "MathJax" not in re.sub(r"<script>.*?</script>", "", text, flags=re.DOTALL)
        assert "$" not in re.sub(
            r"<(script|style|pre|code)\b.*?</\1>|<span>&#36;</span>|<span>\$</span>", "", text, flags=re.S
        )


@needs_slides
@pytest.mark.browser
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_slide_opens_without_a_network_and_fits(chromium, folders, code):
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        browser = play.chromium.launch(executable_path=chromium, args=["--no-sandbox"])
        try:
            for path in sorted((folders[code] / "slides").glob("*.html")):
                _look_through(browser, path)
        finally:
            browser.close()


def _look_through(browser, path: Path) -> None:
    page = browser.new_context(viewport={"width": 1280, "height": 720}, offline=True).new_page()
    asked, errors = [], []
    page.on("request", lambda request: asked.append(request.url))
    page.on("pageerror", lambda error: errors.append(str(error)))
    page.goto(path.as_uri())
    page.wait_for_function("window.Reveal && Reveal.isReady()", timeout=20_000)
    total = page.evaluate("Reveal.getTotalSlides()")
    assert total >= 10
    begun = time.monotonic()
    for number in range(total):
        where = f"{path.name}, slide {number + 1}"
        seen = page.evaluate(
            """() => {
              const slide = Reveal.getCurrentSlide();
              const images = [...slide.querySelectorAll('img')];
              return {
                high: slide.scrollHeight, wide: slide.scrollWidth - slide.clientWidth,
                size: parseFloat(slide.style.fontSize || '100'),
                words: slide.innerText.trim().length,
                broken: images.filter(image => !image.complete || image.naturalWidth === 0).length,
                small: images.filter(image => image.clientWidth < 300).length,
              };
            }"""
        )
        assert seen["high"] <= 720 and seen["wide"] <= 2, f"{where} does not fit: {seen}"
        assert seen["size"] >= 60, f"{where} is set too small to read: {seen}"
        assert seen["words"] > 0 and seen["broken"] == 0 and seen["small"] == 0, f"{where}: {seen}"
        page.evaluate("while (Reveal.nextFragment()); Reveal.next()")
        assert time.monotonic() - begun < 120
    assert [url for url in asked if not url.startswith(("file:", "data:"))] == [] and errors == []
    page.context.close()


@needs_slides
def test_what_a_page_would_fetch_is_refused():
    lesson = new_notebook(cells=[new_markdown_cell("# Why?\n\n![a](https://example.org/a.png)\n\n- x", id="title")])
    lesson.cells.append(new_markdown_cell("## Then?\n\n- ![a](https://example.org/a.png)", id="then"))
    with pytest.raises(ValueError, match=r"would fetch https://example\.org/a\.png"):
        slide_page(lesson, None, "Why?")


@needs_slides
def test_a_formula_that_cannot_be_drawn_is_named():
    drawn = with_mathml("$$\nL = E + \\frac{A}{N^{\\alpha}}\n$$ and `$x$`")
    assert "<mfrac>" in drawn and "`$x$`" in drawn and "\n" not in drawn.split(" and ")[0]
    for fault, cause in (("a^b^c", "a\\^b"), ("\\begin{matrix} a", "matrix"), ("\\nosuch x", "nosuch is not known")):
        with pytest.raises(ValueError, match=cause):
            with_mathml(f"${fault}$")


def test_long_code_and_long_outputs_are_cut():
    code = "import numpy as np\n" + "\n".join(f"x{i} = {i}" for i in range(9))
    cell = new_code_cell(code, outputs=[new_output("stream", text="\n".join(map(str, range(40))))])
    short = shortened(cell)
    assert short.source.split("\n") == [*(f"x{i} = {i}" for i in range(5)), "# …"]
    assert len(short.outputs[0].text.split("\n")) == OUTPUT_LINES
    assert len(cell.source.split("\n")) == 10, "the lesson itself is left as it is"


@pytest.mark.parametrize(("prose", "words"), [
    ("看一眼就够。它到底有多长？这里还有一句。", ["看一眼就够。它到底有多长？"]),
    ("| a |\n|---|\n| 1 |\n\nText.", ["Text.", "| a |\n|---|\n| 1 |"]),
    ("$$\nx\n$$", ["$$\nx\n$$"]),
    ("- one\n- two", ["- one\n- two"]),
    ("", []),
])  # fmt: skip
def test_what_a_slide_takes_from_prose(prose, words):
    assert lead(prose) == words
