"""*Count it your way* against isoflop valleys, what the data tables say, and counts made by hand."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import datasets, explorers, fitting
from course_utils.explorers.count_state import COMPUTES, COUNTS, REACHES, Recount
from course_utils.i18n import using_language

ALL = (1e11, 1e13)


@pytest.fixture(scope="module")
def runs():
    table = datasets.load("text_runs")
    return table[~table["diverged"]]


@pytest.fixture(scope="module")
def recount() -> Recount:
    return Recount(datasets.load("text_runs"))


@pytest.mark.parametrize(
    ("params", "expected"), [("blocks", 0.685), ("blocks_and_head", 0.517), ("everything", 0.461)]
)  # fmt: skip
def test_the_exponent_by_what_counts_as_n(recount, runs, params, expected):
    result = recount.compute(params, "all", "share", ALL, 1.0)
    assert result.exponent.value == pytest.approx(expected, abs=0.002)
    assert result.n_runs == 87 and result.n_budgets == 5 and result.twin is None
    grid = runs[runs["set"] == "grid"]
    valleys = fitting.fit_isoflop(grid[COUNTS[params]], grid["flops"], grid["loss_nats"], budgets=grid["budget"])
    assert result.exponent.value == pytest.approx(valleys.exponent_params.value, abs=0.01)
    # The bottoms in the picture are those valleys' minima: log loss or loss makes hardly a difference.
    expected_sizes = [valley.params for valley in valleys.valleys if valley.inside]
    np.testing.assert_allclose(result.bottom_params, expected_sizes, rtol=0.02)


def test_small_scale_alone_raises_the_exponent(recount):
    three, five = (recount.compute("blocks", "all", "share", (1e11, top), 1.0) for top in (1e12, 1e13))
    assert three.exponent.value == pytest.approx(0.80, abs=0.01)
    assert three.exponent.low > five.exponent.value
    assert three.whole == five.exponent


def test_six_nd_is_six_times_the_product(recount, runs):
    grid = runs[runs["set"] == "grid"]
    for params, column in COUNTS.items():
        result = recount.compute(params, "six_nd", "share", ALL, 1.0)
        np.testing.assert_allclose(np.sort(result.used_flops), np.sort(6 * grid[column] * grid["tokens"]))
    # The head multiplies but is no part of the blocks: 6ND with the blocks alone is nearly all FLOPs without it.
    blocks = recount.compute("blocks", "six_nd", "share", ALL, 1.0)
    without = recount.compute("blocks", "without_head", "share", ALL, 1.0)
    assert blocks.exponent.value == pytest.approx(without.exponent.value, abs=0.02)


def test_counting_the_head_out_of_both_and_into_both_is_porians_first_step(recount):
    """Kaplan leaves the head out of N and C, Porian puts it into both: the exponent falls."""
    left_out = recount.compute("blocks", "without_head", "share", ALL, 1.0).exponent
    put_in = recount.compute("blocks_and_head", "all", "share", ALL, 1.0).exponent
    assert left_out.value - put_in.value == pytest.approx(0.09, abs=0.01)
    assert put_in.high < left_out.low


@pytest.mark.parametrize(
    ("params", "share", "fixed"),
    [("blocks", 0.755, 0.864), ("blocks_and_head", 0.529, 0.603), ("everything", 0.472, 0.538)],
)
def test_a_long_warm_up_raises_the_exponent_on_the_same_sizes(recount, runs, params, share, fixed):
    result = recount.compute(params, "all", "fixed", ALL, 1.0)
    assert result.exponent.value == pytest.approx(fixed, abs=0.003)
    assert result.twin.value == pytest.approx(share, abs=0.003)
    # Both warm-ups at the same widths and budgets: a set that reaches further to one side moves the exponent too.
    assert result.n_budgets == 3 and result.n_runs == 26
    slow, usual = (runs[runs["set"] == name] for name in ("warmup", "grid"))
    both = slow[["budget", "d_model"]].merge(usual[["budget", "d_model"]]).drop_duplicates()
    tables = {name: table.merge(both) for name, table in (("fixed", slow), ("share", usual))}
    by_budget = {
        name: fitting.fit_isoflop(
            table[COUNTS[params]], table["flops"], table["loss_nats"], budgets=table["budget"]
        ).exponent_params.value
        for name, table in tables.items()
    }
    assert by_budget["share"] == pytest.approx(result.twin.value, abs=0.01)
    assert by_budget["fixed"] == pytest.approx(result.exponent.value, abs=0.04)
    assert by_budget["fixed"] > by_budget["share"]


def test_the_sign_of_the_warm_up_does_not_hang_on_the_steep_sides(recount):
    for reach in REACHES:
        result = recount.compute("blocks_and_head", "all", "fixed", ALL, reach)
        assert 0.02 < result.exponent.value - result.twin.value < 0.12


def test_reach_leaves_out_what_lies_far_up_and_nothing_else(recount, runs):
    near = recount.compute("blocks_and_head", "all", "share", ALL, 0.05)
    grid = runs[runs["set"] == "grid"]
    lowest = grid.groupby(["budget", "d_model"])["loss_nats"].mean().groupby("budget").min()
    kept = grid["loss_nats"] <= 1.05 * grid["budget"].map(lowest)
    assert near.n_runs == int(kept.sum()) and len(near.left_flops) == int((~kept).sum())
    np.testing.assert_array_equal(np.sort(near.used_params), np.sort(grid.loc[kept, "params_blocks_and_head"]))


def test_shares_are_those_of_the_table(recount, runs):
    result = recount.compute("blocks", "without_head", "share", ALL, 1.0)
    grid = runs[runs["set"] == "grid"].sort_values("d_model")
    share = grid["params_non_embedding"] / grid["params_total"]
    assert result.share == pytest.approx((share.iloc[0], share.iloc[-1]))
    compute = grid["flops_without_head"] / grid["flops"]
    assert result.compute_share == pytest.approx((compute.iloc[0], compute.iloc[-1]), rel=1e-3)


def test_every_way_of_counting_gives_a_finite_exponent(recount):
    for params in COUNTS:
        for compute in COMPUTES:
            for warmup in ("share", "fixed"):
                result = recount.compute(params, compute, warmup, ALL, 1.0)
                assert 0.35 < result.exponent.low <= result.exponent.value <= result.exponent.high < 1


@pytest.mark.parametrize("warmup", ["share", "fixed"])
def test_no_range_of_budgets_and_no_reach_is_refused(recount, warmup):
    for i, first in enumerate(recount.budgets):
        for last in recount.budgets[i:]:
            for reach in REACHES:
                result = recount.compute("everything", "without_head", warmup, (first, last), reach)
                assert (result.exponent is None) == (result.n_budgets < 3)
                assert result.exponent is None or len(result.bottom_flops) >= 2


def test_too_few_budgets_are_said_and_not_fitted():
    explorer = explorers.count_it_your_way(span=(1e11, 3e11))
    assert explorer.result.exponent is None and len(explorer.result.line_flops) == 0
    assert "three budgets" in explorer.say()
    explorer.set(warmup="fixed", span=(3e12, 1e13))
    assert explorer.result.n_runs == 0 and "10¹¹, 3 × 10¹¹, 10¹²" in explorer.say()


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_carries_the_exponent(code):
    with using_language(code):
        explorer = explorers.count_it_your_way(params="blocks", compute="six_nd")
        assert "Kaplan" in explorer._message(explorer.result) and "C^0.59" in explorer._message(explorer.result)
        assert "0.59" in explorer.say() and "12%" in explorer.say() and "64%" in explorer.say()


def test_a_table_without_a_column_is_refused():
    with pytest.raises(ValueError, match="params_total"):
        Recount(datasets.load("text_runs").drop(columns="params_total"))
