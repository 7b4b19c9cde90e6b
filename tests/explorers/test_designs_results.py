"""Compare designs: its study is what the simulation gives, and its pictures say what the study holds."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import datasets, explorers
from course_utils.i18n import using_language
from course_utils.planning import DESIGNS, design, simulate
from course_utils.planning.comparison import BUDGETS, SHARES, rows, stretched


@pytest.fixture(scope="module")
def explorer():
    with using_language("en"):
        return explorers.compare_designs()


def test_half_of_the_budget_is_the_rule_itself():
    for name in DESIGNS:
        assert stretched(name, 1e13, 0.5).runs == design(name, budget=1e13).runs


def test_no_design_spends_more_than_there_is():
    for name in DESIGNS:
        for budget in BUDGETS[::3]:
            for share in SHARES:
                made = stretched(name, budget, share)
                assert made is None or made.total <= budget * (1 + 1e-6)
                assert made is None or made.target == pytest.approx(share * budget)


def test_more_for_the_target_moves_the_rungs_down_and_less_buys_more_seeds():
    half, most, least = (stretched("ladder", 1e13, share) for share in (0.5, 0.9, 0.2))
    assert max(run.flops for run in most.runs) / most.target < 0.2 * max(run.flops for run in half.runs) / half.target
    assert len(least.runs) == 4 * len(half.runs)
    assert len({(run.rung, run.width, run.seed) for run in least.runs}) == len(least.runs)


@pytest.mark.parametrize("bad", [("best", 1e12, 0.5), ("ladder", -1.0, 0.5), ("ladder", 1e12, 1.0)])
def test_what_cannot_be_stretched_is_refused(bad):
    with pytest.raises(ValueError, match=r"name|budget|share"):
        stretched(*bad)


@pytest.mark.parametrize(
    ("name", "budget", "share"), [("ladder", 1e12, 0.5), ("few_large", 1e14, 0.8), ("cooldowns", 1e13, 0.2)]
)
def test_the_study_is_what_other_draws_of_the_simulation_give(explorer, name, budget, share):
    held = explorer.study.compute(budget, share, name).chosen
    fresh = simulate(stretched(name, budget, share), n=200, seed=7)
    assert held.error_median == pytest.approx(fresh.error_median, rel=0.3)
    assert held.interval_width == pytest.approx(fresh.interval_width, rel=0.1)
    assert held.inside == pytest.approx(fresh.inside, abs=0.12)
    assert held.cost == pytest.approx(fresh.design.cost, rel=1e-5)


def test_the_table_holds_every_row_that_the_study_makes():
    table = datasets.load("design_comparison")
    assert len(table) == len(DESIGNS) * len(BUDGETS) * len(SHARES)
    first = next(rows(ladders=2))
    assert list(first)[:3] == ["design", "budget", "share"] and float(first["budget"]) == BUDGETS[0]


def test_the_best_lead_by_what_the_study_can_tell(explorer):
    result = explorer.study.compute(1e13, 0.5, "ladder")
    medians = {name: found.error_median for name, found in result.tried.items()}
    assert result.best[0] == min(medians, key=medians.get)
    assert all(medians[name] <= 1.15 * medians[result.best[0]] for name in result.best)
    assert all(medians[name] > 1.15 * medians[result.best[0]] for name in set(medians) - set(result.best))


def test_checkpoints_promise_more_than_they_hold_and_it_is_said(explorer):
    explorer.set(budget=1e13, design="checkpoints")
    try:
        assert explorer.result.chosen.inside < 0.4
        assert "Do not believe this interval" in explorer.say()
        explorer.set(design="cooldowns")
        assert "Do not believe" not in explorer.say()
    finally:
        explorer.reset()


def test_what_is_too_short_is_said_and_not_drawn(explorer):
    explorer.set(budget=1e11)
    try:
        result = explorer.result
        assert result.chosen is None and not len(result.flops)
        assert result.tried["checkpoints"] is not None
        assert "20 steps" in explorer.say()
    finally:
        explorer.reset()


def test_the_plane_shows_the_runs_that_are_bought(explorer):
    result = explorer.result
    made = design("ladder", budget=1e12)
    assert set(zip(result.params, result.flops, strict=True)) == {(run.params, run.flops) for run in made.runs}
    assert np.all(result.flops < result.target)


def test_a_table_that_lacks_something_is_refused():
    table = datasets.load("design_comparison")
    with pytest.raises(ValueError, match="inside"):
        explorers.compare_designs(table.drop(columns="inside"))
    with pytest.raises(ValueError, match="no row for"):
        explorers.compare_designs(table.iloc[1:])
