"""Hold the code of a lesson to what a reader can take in, and to what the builder promises."""

from __future__ import annotations

import ast
import re

from course_utils.lessons.problems import Problem
from course_utils.lessons.source import Block, Source

MAX_LINES = 12
"""Longest code cell, in lines that are not blank, unless it carries the tag ``long-ok``."""

KNOWN_TAGS = {
    "hide-input": "the code is folded away",
    "hide-output": "the output is folded away",
    "long-ok": "more than 12 lines are meant",
    "raises-exception": "the cell shows an error on purpose",
    "exercise": "the reader is asked to change it",
    "solution": "an answer, folded away",
    "nbval-ignore-output": "the text differs between machines and is not compared",
    "nbval-skip": "not run by the tests",
}
"""Tags that a code cell may carry, and what each says."""

_SILENCING = re.compile(r"^\s*(?:warnings\.)?(?:filterwarnings|simplefilter)\(\s*[\"']ignore|^%%capture", re.MULTILINE)


def check_code(source: Source) -> list[Problem]:
    """Refuse cells that are too long, do not parse, silence warnings, set the language, or stand empty."""
    problems = []
    for block in source.blocks:
        if block.kind != "code":
            continue
        problems += _check_form(block, source.file) + _check_syntax(block, source.file)
        for pattern, message, cure, rule in (
            (_SILENCING, "silences warnings", "cure what warns", "silenced"),
            # IPython hides the value, nbval does not (it runs cells without history), so the outputs would differ.
            (
                re.compile(r";[ \t]*(?:#.*)?\s*\Z"),
                "ends with a semicolon",
                "write _ = ... to hide a value",
                "semicolon",
            ),
            (re.compile(r"\bset_language\("), "sets the language", "delete it: the builder writes it", "language"),
        ):
            found = pattern.search(block.text)
            if found:
                line = block.line_of(found.start())
                problems.append(Problem(source.file, line, f"cell {block.id!r} {message}", cure, rule))
    return problems


def check_opening(source: Source) -> list[Problem]:
    """Refuse a page that does not open with a title: the language cell stands directly after it."""
    if source.blocks and source.blocks[0].kind == "prose" and source.blocks[0].text.startswith("# "):
        return []
    line = source.blocks[0].line if source.blocks else 1
    message = "the page does not open with a prose block that starts with a # heading"
    return [Problem(source.file, line, message, "write the question as # heading in the first block", "opening")]


def _check_form(block: Block, file: str) -> list[Problem]:
    problems = []
    lines = [line for line in block.text.split("\n") if line.strip()]
    if not lines:
        cure = "write its code or delete the cell"
        problems.append(Problem(file, block.line, f"cell {block.id!r} is empty", cure, "empty"))
    if len(lines) > MAX_LINES and "long-ok" not in block.tags:
        message = f"cell {block.id!r} has {len(lines)} lines, more than {MAX_LINES}"
        cure = "split it, move work into the package, or tag it long-ok"
        problems.append(Problem(file, block.line, message, cure, "long"))
    for tag in block.tags:
        if tag not in KNOWN_TAGS:
            message = f"cell {block.id!r} has the unknown tag {tag!r}"
            problems.append(Problem(file, block.line, message, f"use one of {', '.join(sorted(KNOWN_TAGS))}", "tag"))
    return problems


def _check_syntax(block: Block, file: str) -> list[Problem]:
    if re.search(r"^[%!]|^[\w.]+\?+$", block.text, re.MULTILINE):
        cure = "use plain Python: magics and shell commands do not run everywhere"
        return [Problem(file, block.text_line, f"cell {block.id!r} uses IPython's own syntax", cure, "magic")]
    try:
        ast.parse(block.text)
    except SyntaxError as wrong:
        line = block.text_line + (wrong.lineno or 1) - 1
        message = f"cell {block.id!r} is not valid Python ({wrong.msg})"
        return [Problem(file, line, message, "correct the code", "syntax")]
    return []
