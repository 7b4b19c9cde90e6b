"""The teacher's notes: whole, the same in three languages, and about sections that exist."""

from __future__ import annotations

import re

import pytest

from course_utils.i18n import LANGUAGES
from course_utils.lessons import Course
from course_utils.lessons.source import read_source
from course_utils.teach.notes import read_notes

COURSE = Course.of_this_package()
WRITTEN = [lesson for lesson in COURSE.lessons() if read_notes(COURSE, lesson, "en")]
UNWRITTEN: set[str] = set()
"""Lessons that exist and may still be without a teacher's notes: take a lesson out once it has them."""


def blocks(lesson: str) -> list:
    path = COURSE.source_path(lesson, "en")
    page, _ = read_source(path, lesson=lesson, language="en", file=path.name)
    return list(page.blocks)


def test_the_lessons_without_notes_are_those_listed():
    missing = {lesson for lesson in COURSE.lessons() if lesson not in WRITTEN}
    assert missing <= UNWRITTEN, f"write notebooks/source/NN/teacher.*.toml for {sorted(missing - UNWRITTEN)}"


@pytest.mark.parametrize("lesson", WRITTEN)
def test_every_language_has_the_same_notes(lesson):
    notes = [read_notes(COURSE, lesson, language) for language in LANGUAGES]
    assert all(notes)
    shapes = {
        (
            len(each.goals),
            tuple((section.id, section.minutes, section.place) for section in each.sections),
            tuple(misconception.block for misconception in each.misconceptions),
        )
        for each in notes
    }
    assert len(shapes) == 1
    for one, other in ((0, 1), (0, 2), (1, 2)):
        for a, b in zip(notes[one].sections, notes[other].sections, strict=True):
            assert a.key != b.key, f"{a.id}: a key sentence that is not translated"


@pytest.mark.parametrize("lesson", WRITTEN)
def test_the_figures_in_the_notes_are_the_same_in_every_language(lesson):
    def figures(text: str) -> list[str]:
        return sorted(re.findall(r"\d+\.\d+|10[⁰¹²³⁴⁵⁶⁷⁸⁹]+", text))

    english, *others = [read_notes(COURSE, lesson, language) for language in LANGUAGES]
    for other in others:
        for a, b in zip(english.sections, other.sections, strict=True):
            assert figures(a.key) == figures(b.key), a.id
        for a, b in zip(english.misconceptions, other.misconceptions, strict=True):
            assert figures(a.says + a.truth) == figures(b.says + b.truth), a.block


@pytest.mark.parametrize("lesson", WRITTEN)
def test_every_section_of_a_lesson_is_planned_in_order(lesson):
    headings = [block.id for block in blocks(lesson) if block.kind == "prose" and block.text.startswith(("# ", "## "))]
    headings = [heading for heading in headings if heading != "sources"]
    notes = read_notes(COURSE, lesson, "en")
    assert [section.id for section in notes.sections] == headings
    assert all(section.minutes > 0 for section in notes.sections)


@pytest.mark.parametrize("lesson", WRITTEN)
def test_a_lesson_takes_one_period_in_class_as_lesson_00_promises_and_the_ladder_a_lab_of_two_hours(lesson):
    assert read_notes(COURSE, lesson, "en").minutes("class") == (120 if lesson.startswith("08") else 45)


@pytest.mark.parametrize("lesson", WRITTEN)
def test_every_misconception_is_answered_by_a_block_that_exists(lesson):
    notes = read_notes(COURSE, lesson, "en")
    assert len(notes.misconceptions) >= 3
    assert {misconception.block for misconception in notes.misconceptions} <= {block.id for block in blocks(lesson)}


def test_notes_with_a_fault_are_refused_by_name(tmp_path):
    folder = tmp_path / "notebooks" / "source" / "01_x"
    folder.mkdir(parents=True)
    course = Course(tmp_path)
    assert read_notes(course, "01_x", "en") is None
    good = 'goals = ["g"]\n[[sections]]\nid = "a"\nminutes = 1\nplace = "class"\nkey = "k"\n'
    good += '[[misconceptions]]\nsays = "s"\ntruth = "t"\nblock = "a"\n'
    for fault, match in (
        (good.replace('"class"', '"beach"'), "'beach'; write class or home"),
        (good.replace("minutes = 1\n", ""), "minutes"),
        (good.replace("truth", "thruth"), "thruth"),
        (good.replace('goals = ["g"]', "goals = ["), "teacher.en.toml"),
    ):
        (folder / "teacher.en.toml").write_text(fault, encoding="utf-8")
        with pytest.raises(ValueError, match=match):
            read_notes(course, "01_x", "en")
