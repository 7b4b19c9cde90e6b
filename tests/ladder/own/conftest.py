"""Games without PyTorch: a recorded pool and a trainer that follow a known law."""

from __future__ import annotations

from concurrent.futures import ThreadPoolExecutor

import pytest

from course_utils.ladder.own.opening import recorded, start
from course_utils.ladder.own.state import State
from course_utils.ladder.own.trainable import trainable
from course_utils.ladder.shipped import game_run
from course_utils.planning import design
from course_utils.questions import record
from tests.ladder.own import law


@pytest.fixture(autouse=True)
def kept(monkeypatch) -> record.Record:
    """The record that this test's seals go to: in memory, empty."""
    made = record.Record(None)
    monkeypatch.setattr(record, "current", lambda: made)
    return made


@pytest.fixture(scope="session")
def pool(tmp_path_factory):
    """Recorded tables that hold game 0 of two designs, and targets of five widths."""
    runs = []
    for name in ("ladder", "checkpoints"):
        made = design(name)
        runs += trainable(made.runs, State("", "", made))
    runs += [game_run(f"game-5e11-d{width}-s1000", "games", width, 5e11, 1000) for width in (20, 24, 28, 32, 40)]
    return law.write_pool(tmp_path_factory.mktemp("pool"), list({run.name: run for run in runs}.values()))


@pytest.fixture
def replayed(pool):
    """A recorded game that has not begun."""
    return recorded(0, folder=pool)


@pytest.fixture
def live(tmp_path):
    """Open the live game of this test's folder: at first a new one, then the same."""
    return lambda **how: start("mine", folder=tmp_path / "game", **{"trainer": law.follow, "seed": 0} | how)


@pytest.fixture
def here():
    """An executor in this process, which spares a test the start of others."""
    with ThreadPoolExecutor(1) as executor:
        yield executor
