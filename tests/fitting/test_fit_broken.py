"""The broken power law: recovery, derivatives, and the doubts that it must have."""

import warnings

import numpy as np
import pytest

from course_utils.fitting import bootstrap, fit_broken_power_law, refit
from course_utils.fitting.broken import BrokenFamily
from course_utils.fitting.families import Points
from course_utils.laws import broken_power_law, power_law

SIZE = np.geomspace(1e3, 1e9, 31)
TRUTH = {"A": 10.0, "alpha": 0.05, "bend": 0.3, "x_break": 1e6, "width": 0.5}


def test_far_from_the_break_it_is_a_power_law():
    x = np.array([1e-30, 1e-29, 1e40, 1e41])
    logs = np.log10(broken_power_law(x, **TRUTH))
    assert logs[1] - logs[0] == pytest.approx(-0.05) and logs[3] - logs[2] == pytest.approx(-0.35)
    assert broken_power_law(1e6, **TRUTH) == pytest.approx(10 * 1e6**-0.05 * 2 ** (-0.3 * 0.5))


@pytest.mark.parametrize("floor", [False, True])
@pytest.mark.parametrize("objective", ["squared", "huber"])
def test_recovers_a_known_truth(floor, objective):
    truth = TRUTH | ({"E": 0.02} if floor else {})
    fit = fit_broken_power_law(SIZE, broken_power_law(SIZE, **truth), floor=floor, objective=objective)
    assert fit.values == pytest.approx(truth, rel=2e-3)
    assert fit.converged and not fit.warnings
    np.testing.assert_allclose(fit.predict(), fit.data["loss"], rtol=1e-5)


@pytest.mark.parametrize("floor", [False, True])
@pytest.mark.parametrize("delta", [np.inf, 0.1])
def test_derivatives(floor, delta):
    rng = np.random.default_rng(0)
    points = Points((rng.uniform(-3, 3, 25),), rng.normal(0, 0.3, 25), rng.uniform(0.5, 2, 25))
    family = BrokenFamily(floor=floor)
    theta = np.array([[0.9, 0.2, 0.4, 0.3, 0.6, 0.2], [1.1, 0.3, -0.1, -1.0, 1.5, 0.1]])[:, : family.n_params]
    state = family.evaluate(theta, points, delta)
    for i in range(family.n_params):
        shift = np.zeros_like(theta)
        shift[:, i] = 1e-6
        up, down = family.evaluate(theta + shift, points, delta), family.evaluate(theta - shift, points, delta)
        np.testing.assert_allclose(state.gradient[:, i], (up.value - down.value) / 2e-6, rtol=1e-5, atol=1e-7)
        np.testing.assert_allclose(state.hessian[:, i], (up.gradient - down.gradient) / 2e-6, rtol=1e-4, atol=1e-5)
        slope = (family.log_loss(theta + shift, points) - family.log_loss(theta - shift, points)) / 2e-6
        np.testing.assert_allclose(family.jacobian(theta, points)[:, i], slope, rtol=1e-5, atol=1e-8)


def test_a_noisy_bend_lies_in_its_interval():
    rng = np.random.default_rng(2)
    loss = broken_power_law(SIZE, **TRUTH) * np.exp(0.01 * rng.standard_normal(31))
    fit = fit_broken_power_law(SIZE, loss, floor=False)
    boot = bootstrap(fit, n=200)
    for name in ("alpha", "bend", "x_break"):
        low, high = boot.fit.params[name].interval
        assert low < TRUTH[name] < high
    assert refit(fit, np.ones(31)).values == pytest.approx(fit.values, rel=1e-6)
    assert "x_b" in fit.summary()


def test_runs_without_a_bend_say_so():
    rng = np.random.default_rng(3)
    loss = power_law(SIZE, A=10.0, alpha=0.1) * np.exp(0.01 * rng.standard_normal(31))
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit = fit_broken_power_law(SIZE, loss, floor=False)
    assert any("three more constants are not earned" in str(w.message) for w in caught)
    assert fit.warnings[0].code == "no_bend"


def test_a_bend_at_the_edge_of_the_runs_says_so():
    size = np.geomspace(1e3, 3e6, 20)
    with warnings.catch_warnings(record=True) as caught:
        warnings.simplefilter("always")
        fit_broken_power_law(size, broken_power_law(size, **TRUTH | {"x_break": 2e6, "width": 0.1}), floor=False)
    assert {w.message.code for w in caught} & {"bend_one_side", "break_at_bound"}


def test_too_little_is_refused():
    with pytest.raises(ValueError, match="6 distinct sizes"):
        fit_broken_power_law([1, 1, 2, 2, 3, 3], [3, 3, 2, 2, 1, 1])
    with pytest.raises(ValueError, match="5 parameters"):
        fit_broken_power_law([1, 2, 3, 4], [4, 3, 2, 1], floor=False)
    with pytest.raises(ValueError, match="loss: row 1"):
        fit_broken_power_law(np.arange(1, 8), [3, -1, 2, 2, 1, 1, 1])
