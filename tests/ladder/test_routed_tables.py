"""The shipped tables of routed models: the plan and nothing but the plan, and counts that agree with the course's."""

import numpy as np
import pytest

from course_utils import accounting, datasets, routing
from course_utils.ladder import shipped

SETS = ("routed", "routed_half_rate", "routed_ten_seeds")


@pytest.fixture(scope="module")
def runs():
    return datasets.load("routed_runs").set_index("run")


@pytest.fixture(scope="module")
def curves():
    return datasets.load("routed_curves")


def shares(loads):
    return np.array([[float(x) for x in text.split()] for text in loads])


def test_every_planned_run_is_there_and_no_other(runs):
    planned = shipped.runs(*SETS)
    assert sorted(run.name for run in planned) == sorted(runs.index)
    for run in planned:
        row = runs.loc[run.name]
        for column in ("set", "router", "n_expert", "seed", "tokens", "lr"):
            assert row[column] == getattr(run, column), column


def test_active_size_and_tokens_are_equal_whatever_the_experts(runs):
    for _, same in runs.groupby(["corpus", "d_model"]):
        assert same["params_blocks_and_head"].nunique() == same["tokens"].nunique() == 1
    for _, row in runs.iterrows():
        vocab = 32 if row["corpus"] == "facts" else 1024
        count = accounting.moe_params(2, row["d_model"], n_expert=row["n_expert"], top_k=1, vocab=vocab, context=64,
                                      norms=False, counting="blocks_and_head")  # fmt: skip
        router = row["params_router"] if row["n_expert"] > 1 else 2 * row["d_model"]  # ours has none for one expert
        assert count.active == row["params_blocks_and_head"] + router


def test_nobody_beats_the_oracle_and_everything_was_learnt(runs):
    facts = runs[runs["corpus"] == "facts"]
    assert (facts["excess_nats"] > 0).all() and (facts["excess_nats"] < 1).all()
    np.testing.assert_allclose(facts["excess_nats"], facts["loss_nats"] - facts["oracle_loss_nats"], atol=2e-6)
    assert not runs["diverged"].any()


def test_only_a_capacity_drops_tokens_and_only_switch_and_base_measure_two_ways(runs):
    routed = runs[runs["n_expert"] > 1]
    assert (routed.loc[routed["router"] != "switch", "dropped"] == 0).all()
    assert (routed.loc[routed["router"] == "switch", "dropped"] > 0).all()
    same = routed["router"].isin(["none", "bias"])
    np.testing.assert_allclose(routed.loc[same, "loss_as_trained_nats"], routed.loc[same, "loss_nats"], atol=2e-6)


def test_loads_are_shares_and_their_entropy_is_at_least_the_mean_of_the_batches(curves, runs):
    """Entropy is concave: that of the summed load is no lower than the mean over batches, which is what is recorded."""
    routed = curves[curves["load_entropy"].notna()]
    assert set(routed["run"]) == set(runs.index[runs["n_expert"] > 1])
    for experts, part in routed.groupby(routed["run"].map(runs["n_expert"])):
        both = np.stack([shares(part[f"load_layer{layer}"]) for layer in (0, 1)])
        assert both.shape[2] == experts
        np.testing.assert_allclose(both.sum(axis=2), 1, atol=0.003)
        assert (routing.load_entropy(both).mean(axis=0) >= part["load_entropy"] - 0.002).all()
    last = routed.groupby("run").last()
    np.testing.assert_allclose(last["load_entropy"], runs.loc[last.index, "load_entropy"])
