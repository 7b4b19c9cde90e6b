"""The report is one page that needs nothing else, says everything, and can be made again from its own code."""

import re
from html.parser import HTMLParser

import numpy as np
import pytest

from course_utils import own_runs, set_language


@pytest.fixture
def result(grid):
    frame = grid.assign(run=[f"r{i}" for i in range(30)], note="x")
    frame.loc[3, "loss"] = np.nan
    return own_runs.analyse(own_runs.read(frame, name="my runs.csv"), budget=1e23, n=30)


class Page(HTMLParser):
    """Gather tags, addresses and text; complain of tags that do not close."""

    def __init__(self, text):
        super().__init__()
        self.open, self.addresses, self.words, self.tags = [], [], [], []
        self.feed(text)
        assert not self.open

    def handle_starttag(self, tag, attributes):
        self.tags.append((tag, dict(attributes)))
        self.addresses += [value for name, value in attributes if name in ("src", "href", "action", "data")]
        if tag not in ("meta", "img", "br", "link"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag

    def handle_data(self, data):
        self.words.append(data)


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_the_page_needs_nothing_else_and_says_everything(result, tmp_path, language):
    set_language(language)
    path = result.report(tmp_path / "report.html", date="2026-11-24")
    text = path.read_text(encoding="utf-8")
    page = Page(text)
    words = " ".join(page.words)
    assert page.addresses and all(address.startswith("data:image/png;base64,") for address in page.addresses)
    assert "http" not in text and "url(" not in text and "<script" not in text
    assert dict(page.tags)["html"]["lang"] == {"en": "en", "vi": "vi", "zh": "zh-Hans"}[language]
    assert dict(page.tags)["img"]["alt"]
    assert result.runs.reading.table.sha256 in words
    assert {"en": "24 November 2026", "vi": "24", "zh": "2026 年 11 月 24 日"}[language] in words
    assert result.verdict.headline.words() in words
    for item in (*result.verdict.can, *result.verdict.cannot, *result.warnings, *result.runs.notes):
        assert item.words() in words
    assert all(row.reason.words() in words for row in result.runs.excluded)
    assert len(text) < 400_000


def test_a_report_is_not_overwritten_unless_told(result, tmp_path):
    path = result.report(tmp_path / "report.html")
    before = path.read_bytes()
    with pytest.raises(FileExistsError, match="overwrite"):
        result.report(path)
    assert path.read_bytes() == before
    result.with_budget(1e24).report(path, overwrite=True)
    assert path.read_bytes() != before
    with pytest.raises(ValueError, match=r"\.html"):
        result.report(tmp_path / "report.pdf")


def test_names_of_the_file_cannot_become_markup(grid, tmp_path):
    frame = grid.assign(run=[f"<script>alert({i})</script>" for i in range(30)]).rename(
        columns={"params": 'params "<b>"'}
    )
    frame.loc[3, "loss"] = np.nan
    reading = own_runs.read(frame, name="<img src=x>.csv")
    text = own_runs.analyse(reading, n=20).report(tmp_path / "r.html").read_text(encoding="utf-8")
    assert "<script" not in text and "<img src=x" not in text and "<b>" not in text
    Page(text)


def test_the_code_on_the_page_comes_to_the_same_numbers(grid, tmp_path, monkeypatch):
    monkeypatch.chdir(tmp_path)
    frame = grid.rename(columns={"params": "size", "loss": "score"}).assign(size=lambda g: g["size"] / 1e9)
    frame.drop(columns="flops").to_csv("mine.csv", index=False)
    reading = own_runs.read("mine.csv", columns={"loss": "score"}, units={"params": "billions"}, leave_out=[5])
    result = own_runs.analyse(reading, budget=1e23, n=30, seed=4)
    set_language("vi")
    from course_utils.own_runs.report import code

    scope: dict = {}
    exec(code(result).replace(".report(", ".report("), scope)
    again = own_runs.analyse(scope["runs"], budget=1e23, n=30, seed=4)
    assert (tmp_path / "report.html").is_file()
    assert again.fit.values == result.fit.values
    assert again.plan == result.plan
    assert [row.line for row in again.runs.excluded] == [5]


def test_the_figure_marks_whose_runs_they_are(result):
    from course_utils.plots.provenance import provenance_of

    figure = result.figure()
    kinds = {p.kind for ax in figure.axes for line in ax.get_lines() if (p := provenance_of(line))}
    assert kinds == {"measured", "fitted"}
    assert "my runs.csv" in figure.get_supxlabel()
    assert re.search("10²³ FLOPs", figure.get_suptitle())


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_no_text_of_the_figure_is_cut_off_or_lies_on_another(result, language):
    from matplotlib.backends.backend_agg import FigureCanvasAgg

    set_language(language)
    for analysis in (result, own_runs.analyse(n=20)):
        figure = analysis.figure()
        canvas = FigureCanvasAgg(figure)
        canvas.draw()
        (width, height), renderer = canvas.get_width_height(), canvas.get_renderer()
        texts = [*figure.texts, *(t for ax in figure.axes for t in (ax.xaxis.label, ax.yaxis.label, *ax.texts))]
        boxes = [text.get_window_extent(renderer) for text in texts if text.get_text()]
        assert all(b.x0 >= 0 and b.y0 >= 0 and b.x1 <= width and b.y1 <= height for b in boxes)
        assert not [(a, b) for i, a in enumerate(boxes) for b in boxes[i + 1 :] if a.overlaps(b)]


def test_runs_of_nearly_one_size_and_runs_of_one_loss_can_be_drawn(grid):
    narrow = own_runs.analyse(grid[["params", "loss"]].assign(params=1e8 * np.linspace(1, 2, 30)), n=20)
    alike = own_runs.analyse(grid[["params", "tokens", "loss"]].assign(loss=3.0), n=20)
    for analysis in (narrow, alike):
        assert 'src="data:image/png' in analysis._repr_html_()
