"""Say how far each lesson is in each language."""

from __future__ import annotations

from collections import Counter
from collections.abc import Iterable
from dataclasses import dataclass

from course_utils.lessons.built import check_built
from course_utils.lessons.check import CheckedLesson, check_course
from course_utils.lessons.parity import Parity, compare_blocks
from course_utils.lessons.paths import LANGUAGES, Course


@dataclass(frozen=True)
class PageStatus:
    """Hold the counts of one page: blocks, and how many are missing, stale or extra; other problems; built or not."""

    lesson: str
    language: str
    blocks: int
    missing: int
    stale: int
    extra: int
    problems: int
    built: str


def page_statuses(course: Course, lessons: Iterable[str] | None = None) -> list[PageStatus]:
    """Count, for every lesson and language, what a translator or builder still has to do."""
    checked, _ = check_course(course, lessons)
    return [_status(course, lesson, language) for lesson in checked for language in LANGUAGES]


def _status(course: Course, lesson: CheckedLesson, language: str) -> PageStatus:
    page, english = lesson.pages.get(language), lesson.pages.get("en")
    rules = Counter(problem.rule for problem in lesson.problems if problem.file.endswith(f"/{language}.md"))
    if page is None or english is None:
        missing = len(english.blocks) if english else 0
        return PageStatus(lesson.name, language, 0, missing, 0, 0, sum(rules.values()), "no")
    parity = compare_blocks(english, page) if language != "en" else Parity((), (), (), ())
    other = sum(rules.values()) - rules["missing"] - rules["stale"] - rules["extra"]
    if parity.missing or not course.notebook_path(lesson.name, language).is_file():
        built = "no"
    else:
        built = "out of date" if check_built(course, english, page) else "yes"
    return PageStatus(
        lesson.name, language, len(page.blocks), len(parity.missing), len(parity.stale), len(parity.extra), other, built
    )


def status_table(statuses: Iterable[PageStatus]) -> str:
    """Lay statuses out as a table of plain text.

    Examples
    --------
    >>> print(status_table([PageStatus("00_a", "vi", 7, 1, 0, 0, 0, "no")]))
    lesson  language  blocks  missing  stale  extra  other problems  built
    00_a    vi             7        1      0      0               0  no
    """
    heads = ["lesson", "language", "blocks", "missing", "stale", "extra", "other problems", "built"]
    rows = [
        [s.lesson, s.language, s.blocks, s.missing, s.stale, s.extra, s.problems, s.built] for s in statuses
    ]  # fmt: skip
    widths = [max(len(str(row[i])) for row in [heads, *rows]) for i in range(len(heads))]

    def line(row: list) -> str:
        cells = [
            str(cell).rjust(width) if isinstance(cell, int) else str(cell).ljust(width)
            for cell, width in zip(row, widths, strict=True)
        ]
        return "  ".join(cells).rstrip()

    return "\n".join([line(heads), *(line(row) for row in rows)])
