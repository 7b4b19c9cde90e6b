"""How many runs: schedules are those of a list taken run by run, and the formulas are held against simulated sweeps."""

from __future__ import annotations

import heapq
import math

import numpy as np
import pytest

from course_utils import datasets, explorers
from course_utils.explorers.many_runs_state import (
    FAILURES,
    RUNS,
    WORKERS,
    Sweeps,
    chance_of_equal_seeds,
    last_runs,
)
from course_utils.i18n import using_language


@pytest.fixture(scope="module")
def sweeps():
    return Sweeps(datasets.load("text_runs"), datasets.load("scale"))


def _run_by_run(lengths: np.ndarray, workers: int) -> np.ndarray:
    free = [0.0] * workers
    for length in lengths:
        heapq.heapreplace(free, free[0] + length)
    return np.sort(free)


@pytest.mark.parametrize("seed", range(40))
def test_classes_are_scheduled_as_their_runs_one_by_one(seed):
    rng = np.random.default_rng(seed)
    length, counts = np.sort(rng.uniform(0.1, 5, 5)), rng.integers(0, 60, 5)
    workers = int(rng.integers(1, 40))
    for order in (slice(None), slice(None, None, -1)):
        made = last_runs(length[order], counts[order], workers)
        np.testing.assert_allclose(np.sort(made), _run_by_run(np.repeat(length[order], counts[order]), workers))


def test_no_sweep_ends_before_it_can_and_none_takes_twice_as_long(sweeps):
    for runs in RUNS[::2]:
        for workers in WORKERS[::2]:
            result = sweeps.compute(runs, workers, 1.0, 1e-3, 32)
            assert result.least <= result.longest_first * (1 + 1e-12)
            assert result.shortest_first < 2 * result.least
            assert result.ends_longest.sum() * result.least == pytest.approx(result.work)
            assert 0 <= result.idle < 1


def test_lengths_have_the_mean_that_is_asked_for(sweeps):
    for runs in (10, 50, 1000):
        length, counts = sweeps.lengths(runs)
        assert counts.sum() == runs and counts @ length == pytest.approx(runs)
    measured = datasets.load("text_runs").query("set == 'grid'")["train_seconds"]
    length, _ = sweeps.lengths(100_000)
    assert length[-1] / length[0] == pytest.approx(measured.quantile(0.975) / measured.quantile(0.025), rel=0.01)


def test_failures_and_lost_work_are_those_of_simulated_runs(sweeps):
    result = sweeps.compute(50.0, 4, 1.0, 0.1, 32)
    length, counts = sweeps.lengths(50)
    rate, rng = -math.log(0.9), np.random.default_rng(3)
    failed = spent = 0.0
    rounds = 400
    for _ in range(rounds):
        for hours in np.repeat(length, counts):
            while (strikes := rng.exponential(1 / rate)) < hours:
                failed, spent = failed + 1, spent + strikes
            spent += hours
    assert failed / rounds == pytest.approx(result.failed, rel=0.05)
    assert spent / rounds / result.work - 1 == pytest.approx(result.lost_kept, rel=0.07)


def test_a_sweep_of_which_nothing_is_kept_is_one_long_run(sweeps):
    result = sweeps.compute(1000.0, 16, 0.1, 0.01, 32)
    exposed = -math.log(0.99) * 100
    assert result.lost_all_here == pytest.approx((math.exp(exposed) - 1) / exposed - 1)
    assert result.clean == pytest.approx(0.99**100)
    assert (np.diff(sweeps.compute(10.0, 1, 100.0, FAILURES[-1], 32).lost_all) >= 0).all()


def test_equal_seeds_are_counted_as_the_birthdays_are():
    assert chance_of_equal_seeds(10, 3) == 1.0
    exact = 1 - np.prod(1 - np.arange(23) / 256)
    assert chance_of_equal_seeds(23, 8) == pytest.approx(exact)
    drawn = np.random.default_rng(0).integers(0, 2**16, (2000, 200))
    same = np.mean([len(set(row)) < 200 for row in drawn.tolist()])
    assert chance_of_equal_seeds(200, 16) == pytest.approx(same, abs=0.04)


def test_seeds_agree_with_what_the_table_computed(sweeps):
    table = datasets.load("scale").query("quantity == 'chance_that_two_seeds_agree'")
    for row in table.itertuples():
        assert sweeps.compute(float(row.runs), 1, 1.0, 1e-3, 32).same == pytest.approx(row.value, rel=1e-3)


def test_expected_pairs_double_in_square(sweeps):
    pairs = sweeps.compute(1000.0, 1, 1.0, 1e-3, 16).pairs
    assert pairs[0, RUNS.index(1000.0)] == pytest.approx(999 * 1000 / 2**17)
    assert pairs[0] / pairs[1] == pytest.approx(2.0**16)


def test_rewriting_grows_with_the_square_and_seldom_with_the_runs(sweeps):
    thousand, most = (sweeps.compute(runs, 1, 1.0, 1e-3, 32) for runs in (1000.0, 100_000.0))
    assert 5e3 < most.rewriting_here / thousand.rewriting_here < 2e4
    assert 50 < most.seldom_here / thousand.seldom_here < 200
    each = datasets.load("scale").query("quantity == 'cpu_seconds_to_add_a_run' and runs == 100000")["value"].item()
    assert most.rewriting_here == pytest.approx(each * 1e5 / 2, rel=0.1)


def test_what_the_title_warns_of():
    with using_language("en"):
        explorer = explorers.how_many_runs(runs=10.0, workers=1, failing=1e-5)
        assert "nothing to worry about" in explorer._message(explorer.result)
        explorer.set(runs=100_000.0)
        said = explorer._message(explorer.result)
        assert "pairs" in said and "rewritten" in said
        explorer.set(bits=64)
        assert "pairs" not in explorer._message(explorer.result)
        explorer.set(hours=100.0, failing=0.1)
        assert "checkpoints of its own" in explorer.say()


def test_tables_that_lack_something_are_refused():
    runs, scale = datasets.load("text_runs"), datasets.load("scale")
    with pytest.raises(ValueError, match="train_seconds"):
        Sweeps(runs.drop(columns="train_seconds"), scale)
    with pytest.raises(ValueError, match="bytes_per_run"):
        Sweeps(runs, scale[scale["quantity"] != "bytes_per_run"])
    with pytest.raises(ValueError, match="grid"):
        Sweeps(runs[runs["set"] != "grid"], scale)
