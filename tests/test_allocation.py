"""The best split of a budget: published answers, closed form against numeric, and how far outside the data it lies."""

import tomllib
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from course_utils.allocation import cheapest_for_loss, compute_optimal, exponents, kaplan_table6
from course_utils.datasets import load
from course_utils.fitting import bootstrap, fit_chinchilla, fit_power_law
from course_utils.laws import CONSTANTS, chinchilla_loss

PUBLISHED = tomllib.loads((Path(__file__).parent / "reference_values" / "scaling_laws.toml").read_text("utf-8"))
TRUTH = CONSTANTS["besiroglu"].values


@pytest.mark.parametrize("name", [k for k in PUBLISHED["optimum"] if k not in ("source", "flops")])
def test_optimum_of_published_constants(name):
    expected = PUBLISHED["optimum"][name]
    best = compute_optimal(PUBLISHED["optimum"]["flops"], name)
    np.testing.assert_allclose(best.params, expected["params"], rtol=0.008)
    np.testing.assert_allclose(best.tokens_per_param, expected["ratio"], rtol=0.03)
    assert best.decades_outside is None and best.params_interval is None


@pytest.mark.parametrize("name", ["besiroglu", "hoffmann_printed", "muennighoff_c4", "kaplan_joint"])
def test_closed_form_equals_numeric(name):
    budgets = np.geomspace(1e17, 1e27, 5)
    closed = compute_optimal(budgets, name)
    # A millionth of a token of use changes nothing, and takes the numeric path.
    numeric = compute_optimal(budgets, name, inference_tokens=1e-6)
    np.testing.assert_allclose(numeric.params, closed.params, rtol=1e-5)
    np.testing.assert_allclose(numeric.loss, closed.loss, rtol=1e-12)
    a, _ = exponents(name)
    assert np.polyfit(np.log(budgets), np.log(closed.params), 1)[0] == pytest.approx(a)


def test_no_other_split_is_better():
    best = compute_optimal(1e21, "besiroglu")
    for factor in (0.5, 0.9, 1.1, 2.0):
        assert chinchilla_loss(best.params * factor, best.tokens / factor, **TRUTH) > best.loss


def test_repeated_data_optimum():
    table = PUBLISHED["muennighoff_readme"]
    best = compute_optimal(table["optimum_flops"], "muennighoff_c4_repeated", unique_tokens=table["unique_tokens"])
    assert best.params == pytest.approx(table["optimum_params"], rel=0.01)
    assert best.tokens / table["unique_tokens"] == pytest.approx(table["optimum_epochs"], rel=0.01)


@pytest.mark.parametrize("i", range(3))
def test_inference_aware_examples(i):
    table = PUBLISHED["sardana_examples"]
    v = CONSTANTS["sardana"].values
    n = table["quality_params"][i]
    d = (v["beta"] * v["B"] / (v["alpha"] * v["A"]) * n ** v["alpha"]) ** (1 / v["beta"])
    used = table["inference_tokens"][i]
    best = cheapest_for_loss(float(chinchilla_loss(n, d, **v)), "sardana", inference_tokens=used)
    assert best.params == pytest.approx(table["best_params"][i], rel=0.01)
    assert 1 - best.flops / (6 * n * d + 2 * n * used) == pytest.approx(table["saving"][i], abs=0.006)
    again = compute_optimal(best.flops, "sardana", inference_tokens=used)
    assert again.params == pytest.approx(best.params, rel=1e-4)


def test_a_fit_says_how_far_outside_its_runs_an_answer_lies():
    n, d = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, 6), np.geomspace(2e9, 2e11, 6)))
    noise = np.exp(0.002 * np.random.default_rng(0).standard_normal(36))
    fit = fit_chinchilla(n, d, chinchilla_loss(n, d, **TRUTH) * noise)
    inside, outside = compute_optimal([1e20, 1.2e25], fit).decades_outside
    assert inside == 0
    assert outside == pytest.approx(np.log10(1.2e25 / (6 * 1e10 * 2e11)), abs=0.01)
    boot = bootstrap(fit, n=400)
    best = compute_optimal([1e20, 1e25], boot, level=0.99)
    truth = compute_optimal([1e20, 1e25], "besiroglu")
    for name in ("params", "tokens", "loss"):
        low, high = getattr(best, f"{name}_interval")
        assert (low < getattr(best, name)).all() and (getattr(best, name) < high).all()
        assert (low < getattr(truth, name)).all() and (getattr(truth, name) < high).all()
    used = compute_optimal([1e20, 1e25], boot, level=0.99, inference_tokens=1e12)
    assert (used.params < best.params).all()
    for name in ("params", "tokens", "loss"):
        low, high = getattr(used, f"{name}_interval")
        assert (low < getattr(used, name)).all() and (getattr(used, name) < high).all()
        # A millionth of a token of use changes nothing, and takes the numeric path for every resample.
        same = compute_optimal([1e20, 1e25], boot, level=0.99, inference_tokens=1e-6)
        np.testing.assert_allclose(getattr(same, f"{name}_interval"), getattr(best, f"{name}_interval"), rtol=1e-4)
    low, high = best.params_interval
    assert np.log(high / low)[1] > np.log(high / low)[0]


def test_kaplans_lines_are_those_of_the_reference_table():
    table = load("kaplan_constants").set_index(["law", "symbol"])["value"].astype(float)
    lines = kaplan_table6([8.64e19, 8.64e20])
    for column, law in ((lines.params, "N_opt(C_min)"), (lines.tokens, "D_opt(C_min)")):
        assert column[0] == pytest.approx(table[law, "coefficient"])
        assert column[1] / column[0] == pytest.approx(10 ** table[law, "exponent"])
    assert kaplan_table6(8.64e19).loss == pytest.approx(PUBLISHED["kaplan_checks"]["loss_at_one_pf_day"], abs=0.005)
    with pytest.raises(ValueError, match="flops"):
        kaplan_table6([1e20, 0.0])


FLAT = replace(CONSTANTS["besiroglu"], values={**CONSTANTS["besiroglu"].values, "B": 0.0})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: compute_optimal(-1.0, "besiroglu"), "flops"),
        (lambda: compute_optimal(1e20, "no such"), "besiroglu"),
        (lambda: compute_optimal(1e20, 3), "give a fit"),
        (lambda: compute_optimal(1e20, "kaplan_params", inference_tokens=1.0), "no law of params and tokens"),
        (lambda: compute_optimal(1e20, "muennighoff_c4_repeated"), "unique_tokens"),
        (lambda: compute_optimal(1e20, "besiroglu", inference_tokens=-1), "inference_tokens"),
        (lambda: compute_optimal(1e20, "besiroglu", inference_tokens=[1, 2]), "inference_tokens must be one number"),
        (lambda: compute_optimal(1e20, "besiroglu", inference_tokens="much"), "inference_tokens must be real"),
        (lambda: compute_optimal(1e20, "besiroglu", flops_per_param_token=5e-324), "flops_per_param_token must be"),
        (lambda: compute_optimal(5e-324, "besiroglu"), "flops must be positive"),
        (lambda: compute_optimal(np.ma.masked_array([1e20, 1e21], mask=[0, 1]), "besiroglu"), "flops: entry 1 is"),
        (lambda: compute_optimal(1e20, FLAT, inference_tokens=1e9), "the law is flat"),
        (lambda: cheapest_for_loss(1.5, "besiroglu"), "floor"),
        (lambda: exponents("kaplan_params"), "exponents"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()


def test_a_law_of_one_quantity_cannot_split_a_budget():
    fit = fit_power_law([1e6, 1e7, 1e8, 1e9], [4.2, 3.3, 2.7, 2.4])
    with pytest.raises(ValueError, match="power_law"):
        compute_optimal(1e20, fit)
