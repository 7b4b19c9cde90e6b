"""*Walk the valley* against the algebra of the law, the isoFLOP fit, and what the runs themselves say."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import allocation, datasets, explorers, fitting
from course_utils.explorers.moving_ticks import MovingTicks
from course_utils.explorers.walk_state import GROUNDS, MULTIPLES, RUNGS, LawGround, RunsGround, walk
from course_utils.i18n import using_language
from course_utils.laws import CONSTANTS, chinchilla_loss
from course_utils.plots.picture import Picture

LAWS = [name for name in GROUNDS if name != "our_runs"]


@pytest.fixture(scope="module")
def runs() -> RunsGround:
    return RunsGround(datasets.load("text_runs"))


def ground_of(name: str, runs: RunsGround):
    return runs if name == "our_runs" else LawGround(name)


@pytest.mark.parametrize("name", GROUNDS)
@pytest.mark.parametrize("rung", range(RUNGS))
def test_the_bottom_is_the_bottom(name, rung, runs):
    here = walk(ground_of(name, runs), name, rung, 1.0)
    assert here.penalty == pytest.approx(0, abs=1e-12) and here.share == pytest.approx(1) and not here.outside
    assert (here.curve_loss >= here.best_loss - 1e-12).all()
    penalties = [walk(ground_of(name, runs), name, rung, multiple).penalty for multiple in MULTIPLES]
    middle = MULTIPLES.index(1.0)
    assert (np.diff(penalties[: middle + 1]) < 0).all() and (np.diff(penalties[middle:]) > 0).all()


@pytest.mark.parametrize("name", LAWS)
@pytest.mark.parametrize("multiple", [1 / 10, 1 / 2, 2.0, 4.0, 30.0])
def test_the_share_follows_from_the_two_terms(name, multiple):
    # At the optimum the terms of N and D stand as beta to alpha. A size k times the best multiplies them by k^-alpha
    # and k^beta, and L - E falls along the bottoms as C^(-alpha beta / (alpha + beta)).
    law = CONSTANTS[name].values
    alpha, beta = law["alpha"], law["beta"]
    excess = (beta * multiple**-alpha + alpha * multiple**beta) / (alpha + beta)
    expected = excess ** (-(alpha + beta) / (alpha * beta))
    for rung in range(RUNGS):  # and it does not depend on the budget
        assert walk(LawGround(name), name, rung, multiple).share == pytest.approx(expected, rel=1e-9)


@pytest.mark.parametrize("name", LAWS)
def test_the_share_of_the_budget_reaches_the_same_loss(name):
    here = walk(LawGround(name), name, 3, 4.0)
    best = allocation.compute_optimal(here.share * here.flops, name)
    assert float(best.loss) == pytest.approx(here.loss, abs=1e-12)
    assert float(best.params) == pytest.approx(here.share_params)
    assert here.smaller_loss.min() == pytest.approx(here.loss, abs=1e-4)
    assert here.loss == pytest.approx(
        float(chinchilla_loss(here.params, here.flops / 6 / here.params, **CONSTANTS[name].values))
    )


def test_gopher_was_four_times_too_large():
    here = walk(LawGround("besiroglu"), "besiroglu", 3, 4.0)
    assert here.best_params == pytest.approx(72.2e9, rel=0.002)
    assert here.best_ratio == pytest.approx(18.4, rel=0.01)
    # By these constants Chinchilla reaches 1.974 and Gopher 2.000 (published check values, 280B on 300B tokens); four
    # times the best size at the whole of the budget reads a tenth more than Gopher did.
    assert 1.974 < here.loss < 2.000
    assert here.share == pytest.approx(0.514, abs=0.001)


def test_which_mistake_is_dearer_depends_on_the_constants():
    # alpha < beta: data is the term that grows faster when it is short, so too large is dearer; and the reverse.
    for name in LAWS:
        law = CONSTANTS[name].values
        here = walk(LawGround(name), name, 2, 10.0)
        assert (here.penalty > here.penalty_opposite) == (law["alpha"] < law["beta"])
        mirrored = walk(LawGround(name), name, 2, 1 / 10.0)
        assert mirrored.penalty == pytest.approx(here.penalty_opposite)
    with using_language("en"):
        assert "too large is the dearer" in explorers.walk_the_valley(ground="besiroglu", multiple=10.0).say()
        assert "too small is the dearer" in explorers.walk_the_valley(ground="hoffmann_unrounded", multiple=10.0).say()
        assert "cannot say" in explorers.walk_the_valley(ground="our_runs").say()


def test_own_valleys_are_the_isoflop_fit(runs):
    table = datasets.load("text_runs")
    table = table[table["set"] == "grid"]
    for rung, budget in enumerate(runs.budgets):
        of_budget = table[table["budget"] == budget]
        c2, c1, c0 = np.polyfit(np.log(of_budget["params_blocks_and_head"]), of_budget["loss_nats"], 2)
        here = walk(runs, "our_runs", rung, 2.0)
        assert here.best_params == pytest.approx(np.exp(-c1 / (2 * c2)), rel=1e-6)
        assert here.best_loss == pytest.approx(c0 - c1**2 / (4 * c2), rel=1e-9)
        assert here.penalty == pytest.approx(c2 * np.log(2) ** 2, rel=1e-6)
        assert here.penalty_opposite == pytest.approx(here.penalty, rel=1e-6)
        # Tokens for each parameter as the runs had them, heads and attention paid for.
        ratio = runs.tokens_per_param(rung, of_budget["params_blocks_and_head"])
        np.testing.assert_allclose(ratio, of_budget["tokens"] / of_budget["params_blocks_and_head"], rtol=0.002)
        np.testing.assert_allclose(runs.params_with(rung, ratio), of_budget["params_blocks_and_head"], rtol=1e-9)


def test_own_share_follows_the_line_through_the_minima(runs):
    minima = [walk(runs, "our_runs", rung, 1.0) for rung in range(RUNGS)]
    law = fitting.fit_power_law([m.flops for m in minima], [m.best_loss for m in minima], floor=False)
    here = walk(runs, "our_runs", 2, 2.0)
    assert here.share == pytest.approx((here.loss / here.best_loss) ** (-1 / law.values["alpha"]), rel=1e-3)
    assert not here.below_ladder and walk(runs, "our_runs", 0, 2.0).below_ladder


def test_leaving_the_sizes_tried_is_said(runs):
    low, high = runs.tried(2)
    best = runs.best(2)[0]
    for multiple in MULTIPLES:
        assert walk(runs, "our_runs", 2, multiple).outside == (not low <= multiple * best <= high)
    sentences = {"en": "the parabola is a parabola", "vi": "parabol chỉ còn là parabol", "zh": "只是一条抛物线"}
    for code, said in sentences.items():
        with using_language(code):
            assert said not in explorers.walk_the_valley(multiple=1.5).say()
            assert said in explorers.walk_the_valley(multiple=10.0).say()


def test_the_ring_stands_at_the_walkers_height():
    explorer = explorers.walk_the_valley(ground="besiroglu", multiple=5.0)
    explorer.png()
    assert explorer._share.get_ydata()[0] == explorer._walker.get_ydata()[0] == explorer.result.loss
    for multiple in MULTIPLES:
        for name in GROUNDS:
            explorer.set(ground=name, multiple=multiple)
            explorer.png()
            low, high = explorer._axes.get_ylim()
            left, right = explorer._axes.get_xlim()
            for dot in (explorer._walker, explorer._bottom, *([explorer._share] if multiple != 1 else [])):
                assert low < dot.get_ydata()[0] < high and left < dot.get_xdata()[0] < right, (name, multiple)


def test_moving_ticks_refuse_what_they_cannot_show():
    picture = Picture(200, 100)
    axes = picture.figure.subplots()
    with pytest.raises(ValueError, match="side"):
        MovingTicks(picture, axes, "right")
    ticks = MovingTicks(picture, axes, "left")
    with pytest.raises(ValueError, match="texts"):
        ticks.set([1.0, 2.0], ["1"])
    ticks.set(list(np.arange(12.0)), [str(k) for k in range(12)])
    assert sum(label.get_visible() for label in ticks.artists[1:]) == 9
    ticks.set([0.5], ["a half"])
    assert [label.get_text() for label in ticks.artists[1:] if label.get_visible()] == ["a half"]
