"""The plans: every lesson of the course in each, the same weeks in three languages."""

from __future__ import annotations

import pytest

from course_utils.i18n import LANGUAGES, using_language
from course_utils.lessons import Course
from course_utils.teach.folder import built_titles
from course_utils.teach.syllabus import WEEKS, read_syllabus, syllabus_pages

COURSE = Course.of_this_package()


def test_the_plans_are_the_same_in_three_languages():
    shapes = set()
    for code in LANGUAGES:
        plans = read_syllabus(COURSE, code)["plans"]
        shapes.add(tuple((plan["weeks"], tuple(tuple(week["lessons"]) for week in plan["week"])) for plan in plans))
    assert len(shapes) == 1


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_plan_names_every_lesson_in_order_and_has_its_weeks(code):
    syllabus = read_syllabus(COURSE, code)
    assert tuple(plan["weeks"] for plan in syllabus["plans"]) == WEEKS
    numbers = list(syllabus["lessons"])
    assert {lesson[:2] for lesson in COURSE.lessons()} <= set(numbers), "a lesson that no plan knows"
    for plan in syllabus["plans"]:
        assert len(plan["week"]) == plan["weeks"]
        named = [lesson for week in plan["week"] for lesson in week["lessons"]]
        assert named == sorted(named) and sorted(set(named)) == numbers
        for week in plan["week"]:
            assert set(week) == {"lessons", "in_class", "after"} and all(week.values())


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_lesson_that_exists_is_called_by_its_title_and_a_later_one_is_to_come(code):
    syllabus, titles = read_syllabus(COURSE, code), built_titles(COURSE, code)
    for number, title in titles.items():
        assert syllabus["lessons"][number] == title
    with using_language(code):
        pages = syllabus_pages(syllabus, titles)
    later = {"en": "to come", "vi": "sẽ có sau", "zh": "待推出"}[code]
    for page in pages.values():
        for number, question in syllabus["lessons"].items():
            lines = [line for line in page.split("\n") if line.startswith(f"- **{number}**")]
            assert lines and all(question in line for line in lines)
            assert all((later in line) == (number not in titles) for line in lines)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_folder_holds_a_page_for_each_plan(folders, code):
    found = sorted(path.name for path in (folders[code] / "syllabus").iterdir())
    assert found == [f"{weeks:02d}_weeks.md" for weeks in WEEKS]
