"""Files and folders of the reader's own, read as text.

Every file that decodes as UTF-8 is text, whatever its name; a byte-order mark decides between UTF-8, UTF-16 and UTF-32.
Nothing is guessed: a file in another encoding is named with its cure, and binary files are counted.
"""

from __future__ import annotations

import codecs
import hashlib
import os
import stat
from collections.abc import Iterator
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.i18n import format_bytes, format_count, t

MOST_BYTES = 100_000_000
LEFT_OUT = {"node_modules", "__pycache__"}
"""Folders that hold no text of the reader's; so do hidden ones and virtual environments (with a ``pyvenv.cfg``)."""
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NAMED = 3
_START = 8_192


@dataclass(frozen=True)
class Census:
    """What was found at a path.

    Attributes
    ----------
    texts : dict of str to str
        Hash of its contents to the text, sorted by the hash: each text once.
    copies, empty : int
        Files that hold the same as another one, and files without a letter.
    binary, unreadable, undecodable : tuple of str
        Paths below the folder: no text; may not be opened; text in an encoding that is neither UTF-8 nor marked.
    """

    texts: dict[str, str] = field(repr=False)
    copies: int = 0
    empty: int = 0
    binary: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    undecodable: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of text in UTF-8, each text once."""
        return sum(len(each.encode()) for each in self.texts.values())


def files_below(path: Path, closed: list[str] | None = None) -> Iterator[Path]:
    """List the files of a folder and the folders in it, sorted, without what is hidden or not the reader's.

    Parameters
    ----------
    path : Path
        The folder.
    closed : list of str or None
        Receives the folders that cannot be opened.
    """

    def refused(error: OSError) -> None:
        if closed is not None and isinstance(error, PermissionError):
            closed.append(Path(error.filename).relative_to(path).as_posix() + "/")

    for folder, inner, names in os.walk(path, onerror=refused):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in LEFT_OUT
                          and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg")))
        yield from (Path(folder, name) for name in sorted(names)
                    if not name.startswith(".") and not _is_special(os.path.join(folder, name)))


def _is_special(path: str) -> bool:
    """Tell a pipe, a device or a link to nowhere; what may not be asked is taken for a file, which cannot be read."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:
        return False
    except OSError:
        return True


def decode(raw: bytes, encoding: str | None = None) -> str | None:
    """Decode a file, with Unix ends of line, or return None if it is binary.

    Parameters
    ----------
    raw : bytes
        The whole file.
    encoding : str or None
        What to try when it is neither UTF-8 nor marked.

    Raises
    ------
    UnicodeDecodeError
        If it is text, but in another encoding.
    """
    if mark := _mark(raw):
        return raw.decode(mark).replace("\r\n", "\n")
    start = raw[:_START]
    if b"\0" in start and encoding and encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        return raw.decode(encoding).replace("\r\n", "\n")
    if _has_text_of_two_bytes(start):
        raise UnicodeDecodeError("utf-8", start, 0, 1, "UTF-16 without a byte-order mark")
    if _is_binary(start):
        return None
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        if encoding is None:
            raise
        decoded = raw.decode(encoding)
    return decoded.replace("\r\n", "\n")


def _mark(raw: bytes) -> str | None:
    return next((name for mark, name in MARKS if raw.startswith(mark)), None)


def _has_text_of_two_bytes(start: bytes) -> bool:
    """Say whether NULs stand at every other place, as in UTF-16; in programs and pictures they stand anywhere."""
    zeros = start[::2].count(0), start[1::2].count(0)
    often, seldom = max(zeros), min(zeros)
    return often > 0 and often >= 0.02 * len(start) and seldom <= 0.1 * often and b"\0\0" not in start[:512]


def _is_binary(start: bytes) -> bool:
    """Say whether there are a NUL or many control characters, which no text has."""
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in start)
    return 0 in start or controls > 0.01 * len(start)


def survey(path: str | os.PathLike, encoding: str | None = None) -> Census:
    """Read every text at `path`.

    Parameters
    ----------
    path : path
        A file, or a folder, which is read with all folders in it.
    encoding : str or None
        Python's name of the encoding of the files that are not UTF-8, such as "gb18030" or "cp1258"; None leaves such
        files out and names them.
    """
    path = Path(path).expanduser()
    if encoding is not None:
        try:
            "a".encode(encoding)
        except (LookupError, UnicodeError):  # unknown, or no encoding of text, such as "hex"
            raise ValueError(t("ladder.text.no_such_encoding", encoding=encoding)) from None
    if not path.exists():
        raise ValueError(t("ladder.text.no_such_path", path=os.fspath(path)))
    found: dict[str, str] = {}
    copies = empty = size = 0
    left_out: dict[str, list[str]] = {"binary": [], "unreadable": [], "undecodable": []}
    for file in [path] if path.is_file() else files_below(path, left_out["unreadable"]):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        try:
            with open(file, "rb") as stream:
                raw = stream.read(_START)
                if size + file.stat().st_size <= MOST_BYTES:
                    raw += stream.read()
                elif _mark(raw) or not _is_binary(raw):
                    raise ValueError(t("ladder.text.too_large", path=os.fspath(path), most=format_bytes(MOST_BYTES)))
            decoded = decode(raw, encoding)
        except UnicodeDecodeError:
            left_out["undecodable"].append(name)
            continue
        except OSError:
            left_out["unreadable"].append(name)
            continue
        if decoded is None:
            left_out["binary"].append(name)
        elif not decoded.strip():
            empty += 1
        elif (digest := hashlib.sha256(decoded.encode()).hexdigest()) in found:
            copies += 1
        else:
            found[digest] = decoded
            size += len(raw)
    census = Census(dict(sorted(found.items())), copies, empty, **{kind: tuple(v) for kind, v in left_out.items()})
    if not census.texts:
        reason = next((kind for kind in ("undecodable", "unreadable", "binary") if left_out[kind]), None)
        sentence = t(f"ladder.text.{reason}", count=format_count(len(left_out[reason])),
                     files=some_names(tuple(left_out[reason]))) if reason else ""
        raise ValueError(" ".join([t("ladder.text.nothing", path=os.fspath(path)), sentence]).strip())
    return census


def some_names(files: tuple[str, ...]) -> str:
    """Name the first few of some files, as a reader should see them."""
    named = ", ".join(files[:_NAMED]) + (", …" if len(files) > _NAMED else "")
    return named.encode("utf-8", "replace").decode("utf-8")  # a name may hold bytes that are no text
