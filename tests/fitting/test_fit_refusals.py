"""Bad data are refused by argument, row and cure; weak data fit with a named warning; nothing crashes or lies."""

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
)

N = np.geomspace(1e8, 1e10, 8)
D = np.geomspace(2e9, 2e11, 8)[[3, 0, 6, 1, 7, 4, 2, 5]]
L = 1.8 + 400 * N**-0.35 + 400 * D**-0.35


def with_entry(array, row, value):
    out = np.array(array, dtype=float)
    out[row] = value
    return out


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: fit_power_law(with_entry(N, 2, np.nan), L), r"x: row 2 is missing.*drop"),
        (lambda: fit_power_law(N, with_entry(L, 5, np.inf)), r"loss: row 5 is infinite"),
        (lambda: fit_power_law(N, with_entry(L, 5, -1)), r"loss: row 5 is .*not positive"),
        (lambda: fit_power_law(N, L[:-1]), r"loss has 7 rows and x has 8"),
        (lambda: fit_power_law(N[:2], L[:2]), r"3 parameters and 2 runs.*add runs"),
        (lambda: fit_power_law(np.full(8, 1e9), L), r"x: every run has the same size"),
        (lambda: fit_power_law(N.reshape(2, 4), L), r"x must be one-dimensional"),
        (lambda: fit_power_law(["a"] * 8, L), r"x must be numbers"),
        (lambda: fit_power_law(np.ma.masked_greater(N, 5e9), L), r"x: row .* masked"),
        (lambda: fit_power_law(N, L, delta=0), r"delta"),
        (lambda: fit_power_law(N, L, objective="l2"), r"objective must be"),
        (lambda: fit_power_law(N, L, weights=np.ones(3)), r"weights must have one entry a run"),
        (lambda: fit_power_law(N, L, weights=-np.ones(8)), r"weights: row 0"),
        (lambda: fit_power_law(N, L, weights=np.zeros(8)), r"weights: all are zero"),
        (lambda: fit_chinchilla(N, with_entry(D, 1, 0), L), r"tokens: row 1"),
        (lambda: fit_chinchilla(N[:4], D[:4], L[:4]), r"5 parameters and 4 runs"),
        (lambda: fit_chinchilla(N, np.full(8, 1e10), L), r"tokens: every run has the same size"),
        (lambda: fit_kaplan(np.full(8, 1e9), D, L), r"params: every run has the same size"),
        (lambda: fit_power_laws(N, [L, with_entry(L, 0, np.nan)]), r"loss: row 8"),
        (lambda: fit_power_laws(N, [L, L], weights=[[1] * 8, [1, 1] + [0] * 6]), r"law 1 has 2 distinct sizes"),
        (lambda: fit_power_laws(N, np.ones((2, 7))), r"loss has shape"),
        (lambda: fit_isoflop(N, np.full(8, 1e20), L), r"budgets? ha"),
        (lambda: fit_isoflop(N, D, L), r"distinct sizes"),
        (lambda: fit_envelope(np.arange(8), N, D, L), r"one point"),
        (lambda: fit_envelope(np.zeros(8), N, D, L), r"several sizes"),
        (lambda: bootstrap(fit_power_law(N, L), n=1), r"n must be"),
        (lambda: bootstrap(fit_power_law(N, L), level=90), r"level is a coverage"),
        (lambda: bootstrap(fit_power_law(N, L), method="bootstrap-t"), r"method"),
        (lambda: bootstrap(fit_power_law(N, L), runs=[1, 2]), r"runs must have one label a row"),
        (lambda: bootstrap(fit_power_law(N, L), runs=[1] * 8), r"1 runs carry weight"),
        (lambda: profile(fit_power_law(N, L), "beta"), r"name must be one of"),
        (lambda: profile(fit_kaplan(N, D, L), "alpha_N"), r"use bootstrap"),
        (lambda: backtest(fit_power_law(N, L), cuts=[1e12]), r"no run lies above"),
        (lambda: backtest(fit_power_law(N, L), cuts=[1e3]), r"0 runs lie up to"),
        (lambda: backtest(fit_power_law(N, L), by=L[:3]), r"by has 3 rows"),
    ],
)
@pytest.mark.filterwarnings("ignore::course_utils.fitting.FitWarning")
def test_refusals_name_argument_row_and_cure(call, words):
    with pytest.raises(ValueError, match=words):
        call()


@pytest.mark.parametrize(
    ("call", "code", "name"),
    [
        (lambda: fit_power_law(N, 5 * N**-0.05), "floor_at_zero", "E"),
        (lambda: fit_power_law(N, L[::-1].cumsum()), "scale_at_zero", "A"),
        (lambda: fit_chinchilla(N, 20 * N, 1.8 + 400 * N**-0.35 + 800 * (20 * N) ** -0.35), "weak_direction", "B"),
        (lambda: fit_power_law([1e6, 1e7, 1e6, 1e7], [3.0, 2.5, 3.0, 2.5]), "weak_direction", "alpha"),
    ],
)
def test_weak_data_fit_with_a_warning_that_names_the_parameter(call, code, name):
    with pytest.warns(FitWarning) as caught:
        fit = call()
    by_code = {warning.code: warning for warning in fit.warnings}
    assert code in by_code, fit.warnings
    assert name in by_code[code].names
    assert len(caught) == len(fit.warnings)
    assert caught[0].filename == __file__
    assert np.isfinite(fit.predict()).all()


def test_results_are_read_only_and_keep_their_own_data():
    x, loss = N.copy(), L.copy()
    fit = fit_power_law(x, loss)
    before = fit.predict()
    x[:] = 1.0
    np.testing.assert_array_equal(fit.predict(), before)
    with pytest.raises(ValueError, match="read-only"):
        fit.data["x"][0] = 1.0
    with pytest.raises(AttributeError):
        fit.law = "other"
