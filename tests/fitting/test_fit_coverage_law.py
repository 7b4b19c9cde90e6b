"""Laws of coverage: a known truth comes back, intervals hold it, and the published exponents are reproduced."""

import warnings

import numpy as np
import pytest

import course_utils
from course_utils import fitting, sampling
from course_utils.fitting import FitWarning, beta_binomial, fit_coverage

K = np.unique(np.rint(np.geomspace(1, 1000, 20)))


def counts(alpha, beta, n_problems, n_samples, seed=0):
    rng = np.random.default_rng(seed)
    return rng.binomial(n_samples, rng.beta(alpha, beta, n_problems))


# ---------------------------------------------------------------- the power law


def test_an_exact_curve_gives_its_constants_back():
    fit = fit_coverage(K, sampling.power_coverage(K, a=2.5, b=-0.31))
    assert fit.values == pytest.approx({"a": 2.5, "b": -0.31})
    assert fit.objective_value == pytest.approx(0, abs=1e-20) and fit.r_squared == pytest.approx(1)
    assert fit.exponents_at_ends() == pytest.approx((-0.31, -0.31))
    assert fit.curvature.value == pytest.approx(0, abs=1e-9)
    assert fit.level is None and fit.samples is None and fit.params["b"].interval is None


def test_the_line_is_that_of_an_independent_least_squares_fit():
    correct = counts(0.3, 5, 60, 1000)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        fit = fit_coverage(K, correct=correct, samples=1000, resamples=50)
    curve = sampling.pass_at_k(correct, 1000, K).mean(axis=0)
    slope, intercept = np.polyfit(np.log(K), np.log(-np.log(curve)), 1)
    assert fit.values == pytest.approx({"a": np.exp(intercept), "b": slope})
    bend = np.polyfit(np.log(K), np.log(-np.log(curve)), 2)[0]
    assert fit.curvature.value == pytest.approx(2 * bend)
    assert (fit.residuals()).sum() == pytest.approx(0, abs=1e-9)


def test_intervals_are_those_of_problems_drawn_by_hand():
    correct = counts(0.15, 20, 40, 1000, seed=3)
    fit = fit_coverage(K, correct=correct, samples=1000, resamples=2000)
    table = sampling.pass_at_k(correct, 1000, K)
    rng = np.random.default_rng(9)
    slopes = []
    for _ in range(2000):
        curve = table[rng.integers(0, 40, 40)].mean(axis=0)
        slopes.append(np.polyfit(np.log(K), np.log(-np.log(curve)), 1)[0])
    np.testing.assert_allclose(fit.params["b"].interval, np.quantile(slopes, [0.05, 0.95]), atol=0.012)
    assert fit.params["b"].standard_error == pytest.approx(np.std(slopes), rel=0.1)


def test_a_table_of_problems_is_as_good_as_their_counts():
    correct = counts(0.15, 20, 30, 1000, seed=4)
    from_counts = fit_coverage(K, correct=correct, samples=1000, resamples=100)
    from_table = fit_coverage(K, sampling.pass_at_k(correct, 1000, K), resamples=100)
    assert from_table.values == pytest.approx(from_counts.values)
    assert from_table.params["b"].interval == pytest.approx(from_counts.params["b"].interval)


def test_one_difficulty_is_no_power_law_and_the_fit_says_so_in_spite_of_its_r_squared():
    """All problems alike: coverage is exponential in k, yet over a decade R2 of the line is high."""
    correct = np.random.default_rng(0).binomial(1000, 0.02, 200)
    k = np.array([1, 2, 4, 8, 16, 32, 64])
    with pytest.warns(FitWarning, match="drifts") as caught:
        fit = fit_coverage(k, correct=correct, samples=1000)
    assert fit.r_squared > 0.9
    first, last = fit.exponents_at_ends()
    assert last < first - 0.3
    assert fit.curvature.interval[1] < 0
    assert (fit.residuals()[[0, -1]] < 0).all() and (fit.residuals()[2:5] > 0).all()  # a bow, not noise
    assert caught[0].message.words().startswith("The exponent drifts")


def test_coverage_that_reaches_one_in_a_resample_is_left_out_there():
    correct = np.array([0, 900, 950, 990, 1000])
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        fit = fit_coverage([1, 10, 100, 1000], correct=correct, samples=1000, resamples=500)
    assert 0 < fit.n_lost < 500 and len(fit.samples["b"]) == 500 - fit.n_lost
    assert np.isfinite(fit.samples["b"]).all()


# ---------------------------------------------------------------- the beta-binomial law


@pytest.mark.parametrize(("alpha", "beta"), [(0.15, 20.0), (0.6, 0.6), (3.0, 30.0)])
def test_the_distribution_of_rates_comes_back(alpha, beta):
    fit = fit_coverage(correct=counts(alpha, beta, 4000, 500), samples=500, form="beta_binomial", resamples=200)
    for name, truth in (("alpha", alpha), ("beta", beta)):
        assert fit[name] == pytest.approx(truth, rel=0.15)
        assert abs(fit[name] - truth) < 4 * fit.params[name].standard_error
    assert fit.converged


def test_the_optimum_is_that_of_an_independent_maximum_likelihood():
    from scipy.optimize import minimize
    from scipy.stats import betabinom

    correct = counts(0.3, 5, 80, 300, seed=6)
    samples = np.where(np.arange(80) % 2, 300, 400)
    found = beta_binomial.fit(correct.astype(float), samples.astype(float), None)

    def lack(theta):
        return -betabinom.logpmf(correct, samples, *np.exp(theta)).sum()

    peer = minimize(lack, [0.0, 0.0], method="Nelder-Mead", options={"xatol": 1e-9, "fatol": 1e-10, "maxiter": 4000})
    assert found.value[0] == pytest.approx(peer.fun, abs=1e-6)
    np.testing.assert_allclose([found.alpha[0], found.beta[0]], np.exp(peer.x), rtol=1e-4)


def test_every_resample_is_fitted_as_if_alone():
    correct = counts(0.3, 5, 50, 300, seed=7).astype(float)
    samples = np.full(50, 300.0)
    weights = np.random.default_rng(1).multinomial(50, np.full(50, 0.02), size=6).astype(float)
    together = beta_binomial.fit(correct, samples, weights)
    for row, weight in enumerate(weights):
        repeated = np.repeat(correct, weight.astype(int))
        alone = beta_binomial.fit(repeated, np.full(len(repeated), 300.0), None)
        assert together.alpha[1 + row] == pytest.approx(alone.alpha[0], rel=1e-4)
        assert together.value[1 + row] == pytest.approx(alone.value[0], rel=1e-8)


def test_intervals_hold_the_truth_about_as_often_as_they_say():
    held = {"alpha": 0, "beta": 0}
    for seed in range(100):
        correct = counts(0.4, 4, 100, 200, seed=100 + seed)
        fit = fit_coverage(correct=correct, samples=200, form="beta_binomial", resamples=200, seed=seed)
        for name, truth in (("alpha", 0.4), ("beta", 4.0)):
            low, high = fit.params[name].interval
            held[name] += low < truth < high
    assert 80 <= held["alpha"] <= 97
    assert 75 <= held["beta"] <= 94  # fewer than 90, as the docstring says


def test_equally_hard_problems_put_the_distribution_at_its_bound():
    correct = np.full(50, 5)
    with pytest.warns(FitWarning, match="at a bound"):
        fit = fit_coverage(correct=correct, samples=100, form="beta_binomial", resamples=20)
    assert fit.params["beta"].at_bound
    k = np.array([1, 10, 50])
    np.testing.assert_allclose(fit.predict(k), sampling.expected_coverage(0.05, k), rtol=1e-3)


def test_both_forms_foretell_more_samples_from_few():
    """Beta rates: from 100 samples a problem, coverage at 5,000 is foretold by the right form within its band."""
    truth = sampling.beta_coverage(5000, alpha=0.35, beta=6.0)
    correct = counts(0.35, 6.0, 500, 100, seed=2)
    beta = fit_coverage(correct=correct, samples=100, form="beta_binomial", resamples=300)
    low, high = beta.band([5000])
    assert low[0] < truth < high[0]
    assert beta.predict([5000])[0] == pytest.approx(truth, abs=0.04)


# ---------------------------------------------------------------- published


@pytest.fixture(scope="module")
def pythia(published):
    table = published("repeated_sampling")
    k = np.sort(table["k"].unique()).astype(float)
    first = table.drop_duplicates(["params", "problem"]).groupby("params")
    return k, {size: (rows["correct"].to_numpy(), rows["samples"].to_numpy()) for size, rows in first}


PUBLISHED = {70e6: 0.194, 160e6: 0.280, 410e6: 0.286, 1e9: 0.315, 2.8e9: 0.336, 6.9e9: 0.348, 12e9: 0.370}


@pytest.mark.slow
@pytest.mark.parametrize("size", PUBLISHED)
def test_published_exponents_are_reproduced(pythia, size):
    """Schaeffer et al. 2025, on the samples of Brown et al. 2024: -log coverage over k = 1 to 10,000."""
    k, models = pythia
    correct, samples = models[size]
    fit = fit_coverage(k, correct=correct, samples=samples, resamples=200)
    assert -fit["b"] == pytest.approx(PUBLISHED[size], abs=0.01)
    low, high = fit.params["b"].interval
    assert low < fit["b"] < high and 0.03 < high - low < 0.12
    assert fit.r_squared > 0.99


@pytest.mark.slow
def test_published_counts_are_near_beta_binomial(pythia):
    k, models = pythia
    for correct, samples in models.values():
        fit = fit_coverage(k, correct=correct, samples=samples, form="beta_binomial", resamples=50)
        assert np.abs(fit.predict() - fit.data["coverage"]).max() < 0.03
        assert fit.converged


@pytest.mark.slow
def test_a_straight_line_promises_pythia_160m_too_much(pythia):
    """R2 is .99, and yet the residuals bow: fitted to k up to 1,000 the line promises .62 at 10,000, not .57."""
    _, models = pythia
    correct, samples = models[160e6]
    with pytest.warns(FitWarning, match="drifts"):
        fit = fit_coverage(K, correct=correct, samples=samples)
    reached = sampling.pass_at_k(correct, samples, 10_000).mean()
    assert fit.r_squared > 0.99
    assert fit.predict([10_000])[0] > reached + 0.04


# ---------------------------------------------------------------- faces and refusals


@pytest.mark.parametrize("form", ["power", "beta_binomial"])
@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_a_fit_describes_itself(form, language):
    before = course_utils.language()
    try:
        course_utils.set_language(language)
        fit = fit_coverage(correct=counts(0.3, 5, 30, 200), samples=200, form=form, resamples=50)
        text, page = fit.summary(), fit._repr_html_()
    finally:
        course_utils.set_language(before)
    assert "30" in text and "R²" in text and "–" in text
    assert "<table>" in page and "fitting." not in page + text


def test_fits_repeat_and_keep_their_data():
    correct = counts(0.3, 5, 30, 200)
    one, two = (fit_coverage(correct=correct, samples=200, resamples=50) for _ in range(2))
    assert one.params["b"].interval == two.params["b"].interval
    with pytest.raises(ValueError, match="read-only"):
        one.data["coverage"][0] = 0.5
    assert len(fitting.fit_coverage(correct=correct, samples=200, resamples=50).predict([1, 10])) == 2


@pytest.mark.parametrize(
    ("arguments", "words"),
    [
        ({}, "give either coverage, or correct and samples"),
        ({"k": K, "coverage": K / 2000, "correct": [1, 2], "samples": 9}, "give either coverage"),
        ({"correct": [1, 2]}, "give either coverage"),
        ({"coverage": [0.1, 0.2, 0.3]}, "k is missing"),
        ({"k": [1, 2, 3], "coverage": [0.1, 0.2]}, "coverage has 2 values of k and k has 3"),
        ({"k": [1, 2, 3], "coverage": [0.1, 0.2, 1.0]}, r"coverage is 1 at k = 3 \(entry 2\)"),
        ({"k": [1, 2, 3], "coverage": [0.0, 0.2, 0.4]}, r"coverage is 0 at k = 1 \(entry 0\)"),
        ({"k": [1, 2, 3], "coverage": [0.1, np.nan, 0.4]}, r"coverage: entry \(1,\) is nan"),
        ({"k": [1, 2, 3], "coverage": [[0.1, 0.2, 0.4]]}, "one problem is no sample"),
        ({"k": [1, 3, 2], "coverage": [0.1, 0.2, 0.3]}, "k must rise"),
        ({"k": [1, 2], "coverage": [0.1, 0.2]}, "three values or more"),
        ({"correct": [1, 20], "samples": 9}, "correct: row 1 has 20 right of 9"),
        ({"correct": [1, 2], "samples": [9, 9, 9]}, "samples has 3 rows and correct has 2"),
        ({"correct": [0, 0], "samples": 9}, "every problem was never solved"),
        ({"correct": [9, 9], "samples": 9}, "every problem was always solved"),
        ({"correct": [1, 2], "samples": 9, "k": [1, 2, 30]}, "k: 30 samples cannot be drawn"),
        ({"k": K, "coverage": K / 2000, "form": "beta_binomial"}, "fitted to counts"),
        ({"correct": [1, 2], "samples": 9, "form": "logistic"}, "form must be"),
        ({"correct": [1, 2], "samples": 9, "form": np.array(["power", "power"])}, "form must be"),
        ({"correct": [[1], [1, 2]], "samples": 9}, "correct must be numbers, as many in every row"),
        ({"correct": [1, 2], "samples": 9, "level": 90}, "level is a coverage"),
        ({"correct": [1, 2], "samples": 9, "level": [0.5, 0.9]}, "level is a coverage"),
        ({"correct": [1, 2], "samples": 9, "level": None}, "level is a coverage"),
        ({"correct": [1, 2], "samples": 9, "level": {}}, "level must be numbers"),
        ({"correct": [1, 2], "samples": 9, "resamples": 1}, "resamples must be 2"),
        ({"correct": [1, 2], "samples": 9, "resamples": "many"}, "resamples must be 2"),
        ({"correct": [1, 2], "samples": 9, "resamples": 2.5}, "resamples must be 2"),
    ],
)
def test_bad_input_is_refused_by_name_row_and_cure(arguments, words):
    with pytest.raises(ValueError, match=words):
        fit_coverage(**arguments)


@pytest.mark.parametrize("form", ["power", "beta_binomial"])
def test_problems_solved_always_or_never_give_a_flat_curve_without_r_squared(form):
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", FitWarning)
        fit = fit_coverage(correct=[0, 20, 20, 0, 20], samples=20, form=form, resamples=30)
        assert fit.r_squared is None
        assert "unknown" in fit.summary() and fit._repr_html_()
        assert not [warning for warning in fit.warnings if "drifts" in str(warning)]
        flat = fit_coverage([1, 2, 3], [0.3, 0.3, 0.3])
    assert flat.r_squared is None and flat["b"] == pytest.approx(0, abs=1e-12)


def test_a_band_without_a_single_resample_is_refused():
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        fit = fit_coverage(correct=[508, 522, 514], samples=1000, form="beta_binomial", resamples=30)
    assert fit.n_lost == 30
    with pytest.raises(ValueError, match="band: all 30 resamples were lost"):
        fit.band([1, 10])
    many = fit_coverage(correct=counts(0.3, 5, 30, 200), samples=200, resamples=20)
    for k in ([1, np.nan], [-1.0], np.ma.masked_array([1, 2], mask=[0, 1])):
        with pytest.raises(ValueError, match=r"^k: row"):
            many.band(k)


def test_a_curve_alone_has_no_band():
    with pytest.raises(ValueError, match="a curve alone has no problems"):
        fit_coverage(K, sampling.power_coverage(K, a=2, b=-0.3)).band([10])
