"""Spending on answers and over a life: published examples, the condition of the optimum, and brute force."""

import warnings
from dataclasses import replace
from functools import partial

import numpy as np
import pytest

from course_utils import sampling
from course_utils.accounting import answer_flops
from course_utils.allocation import (
    AnswerOption,
    cheapest_for_loss,
    equal_compute_share,
    lifetime_bill,
    spend_on_answers,
    tokens_for_loss,
)
from course_utils.laws import CONSTANTS, chinchilla_loss

SARDANA = CONSTANTS["sardana"].values


def quality_of(params):
    """The loss of the training-optimal model of a size, by Sardana's constants."""
    v = SARDANA
    tokens = (v["beta"] * v["B"] / (v["alpha"] * v["A"] * params ** -v["alpha"])) ** (1 / v["beta"])
    return float(chinchilla_loss(params, tokens, **v)), tokens


# ---------------------------------------------------------------- over a life


@pytest.mark.parametrize(
    ("params", "served", "size", "saving"),
    [(13e9, 2e12, 7.0e9, 0.17), (30e9, 1e13, 13.6e9, 0.28), (70e9, 1e13, 41.6e9, 0.12)],
)
def test_the_published_examples(params, served, size, saving):
    """Sardana et al. 2024 (arXiv 2401.00448), section 3."""
    loss, tokens = quality_of(params)
    bill = lifetime_bill(loss, "sardana", served)
    assert bill.plain_params == pytest.approx(params, rel=1e-3)
    assert bill.plain_tokens == pytest.approx(tokens, rel=1e-3)
    assert bill.params == pytest.approx(size, rel=0.01)
    assert bill.saving == pytest.approx(saving, abs=0.006)


def test_the_optimum_meets_its_condition_for_every_volume_and_price():
    volumes = np.geomspace(1e10, 1e15, 21)
    for cost in (1.0, 50.0):
        bill = lifetime_bill(2.0, "besiroglu", volumes, served_cost=cost)
        v = CONSTANTS["besiroglu"].values
        left = v["alpha"] * v["A"] * bill.params ** -v["alpha"]
        right = v["beta"] * v["B"] * bill.tokens ** -v["beta"]
        np.testing.assert_allclose(left / right, 1 + cost * volumes / (3 * bill.tokens), rtol=1e-10)
        np.testing.assert_allclose(chinchilla_loss(bill.params, bill.tokens, **v), 2.0)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 2.0), (3.0, 3.0), (0.5, 5.0), (0.05, 0.9)])
def test_the_condition_is_met_by_steep_laws_and_endless_use_too(alpha, beta):
    law = replace(CONSTANTS["besiroglu"], values={**CONSTANTS["besiroglu"].values, "alpha": alpha, "beta": beta})
    volumes = np.array([0.0, 1.0, 1e12, 1e20, 1e40])
    best = cheapest_for_loss(2.5, law, inference_tokens=volumes)
    left = alpha * law.values["A"] * best.params**-alpha / (beta * law.values["B"] * best.tokens**-beta)
    np.testing.assert_allclose(left, 1 + volumes / (3 * best.tokens), rtol=1e-9)


def test_more_use_means_smaller_longer_trained_and_more_saved():
    bill = lifetime_bill(2.0, "sardana", np.geomspace(1e9, 1e16, 30))
    assert (np.diff(bill.params) < 0).all() and (np.diff(bill.tokens) > 0).all()
    assert (np.diff(bill.saving) > 0).all() and bill.saving[0] == pytest.approx(0, abs=1e-6)
    assert (bill.flops <= bill.plain_flops).all()
    assert bill.tokens_per_param[-1] > 100 * bill.plain_tokens / bill.plain_params
    np.testing.assert_allclose(bill.serving_flops, 2 * bill.params * bill.inference_tokens, rtol=1e-9)


def test_the_bill_is_the_lowest_of_all_sizes_of_that_quality():
    served = 3e12
    bill = lifetime_bill(2.0, "sardana", served)
    n = np.geomspace(2e9, 1e11, 4001)
    d = tokens_for_loss(n, 2.0, "sardana")
    total = 6 * n * d + 2 * n * served
    assert bill.flops == pytest.approx(total.min(), rel=1e-5)
    assert bill.params == pytest.approx(n[np.argmin(total)], rel=0.005)


def test_a_dearer_served_flop_is_more_use():
    cheap = lifetime_bill(2.0, "sardana", 1e12, served_cost=10.0)
    much = lifetime_bill(2.0, "sardana", 1e13)
    assert cheap.params == pytest.approx(much.params) and cheap.saving == pytest.approx(much.saving)


def test_volumes_at_once_are_volumes_one_by_one():
    volumes = np.array([[0.0, 1e11], [1e12, 1e14]])
    together = cheapest_for_loss(2.1, "besiroglu", inference_tokens=volumes)
    assert together.params.shape == together.flops.shape == together.loss.shape == (2, 2)
    for place in np.ndindex(2, 2):
        alone = cheapest_for_loss(2.1, "besiroglu", inference_tokens=float(volumes[place]))
        assert alone.params.shape == ()
        assert together.params[place] == pytest.approx(float(alone.params), rel=1e-9)


def test_tokens_for_loss_reach_it_and_a_model_too_small_never_does():
    n = np.array([1e8, 1e10, 1e12])
    d = tokens_for_loss(n, 2.0, "sardana")
    assert np.isinf(d[0])
    np.testing.assert_allclose(chinchilla_loss(n[1:], d[1:], **SARDANA), 2.0)


def test_equal_compute_is_the_same_bill():
    m, ratio, n, d = 14.0, 0.79, 1e9, 2e10
    share = equal_compute_share(m, ratio)
    assert 6 * n * d + share * 2 * n * ratio * d == pytest.approx(m * (6 * n * d + 2 * n * ratio * d))
    assert equal_compute_share(1.0, 5.0) == 1.0


# ---------------------------------------------------------------- on one question


def test_answers_cost_two_flops_a_parameter_and_token():
    assert answer_flops(1e9, 100) == 2e11
    assert answer_flops(1e9, 100, samples=3, prompt_tokens=50) == 2e9 * (50 + 300)
    assert answer_flops(1e9, 100, samples=3, prompt_tokens=50, share_prompt=False) == 2e9 * 450
    for bad in ({"samples": 0}, {"prompt_tokens": -1}):
        with pytest.raises(ValueError, match=next(iter(bad))):
            answer_flops(1e9, 100, **bad)


@pytest.mark.parametrize("share_prompt", [True, False])
def test_every_option_stays_within_the_budget_and_one_more_sample_would_not(share_prompt):
    budgets = np.geomspace(1e11, 1e15, 40)
    options = [AnswerOption.from_rates(f"{n}", n, t, [0.1, 0.01]) for n in (1e8, 3e9) for t in (77, 4000)]
    plan = spend_on_answers(budgets, options, prompt_tokens=300, share_prompt=share_prompt)
    for option, count, spent in zip(options, plan.samples, plan.spent, strict=True):
        bill = partial(answer_flops, option.params, option.answer_tokens, prompt_tokens=300, share_prompt=share_prompt)
        some = count > 0
        np.testing.assert_allclose(spent[some], bill(samples=count[some]))
        assert (spent <= budgets * (1 + 1e-9)).all()
        assert (bill(samples=count + 1) > budgets).all()


def test_solved_is_coverage_at_the_samples_paid_for_by_group():
    rates = np.array([0.3, 0.002, 0.2, 0.001])
    plan = spend_on_answers([1e13, 1e15], [AnswerOption.from_rates("a", 1e9, 100, rates)], groups=[0, 1, 0, 1])
    assert plan.samples.tolist() == [[50, 5000]] and plan.groups == (0, 1)
    expected = sampling.expected_coverage(rates, [50, 5000])
    np.testing.assert_allclose(plan.solved[:, 0], [expected[[0, 2]].mean(axis=0), expected[[1, 3]].mean(axis=0)])
    assert plan.solved.shape == (2, 1, 2)
    # never less for more money
    curve = spend_on_answers(np.geomspace(1e10, 1e16, 60), [AnswerOption.from_rates("a", 1e9, 100, rates)])
    assert (np.diff(curve.solved[0, 0]) >= 0).all()


def test_easy_questions_go_to_the_small_model_and_hard_ones_to_the_large():
    small = AnswerOption.from_rates("small", 1e9, 500, [0.4, 1e-5])
    large = AnswerOption.from_rates("large", 1.4e10, 500, [0.6, 0.05])
    plan = spend_on_answers([1e12, 3e13], [small, large], groups=["easy", "hard"])
    assert plan.best.tolist() == [[0, 0], [0, 1]]  # at 1e12 only the small one can be paid
    assert spend_on_answers([1e9], [small, large]).best.tolist() == [[-1]]


def test_a_verifier_with_false_positives_turns_the_choice_round():
    """With an oracle many samples of a small model win; with a verifier that errs they are capped."""
    fallible = partial(sampling.best_of_n, true_positive=0.9, false_positive=0.1)
    made = {}
    for name, select in (("oracle", None), ("fallible", fallible)):
        options = [
            AnswerOption.from_rates("small", 1e9, 500, [0.05], select=select),
            AnswerOption.from_rates("large", 2e10, 500, [0.5], select=select),
        ]
        made[name] = int(spend_on_answers([1e14], options).best[0, 0])
    assert made == {"oracle": 0, "fallible": 1}


def test_counts_are_used_as_far_as_they_go():
    option = AnswerOption.from_counts("measured", 1e9, 100, [0, 3, 50], 100)
    plan = spend_on_answers([1e12, 1e15], [option])
    assert plan.samples.tolist() == [[5, 100]] and plan.at_limit.tolist() == [[False, True]]
    np.testing.assert_allclose(plan.solved[0, 0], sampling.pass_at_k([0, 3, 50], 100, [5, 100]).mean(axis=0))
    assert plan.spent[0, 1] == 2e9 * 100 * 100


def test_of_equally_good_options_the_cheaper_is_best():
    dear, cheap = (AnswerOption.from_rates(str(n), n, 100, [1.0]) for n in (1e10, 1e9))
    plan = spend_on_answers([2e12], [dear, AnswerOption("cheap", 1e9, 100, cheap.solve, most=1)])
    assert plan.solved[0, :, 0].tolist() == [1.0, 1.0] and plan.best.tolist() == [[1]]


def test_the_best_option_is_one_that_is_paid_for_even_where_nothing_is_solved():
    small, large = (AnswerOption.from_counts(str(n), n, 500, [0, 3], 10) for n in (1e9, 1e12))
    plan = spend_on_answers([1e12], [large, small], groups=["never", "once"])
    assert plan.samples.tolist() == [[0], [1]] and plan.best.tolist() == [[1], [1]]


def test_budgets_that_no_whole_number_can_count_are_refused_without_a_warning():
    option = AnswerOption.from_rates("a", 1e9, 100, [0.1])
    with warnings.catch_warnings():
        warnings.simplefilter("error")
        assert spend_on_answers([1e21], [option]).samples.tolist() == [[5 * 10**9]]
        for budget in (1e30, 1e300):
            with pytest.raises(ValueError, match=r"flops: .* pay for more than 9e\+15 samples of 'a'"):
                spend_on_answers([1e12, budget], [option])


A, B = AnswerOption.from_rates("a", 1e9, 100, [0.1, 0.2]), AnswerOption.from_rates("b", 1e9, 100, [0.1])


MASKED = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
FLAT = replace(CONSTANTS["sardana"], values={**SARDANA, "B": 0.0})
STEEP = replace(CONSTANTS["sardana"], values={**SARDANA, "alpha": 0.03})


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: spend_on_answers([1e12], []), "options is empty"),
        (lambda: spend_on_answers([0.0], [A]), "flops must be one row of positive"),
        (lambda: spend_on_answers([1e12], [A, B]), "different numbers of problems"),
        (lambda: spend_on_answers([1e12], [A], groups=["x"]), "one label for each of 2 problems"),
        (lambda: spend_on_answers([1e12], [AnswerOption("z", 1e9, 0, A.solve)]), "'z' writes no tokens"),
        (lambda: spend_on_answers([1e12], [AnswerOption("z", 1e9, 9, lambda k: k)]), "'z' solves shape"),
        (lambda: lifetime_bill(2.0, "sardana", [1e12, -1]), "inference_tokens must be 0 or more; entry 1"),
        (lambda: lifetime_bill(1.0, "sardana", 1e12), "floor"),
        (lambda: lifetime_bill(2.0, "sardana", 1e12, served_cost=0), "served_cost must be positive"),
        (lambda: lifetime_bill(2.0, "kaplan_joint", 1e12), "sum of terms with a floor"),
        (lambda: tokens_for_loss([1e9, 0], 2.0, "sardana"), "params must be positive and finite; entry 1"),
        (lambda: tokens_for_loss(1e9, 2.0, "kaplan_joint"), "sum of terms with a floor"),
        (lambda: tokens_for_loss(1e9, np.nan, "sardana"), "loss must be a number of nats"),
        (lambda: tokens_for_loss(1e9, [2.0, 3.0], "sardana"), "loss must be one number"),
        (lambda: tokens_for_loss(MASKED, 2.0, "sardana"), "params: entry 1 is masked"),
        (lambda: tokens_for_loss(1e9, 2.0, FLAT), "the law is flat"),
        (lambda: cheapest_for_loss(np.inf, "sardana"), "loss: inf takes more or less than a float can count"),
        (lambda: cheapest_for_loss(np.nan, "sardana"), "loss: nan is not above the floor"),
        (lambda: cheapest_for_loss(np.nextafter(SARDANA["E"], 9), STEEP), "than a float can count by this law"),
        (lambda: cheapest_for_loss(None, "sardana"), "loss: None is not above"),
        (lambda: lifetime_bill(2.0, "sardana", MASKED), "inference_tokens: entry 1 is masked"),
        (lambda: lifetime_bill(2.0, "sardana", ["much"]), "inference_tokens must be real numbers"),
        (lambda: lifetime_bill(2.0, "sardana", 1e12, served_cost="much"), "served_cost must be real numbers"),
        (lambda: lifetime_bill(2.0, "sardana", 1e12, served_cost=[1, 2]), "served_cost must be one number"),
        (lambda: equal_compute_share(np.inf, 1), "size_ratio must be 1 or more"),
        (lambda: equal_compute_share(2, 5e-324), "use_ratio must be positive"),
        (lambda: equal_compute_share([2, 3], [1, 2, 3]), "size_ratio has shape .2,., use_ratio has shape .3,."),
        (lambda: AnswerOption.from_rates("a", 1e9, 9, [0.1, 20]), "rates must be from 0 to 1.*entry 1"),
        (lambda: AnswerOption.from_rates("a", 1e9, 9, []), "rates has shape"),
        (lambda: AnswerOption.from_rates("a", 1e9, 9, MASKED), "rates: entry 1 is masked"),
        (lambda: AnswerOption.from_counts("a", 1e9, 9, [1, 7], 5), "correct: row 1 has 7 right of 5"),
        (lambda: AnswerOption.from_counts("a", 1e9, 9, [1], [5]), "samples must be one number"),
        (lambda: spend_on_answers([1e12], A), "options must be a list"),
        (lambda: spend_on_answers(["much"], [A]), "flops must be real numbers"),
        (lambda: spend_on_answers([1e12], [A], prompt_tokens=[1, 2]), "prompt_tokens must be one number"),
        (lambda: spend_on_answers([1e12], [A], groups=["x", None]), "groups: row 1 has no label"),
        (lambda: spend_on_answers([1e12], [A], groups=[np.nan, 1.0]), "groups: row 0 has no label"),
        (lambda: spend_on_answers([1e12], [AnswerOption("z", np.nan, 9, A.solve)]), "params must be a number"),
        (lambda: spend_on_answers([1e12], [AnswerOption("z", np.inf, 9, A.solve)]), "'z' writes no tokens .*without"),
        (lambda: spend_on_answers([1e12], [AnswerOption("z", 1e9, 9, lambda k: k[None] * np.nan)]), "'z' solves nan"),
        (lambda: spend_on_answers([1e12], [AnswerOption("z", 1e9, 9, lambda k: k[None] + 7)]), "shares from 0 to 1"),
        (lambda: equal_compute_share(0.5, 1), "size_ratio must be 1 or more"),
        (lambda: equal_compute_share(2, 0), "use_ratio must be positive"),
    ],
)
def test_bad_input_is_refused_by_name(call, words):
    with pytest.raises(ValueError, match=words):
        call()
