"""Assignments: nbgrader's own commands generate them and grade a solved, a wrong and an empty submission."""

from __future__ import annotations

import importlib.util
import os
import sqlite3
import subprocess
import sys
from pathlib import Path

import nbformat
import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES
from course_utils.teach.assignments import CONFIG, assignment, solved, variable
from course_utils.teach.folder import make_folder
from course_utils.teach.grading import full_marks

needs_nbgrader = pytest.mark.skipif(
    importlib.util.find_spec("nbgrader") is None, reason="nbgrader is not installed: python3 course.py test brings it"
)


def nbgrader(course: Path, *words: str) -> None:
    """Run one of nbgrader's commands in a course folder."""
    # nbgrader calls alembic by its name; `course.py test` puts its folder of programs on the PATH.
    env = dict(os.environ) | {"SCALING_LAWS_PROGRESS": "off"}
    line = [sys.executable, "-m", "nbgrader", *words]
    done = subprocess.run(line, cwd=course, env=env, capture_output=True, text=True, timeout=300)
    assert done.returncode == 0, done.stderr[-3000:]


def submit(course: Path, name: str, student: str, answers: dict[str, str]) -> None:
    """Hand in the released notebook with the stub of each answer cell replaced."""
    notebook = nbformat.read(course / "release" / name / f"{name}.ipynb", as_version=4)
    for cell in notebook.cells:
        grade_id = cell.metadata.get("nbgrader", {}).get("grade_id", "")
        if grade_id.startswith("answer-") and grade_id[7:] in answers:
            cell.source = answers[grade_id[7:]]
    folder = course / "submitted" / student / name
    folder.mkdir(parents=True)
    nbformat.write(notebook, folder / f"{name}.ipynb")


def scores(course: Path) -> dict[str, dict[str, float]]:
    """Read the automatic marks of each student from nbgrader's gradebook."""
    asked = """select submitted_assignment.student_id, base_cell.name, grade.auto_score
               from grade join grade_cells on grade.cell_id = grade_cells.id
               join base_cell on base_cell.id = grade.cell_id
               join submitted_notebook on submitted_notebook.id = grade.notebook_id
               join submitted_assignment on submitted_assignment.id = submitted_notebook.assignment_id"""
    found: dict[str, dict[str, float]] = {}
    with sqlite3.connect(course / "gradebook.db") as database:
        for student, cell, score in database.execute(asked):
            found.setdefault(student, {})[cell.removeprefix("test-")] = score
    return found


@needs_nbgrader
@pytest.mark.slow
def test_nbgrader_generates_and_grades_an_assignment(private_bank, tmp_path):
    out = tmp_path / "teaching"
    list(make_folder(out, "vi", ["01"]))
    course = out / "assignments"
    asked = [questions.find(id) for id in questions.names("01")]
    secret = [questions.find(id) for id in questions.names("hn01")]

    nbgrader(course, "generate_assignment", "lesson_01")
    nbgrader(course, "generate_assignment", "lesson_hn01")
    for name in ("lesson_01", "lesson_hn01"):
        released = (course / "release" / name / f"{name}.ipynb").read_text(encoding="utf-8")
        assert "SOLUTION" not in released and "HIDDEN" not in released and 'marks(\\"' not in released
        assert "raise NotImplementedError" in released
    assert "return 2 * np.asarray(x)" not in released and "4.8e+20" not in released

    right = {question.name: solved(question) for question in asked}
    wrong = {question.name: f"{variable(question)} = 'zzz'" for question in asked}
    wrong["halve"] = "answer_halve = 20  # a slip that is known"
    submit(course, "lesson_01", "an", right)
    submit(course, "lesson_01", "bình", wrong)
    submit(course, "lesson_01", "chi", {})
    nbgrader(course, "autograde", "lesson_01")
    marked = scores(course)
    full = {question.name: float(full_marks(question)) for question in asked if question.type != "open"}
    assert marked["an"] == full
    assert marked["bình"] == dict.fromkeys(full, 0.0) | {"halve": 1.0}
    assert marked["chi"] == dict.fromkeys(full, 0.0)

    private = {question.name: solved(question) for question in secret}
    submit(course, "lesson_hn01", "an", private)
    submit(course, "lesson_hn01", "bình", {"which": "answer_which = 'a'", "secret": "answer_secret = '1.6e20 FLOPs'"})
    nbgrader(course, "autograde", "lesson_hn01")
    marked = scores(course)
    assert {name: marked["an"][name] for name in private} == {q.name: float(full_marks(q)) for q in secret}
    assert {name: marked["bình"][name] for name in private} == {"secret": 2.0, "which": 0.0, "double-it": 0.0}


@pytest.mark.parametrize("bank", questions.lessons())
def test_the_source_of_every_assignment_is_whole(language, bank):
    notebook = assignment(bank, language)
    graded = [q for q in map(questions.find, questions.names(bank)) if q.type != "open"]
    nbformat.validate(notebook)
    names = [cell.metadata.nbgrader.grade_id for cell in notebook.cells]
    assert len(set(names)) == len(names)
    assert [name for name in names if name.startswith("test-")] == [f"test-{q.name}" for q in graded]
    for cell in notebook.cells:
        about = cell.metadata.nbgrader
        assert about.schema_version == 3
        assert ("### BEGIN SOLUTION" in cell.source) == about.solution
        assert ("### BEGIN HIDDEN TESTS" in cell.source) == about.grade
        assert about.locked != about.solution


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_folder_is_one_that_nbgrader_reads(folders, code):
    course = folders[code] / "assignments"
    assert (course / "nbgrader_config.py").read_text(encoding="utf-8") == CONFIG
    made = sorted(path.name for path in (course / "source").iterdir())
    lessons = sorted(lesson.name[:2] for lesson in (folders[code] / "student").glob("*.ipynb"))
    assert made == [f"lesson_{lesson}" for lesson in lessons if lesson in questions.lessons()]
    for name in made:
        assert (course / "source" / name / f"{name}.ipynb").is_file()
