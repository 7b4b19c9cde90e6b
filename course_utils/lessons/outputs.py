"""Make the outputs of an executed notebook the same on every run, and refuse those that cannot be.

What is committed of an explorer: its picture and its words. The live widget has a random id and needs a running kernel;
a page with it and without its state shows an error on a code host. So the widget entry of the bundle is dropped here
and comes back as soon as the reader runs the cell.
"""

from __future__ import annotations

import base64
import re
import struct
import sys
import tempfile
from collections.abc import Iterator
from pathlib import Path

from nbformat import NotebookNode

WIDGET = "application/vnd.jupyter.widget-view+json"
_STATIC_FACES = ("image/png", "image/svg+xml", "text/html", "text/markdown")
_PNG_SIGNATURE = b"\x89PNG\r\n\x1a\n"
_PNG_NOTES = {b"tEXt", b"zTXt", b"iTXt", b"tIME", b"eXIf"}
_ADDRESS = re.compile(r"\bat 0x[0-9a-fA-F]{6,}")
_STYLER_ID = re.compile(r"id=\"T_[0-9a-f]{5}\b")
_WIDGET_REPR = re.compile(r"^\w+\((?:children|value|layout|description)=", re.MULTILINE)
_USER_PATH = re.compile(r"(?:/home/|/Users/|/root/|[A-Za-z]:\\Users\\)[^\s\"'<>]*")


_STYLED_TABLE = 'show the DataFrame itself, rounded, or HTML(styled.set_uuid("name").to_html())'


def strip_png_notes(png: bytes) -> bytes:
    """Drop text and time chunks of a PNG: they name the writing program's version, and readers never see them.

    Parameters
    ----------
    png : bytes
        A PNG file.

    Returns
    -------
    bytes
        The same picture, pixel for pixel.

    Raises
    ------
    ValueError
        `png` is not a PNG or ends early.
    """
    if not png.startswith(_PNG_SIGNATURE):
        raise ValueError("png: no PNG signature; pass the bytes of a PNG file.")
    kept, at = [_PNG_SIGNATURE], len(_PNG_SIGNATURE)
    while at < len(png):
        if at + 12 > len(png):
            raise ValueError("png: the file ends inside a chunk; write the picture again.")
        (length,) = struct.unpack(">I", png[at : at + 4])
        end = at + 12 + length
        if end > len(png):
            raise ValueError("png: the file ends inside a chunk; write the picture again.")
        if png[at + 4 : at + 8] not in _PNG_NOTES:
            kept.append(png[at:end])
        at = end
    return b"".join(kept)


def settle(notebook: NotebookNode) -> None:
    """Rewrite outputs in place: streams joined, widgets dropped, PNG notes stripped, counts 1 to n, no timestamps."""
    notebook.metadata.pop("widgets", None)
    notebook.metadata["language_info"] = {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"}
    count = 0
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        count += 1
        cell.execution_count = count
        cell.metadata.pop("execution", None)
        cell.metadata.pop("collapsed", None)
        cell.outputs = [_settle_output(output, count) for output in _join_streams(cell.outputs)]


def faults(notebook: NotebookNode, private_paths: tuple[str, ...]) -> Iterator[tuple[str, str, str]]:
    """Give (cell id, message, cure) for every output that must not be committed.

    Parameters
    ----------
    notebook : NotebookNode
        Executed; before or after `settle`. Before, widgets without a static face are found too.
    private_paths : tuple of str
        Folders whose names must not appear, see `paths_of_this_machine`.
    """
    for cell in notebook.cells:
        if cell.cell_type != "code":
            continue
        for output in cell.outputs:
            for message, cure in _faults_of(output, cell, private_paths):
                yield cell.id, message, cure


def paths_of_this_machine(root: Path) -> tuple[str, ...]:
    """List folders that name the machine a notebook was built on."""
    folders = {str(root), str(Path.home()), sys.prefix, sys.base_prefix, tempfile.gettempdir()}
    return tuple(sorted(folder for folder in folders if len(folder) > 3))


def _faults_of(output: NotebookNode, cell: NotebookNode, private_paths: tuple[str, ...]) -> Iterator[tuple[str, str]]:
    kind = output.output_type
    if kind == "error" and "raises-exception" not in cell.metadata.get("tags", []):
        yield f"raised {output.ename}: {output.evalue}", "correct the code, or tag the cell raises-exception"
        return
    if kind == "stream" and output.name == "stderr":
        first = output.text.strip().split("\n")[0][:160]
        if "missing from" in output.text and "Glyph" in output.text:
            yield f"draws empty boxes ({first})", "install a CJK font (Debian: fonts-noto-cjk) and draw through plots"
        else:
            yield f"wrote to stderr: {first}", "cure what warns; print what a reader should see"
        return
    data = output.get("data", {})
    if WIDGET in data and not any(face in data for face in _STATIC_FACES):
        yield "shows a widget without a picture", f"display one bundle that also has {_STATIC_FACES[0]}"
    elif _WIDGET_REPR.search(data.get("text/plain", "")) and (WIDGET in data or "children=" in data["text/plain"]):
        yield "describes a widget by its Python repr", "give the bundle a text/plain in the reader's words"
    texts = (
        [output.get("text", output.get("evalue"))]
        if kind in ("stream", "error")
        else [text for mime, text in data.items() if _is_text(mime, text)]
    )
    for text in texts:
        if _ADDRESS.search(text):
            cure = _STYLED_TABLE if "Styler" in text else "assign it to _, or show a value"
            yield f"shows a memory address ({_around(_ADDRESS, text)})", cure
        if _STYLER_ID.search(text):
            yield "shows a styled table with a random id", _STYLED_TABLE
        path = next((folder for folder in private_paths if folder in text), None) or _around(_USER_PATH, text)
        if path:
            yield f"shows a path of this machine ({path})", "show a path relative to the course"


def _is_text(mime: str, value: object) -> bool:
    return isinstance(value, str) and (mime.startswith("text/") or mime in ("image/svg+xml", "application/javascript"))


def _around(pattern: re.Pattern, text: str) -> str:
    found = pattern.search(text)
    return found.group() if found else ""


def _join_streams(outputs: list[NotebookNode]) -> list[NotebookNode]:
    """Join neighbouring pieces of one stream: how a kernel cuts them depends on timing."""
    joined: list[NotebookNode] = []
    for output in outputs:
        last = joined[-1] if joined else None
        if output.output_type == "stream" and last and last.output_type == "stream" and last.name == output.name:
            last.text += output.text
        else:
            joined.append(output)
    return joined


def _settle_output(output: NotebookNode, count: int) -> NotebookNode:
    if output.output_type == "error":
        # The frames of an error on purpose name files of this machine; its last line is what the lesson is about.
        output.traceback = [f"{output.ename}: {output.evalue}"]
    if "data" not in output:
        return output
    output.pop("transient", None)
    if output.output_type == "execute_result":
        output.execution_count = count
    output.data.pop(WIDGET, None)
    if "image/png" in output.data:
        png = strip_png_notes(base64.b64decode(output.data["image/png"]))
        output.data["image/png"] = base64.b64encode(png).decode("ascii")
    kept = {mime: fields for mime, fields in output.metadata.items() if mime in output.data and fields}
    output.metadata = NotebookNode({mime: NotebookNode(fields) for mime, fields in kept.items()})
    return output
