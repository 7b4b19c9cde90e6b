"""Routing against brute force on small cases, and against what must always hold."""

import itertools

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra.numpy import arrays

from course_utils import routing

SCORES = st.tuples(st.integers(1, 24), st.integers(1, 6)).flatmap(
    lambda shape: arrays(np.float64, shape, elements=st.floats(-8, 8))
)
EVEN = st.tuples(st.integers(1, 4), st.integers(1, 5)).flatmap(
    lambda size: arrays(np.float64, (size[0] * size[1], size[1]), elements=st.floats(-8, 8))
)
few = settings(max_examples=60, deadline=None)


def draw(n_tokens, n_experts, seed=0):
    return np.random.default_rng(seed).normal(size=(n_tokens, n_experts))


# ---------------------------------------------------------------- choice


@given(SCORES, st.data())
@few
def test_top_k_chooses_the_best_in_order(scores, data):
    k = data.draw(st.integers(1, scores.shape[1]))
    experts, gates = routing.top_k(scores, k)
    assert experts.shape == gates.shape == (len(scores), k)
    for row, chosen in zip(scores, experts, strict=True):
        assert len(set(chosen)) == k
        assert row[chosen].tolist() == sorted(row, reverse=True)[:k]
    p = np.exp(scores) / np.exp(scores).sum(axis=1, keepdims=True)
    np.testing.assert_allclose(gates, np.take_along_axis(p, experts, axis=1), rtol=1e-9)


@given(SCORES)
@few
def test_gates_of_the_chosen_sum_to_one_and_those_of_all_to_less(scores):
    k = min(2, scores.shape[1])
    np.testing.assert_allclose(routing.top_k(scores, k, gates="chosen")[1].sum(axis=1), 1.0)
    assert (routing.top_k(scores, k, gates="all")[1].sum(axis=1) <= 1 + 1e-12).all()
    experts, gates = routing.top_k(scores, k, gates="sigmoid")
    np.testing.assert_allclose(np.log(gates / (1 - gates)), np.take_along_axis(scores, experts, 1), atol=1e-9)


def test_one_chosen_expert_has_a_gate_of_one_which_teaches_the_router_nothing():
    assert (routing.top_k(draw(5, 3), 1, gates="chosen")[1] == 1).all()


def test_the_bias_moves_the_choice_and_never_the_gate():
    scores = draw(50, 4)
    experts, gates = routing.top_k(scores, 1, gates="sigmoid", bias=[0, 0, 0, 2.0])
    assert (experts == 3).all()
    np.testing.assert_allclose(gates[:, 0], 1 / (1 + np.exp(-scores[:, 3])))


def test_noise_has_the_size_that_was_asked_for():
    scores = np.zeros((20_000, 2))
    noisy = routing.noisy_scores(scores, [-50.0, 1.0], seed=3)
    assert np.abs(noisy[:, 0]).max() < 1e-12
    assert noisy[:, 1].std() == pytest.approx(np.log1p(np.e), rel=0.02)
    assert np.array_equal(noisy, routing.noisy_scores(scores, [-50.0, 1.0], seed=3))
    experts, _ = routing.top_k(noisy, 1)
    assert experts.mean() == pytest.approx(0.5, abs=0.02)  # without noise always the first


@given(st.integers(1, 600), st.integers(1, 40), st.integers(1, 3), st.floats(0.5, 2))
@few
def test_capacity_holds_the_tokens_when_the_factor_is_one_or_more(n_tokens, n_experts, k, factor):
    capacity = routing.expert_capacity(n_tokens, n_experts, k=k, factor=factor)
    assert capacity >= k * n_tokens * factor / n_experts - 1e-6
    assert capacity - 1 < k * n_tokens * factor / n_experts + 1e-6
    if factor >= 1:
        assert capacity * n_experts >= k * n_tokens


@given(SCORES, st.integers(1, 9), st.integers(1, 2))
@few
def test_no_token_goes_to_a_full_expert(scores, capacity, k):
    n_experts = scores.shape[1]
    experts, _ = routing.top_k(scores, min(k, n_experts))
    kept = routing.keep_within_capacity(experts, n_experts, capacity)
    taken, expected = [0] * n_experts, np.zeros_like(kept)
    for choice in range(experts.shape[1]):  # first choices of all tokens, then second ones
        for token in range(len(experts)):
            e = experts[token, choice]
            if taken[e] < capacity:
                taken[e] += 1
                expected[token, choice] = True
    assert np.array_equal(kept, expected)
    assert (routing.expert_load(np.where(kept, experts, -1), n_experts) <= capacity).all()


def test_a_choice_of_nobody_is_not_kept():
    kept = routing.keep_within_capacity([[0, -1], [-1, 0]], 1, capacity=5)
    assert kept.tolist() == [[True, False], [False, True]]


# ---------------------------------------------------------------- balance by construction


@given(EVEN)
@few
def test_assignment_gives_every_expert_its_share(scores):
    n_tokens, n_experts = scores.shape
    load = routing.expert_load(routing.balanced_assignment(scores), n_experts)
    assert load.tolist() == [n_tokens // n_experts] * n_experts


@pytest.mark.parametrize(("n_tokens", "n_experts"), [(4, 2), (6, 3), (6, 2), (8, 4)])
def test_assignment_is_the_best_of_all(n_tokens, n_experts):
    for seed in range(5):
        scores = draw(n_tokens, n_experts, seed)
        each = n_tokens // n_experts
        places = np.repeat(np.arange(n_experts), each)
        best = max(scores[np.arange(n_tokens), a].sum() for a in set(itertools.permutations(places.tolist())))
        found = routing.balanced_assignment(scores)
        assert scores[np.arange(n_tokens), found].sum() == pytest.approx(best)


@given(EVEN, st.data())
@few
def test_assignment_ignores_what_is_added_to_a_row_or_column(scores, data):
    """A price on an expert or a bonus for a token moves the total of every balanced assignment alike."""
    shift = data.draw(arrays(np.float64, scores.shape[1], elements=st.floats(-5, 5)))
    total = scores[np.arange(len(scores)), routing.balanced_assignment(scores)].sum()
    priced = scores[np.arange(len(scores)), routing.balanced_assignment(scores + shift)].sum()
    assert priced == pytest.approx(total, abs=1e-6)


@given(SCORES, st.data())
@few
def test_expert_choice_fills_every_expert_with_its_best(scores, data):
    capacity = data.draw(st.integers(1, len(scores)))
    taken = routing.expert_choice(scores, capacity)
    assert (taken.sum(axis=0) == capacity).all()
    for e in range(scores.shape[1]):
        assert sorted(scores[taken[:, e], e]) == sorted(scores[:, e])[-capacity:]


def test_expert_choice_sees_later_tokens():
    """What a token gets depends on what comes after it: this is why a decoder must not be trained this way."""
    scores = draw(6, 2)
    alone = routing.expert_choice(scores[:4], 2)
    later = scores.copy()
    later[4:] = 50.0
    assert not np.array_equal(routing.expert_choice(later, 2)[:4], alone)


# ---------------------------------------------------------------- losses


@given(st.lists(st.integers(0, 4), min_size=1, max_size=60))
@few
def test_auxiliary_losses_of_a_sure_router_are_lowest_when_even(choices):
    sure = np.eye(5)[choices]
    even = np.eye(5)[np.arange(20) % 5]
    assert routing.switch_loss(sure) >= 0.01 - 1e-12
    assert routing.switch_loss(even) == pytest.approx(0.01)
    assert routing.switch_loss(sure) <= 0.01 * 5 + 1e-12
    assert routing.gshard_loss(sure) == pytest.approx(100 * routing.switch_loss(sure) / 25)
    assert routing.importance_loss(sure) >= routing.importance_loss(even) == pytest.approx(0)


def test_an_unsure_router_can_lie_below_the_minimum_of_the_paper():
    p = np.array([[0.51, 0.49], [0.51, 0.49], [0.0, 1.0]])
    assert routing.switch_loss(p, weight=1.0) == pytest.approx(2 * (2 / 3 * 0.34 + 1 / 3 * 0.66))
    assert routing.switch_loss(p, weight=1.0) < 1


def test_the_loss_follows_the_choices_that_were_made():
    p = routing.softmax(draw(40, 4))
    made = np.zeros(40, dtype=int)
    assert routing.switch_loss(p, made) == pytest.approx(0.01 * 4 * p[:, 0].mean())
    by_hand = sum((made == e).mean() * p[:, e].mean() for e in range(4)) / 4
    assert routing.gshard_loss(p, made) == pytest.approx(by_hand)


def test_importance_is_a_squared_coefficient_of_variation():
    gates = np.abs(draw(30, 4))
    total = gates.sum(axis=0)
    assert routing.importance_loss(gates, weight=0.1) == pytest.approx(0.1 * (np.std(total) / np.mean(total)) ** 2)


# ---------------------------------------------------------------- load


@given(
    arrays(np.float64, st.integers(2, 9), elements=st.just(0.0) | st.floats(1e-3, 100)).filter(lambda a: a.sum() > 0)
)
@few
def test_load_entropy_is_between_zero_and_one_and_knows_no_unit(load):
    h = routing.load_entropy(load)
    assert 0 <= h <= 1
    assert routing.load_entropy(7 * load[::-1]) == pytest.approx(h)
    even = 0.5 * load + 0.5 * load.mean()
    assert routing.load_entropy(even) >= h - 1e-9


def test_load_entropy_of_known_loads():
    assert routing.load_entropy(np.ones((3, 8))).tolist() == [1, 1, 1]
    assert routing.load_entropy([3, 0, 0, 0]) == 0
    assert routing.load_entropy([1, 1, 0, 0]) == pytest.approx(0.5)


def test_the_bias_makes_the_load_even():
    scores = 0.5 * draw(2000, 8) + np.linspace(0, 2, 8)
    bias = np.zeros(8)
    first = routing.expert_load(routing.top_k(scores, 1, gates="sigmoid")[0], 8)
    for _ in range(600):
        load = routing.expert_load(routing.top_k(scores, 1, gates="sigmoid", bias=bias)[0], 8)
        bias = routing.bias_step(bias, load, step=2e-3)
    assert routing.load_entropy(first) < 0.8
    assert routing.load_entropy(load) > 0.99
    assert np.all(routing.bias_step(bias, np.full(8, 5)) == bias)  # an even load moves nothing


# ---------------------------------------------------------------- refusals


@pytest.mark.parametrize(
    ("call", "names"),
    [
        (lambda: routing.top_k([1.0, 2.0]), "scores has shape"),
        (lambda: routing.top_k([[1.0, np.nan]]), "token 0, expert 1"),
        (lambda: routing.top_k([[1.0, 2.0]], 3), "k is 3"),
        (lambda: routing.top_k([[1.0, 2.0]], gates="hard"), "gates is 'hard'"),
        (lambda: routing.top_k([[1.0, 2.0]], bias=[1.0]), "bias has shape"),
        (lambda: routing.noisy_scores([[1.0, 2.0]], [1.0, 2.0, 3.0], seed=0), "noise_scores has shape"),
        (lambda: routing.noisy_scores([[1.0, 2.0]], np.inf, seed=0), "noise_scores must be finite"),
        (lambda: routing.expert_capacity(0, 4), "above 0"),
        (lambda: routing.keep_within_capacity([0, 2], 2, 1), "token 1"),
        (lambda: routing.keep_within_capacity([0.5], 2, 1), "whole numbers"),
        (lambda: routing.keep_within_capacity([0], 2, 0), "capacity is 0"),
        (lambda: routing.balanced_assignment(np.zeros((5, 2))), "multiple of 2"),
        (lambda: routing.expert_choice(np.zeros((5, 2)), 6), "capacity is 6"),
        (lambda: routing.switch_loss([[0.5, 0.6]]), "token 0 sum to 1.1"),
        (lambda: routing.switch_loss([[0.5, 0.5]], [0, 1]), "2 tokens"),
        (lambda: routing.gshard_loss([[0.5, 0.5]], [-1]), "no first choice"),
        (lambda: routing.importance_loss([[-1.0, 2.0]]), "0 or more"),
        (lambda: routing.load_entropy([3.0]), "at least two"),
        (lambda: routing.load_entropy([0.0, 0.0]), "nothing to share"),
        (lambda: routing.load_entropy([1.0, -1.0]), "finite and 0 or more"),
        (lambda: routing.bias_step([0.0], [1.0, 2.0]), "bias has shape"),
        (lambda: routing.bias_step([0.0, 0.0], [1.0, 2.0], step=0.0), "step must be above 0"),
        (lambda: routing.expert_load([0], 0), "at least one expert"),
    ],
)
def test_refusals_name_the_argument(call, names):
    with pytest.raises(ValueError, match=names):
        call()
