"""An analysis comes back to a law that was put in, chooses the law the runs can carry, and says what they cannot."""

import numpy as np
import pandas as pd
import pytest

from course_utils import allocation, fitting, laws, own_runs, set_language

TRUTH = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}  # as in conftest.py


def noisy(frame, scale, seed=0):
    rng = np.random.default_rng(seed)
    return frame.assign(loss=frame["loss"] * np.exp(scale * rng.standard_normal(len(frame))))


def test_a_known_law_and_its_plan_come_back(grid):
    result = own_runs.analyse(grid, budget=1e23, n=50)
    for name, value in TRUTH.items():
        assert result.fit[name] == pytest.approx(value, rel=1e-3)
    best_n = (TRUTH["alpha"] * TRUTH["A"] / (TRUTH["beta"] * TRUTH["B"])) ** (1 / 0.62) * (1e23 / 6) ** (0.28 / 0.62)
    assert result.plan.params == pytest.approx(best_n, rel=1e-3)
    assert result.plan.tokens == pytest.approx(1e23 / 6 / best_n, rel=1e-3)
    assert result.plan.loss == pytest.approx(float(laws.chinchilla_loss(best_n, 1e23 / 6 / best_n, **TRUTH)), rel=1e-4)
    assert result.verdict.grade == "foretells"
    assert "verdict.floor" in [item.key for item in result.verdict.can]


@pytest.mark.parametrize(
    "write",
    [
        lambda g: pd.DataFrame(
            {"size_B": g.params / 1e9, "D (M)": g.tokens / 1e6, "bits per token": g.loss / np.log(2)}
        ),
        lambda g: pd.DataFrame({"log10 N": np.log10(g.params), "log10 C": np.log10(g.flops), "ppl": np.exp(g.loss)}),
        lambda g: pd.DataFrame({"参数量（亿）": g.params / 1e8, "计算量 (PF-days)": g.flops / 8.64e19, "损失": g.loss}),
        lambda g: pd.DataFrame({"số token (tỷ)": g.tokens / 1e9, "C": g.flops, "loss": g.loss}),
    ],
)
def test_the_same_law_comes_back_from_other_units(grid, write):
    result = own_runs.analyse(write(grid), n=20)
    for name, value in TRUTH.items():
        assert result.fit[name] == pytest.approx(value, rel=1e-3)


def test_noise_gives_intervals_that_mostly_hold_the_truth(grid):
    intervals = [own_runs.analyse(noisy(grid, 0.003, seed), n=200).fit.params["alpha"].interval for seed in range(6)]
    assert sum(low <= TRUTH["alpha"] <= high for low, high in intervals) >= 4


def test_the_fit_is_that_of_fitting_and_the_plan_that_of_allocation(grid):
    frame = noisy(grid, 0.003)
    result = own_runs.analyse(frame, budget=1e23, n=100)
    fit = fitting.fit_chinchilla(frame.params, frame.tokens, frame.loss)
    assert result.fit.values == fit.values
    best = allocation.compute_optimal(1e23, fitting.bootstrap(fit, n=100))
    assert result.plan.params == pytest.approx(float(best.params))
    assert result.plan.loss_interval == pytest.approx(tuple(float(v) for v in best.loss_interval))
    assert result.plan.decades_outside == pytest.approx(float(best.decades_outside))


def test_another_budget_needs_no_new_fit(grid):
    first = own_runs.analyse(grid, budget=1e22, n=30)
    moved = first.with_budget(1e23)
    assert moved.bootstrap is first.bootstrap
    assert moved.plan == own_runs.analyse(grid, budget=1e23, n=30).plan


@pytest.mark.parametrize(
    ("rows", "inputs", "reason"),
    [
        (lambda g: g[["params", "tokens", "loss"]], ("params", "tokens"), "law.both"),
        (lambda g: g[np.isclose(g.tokens, g.tokens.min())], ("params",), "law.params_only"),
        (lambda g: g[np.isclose(g.params, g.params.max())], ("tokens",), "law.tokens_only"),
        (lambda g: g[["params", "loss"]].iloc[:6], ("params",), "law.params_alone"),
        (lambda g: g[["tokens", "loss"]].iloc[::6], ("tokens",), "law.tokens_alone"),
        (lambda g: g[["flops", "loss"]].iloc[::7], ("flops",), "law.flops_alone"),
    ],
)
def test_the_law_is_the_one_that_the_runs_can_carry(grid, rows, inputs, reason):
    result = own_runs.analyse(rows(grid), n=20)
    assert result.law.inputs == inputs
    assert result.law.reason.key == reason
    assert result.fit.law == ("chinchilla" if len(inputs) == 2 else "power_law")


def test_tokens_in_step_with_parameters_are_fitted_over_compute_and_the_ratio_is_kept():
    params = np.geomspace(1e7, 1e10, 7)
    loss = laws.chinchilla_loss(params, 20 * params, **TRUTH)
    result = own_runs.analyse(pd.DataFrame({"N": params, "D": 20 * params, "loss": loss}), budget=1.2e23, n=20)
    assert result.law.inputs == ("flops",) and result.law.reason.key == "law.in_step"
    assert result.plan.tokens / result.plan.params == pytest.approx(20)
    assert 6 * result.plan.tokens * result.plan.params == pytest.approx(1.2e23)
    assert "verdict.split_none" in [item.key for item in result.verdict.cannot]


def test_three_sizes_do_not_determine_a_floor():
    x = np.array([1e7, 1e8, 1e9])
    result = own_runs.analyse(pd.DataFrame({"params": x, "loss": 1.7 + 50 * x**-0.25}), n=20)
    assert "verdict.floor_few_sizes" in [item.key for item in result.verdict.cannot]
    assert result.verdict.grade == "few"
    assert result.backtest is None and "warning.no_backtest" in [w.key for w in result.warnings]
    assert result.plan.params is None and result.plan.reason.key == "plan.only_params"


def test_two_sizes_give_a_law_without_a_floor_and_say_so():
    frame = pd.DataFrame({"params": [1e8, 1e8, 1e9, 1e9], "loss": [3.5, 3.51, 3.0, 3.01]})
    result = own_runs.analyse(frame, n=20)
    assert "E" not in result.fit.params
    assert "warning.two_sizes" in [w.key for w in result.warnings]


def test_fixed_budgets_get_their_valleys():
    flops = np.repeat([1e19, 1e20, 1e21], 7)
    params = np.sqrt(flops / 120) * np.tile(np.geomspace(0.3, 3, 7), 3)
    loss = laws.chinchilla_loss(params, flops / 6 / params, **TRUTH)
    result = own_runs.analyse(pd.DataFrame({"N": params, "C": flops, "loss": loss}), n=50)
    assert len(result.isoflop.valleys) == 3
    assert result.isoflop.exponent_params.value == pytest.approx(0.28 / 0.62, abs=0.03)
    assert [row.n_fitted for row in result.backtest.rows] == [7, 14]
    assert result.plan.valley_params == pytest.approx(result.plan.params, rel=0.2)


def test_an_odd_run_is_named_and_stays_in_the_fit(grid):
    frame = noisy(grid, 0.001)
    frame.loc[12, "loss"] *= 1.3
    result = own_runs.analyse(frame, n=20)
    (odd,) = [w for w in result.warnings if w.key == "warning.odd"]
    assert odd.fields["lines"] == (14,)
    assert result.law.use.all()


def test_a_form_that_bends_the_wrong_way_is_said():
    x = np.geomspace(1e6, 1e10, 24)
    loss = np.exp(1.5 - 0.05 * np.log10(x / 1e6) ** 1.8 / 2)  # steeper and steeper: no power law with a floor does that
    result = own_runs.analyse(pd.DataFrame({"params": x, "loss": loss}), n=20)
    assert "warning.trend_high" in [w.key for w in result.warnings]
    assert result.fit.residuals()[-4:].mean() > 0


def test_losses_that_came_from_a_formula_are_called_so(grid):
    keys = {scale: [w.key for w in own_runs.analyse(noisy(grid, scale), n=20).warnings] for scale in (0.0, 0.003)}
    assert "warning.computed" in keys[0.0] and "warning.computed" not in keys[0.003]
    assert "< 0.01%" in own_runs.analyse(grid, n=20).verdict.can[0].words()


def test_a_wrong_unit_shows_in_the_ratio_to_six_nd(grid):
    result = own_runs.analyse(grid.assign(flops=grid.flops * 8), n=20)
    assert "warning.flops_ratio" in [w.key for w in result.warnings]
    assert result.plan.reason.key == "plan.six"


def test_checkpoints_of_one_run_are_drawn_together(grid):
    frame = noisy(grid, 0.01).assign(run=[f"r{i % 6}" for i in range(30)])
    single = own_runs.analyse(noisy(grid, 0.01), n=200)
    together = own_runs.analyse(frame, n=200)
    assert "warning.same_names" in [w.key for w in together.warnings]
    assert together.fit.values == single.fit.values
    assert together.bootstrap.fit.params["E"].interval != single.bootstrap.fit.params["E"].interval


def test_losses_that_do_not_fall_get_no_plan():
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, 4), np.geomspace(1e9, 1e11, 4)))
    frame = pd.DataFrame({"params": params, "tokens": tokens, "loss": 2 + 300 * params**-0.3})
    result = own_runs.analyse(frame, n=20)
    assert result.plan.params is None or result.plan.params_interval is None
    assert result.summary()


def test_the_sample_tells_what_the_ladder_told():
    """The largest run of the ladder, trained later at ten times the compute, reached 2.628 (data/ladder/PLAN.md)."""
    result = own_runs.analyse(budget=1e14)
    assert len(result.runs) == 87 and result.runs.excluded == ()
    assert result.verdict.grade == "describes"
    assert result.plan.loss_interval[0] > 2.628
    assert [item.key for item in result.verdict.cannot][:2] == ["verdict.backtest_failed", "verdict.floor_open"]


@pytest.mark.parametrize("budget", [0.0, -1e21, np.nan, np.inf])
def test_a_budget_must_be_positive(grid, budget):
    with pytest.raises(ValueError, match="budget"):
        own_runs.analyse(grid, budget=budget, n=20)


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_the_summary_speaks_the_language(grid, language):
    result = own_runs.analyse(noisy(grid, 0.005), n=20)
    set_language(language)
    text = result.summary()
    assert result.verdict.headline.words() in text
    assert all(warning.words() in text for warning in result.warnings)
    assert repr(result) == text and "own-runs" in result._repr_html_()
    reading = result.runs.reading
    assert repr(reading) == reading.summary() and "<table>" in reading._repr_html_()
