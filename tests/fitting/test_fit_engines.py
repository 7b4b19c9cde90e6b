"""The compiled engine finds the optima of the NumPy one, and nobody who lacks it notices."""

import subprocess
import sys
from importlib.util import find_spec

import numpy as np
import pytest

from course_utils.fitting import bootstrap, fit_chinchilla, fit_kaplan, fit_power_laws
from course_utils.fitting.families import AdditiveFamily, Points
from course_utils.fitting.newton import minimise
from course_utils.laws import CONSTANTS, chinchilla_loss, kaplan_loss, power_law

needs_numba = pytest.mark.skipif(find_spec("numba") is None, reason="numba, the extra [fast], is not installed")


def runs(n=80, seed=0):
    rng = np.random.default_rng(seed)
    params, tokens = np.exp(rng.uniform(np.log(5e7), np.log(1e10), n)), np.exp(rng.uniform(20, 26, n))
    loss = chinchilla_loss(params, tokens, **CONSTANTS["besiroglu"].values) * np.exp(0.01 * rng.standard_t(3, n))
    return params, tokens, loss


@needs_numba
@pytest.mark.parametrize("objective", ["huber", "lad", "squared"])
def test_resamples_end_at_the_same_optimum(objective):
    fit = fit_chinchilla(*runs(), objective=objective)
    weights = np.random.default_rng(1).multinomial(80, np.full(80, 1 / 80), size=60).astype(float)
    plain, compiled = fit.problem.solve(weights), fit.problem.solve(weights, engine="numba")
    ends = (fit.problem.total(end.theta, weights) for end in (plain, compiled))
    np.testing.assert_allclose(*ends, rtol=1e-9)
    np.testing.assert_array_equal(compiled.settled, plain.settled)
    if objective != "lad":  # whose optimum lies on kinks, where the last digits of the constants are free
        np.testing.assert_allclose(compiled.theta, plain.theta, rtol=1e-6)
        one, other = (bootstrap(fit, n=50, engine=engine) for engine in ("numpy", "numba"))
        np.testing.assert_allclose(other.samples["alpha"], one.samples["alpha"], rtol=1e-6)


@needs_numba
@pytest.mark.parametrize("floor", [True, False])
def test_many_laws_end_at_the_same_optimum(floor):
    rng = np.random.default_rng(2)
    x = np.geomspace(1e6, 1e10, 15)
    loss = power_law(x, A=50.0, alpha=0.25, E=1.7) * np.exp(0.01 * rng.standard_normal((40, 15)))
    weights = (rng.random((40, 15)) > 0.2).astype(float)
    one, other = (fit_power_laws(x, loss, weights=weights, floor=floor, engine=e) for e in ("numpy", "numba"))
    np.testing.assert_allclose(other.objective_value, one.objective_value, rtol=1e-9)


@needs_numba
def test_bounds_and_frozen_coordinates_are_kept():
    family = AdditiveFamily(1, floor=True)
    x = np.linspace(-3, 3, 12)
    points = Points((x,), np.log(1.2 - 0.1 * x), np.ones(12))
    start = np.array([[0.3, 0.1, 0.5], [0.1, 0.9, 0.0], [0.0, 0.4, 1.0]])
    box = {"lower": np.zeros(3), "upper": np.array([np.inf, 0.5, np.inf]), "delta": 1e-3}
    for frozen in (None, np.array([False, True, False])):
        one, other = (minimise(family, points, start, frozen=frozen, engine=e, **box) for e in ("numpy", "numba"))
        np.testing.assert_allclose(other.value, one.value, rtol=1e-9)
        assert (other.theta >= box["lower"]).all() and (other.theta <= box["upper"]).all()
        if frozen is not None:
            np.testing.assert_array_equal(other.theta[:, 1], np.clip(start[:, 1], 0, 0.5))


def test_engines_are_refused_by_name():
    fit = fit_chinchilla(*runs(12))
    with pytest.raises(ValueError, match="engine must be"):
        bootstrap(fit, n=5, engine="fortran")
    n, d, _ = runs()
    coupled = fit_kaplan(n, d, kaplan_loss(n, d, **CONSTANTS["kaplan_joint"].values))
    if find_spec("numba"):
        with pytest.raises(ValueError, match="coupled"):
            bootstrap(coupled, n=5, engine="numba")
    else:
        with pytest.raises(ValueError, match=r"pip install numba"):
            fit_power_laws(n, np.stack([n**-0.1, n**-0.2]), engine="numba")


def test_numba_is_imported_by_nobody_who_does_not_ask():
    code = (
        "import sys; from course_utils.fitting import fit_power_law, bootstrap\n"
        "bootstrap(fit_power_law([1e6, 1e7, 1e8, 1e9], [4.2, 3.3, 2.7, 2.4]), n=20)\n"
        "assert 'numba' not in sys.modules and 'course_utils.fitting.compiled' not in sys.modules\n"
    )
    subprocess.run([sys.executable, "-W", "error", "-W", "ignore::UserWarning", "-c", code], check=True)
