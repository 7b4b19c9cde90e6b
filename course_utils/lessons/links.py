"""Follow the relative links of a page: each must lead to a file, as seen from the built notebook."""

from __future__ import annotations

from urllib.parse import unquote

from course_utils.lessons.paths import Course
from course_utils.lessons.problems import Problem
from course_utils.lessons.prose import take_apart
from course_utils.lessons.source import Source


def check_links(source: Source, course: Course) -> list[Problem]:
    """Refuse relative links that lead nowhere.

    A link is read from ``notebooks/<language>/``, where the built notebook lies. A notebook that has a source but is
    not built yet counts as being there.
    """
    folder = course.notebook_path(source.lesson, source.language).parent
    problems = []
    for block in source.prose():
        for target, at in take_apart(block.text).links:
            path = unquote(target.split("#")[0].split("?")[0])
            if not path or ":" in path:
                continue
            place = (folder / path).resolve()
            to_build = [course.notebook_path(lesson, code).resolve() for lesson in course.lessons()
                        for code in ("en", "vi", "zh")]  # fmt: skip
            if path.startswith("/") or not (place.exists() or place in to_build):
                message = f"link {target!r} leads nowhere from notebooks/{source.language}/"
                cure = "correct it; other lessons are NN_name.ipynb, other languages ../vi/NN_name.ipynb"
                problems.append(Problem(source.file, block.line_of(at), message, cure, "dead-link"))
    return problems
