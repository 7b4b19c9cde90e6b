"""The solver's exact derivatives against differences, away from the kinks of the objective."""

import numpy as np
import pytest

from course_utils.fitting.families import AdditiveFamily, KaplanFamily, Points, reweighted
from course_utils.fitting.objectives import Objective

FAMILIES = {
    "one term": (AdditiveFamily(1, floor=True), [0.4, 0.5, 0.6]),
    "one term, no floor": (AdditiveFamily(1, floor=False), [1.1, 0.2]),
    "two terms": (AdditiveFamily(2, floor=True), [0.3, 0.2, 0.4, 0.6, 0.5]),
    "coupled": (KaplanFamily(), [0.7, 0.4, 0.8, 0.12]),
}


@pytest.mark.parametrize("name", FAMILIES)
@pytest.mark.parametrize("delta", [np.inf, 0.05])
@pytest.mark.parametrize("own_runs", [False, True])
def test_gradient_and_hessian(name, delta, own_runs):
    family, centre = FAMILIES[name]
    rng = np.random.default_rng(3)
    n_fits, n_runs = 4, 17
    shape = (n_fits, n_runs) if own_runs else (n_runs,)
    points = Points(
        (rng.uniform(-2, 2, shape), rng.uniform(-2, 2, shape)), rng.normal(0, 0.2, shape), rng.uniform(0.5, 2, shape)
    )
    theta = np.array(centre) * rng.uniform(0.8, 1.2, (n_fits, family.n_params))
    state = family.evaluate(theta, points, delta)
    total = Objective("huber", delta).total(family.log_loss(theta, points) - points.y, points.weights)
    np.testing.assert_allclose(state.value, total, rtol=1e-12)
    step = 1e-6
    for i in range(family.n_params):
        shift = np.zeros_like(theta)
        shift[:, i] = step
        up, down = family.evaluate(theta + shift, points, delta), family.evaluate(theta - shift, points, delta)
        np.testing.assert_allclose(state.gradient[:, i], (up.value - down.value) / (2 * step), rtol=1e-5, atol=1e-8)
        np.testing.assert_allclose(
            state.hessian[:, i], (up.gradient - down.gradient) / (2 * step), rtol=1e-4, atol=1e-6
        )
    np.testing.assert_allclose(state.hessian, state.hessian.transpose(0, 2, 1), rtol=1e-12, atol=1e-14)
    assert (np.linalg.eigvalsh(reweighted(family, theta, points, delta)) > -1e-9).all()
