"""What changes with the number of runs: values not measured come out again, and measured ones are in order."""

import csv
from pathlib import Path

import numpy as np
import pytest

from course_utils.ladder import scale
from course_utils.ladder.store import Store

TABLE = Path(__file__).resolve().parents[2] / "data" / "games" / "scale.csv"


def shipped(quantity):
    with open(TABLE, encoding="utf-8", newline="") as file:
        return [row for row in csv.DictReader(file) if row["quantity"] == quantity]


def test_the_next_run_goes_to_whoever_is_free():
    runs = np.array([5.0, 4.0, 3.0, 3.0, 3.0])
    assert scale.makespan(runs, 1) == 18
    assert scale.makespan(runs, 2) == 10  # 5 + 3 beside 4 + 3 + 3; the best is 9
    assert scale.makespan(runs[::-1], 2) == 11
    assert scale.makespan(runs, 9) == 5


def test_seeds_agree_as_birthdays_do(monkeypatch):
    monkeypatch.setattr(scale, "SEEDS", 365)
    monkeypatch.setattr(scale, "SIZES", (23, 57))
    assert [row["value"] for row in scale.same_seeds()] == pytest.approx([0.5073, 0.9901], abs=5e-5)


def test_the_shipped_values_that_were_not_measured_come_out_again():
    again = [*scale.idling(20_261_124), *scale.same_seeds()]
    kept = [row for name in dict.fromkeys(row["quantity"] for row in again) for row in shipped(name)]
    assert len(kept) == len(again)
    for new, old in zip(sorted(again, key=lambda row: row["quantity"]),
                        sorted(kept, key=lambda row: row["quantity"]), strict=True):
        assert (new["how"], str(new["runs"]), new["origin"]) == (old["how"], old["runs"], old["origin"])
        assert float(old["value"]) == pytest.approx(new["value"], rel=1e-3)


def test_a_run_costs_long_tables_no_more_than_short_ones():
    added = {(row["how"], int(row["runs"])): float(row["value"]) for row in shipped("cpu_seconds_to_add_a_run")}
    every, seldom = sorted({how for how, _ in added})
    assert added[every, 10_000] > 50 * added[every, 100]  # the whole table each time
    assert added[seldom, 10_000] < 2 * added[seldom, 100]


def test_filled_tables_take_new_runs(tmp_path):
    store = scale.filled(tmp_path, 40)
    scale.adding(tmp_path, 3)()
    assert len(store.finished()) == 43
    Store(tmp_path).merge()
    with open(tmp_path / "text_curves.csv", encoding="utf-8", newline="") as file:
        assert sum(1 for _ in csv.DictReader(file)) == 43 * 24
