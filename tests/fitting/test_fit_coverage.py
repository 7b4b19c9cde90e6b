"""What the intervals promise: a small study runs, and the recorded one says what the docstrings quote."""

import numpy as np
import pytest

from course_utils import datasets
from course_utils.fitting import bootstrap, fit_chinchilla, fit_power_law
from course_utils.fitting.coverage import COLUMNS, TRUTH, main, quantities, runs
from course_utils.laws import power_law


@pytest.fixture(scope="module")
def recorded():
    return datasets.load("bootstrap_coverage")


def test_the_recorded_study_says_what_the_docstrings_quote(recorded):
    assert (recorded["repetitions"] == 500).all() and set(recorded["n_runs"]) == {60, 240}
    assert set(recorded["quantity"]) == set(quantities())
    quoted = {"percentile": (0.90, 0.955), "bca": (0.87, 0.93), "basic": (0.78, 0.92), "profile": (0.77, 0.90)}
    for method, (low, high) in quoted.items():
        share = recorded.loc[recorded["method"] == method, "coverage"]
        assert low <= share.min() and share.max() <= high
    off = (recorded["coverage"] - 0.9).abs().groupby(recorded["method"]).mean()
    assert off.idxmin() == "bca"
    sides = recorded[["coverage", "truth_below", "truth_above"]].sum(axis=1)
    np.testing.assert_allclose(sides, 1.0, atol=0.002)


def test_a_small_study_is_repeatable(tmp_path, capsys):
    arguments = ["--repetitions", "3", "--resamples", "40", "--runs", "20"]
    for name in ("one.csv", "two.csv"):
        main([*arguments, "--output", str(tmp_path / name)])
    text = (tmp_path / "one.csv").read_text("utf-8")
    assert text == (tmp_path / "two.csv").read_text("utf-8")
    rows = text.splitlines()
    assert rows[0] == ",".join(COLUMNS) and len(rows) == 1 + 2 * (3 * len(quantities()) + len(TRUTH))


def test_bca_moves_the_percentile_interval_and_no_more():
    fit = fit_chinchilla(*runs(60, "gaussian", np.random.default_rng(0)))
    boot = bootstrap(fit, n=400)
    for quantity in quantities().values():
        (low, high), (plain_low, plain_high) = (boot.interval(quantity, method=m) for m in ("bca", "percentile"))
        assert low < high and (low, high) != (plain_low, plain_high)
        assert abs((high - low) / (plain_high - plain_low) - 1) < 0.5
    # Many quantities at once are each of them alone.
    law = power_law([1e9, 1e10], A=1.0, alpha=0.1)
    band = boot.interval(lambda v: v["E"] + law * v["alpha"], method="bca")
    alone = boot.interval(lambda v: v["E"] + law[1] * v["alpha"], method="bca")
    np.testing.assert_allclose([end[1] for end in band], alone)


def test_bca_of_a_mean_is_the_textbook_one():
    """A law without slope is a mean of logs, for which scipy has the same interval."""
    from scipy import stats

    rng = np.random.default_rng(1)
    x = np.array([1e3, 1e9] * 20)
    loss = np.exp(0.2 * rng.exponential(size=40))
    fit = fit_power_law(x, loss, floor=False, objective="squared")
    boot = bootstrap(fit, n=4000)
    own = boot.interval(lambda v: np.log(v["A"]) - v["alpha"] * np.log(1e6), method="bca")

    def middle(logs, axis=-1):  # of the line at the middle: the mean of both groups' means
        return 0.5 * (logs[..., ::2].mean(axis=axis) + logs[..., 1::2].mean(axis=axis))

    logs = np.log(loss)
    theirs = stats.bootstrap((logs[::2], logs[1::2]), lambda a, b, axis=-1: 0.5 * (a.mean(axis) + b.mean(axis)),
                             n_resamples=4000, confidence_level=0.9, method="BCa", rng=2)  # fmt: skip
    assert fit.predict([1e6])[0] == pytest.approx(np.exp(middle(logs)))
    width = theirs.confidence_interval.high - theirs.confidence_interval.low
    np.testing.assert_allclose(own, theirs.confidence_interval, atol=0.08 * width)
