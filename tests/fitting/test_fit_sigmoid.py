"""The sigmoid: known truths, SciPy's optimum, and what it refuses or doubts."""

import warnings

import numpy as np
import pytest

from course_utils.fitting import FitWarning, fit_sigmoid
from course_utils.fitting.sigmoid_solver import Problem
from course_utils.i18n import using_language
from course_utils.laws import sigmoid_accuracy

SIZE = np.geomspace(1e4, 1e8, 9)


@pytest.mark.parametrize(
    ("truth", "top"),
    [
        ({"x_half": 1e6, "slope": 1.5, "chance": 0.0, "top": 1.0}, 1.0),
        ({"x_half": 2e5, "slope": 0.8, "chance": 0.25, "top": 0.8}, None),
        ({"x_half": 3e6, "slope": -2.0, "chance": 0.5, "top": 0.9}, 0.9),
    ],
)
def test_recovers_a_known_truth(truth, top):
    fit = fit_sigmoid(SIZE, sigmoid_accuracy(SIZE, **truth), 1000, chance=truth["chance"], top=top, n=50)
    assert fit.values == pytest.approx(truth, rel=1e-6)
    assert fit.converged and fit.deviance == pytest.approx(0, abs=1e-9) and not fit.warnings
    np.testing.assert_allclose(fit.predict(), fit.data["accuracy"], atol=1e-9)


def test_against_scipy_on_noisy_counts():
    from scipy.optimize import minimize

    rng = np.random.default_rng(5)
    x = np.repeat(SIZE, 3)
    items = rng.integers(50, 2000, len(x))
    y = rng.binomial(items, sigmoid_accuracy(x, x_half=7e5, slope=1.1, chance=0.25, top=0.9)) / items
    fit = fit_sigmoid(x, y, items, chance=0.25, top=None, n=20)

    def minus_log_likelihood(theta):
        p = sigmoid_accuracy(x, x_half=np.exp(theta[0]), slope=theta[1], chance=0.25, top=theta[2])
        return -(items * (y * np.log(p) + (1 - y) * np.log(1 - p))).sum()

    theirs = minimize(minus_log_likelihood, [13, 1, 0.8], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-9})
    own = [np.log(fit["x_half"]), fit["slope"], fit["top"]]
    assert minus_log_likelihood(own) <= theirs.fun + 1e-6
    np.testing.assert_allclose(own, theirs.x, rtol=1e-4)


def test_items_are_the_weight_of_the_evidence():
    x, y = [1.0, 2.0, 4.0, 8.0], [0.1, 0.2, 0.7, 0.6]
    with pytest.warns(FitWarning, match="no run lies above"):
        doubled = fit_sigmoid(x, y, [20, 10, 10, 10], n=20)
        again = fit_sigmoid(x, y, 10, weights=[2, 1, 1, 1], n=20)
        left_out = fit_sigmoid(x, y, 10, weights=[1, 1, 1, 0], n=20)
        three = fit_sigmoid(x[:3], y[:3], 10, n=20)
    assert doubled.values == pytest.approx(again.values)
    assert left_out.values == pytest.approx(three.values)
    assert left_out.n_points == 3


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    rng = np.random.default_rng(0)
    x = np.repeat(SIZE, 3)
    held = 0
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        for seed in range(60):
            y = rng.binomial(1000, sigmoid_accuracy(x, x_half=1e6, slope=1.5)) / 1000
            low, high = fit_sigmoid(x, y, 1000, n=200, seed=seed).params["x_half"].interval
            held += low < 1e6 < high
    assert 44 <= held <= 59


def test_seeds_that_learn_at_different_sizes_scatter_more_than_items_explain():
    rng = np.random.default_rng(1)
    x = np.repeat(SIZE, 4)
    half = 1e6 * np.exp(1.0 * rng.standard_normal(len(x)))
    y = rng.binomial(1000, [sigmoid_accuracy(a, x_half=h, slope=2.0) for a, h in zip(x, half, strict=True)]) / 1000
    with pytest.warns(FitWarning, match="scatter"):
        fit = fit_sigmoid(x, y, 1000, n=200)
    assert fit.dispersion > 10 and [w.code for w in fit.warnings] == ["scatter_beyond_items"]
    low, high = fit.params["x_half"].interval
    assert low < 1e6 < high and high / low > 1.3


def test_a_rise_seen_from_one_side_is_doubted():
    y = sigmoid_accuracy(SIZE, x_half=1e9, slope=1.0)
    with pytest.warns(FitWarning, match="no run lies above"):
        assert fit_sigmoid(SIZE, y, 10_000, n=50).warnings[0].code == "rise_unseen_above"
    with pytest.warns(FitWarning, match="no run lies below"):
        fit_sigmoid(SIZE, 1 - y, 10_000, n=50, chance=0.0)


def test_a_step_has_a_slope_without_an_upper_limit():
    with pytest.warns(FitWarning, match="two neighbouring"):
        fit = fit_sigmoid(SIZE, (SIZE > 2e6).astype(float), 500, n=50)
    assert fit.params["slope"].at_bound and fit.params["slope"].interval[1] == np.inf and fit.converged
    assert SIZE[4] < fit["x_half"] < SIZE[5]


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"accuracy": [0, 0.5, 30.0]}, "accuracy: row 2"),
        ({"accuracy": [0, np.nan, 1]}, "accuracy: row 1"),
        ({"x": [1, 1, 1]}, "x: every run has the same size"),
        ({"x": [1, -2, 3]}, "x: row 1"),
        ({"items": [10, 10]}, "items"),
        ({"items": 0}, "items: row 0"),
        ({"chance": 1.0}, "chance is 1.0"),
        ({"top": None, "x": [1, 1, 2]}, "3 distinct x"),
        ({"accuracy": [0, 0, 0]}, "no rise"),
        ({"accuracy": [0.5, 0.6, 0.4]}, "no rise"),
    ],
)
def test_bad_input_is_refused(change, words):
    good = {"x": [1.0, 2.0, 4.0], "accuracy": [0.1, 0.5, 0.9], "items": 20}
    with pytest.raises(ValueError, match=words):
        fit_sigmoid(**good | change)


def test_the_band_holds_the_curve_and_widens_away_from_the_runs():
    rng = np.random.default_rng(3)
    x = np.repeat(SIZE, 4)
    y = rng.binomial(100, sigmoid_accuracy(x, x_half=1e6, slope=1.2)) / 100
    fit = fit_sigmoid(x, y, 100, n=300)
    low, high = fit.band(SIZE)
    assert (low <= fit.predict(SIZE)).all() and (fit.predict(SIZE) <= high).all()
    wider = fit.band(SIZE, level=0.99)
    assert (wider[0] <= low).all() and (wider[1] >= high).all()


def test_rows_of_one_run_are_drawn_together():
    x = np.tile(SIZE, 4)
    y = sigmoid_accuracy(x, x_half=np.repeat([5e5, 1e6, 2e6, 4e6], 9), slope=1.5)
    with pytest.warns(FitWarning, match="scatter"):
        alone = fit_sigmoid(x, y, 1000, n=300)
        together = fit_sigmoid(x, y, 1000, runs=np.repeat(list("abcd"), 9), n=300)
    assert alone.values == together.values
    width = [np.log(f.params["x_half"].interval[1] / f.params["x_half"].interval[0]) for f in (alone, together)]
    assert width[1] > 1.3 * width[0]


def test_the_gradient_is_that_of_the_likelihood():
    rng = np.random.default_rng(0)
    problem = Problem.of(SIZE, rng.random(9), np.full(9, 30.0), np.ones(9), chance=0.2, top=None)
    theta, weights = np.array([[0.3, 1.2, 0.8]]), rng.uniform(1, 2, (1, 9))
    gradient = problem._derivatives(theta, weights)[0][0]
    for i in range(3):
        step = np.zeros((1, 3))
        step[0, i] = 1e-6
        slope = (problem.deviance(theta + step, weights) - problem.deviance(theta - step, weights))[0] / 2e-6
        assert gradient[i] == pytest.approx(-slope / 2, rel=1e-6)


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_faces(code):
    with warnings.catch_warnings(), using_language(code):
        warnings.simplefilter("ignore", FitWarning)
        fit = fit_sigmoid(SIZE, (SIZE > 2e6).astype(float), 500, n=50)
        text, page = fit.summary(), fit._repr_html_()
        assert fit.warnings[0].words() in text and "x½" in text and "<table" in page
        assert "nan" not in text.lower()
