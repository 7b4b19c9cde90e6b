"""Outputs are settled, and those that cannot be are refused."""

import base64
import io
import struct
import zlib

import pytest
from nbformat.v4 import new_code_cell, new_notebook, new_output

from course_utils.lessons.built import notebook_bytes
from course_utils.lessons.outputs import WIDGET, faults, settle, strip_png_notes

STATIC = {"image/png": "", "text/plain": "N: 0"}


def png(note="made today"):
    def chunk(kind, body):
        return struct.pack(">I", len(body)) + kind + body + struct.pack(">I", zlib.crc32(kind + body))

    return b"".join(
        [
            b"\x89PNG\r\n\x1a\n",
            chunk(b"IHDR", struct.pack(">IIBBBBB", 1, 1, 8, 0, 0, 0, 0)),
            chunk(b"tEXt", b"Software\x00" + note.encode()),
            chunk(b"IDAT", zlib.compress(b"\x00\x07")),
            chunk(b"IEND", b""),
        ]
    )


def notebook_with(*outputs, tags=()):
    cell = new_code_cell("x", id="one", outputs=list(outputs), metadata={"tags": list(tags)} if tags else {})
    return new_notebook(cells=[cell], metadata={"widgets": {"state": {}}})


def refused(*outputs, tags=(), private=("/opt/secret",)):
    return [message for _, message, _ in faults(notebook_with(*outputs, tags=tags), private)]


def test_png_notes_go_and_pixels_stay():
    from matplotlib import image

    plain = strip_png_notes(png())
    assert plain == strip_png_notes(png("made tomorrow")) != png()
    assert b"Software" not in plain
    assert (image.imread(io.BytesIO(plain)) == image.imread(io.BytesIO(png()))).all()


@pytest.mark.parametrize("broken", [b"GIF89a", png()[:-5], png()[:20]])
def test_what_is_no_png_is_refused(broken):
    with pytest.raises(ValueError, match="png:"):
        strip_png_notes(broken)


def test_settled_notebook_does_not_depend_on_the_run():
    def run(note, model_id, pieces, count):
        data = {"image/png": base64.b64encode(png(note)).decode(), "text/plain": "N: 0", WIDGET: {"model_id": model_id}}
        notebook = notebook_with(
            *(new_output("stream", name="stdout", text=piece) for piece in pieces),
            new_output("display_data", data=data, metadata={"image/png": {}, WIDGET: {}}),
            new_output("execute_result", data={"text/plain": "1"}, execution_count=count),
        )
        notebook.cells[0].execution_count = count
        notebook.cells[0].metadata["execution"] = {"iopub.status.busy": note}
        settle(notebook)
        return notebook

    first, second = run("a", "11", ["x", "y\n"], 7), run("b", "22", ["xy\n"], 9)
    assert notebook_bytes(first) == notebook_bytes(second)
    assert "widgets" not in first.metadata
    cell = first.cells[0]
    assert cell.execution_count == cell.outputs[2].execution_count == 1
    assert cell.outputs[0].text == "xy\n"
    assert set(cell.outputs[1].data) == {"image/png", "text/plain"}
    settle(first)
    assert notebook_bytes(first) == notebook_bytes(second)


@pytest.mark.parametrize(
    ("output", "said"),
    [
        (new_output("stream", name="stderr", text="UserWarning: careful"), "wrote to stderr: UserWarning"),
        (new_output("stream", name="stderr", text="UserWarning: Glyph 25439 missing from font"), "empty boxes"),
        (new_output("stream", name="stdout", text="<object at 0x7f12ab34cd>"), "memory address"),
        (new_output("execute_result", data={"text/plain": "[<Line2D at 0x7f12ab34cd>]"}), "memory address"),
        (new_output("stream", name="stdout", text="saved in /opt/secret/a.csv"), "path of this machine (/opt/secret)"),
        (new_output("stream", name="stdout", text="saved in /home/ana/a.csv"), "path of this machine (/home/ana"),
        (new_output("execute_result", data={"text/html": "<a href='C:\\Users\\ana'>"}), "path of this machine"),
        (new_output("display_data", data={"text/plain": "Box()", WIDGET: {}}), "widget without a picture"),
        (new_output("display_data", data={**STATIC, "text/plain": "IntSlider(value=0)", WIDGET: {}}), "Python repr"),
        (new_output("display_data", data={"text/plain": "VBox(children=(1,))"}), "Python repr"),
        (new_output("display_data", data={"text/html": '<table id="T_1a2b3">'}), "random id"),
        (new_output("error", ename="KeyError", evalue="'x'", traceback=[]), "raised KeyError"),
    ],
)
def test_unfit_outputs_are_refused(output, said):
    (message,) = refused(output)
    assert said in message


@pytest.mark.parametrize(
    "output",
    [
        new_output("stream", name="stdout", text="loss 3.14 at 0x points, home/work\n"),
        new_output("execute_result", data={"text/plain": "FitResult(E=1.7)"}),
        new_output("display_data", data={**STATIC, WIDGET: {"model_id": "1"}}),
    ],
)
def test_sound_outputs_pass(output):
    assert refused(output) == []


def test_an_error_on_purpose_passes():
    error = new_output("error", ename="ValueError", evalue="no", traceback=[])
    assert refused(error, tags=["raises-exception"]) == []
    assert (
        "path of this machine"
        in refused(
            new_output("error", ename="OSError", evalue="no /home/ana/a.csv", traceback=[]), tags=["raises-exception"]
        )[0]
    )
    error.traceback = ["/usr/lib/python/secret.py", "ValueError: no"]
    notebook = notebook_with(error, tags=["raises-exception"])
    settle(notebook)
    assert notebook.cells[0].outputs[0].traceback == ["ValueError: no"]
