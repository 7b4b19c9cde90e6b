"""Build notebooks: check, merge, execute, settle the outputs, write. Twice gives the same bytes."""

from __future__ import annotations

import os
from collections.abc import Iterable
from concurrent.futures import ThreadPoolExecutor, as_completed
from dataclasses import dataclass
from pathlib import Path

from course_utils.lessons.built import notebook_bytes, write_if_changed
from course_utils.lessons.check import check_course
from course_utils.lessons.execute import CellFailed, execute, stopping_kernels
from course_utils.lessons.merge import merge
from course_utils.lessons.outputs import faults, paths_of_this_machine, settle
from course_utils.lessons.paths import LANGUAGES, Course
from course_utils.lessons.problems import Problem, SourceError
from course_utils.lessons.published import fetch_tables
from course_utils.lessons.source import LANGUAGE_CELL_ID, Source


@dataclass(frozen=True)
class BuildReport:
    """Hold what a build did: notebooks written, notebooks that were the same already, and problems."""

    written: tuple[Path, ...]
    unchanged: tuple[Path, ...]
    problems: tuple[Problem, ...]


def build(
    course: Course,
    lessons: Iterable[str] | None = None,
    languages: Iterable[str] = LANGUAGES,
    *,
    jobs: int | None = None,
    progress: bool = True,
) -> BuildReport:
    """Build notebooks of a course.

    Parameters
    ----------
    course : Course
        Where sources lie and notebooks go.
    lessons : iterable of str, optional
        Full names; all where None.
    languages : iterable of str, optional
        Only these pages are checked and built.
    jobs : int, optional
        Notebooks that run at once; as many as there are cores where None.
    progress : bool, optional
        Show a bar of code cells on stderr.

    Returns
    -------
    BuildReport
        A notebook with a problem is not written; the others are.

    Raises
    ------
    SourceError
        A source breaks a rule, or a published table that it reads cannot be had; nothing is executed.
    ValueError
        `jobs` is below 1.
    """
    if jobs is not None and jobs < 1:
        raise ValueError(f"jobs: {jobs} is below 1; give how many notebooks may run at once.")
    languages = [language for language in LANGUAGES if language in set(languages)]
    checked, problems = check_course(course, lessons, languages)
    problems += _check_fonts(course, languages)
    if not problems:
        problems += [problem for lesson in checked for problem in fetch_tables(lesson.pages["en"])]
    if problems:
        raise SourceError(problems)
    work = [(lesson.pages["en"], lesson.pages[language]) for lesson in checked for language in languages]
    jobs = min(jobs or os.cpu_count() or 1, max(len(work), 1))
    cells = sum(1 + sum(block.kind == "code" for block in english.blocks) for english, _ in work)
    written, unchanged, found = [], [], []
    # Kernels are killed before the pool waits for its threads, so an interrupted build ends at once.
    with _bar(cells, progress) as bar, ThreadPoolExecutor(jobs) as pool, stopping_kernels() as register:
        running = {pool.submit(build_page, course, *pages, bar, register): pages for pages in work}
        try:
            for done in as_completed(running):
                path, changed, faults_here = done.result()
                found += faults_here
                if not faults_here:
                    (written if changed else unchanged).append(path)
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return BuildReport(tuple(sorted(written)), tuple(sorted(unchanged)), tuple(sorted(found)))


def build_page(course: Course, english: Source, page: Source, bar, register) -> tuple[Path, bool, list[Problem]]:
    """Build one notebook; give its path, whether the file changed, and what forbids writing it."""
    path = course.notebook_path(page.lesson, page.language)
    path.parent.mkdir(parents=True, exist_ok=True)
    notebook = merge(english, page)
    bar.set_postfix_str(f"{page.lesson} {page.language}")
    try:
        execute(notebook, path.parent, on_cell=bar.update, on_start=register)
    except CellFailed as wrong:
        cure = "correct the code, or what it calls"
        return path, False, [_at_cell(english, page, wrong.cell_id, wrong.line, wrong.reason, cure)]
    problems = [
        _at_cell(english, page, cell_id, 1, message, cure)
        for cell_id, message, cure in faults(notebook, paths_of_this_machine(course.root))
    ]
    if problems:
        return path, False, problems
    settle(notebook)
    return path, write_if_changed(path, notebook_bytes(notebook)), []


def _check_fonts(course: Course, languages: list[str]) -> list[Problem]:
    """Refuse to build Chinese pages on a machine whose figures would fall back to English words."""
    if "zh" not in languages:
        return []
    from course_utils.plots.fonts import chinese_family

    if chinese_family() is not None:
        return []
    cure = "install one (Debian: fonts-noto-cjk), or build --lang en,vi"
    message = "no Chinese font on this machine: figures of zh pages would be in English"
    return [Problem(course.shown(course.source_folder), 1, message, cure, "font")]


def _at_cell(english: Source, page: Source, cell_id: str, line: int, message: str, cure: str) -> Problem:
    """Place a problem at the English source line of a cell: code stands nowhere else."""
    said = f"cell {cell_id!r} in {page.language}: {message}"
    if cell_id in ("", LANGUAGE_CELL_ID):
        return Problem(english.file, 1, said, cure, "run")
    return Problem(english.file, english.by_id()[cell_id].text_line + line - 1, said, cure, "run")


def _bar(cells: int, progress: bool):
    from tqdm import tqdm

    return tqdm(total=cells, unit="cell", disable=not progress, dynamic_ncols=True, desc="build")
