"""Designs: the recorded pool's very runs, costs with trunks paid once, budgets that hold, bad requests refused."""

from __future__ import annotations

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

import course_utils
from course_utils import fitting
from course_utils.ladder import shipped, train
from course_utils.planning import (
    DESIGNS,
    RUNG_SHARES,
    WIDTHS,
    design,
    nearest_width,
    optimal_params,
    planned_run,
    prior,
)
from course_utils.planning import designs as designs_module

GAMES = {"ladder": 20, "many_small": 10, "few_large": 20, "checkpoints": 20, "cooldowns": 10}


@pytest.mark.parametrize("name", DESIGNS)
def test_every_run_of_every_game_is_in_the_recorded_pool_and_the_same(name):
    pool = {run.name: run for run in [*shipped.games(), *shipped.games_cooldown()]}
    for game in range(GAMES[name]):
        for run in design(name, budget=1e12, game=game).runs:
            prefix = "cooldown-" if run.schedule == "cooldown" else "game-"
            recorded = pool[prefix + run.name]
            sizes = recorded.shape()
            assert (recorded.tokens, recorded.d_model, recorded.seed) == (run.tokens, run.width, run.seed)
            assert recorded.schedule == run.schedule
            assert run.params == sizes.params_blocks_and_head
            assert run.flops == recorded.tokens * sizes.flops_per_token()


def test_no_two_games_share_a_run():
    for name in DESIGNS:
        names = [run.name for game in range(GAMES[name]) for run in design(name, game=game).runs]
        assert len(names) == len(set(names))


def test_the_rule_gives_the_widths_that_the_pool_trained():
    bought = {run.rung: set() for name in DESIGNS if name != "cooldowns" for run in design(name).runs}
    for name in ("ladder", "many_small"):
        for rung, runs in design(name).by_rung().items():
            bought[rung] |= {run.width for run in runs}
    for rung in (5e9, 1.5e10, 5e10):
        assert sorted(bought[rung]) == list(shipped.GAME_MODELS[rung])
    assert {run.width for run in design("cooldowns").runs} == set(shipped.COOLDOWN_MODELS)
    assert design("ladder").target_width in shipped.GAME_MODELS[5e11]


def test_constants_are_those_of_the_training_code_and_of_the_shipped_valley(shipped_runs):
    assert shipped.runs("smoke")[0].batch_tokens == prior.BATCH_TOKENS
    assert designs_module.COOLDOWN_SHARE == train.COOLDOWN_SHARE
    grid, _ = shipped_runs
    fit = fitting.fit_valley_surface(grid["params_blocks_and_head"], grid["flops"], grid["loss_nats"], n=10)
    assert fit.exponent_params.value == pytest.approx(prior.VALLEY_EXPONENT, abs=1e-6)
    assert fit.scale_params == pytest.approx(prior.VALLEY_SCALE, rel=1e-5)


def test_costs_are_sums_and_a_trunk_is_paid_for_once():
    ladder = design("ladder")
    assert ladder.cost == pytest.approx(sum(run.flops for run in ladder.runs), rel=1e-12)
    assert ladder.total == ladder.cost + ladder.target
    shares = {name: design(name).cost / design(name).target for name in DESIGNS}
    assert shares == pytest.approx(
        {"ladder": 0.9, "many_small": 0.8, "few_large": 0.99, "checkpoints": 0.9, "cooldowns": 0.984}, abs=0.003
    )
    alone = design("cooldowns", widths=(12,))
    by_rung = {run.rung: run for run in alone.runs}
    per_step = alone.runs[0].flops / alone.runs[0].steps
    cooling = [round(0.2 * run.steps) for run in by_rung.values()]
    longest = max(run.steps for run in by_rung.values())
    assert alone.cost == pytest.approx((longest - round(0.2 * longest) + sum(cooling)) * per_step, rel=1e-12)
    assert alone.cost < sum(run.flops for run in alone.runs)


def test_two_seeds_are_two_trunks():
    one, two = (design("cooldowns", widths=(12,), seeds=n) for n in (1, 2))
    assert two.cost == pytest.approx(2 * one.cost)


def test_runs_of_a_rung_stay_at_or_below_it_by_less_than_a_step():
    for run in design("ladder", budget=1e13).runs:
        per_step = run.flops / run.steps
        assert run.rung - per_step < run.flops <= run.rung


def test_what_is_chosen_by_hand_is_bought():
    made = design("ladder", widths={0.1: (12, 8), 0.01: [6]}, seeds={0.1: 1, 0.01: 3}, rungs=(0.01, 0.1), game=2)
    assert [(run.rung, run.width, run.seed) for run in made.runs] == [
        (5e10, 8, 2), (5e10, 12, 2), (5e9, 6, 6), (5e9, 6, 7), (5e9, 6, 8)
    ]  # fmt: skip
    assert len(design("ladder", widths=(8, 12), seeds=1).runs) == 6
    assert design("ladder", target=2e11).target == 2e11


def test_shares_and_widths_may_be_anything_that_can_be_gone_through():
    made = design("ladder", rungs=[0.1, 0.03], widths=np.array([8, 12]))
    by_hand = design("ladder", rungs=(share for share in (0.03, 0.1)), widths={8, 12})
    assert by_hand.runs == made.runs


def test_another_vocabulary_costs_otherwise():
    small, usual = (planned_run(1e10, 12, 0, vocabulary=v) for v in (512, 1024))
    assert small.params == usual.params - 512 * 12
    assert small.tokens > usual.tokens
    made = design("ladder", vocabulary=512)
    assert made.total <= made.budget
    assert planned_run(made.runs[0].rung, made.runs[0].width, 0, vocabulary=512) == made.runs[0]


@settings(max_examples=60, deadline=None)
@given(
    name=st.sampled_from(DESIGNS),
    budget=st.floats(1e6, 1e22),
    target=st.one_of(st.none(), st.floats(1e6, 1e22)),
    game=st.integers(0, 5),
)
def test_any_budget_gives_a_design_that_it_pays_for_or_a_reason(name, budget, target, game):
    try:
        made = design(name, budget=budget, target=target, game=game)
    except ValueError as refusal:
        assert str(refusal).startswith(("budget:", "target:"))
        return
    assert made.total <= budget * (1 + 1e-9)
    assert all(run.width in WIDTHS and run.steps >= designs_module.LEAST_STEPS for run in made.runs)
    assert {round(run.rung / made.target, 9) for run in made.runs} <= {round(share, 9) for share in RUNG_SHARES}


def test_an_optimum_at_the_edge_is_named():
    assert design("ladder", budget=1e12).edges == (5e9,)
    assert design("ladder", budget=1e13).edges == ()
    assert len(design("ladder", budget=1e19).edges) == 3  # the widest of the list is too small there


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"name": "pyramid"}, "name: 'pyramid'.*choose one of ladder, many_small"),
        ({"budget": -1.0}, "budget: -1.0; give a positive number"),
        ({"budget": float("nan")}, "budget: nan"),
        ({"budget": "1e12"}, "budget: '1e12'; give a number"),
        ({"target": 2e12}, "target: 2e\\+12 FLOPs leave nothing"),
        ({"target": 9e11}, "budget: the runs cost .* Choose fewer widths"),
        ({"budget": 1e9}, "budget: at .* steps.*raise the budget"),
        ({"game": -1}, "game: -1"),
        ({"game": True}, "game: True"),
        ({"seeds": 0}, "seeds: 0"),
        ({"seeds": 4}, "budget: the runs cost"),
        ({"seeds": {0.1: 1}}, "seeds: nothing for the rung 0.03"),
        ({"widths": (7,)}, "widths: 7; give even"),
        ({"widths": ()}, "widths: none at the rung 0.1"),
        ({"rungs": (0.1,)}, "rungs: .* is one rung"),
        ({"rungs": (1.5, 0.1)}, "rungs: .*between 0 and 1"),
        ({"name": "cooldowns", "widths": dict(zip(RUNG_SHARES, [(8,), (12,), (8,), (8,)], strict=True))}, "one trunk"),
    ],
)
def test_bad_requests_are_refused_with_the_cure(arguments, message):
    with pytest.raises(ValueError, match=message):
        design(**arguments)


def test_nearest_width_is_nearest_in_the_logarithm():
    for params in np.geomspace(1e3, 1e7, 40):
        distance = {w: abs(np.log(prior.shape(w).params_blocks_and_head / params)) for w in WIDTHS}
        assert distance[nearest_width(params)] == min(distance.values())
    assert optimal_params(1e12) == pytest.approx(83_500, rel=0.01)
    assert planned_run(1e3, 4, 0).steps == 1


@pytest.mark.parametrize("name", DESIGNS)
def test_faces_in_three_languages(name):
    texts = set()
    try:
        for code in ("en", "vi", "zh"):
            course_utils.set_language(code)
            made = design(name)
            texts.add(repr(made))
            assert str(len(made.runs)) in repr(made)
            assert made._repr_html_().count("<tr>") == 1 + len(made.by_rung())
    finally:
        course_utils.set_language("en")
    assert len(texts) == 3
