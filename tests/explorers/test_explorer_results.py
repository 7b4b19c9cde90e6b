"""What each explorer says is right: laws, sums, valleys and scores against values worked out by other means."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import explorers
from course_utils.explorers.cost_sum import format_energy
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.scoring import Call, interval_score
from course_utils.explorers.shape import compute_shape
from course_utils.explorers.valleys import find_valleys
from course_utils.i18n import using_language


def test_shape_says_what_ten_times_buys():
    # The sheet's own example: an exponent of 0.16 turns 1.00 into 0.69.
    shape = compute_shape(E=1.7, A=1.0, alpha=0.16)
    assert shape.left_after_ten == pytest.approx(0.6918, abs=5e-5)
    assert shape.left_after_double ** np.log2(10) == pytest.approx(shape.left_after_ten)
    assert shape.times_to_halve**-0.16 == pytest.approx(0.5)
    assert shape.loss_at_ten - 1.7 == pytest.approx(shape.left_after_ten)


def test_shape_reference_line_starts_like_the_law():
    shape = compute_shape(E=1.7, A=2.0, alpha=0.2)
    slope = np.diff(np.log(shape.loss[:2])) / np.diff(np.log(shape.straight[:2]))
    assert shape.straight[0] == shape.loss[0]
    assert slope == pytest.approx(1, abs=0.02)
    assert (shape.straight <= shape.loss + 1e-12).all()
    # Straight on log-log paper, as the part above the floor is.
    for y in (shape.straight, shape.reducible):
        assert np.ptp(np.diff(np.log(y)) / np.diff(np.log(shape.x))) < 1e-9
    floorless = compute_shape(E=0.0, A=2.0, alpha=0.2)
    np.testing.assert_allclose(floorless.straight, floorless.loss)


def test_cost_of_known_runs():
    # Hoffmann et al. 2022: Chinchilla's 6ND is 5.88e23; Brown et al. 2020: GPT-3's is 3.15e23.
    chinchilla = explorers.cost_of_a_run(params=70e9, tokens=1.4e12)
    assert chinchilla.result.flops == pytest.approx(5.88e23)
    assert chinchilla.nearest_model(chinchilla.result) == ("Chinchilla", pytest.approx(1.0))
    run = explorers.cost_of_a_run(params=175e9, tokens=300e9, devices=1000, utilisation=0.5, price=1.0, overhead=1.0)
    result = run.result
    peak = run.accelerators[result.accelerator.name].peak_flops
    assert result.seconds == pytest.approx(3.15e23 / (1000 * peak * 0.5))
    assert result.dollars == pytest.approx(result.device_hours)
    assert result.kilowatt_hours == pytest.approx(result.device_hours * result.accelerator.watts / 1000)


def test_cost_keeps_amounts_and_rates_apart():
    with using_language("en"):
        table = explorers.cost_of_a_run().html_table()
    amount, rate = "5.88 × 10²³ FLOPs", "4.05 × 10¹⁷ FLOP/s"
    assert amount in table and rate in table
    assert "FLOPs/s" not in table


def test_cost_takes_values_between_its_steps():
    run = explorers.cost_of_a_run(params=8.03e9, tokens=15.6e12)
    assert 8.03e9 in [value for _, value in run.controls[0].options]
    assert run.widget()._inputs["params"].value == 8.03e9
    stops = run.controls
    run.set(params=1e9)
    assert run.result.params == 1e9
    assert run.controls is stops  # a stop that vanished would move the slider under the reader's hand


def test_cost_starts_on_steps_of_its_sliders():
    run = explorers.cost_of_a_run()
    assert run.controls_key() == ()


@pytest.mark.parametrize(
    ("kwh", "words"), [(0.8, "0.800 kWh"), (999.9, "1.00 MWh"), (3.47e5, "347 MWh"), (2e9, "2.00 TWh")]
)
def test_energy_words(kwh, words):
    with using_language("en"):
        assert format_energy(kwh) == words


def test_interval_score_is_proper():
    """In the long run the true 10 and 90 per cent quantiles score best, better than bluffing and than hedging."""
    truths = np.random.default_rng(1).normal(3.3, 0.1, 20_000)

    def mean_score(half: float) -> float:
        low, high = 3.3 - half, 3.3 + half
        return float(np.mean([interval_score(low, high, truth) for truth in truths]))

    honest = mean_score(0.12816)
    assert all(honest < mean_score(half) for half in (0.04, 0.08, 0.18, 0.3))


def test_interval_score_by_hand():
    assert interval_score(3.0, 3.2, 3.1) == pytest.approx(0.2)
    assert interval_score(3.0, 3.2, 3.25) == pytest.approx(0.2 + 10 * 0.05)
    assert interval_score(3.0, 3.2, 2.9) == pytest.approx(0.2 + 10 * 0.1)
    with pytest.raises(ValueError, match="low"):
        interval_score(3.2, 3.0, 3.1)
    with pytest.raises(ValueError, match="level"):
        interval_score(3.0, 3.2, 3.1, level=80)
    assert Call(3.1, 3.0, 3.2).caught(3.2) and not Call(3.1, 3.0, 3.2).caught(3.21)


def test_valleys_take_the_lowest_seed_mean(ladder):
    valleys = find_valleys(ladder)
    assert valleys.budgets == (1e11, 3e11, 1e12, 3e12, 1e13, 1e14)
    for row, budget in enumerate(valleys.budgets):
        runs = ladder[(ladder["budget"] == budget) & ladder["set"].isin(["grid", "holdout"])]
        assert valleys.loss[row] == pytest.approx(runs.groupby("d_model")["loss_nats"].mean().min())
    assert valleys.seed_deviation == pytest.approx(0.015, rel=0.25)
    draws = valleys.resampled_loss(300)
    assert draws.shape == (300, 6) and np.array_equal(draws, valleys.resampled_loss(300))
    assert np.abs(draws.mean(axis=0) - valleys.loss).max() < 0.03


@pytest.mark.parametrize(
    ("spoil", "names"),
    [
        (lambda runs: runs.drop(columns="flops"), "flops"),
        (lambda runs: runs.assign(loss_nats=runs["loss_nats"].where(runs.index != 4)), "row 4"),
        (lambda runs: runs.assign(flops=0.0), "flops of row 0"),
        (lambda runs: runs[runs["budget"] < 1e12], "2 budgets"),
        (lambda runs: runs.iloc[:0], "0 budgets"),
    ],
)
def test_valleys_refuse_bad_tables(ladder, spoil, names):
    with pytest.raises(ValueError, match=names):
        find_valleys(spoil(ladder))


def test_the_fit_never_sees_the_target(ladder):
    """Whatever the held-out runs measured, everything before the reveal is the same."""
    other = ladder.assign(loss_nats=ladder["loss_nats"].where(ladder["budget"] < 1e12, 0.7 * ladder["loss_nats"]))
    with using_language("en"):
        game, twin = explorers.foretell_the_big_run(ladder), explorers.foretell_the_big_run(other)
        assert game.result.law == twin.result.law
        assert game.say() == twin.say()
        assert game.controls == twin.controls
        assert game.html_table() == twin.html_table()


def test_the_picture_hides_the_target(ladder):
    lower = ladder.assign(loss_nats=ladder["loss_nats"].where(ladder["budget"] < 1e12, ladder["loss_nats"] - 0.2))
    shown = []
    for runs in (ladder, lower):
        with using_language("en"):
            game = explorers.foretell_the_big_run(runs)
            # The pooled seed noise and the law are the same; so must the pixels be.
            shown.append(game.png())
    assert shown[0] == shown[1]


def test_a_whole_game(ladder):
    with using_language("en"):
        game = explorers.foretell_the_big_run(ladder)
        targets = []
        while True:
            targets.append(game.state.target)
            assert game.buttons[0].enabled and not game.buttons[1].enabled
            game.reveal()
            game.reveal()  # a second press is no second round
            assert len(game.result.rounds) == len(targets)
            assert game.locked() == {"guess", "half_width"}
            done = game.result.rounds[-1]
            assert done.truth == game.result.truth
            assert set(done.calls()) == {"reader", "law", "best_so_far"}
            assert done.law.low <= done.law.high
            game.png()
            if game.result.is_last:
                break
            game.next_round()
        assert targets == [1e12, 3e12, 1e13, 1e14]
        game.next_round()  # there is none
        assert game.state.target == 1e14
        assert f"Mean of {len(targets)}" in game.html_table()
        game.reset()
        assert game.state.target == 1e12 and game.result.rounds == ()


def test_committed_numbers_stay_committed(ladder):
    game = explorers.foretell_the_big_run(ladder)
    game.reveal()
    game.next_round()
    game.reveal()
    committed = game.result.rounds[-1]
    first, last = game.state.span
    game.set(span=(last, last))
    assert game.result.law is None
    assert game.result.rounds[-1] == committed
    game.set(span=(first, last))
    assert game.result.law_call == committed.law


def test_the_law_foretells_what_the_law_made(ladder):
    """On noiseless runs from a law with a floor, the fit with a floor finds the largest run."""
    rows = [("grid", 16, c, c, 0, 1.6 + 2.53 * (c / 1e11) ** -0.12) for c in (1e11, 3e11, 1e12, 3e12, 1e13, 1e14)]
    game = explorers.foretell_the_big_run(pd.DataFrame(rows, columns=list(ladder.columns)))
    for _ in range(3):
        game.reveal()
        game.next_round()
    game.set(floor=True)
    assert game.result.law_call.value == pytest.approx(game.result.truth, rel=1e-3)
    game.set(floor=False)
    assert game.result.law_call.value < game.result.truth  # a line on log-log paper falls below the bend


def test_spread_labels_keeps_order_and_distance():
    rng = np.random.default_rng(2)
    for _ in range(200):
        wanted = rng.uniform(0, 1, rng.integers(1, 8))
        moved = spread_labels(wanted, gap=0.07, low=0.0, high=1.0)
        assert moved.min() >= -1e-9 and moved.max() <= 1 + 1e-9
        order = np.argsort(wanted, kind="stable")
        assert (np.diff(moved[order]) >= 0.07 - 1e-9).all()
    apart = np.array([0.1, 0.5, 0.9])
    np.testing.assert_allclose(spread_labels(apart, gap=0.1, low=0.0, high=1.0), apart)
    with pytest.raises(ValueError, match="places"):
        spread_labels(np.array([0.1, np.nan]), gap=0.1, low=0.0, high=1.0)
