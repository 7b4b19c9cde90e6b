"""A fixed stock of text: the paper's own optimum, the limits, and no better choice next to the best."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from course_utils import laws
from course_utils.allocation import compute_optimal, flops_until_worn_out, loss_limit, spend_on_epochs
from course_utils.fitting import bootstrap, fit_repeated_data
from course_utils.laws import CONSTANTS

README = tomllib.loads((Path(__file__).parent / "reference_values" / "scaling_laws.toml").read_text("utf-8"))[
    "muennighoff_readme"
]
TRUTH = CONSTANTS["muennighoff_c4_repeated"].values


def test_the_optimum_of_the_readme():
    best = spend_on_epochs(README["optimum_flops"], README["unique_tokens"])
    assert best.params == pytest.approx(README["optimum_params"], rel=0.01)
    assert best.epochs == pytest.approx(README["optimum_epochs"], rel=0.01)
    assert best.decades_outside is None
    same = compute_optimal(README["optimum_flops"], "muennighoff_c4_repeated", unique_tokens=README["unique_tokens"])
    assert best.params == pytest.approx(same.params, rel=1e-6)


def test_no_other_split_is_better():
    best = spend_on_epochs([1e20, 1e22, 1e25], [1e9, 25e9, 1e11])
    for factor in (0.7, 0.97, 1.03, 1.4):
        other = laws.repeated_data_loss(best.params * factor, best.tokens / factor, best.unique_tokens, **TRUTH)
        assert (other > best.loss).all()
    np.testing.assert_allclose(6 * best.params * best.tokens, best.flops)


def test_a_stock_that_suffices_changes_nothing():
    best, free = spend_on_epochs(1e21, 1e15), compute_optimal(1e21, "muennighoff_c4")
    assert best.params == pytest.approx(free.params, rel=1e-4) and best.loss == pytest.approx(free.loss, rel=1e-9)
    assert best.epochs < 0.001 and best.wasted < 1e-6


def test_what_is_wasted_is_what_fresh_text_would_save():
    best = spend_on_epochs(1e22, 25e9)
    cheaper = compute_optimal(best.flops * (1 - best.wasted), "muennighoff_c4")
    assert cheaper.loss == pytest.approx(best.loss, rel=1e-9)
    assert best.fresh_loss == pytest.approx(compute_optimal(1e22, "muennighoff_c4").loss, rel=1e-12)


def test_more_compute_helps_less_and_less_and_in_the_end_not_at_all():
    best = spend_on_epochs(np.geomspace(1e19, 1e24, 25), 10e9)
    assert (np.diff(best.loss) < 0).all() and (best.loss > best.limit).all()
    assert (np.diff(best.epochs) > 0).all() and (np.diff(best.wasted) > -1e-9).all()
    assert best.loss[-1] - best.limit[-1] < 1e-3
    assert spend_on_epochs(1e30, 10e9).loss == pytest.approx(loss_limit(10e9), rel=1e-12)
    worn = flops_until_worn_out(10e9, within=0.02)
    assert spend_on_epochs(worn, 10e9).loss == pytest.approx(loss_limit(10e9) + 0.02, rel=1e-6)
    assert flops_until_worn_out([1e9, 1e10, 1e11], within=0.02).argsort().tolist() == [0, 1, 2]


def test_epochs_take_more_of_a_growing_budget_than_parameters():
    """Muennighoff et al. 2023, section 5: repeats keep their worth for longer than excess parameters."""
    few, many = spend_on_epochs(1e21, 5e9), spend_on_epochs(1e23, 5e9)
    assert many.epochs / few.epochs > many.params / few.params > 1


def test_a_fit_of_own_runs_can_be_asked():
    n, u, e = (a.ravel() for a in np.meshgrid([1e7, 1e8, 1e9], [1e8, 1e9, 1e10], [1, 2, 4, 16]))
    noise = np.exp(0.005 * np.random.default_rng(0).normal(size=len(n)))
    loss = laws.repeated_data_loss(n, e * u, u, **TRUTH) * noise
    fit = fit_repeated_data(n, e * u, u, loss, base="muennighoff_c4")
    inside, outside = spend_on_epochs([1e18, 1e25], 1e9, fit).decades_outside
    assert inside == 0 and outside > 2
    boot = bootstrap(fit, n=60)
    assert spend_on_epochs(1e21, 1e9, boot).loss == spend_on_epochs(1e21, 1e9, fit).loss
    best = compute_optimal([1e20, 1e21], boot, unique_tokens=1e9)
    low, high = best.loss_interval
    assert (low < best.loss).all() and (best.loss < high).all()


def test_repeats_that_never_wear_out_never_end():
    endless = laws.Constants("repeated_data", {**TRUTH, "R_D": np.inf, "R_N": np.inf}, "arXiv")
    assert loss_limit(1e9, endless) == pytest.approx(TRUTH["E"])
    assert np.isinf(flops_until_worn_out(1e9, endless))
    best = spend_on_epochs(1e22, 1e9, endless)
    assert best.loss == pytest.approx(best.fresh_loss, rel=1e-6) and best.wasted < 1e-4


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: spend_on_epochs([1e20, -1], 1e9), "flops must be positive and finite; entry 1 is -1"),
        (lambda: spend_on_epochs(1e20, np.nan), "unique_tokens must be positive"),
        (lambda: spend_on_epochs(1e20, 1e9, "besiroglu"), "source: the law 'chinchilla' knows no repeats"),
        (lambda: spend_on_epochs(1e20, 1e9, flops_per_param_token=0), "flops_per_param_token"),
        (lambda: loss_limit(0.0), "unique_tokens"),
        (lambda: flops_until_worn_out(1e9, within=0.0), "within"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
