"""From bytes to a table of texts with the lines of the file: encoding, delimiter, heading."""

from __future__ import annotations

import codecs
import csv
import hashlib
import io
import re
import unicodedata
from collections.abc import Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.i18n import t
from course_utils.own_runs import headings
from course_utils.own_runs.cells import parse
from course_utils.own_runs.said import Refusal, Said, said

LARGEST_FILE = 20_000_000  # bytes: a table of runs, one row a run, stays far below
LARGEST_TABLE = 20_000  # rows
_DELIMITERS = (",", ";", "\t", "|")
_SIGNATURES = (
    (b"PK\x03\x04", "workbook"),
    (b"\xd0\xcf\x11\xe0", "workbook"),
    (b"PAR1", "parquet"),
    (b"\x1f\x8b", "gzip"),
    (b"%PDF", "pdf"),
)


@dataclass(frozen=True)
class Row:
    """Hold one row of the file and the line on which it ends."""

    line: int
    cells: tuple[str, ...]


@dataclass(frozen=True)
class Table:
    """Hold a file as texts.

    Attributes
    ----------
    name, sha256, n_bytes : of the file
    encoding, delimiter : as found
    header : headings, in order
    rows : one a row of the file, blank lines left out
    skipped : lines before the heading and comments, each with the reason
    sample : whether the runs are this course's own
    """

    name: str
    sha256: str
    n_bytes: int
    encoding: str
    delimiter: str
    header: tuple[str, ...]
    rows: tuple[Row, ...]
    skipped: tuple[tuple[int, Said], ...]
    sample: bool = False


def load(source: Any, name: str | None = None) -> Table:
    """Read a path, bytes or a DataFrame into texts.

    Raises
    ------
    Refusal
        If it is no table: too large, empty, binary, without a heading, or with rows of different lengths.
    FileNotFoundError
        If the path leads nowhere.
    """
    if isinstance(source, (bytes, bytearray, memoryview)):
        return _table(bytes(source), name or "runs.csv")
    if hasattr(source, "to_csv"):
        name = name or "DataFrame"
        if len(source) > LARGEST_TABLE:
            raise Refusal("too_many_rows", name, count=len(source), most=LARGEST_TABLE)
        return _table(source.to_csv(index=False).encode("utf-8"), name, delimiter=",")
    path = Path(source)
    name = name or path.name or str(path)
    if path.is_dir():
        raise Refusal("folder", name)
    if not path.exists():
        raise FileNotFoundError(t("own_runs.view.not_found", path=path, folder=Path.cwd()))
    size = path.stat().st_size
    if size > LARGEST_FILE:
        raise Refusal("too_large", name, size=_megabytes(size), most=_megabytes(LARGEST_FILE))
    return _table(path.read_bytes(), name)


def _megabytes(size: int) -> str:
    return f"{size / 1e6:.0f} MB"


def _table(content: bytes, name: str, delimiter: str | None = None) -> Table:
    if len(content) > LARGEST_FILE:
        raise Refusal("too_large", name, size=_megabytes(len(content)), most=_megabytes(LARGEST_FILE))
    text, encoding = decode(content, name)
    text, skipped, told = _before_the_table(text)
    if not text.strip():
        raise Refusal("empty", name)
    delimiter = delimiter or told or _delimiter(text)
    rows = list(_rows(text, delimiter, name))
    rows, early = _from_heading(rows)
    skipped += early
    if not rows:
        raise Refusal("empty", name)
    header = tuple(" ".join(cell.split()) for cell in rows[0].cells)
    _check_header(header, rows[0].line, name)
    if len(rows) == 1:
        raise Refusal("no_rows", name, (rows[0].line,))
    if len(rows) - 1 > LARGEST_TABLE:
        raise Refusal("too_many_rows", name, count=len(rows) - 1, most=LARGEST_TABLE)
    return Table(
        name=name,
        sha256=hashlib.sha256(content).hexdigest(),
        n_bytes=len(content),
        encoding=encoding,
        delimiter=delimiter,
        header=header,
        rows=tuple(_fit(row, len(header), name) for row in rows[1:]),
        skipped=tuple(skipped),
    )


def decode(content: bytes, name: str) -> tuple[str, str]:
    """Turn bytes into text; where UTF-8 does not fit, the encoding in which most headings are known words."""
    for signature, kind in _SIGNATURES:
        if content.startswith(signature):
            raise Refusal(kind, name)
    for mark, encoding in (
        (codecs.BOM_UTF8, "utf-8-sig"),
        (codecs.BOM_UTF16_LE, "utf-16"),
        (codecs.BOM_UTF16_BE, "utf-16"),
    ):
        if content.startswith(mark):
            try:
                return unicodedata.normalize("NFC", content.decode(encoding)), encoding
            except UnicodeDecodeError:
                raise Refusal("binary", name) from None
    if b"\x00" in content or _control_share(content) > 0.02:
        raise Refusal("binary", name)
    try:
        return unicodedata.normalize("NFC", content.decode("utf-8")), "utf-8"
    except UnicodeDecodeError:
        pass  # not UTF-8: one of the older encodings below
    found = []
    western = (
        "cp1252",
        "cp1258",
        "latin-1",
    )  # alike in most letters: the Vietnamese one only where it knows more words
    for order, encoding in enumerate(("gb18030", *western) if _in_pairs(content) else (*western, "gb18030")):
        try:
            text = unicodedata.normalize("NFC", content.decode(encoding))
        except UnicodeDecodeError:
            continue
        found.append((-_known_words(text), order, encoding, text))
    _, _, encoding, text = min(found)
    return text, encoding


def _in_pairs(content: bytes) -> bool:
    """Tell whether bytes beyond ASCII mostly stand side by side, as in Chinese, and not singly, as accented letters."""
    together = re.findall(rb"[\x80-\xff]+", content)
    return sum(len(part) > 1 for part in together) > len(together) / 2


def _control_share(content: bytes) -> float:
    head = content[:4096]
    return sum(byte < 32 and byte not in (9, 10, 12, 13) for byte in head) / max(len(head), 1)


def _known_words(text: str) -> int:
    """Count the headings in the first lines that some role knows."""
    score = 0
    for line in text.splitlines()[:5]:
        for delimiter in _DELIMITERS:
            cells = line.split(delimiter)
            if len(cells) > 1:
                score = max(score, sum(any(headings.match(cell, role) for role in headings.ROLES) for cell in cells))
    return score


def _before_the_table(text: str) -> tuple[str, list[tuple[int, Said]], str | None]:
    """Blank out comment lines and Excel's ``sep=;``, so that the lines keep their numbers."""
    lines, skipped, delimiter = text.splitlines(keepends=True), [], None
    for i, line in enumerate(lines):
        bare = line.strip()
        if i == 0 and bare.lower().startswith("sep=") and len(bare) == 5:
            delimiter = bare[4]
        elif not bare.startswith("#"):
            continue
        skipped.append((i + 1, said("skipped.comment", text=bare[:60])))
        lines[i] = "\n"
    return "".join(lines), skipped, delimiter


def _delimiter(text: str) -> str:
    """Choose the delimiter that cuts most lines into the same number of cells, more than one."""

    def score(delimiter: str) -> tuple[float, int]:
        counts = [len(row) for row in csv.reader(io.StringIO(text[:200_000]), delimiter=delimiter) if any(row)]
        common = max(set(counts), key=counts.count)
        return (counts.count(common) / len(counts) if common > 1 else 0.0), common

    best = max(_DELIMITERS, key=score)
    return best if score(best)[0] > 0 else ","


def _rows(text: str, delimiter: str, name: str) -> Iterator[Row]:
    reader = csv.reader(io.StringIO(text, newline=""), delimiter=delimiter)
    try:
        for cells in reader:
            if any(cell.strip() for cell in cells):
                yield Row(reader.line_num, tuple(cell.strip() for cell in cells))
    except csv.Error:
        raise Refusal("quotes", name, (reader.line_num,)) from None


def _from_heading(rows: list[Row]) -> tuple[list[Row], list[tuple[int, Said]]]:
    """Leave out a title above the table: lines of a single cell where most rows have several."""
    lengths = [len(row.cells) for row in rows]
    if not rows or max(set(lengths), key=lengths.count) == 1:
        return rows, []
    skipped = []
    while rows and sum(bool(cell) for cell in rows[0].cells) == 1:
        skipped.append((rows[0].line, said("skipped.title", text=next(filter(None, rows[0].cells))[:60])))
        rows = rows[1:]
    return rows, skipped


def _check_header(header: tuple[str, ...], line: int, name: str) -> None:
    named = [heading for heading in header if heading]
    kinds = [parse(heading).kind for heading in named]
    if kinds and all(kind in ("number", "percent", "missing") for kind in kinds):
        raise Refusal("no_header", name, (line,), example=", ".join(named[:4]))
    twice = {heading for heading in named if header.count(heading) > 1}
    if twice:
        raise Refusal("twice", name, (line,), heading=min(twice))


def _fit(row: Row, width: int, name: str) -> Row:
    cells = list(row.cells)
    while len(cells) > width and not cells[-1]:
        cells.pop()
    if len(cells) != width:
        raise Refusal("ragged", name, (row.line,), found=len(cells), wanted=width)
    return Row(row.line, tuple(cells))
