"""A killed sweep loses at most the runs in flight, and tables are always whole."""

import csv
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils.ladder import shipped
from course_utils.ladder.store import RUNS_A_MERGE, Store
from course_utils.ladder.sweep import sweep
from tests.ladder import stand_in

ROOT = Path(__file__).resolve().parents[2]

SWEEP = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.ladder import stand_in
from course_utils.ladder import shipped
from course_utils.ladder.sweep import sweep
if __name__ == "__main__":
    say = lambda line: print(line, flush=True)
    sweep(shipped.grid(), sys.argv[1], processes=2, trainer=stand_in.wait, report=say, bar=False)
"""


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


@pytest.mark.slow
def test_kill_and_resume(tmp_path):
    script = tmp_path / "sweep.py"
    script.write_text(SWEEP)
    table = tmp_path / "tables"
    process = subprocess.Popen([sys.executable, script, table, ROOT], stdout=subprocess.PIPE, text=True,
                               start_new_session=True)
    reported = [process.stdout.readline().split(":")[0] for _ in range(9)]
    if os.name == "nt":
        process.kill()
    else:
        os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    saved = Store(table).finished()
    assert set(reported) <= saved  # what was reported as finished is never lost
    assert len(saved) < len(shipped.grid())
    for file in table.glob("*.csv"):
        assert all(None not in row.values() for row in rows_of(file))  # no half-written line

    trained = sweep(shipped.grid(), table, processes=2, trainer=stand_in.wait, report=lambda line: None, bar=False)
    assert trained == len(shipped.grid()) - len(saved)
    runs = rows_of(table / "text_runs.csv")
    assert sorted(row["run"] for row in runs) == sorted(run.name for run in shipped.grid())  # each once
    curves = rows_of(table / "text_curves.csv")
    assert len(curves) == 3 * len(runs)
    assert sweep(shipped.grid(), table, trainer=stand_in.wait, report=lambda line: None, bar=False) == 0


def test_a_kill_between_the_two_tables_heals(tmp_path, monkeypatch):
    store = Store(tmp_path)
    row = {"run": "a", "corpus": "text", "loss_nats": 3.0}
    curve = [{"run": "a", "step": 1, "loss_nats": 4.0}, {"run": "a", "step": 2, "loss_nats": 3.0}]

    def killed(table, rows):
        original(table, rows)
        raise KeyboardInterrupt

    original = store._write
    monkeypatch.setattr(store, "_write", killed)
    with pytest.raises(KeyboardInterrupt):
        store.add(row, curve)
    assert not (tmp_path / "text_runs.csv").exists()
    assert Store(tmp_path).finished() == {"a"}  # the journal still holds it
    Store(tmp_path).merge()
    assert len(rows_of(tmp_path / "text_runs.csv")) == 1
    assert len(rows_of(tmp_path / "text_curves.csv")) == 2


def test_long_tables_are_rewritten_seldom_and_no_run_is_lost_between(tmp_path, monkeypatch):
    written = []

    def write(self, table, rows):
        written.append(len(rows))
        original(self, table, rows)

    original = Store._write
    monkeypatch.setattr(Store, "_write", write)
    store = Store(tmp_path)
    for i in range(300):
        store.add({"run": f"r{i:03}", "corpus": "text", "loss_nats": 3.0}, [{"run": f"r{i:03}", "step": 1}])
        assert store.finished() == {f"r{k:03}" for k in range(i + 1)}
    assert sum(written) < 300 * 2 * (RUNS_A_MERGE + 2)  # each run is rewritten a fixed number of times, not 150
    assert len(list((tmp_path / "journal").iterdir())) < 300 / RUNS_A_MERGE + 1
    store.merge()
    assert [row["run"] for row in rows_of(tmp_path / "text_runs.csv")] == [f"r{i:03}" for i in range(300)]
    assert len(rows_of(tmp_path / "text_curves.csv")) == 300


def test_a_stale_lock_does_not_block(tmp_path):
    lock = tmp_path / ".writing"
    lock.touch()
    long_ago = time.time() - 3600
    os.utime(lock, (long_ago, long_ago))
    Store(tmp_path).add({"run": "a", "corpus": "facts", "loss_nats": 1.0}, [])
    assert Store(tmp_path).finished() == {"a"}


def test_columns_of_later_runs_are_added(tmp_path):
    store = Store(tmp_path)
    store.add({"run": "b", "corpus": "text", "loss_nats": 3.0}, [])
    store.add({"run": "a", "corpus": "text", "loss_nats": 2.0, "note": "new"}, [])
    rows = rows_of(tmp_path / "text_runs.csv")
    assert [row["run"] for row in rows] == ["a", "b"]
    assert [row["note"] for row in rows] == ["new", ""]


def test_routed_runs_have_tables_of_their_own_whatever_their_text(tmp_path):
    store = Store(tmp_path)
    for name, corpus, router in (("a", "text", "dense"), ("b", "facts", "switch"), ("c", "facts", "")):
        store.add({"run": name, "corpus": corpus, "router": router, "loss_nats": 3.0}, [{"run": name, "step": 1}])
    assert [row["run"] for row in rows_of(tmp_path / "routed_runs.csv")] == ["a", "b"]
    assert [row["run"] for row in rows_of(tmp_path / "routed_curves.csv")] == ["a", "b"]
    assert [row["run"] for row in rows_of(tmp_path / "facts_runs.csv")] == ["c"]
    assert store.finished() == {"a", "b", "c"}


def test_runs_on_a_text_of_ones_own_have_a_table_and_no_run_is_dropped_for_want_of_one(tmp_path):
    store = Store(tmp_path)
    store.add({"run": "a", "set": "mine", "corpus": "own", "loss_nats": 3.0}, [{"run": "a", "step": 1}])
    assert [row["run"] for row in rows_of(tmp_path / "own_runs.csv")] == ["a"]
    with pytest.raises(ValueError, match=r"'b'.*'poems'"):
        store.add({"run": "b", "set": "mine", "corpus": "poems", "loss_nats": 3.0}, [])
    assert store.finished() == {"a"}


def test_two_runs_of_one_name_are_refused(tmp_path):
    with pytest.raises(ValueError, match="own name"):
        sweep(shipped.smoke() + shipped.smoke(), tmp_path, trainer=stand_in.wait, bar=False)


def test_a_failing_run_is_raised_and_the_others_are_kept(tmp_path):
    sweep(shipped.smoke()[:1], tmp_path, processes=1, trainer=stand_in.wait, report=lambda line: None, bar=False)
    with pytest.raises(RuntimeError, match="broke"):
        sweep(shipped.smoke(), tmp_path, processes=1, trainer=stand_in.diverge, report=lambda line: None, bar=False)
    assert Store(tmp_path).finished() == {shipped.smoke()[0].name}
