"""Write the plans for 4, 8 and 12 weeks from ``notebooks/source/syllabus.{en,vi,zh}.toml``."""

from __future__ import annotations

import tomllib
from collections.abc import Mapping

from course_utils.i18n import t
from course_utils.lessons import Course

WEEKS = (4, 8, 12)


def read_syllabus(course: Course, language: str) -> dict:
    """Read the plans in one language.

    Returns
    -------
    dict
        ``about`` (text), ``lessons`` (number to question), ``plans`` (each with ``weeks``, ``who`` and ``week``, a list
        of ``lessons``, ``in_class``, ``after``).
    """
    path = course.source_folder / f"syllabus.{language}.toml"
    try:
        return tomllib.loads(path.read_text(encoding="utf-8"))
    except tomllib.TOMLDecodeError as error:
        error.add_note(f"while reading {course.shown(path)}")
        raise


def syllabus_pages(syllabus: Mapping, titles: Mapping[str, str]) -> dict[int, str]:
    """Write one page of Markdown for each plan, in the language in force.

    Parameters
    ----------
    syllabus : mapping
        As `read_syllabus` gives it.
    titles : mapping
        Number to title of the lessons that are built; every other lesson of the plan is marked as to come.

    Returns
    -------
    dict
        Number of weeks to page.
    """
    return {plan["weeks"]: _page(plan, syllabus, titles) for plan in syllabus["plans"]}


def _page(plan: Mapping, syllabus: Mapping, titles: Mapping[str, str]) -> str:
    lines = [f"# {syllabus['title']}: {t('teach.week_title', weeks=plan['weeks'])}", "", plan["who"], ""]
    lines += [syllabus["about"], ""]
    for number, week in enumerate(plan["week"], 1):
        lines += [f"## {t('teach.week', number=number)}", ""]
        for lesson in week["lessons"]:
            later = "" if lesson in titles else f" ({t('teach.to_come')})"
            lines.append(f"- **{lesson}** {titles.get(lesson, syllabus['lessons'][lesson])}{later}")
        lines += ["", f"**{t('teach.in_class')}** {week['in_class']}", ""]
        lines += [f"**{t('teach.after_class')}** {week['after']}", ""]
    return "\n".join(lines).rstrip("\n") + "\n"
