"""Run every rule on every source of a course, without executing anything."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import dataclass

from course_utils.lessons.code_rules import check_code, check_opening
from course_utils.lessons.links import check_links
from course_utils.lessons.parity import check_parity
from course_utils.lessons.paths import LANGUAGES, Course
from course_utils.lessons.problems import Problem
from course_utils.lessons.quantities import check_dollars, check_quantities
from course_utils.lessons.source import Source, read_source
from course_utils.lessons.terms import Glossary, check_avoided, check_terms, read_glossary, terms_of_lesson
from course_utils.lessons.typography import check_typography


@dataclass(frozen=True)
class CheckedLesson:
    """Hold the pages of a lesson that could be read, by language, and every problem found in them."""

    name: str
    pages: dict[str, Source]
    problems: tuple[Problem, ...]


def check_lesson(
    course: Course, lesson: str, languages: Iterable[str] = LANGUAGES, glossary: Glossary | None = None
) -> CheckedLesson:
    """Read a lesson in the given languages and run every rule on it.

    Parameters
    ----------
    course : Course
        Where it lies.
    lesson : str
        Full name, e.g. "01_what_are_scaling_laws".
    languages : iterable of str, optional
        Languages to check; English is always read, since the others are held to it.
    glossary : Glossary, optional
        Read from the course where not given.

    Returns
    -------
    CheckedLesson
        `problems` is sorted by file and line, and empty where all is well.
    """
    if glossary is None:
        glossary, _ = read_glossary(course.glossary_path, course.shown(course.glossary_path))
    wanted = ["en", *(language for language in LANGUAGES[1:] if language in set(languages))]
    pages: dict[str, Source] = {}
    problems: list[Problem] = []
    for language in wanted:
        path = course.source_path(lesson, language)
        page, found = read_source(path, lesson=lesson, language=language, file=course.shown(path))
        problems += found
        if page is None:
            continue
        pages[language] = page
        problems += check_dollars(page) + check_typography(page) + check_avoided(page, glossary)
        problems += check_links(page, course)
    english = pages.get("en")
    if english is not None:
        problems += check_opening(english) + check_code(english)
        for language, page in pages.items():
            if language != "en":
                problems += check_parity(english, page) + check_quantities(english, page)
                problems += check_terms(english, page, glossary, _introduced_before(course, lesson, glossary))
    return CheckedLesson(lesson, pages, tuple(sorted(set(problems))))


def _introduced_before(course: Course, lesson: str, glossary: Glossary) -> frozenset[str]:
    """Collect the terms that earlier lessons use in English; pages that cannot be read introduce none."""
    introduced: set[str] = set()
    for name in course.lessons():
        if name >= lesson:
            break
        page, _ = read_source(course.source_path(name, "en"), lesson=name, language="en", file=name)
        if page is not None:
            introduced |= terms_of_lesson(page, glossary)
    return frozenset(introduced)


def check_course(
    course: Course, lessons: Iterable[str] | None = None, languages: Iterable[str] = LANGUAGES
) -> tuple[list[CheckedLesson], list[Problem]]:
    """Check lessons (all where None) and the glossary.

    Returns
    -------
    lessons : list of CheckedLesson
        In order.
    problems : list of Problem
        All problems, those of the glossary first.
    """
    glossary, problems = read_glossary(course.glossary_path, course.shown(course.glossary_path))
    names = course.lessons() if lessons is None else list(lessons)
    checked = [check_lesson(course, name, languages, glossary) for name in names]
    return checked, [*problems, *(problem for lesson in checked for problem in lesson.problems)]
