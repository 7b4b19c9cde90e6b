"""What is shown while runs train: one place of a notebook, a bar in a terminal."""

from __future__ import annotations

import base64
import re
import textwrap
import time
from pathlib import Path

import pytest

from course_utils.i18n import LANGUAGES, using_language
from course_utils.ladder.own.tables import Tables
from course_utils.ladder.own.watch import Notebook, Terminal
from course_utils.ladder.store import Store
from tests.ladder.own import law

ROOT = Path(__file__).resolve().parents[3]


def flying(game, run, share):
    """Write what a run in flight has reported."""
    folder = Store(game.folder).live
    folder.mkdir(parents=True, exist_ok=True)
    lines = [f'{{"step": {max(1, round(share * k / 5 * run.steps))}, "loss": {6 - 0.2 * k}}}' for k in range(1, 6)]
    (folder / f"{run.name}.jsonl").write_text("\n".join(lines) + "\n")


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_bar_in_a_terminal_counts_runs_in_flight(live, capsys, code):
    from course_utils.ladder.own.trainable import trainable

    game = live()
    runs = trainable(game.design.runs, game._state)
    Store(game.folder).add(*law.row_of(runs[0]))
    flying(game, runs[1], 0.5)
    with using_language(code), Terminal(game, game.design.runs) as bar:
        time.sleep(0.02)
        bar.look()
        count, share, left = bar.progress(game._tables(), {runs[1].name: [{"step": runs[1].steps // 2, "loss": 5.0}]})
    assert count == 1 and 0 < share < 0.3 and left > 0
    assert re.search(r"\b1\b.*25|1/25", capsys.readouterr().err)


def test_the_picture_of_a_notebook_grows(live):
    from course_utils.ladder.own.live_figure import LiveFigure
    from course_utils.ladder.own.trainable import trainable

    game = live()
    runs = trainable(game.design.runs, game._state)
    figure = LiveFigure(game, [run.name for run in runs])
    sizes = [len(figure.png(Tables({}, {}), {}))]
    Store(game.folder).add(*law.row_of(runs[0]))
    points = [{"step": step, "loss": 6 - 0.1 * step / runs[1].steps} for step in (10, 20, runs[1].steps // 2)]
    sizes.append(len(figure.png(game._tables(), {runs[1].name: points})))
    assert sizes[1] > sizes[0]
    assert len(figure._finished) == 1 and len(figure._flying) == 1
    Store(game.folder).add(*law.row_of(runs[1]))
    figure.png(game._tables(), {})
    assert len(figure._finished) == 2 and not figure._flying


CELLS = """
    from course_utils.ladder.own.opening import start
    from tests.ladder.own import law
    game = start("mine", folder=FOLDER, trainer=law.follow, seed=0)
    game.screen(processes=1)
    ---
    game.seal(3.95, 3.8, 4.1)
    game.train(processes=1)
"""


@pytest.mark.slow
def test_in_a_kernel_one_place_is_updated(tmp_path, monkeypatch):
    nbformat, nbclient = pytest.importorskip("nbformat"), pytest.importorskip("nbclient")
    monkeypatch.setenv("PYTHONPATH", str(ROOT))
    monkeypatch.setenv("LAW_SLEEP", "0.02")
    source = textwrap.dedent(CELLS).replace("FOLDER", repr(str(tmp_path / "game")))
    notebook = nbformat.v4.new_notebook(cells=[nbformat.v4.new_code_cell(cell) for cell in source.split("---\n")])
    nbclient.NotebookClient(notebook, timeout=300, resources={"metadata": {"path": str(tmp_path)}}).execute()
    for cell in notebook.cells:
        shown = [output for output in cell.outputs if output.output_type == "display_data"]
        assert len(shown) == 1, "one place, not a picture for every step"
        html = shown[0].data["text/html"]
        assert "<progress" in html
        assert base64.b64decode(re.search(r"base64,([^\"]+)", html)[1])[1:4] == b"PNG"
        assert not [output for output in cell.outputs if output.output_type == "stream" and output.name == "stderr"]
    assert "25" in notebook.cells[0].outputs[0].data["text/html"]


def test_looks_are_at_most_twice_a_second(live, monkeypatch):
    game = live()
    monkeypatch.setattr(Notebook, "open", lambda self: None)
    monkeypatch.setattr(Notebook, "show", lambda self, tables, flying: None)
    with Notebook(game, game.design.runs) as watch:
        time.sleep(1.3)
        assert watch.looks <= 2
