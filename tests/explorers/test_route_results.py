"""*Route the tokens* against the routing functions alone, and against what each router promises."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import explorers, routing
from course_utils.explorers.route_state import (
    CAPACITY,
    CHOICES,
    EXPERTS,
    ROUTERS,
    TOKENS,
    RouteState,
    auxiliary_gradient,
    balance_by_loss,
    made_up_scores,
    route,
)
from course_utils.i18n import using_language


def test_the_gradient_is_that_of_the_switch_loss():
    scores = made_up_scores(8, 1.5)
    probabilities = routing.softmax(scores)
    first = probabilities.argmax(axis=1)  # held, as the shares have no gradient
    step, numeric = 1e-6, np.empty_like(scores)
    for place in np.ndindex(scores.shape):
        ends = []
        for sign in (1, -1):
            moved = scores.copy()
            moved[place] += sign * step
            ends.append(routing.switch_loss(routing.softmax(moved), first, weight=1.0))
        numeric[place] = (ends[0] - ends[1]) / (2 * step)
    np.testing.assert_allclose(auxiliary_gradient(probabilities), TOKENS * numeric, atol=1e-7)


def test_without_strength_nothing_moves_and_with_more_the_load_is_more_even():
    scores = made_up_scores(8, 1.5)
    np.testing.assert_allclose(balance_by_loss(scores, 0.0, 50), scores, atol=1e-12)
    results = [route(RouteState(router="switch", strength=strength)) for strength in (0.001, 0.01, 0.1)]
    assert np.all(np.diff([result.entropy for result in results]) > 0.05)
    assert np.all(np.diff([result.dropped for result in results]) < -0.1)
    assert all(result.auxiliary[1] < result.auxiliary[0] for result in results)
    assert results[0].auxiliary[0] == pytest.approx(routing.switch_loss(routing.softmax(scores), weight=1.0))


def test_the_smallest_bias_step_ends_even_and_the_largest_swings():
    small, large = (route(RouteState(router="bias", strength=step, steps=200)) for step in (0.001, 0.1))
    assert small.load.max() == 4 and small.dropped == 0
    assert large.load.max() > large.shortest + 1
    assert small.bias[0] < 0 < small.bias[1]


@pytest.mark.parametrize("router", ROUTERS)
def test_no_steps_of_balancing_are_no_balance(router):
    result = route(RouteState(router=router, steps=0))
    if router in ("none", "switch", "bias"):
        assert not result.moved.any() and result.dropped == result.plain_dropped
        np.testing.assert_array_equal(result.load, result.plain_load)
        assert result.taste_lost == pytest.approx(0, abs=1e-12)
    else:
        assert result.moved.any() and result.dropped == 0 and result.entropy == pytest.approx(1)


@pytest.mark.parametrize("router", ROUTERS)
@pytest.mark.parametrize("experts", EXPERTS)
@pytest.mark.parametrize("k", CHOICES)
def test_every_choice_is_counted_once(router, experts, k):
    for capacity in (CAPACITY[0], CAPACITY[-1]):
        result = route(RouteState(router=router, experts=experts, k=k, capacity=capacity, steps=20))
        assert result.k == (1 if router == "base" else k)
        assert len(result.token) == TOKENS * result.k == result.load.sum() == result.plain_load.sum()
        assert len({*zip(result.token.tolist(), result.expert.tolist(), strict=True)}) == len(result.token)
        kept = np.bincount(result.expert[result.kept], minlength=experts)
        assert kept.max() <= result.capacity
        assert result.served.sum() == kept.sum() == round((1 - result.dropped) * len(result.token))
        # Places in each queue are 0, 1, 2, ... and those beyond the capacity are the dropped ones.
        for expert in range(experts):
            places = result.place[result.expert == expert]
            np.testing.assert_array_equal(np.sort(places), np.arange(result.load[expert]))
        np.testing.assert_array_equal(result.kept, result.place < result.capacity)
        assert result.padding == pytest.approx(1 - kept.sum() / (experts * result.capacity))


def test_base_has_the_highest_total_of_even_assignments():
    scores = made_up_scores(8, 1.5)
    result = route(RouteState(router="base"))
    total = scores[result.token, result.expert].sum()
    generator = np.random.default_rng(0)
    for _ in range(200):
        assert scores[np.arange(TOKENS), generator.permutation(np.repeat(np.arange(8), 4))].sum() <= total
    assert 0 < result.taste_lost < 1


def test_experts_that_choose_leave_tokens_alone():
    result = route(RouteState(router="choice", skew=4.0))
    assert result.load.tolist() == [4] * 8
    assert result.unserved > 0 and result.served.max() > 1


def test_more_skew_more_drops():
    dropped = [route(RouteState(router="none", skew=skew)).dropped for skew in (0.0, 1.5, 3.0, 4.0)]
    assert np.all(np.diff(dropped) > 0)
    assert route(RouteState(router="none", skew=0.0)).entropy > 0.9


def test_the_sliders_without_a_meaning_are_locked():
    explorer = explorers.route_the_tokens()
    assert explorer.locked() == frozenset() and explorer.result.steps == 50
    for router, locked in (
        ("none", {"strength", "steps"}),
        ("base", {"k", "capacity", "strength", "steps"}),
        ("choice", {"capacity", "strength", "steps"}),
        ("bias", set()),
    ):
        explorer.set(router=router)
        assert explorer.locked() == locked
        before, start = explorer.result, explorer.state.trait_values()
        for trait in locked:
            control = next(control for control in explorer.controls if control.trait == trait)
            explorer.set(**{trait: control.values[0]})
            np.testing.assert_array_equal(explorer.result.expert, before.expert)
            np.testing.assert_array_equal(explorer.result.kept, before.kept)
            explorer.set(**{trait: start[trait]})


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_words_name_the_numbers(code):
    with using_language(code):
        explorer = explorers.route_the_tokens()
        message = explorer._message(explorer.result)
        for number in ("20", "11", "47%", "19%", "50"):
            assert number in message
        assert "0.56" in explorer.say() and "0.90" in explorer.say() and "2.02" in explorer.say()
        explorer.set(router="none")
        assert "20" in explorer._message(explorer.result) and "47%" in explorer._message(explorer.result)
