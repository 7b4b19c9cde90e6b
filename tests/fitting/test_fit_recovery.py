"""Known truths from seeded synthetic runs, for every fit, objective and form."""

import warnings

import numpy as np
import pytest

from course_utils.fitting import (
    FitWarning,
    backtest,
    bootstrap,
    fit_chinchilla,
    fit_envelope,
    fit_isoflop,
    fit_kaplan,
    fit_power_law,
    fit_power_laws,
    profile,
    refit,
)
from course_utils.laws import CONSTANTS, LAWS, chinchilla_loss, kaplan_loss, power_law

TRUTH = CONSTANTS["besiroglu"].values
OBJECTIVES = ["huber", "lad", "squared"]


def surface(n=6, noise=0.0, seed=0):
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, n), np.geomspace(2e9, 2e11, n)))
    loss = chinchilla_loss(params, tokens, **TRUTH)
    return params, tokens, loss * np.exp(noise * np.random.default_rng(seed).standard_t(4, len(loss)))


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_exact_data_give_exact_constants(objective):
    fit = fit_chinchilla(*surface(), objective=objective)
    for name, value in TRUTH.items():
        assert fit[name] == pytest.approx(value, rel=1e-5)
    x = np.geomspace(1e5, 1e9, 9)
    fit = fit_power_law(x, power_law(x, A=60.0, alpha=0.3, E=1.5), objective=objective)
    assert (fit["A"], fit["alpha"], fit["E"]) == pytest.approx((60.0, 0.3, 1.5), rel=1e-5)
    joint = CONSTANTS["kaplan_joint"].values
    params, tokens, _ = surface()
    fit = fit_kaplan(params, tokens, kaplan_loss(params, tokens, **joint), objective=objective)
    for name, value in joint.items():
        assert fit[name] == pytest.approx(value, rel=1e-3)


@pytest.mark.parametrize("objective", OBJECTIVES)
def test_no_random_start_finds_a_lower_objective(objective):
    for seed in range(4):
        fit = fit_chinchilla(*surface(noise=0.01, seed=seed), objective=objective)
        p, rng = fit.problem, np.random.default_rng(seed)
        wide = np.stack(
            [10 ** rng.uniform(-2, 0.5, 60), 10 ** rng.uniform(-2, 0.5, 60), *rng.uniform(0.02, 1.5, (2, 60)),
             rng.uniform(0, 1, 60)], axis=1
        )  # fmt: skip
        others = p.objective.solve(p.family, p.points, wide, lower=p.lower, upper=p.upper)
        assert fit.objective_value <= np.nanmin(p.total(others.theta)) * (1 + 1e-6)


def test_units_change_nothing_but_the_scales():
    params, tokens, loss = surface(noise=0.01)
    fit, again = fit_chinchilla(params, tokens, loss), fit_chinchilla(params / 1e9, tokens / 1e9, loss / np.log(2))
    for name in ("alpha", "beta"):
        assert again[name] == pytest.approx(fit[name], rel=1e-6)
    assert again["E"] == pytest.approx(fit["E"] / np.log(2), rel=1e-6)
    assert again["A"] == pytest.approx(fit["A"] / np.log(2) * 1e9 ** -fit["alpha"], rel=1e-5)
    assert again.objective_value == pytest.approx(fit.objective_value, rel=1e-9)


def test_order_and_weights_mean_what_they_say():
    params, tokens, loss = surface(noise=0.01)
    fit = fit_chinchilla(params, tokens, loss)
    mixed = np.random.default_rng(0).permutation(len(loss))
    assert fit_chinchilla(params[mixed], tokens[mixed], loss[mixed])["alpha"] == pytest.approx(fit["alpha"], rel=1e-8)
    weights = np.ones(len(loss))
    weights[:5] = 0.0
    left_out = fit_chinchilla(params, tokens, loss, weights=weights)
    short = fit_chinchilla(params[5:], tokens[5:], loss[5:])
    assert left_out.n_points == len(loss) - 5
    assert left_out["alpha"] == pytest.approx(short["alpha"], rel=1e-7)
    assert refit(fit, weights)["alpha"] == pytest.approx(short["alpha"], rel=1e-7)
    weights[5:] = 2.0
    doubled = fit_chinchilla(params, tokens, loss, weights=weights)
    assert doubled["alpha"] == pytest.approx(short["alpha"], rel=1e-7)
    assert doubled.objective_value == pytest.approx(2 * short.objective_value, rel=1e-9)


def test_an_outlier_steers_least_squares_and_not_huber():
    x = np.geomspace(1e5, 1e9, 12)
    loss = power_law(x, A=60.0, alpha=0.3, E=1.5)
    loss[3] *= 1.5
    robust, plain = fit_power_law(x, loss), fit_power_law(x, loss, objective="squared")
    assert abs(robust["alpha"] - 0.3) < 0.003 < 0.02 < abs(plain["alpha"] - 0.3)


def test_many_laws_at_once_equal_one_by_one():
    rng = np.random.default_rng(5)
    x = np.geomspace(1e6, 1e10, 12)
    loss = power_law(x, A=50.0, alpha=0.25, E=1.7) * np.exp(0.01 * rng.standard_normal((20, 12)))
    weights = (rng.random((20, 12)) > 0.2).astype(float)
    for floor in (True, False):
        many = fit_power_laws(x, loss, weights=weights, floor=floor, block=7)
        assert len(many) == 20 and many.converged.all()
        whole = fit_power_laws(x, loss, weights=weights, floor=floor, block=20)
        np.testing.assert_allclose(whole.objective_value, many.objective_value, rtol=1e-9)
        apart = (np.abs(whole.A / many.A - 1) > 1e-5).sum()
        for i in range(20):
            with warnings.catch_warnings():
                warnings.simplefilter("ignore", FitWarning)
                one = fit_power_law(x, loss[i], weights=weights[i], floor=floor)
            # Three starts against four: the batch may stop in a worse valley, never in a better one than exists.
            assert many.objective_value[i] >= one.objective_value * (1 - 1e-6)
            assert many.objective_value[i] <= one.objective_value * 1.05
            if many.objective_value[i] <= one.objective_value * (1 + 1e-6):
                apart += many.alpha[i] != pytest.approx(one["alpha"], rel=1e-3, abs=1e-6)
        assert apart <= 2  # where no run lies inside delta the lowest objective is a flat stretch and not a point
        np.testing.assert_allclose(many.predict(x)[0], many.E[0] + many.A[0] * x ** -many.alpha[0])


def test_isoflop_recovers_the_exponent_and_says_what_lies_outside():
    flops = np.repeat(np.geomspace(1e18, 1e21, 6), 9)
    best = (flops / 6) ** 0.5
    params = best * np.tile(np.geomspace(1 / 6, 6, 9), 6)
    loss = chinchilla_loss(params, flops / 6 / params, E=1.8, A=400.0, B=400.0, alpha=0.35, beta=0.35)
    fit = fit_isoflop(params, flops, loss * np.exp(0.001 * np.random.default_rng(0).standard_normal(54)))
    low, high = fit.exponent_params.interval
    assert low < 0.5 < high and fit.exponent_params.value == pytest.approx(0.5, abs=0.02)
    assert fit.exponent_params.value + fit.exponent_tokens.value == pytest.approx(1)
    for valley in fit.valleys:
        assert valley.inside and valley.interval[0] < valley.params < valley.interval[1]
        assert valley.predict(valley.params) == pytest.approx(valley.loss)
        assert valley.params * valley.tokens * 6 == pytest.approx(valley.budget)
    band = fit.optimal_params_band([1e20])
    assert band[0] < fit.optimal_params(1e20) < band[1]
    one_side = params > best * 1.2
    kept = ~((flops == flops[0]) & ~one_side)
    with pytest.warns(FitWarning, match="beyond the sizes|without a minimum") as caught:
        partial = fit_isoflop(params[kept], flops[kept], loss[kept])
    assert partial.warnings[0].code in {"minimum_outside", "no_valley"} and len(caught) == len(partial.warnings)


def test_envelope_recovers_the_exponent():
    run = np.repeat(np.arange(16), 80)
    params = np.repeat(np.geomspace(1e6, 1e10, 16), 80)
    tokens = params * np.tile(np.geomspace(1, 400, 80), 16)
    loss = chinchilla_loss(params, tokens, **TRUTH)
    fit = fit_envelope(run, params, 6 * params * tokens, loss, n=100)
    expected = TRUTH["beta"] / (TRUTH["alpha"] + TRUTH["beta"])
    assert fit.exponent_params.value == pytest.approx(expected, abs=0.02)
    low, high = fit.exponent_params.interval
    assert low < high
    smallest = np.interp(np.log(fit.flops), np.log(6 * params * tokens)[:80], loss[:80], left=9, right=9)
    assert (fit.loss <= smallest * (1 + 1e-4)).all()
    assert set(fit.run) <= set(run) and fit.n_runs_on_envelope > 8


def test_bootstrap_is_seeded_ordered_and_keeps_pairs():
    fit = fit_chinchilla(*surface(noise=0.01))
    boot = bootstrap(fit, n=150, seed=3)
    assert len(boot) == 150 and boot.n_not_converged == 0
    again = bootstrap(fit, n=150, seed=3)
    np.testing.assert_array_equal(boot.samples["alpha"], again.samples["alpha"])
    assert not np.array_equal(boot.samples["alpha"], bootstrap(fit, n=150, seed=4).samples["alpha"])
    low, high = boot.interval("alpha", level=0.9)
    wide_low, wide_high = boot.interval("alpha", level=0.99)
    assert wide_low < low < fit["alpha"] < high < wide_high
    basic_low, basic_high = boot.interval("alpha", method="basic")
    assert basic_high - basic_low == pytest.approx(high - low)
    assert boot.fit.params["alpha"].interval == pytest.approx((low, high))
    assert boot.fit.params["alpha"].standard_error == pytest.approx(boot.samples["alpha"].std(ddof=1))
    band = boot.band([1e9, 1e12], [1e10, 1e13])
    assert band[0].shape == (2,) and (band[0] < fit.predict([1e9, 1e12], [1e10, 1e13])).all()
    assert boot.predict([1e9], [1e10]).shape == (150, 1)
    # A and alpha move together: pairs give the term an error far smaller than its parts'.
    term = boot.samples["A"] * 1e9 ** -boot.samples["alpha"]
    assert term.std() / term.mean() < 0.5 * boot.samples["A"].std() / boot.samples["A"].mean()


def test_checkpoints_of_one_run_are_drawn_together():
    x = np.repeat(np.geomspace(1e6, 1e9, 10), 5)
    run = np.repeat(np.arange(10), 5)
    noise = np.repeat(0.02 * np.random.default_rng(2).standard_normal(10), 5)
    fit = fit_power_law(x, power_law(x, A=50.0, alpha=0.25, E=1.7) * np.exp(noise), objective="squared")
    whole = bootstrap(fit, n=300, runs=run).samples["alpha"].std()
    rows = bootstrap(fit, n=300).samples["alpha"].std()
    assert whole > 1.5 * rows


def test_profile_of_least_squares_is_the_textbook_likelihood_ratio():
    x = np.geomspace(1e6, 1e9, 15)
    loss = power_law(x, A=50.0, alpha=0.25, E=1.7) * np.exp(0.01 * np.random.default_rng(1).standard_normal(15))
    fit = fit_power_law(x, loss, objective="squared")
    result = profile(fit, "E", level=0.95)
    for end in result.interval:
        shape = fit_power_law(x, loss, objective="squared")
        # Holding E and fitting the rest is a straight line in the logs only if noise is on L - E; so minimise directly.
        from scipy.optimize import least_squares

        held = least_squares(
            lambda v, e=end: np.log(e + v[0] * (x / 3e7) ** -v[1]) - np.log(loss), [0.7, 0.25], xtol=1e-14, ftol=1e-14
        )
        ratio = 15 * np.log(held.cost / shape.objective_value)
        assert ratio == pytest.approx(3.8415, rel=0.01)


@pytest.mark.parametrize("name", ["E", "A", "B", "alpha", "beta"])
def test_profile_holds_each_constant(name):
    fit = fit_chinchilla(*surface(noise=0.01), objective="squared")
    result = profile(fit, name)
    low, high = result.interval
    assert low < fit[name] < high
    assert (np.diff(result.values) > 0).all() and result.statistic.min() == 0
    own = bootstrap(fit, n=300).interval(name)
    assert high - low == pytest.approx(own[1] - own[0], rel=0.6)


def test_backtest_of_a_true_law_is_right_and_of_a_wrong_one_is_not():
    x = np.geomspace(1e6, 1e10, 12)
    loss = power_law(x, A=50.0, alpha=0.25, E=1.7)
    right = backtest(fit_power_law(x, loss))
    assert 1 <= len(right.rows) <= 6
    for row in right.rows:
        assert row.error < 1e-6 < row.baseline_error
        assert row.n_fitted + row.n_held_out == 12
    wrong = backtest(fit_power_law(x, loss, floor=False), cuts=[1e8]).rows[0]
    assert wrong.error > 0.03 and wrong.bias < 0
    assert wrong.decades_ahead == pytest.approx(2.0)


def test_every_fit_predicts_through_its_own_law():
    params, tokens, loss = surface(noise=0.005)
    for fit in (fit_chinchilla(params, tokens, loss), fit_kaplan(params, tokens, loss)):
        np.testing.assert_allclose(fit.predict(), LAWS[fit.law](params, tokens, **fit.values))
        np.testing.assert_allclose(fit.predict(params=params, tokens=tokens), fit.predict())
        total = fit.objective.total(fit.residuals(), fit.data["weights"])
        assert total == pytest.approx(fit.objective_value, rel=1e-6)
