"""Say which published tables a lesson reads, and have them at hand before its cells run.

A reader who lacks one meets a sentence and goes on. A *built* page must show the figures, and the first download draws
a progress bar into the output, so the builder and the tests fetch first.
"""

from __future__ import annotations

import ast

from course_utils.lessons.problems import Problem
from course_utils.lessons.source import Source


def published_tables(page: Source) -> dict[str, int]:
    """Find the published tables that a page's code names, each with the line that names it first.

    Parameters
    ----------
    page : Source
        The English page: code stands nowhere else.

    Returns
    -------
    dict of str to int
        Names of the catalogue's published tables, in order of appearance; lines of the page.
    """
    from course_utils.datasets import names

    known = set(names("published"))
    found: dict[str, int] = {}
    for block in page.blocks:
        if block.kind != "code":
            continue
        strings = [n for n in ast.walk(ast.parse(block.text)) if isinstance(n, ast.Constant) and n.value in known]
        for node in sorted(strings, key=lambda n: n.lineno):
            found.setdefault(node.value, block.text_line + node.lineno - 1)
    return found


def fetch_tables(page: Source) -> list[Problem]:
    """Fetch the published tables that a page names; give a problem for each that cannot be had."""
    from course_utils.datasets.download import Unavailable, fetch

    problems = []
    for name, line in published_tables(page).items():
        try:
            fetch(name, progress=False)
        except Unavailable as failure:
            message = f"the published table {name!r} cannot be had here ({failure.reason}: {failure.detail})"
            problems.append(Problem(page.file, line, message, "connect to its source and build again", "published"))
    return problems
