"""Clark's law: recovery of a known truth, and the published constants from the published runs."""

import numpy as np
import pytest

from course_utils import laws
from course_utils.fitting import FitWarning, backtest, bootstrap, fit_routed, refit
from course_utils.fitting.families import Points
from course_utils.fitting.routed import RoutedFamily
from course_utils.laws import CONSTANTS, effective_params, routed_loss

SETS = ("clark_s_base", "clark_rl_r", "clark_hash")


def grid():
    return (a.ravel() for a in np.meshgrid(np.geomspace(1.5e7, 1.3e9, 6), 2.0 ** np.arange(10)))


@pytest.mark.parametrize("name", SETS)
@pytest.mark.parametrize("objective", ["squared", "huber", "lad"])
def test_recovers_a_known_truth(name, objective):
    params, experts = grid()
    truth = CONSTANTS[name].values
    fit = fit_routed(params, experts, routed_loss(params, experts, **truth), objective=objective)
    assert fit.values == pytest.approx(dict(truth), rel=1e-5)
    assert fit.converged and not fit.warnings
    assert list(fit.params) == ["a", "b", "c", "d", "E_start", "E_max"]


def test_a_noisy_truth_lies_in_its_intervals():
    params, experts = grid()
    truth = CONSTANTS["clark_rl_r"].values
    rng = np.random.default_rng(4)
    loss = routed_loss(params, experts, **truth) * np.exp(0.005 * rng.normal(size=len(params)))
    boot = bootstrap(fit_routed(params, experts, loss), n=300, seed=1)
    for name in ("a", "b", "c", "d"):
        low, high = boot.fit.params[name].interval
        assert low < truth[name] < high
    low, high = boot.band([1e8], [64.0])
    assert low[0] < routed_loss(1e8, 64, **truth) < high[0]
    assert 0 < high[0] - low[0] < 0.02


def test_derivatives_are_those_of_the_objective():
    rng = np.random.default_rng(0)
    inputs = (rng.normal(size=30), 2.0 ** rng.integers(0, 9, 30) - 1)
    points = Points(inputs, rng.normal(size=30), rng.uniform(1, 2, 30))
    family = RoutedFamily(256.0, 2.0)
    theta = np.array([[0.1, -0.2, -0.3, 0.05, 0.8, 0.7]])
    state = family.evaluate(theta, points, 0.5)
    step = 1e-6
    for i in range(6):
        up, down = theta.copy(), theta.copy()
        up[0, i] += step
        down[0, i] -= step
        above, below = family.evaluate(up, points, 0.5), family.evaluate(down, points, 0.5)
        assert state.gradient[0, i] == pytest.approx((above.value - below.value)[0] / (2 * step), rel=1e-5, abs=1e-7)
        numeric = (above.gradient - below.gradient)[0] / (2 * step)
        np.testing.assert_allclose(state.hessian[0, i], numeric, rtol=1e-4, atol=1e-5)
        slope = (family.log_loss(up, points) - family.log_loss(down, points))[0] / (2 * step)
        np.testing.assert_allclose(family.jacobian(theta, points)[0, i], slope, rtol=1e-5, atol=1e-8)


def test_no_start_of_scipy_finds_a_lower_valley():
    from scipy.optimize import least_squares

    params, experts = grid()
    rng = np.random.default_rng(7)
    loss = routed_loss(params, experts, **CONSTANTS["clark_s_base"].values) * np.exp(0.01 * rng.normal(size=60))
    ours = fit_routed(params, experts, loss)

    def residuals(theta):
        a, b, c, d, start, most = theta
        ends = {"E_start": 1 + np.exp(start), "E_max": 2 + np.exp(start) + np.exp(most)}
        return np.log(routed_loss(params, experts, a=a, b=b, c=c, d=d, **ends)) - np.log(loss)

    starts = rng.uniform([-0.2, -0.3, -0.02, 0.8, -1, 3], [0, 0, 0.03, 1.5, 2, 8], (20, 6))
    theirs = min(least_squares(residuals, start, x_scale="jac", max_nfev=500).cost for start in starts)
    assert ours.objective_value <= theirs * (1 + 1e-6)


def test_runs_that_show_no_saturation_say_so():
    params, experts = grid()
    loss = routed_loss(params, experts, a=-0.08, b=-0.1, c=0.005, d=1.1, E_start=1.5, E_max=np.inf)
    with pytest.warns(FitWarning, match="E_max is at a bound"):
        fit = fit_routed(params, experts, loss)
    assert fit.params["E_max"].at_bound and fit["E_max"] > 1e9
    assert fit["b"] == pytest.approx(-0.1, rel=1e-3)
    assert "E_max" in fit.summary()


def test_the_same_runs_in_another_order_or_unit_give_the_same_law():
    params, experts = grid()
    rng = np.random.default_rng(2)
    loss = routed_loss(params, experts, **CONSTANTS["clark_rl_r"].values) * np.exp(0.005 * rng.normal(size=60))
    fit, order = fit_routed(params, experts, loss), rng.permutation(60)
    again = fit_routed(params[order], experts[order], loss[order])
    assert again.values == pytest.approx(fit.values, rel=1e-6)
    wider = fit_routed(params * 1000, experts, loss)
    assert wider["c"] == pytest.approx(fit["c"], rel=1e-6)
    assert wider["b"] == pytest.approx(fit["b"] - 3 * fit["c"], rel=1e-6)  # log10 of 1000 is 3


def test_some_runs_can_be_left_out_and_foretold():
    params, experts = grid()
    loss = routed_loss(params, experts, **CONSTANTS["clark_rl_r"].values)
    fit = fit_routed(params, experts, loss)
    assert refit(fit, params < 1e9).n_points == 50
    assert fit.predict() == pytest.approx(loss)
    test = backtest(fit, cuts=[2e8])
    assert (test.rows[0].n_fitted, test.rows[0].n_held_out) == (30, 30)  # cut by size, not by experts
    assert test.rows[0].error < 1e-6


def test_two_numbers_of_experts_cannot_tell_the_shape_of_saturation():
    params, experts = (a.ravel() for a in np.meshgrid(np.geomspace(1e7, 1e9, 5), [1.0, 8.0]))
    with pytest.warns(FitWarning):
        fit = fit_routed(params, experts, routed_loss(params, experts, **CONSTANTS["clark_rl_r"].values))
    np.testing.assert_allclose(fit.residuals(), 0, atol=1e-6)  # inside the runs it still holds


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"experts": [1, 2, 4, 8, 16, 0.5, 1]}, "row 5 is 0.5; a dense model has 1"),
        ({"experts": [4] * 7}, "experts: every run has the same size"),
        ({"params": [1e8] * 7}, "params: every run has the same size"),
        ({"loss": [3, 3, 3, 3, 3, 3, np.nan]}, "row 6 is missing"),
        ({"loss": [3, 2.9]}, "loss has 2 rows"),
        ({"weights": [1, 1, 1, 1, 1, 0, 0]}, "6 parameters and 5 runs"),
    ],
)
def test_refusals(change, message):
    columns = {"params": np.geomspace(1e7, 1e9, 7), "experts": [1, 2, 4, 8, 16, 32, 1], "loss": np.linspace(3, 2, 7)}
    with pytest.raises(ValueError, match=message):
        fit_routed(**(columns | change))


# ---------------------------------------------------------------- the published runs


@pytest.fixture(scope="module")
def finals(published):
    """The last checkpoint of every run with one expert a token in every second layer, and of the dense runs."""
    table = published("routed_models")
    last = table.sort_values("step").groupby("run").last()
    return last[(last["top_k"] == 1) & (last["routing_frequency"] == 0.5) & last["loss_nats"].notna()]


def fit_of(finals, router):
    rows = finals[finals["router"].isin([router, "Dense"])]
    return fit_routed(rows["params_dense"], rows["experts"], rows["loss_nats"])


@pytest.mark.parametrize(("router", "name", "within"), [("RL-R", "clark_rl_r", 0.05), ("S-Base", "clark_s_base", 0.20)])
def test_published_coefficients_from_the_published_runs(finals, router, name, within):
    """S-BASE is further off because b and c trade places along a valley, and one of its runs is not in the file."""
    fit, paper = fit_of(finals, router), CONSTANTS[name].values
    for constant in ("a", "b", "c", "d"):
        assert fit[constant] == pytest.approx(paper[constant], rel=within), constant
    assert np.sqrt((fit.residuals() ** 2).mean()) < 0.008
    # What the constants say together is far closer than they are: the loss, and the size of the equal dense model.
    params, experts = (a.ravel() for a in np.meshgrid(np.geomspace(1.7e7, 1.3e9, 6), 2.0 ** np.arange(10)))
    ratio = fit.predict(params, experts) / routed_loss(params, experts, **paper)
    assert np.abs(ratio - 1).max() < 0.03
    equal = effective_params(params, experts, **fit.values) / effective_params(params, experts, **paper)
    assert np.abs(np.log(equal)).max() < np.log(1.35)


def test_the_cutoff_of_the_paper_hangs_on_the_last_digit_of_c(finals):
    for name, printed in (("clark_s_base", 1000e9), ("clark_rl_r", 32e9), ("clark_hash", 215e9)):
        values = CONSTANTS[name].values
        assert 10 ** (-values["b"] / values["c"]) == pytest.approx(printed, rel=0.05)
    rl = fit_of(finals, "RL-R")
    assert 5e10 < 10 ** (-rl["b"] / rl["c"]) < 2e11  # the paper prints 85 billion
    assert laws.routed_loss(1e13, [8, 64], **CONSTANTS["clark_rl_r"].values)[1] > laws.routed_loss(
        1e13, 8, **CONSTANTS["clark_rl_r"].values
    )
