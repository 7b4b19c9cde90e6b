"""Put a teacher's folder together; leave what the teacher has changed in it."""

from __future__ import annotations

import hashlib
import json
from collections.abc import Iterator, Sequence
from pathlib import Path

import nbformat

from course_utils.i18n import t, using_language
from course_utils.lessons import Course
from course_utils.lessons.built import notebook_bytes, write_if_changed
from course_utils.questions import lessons as banks
from course_utils.teach.assignments import CONFIG, assignment
from course_utils.teach.editions import student_edition, teacher_edition
from course_utils.teach.notes import read_notes
from course_utils.teach.slides import missing_parts, slide_page
from course_utils.teach.syllabus import read_syllabus, syllabus_pages

RECORD = ".made.json"


def make_folder(
    out: Path, language: str, lessons: Sequence[str] = (), *, course: Course | None = None, fresh: bool = False
) -> Iterator[str]:
    """Write the teacher's folder, and say what is going on.

    Parameters
    ----------
    out : Path
        The folder; it is made where it is missing.
    language : str
        "en", "vi" or "zh".
    lessons : sequence of str
        Numbers or names; all that are built if empty.
    course : Course, optional
        Where sources and notebooks lie.
    fresh : bool
        Whether files are written anew that the teacher has changed since.

    Yields
    ------
    str
        Sentences in `language`: what is left out and why, and last what was written.

    Raises
    ------
    ValueError
        If a lesson is unknown, or none of those wanted is built in `language`.
    """
    course = course or Course.of_this_package()
    with using_language(language):
        wanted = [course.find_lesson(each) for each in lessons] or course.lessons()
        built = [lesson for lesson in wanted if course.notebook_path(lesson, language).is_file()]
        for lesson in wanted:
            if lesson not in built:
                yield t("teach.not_built", lesson=lesson[:2], language=language)
        if not built:
            raise ValueError(t("teach.no_lesson"))
        made: dict[str, bytes] = {}
        lacking = missing_parts()
        for lesson in built:
            notebook = nbformat.read(course.notebook_path(lesson, language), as_version=4)
            notes = read_notes(course, lesson, language)
            if notes is None:
                yield t("teach.unwritten", lesson=lesson[:2])
            made[f"teacher/{lesson}.ipynb"] = notebook_bytes(teacher_edition(notebook, notes))
            made[f"student/{lesson}.ipynb"] = notebook_bytes(student_edition(notebook))
            if not lacking:
                made[f"slides/{lesson}.html"] = slide_page(notebook, notes, _title(notebook)).encode("utf-8")
        if lacking:
            yield t("teach.parts_missing", names=", ".join(lacking))
        made |= _syllabus(course, language) | _assignments(built, language)
        made["README.md"] = _readme().encode("utf-8")
        kept = _write(out, made, fresh=fresh)
        for file in kept:
            yield t("teach.kept", file=file)
        yield t("teach.written", count=len(made) - len(kept), folder=out)


def _title(notebook) -> str:
    """Return the title of a built lesson: its first heading."""
    return notebook.cells[0].source.split("\n", 1)[0].lstrip("# ").strip()


def built_titles(course: Course, language: str) -> dict[str, str]:
    """Map the number of each lesson that is built in a language to its title."""
    paths = {lesson[:2]: course.notebook_path(lesson, language) for lesson in course.lessons()}
    return {number: _title(nbformat.read(path, as_version=4)) for number, path in paths.items() if path.is_file()}


def _syllabus(course: Course, language: str) -> dict[str, bytes]:
    pages = syllabus_pages(read_syllabus(course, language), built_titles(course, language))
    return {f"syllabus/{weeks:02d}_weeks.md": page.encode("utf-8") for weeks, page in pages.items()}


def _assignments(built: Sequence[str], language: str) -> dict[str, bytes]:
    """Make the assignments of these lessons, those of a private bank included."""
    numbers = [lesson[:2] for lesson in built]
    made = {"assignments/nbgrader_config.py": CONFIG.encode("utf-8")}
    for bank in banks():
        notebook = assignment(bank, language) if bank[-2:] in numbers else None
        if notebook is not None:
            name = f"lesson_{bank}"
            made[f"assignments/source/{name}/{name}.ipynb"] = notebook_bytes(notebook)
    return made


def _readme() -> str:
    parts = ("teacher", "student", "slides", "syllabus", "assignments")
    lines = [f"# {t('teach.readme_title')}", "", *(f"- `{part}/`: {t(f'teach.readme_{part}')}" for part in parts)]
    return "\n".join([*lines, "", t("teach.readme_bank")]) + "\n"


def _write(out: Path, made: dict[str, bytes], *, fresh: bool) -> list[str]:
    """Write the files; give the names of those that the teacher has changed since and that stay as they are."""
    record = out / RECORD
    known: dict[str, str] = json.loads(record.read_text(encoding="utf-8")) if record.is_file() else {}
    kept = []
    for name, content in made.items():
        path = out / name
        if path.is_file() and not fresh and _digest(path.read_bytes()) not in (known.get(name), _digest(content)):
            kept.append(name)
            continue
        write_if_changed(path, content)
        known[name] = _digest(content)
    write_if_changed(record, json.dumps(known, indent=1, sort_keys=True).encode("utf-8"))
    return kept


def _digest(content: bytes) -> str:
    return hashlib.sha256(content).hexdigest()
