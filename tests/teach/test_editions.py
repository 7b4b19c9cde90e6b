"""What a teacher gets and what a class gets."""

from __future__ import annotations

import json
import re

import nbformat
import pytest
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.lessons import Course
from course_utils.teach.answer_key import accepted, answer_block, answer_text, mark_scheme, plain
from course_utils.teach.asked import asked_in
from course_utils.teach.editions import student_edition, teacher_edition
from course_utils.teach.folder import make_folder
from course_utils.teach.grading import full_marks, marks
from course_utils.teach.notes import read_notes

COURSE = Course.of_this_package()


def read(folder, part):
    return {path.stem: nbformat.read(path, as_version=4) for path in sorted((folder / part).glob("*.ipynb"))}


def lessons_of(language):
    return [lesson for lesson in COURSE.lessons() if COURSE.notebook_path(lesson, language).is_file()]


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_built_lesson_has_both_editions_that_are_valid_notebooks(folders, code):
    for part in ("teacher", "student"):
        made = read(folders[code], part)
        assert list(made) == lessons_of(code)
        for notebook in made.values():
            nbformat.validate(notebook)
            assert len({cell.id for cell in notebook.cells}) == len(notebook.cells)


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_teacher_finds_an_answer_under_every_question(folders, code):
    for lesson, notebook in read(folders[code], "teacher").items():
        asking = 0
        for cell, after in zip(notebook.cells, [*notebook.cells[1:], None], strict=True):
            asked = asked_in(cell.source) if cell.cell_type == "code" else []
            if asked:
                asking += 1
                assert after.metadata.tags == ["teacher"]
                for id in asked[0].ids:
                    assert re.search(rf"<summary>[^\n]*{re.escape(id)}", after.source), f"{lesson}: {cell.id}"
        if lesson[:2] in questions.lessons():
            assert asking > 0, f"{lesson} asks nothing"


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_first_cell_is_for_the_teacher_and_links_to_blocks_that_exist(folders, code):
    for lesson, notebook in read(folders[code], "teacher").items():
        cover = notebook.cells[0]
        assert cover.id == "for-the-teacher"
        notes = read_notes(COURSE, lesson, code)
        if notes is None:
            assert "](#" not in cover.source
            continue
        linked = re.findall(r"\]\(#cell-id=([^)]+)\)", cover.source)
        wanted = [section.id for section in notes.sections] + [each.block for each in notes.misconceptions]
        assert linked == wanted and set(linked) <= {cell.id for cell in notebook.cells}
        for goal in notes.goals:
            assert plain(goal) in cover.source


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_students_copy_holds_no_output_and_no_answer(folders, code):
    for lesson, notebook in read(folders[code], "student").items():
        text = json.dumps(notebook, ensure_ascii=False)
        with using_language(code):
            for id in [id for id in questions.names() if id.startswith(lesson[:2])]:
                assert plain(questions.find(id).words()["solution"]) not in text, id
        for cell in notebook.cells:
            assert "teacher" not in cell.metadata.get("tags", [])
            if cell.cell_type == "code":
                assert cell.outputs == [] and cell.execution_count is None
                assert not re.search(r"(?<!\w)solution\(", cell.source)
        original = nbformat.read(COURSE.notebook_path(lesson, code), as_version=4)
        assert [c.source for c in notebook.cells] == [c.source for c in original.cells], "stubs and prose as they were"


def test_solutions_in_a_lesson_do_not_reach_the_class():
    cells = [
        new_markdown_cell("# T", id="title"),
        new_code_cell('questions.solution("01.halve")', id="peek"),
        new_code_cell("answer = 2**20", id="solved", metadata={"tags": ["solution"]}),
        new_code_cell("from course_utils.questions import check, solution\ncheck('01.halve', None)", id="exercise"),
    ]
    lesson = new_notebook(cells=cells)
    assert [cell.id for cell in student_edition(lesson).cells] == ["title", "exercise"]
    assert len(lesson.cells) == 4, "the lesson itself is left as it is"
    assert [cell.id for cell in teacher_edition(lesson, None).cells][-2:] == ["exercise", "answer-1-exercise"]


@pytest.mark.parametrize("id", [id for id in questions.names()])
def test_every_question_has_an_answer_and_a_mark_scheme(language, id):
    question = questions.find(id)
    block = answer_block(id, with_text=True)
    assert "\n\n" not in block, "an empty line would end the HTML in a Markdown cell"
    assert not re.search(r"(?<!>)\$", block) and "`" not in block
    scheme = mark_scheme(question)
    if question.type == "open":
        assert len(scheme) == len(question.words()["rubric"])
        return
    assert scheme[0][1] == str(full_marks(question)) and scheme[-1][1] == "0"
    assert len(scheme) == 2 + len(question.slip_keys)
    assert answer_text(question)


@pytest.mark.parametrize("id", [id for id in questions.names() if questions.find(id).type == "number"])
def test_what_the_answer_key_accepts_the_checker_accepts(id):
    question = questions.find(id)
    low, high = accepted(question)
    middle = question.answer
    assert low <= middle <= high
    for value in (middle, middle + 0.98 * (high - middle), middle + 0.98 * (low - middle)):
        assert marks(id, value) == full_marks(question)
    for slip in question.slips.values():
        assert marks(id, slip) == full_marks(question) / 2
    assert marks(id, high * 7 + 3) in (0, full_marks(question) / 2)


def test_questions_are_found_however_they_are_called():
    assert [asked.ids for asked in asked_in('import x\ny = questions.check("01.halve", f("01.gpt3"))')] == [
        ("01.halve",)
    ]
    (quiz,) = asked_in('quiz("01", role="exercise")')
    assert quiz.kind == "quiz" and set(quiz.ids) == set(questions.names("01", role="exercise"))
    (grade,) = asked_in('questions.grade("00", answers)')
    assert len(grade.ids) == 10
    assert asked_in("check(name, 1)\ncheck()\nhint('01.halve')") == []


def test_a_second_run_changes_nothing_and_keeps_what_the_teacher_changed(tmp_path):
    out = tmp_path / "lớp 1"
    first = list(make_folder(out, "en", ["00"]))
    assert "Written: " in first[-1]
    before = {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()}
    list(make_folder(out, "en", ["00"]))
    assert {path: path.stat().st_mtime_ns for path in out.rglob("*") if path.is_file()} == before
    mine = out / "syllabus" / "04_weeks.md"
    mine.write_text("my own plan", encoding="utf-8")
    told = list(make_folder(out, "en", ["00"]))
    assert any("syllabus/04_weeks.md" in sentence for sentence in told)
    assert mine.read_text(encoding="utf-8") == "my own plan"
    list(make_folder(out, "en", ["00"], fresh=True))
    assert mine.read_text(encoding="utf-8") != "my own plan"


def test_a_lesson_that_is_not_there_is_named(tmp_path):
    with pytest.raises(ValueError, match="Nearest"):
        list(make_folder(tmp_path, "en", ["no such"]))
    empty = Course(tmp_path)
    (tmp_path / "notebooks" / "source" / "05_later").mkdir(parents=True)
    said = []
    with pytest.raises(ValueError, match="no lesson is built"):
        for sentence in make_folder(tmp_path / "out", "en", course=empty):
            said.append(sentence)
    assert said == [
        "Lesson 05 is not built in this language yet and is left out. Build it: python3 course.py build 05 --lang en"
    ]
    assert not (tmp_path / "out").exists()
