"""Forecasts: exact without noise, equal to brute force, intervals that hold, the shipped ladder foretold."""

from __future__ import annotations

import itertools

import numpy as np
import pytest
from scipy.optimize import minimize

import course_utils
from course_utils.planning import design, forecast
from course_utils.planning.forecast import best_log_params, target_law
from course_utils.planning.posterior import (
    CONSTANTS,
    EXPONENT,
    NOISE,
    WANDER,
    Plan,
    posterior,
    wander_covariance,
    wander_slope_covariance,
)

MEANS, DEVIATIONS = (np.array(column) for column in zip(*CONSTANTS, strict=True))


def ladder(noise=0.0, seed=0, exponent=0.07, a=0.5, name="ladder"):
    """Return N, C and L of a design's runs in a straight valley, and the law."""
    runs = design(name).runs
    size, compute = (np.array([getattr(run, key) for run in runs], dtype=float) for key in ("params", "flops"))

    def law(n, c):
        off = np.log(n / 31_000) - a * np.log(c / 1.5e11)
        return 4.3 * (c / 1.5e11) ** -exponent * np.exp(0.05 * off**2)

    luck = noise * np.random.default_rng(seed).standard_normal(len(runs))
    return size, compute, law(size, compute) * np.exp(luck), law


def test_a_straight_valley_without_noise_is_foretold_exactly():
    size, compute, loss, law = ladder()
    plan = Plan.of(np.log(size), np.log(compute))
    told = posterior(plan, np.log(loss), noise=np.full((1, len(plan.at)), 1e-6))
    v = np.log(5e11) - plan.centre[1]
    best = best_log_params(told, v)
    assert np.exp(best[0]) == pytest.approx(31_000 * (5e11 / 1.5e11) ** 0.5, rel=1e-3)
    mean, _, _ = target_law(told, best - plan.centre[0], v)
    assert np.exp(mean[0]) == pytest.approx(law(np.exp(best[0]), 5e11), rel=1e-4)


def test_the_public_forecast_of_it_errs_by_the_prior_alone():
    size, compute, loss, law = ladder()
    made = forecast(size, compute, loss, target_flops=5e11)
    assert made.loss == pytest.approx(law(made.best_params, 5e11), rel=2e-3)
    assert made.low < law(made.best_params, 5e11) < made.high
    assert made.exponent == pytest.approx(0.07, abs=2e-3)
    assert abs(made.bend) < 2e-3
    assert made.spread < 0.005


def test_equal_to_brute_force_integration_over_a_grid_of_all_constants():
    """Integrate likelihood times prior over q0, q1, s1, s2, s3 and a on a grid, the wander in a dense covariance."""
    rng = np.random.default_rng(5)
    log_c = np.log(np.repeat([1e10, 3e10, 1e11], 3))
    log_n = np.log(1e4) + 0.5 * (log_c - log_c[0]) + np.tile([-0.5, 0.0, 0.5], 3)
    y = 1.5 - 0.07 * (log_c - log_c[0]) + 0.05 * np.tile([0.25, 0.0, 0.25], 3) + 0.02 * rng.standard_normal(9)
    plan = Plan.of(log_n, log_c)
    noise = np.array([[0.03, 0.02, 0.025]])
    v, u = np.log(1e12) - plan.centre[1], 2.0
    made = posterior(plan, y, noise=noise)
    mean, variance = made.at(np.array([u]), np.array([v]))

    z = y - y.mean()
    at_rungs = plan.at[plan.rung]
    noisy = np.diag(noise[0, plan.rung] ** 2) + WANDER**2 * wander_covariance(at_rungs[:, None], at_rungs[None, :])
    to_target = WANDER**2 * wander_covariance(at_rungs, np.array([v]))
    weights = np.linalg.solve(noisy, to_target)
    left = WANDER**2 * v**3 / 3 - to_target @ weights
    precise = np.linalg.inv(noisy)
    standard = np.array(list(itertools.product(np.linspace(-5.2, 5.2, 10), repeat=5)))
    total = first = second = 0.0
    for a in np.linspace(0.0, 1.0, 41):
        w, w_t = plan.u - a * plan.v, u - a * v
        x = np.stack([np.ones(9), plan.v, w, w**2, w**3], axis=1)
        x_t = np.array([1.0, v, w_t, w_t**2, w_t**3])
        hessian = x.T @ precise @ x + np.diag(DEVIATIONS**-2)
        centre = np.linalg.solve(hessian, x.T @ precise @ z + MEANS / DEVIATIONS**2)
        root = np.linalg.inv(np.linalg.cholesky(hessian)).T
        constants = centre + standard @ root.T
        residual = z - constants @ x.T
        log_p = -0.5 * ((residual @ precise) * residual).sum(axis=1)
        log_p -= 0.5 * (((constants - MEANS) / DEVIATIONS) ** 2).sum(axis=1)
        log_p -= 0.5 * ((a - EXPONENT[0]) / EXPONENT[1]) ** 2
        p = np.exp(log_p) * np.linalg.det(root)
        there = constants @ x_t + residual @ weights
        total, first, second = total + p.sum(), first + p @ there, second + p @ (there**2 + left)
    assert mean[0, 0] - y.mean() == pytest.approx(first / total, abs=1e-6)
    assert np.sqrt(variance[0, 0]) == pytest.approx(np.sqrt(second / total - (first / total) ** 2), abs=1e-6)


@pytest.mark.parametrize("a", [-0.1, 0.1, 0.31, 0.52, 0.79, 0.9, 0.98, 1.15])
def test_a_valley_of_any_slope_is_found(a):
    """A process with all constants in one dense covariance, and a fine grid over a; also beyond the first nodes."""
    rng = np.random.default_rng(3)
    log_c = np.log(np.repeat(10 ** np.arange(10, 13.1, 0.5), 5))
    log_n = np.log(3e5) + a * (log_c - np.log(1e12)) + np.tile([-1.0, -0.5, 0.0, 0.5, 1.0], 7)
    plan = Plan.of(log_n, log_c)
    y = 1.4 - 0.07 * plan.v + 0.06 * (plan.u - a * plan.v) ** 2 + 0.005 * rng.standard_normal(35)
    told = posterior(plan, y, noise=np.full((1, 7), 0.005))
    v = np.log(1e14) - plan.centre[1]
    at = plan.at[plan.rung]
    common = 0.005**2 * np.eye(35) + WANDER**2 * wander_covariance(at[:, None], at[None, :])
    to_target = WANDER**2 * wander_covariance(at, np.array([v]))
    weight, means, variances, nodes = [], [], [], np.linspace(-0.5, 1.5, 1001)

    def terms(u, v):
        return np.stack([np.ones_like(u), v, u - node * v, (u - node * v) ** 2, (u - node * v) ** 3], axis=-1)

    for node in nodes:
        x, x_t = terms(plan.u, plan.v), terms(np.array(a * v), np.array(v))
        covariance = common + (x * DEVIATIONS**2) @ x.T
        towards = to_target + (x * DEVIATIONS**2) @ x_t
        root = np.linalg.cholesky(covariance)
        residual, shared = np.linalg.solve(root, y - y.mean() - x @ MEANS), np.linalg.solve(root, towards)
        fits = residual @ residual + 2 * np.log(np.diag(root)).sum() + ((node - EXPONENT[0]) / EXPONENT[1]) ** 2
        weight.append(-0.5 * fits)
        means.append(x_t @ MEANS + shared @ residual)
        variances.append(WANDER**2 * v**3 / 3 + (x_t * DEVIATIONS**2) @ x_t - shared @ shared)
    weight = np.exp(np.array(weight) - max(weight))
    weight /= weight.sum()
    mean = weight @ means
    sd = np.sqrt(weight @ (np.array(variances) + (np.array(means) - mean) ** 2))
    assert (told.a * told.weight).sum() == pytest.approx(weight @ nodes, abs=1e-4)
    got, variance = told.at(np.array([a * v]), np.array([v]))
    assert got[0, 0] - y.mean() == pytest.approx(mean, abs=1e-4)
    assert np.sqrt(variance[0, 0]) == pytest.approx(sd, rel=1e-3)
    made = forecast(np.exp(log_n), np.exp(log_c), np.exp(y), target_flops=1e14)
    assert made.best_params == pytest.approx(3e5 * 100**a, rel=0.15)
    assert made.spread < 0.012


def test_the_wander_is_twice_integrated_white_noise():
    step = 2e-3
    grid = np.arange(0, 3, step)
    slope = np.minimum(grid[:, None], grid[None, :])  # a Wiener process
    value = np.cumsum(np.cumsum(slope, axis=0), axis=1) * step**2
    for s, t in ((0.7, 2.5), (2.0, 2.0), (2.9, 0.4)):
        i, j = round(s / step) - 1, round(t / step) - 1
        assert wander_covariance(np.array(s), np.array(t)) == pytest.approx(value[i, j], rel=1e-2)
        along = np.cumsum(slope, axis=1)[i, j] * step
        assert wander_slope_covariance(np.array(s), np.array(t)) == pytest.approx(along, rel=1e-2)
    assert wander_covariance(np.array(-1.0), np.array(2.0)) == 0
    assert wander_slope_covariance(np.array(-2.0), np.array(-1.0)) == pytest.approx(-0.5)


def test_intervals_hold_where_exponents_wander_as_the_prior_says(many_ladders):
    cases = [("ladder", 0.01), ("ladder", 0.003), ("ladder", 0.03), ("many_small", 0.01), ("few_large", 0.01)]
    for name, noise in cases:
        held, _, _ = many_ladders(design(name), wander=WANDER, noise=noise)
        assert 0.75 <= held <= 0.88, (name, noise, held)


def test_intervals_are_too_wide_but_not_absurd_where_the_bottom_is_straight(many_ladders):
    held, error, sd = many_ladders(design("ladder"), noise=0.01)
    assert 0.88 <= held <= 0.98
    assert sd.mean() < 2 * error.std()
    held, _, _ = many_ladders(design("ladder"), noise=0.03)
    assert 0.75 <= held <= 0.88


def test_intervals_hold_with_a_floor(many_ladders):
    for noise in (0.01, 0.03):
        held, error, _ = many_ladders(design("ladder"), floor=1.7, noise=noise)
        assert 0.75 <= held <= 0.9, held
        assert -0.03 < error.mean() < 0  # it promises too much, and knows how little that is


def test_the_wander_is_where_the_likelihood_of_the_shipped_grid_is_largest(shipped_runs):
    grid, _ = shipped_runs
    log_c, log_n = np.log(grid["flops"].to_numpy()), np.log(grid["params_blocks_and_head"].to_numpy())
    y = np.log(grid["loss_nats"].to_numpy())
    plan = Plan.of(log_n, log_c)
    at = plan.at[plan.rung]

    def badness(theta, wander):
        w = plan.u - theta[0] * plan.v
        x = np.stack([np.ones_like(w), plan.v, w, w**2, w**3], axis=1)
        covariance = np.diag(np.exp(2 * theta[1:])[plan.rung])
        covariance += wander**2 * wander_covariance(at[:, None], at[None, :])
        covariance += DEVIATIONS[4] ** 2 * np.outer(x[:, 4], x[:, 4])
        root = np.linalg.cholesky(covariance)
        white, z = np.linalg.solve(root, x[:, :4]), np.linalg.solve(root, y)
        constants, *_ = np.linalg.lstsq(white, z, rcond=None)
        fitted = 0.5 * np.linalg.slogdet(white.T @ white)[1] + 0.5 * ((z - white @ constants) ** 2).sum()
        return float(np.log(np.diag(root)).sum() + fitted)

    start = np.array([0.48, -4.0, -5.0, -5.0, -5.0, -5.0])
    worth = {
        wander: minimize(badness, start, args=(wander,), method="L-BFGS-B").fun for wander in (0.003, WANDER, 0.03)
    }
    assert worth[0.003] - worth[WANDER] == pytest.approx(1.9, abs=0.3)
    assert worth[0.03] - worth[WANDER] == pytest.approx(2.1, abs=0.3)


def test_the_shipped_ladder_is_foretold(shipped_runs):
    grid, holdout = shipped_runs
    columns = ["params_blocks_and_head", "flops", "loss_nats"]
    at_best = grid[(grid["budget"] == 1e13) & (grid["d_model"] == 96)][columns].mean()
    small = grid[grid["budget"] <= 1e12]
    made = forecast(*(small[c] for c in columns), target_flops=at_best["flops"],
                    target_params=at_best["params_blocks_and_head"])
    assert (made.loss, made.low, made.high) == pytest.approx((3.258, 3.166, 3.351), abs=2e-3)
    assert made.low < at_best["loss_nats"] < made.high
    assert made.loss / at_best["loss_nats"] - 1 == pytest.approx(0.027, abs=1e-3)
    made = forecast(*(grid[c] for c in columns), target_flops=holdout["flops"],
                    target_params=holdout["params_blocks_and_head"])
    assert (made.loss, made.low, made.high) == pytest.approx((2.633, 2.554, 2.714), abs=2e-3)
    assert made.low < holdout["loss_nats"] < made.high


def test_an_interval_widens_with_distance_and_with_its_level():
    size, compute, loss, _ = ladder(noise=0.005)
    made = [forecast(size, compute, loss, target_flops=target) for target in (2e11, 5e11, 5e12)]
    widths = [np.log(one.high / one.low) for one in made]
    assert widths[0] < widths[1] < widths[2]
    narrow, wide = (forecast(size, compute, loss, target_flops=5e11, level=level) for level in (0.5, 0.95))
    assert wide.low < narrow.low < narrow.loss == wide.loss < narrow.high < wide.high
    assert narrow.interval(0.95) == pytest.approx((wide.low, wide.high), rel=1e-9)


def test_the_unit_of_a_count_does_not_matter():
    size, compute, loss, _ = ladder(noise=0.005)
    plain = forecast(size, compute, loss, target_flops=5e11)
    scaled = forecast(size * 1e3, compute * 1e6, loss, target_flops=5e17)
    assert scaled.loss == pytest.approx(plain.loss, rel=1e-9)
    assert scaled.best_params == pytest.approx(plain.best_params * 1e3, rel=1e-9)


def test_the_order_of_runs_does_not_matter():
    size, compute, loss, _ = ladder(noise=0.01)
    order = np.random.default_rng(1).permutation(len(size))
    plain, mixed = forecast(size, compute, loss, target_flops=5e11), forecast(
        size[order], compute[order], loss[order], target_flops=5e11
    )
    assert (mixed.loss, mixed.low) == pytest.approx((plain.loss, plain.low), rel=1e-9)


def test_many_ladders_at_once_are_the_ladders_one_by_one():
    size, compute, _, _ = ladder()
    losses = np.array([ladder(noise=0.02, seed=seed)[2] for seed in range(5)])
    plan = Plan.of(np.log(size), np.log(compute))
    together = posterior(plan, np.log(losses))
    v = np.array([np.log(5e11) - plan.centre[1]])
    mean, _ = together.at(np.zeros((5, 1)), v)
    for row in range(5):
        alone, _ = posterior(plan, np.log(losses[row])).at(np.zeros((1, 1)), v)
        assert alone[0, 0] == pytest.approx(mean[row, 0], abs=1e-12)


def test_predict_knows_the_runs_best_and_the_distance_least():
    size, compute, loss, _law = ladder(noise=0.003)
    made = forecast(size, compute, loss, target_flops=5e11)
    mean, sd = made.predict(size, compute)
    assert mean.shape == sd.shape == size.shape
    assert np.abs(mean - np.log(loss)).max() < 0.02
    far, _ = made.predict([[5e4], [6e4]], [5e11, 5e12])
    assert far.shape == (2, 2)
    assert made.predict(6e4, 5e12)[1] > sd.max()
    assert np.exp(made.predict(made.target_params, 5e11)[0]) == pytest.approx(made.loss)
    assert made.optimal_params(5e11) == pytest.approx(made.best_params)
    with pytest.raises(ValueError, match=r"params: row 1 is .*not positive"):
        made.predict([1.0, -2.0], 1e11)


def test_scatter_is_found_and_never_zero():
    estimates = [forecast(*ladder(noise=0.02, seed=s)[:3], target_flops=5e11).spread for s in range(20)]
    assert np.mean(estimates) == pytest.approx(0.019, abs=0.003)
    assert 0 < forecast(*ladder()[:3], target_flops=5e11).spread < NOISE[0]


def keys(made):
    return {warning.key for warning in made.warnings}


def test_warnings_name_what_a_forecast_rests_on():
    size, compute, loss, _ = ladder()
    centred = np.abs(np.log(size / 31_000) - 0.5 * np.log(compute / 1.5e11)) < 0.6
    assert keys(forecast(size[centred], compute[centred], loss[centred], target_flops=1e11)) <= {"edge"}
    assert "far" in keys(forecast(size, compute, loss, target_flops=5e13))
    assert "wide" in keys(forecast(size, compute, loss, target_flops=5e15))
    assert "beside" in keys(forecast(size, compute, loss, target_flops=5e11, target_params=1e6))
    few = np.array([0, 1, 2, 10, 11])
    assert "few" in keys(forecast(size[few], compute[few], loss[few], target_flops=5e11))
    one = compute > 3e10
    one |= size == size.min()
    assert "one_width" in keys(forecast(size[one], compute[one], loss[one], target_flops=5e11))
    small = size < 12_000
    edge = forecast(size[small], compute[small], loss[small], target_flops=5e11)
    assert "edge" in keys(edge)
    uphill = 5.0 * (compute / 1e10) ** -0.05 * (size / 1e4) ** 0.3
    none = forecast(size, compute, uphill, target_flops=5e11)
    assert none.best_params is None
    assert none.optimal_params(1e12) is None
    assert "no_valley" in keys(none)
    assert none.target_width


GOOD = {"params": [1e4, 2e4, 3e4, 4e4], "flops": [1e10, 1e10, 1e11, 1e11], "loss": [5.0, 5.1, 4.5, 4.4]}


@pytest.mark.parametrize(
    ("change", "message"),
    [
        ({"loss": [5.0, np.nan, 4.5, 4.4]}, "loss: row 1 is missing"),
        ({"loss": [5.0, 5.0, np.inf, 4.4]}, "loss: row 2 is infinite; drop the row"),
        ({"loss": [5.0, 5.0, -1.0, 4.4]}, "loss: row 2 is .*not positive"),
        ({"loss": [5.0, 5.0, 4.4]}, "loss has 3 rows and params has 4"),
        ({"loss": [5.0, 5.0, 4.4, 1e4]}, "loss: row 3 is 1e\\+04, more than 30 times"),
        ({"flops": [1e10] * 4}, "flops: all runs lie within a factor"),
        ({"flops": [1e10, 1e10, 1e11, 1e19]}, "flops: row 3 is 1e\\+19, and the rows span"),
        ({"params": [1e4, 2e4, 3e4, 4e14]}, "params: row 3 is 4e\\+14"),
        ({"target_flops": 0.0}, "target_flops: row 0"),
        ({"target_flops": [1e12]}, "target_flops: .*give one number"),
        ({"target_flops": 1e20}, "target_flops: 1e\\+20 lies more than 6 decades"),
        ({"target_params": -5.0}, "target_params"),
        ({"target_params": 1e30}, "target_params: 1e\\+30 lies"),
        ({"level": 1.0}, "level is a coverage"),
        ({"params": [1e4], "flops": [1e10], "loss": [5.0]}, "loss: 1 runs; a forecast needs three"),
        ({"params": ["a", "b", "c", "d"]}, "params must be numbers"),
    ],
)
def test_bad_input_names_argument_row_and_cure(change, message):
    with pytest.raises(ValueError, match=message):
        forecast(**{**GOOD, "target_flops": 1e12, **change})


def test_faces_in_three_languages():
    size, compute, loss, _ = ladder(noise=0.005)
    texts, pages = set(), set()
    try:
        for code in ("en", "vi", "zh"):
            course_utils.set_language(code)
            made = forecast(size[:5], compute[:5] * np.array([1, 1, 1, 2, 2]), loss[:5], target_flops=5e13,
                            target_params=1e7)
            texts.add(made.summary())
            pages.add(made._repr_html_())
            for warning in made.warnings:
                assert warning.words() in made.summary()
                assert "{" not in warning.words()
            assert f"{made.loss:.3f}" in made.summary()
    finally:
        course_utils.set_language("en")
    assert len(texts) == len(pages) == 3
