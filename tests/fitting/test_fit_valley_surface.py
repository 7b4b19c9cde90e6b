"""One valley through all runs: exact on its own form, close on Chinchilla's law, and it says what it cannot see."""

import warnings

import numpy as np
import pytest

from course_utils import datasets
from course_utils.fitting import FitWarning, fit_chinchilla, fit_isoflop, fit_valley_surface, valley_solver
from course_utils.i18n import using_language
from course_utils.laws import CONSTANTS, chinchilla_loss

C = np.geomspace(1e18, 1e21, 40)
BEST = 0.2 * C**0.55
N = BEST * np.tile(np.geomspace(0.3, 3, 8), 5)
L = 3.0 * (C / 1e18) ** -0.04 * np.exp((0.03 - 0.002 * np.log(C / 3e19)) * np.log(N / BEST) ** 2)


def chinchilla_runs(low, high, name="besiroglu", n_sizes=9):
    """Runs of six budgets, sizes from `low` to `high` times the best one; the law's own exponent."""
    law = CONSTANTS[name].values
    alpha, beta = law["alpha"], law["beta"]
    flops = np.repeat(np.geomspace(1e18, 1e21, 6), n_sizes)
    scale = (alpha * law["A"] / beta / law["B"]) ** (1 / (alpha + beta))
    best = scale * (flops / 6) ** (beta / (alpha + beta))
    params = best * np.tile(np.geomspace(low, high, n_sizes), 6)
    return params, flops, chinchilla_loss(params, flops / 6 / params, **law), beta / (alpha + beta)


def our_runs():
    runs = datasets.load("text_runs")
    return runs[(runs["set"] == "grid") & ~runs["diverged"]]


def test_its_own_form_comes_back_exactly():
    fit = fit_valley_surface(N, C, L, n=50)
    assert fit.exponent_params.value == pytest.approx(0.55, abs=1e-9)
    assert fit.scale_params == pytest.approx(0.2, rel=1e-7)
    assert fit.exponent_params.value + fit.exponent_tokens.value == pytest.approx(1)
    assert fit.steepness[1] == pytest.approx(-0.002, rel=1e-6)
    assert fit.bottom[1] == pytest.approx(-0.04, rel=1e-6)
    assert fit.spread < 1e-9 and not fit.warnings and fit.n_lost == 0
    np.testing.assert_allclose(fit.predict(), L, rtol=1e-9)
    np.testing.assert_allclose(fit.predict(fit.optimal_params(1e20), 1e20), 3.0 * 100**-0.04, rtol=1e-8)
    assert np.abs(fit.residuals()).max() < 1e-9


def test_no_budget_need_have_been_run_twice():
    rng = np.random.default_rng(0)
    c = 10 ** rng.uniform(18, 21, 60)
    n = 0.2 * c**0.55 * np.exp(rng.uniform(-1, 1, 60))
    loss = 3 * (c / 1e18) ** -0.04 * np.exp(0.03 * np.log(n / (0.2 * c**0.55)) ** 2 + 0.003 * rng.standard_normal(60))
    fit = fit_valley_surface(n, c, loss)
    low, high = fit.exponent_params.interval
    assert low < 0.55 < high and high - low < 0.05
    assert fit.spread == pytest.approx(0.003, rel=0.3)


@pytest.mark.parametrize("name", ["besiroglu", "hoffmann_unrounded", "muennighoff_c4"])
@pytest.mark.parametrize(
    ("low", "high", "error"), [(1 / 3, 3, 0.001), (0.1, 10, 0.002), (0.5, 8, 0.005), (1 / 8, 2, 0.005)]
)
def test_error_against_the_true_chinchilla_surface(name, low, high, error):
    """What the docstring says of the approximation: at most 0.005, also with sizes mostly on one side."""
    params, flops, loss, truth = chinchilla_runs(low, high, name)
    assert fit_valley_surface(params, flops, loss, n=2).exponent_params.value == pytest.approx(truth, abs=error)


def test_one_steepness_for_all_would_bend_the_exponent():
    """The full quadratic that the solver starts from misses by 0.07 where sizes reach further to one side."""
    params, flops, loss, truth = chinchilla_runs(0.5, 8)
    problem = valley_solver.Problem.of(np.log(params), np.log(flops), np.log(loss), bends=True)
    quadratic = float(problem.line(problem.start()[None])[0][0])
    assert quadratic - truth > 0.06
    assert abs(fit_valley_surface(params, flops, loss, n=2).exponent_params.value - truth) < 0.005


def test_on_our_sizes_it_finds_the_exponent_of_the_law_that_made_the_losses():
    runs = our_runs()
    law = fit_chinchilla(runs["params_blocks_and_head"], runs["tokens"], runs["loss_nats"])
    made = law.predict(runs["params_blocks_and_head"], runs["tokens"])
    six_nd = 6 * runs["params_blocks_and_head"] * runs["tokens"]
    fit = fit_valley_surface(runs["params_blocks_and_head"], six_nd, made, n=2)
    assert fit.exponent_params.value == pytest.approx(law["beta"] / (law["alpha"] + law["beta"]), abs=0.01)


def test_on_our_runs_it_agrees_with_the_valleys_of_equal_compute():
    runs = our_runs()
    for count, expected in (
        ("params_blocks_and_head", 0.517),
        ("params_non_embedding", 0.685),
        ("params_total", 0.461),
    ):
        fit = fit_valley_surface(runs[count], runs["flops"], runs["loss_nats"])
        assert fit.exponent_params.value == pytest.approx(expected, abs=0.001)
        by_budget = fit_isoflop(runs[count], runs["flops"], runs["loss_nats"], budgets=runs["budget"])
        low, high = by_budget.exponent_params.interval
        assert low < fit.exponent_params.value < high
        assert fit.exponent_params.value == pytest.approx(by_budget.exponent_params.value, abs=0.01)
        assert not fit.warnings and fit.n_lost == 0


def test_two_computes_are_two_parabolas():
    """With two budgets the seven constants less the bend are those of two parabolas, each fitted alone."""
    runs = our_runs()
    two = runs[runs["budget"].isin([1e11, 1e12])]
    flops = two.groupby("budget")["flops"].transform("mean")
    fit = fit_valley_surface(two["params_blocks_and_head"], flops, two["loss_nats"])
    minima = []
    for _, one in two.groupby("budget"):
        c2, c1, _ = np.polyfit(np.log(one["params_blocks_and_head"]), np.log(one["loss_nats"]), 2)
        minima.append(-c1 / (2 * c2))
    slope = (minima[1] - minima[0]) / np.ptp(np.log(flops.unique()))
    assert fit.bottom[2] == 0
    assert fit.exponent_params.value == pytest.approx(slope, abs=1e-6)
    np.testing.assert_allclose(np.log(fit.optimal_params(np.sort(flops.unique()))), minima, atol=1e-6)


def test_the_optimum_is_the_optimum():
    """A general optimiser on the runs themselves finds nothing lower than the solver on sums of products."""
    from scipy.optimize import least_squares

    runs = our_runs()
    fit = fit_valley_surface(runs["params_total"], runs["flops"], runs["loss_nats"], n=2)
    u, v = (np.log(runs[c]) - np.log(runs[c]).mean() for c in ("params_total", "flops"))

    def residuals(x):
        return (
            x[0] + x[1] * v + x[2] * v * v + (x[3] + x[4] * v) * (u - x[5] - x[6] * v) ** 2 - np.log(runs["loss_nats"])
        )

    best = least_squares(residuals, [1.3, -0.07, 0, 0.03, 0, 0, 0.5], xtol=1e-15, ftol=1e-15, gtol=1e-15)
    assert (fit.residuals() ** 2).sum() <= 2 * best.cost * (1 + 1e-9)
    assert fit.exponent_params.value == pytest.approx(best.x[6], abs=1e-6)


def test_seeded_and_the_band_holds_the_line():
    runs = our_runs()
    columns = runs["params_total"], runs["flops"], runs["loss_nats"]
    first, again, other = (fit_valley_surface(*columns, n=200, seed=s) for s in (1, 1, 2))
    np.testing.assert_array_equal(first.samples["exponent_params"], again.samples["exponent_params"])
    assert not np.array_equal(first.samples["exponent_params"], other.samples["exponent_params"])
    low, high = first.optimal_params_band([1e11, 1e13])
    assert (low < first.optimal_params([1e11, 1e13])).all() and (first.optimal_params([1e11, 1e13]) < high).all()
    wider = first.optimal_params_band([1e12], level=0.99)
    assert wider[0] < first.optimal_params_band([1e12])[0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_valley_surface(N, C, np.where(np.arange(40) == 3, np.nan, L)), r"loss: row 3 is missing.*drop"),
        (lambda: fit_valley_surface(np.where(np.arange(40) == 5, 0, N), C, L), r"params: row 5 .*not positive"),
        (lambda: fit_valley_surface(N, C[:-1], L), r"flops has 39 rows and params has 40"),
        (lambda: fit_valley_surface(N[:6], C[:6], L[:6]), r"parameters and 6 runs.*add runs"),
        (lambda: fit_valley_surface(N, np.full(40, 1e20), L), r"flops: all runs lie within.*another budget"),
        (lambda: fit_valley_surface(np.full(40, 1e9), C, L), r"params: the 1 distinct sizes.*both sides"),
        (lambda: fit_valley_surface(C**0.5, C, L), r"params: the 40 distinct sizes.*both sides"),
        (lambda: fit_valley_surface(N, C, 1 / L), r"loss: no valley.*far side"),
        (lambda: fit_valley_surface(N, C, L, n=1), r"n must be"),
        (lambda: fit_valley_surface(N, C, L, level=90), r"level is a coverage"),
    ],
)  # fmt: skip
def test_refusals_name_argument_row_and_cure(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_valley_at_one_end_only_is_refused():
    """A surface that curves upwards at small computes and downwards at large ones has no line of lowest points."""
    steep = 0.03 - 0.02 * np.log(C / 3e19)
    loss = 3.0 * (C / 1e18) ** -0.04 * np.exp(steep * np.log(N / BEST) ** 2)
    with pytest.raises(ValueError, match="loss: no valley"):
        fit_valley_surface(N, C, loss)


def test_warns_of_a_bottom_beyond_the_sizes_and_of_a_weak_valley():
    right = np.log(N / BEST) > 0.2
    with pytest.warns(FitWarning, match="beyond the sizes tried") as caught:
        fit = fit_valley_surface(N[right], C[right], L[right])
    assert [w.code for w in fit.warnings] == ["minimum_outside"] and len(caught) == 1
    assert fit.exponent_params.value == pytest.approx(0.55, abs=1e-6)
    noise = np.exp(0.05 * np.random.default_rng(0).standard_normal(40))
    with pytest.warns(FitWarning, match="hardly show"):
        weak = fit_valley_surface(N, C, L * noise)
    assert "weak_valley" in [w.code for w in weak.warnings]
    assert weak.n_lost == 1000 - len(weak.samples["exponent_params"]) > 50


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_text_and_html_are_whole(code):
    rng = np.random.default_rng(0)
    with warnings.catch_warnings():
        warnings.simplefilter("ignore", FitWarning)
        fit = fit_valley_surface(N, C, L * np.exp(0.05 * rng.standard_normal(40)))
    with using_language(code):
        text, html = fit.summary(), fit._repr_html_()
    assert not set("{}") & set(text) and "None" not in text and "nan" not in text
    assert html.count("<table>") == 1 and "<caption>" in html and html.count("<tr>") == 4
    assert "40" in text.splitlines()[-2] and text.splitlines()[-1].startswith("!")
    assert {FitWarning("weak_valley", "", ("7%",)).words()} != {FitWarning("no_valley", "", ("7%",)).words()}
