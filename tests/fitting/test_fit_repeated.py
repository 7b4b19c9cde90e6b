"""The law of repeated data: exact derivatives, recovery of a known truth, weak data, and the published runs."""

import numpy as np
import pytest

from course_utils import i18n, laws
from course_utils.fitting import (
    FitWarning,
    backtest,
    bootstrap,
    fit_chinchilla,
    fit_repeated_data,
    profile,
    refit,
)
from course_utils.fitting.families import Points
from course_utils.fitting.repeated_family import RepeatedFamily, decay
from course_utils.laws import CONSTANTS, repeated_data_loss

TRUTH = CONSTANTS["muennighoff_c4_repeated"].values
BASE = ("E", "A", "B", "alpha", "beta")


def grid():
    sizes, texts, epochs = np.geomspace(1e7, 3e9, 5), [1e8, 1e9, 1e10], [1, 2, 4, 8, 16, 40]
    n, u, e = (a.ravel() for a in np.meshgrid(sizes, texts, epochs))
    return n, e * u, u


def noisy(seed=0, spread=0.01):
    n, d, u = grid()
    return n, d, u, repeated_data_loss(n, d, u, **TRUTH) * np.exp(spread * np.random.default_rng(seed).normal(size=90))


@pytest.mark.parametrize("z", [0.0, 1e-9, 0.0499, 0.0501, 1.0, 30.0, 1e5])
def test_decay_and_its_derivatives_near_and_far_from_zero(z):
    """Against the integral of (-t)**k exp(-z t) over t from 0 to 1, which is the k-th derivative."""
    from scipy.integrate import quad

    for k, found in enumerate(decay(np.array([z]))):
        exact = quad(lambda t, k=k: (-t) ** k * np.exp(-z * t), 0, 1, points=[min(1.0, 30 / (z + 1))], epsabs=1e-14)[0]
        assert found[0] == pytest.approx(exact, rel=1e-9, abs=1e-14)


@pytest.mark.parametrize("held", [False, True])
@pytest.mark.parametrize("delta", [np.inf, 0.05])
def test_derivatives_are_those_of_the_objective(held, delta):
    rng = np.random.default_rng(1)
    repeats = np.concatenate([[0.0, 0.0], rng.uniform(0, 40, 28)])
    points = Points(
        (rng.normal(size=30), rng.normal(size=30) - 1, repeats), rng.normal(0, 0.2, 30), rng.uniform(1, 2, 30)
    )
    base = np.array([0.4, 0.3, 0.35, 0.4, 0.5])
    family = RepeatedFamily(base if held else None)
    ends = np.array([[0.06, 0.2], [2e-3, 1.5]])
    theta = ends if held else np.concatenate([np.tile(base, (2, 1)), ends], axis=1)
    state, jacobian = family.evaluate(theta, points, delta), family.jacobian(theta, points)
    np.testing.assert_allclose(family.jet(theta, points).value, family.log_loss(theta, points), rtol=1e-12, atol=1e-14)
    step = 1e-6
    for i in range(family.n_params):
        shift = np.zeros_like(theta)
        shift[:, i] = step
        up, down = family.evaluate(theta + shift, points, delta), family.evaluate(theta - shift, points, delta)
        slope = (family.log_loss(theta + shift, points) - family.log_loss(theta - shift, points)) / (2 * step)
        np.testing.assert_allclose(jacobian[:, i], slope, rtol=1e-6, atol=1e-8)
        np.testing.assert_allclose(state.gradient[:, i], (up.value - down.value) / (2 * step), rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(
            state.hessian[:, i], (up.gradient - down.gradient) / (2 * step), rtol=1e-5, atol=1e-6
        )


@pytest.mark.parametrize("base", [None, "muennighoff_c4"])
@pytest.mark.parametrize("objective", ["huber", "squared", "lad"])
def test_recovers_a_known_truth(base, objective):
    n, d, u = grid()
    fit = fit_repeated_data(n, d, u, repeated_data_loss(n, d, u, **TRUTH), base=base, objective=objective)
    assert fit.values == pytest.approx(dict(TRUTH), rel=1e-5)
    assert fit.converged and not fit.warnings
    assert list(fit.params) == [*BASE, "R_D", "R_N"] and fit.inputs == ("params", "tokens", "unique_tokens")
    assert [name for name, e in fit.params.items() if e.held] == ([] if base is None else list(BASE))
    np.testing.assert_allclose(fit.predict(), fit.data["loss"], rtol=1e-7)


def test_a_base_may_be_a_fit_of_fresh_runs_a_set_of_constants_or_a_mapping():
    n, d, u = grid()
    loss = repeated_data_loss(n, d, u, **TRUTH)
    once = d == u
    fits = n[once] <= laws.matching_params(u[once], **{k: TRUTH[k] for k in BASE[1:]})
    size, text = np.meshgrid(np.geomspace(1e7, 1e9, 4), np.geomspace(1e8, 1e11, 4))
    fresh = fit_chinchilla(size.ravel(), text.ravel(), CONSTANTS["muennighoff_c4"](size.ravel(), text.ravel()))
    assert fits.any() and not fits.all()
    for base in (fresh, CONSTANTS["muennighoff_c4"], {name: TRUTH[name] for name in BASE}):
        fit = fit_repeated_data(n, d, u, loss, base=base)
        assert (fit["R_D"], fit["R_N"]) == pytest.approx((TRUTH["R_D"], TRUTH["R_N"]), rel=1e-4)


@pytest.mark.parametrize("base", [None, "muennighoff_c4"])
def test_a_noisy_truth_lies_in_its_intervals(base):
    fit = fit_repeated_data(*noisy(), base=base, objective="squared")
    boot = bootstrap(fit, n=200, level=0.98)
    for name in ("R_D", "R_N"):
        low, high = boot.fit.params[name].interval
        assert low < TRUTH[name] < high < 2 * low
        low, high = profile(fit, name, level=0.98).interval
        assert low < TRUTH[name] < high
    if base:
        assert all(boot.fit.params[k].interval is None and boot.fit.params[k].standard_error is None for k in BASE)
    low, high = boot.band([1e8], [4e9], [1e9])
    assert low[0] < repeated_data_loss(1e8, 4e9, 1e9, **TRUTH) < high[0] < low[0] * 1.03


def test_no_start_of_scipy_finds_a_lower_valley():
    from scipy.optimize import least_squares

    n, d, u, loss = noisy(3)
    ours = fit_repeated_data(n, d, u, loss, base="muennighoff_c4", objective="squared")

    def residuals(theta):
        return np.log(repeated_data_loss(n, d, u, **{**TRUTH, "R_D": np.exp(theta[0]), "R_N": np.exp(theta[1])}) / loss)

    starts = np.random.default_rng(0).uniform(-1, 6, (20, 2))
    assert ours.objective_value <= min(least_squares(residuals, s).cost for s in starts) * (1 + 1e-7)


def test_the_same_runs_in_another_order_give_the_same_law():
    n, d, u, loss = noisy(2)
    order = np.random.default_rng(5).permutation(90)
    fit = fit_repeated_data(n, d, u, loss, base="muennighoff_c4")
    again = fit_repeated_data(n[order], d[order], u[order], loss[order], base="muennighoff_c4")
    assert again.values == pytest.approx(fit.values, rel=1e-6)


@pytest.mark.parametrize("base", [None, "muennighoff_c4"])
def test_some_runs_can_be_left_out_and_foretold(base):
    n, d, u = grid()
    fit = fit_repeated_data(n, d, u, repeated_data_loss(n, d, u, **TRUTH), base=base)
    part = refit(fit, d < 1e11)
    assert part.n_points == int((d < 1e11).sum()) and part["R_D"] == pytest.approx(TRUTH["R_D"], rel=1e-4)
    assert [e.held for e in part.params.values()] == [e.held for e in fit.params.values()]
    test = backtest(fit, cuts=[1e20])  # 6 N D, whatever was distinct
    assert test.rows[0].n_fitted == int((6 * n * d <= 1e20).sum()) and test.rows[0].error < 1e-5
    assert backtest(fit).rows[-1].n_held_out >= 1


def test_runs_that_repeat_too_little_know_little_and_say_so():
    n, u, epochs = (a.ravel() for a in np.meshgrid([1e8, 1e9], [1e9, 4e9, 2e10], [1.0, 1.5, 2.0, 3.0]))
    loss = repeated_data_loss(n, epochs * u, u, **TRUTH) * np.exp(0.003 * np.random.default_rng(0).normal(size=24))
    with pytest.warns(FitWarning) as caught:
        fit = fit_repeated_data(n, epochs * u, u, loss, base="muennighoff_c4", objective="squared")
    assert caught[0].filename == __file__
    weak = {w.code: w for w in fit.warnings}["repeats_weakly_known"]
    assert any(name.startswith("R_D") for name in weak.names)
    shape = profile(fit, "R_D")
    low, high = shape.interval
    assert low is not None and low < TRUTH["R_D"] and (high is None or high > 4 * low)
    assert (np.diff(shape.values) > 0).all() and shape.statistic.min() < 1e-6


def test_repeats_as_good_as_fresh_and_repeats_worth_nothing():
    n, d, u = grid()
    for value, code in ((np.inf, "no_decay"), (0.0, "all_decay")):
        with pytest.warns(FitWarning):
            fit = fit_repeated_data(
                n, d, u, repeated_data_loss(n, d, u, **{**TRUTH, "R_D": value}), base="muennighoff_c4"
            )
        assert fit.params["R_D"].at_bound and code in {w.code for w in fit.warnings}
        assert fit["R_D"] > 1e6 if code == "no_decay" else fit["R_D"] < 0.01
        np.testing.assert_allclose(fit.residuals(), 0, atol=1e-3)


@pytest.mark.filterwarnings("ignore::course_utils.fitting.FitWarning")
def test_small_models_say_nothing_about_excess_parameters():
    u = np.repeat([1e10, 4e10], 6)
    d = u * np.tile([1, 2, 4, 8, 16, 40], 2)
    fit = fit_repeated_data(np.full(12, 1e8), d, u, repeated_data_loss(1e8, d, u, **TRUTH), base="muennighoff_c4")
    assert fit["R_D"] == pytest.approx(TRUTH["R_D"], rel=1e-4)
    assert [(w.code, w.names) for w in fit.warnings] == [("no_decay", ("R_N",))]
    sizes, texts, epochs = np.meshgrid([2e7, 6e7, 2e8], [1e10, 4e10], [1, 2, 4, 8, 16, 40])
    n, u, d = sizes.ravel(), texts.ravel(), (texts * epochs).ravel()
    fit = fit_repeated_data(n, d, u, repeated_data_loss(n, d, u, **TRUTH))
    assert fit["R_D"] == pytest.approx(TRUTH["R_D"], rel=1e-4) and fit.params["R_N"].at_bound


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_faces_mark_what_was_given(code):
    boot = bootstrap(fit_repeated_data(*noisy(), base="muennighoff_c4"), n=30)
    with i18n.using_language(code):
        text, html = boot.summary(), boot._repr_html_()
        assert text.count(i18n.t("fitting.held")) == 5
    assert "R_D*" in html and "nan" not in text and "None" not in text


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"tokens": [1e9] * 8, "unique_tokens": [4e9] * 8}, "no run reads more tokens than unique_tokens"),
        ({"loss": [3.0] * 7 + [np.nan]}, "loss: row 7 is missing"),
        ({"unique_tokens": [1e9] * 7 + [0]}, "unique_tokens: row 7 is .*not positive"),
        ({"loss": [3.0, 2.9]}, "loss has 2 rows"),
        ({"weights": [1] + [0] * 7, "base": "muennighoff_c4"}, "2 parameters and 1 runs"),
        ({"weights": [1] * 6 + [0] * 2}, "7 parameters and 6 runs"),
        ({"params": [1e8] * 8}, "params: every run has the same size"),
        ({"base": "no such"}, "base: no constants named 'no such'"),
        ({"base": "kaplan_joint"}, "base: E, A, B, alpha, beta missing"),
        ({"base": {"E": 1.8, "A": 400, "B": -1, "alpha": 0.3, "beta": 0.3}}, "base: B is -1"),
        ({"objective": "l2"}, "objective must be"),
    ],
)
def test_refusals(change, message):
    u = np.repeat([1e9, 2e9], 4)
    columns = {
        "params": np.geomspace(1e7, 1e9, 8),
        "tokens": u * np.tile([1, 2, 4, 8], 2),
        "unique_tokens": u,
        "loss": np.linspace(3.5, 2.5, 8),
    }
    with pytest.raises(ValueError, match=message):
        fit_repeated_data(**(columns | change))


def test_profile_and_engine_say_what_they_can_do():
    fit = fit_repeated_data(*noisy(), base="muennighoff_c4")
    with pytest.raises(ValueError, match="use bootstrap"):
        profile(fit, "alpha")
    with pytest.raises(ValueError, match="engine"):
        bootstrap(fit, n=10, engine="numba")


# ---------------------------------------------------------------- the published runs


@pytest.fixture(scope="module")
def c4(published):
    """The last checkpoint of the 21 runs on C4 that read their text 1 to 14 times (the loss of 44 epochs has risen)."""
    table = published("repeated_data")
    last = table[~table["copied"]].sort_values("tokens").groupby("run").last()
    return last[(last["corpus"] == "c4") & (last["epochs_planned"] < 40)]


def columns(runs):
    return tuple(runs[name].to_numpy() for name in ("params", "tokens", "tokens_unique", "loss_nats"))


def test_the_published_runs_at_hand_leave_the_published_constant_wide_open(c4):
    """The paper fitted 182 runs of many shapes; these 21 all have 20 tokens a parameter, so N and D grow together."""
    assert len(c4) == 21
    with pytest.warns(FitWarning):
        fit = fit_repeated_data(*columns(c4), objective="squared")
    assert "repeats_weakly_known" in {w.code for w in fit.warnings}
    assert np.sqrt((fit.residuals() ** 2).mean()) < 0.005
    low, high = profile(fit, "R_D").interval
    assert low < TRUTH["R_D"] < 47 < high  # 15.4 as printed, and the valley near 47, are both inside
    assert high > 10 * low


def test_the_published_base_lies_below_its_own_runs(c4):
    """Held beneath these runs it leaves repeats worth nothing: the loss that it foretells for one epoch is too low."""
    n, d, u, loss = columns(c4)
    once = d <= u
    gap = loss[once] - repeated_data_loss(n[once], d[once], u[once], **TRUTH)
    assert once.sum() == 3 and (gap > 0.14).all() and (gap < 0.23).all()
    with pytest.warns(FitWarning):
        fit = fit_repeated_data(n, d, u, loss, base="muennighoff_c4")
    assert fit.params["R_D"].at_bound
