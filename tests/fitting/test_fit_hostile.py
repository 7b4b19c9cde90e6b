"""Whatever is handed in: a fit, a fit with a named warning, or a ValueError that says what to do. Never a crash or NaN.

A few dozen cases of each function by default. ``COURSE_THOROUGH=2000`` in the environment tries as many of each.
"""

import os
import warnings

import numpy as np
import pandas as pd
import pytest
from hypothesis import HealthCheck, Phase, example, given, settings
from hypothesis import strategies as st

from course_utils.allocation import compute_optimal
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
)
from course_utils.laws import chinchilla_loss

THOROUGH = int(os.environ.get("COURSE_THOROUGH", "0"))
pytestmark = pytest.mark.slow

OBJECTIVES = st.sampled_from(["huber", "lad", "squared"])
DELTAS = st.sampled_from([1e-8, 1e-3, 0.1, 1e6])
ODD = st.sampled_from([0.0, -1.0, np.nan, np.inf, -np.inf, 5e-324, 1e-100, 1e-30, 1e30, 1e100, 1e300])
SIZES = st.sampled_from([1.0, 2.0, 10.0, 1e3, 1e6, 1e9, 1e9 * (1 + 1e-12), 7e9, 1e12, 1e20])
LOSSES = st.one_of(st.sampled_from([1.0, 2.0, 3.0]), st.floats(0.5, 20.0), st.floats(1e-6, 1e6))


def cases(few):
    """Set how many cases are tried: a few, the same ones every time; or as many as asked for, new ones."""
    return settings(
        max_examples=THOROUGH or few,
        derandomize=not THOROUGH,
        deadline=None,
        suppress_health_check=list(HealthCheck),
        phases=(Phase.explicit, Phase.generate),
    )


@st.composite
def columns(draw, n, values):
    """Draw one column in one of the shapes in which people keep numbers, now and then with something wrong in it."""
    numbers = draw(st.lists(values, min_size=n, max_size=n))
    kind = draw(st.sampled_from(["list"] * 4 + ["same", "odd", "tuple", "array", "integer", "series", "text", "hole",
                                                "short", "flat", "table", "complex"]))  # fmt: skip
    if kind == "same":
        return [numbers[0]] * n
    if kind == "odd":
        numbers[draw(st.integers(0, n - 1))] = draw(st.one_of(ODD, st.floats()))
        return numbers
    if kind == "integer":
        return [int(min(number, 1e18)) for number in numbers]
    if kind == "text":
        return [str(number) for number in numbers] if draw(st.booleans()) else ["many", *numbers[1:]]
    if kind == "hole":
        return [None, *numbers[1:]]
    shapes = {
        "list": lambda: numbers,
        "tuple": lambda: tuple(numbers),
        "array": lambda: np.array(numbers, dtype=np.float32),
        "series": lambda: pd.Series(numbers, index=range(100, 100 - n, -1), dtype=object if n % 2 else float),
        "short": lambda: numbers[:-1],
        "flat": lambda: numbers[0],
        "table": lambda: [numbers, numbers],
        "complex": lambda: np.array(numbers) + 1j,
    }
    return shapes[kind]()


@st.composite
def tables(draw, names=("params", "tokens", "loss"), most=14):
    """Draw the columns of some runs: unrelated numbers, a constant loss, or an exact law."""
    n = draw(st.integers(2, most))
    table = {name: draw(columns(n, LOSSES if name == "loss" else SIZES)) for name in names}
    kind = draw(st.sampled_from(["any", "any", "any", "constant", "exact"]))
    if kind == "constant":
        table["loss"] = np.full(n, draw(LOSSES))
    if kind == "exact":
        sizes = np.array(draw(st.lists(st.floats(1e5, 1e12), min_size=2 * n, max_size=2 * n))).reshape(2, n)
        for name, size in zip((name for name in names if name != "loss"), sizes, strict=False):
            table[name] = size
        exponents = draw(st.floats(0.01, 2.0)), draw(st.floats(0.01, 2.0))
        table["loss"] = chinchilla_loss(*sizes, E=draw(st.floats(0.0, 3.0)), A=draw(st.floats(0.1, 1e4)),
                                        B=draw(st.floats(0.1, 1e4)), alpha=exponents[0], beta=exponents[1])  # fmt: skip
    weights = st.one_of(
        st.none(), st.lists(st.sampled_from([0.0, 1.0, 1.0, 3, 1e12, 1e-12, -1.0, np.nan]), min_size=n, max_size=n)
    )
    return table, draw(st.one_of(st.none(), weights))


NAMES = ("params", "tokens", "loss", "weights", "x", "flops", "run", "budget", "delta", "objective", "bootstrap",
         "cuts", "a law", "a power law", "backtest", "name", "source", "level", "n must", "by", "profile")  # fmt: skip


def result_or_reason(call):
    """Return what the call gives; None after a ValueError that names an argument. Numerical warnings are failures."""
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        warnings.simplefilter("ignore", FitWarning)
        try:
            return call()
        except ValueError as reason:
            assert str(reason).startswith(NAMES) and len(str(reason)) > 30, reason
            return None


def assert_sound(fit):
    """Check that a fit is finite, no worse than a constant, and says what it cannot tell."""
    assert np.isfinite(list(fit.values.values())).all(), fit
    assert np.isfinite(fit.objective_value) and fit.objective_value >= 0
    predicted = fit.predict()
    assert np.isfinite(predicted).all() and (predicted > 0).all()
    used = fit.data["weights"] > 0
    flat = fit.objective.total(np.log(np.median(fit.data["loss"][used]) / fit.data["loss"]), fit.data["weights"])
    if fit.law != "kaplan" and "E" in fit.params:  # a constant is a member of these families
        assert fit.objective_value <= flat * (1 + 1e-6) + 1e-12
    assert all(warning.code and warning.names and warning.words() for warning in fit.warnings)


@cases(120)
@given(tables(("x", "loss")), OBJECTIVES, DELTAS, st.booleans())
@example(({"x": [1.0, 1.0, 10.0, 10.0, 1e6, 1e12], "loss": [2.0, 2.0, 1.0, 2.0, 1.0, 2.0]}, None), "lad", 1e-3, True)
@example(({"x": [1, 1e6, 1e7, 1e8, 1e99], "loss": [1.0, 4.0, 3.0, 2.5, 1.0]}, [0, 1, 1, 1, 0]), "huber", 1e-3, True)
def test_power_law(table, objective, delta, floor):
    data, weights = table
    options = {"objective": objective, "delta": delta, "floor": floor, "weights": weights}
    fit = result_or_reason(lambda: fit_power_law(**data, **options))
    if fit is not None:
        assert_sound(fit)


@cases(60)
@given(tables(), OBJECTIVES, DELTAS)
@example(({"params": [1.0, 1.0, 10.0, 1.0, 1.0, 1.0], "tokens": [1.0, 1.0, 10.0, 1.0, 1.0, 1.0],
           "loss": [1.0, 1.0, 1.0, 0.5, 0.5, 0.5]}, None), "huber", 1e-08)  # fmt: skip
def test_surfaces(table, objective, delta):
    data, weights = table
    for fitter in (fit_chinchilla, fit_kaplan):
        fit = result_or_reason(lambda f=fitter: f(**data, weights=weights, objective=objective, delta=delta))
        if fit is not None:
            assert_sound(fit)
            best = result_or_reason(lambda fit=fit: compute_optimal([1e12, 1e20, 1e26], fit))
            if best is not None:
                assert all((np.isfinite(v) & (v > 0)).all() for v in (best.params, best.tokens, best.loss))
                assert np.isfinite(best.decades_outside).all() and (best.decades_outside >= 0).all()


@cases(60)
@given(st.data(), OBJECTIVES, DELTAS, st.booleans())
def test_many_power_laws(data, objective, delta, floor):
    (table, _), n_laws = data.draw(tables(("x", "loss"), most=8)), data.draw(st.integers(1, 5))
    values = st.one_of(LOSSES, LOSSES, LOSSES, LOSSES, ODD) if data.draw(st.booleans()) else LOSSES
    n = np.size(table["loss"])
    loss = [data.draw(st.lists(values, min_size=n, max_size=n)) for _ in range(n_laws)]
    weights = data.draw(st.one_of(st.none(), st.just(np.ones((n_laws, n))), st.just(np.eye(n_laws, n))))
    options = {"objective": objective, "delta": delta, "floor": floor, "weights": weights}
    laws = result_or_reason(lambda: fit_power_laws(table["x"], loss, **options))
    if laws is not None:
        for column in (laws.E, laws.A, laws.alpha, laws.objective_value):
            assert np.isfinite(column).all() and len(column) == len(laws) >= n_laws
        assert (laws.objective_value >= 0).all() and np.isfinite(laws.predict(table["x"])).all()


@cases(60)
@given(tables(("params", "flops", "loss"), most=24), st.booleans())
def test_valleys(table, repeated):
    data, _ = table
    if repeated and not isinstance(data["flops"], float):
        data["flops"] = list(np.repeat([1e18, 1e20, 1e22], len(data["flops"])))[: len(data["flops"])]
    fit = result_or_reason(lambda: fit_isoflop(**data, n=50))
    if fit is not None:
        for estimate in (fit.exponent_params, fit.exponent_tokens):
            assert np.isfinite(estimate.value)
            assert estimate.interval is None or np.isfinite(estimate.interval).all()
        assert np.isfinite(fit.optimal_params([1e19])).all() and fit.summary() and fit._repr_html_()


@cases(60)
@given(tables(("run", "params", "flops", "loss"), most=24), st.booleans())
def test_envelopes(table, tidy):
    data, _ = table
    if tidy:
        n = np.size(data["loss"])
        data["run"] = np.arange(n) // 3
        data["params"] = 10.0 ** (6 + data["run"] % 5)
        data["flops"] = 10.0 ** (15 + np.arange(n) % 3) * 2.0 ** data["run"]
    fit = result_or_reason(lambda: fit_envelope(**data, n=20, n_flops=40))
    if fit is not None:
        assert np.isfinite([fit.exponent_params.value, *fit.exponent_params.interval, fit.scale_params]).all()
        assert (fit.loss > 0).all() and np.isfinite(fit.loss).all()


@cases(40)
@given(tables(("x", "loss")), OBJECTIVES, DELTAS, st.booleans(), st.sampled_from([1e-300, 0.0, 1.0, 2.5, np.nan, 1e9]))
def test_what_stands_on_a_power_law(table, objective, delta, floor, cut):
    data, weights = table
    fit = result_or_reason(
        lambda: fit_power_law(**data, weights=weights, objective=objective, delta=delta, floor=floor)
    )
    if fit is not None:
        assert_intervals(fit, n=20)
        for cuts in (None, [cut], data["x"]):
            test = result_or_reason(lambda c=cuts: backtest(fit, cuts=c))
            if test is not None:
                assert all(np.isfinite([row.error, row.bias, row.baseline_error]).all() for row in test.rows)


@cases(20)
@given(tables(most=20), OBJECTIVES, DELTAS, st.booleans())
def test_what_stands_on_a_surface(table, objective, delta, coupled):
    data, weights = table
    fitter = fit_kaplan if coupled else fit_chinchilla
    fit = result_or_reason(lambda: fitter(**data, weights=weights, objective=objective, delta=delta))
    if fit is not None:
        boot = assert_intervals(fit, n=10)
        if boot is not None:
            for extra in ({}, {"inference_tokens": 1e12}):
                best = result_or_reason(lambda e=extra: compute_optimal([1e12, 1e20], boot, **e))
                if best is not None:
                    for ends in (best.params_interval, best.tokens_interval, best.loss_interval):
                        assert ends is None or (np.isfinite(ends).all() and (np.diff(ends, axis=0) >= 0).all())
        test = result_or_reason(lambda: backtest(fit))
        if test is not None:
            assert all(np.isfinite([row.error, row.bias, row.baseline_error]).all() for row in test.rows)


def assert_intervals(fit, n):
    """Check the bootstrap and every profile of a fit; give the bootstrap, or None where it was refused."""
    boot = result_or_reason(lambda: bootstrap(fit, n=n))
    if boot is not None:
        for method in ("percentile", "basic", "bca"):
            for name in fit.params:
                low, high = boot.interval(name, method=method)
                assert np.isfinite([low, high]).all() and low <= high, (name, method)
        assert boot.summary() and boot._repr_html_()
    for name in fit.params:
        found = result_or_reason(lambda name=name: profile(fit, name))
        if found is not None:
            low, high = found.interval
            slack = 1e-9 * abs(fit[name])
            assert (low is None or low <= fit[name] + slack) and (high is None or high >= fit[name] - slack)
            assert np.isfinite(found.values).all() and np.isfinite(found.statistic).all()
    return boot
