"""A run is in a table with all its rows or with none, and a second time changes nothing."""

import csv

import pytest

from course_utils.tasks.table import Table


def rows_of(path):
    with open(path, encoding="utf-8", newline="") as file:
        return list(csv.DictReader(file))


def test_runs_are_kept_in_order_with_all_their_rows(tmp_path):
    table = Table(tmp_path / "deep" / "t.csv")
    assert table.finished() == set()
    for name in ("b", "a", "b"):
        table.add({"run": name, "loss_nats": 1.0}, [{"run": name, "step": step} for step in (20, 100)])
    assert [(row["run"], row["step"]) for row in rows_of(table.path)] == [
        ("a", "20"), ("a", "100"), ("b", "20"), ("b", "100")]
    assert table.finished() == {"a", "b"}


def test_a_kill_while_writing_leaves_the_table_as_it_was(tmp_path, monkeypatch):
    table = Table(tmp_path / "t.csv")
    table.add({"run": "a"}, [{"run": "a", "step": 20}])

    def killed(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr("course_utils.ladder.store.os.replace", killed)
    with pytest.raises(KeyboardInterrupt):
        table.add({"run": "b"}, [{"run": "b", "step": 20}])
    monkeypatch.undo()
    assert Table(tmp_path / "t.csv").finished() == {"a"}
    Table(tmp_path / "t.csv").add({"run": "b"}, [{"run": "b", "step": 20}])
    assert Table(tmp_path / "t.csv").finished() == {"a", "b"}
