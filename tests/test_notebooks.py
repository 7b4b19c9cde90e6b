"""The committed notebooks: what the sources give, fit to be committed, and what their cells print today.

Each notebook runs under nbval in a process of its own, two or more at once, so that a plain ``python -m pytest`` checks
them all. nbval compares every text output, in every language. It leaves out ``image/png`` (pixels differ between
versions of FreeType) and the live widget entry, which has a random id and which the builder does not commit.
"""

import json
import os
import subprocess
import sys
import tempfile
from concurrent.futures import ThreadPoolExecutor

import pytest

from course_utils.lessons import LANGUAGES, Course
from course_utils.lessons.built import check_built, check_orphans
from course_utils.lessons.check import check_course
from course_utils.lessons.execute import CellFailed, execute, kernel_environment
from course_utils.lessons.merge import merge
from course_utils.lessons.published import fetch_tables, published_tables

COURSE = Course.of_this_package()
NOTEBOOKS = [
    f"{language}/{path.stem}"
    for language in LANGUAGES
    for path in sorted((COURSE.root / "notebooks" / language).glob("*.ipynb"))
]


@pytest.fixture(scope="module")
def checked():
    """Check every source once for all tests of this module."""
    return check_course(COURSE)


def test_there_are_lessons_and_each_is_built_in_every_language():
    wanted = {f"{language}/{lesson}" for lesson in COURSE.lessons() for language in LANGUAGES}
    assert wanted, "notebooks/source/ holds no lesson"
    assert set(NOTEBOOKS) == wanted


def test_sources_pass_every_rule(checked):
    _, problems = checked
    assert not problems, "\n" + "\n".join(map(str, problems))


def test_no_notebook_without_a_source():
    assert check_orphans(COURSE) == []


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_notebook_is_what_its_source_gives(notebook, checked):
    language, name = notebook.split("/")
    pages = next((lesson.pages for lesson in checked[0] if lesson.name == name), {})
    assert {"en", language} <= pages.keys(), f"the sources of {name} cannot be read"
    problems = check_built(COURSE, pages["en"], pages[language])
    assert not problems, "\n" + "\n".join(map(str, problems))


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_notebook_has_no_empty_box(notebook):
    path = COURSE.root / "notebooks" / f"{notebook}.ipynb"
    outputs = [output for cell in json.loads(path.read_text("utf-8"))["cells"] for output in cell.get("outputs", [])]
    said = json.dumps(outputs, ensure_ascii=False)
    assert "missing from font" not in said and "missing from current font" not in said
    assert "\u25a1" not in said and "\ufffd" not in said


@pytest.fixture(scope="module")
def nbval_runs(request, checked):
    """Start nbval on every selected notebook, as many at once as there are cores; give name -> future.

    Published tables are fetched first: two downloads at once are waste, and a progress bar is output.
    """
    selected = [
        item.callspec.params["notebook"]
        for item in request.session.items
        if getattr(item, "originalname", "") == "test_outputs_are_what_the_cells_give_today" and item.callspec.params
    ]
    for lesson in sorted({notebook.split("/")[1] for notebook in selected}):
        fetch_tables(_english(checked, lesson))
    with ThreadPoolExecutor(os.cpu_count() or 1) as pool, tempfile.TemporaryDirectory() as folder:
        runs = {notebook: pool.submit(run_nbval, notebook, folder) for notebook in selected}
        yield runs
        for run in runs.values():
            run.cancel()


def run_nbval(notebook: str, ipython_folder: str) -> subprocess.CompletedProcess:
    # A config of its own: options of the project's tests (paths, markers, plugins) do not concern the notebooks.
    command = [sys.executable, "-m", "pytest", "-p", "nbval.plugin"]
    command += ["--nbval", "--nbval-current-env", "--color=no", "-q", "--tb=short"]
    command += ["-p", "no:cacheprovider", "-o", "addopts=", f"--rootdir={COURSE.root}"]
    command += [str(COURSE.root / "notebooks" / f"{notebook}.ipynb")]
    environment = kernel_environment(ipython_folder)
    environment.pop("PYTEST_ADDOPTS", None)
    environment["PYTEST_DISABLE_PLUGIN_AUTOLOAD"] = "1"  # the other plugins take a second to load, every time
    return subprocess.run(
        command, env=environment, cwd=COURSE.root, capture_output=True, encoding="utf-8", errors="replace"
    )


@pytest.fixture(scope="module", autouse=True)
def published_data(published_source, tmp_path_factory):
    """Let the notebooks find published tables where the other tests find them."""
    with pytest.MonkeyPatch.context() as patch:
        if published_source is not None:
            patch.setenv("SCALING_LAWS_CACHE", str(tmp_path_factory.mktemp("cache")))
            patch.setenv("SCALING_LAWS_MIRROR", published_source)
        yield


def _english(checked, lesson: str):
    return next(one.pages["en"] for one in checked[0] if one.name == lesson)


@pytest.mark.parametrize("lesson", COURSE.lessons())
def test_lesson_goes_on_without_published_data(lesson, checked, tmp_path, monkeypatch):
    """Every cell runs where neither a cache nor a source has the published tables."""
    english = _english(checked, lesson)
    if not published_tables(english):
        pytest.skip("reads no published table")
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "cache"))
    monkeypatch.setenv("SCALING_LAWS_MIRROR", str(tmp_path / "nothing-here"))
    notebook = merge(english, english)
    try:
        execute(notebook, tmp_path)
    except CellFailed as failed:
        pytest.fail(f"cell {failed.cell_id!r}, line {failed.line}: {failed.reason}")
    assert "The lesson goes on without it." in json.dumps(notebook.cells)


@pytest.mark.parametrize("notebook", NOTEBOOKS)
def test_outputs_are_what_the_cells_give_today(notebook, nbval_runs, checked):
    missing = fetch_tables(_english(checked, notebook.split("/")[1]))
    if missing:
        pytest.skip(f"published data not to be had here: {missing[0].message}")
    if notebook.startswith("zh/"):
        from course_utils.plots.fonts import chinese_family

        if chinese_family() is None:
            pytest.skip("no Chinese font here: the page says so and draws in English (Debian: fonts-noto-cjk)")
    run = nbval_runs[notebook].result()
    assert run.returncode == 0, f"\n{run.stdout[-6000:]}\n{run.stderr[-2000:]}"
    assert " passed" in run.stdout, run.stdout
