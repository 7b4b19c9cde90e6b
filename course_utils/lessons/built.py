"""Compare committed notebooks with what the sources give, and look for what must not be committed."""

from __future__ import annotations

from pathlib import Path

from nbformat import NotebookNode

from course_utils.lessons.merge import merge
from course_utils.lessons.outputs import WIDGET, faults, paths_of_this_machine
from course_utils.lessons.paths import LANGUAGES, Course
from course_utils.lessons.problems import Problem
from course_utils.lessons.source import Source


def notebook_bytes(notebook: NotebookNode) -> bytes:
    """Write a notebook as bytes that depend on its content alone: sorted keys, one space of indent, UTF-8, LF."""
    import nbformat

    nbformat.validate(notebook)
    text = nbformat.writes(notebook, version=4, indent=1, sort_keys=True, ensure_ascii=False)
    return (text.rstrip("\n") + "\n").encode("utf-8")


def check_built(course: Course, english: Source, page: Source) -> list[Problem]:
    """Refuse a committed notebook that is absent, out of date with its source, or holds what it must not.

    Parameters
    ----------
    course : Course
        Where the notebook lies.
    english, page : Source
        Pages that passed `check`.

    Returns
    -------
    list of Problem
        Out of date: ids, order, code, prose or metadata differ from the merge. Refused outputs: widget state, stderr,
        errors, memory addresses, paths of a machine, cells without a count.
    """
    import nbformat

    path = course.notebook_path(page.lesson, page.language)
    file = course.shown(path)
    build = f"run: python -m course_utils.lessons build --lang {page.language} {page.lesson}"
    if not path.is_file():
        return [Problem(file, 1, "the notebook is not built", build, "not-built")]
    text = path.read_text(encoding="utf-8")
    notebook = nbformat.reads(text, as_version=4)
    problems = []
    wanted = merge(english, page)
    if _skeleton(notebook) != _skeleton(wanted):
        problems.append(Problem(file, 1, _first_difference(notebook, wanted), build, "out-of-date"))
    if "widgets" in notebook.metadata or WIDGET in text:
        problems.append(Problem(file, 1, "the notebook holds widget state", build, "widget-state"))
    for cell_id, message, _ in faults(notebook, paths_of_this_machine(course.root)):
        problems.append(Problem(file, _line_of_cell(text, cell_id), f"cell {cell_id!r} {message}", build, "output"))
    code = [cell for cell in notebook.cells if cell.cell_type == "code"]
    if [cell.execution_count for cell in code] != list(range(1, len(code) + 1)):
        problems.append(Problem(file, 1, "cells were not run from top to bottom", build, "order-of-run"))
    if notebook_bytes(notebook) != path.read_bytes():
        problems.append(Problem(file, 1, "the file was not written by the builder", build, "bytes"))
    return problems


def check_orphans(course: Course) -> list[Problem]:
    """Refuse notebooks whose source is gone."""
    problems = []
    for language in LANGUAGES:
        for path in sorted((course.root / "notebooks" / language).glob("*.ipynb")):
            if not course.source_path(path.stem, language).is_file():
                cure = f"delete it, or write {course.shown(course.source_path(path.stem, language))}"
                problems.append(Problem(course.shown(path), 1, "a notebook without a source", cure, "orphan"))
    return problems


def _skeleton(notebook: NotebookNode) -> dict:
    """Keep what the source decides: everything but outputs and counts."""
    cells = [(cell.cell_type, cell.id, cell.source, dict(cell.metadata)) for cell in notebook.cells]
    return {"cells": cells, "metadata": dict(notebook.metadata)}


def _first_difference(notebook: NotebookNode, wanted: NotebookNode) -> str:
    ids, wanted_ids = [cell.id for cell in notebook.cells], [cell.id for cell in wanted.cells]
    if ids != wanted_ids:
        return "the notebook is out of date: its cells are not those of the source"
    for cell, other in zip(notebook.cells, wanted.cells, strict=True):
        if cell.source != other.source or cell.cell_type != other.cell_type or cell.metadata != other.metadata:
            return f"the notebook is out of date: cell {cell.id!r} differs from the source"
    return "the notebook is out of date: its metadata differ"


def _line_of_cell(text: str, cell_id: str) -> int:
    at = text.find(f'"id": "{cell_id}"')
    return text.count("\n", 0, max(at, 0)) + 1


def write_if_changed(path: Path, content: bytes) -> bool:
    """Write a file in one step, and not at all where it already holds these bytes; say whether it was written."""
    import os
    import tempfile

    if path.is_file() and path.read_bytes() == content:
        return False
    path.parent.mkdir(parents=True, exist_ok=True)
    handle, name = tempfile.mkstemp(dir=path.parent, prefix=path.name, suffix=".part")
    try:
        with os.fdopen(handle, "wb") as file:
            file.write(content)
        os.chmod(name, 0o644)
        os.replace(name, path)
    except BaseException:
        Path(name).unlink(missing_ok=True)
        raise
    return True
