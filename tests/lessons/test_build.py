"""Notebooks are executed, the same on every build, and refused where an output could not be committed."""

import os
import subprocess
import sys

import nbformat
import pytest

from course_utils.lessons import LANGUAGES, SourceError
from course_utils.lessons.__main__ import main
from course_utils.lessons.build import build
from course_utils.lessons.built import check_built, check_orphans
from course_utils.lessons.check import check_lesson
from course_utils.lessons.status import page_statuses


def only_say(sample, code):
    """Leave one code cell in the lesson, so that a kernel has little to do."""
    text = sample.read("en")
    cells = text.index("```{code-cell} ipython3\n:id: draw")
    sample.write("en", text[:cells] + f"```{{code-cell}} ipython3\n:id: say\n\n{code}\n```\n")


def built_problems(sample, language):
    pages = check_lesson(sample.course, sample.lesson).pages
    return check_built(sample.course, pages["en"], pages[language])


def test_building_twice_changes_no_byte(sample):
    report = build(sample.course, jobs=2, progress=False)
    assert report.problems == () and len(report.written) == 3
    paths = [sample.course.notebook_path(sample.lesson, language) for language in LANGUAGES]
    first = [path.read_bytes() for path in paths]
    again = build(sample.course, languages=["en", "zh"], jobs=2, progress=False)
    assert again.written == () and len(again.unchanged) == 2
    assert [path.read_bytes() for path in paths] == first

    notebooks = [nbformat.reads(content.decode(), as_version=4) for content in first]
    for notebook in notebooks:
        nbformat.validate(notebook)
        assert [cell.execution_count for cell in notebook.cells if cell.cell_type == "code"] == [1, 2, 3, 4]
        assert notebook.cells[3].outputs[0].data["image/png"]
        assert notebook.cells[5].outputs[0].text == "2.05\n"
        assert notebook.cells[5].outputs[1].data["text/plain"] == "{'smallest': 5.348}"
        assert set(notebook.cells[6].outputs[0].data) == {"text/html", "text/plain"}
    for other in notebooks[1:]:
        ours, theirs = notebooks[0].cells, other.cells
        assert [i for i, (a, b) in enumerate(zip(ours, theirs, strict=True)) if a.source != b.source] == [0, 1, 2, 4]
    assert all(built_problems(sample, language) == [] for language in LANGUAGES)
    assert {(one.language, one.built, one.problems) for one in page_statuses(sample.course)} == {
        (language, "yes", 0) for language in LANGUAGES
    }

    # From here on: what makes a committed notebook unfit.
    sample.replace("en", "This page draws one.", "This page draws a law.")
    assert {one.language: (one.stale, one.built) for one in page_statuses(sample.course)} == {
        "en": (0, "out of date"), "vi": (1, "yes"), "zh": (1, "yes"),
    }  # fmt: skip
    (problem,) = built_problems(sample, "en")
    assert problem.rule == "out-of-date" and "'title'" in problem.message

    text = paths[1].read_text(encoding="utf-8")
    paths[1].write_text(text.replace('"2.05\\n"', '"/home/ana\\n"'), encoding="utf-8")
    (problem,) = built_problems(sample, "vi")
    assert problem.rule == "output" and "'say'" in problem.message
    assert '"id": "say"' in text.split("\n")[problem.line - 1]
    paths[1].write_text(text.replace('  "kernelspec"', '  "widgets": {},\n  "kernelspec"'), encoding="utf-8")
    assert "widget-state" in {problem.rule for problem in built_problems(sample, "vi")}
    paths[1].write_text(text.replace('"execution_count": 2,', '"execution_count": 9,', 1), encoding="utf-8")
    assert "order-of-run" in {problem.rule for problem in built_problems(sample, "vi")}
    paths[1].unlink()
    assert [problem.rule for problem in built_problems(sample, "vi")] == ["not-built"]

    assert check_orphans(sample.course) == []
    paths[2].rename(paths[2].with_name("01_gone.ipynb"))
    (problem,) = check_orphans(sample.course)
    assert "without a source" in problem.message


@pytest.mark.parametrize(
    ("code", "said", "line"),
    [
        ("def f():\n    raise ValueError('no')\n\n\nf()", "ValueError: no", 4),
        ("import os\nos._exit(1)", "the kernel died", 0),
    ],
)
def test_a_cell_that_fails_is_refused(sample, code, said, line):
    only_say(sample, code)
    report = build(sample.course, languages=["en"], progress=False)
    assert report.written == () and not sample.course.notebook_path(sample.lesson, "en").exists()
    (problem,) = report.problems
    assert said in problem.message and "'say'" in problem.message
    assert problem.file.endswith("en.md")
    assert problem.line == sample.line_of("en", ":id: say\n") + 2 + line


def test_outputs_that_cannot_be_committed_are_refused(sample):
    cells = {
        "wrote to stderr": "import warnings\nwarnings.warn('careful')",
        "memory address": "object()",
        "path of this machine": "from pathlib import Path\nprint(Path.cwd())",
        "widget without a picture": "import ipywidgets\nipywidgets.IntSlider()",
    }
    only_say(sample, "x = 1")
    with sample.path("en").open("a", encoding="utf-8", newline="\n") as file:
        for number, code in enumerate(cells.values()):
            file.write(f"\n```{{code-cell}} ipython3\n:id: cell-{number}\n\n{code}\n```\n")
    report = build(sample.course, languages=["en"], progress=False)
    assert report.written == () and not sample.course.notebook_path(sample.lesson, "en").exists()
    assert len(report.problems) == len(cells)
    for number, (problem, said) in enumerate(zip(report.problems, cells, strict=True)):
        assert said in problem.message and f"'cell-{number}'" in problem.message
        assert problem.line == sample.line_of("en", f":id: cell-{number}\n") + 2


def test_kernels_see_no_reader_settings(sample, monkeypatch):
    monkeypatch.setenv("COURSE_LANG", "zh")
    monkeypatch.setenv("PYTHONWARNINGS", "ignore")
    only_say(sample, "import os\nprint(os.environ.get('COURSE_LANG'), os.environ.get('PYTHONWARNINGS'), hash('law'))")
    assert build(sample.course, languages=["en"], progress=False).problems == ()
    notebook = nbformat.read(sample.course.notebook_path(sample.lesson, "en"), as_version=4)
    wanted = subprocess.run(
        [sys.executable, "-c", "print(None, None, hash('law'))"],
        env={**os.environ, "PYTHONHASHSEED": "0"}, capture_output=True, text=True, check=True,
    ).stdout  # fmt: skip
    assert notebook.cells[-1].outputs[0].text == wanted


def test_nothing_runs_while_a_source_is_refused(sample):
    sample.replace("vi", "140 tỷ", "14 tỷ")
    with pytest.raises(SourceError, match="numbers of block 'law' differ"):
        build(sample.course, progress=False)
    assert not sample.course.notebook_path(sample.lesson, "en").exists()


def test_jobs_below_one_are_refused(sample):
    with pytest.raises(ValueError, match="jobs: 0 is below 1"):
        build(sample.course, jobs=0)


class TestCommands:
    """`python -m course_utils.lessons`, called in this process."""

    def run(self, sample, *arguments):
        return main(["--root", str(sample.root), *arguments])

    def test_check(self, sample, capsys):
        assert self.run(sample, "check") == 0
        assert capsys.readouterr().out == "1 lesson, 3 pages: no problem.\n"
        sample.replace("vi", "140 tỷ", "14 tỷ")
        assert self.run(sample, "check", "0", "--lang", "vi") == 1
        first, last = capsys.readouterr().out.strip().split("\n")
        assert first.startswith("notebooks/source/00_two_lines/vi.md:14: ") and " Cure: " in first
        assert last == "1 lesson, 2 pages: 1 problem."

    def test_status(self, sample, capsys):
        sample.replace("zh", '"id": "read"', '"id": "reed"')
        assert self.run(sample, "status") == 0
        heads, *rows = [line.split() for line in capsys.readouterr().out.strip().split("\n")]
        assert heads[:6] == ["lesson", "language", "blocks", "missing", "stale", "extra"]
        assert [row[1:6] for row in rows] == [
            ["en", "6", "0", "0", "0"], ["vi", "6", "0", "0", "0"], ["zh", "6", "1", "0", "1"],
        ]  # fmt: skip

    def test_stamp(self, sample, capsys):
        sample.replace("en", "This page draws one.", "This page draws a law.")
        assert self.run(sample, "stamp", "0") == 2
        assert self.run(sample, "stamp", "0", "title", "--all") == 2
        assert self.run(sample, "stamp", "0", "title", "--lang", "en") == 2
        capsys.readouterr()
        assert self.run(sample, "stamp", "0", "title", "--lang", "zh") == 0
        assert "1 block stamped" in capsys.readouterr().out

    @pytest.mark.parametrize(
        ("arguments", "said"),
        [(["check", "9"], "'9'"), (["check", "--lang", "fr"], "'fr'"), (["build", "--jobs", "0"], "jobs: 0")],
    )
    def test_wrong_calls(self, sample, capsys, arguments, said):
        assert self.run(sample, *arguments) == 2
        assert said in capsys.readouterr().err

    def test_build_refuses_a_source(self, sample, capsys):
        sample.replace("vi", "140 tỷ", "14 tỷ")
        assert self.run(sample, "build", "--quiet") == 1
        assert "vi.md:14:" in capsys.readouterr().err
