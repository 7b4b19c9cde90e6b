"""The shipped tables of runs on limited text: the plan and nothing but the plan, and what must hold in them."""

import numpy as np
import pytest

from course_utils import datasets
from course_utils.ladder import shipped


@pytest.fixture(scope="module")
def runs():
    return datasets.load("repetition_runs").set_index("run")


@pytest.fixture(scope="module")
def noised():
    return datasets.load("noised_runs").set_index("run")


@pytest.mark.parametrize("name", ["repetition", "noised"])
def test_every_planned_run_is_there_and_no_other(name):
    table = datasets.load(f"{name}_runs").set_index("run")
    planned = shipped.runs(name)
    assert sorted(run.name for run in planned) == sorted(table.index)
    for run in planned:
        row = table.loc[run.name]
        for column in ("set", "d_model", "seed", "tokens", "unique_tokens", "noise", "lr", "warmup_steps"):
            assert row[column] == getattr(run, column), column
    np.testing.assert_allclose(table["epochs"], table["tokens"] / table["unique_tokens"])
    assert not table["diverged"].any()


def test_every_run_has_a_curve_that_ends_where_the_run_does(runs, noised):
    curves = datasets.load("repetition_curves")
    assert set(curves["run"]) == set(runs.index) | set(noised.index)
    last = curves.groupby("run").last()
    for table in (runs, noised):
        np.testing.assert_array_equal(last.loc[table.index, "tokens"], table["tokens"])
        gap = last.loc[table.index, "loss_nats"] - table["loss_nats"]  # another, harder sample of held-out text
        assert gap.abs().max() < 0.5


def test_the_text_is_the_ladders(runs, noised):
    text = set(datasets.load("text_runs")["data"])
    assert set(runs["data"]) == set(noised["data"]) == text


def test_a_stock_is_learnt_by_heart_the_better_the_more_often_it_is_read(runs):
    for _, same in runs.groupby(["d_model", "seed", "unique_tokens"]):
        if len(same) > 1:
            assert same.sort_values("epochs")["stock_loss_nats"].is_monotonic_decreasing


def test_more_fresh_text_is_better(runs):
    mean = runs[runs["epochs"] == 1].groupby(["d_model", "tokens"])["loss_nats"].mean()
    for _, curve in mean.groupby("d_model"):
        assert curve.is_monotonic_decreasing


def test_repeated_text_is_never_seen_to_beat_fresh_text(runs):
    mean = runs.groupby(["d_model", "unique_tokens", "tokens"])["loss_nats"].mean().reset_index()
    fresh = mean[mean["unique_tokens"] == mean["tokens"]].set_index(["d_model", "tokens"])["loss_nats"]
    for row in mean[mean["unique_tokens"] < mean["tokens"]].itertuples():
        if (row.d_model, row.tokens) in fresh.index:
            assert row.loss_nats > fresh[row.d_model, row.tokens] - 0.04  # the plan's threshold


def test_more_noise_is_worse_on_clean_text_whatever_its_size(noised):
    mean = noised.groupby(["unique_tokens", "noise"])["loss_nats"].mean()
    for _, row in mean.groupby("unique_tokens"):
        assert row.sort_index(level="noise").is_monotonic_increasing
