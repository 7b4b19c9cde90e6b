"""Published tables, read from their originals, give the figures that their papers and notes state."""

import numpy as np
import pandas as pd
import pytest

from course_utils.datasets import load_chinchilla_points

pytestmark = pytest.mark.slow


def huber(residuals, delta=1e-3):
    size = np.abs(residuals)
    return np.where(size < delta, residuals**2 / 2, delta * (size - delta / 2)).sum()


def test_chinchilla_points_have_the_objective_of_the_replication(originals):
    """Optimum of the Huber objective on the 240 kept points: 0.001018274 (sum)."""
    table = originals("chinchilla_points")
    kept = table[table["kept"]]
    assert len(kept) == 240
    loss = 1.81722 + 477.8 * kept["params"] ** -0.34731 + 2143.4 * kept["tokens"] ** -0.36717
    assert huber((np.log(loss) - np.log(kept["loss_nats"])).to_numpy()) == pytest.approx(0.00101827401780, rel=1e-5)


def test_chinchilla_outliers_are_dropped_by_loss(tmp_path):
    path = tmp_path / "points.csv"
    raw = {"Model Size": [1e8] * 8, "Training FLOP": [6e17] * 8, "loss": [2.0, 2.1, 2.2, 2.3, 2.4, 2.5, 2.6, 2.7]}
    pd.DataFrame(raw).to_csv(path, index=False)
    table = load_chinchilla_points(path)
    assert table["tokens"].tolist() == [1e9] * 8
    assert table["kept"].tolist() == [True] * 3 + [False] * 5
    assert load_chinchilla_points(path, drop_outliers=2)["loss_nats"].max() == 2.5
    with pytest.raises(ValueError, match="drop_outliers"):
        load_chinchilla_points(path, drop_outliers=8)
    with pytest.raises(ValueError, match="drop_outliers"):
        load_chinchilla_points(path, drop_outliers=-1)


@pytest.mark.parametrize(
    ("experiment", "column", "exponent"),
    [
        ("llama_3__raw_loss", "tokens", 0.537),
        ("llama_3__exp_loss", "tokens", 0.537),
        ("epochai_chinchilla__massivetext__chinchilla", "params", 0.495),
    ],
)
def test_isoflop_valleys(originals, experiment, column, exponent):
    table = originals("isoflop_collection")
    rows = table[table["experiment"] == experiment]
    valleys = []
    for budget, sweep in rows.groupby("flops"):
        curvature, slope, _ = np.polyfit(np.log(sweep[column]), sweep["loss"], 2)
        valleys.append((np.log(budget), -slope / (2 * curvature)))
    assert np.polyfit(*np.transpose(valleys), 1)[0] == pytest.approx(exponent, abs=0.002)


def test_both_llama_conditions_agree_in_nats(originals):
    table = originals("isoflop_collection")
    nats = [
        table[table["condition"] == condition].sort_values(["flops", "tokens"])["loss_nats"].to_numpy()
        for condition in ("raw_loss", "exp_loss")
    ]
    np.testing.assert_allclose(*nats, rtol=1e-9)


def test_dense_models_among_the_routed_follow_a_power_law(originals):
    table = originals("routed_models")
    assert table["run"].nunique() == 223
    dense = table[table["router"] == "Dense"].dropna(subset=["loss_nats"])
    last = dense.sort_values("step").groupby("run").tail(1)
    slope = np.polyfit(np.log(last["params_dense"]), np.log(last["loss_nats"]), 1)[0]
    assert slope == pytest.approx(-0.079, abs=0.003)


def test_one_ruler_jumps_where_the_other_climbs(originals):
    sizes = originals("base_model_benchmarks")[["model", "flops"]]
    table = originals("emergent_tasks").merge(sizes, on="model")
    task = table[table["task"] == "ipa_transliterate"]
    bins = {low: task[task["flops"].between(10**low, 10 ** (low + 0.5), inclusive="left")] for low in (22, 22.5)}
    means = {low: rows.groupby("metric")["score"].mean() for low, rows in bins.items()}
    assert round(means[22]["exact_match"], 3) == 0.0
    assert means[22]["bleu"] == pytest.approx(0.55, abs=0.005)
    assert means[22.5]["exact_match"] == pytest.approx(0.021, abs=0.0005)
    assert means[22.5]["bleu"] == pytest.approx(8.6, abs=0.05)


def test_the_misplaced_point_of_btlm_is_put_right(originals):
    table = originals("base_model_benchmarks").set_index("model")
    row = table.loc["cerebras/btlm-3b-8k-base"]
    assert row["tokens"] == pytest.approx(0.627e12)
    known = table.dropna(subset=["flops"])
    np.testing.assert_allclose(known["flops"], 6 * known["params"] * known["tokens"], rtol=1e-9)


def test_opt_checkpoints_are_counts_again(originals):
    table = originals("opt_checkpoints")
    assert sorted(table["params"].unique()) == [1.25e8, 1.3e9, 6.7e9, 1.3e10, 3e10, 1.75e11]
    assert table["tokens"].min() == 1e9
    np.testing.assert_allclose(table["flops"], 6 * table["params"] * table["tokens"], rtol=1e-9)
    np.testing.assert_allclose(np.exp(table["loss_nats"]), table["perplexity"])


def test_the_copied_run_is_marked_and_compute_rises(originals):
    table = originals("repeated_data")
    assert table["run"].nunique() == 48
    assert set(table.loc[table["copied"], "run"]) == {"oscar-2.8B-4"}
    for _, run in table.groupby("run"):
        ordered = run.sort_values("tokens")
        assert ordered["flops"].is_monotonic_increasing
        assert ordered["epochs"].iloc[-1] <= run["epochs_planned"].iloc[0] * 1.001


def test_coverage_of_the_smallest_and_the_largest_pythia(originals):
    mean = originals("repeated_sampling").groupby(["params", "k"])["pass_at_k"].mean()
    assert mean[12e9][1] == pytest.approx(0.023, abs=0.0005)
    for params, exponent in ((70e6, 0.194), (12e9, 0.370)):
        curve = -np.log(mean[params])
        assert -np.polyfit(np.log(curve.index), np.log(curve), 1)[0] == pytest.approx(exponent, abs=0.001)
