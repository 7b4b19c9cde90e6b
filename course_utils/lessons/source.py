"""Read a lesson's page: MyST Markdown to blocks that know their id, kind, text and line.

A page starts with front matter (``title``; ``kernelspec`` with ``name: python3`` and ``display_name: Python 3``), then
come blocks::

    +++ {"id": "why-a-law"}            prose; in a translation also "of": hash of the English block
    ```{code-cell} ipython3            code; in a translation only the id
    :id: first-fit
    :tags: [hide-input]

Further fields that a prose block may carry: ``"numbers": "free"`` (its numbers are not compared between languages) and
``"terms": "free"`` or a list of term ids (those glossary terms are not asked for here).
"""

from __future__ import annotations

import hashlib
import re
import unicodedata
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.lessons.problems import Problem

LANGUAGE_CELL_ID = "language"
"""Id of the generated cell; no written block may use it."""

_ID = re.compile(r"[a-z0-9][a-z0-9-]{0,63}")
_BLOCK_BREAK = re.compile(r"^\+\+\+(?:\s|$)")
_PROSE_FIELDS = {"id", "numbers", "terms"}
_CODE_FIELDS = {"id", "tags"}


@dataclass(frozen=True)
class Block:
    """Hold one block of a page.

    Parameters
    ----------
    id : str
        Stable name, the same in every language; "" where the source gives none.
    kind : str
        "prose" or "code".
    text : str
        Markdown or Python, without the marker lines.
    line : int
        Line of the ``+++`` or of the fence, counted from 1.
    text_line : int
        Line of the first line of `text`.
    metadata : dict
        Fields of the marker, the id included.
    """

    id: str
    kind: str
    text: str
    line: int
    text_line: int
    metadata: dict = field(default_factory=dict)

    @property
    def tags(self) -> list[str]:
        return list(self.metadata.get("tags", []))

    def line_of(self, offset: int) -> int:
        """Give the file line of a character offset into `text`."""
        return self.text_line + self.text.count("\n", 0, offset)


@dataclass(frozen=True)
class Source:
    """Hold one page: a lesson in one language."""

    lesson: str
    language: str
    file: str
    title: str
    blocks: tuple[Block, ...]
    lines: tuple[str, ...]

    def prose(self) -> list[Block]:
        return [block for block in self.blocks if block.kind == "prose"]

    def by_id(self) -> dict[str, Block]:
        return {block.id: block for block in self.blocks}


def block_hash(text: str) -> str:
    """Hash an English block: 8 hexadecimal digits that a translation carries as ``"of"``.

    Line breaks and runs of spaces do not count, so that re-wrapping a paragraph makes no translation stale.

    Examples
    --------
    >>> block_hash("A law\\nholds.") == block_hash("A law holds.  ")
    True
    """
    plain = " ".join(unicodedata.normalize("NFC", text).split())
    return hashlib.sha256(plain.encode()).hexdigest()[:8]


def read_source(path: Path, *, lesson: str, language: str, file: str) -> tuple[Source | None, list[Problem]]:
    """Read a page and list what is wrong with its form.

    Parameters
    ----------
    path : Path
        The page.
    lesson, language : str
        What it is a page of.
    file : str
        How messages name it.

    Returns
    -------
    source : Source or None
        None where the page cannot be read at all.
    problems : list of Problem
        Faults of form: encoding, front matter, markers, ids.
    """
    try:
        text = path.read_text(encoding="utf-8")
    except FileNotFoundError:
        return None, [Problem(file, 1, f"lesson {lesson} has no {language} page", f"write {file}", "missing-page")]
    except UnicodeDecodeError as wrong:
        line = path.read_bytes().count(b"\n", 0, wrong.start) + 1
        return None, [Problem(file, line, "a byte here is not UTF-8", "save the file as UTF-8", "encoding")]
    text = text.removeprefix("\ufeff")
    problems = _check_letters(text, file)
    title, body, more = _read_front_matter(text, file)
    problems += more
    blocks, more = _read_blocks(body, file, language)
    problems += more + _check_ids(blocks, file)
    return Source(lesson, language, file, title, tuple(blocks), tuple(text.split("\n"))), problems


def _check_letters(text: str, file: str) -> list[Problem]:
    for number, line in enumerate(text.split("\n"), 1):
        # A letter typed as base + combining mark looks the same, but no search, hash or glossary finds it.
        if not unicodedata.is_normalized("NFC", line):
            return [Problem(file, number, "letters with separate accents (not Unicode NFC)", "save as NFC", "encoding")]
        if "\ufffd" in line:
            return [Problem(file, number, "the character � stands for a lost letter", "retype it", "encoding")]
    return []


def _read_front_matter(text: str, file: str) -> tuple[str, str, list[Problem]]:
    """Give title, the page with its front matter blanked (line numbers stay true), and faults."""
    import yaml

    cure = "start the page with ---, title, kernelspec (name: python3, display_name: Python 3), ---"
    lines = text.split("\n")
    end = next((i for i, line in enumerate(lines[1:], 1) if line.rstrip() == "---"), None)
    if lines[0].rstrip() != "---" or end is None:
        return "", text, [Problem(file, 1, "no front matter", cure, "front-matter")]
    body = "\n".join([""] * (end + 1) + lines[end + 1 :])
    try:
        fields = yaml.safe_load("\n".join(lines[1:end]))
    except yaml.YAMLError as wrong:
        mark = getattr(wrong, "problem_mark", None)
        line = 2 + (mark.line if mark else 0)
        return (
            "",
            body,
            [Problem(file, line, "front matter is not valid YAML", "quote values with a colon", "front-matter")],
        )
    fields = fields if isinstance(fields, dict) else {}
    title = fields.get("title")
    kernel = fields.get("kernelspec")
    problems = []
    if not isinstance(title, str) or not title.strip():
        problems.append(Problem(file, 1, "front matter has no title", cure, "front-matter"))
        title = ""
    # jupytext itself refuses a kernelspec without display_name, and JupyterLab opens the page with it.
    if not isinstance(kernel, dict) or kernel.get("name") != "python3" or not kernel.get("display_name"):
        problems.append(Problem(file, 1, "front matter names no python3 kernel", cure, "front-matter"))
    return title, body, problems


def _read_blocks(body: str, file: str, language: str) -> tuple[list[Block], list[Problem]]:
    from jupytext.myst import MystMetadataParsingError, myst_to_notebook
    from nbformat import ValidationError

    try:
        notebook = myst_to_notebook(body, add_source_map=True)
    except MystMetadataParsingError as wrong:
        found = re.search(r"at line (\d+)", str(wrong))
        line = int(found.group(1)) if found else 1
        cure = 'write a prose marker as +++ {"id": "..."} (JSON) and code options as :id: name (YAML)'
        return [], [Problem(file, line, "a block's marker cannot be read", cure, "marker")]
    except ValidationError as wrong:
        # jupytext validates each cell as it makes it and does not say where: look for the value among the options.
        options = [n for n, one in enumerate(body.split("\n"), 1) if one.startswith(":") and str(wrong.instance) in one]
        message = f"the tags of a cell are not a list ({wrong.instance!r})"
        return [], [Problem(file, options[0] if options else 1, message, "write :tags: [one, two]", "marker")]
    lines = body.split("\n")
    blocks, problems = [], []
    for cell, line in zip(notebook.cells, notebook.metadata.get("source_map", []), strict=True):
        metadata = dict(cell.metadata)
        kind = {"markdown": "prose", "code": "code"}.get(cell.cell_type)
        if kind is None:
            problems.append(Problem(file, line, "a raw cell", "use prose or a code-cell", "marker"))
            continue
        if kind == "prose" and not _BLOCK_BREAK.match(lines[line - 1]):
            while line < len(lines) and not lines[line - 1].strip():
                line += 1
        text_line = _first_line_of_text(lines, line, kind)
        name = metadata.get("id", "")
        blocks.append(Block("" if name == "" else str(name), kind, cell.source, line, text_line, metadata))
    problems += _check_fields(blocks, file, language) + _check_empty_markers(lines, blocks, file)
    return blocks, problems


def _first_line_of_text(lines: list[str], line: int, kind: str) -> int:
    """Find where a block's text starts: after its marker, its options and the blank line that may follow."""
    at = line - 1
    if kind == "prose":
        at += bool(_BLOCK_BREAK.match(lines[at]))
        while at < len(lines) - 1 and not lines[at].strip():
            at += 1
        return at + 1
    at += 1
    if at < len(lines) and lines[at].startswith("---"):
        at += 1
        while at < len(lines) and not lines[at].startswith("---"):
            at += 1
        at += 1
    else:
        while at < len(lines) and lines[at].lstrip().startswith(":"):
            at += 1
    if at < len(lines) and not lines[at].strip():
        at += 1
    return min(at + 1, len(lines))


def _check_fields(blocks: list[Block], file: str, language: str) -> list[Problem]:
    problems = []
    for block in blocks:
        known = _PROSE_FIELDS | ({"of"} if language != "en" else set()) if block.kind == "prose" else _CODE_FIELDS
        unknown = sorted(set(map(str, block.metadata)) - known)
        if unknown:
            message = f"block {block.id!r} has unknown fields: {', '.join(unknown)}"
            cure = f"use only {', '.join(sorted(known))}"
            problems.append(Problem(file, block.line, message, cure, "marker"))
        tags = block.metadata.get("tags", [])
        if not isinstance(tags, list) or not all(isinstance(tag, str) for tag in tags):
            cure = "write :tags: [one, two]"
            problems.append(Problem(file, block.line, f"the tags of {block.id!r} are not a list", cure, "marker"))
        if block.metadata.get("numbers", "free") != "free":
            cure = 'write "numbers": "free" or nothing'
            problems.append(Problem(file, block.line, f"block {block.id!r} has an odd numbers field", cure, "marker"))
    return problems


def _check_empty_markers(lines: list[str], blocks: list[Block], file: str) -> list[Problem]:
    """Report prose markers with nothing under them, which a notebook reader drops without a word."""
    seen = {block.line for block in blocks}
    problems, fence = [], ""
    for number, line in enumerate(lines, 1):
        bare = line.strip()
        if fence:
            fence = "" if bare.startswith(fence) and not bare.strip("`~") else fence
        elif bare.startswith(("```", "~~~")):
            fence = re.match(r"`+|~+", bare).group()
        elif _BLOCK_BREAK.match(line) and number not in seen:
            cure = "write its prose or delete the marker"
            problems.append(Problem(file, number, "a prose marker with no prose under it", cure, "empty"))
    return problems


def _check_ids(blocks: list[Block], file: str) -> list[Problem]:
    problems: list[Problem] = []
    first_at: dict[str, int] = {}
    for block in blocks:
        marker = '+++ {"id": "..."} above it' if block.kind == "prose" else ":id: ... under the fence"
        if not block.id:
            problems.append(
                Problem(file, block.line, f"a {block.kind} block without an id", f"write {marker}", "no-id")
            )
            continue
        if not _ID.fullmatch(block.id) or block.id == LANGUAGE_CELL_ID:
            cure = f"use a-z, 0-9 and -, at most 64 characters, other than {LANGUAGE_CELL_ID!r}"
            problems.append(Problem(file, block.line, f"{block.id!r} cannot be an id", cure, "bad-id"))
        if block.id in first_at:
            message = f"id {block.id!r} is used again (first on line {first_at[block.id]})"
            problems.append(Problem(file, block.line, message, "give the second block its own id", "duplicate-id"))
        first_at.setdefault(block.id, block.line)
    return problems
