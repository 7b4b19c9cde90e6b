"""Worlds, simulations, mistakes, regret and replays: known truths found again, biases shown, whole games by lookup."""

from __future__ import annotations

import time

import numpy as np
import pytest

import course_utils
from course_utils.i18n import t
from course_utils.ladder import shipped
from course_utils.planning import (
    DESIGNS,
    MISTAKES,
    WIDTHS,
    World,
    design,
    forecast,
    mistakes,
    regret,
    replay,
    rows_for_fit,
    simulate,
)

QUIET = World(wander=0.0, noise=1e-4, skew=0.0)


def table(made, world=QUIET, seed=0):
    """Return the runs of a design as a mapping of columns, drawn from a world."""
    size, compute = (np.array([getattr(run, key) for run in made.runs], dtype=float) for key in ("params", "flops"))
    luck = world.scatter(compute) * np.random.default_rng(seed).standard_normal(len(size))
    width = np.array([run.width for run in made.runs])
    return {
        "run": [run.name for run in made.runs], "d_model": width, "params_blocks_and_head": size, "flops": compute,
        "flops_without_head": compute * (24 * width**2 + 128 * width) / (24 * width**2 + 1152 * width),
        "loss_nats": np.exp(world.log_loss(size, compute) + luck),
    }  # fmt: skip


# --- Worlds -----------------------------------------------------------------------------------------------------------


def test_the_default_world_is_the_shipped_ladder(shipped_runs):
    grid, _ = shipped_runs
    fitted = World.of_table(grid)
    shipped_world = World()
    for flops in (1e11, 1e12, 1e13):
        assert shipped_world.log_loss(shipped_world.optimal_params(flops), flops) == pytest.approx(
            float(fitted.log_loss(fitted.optimal_params(flops), flops)), abs=0.02
        )
        assert shipped_world.scatter(flops) == pytest.approx(float(fitted.scatter(flops)), rel=0.05)
    assert fitted.exponent == pytest.approx(shipped_world.exponent, abs=2e-4)
    assert fitted.steepness == pytest.approx(shipped_world.steepness, abs=2e-3)


def test_the_excess_of_unfinished_runs_is_the_measured_one(shipped_runs):
    from course_utils import datasets

    grid, _ = shipped_runs
    curves = datasets.load("text_curves").merge(grid[["run", "d_model", "budget", "seed"]], on="run")
    found = []
    for _, runs in curves.groupby(["d_model", "seed"]):
        budgets = sorted(runs["budget"].unique())
        for small, large in ((s, b) for s in budgets for b in budgets if s < b):
            done, going = (runs[runs["budget"] == b].sort_values("tokens") for b in (small, large))
            end = done["tokens"].max()
            there = np.interp(np.log(end), np.log(going["tokens"]), np.log(going["loss_nats"]))
            excess = there - np.log(done["loss_nats"].iloc[-1])
            found.append((1.0, np.log(large / 1e12), np.log(end / going["tokens"].max() / 0.3), excess))
    *inputs, excess = np.array(found).T
    constants, *_ = np.linalg.lstsq(np.stack(inputs, axis=1), excess, rcond=None)
    assert constants == pytest.approx(World().unfinished, abs=5e-4)
    assert World().excess(1e13, 1e13) == 0
    assert World().excess(1e10, 1e11) == 0  # nothing was measured there
    assert World().excess(3e12, 1e13) == pytest.approx(0.064, abs=1e-3)


def test_a_world_fitted_to_its_own_runs_is_found_again():
    runs = table(design("ladder", budget=1e13))
    made = World.of(runs["params_blocks_and_head"], runs["flops"], runs["loss_nats"])
    assert made.exponent == pytest.approx(QUIET.exponent, abs=5e-4)
    assert made.valley_exponent == pytest.approx(QUIET.valley_exponent, abs=0.01)
    assert made.optimal_params(1e12) == pytest.approx(float(QUIET.optimal_params(1e12)), rel=0.02)
    assert made.steepness == pytest.approx(QUIET.steepness, rel=0.05)


def test_a_floor_is_never_passed():
    world = World(floor=2.0)
    assert np.exp(world.log_loss(world.optimal_params(1e40), 1e40)) == pytest.approx(2.0, abs=0.02)


@pytest.mark.parametrize(
    ("arguments", "message"),
    [
        ({"noise": 0.0}, "noise: 0.0"),
        ({"floor": 5.0}, "floor: 5.0"),
        ({"wander": -1.0}, "wander: -1.0"),
        ({"loss": np.nan}, "loss: .*finite"),
    ],
)
def test_impossible_worlds_are_refused(arguments, message):
    with pytest.raises(ValueError, match=message):
        World(**arguments)


# --- Simulations ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", ["ladder", "many_small", "few_large", "cooldowns"])
def test_simulated_intervals_hold_what_they_promise(name):
    made = simulate(design(name), n=400)
    assert 0.75 <= made.inside <= 0.88, made
    assert abs(made.bias) < 0.01
    assert made.error_median < made.error_90
    assert made.errors == pytest.approx(made.loss / made.measured - 1)


def test_checkpoints_are_biased_and_promise_too_much():
    made = simulate(design("checkpoints", budget=1e13), n=400)
    clean = simulate(design("checkpoints", budget=1e13), World(unfinished=(0.0, 0.0, 0.0)), n=400)
    assert made.bias < -0.025  # the loss falls fastest while the rate falls, and the forecast carries that on
    assert abs(clean.bias) < 0.01
    assert made.inside < 0.5


def test_the_same_seed_draws_the_same_and_noise_widens():
    made = design("ladder")
    first, again, other = simulate(made, n=50), simulate(made, n=50), simulate(made, n=50, seed=1)
    assert (first.loss == again.loss).all()
    assert not (first.loss == other.loss).any()
    loud = simulate(made, World(noise=0.05), n=50)
    assert loud.interval_width > 1.3 * first.interval_width
    assert loud.error_median > first.error_median
    near = simulate(made, World(wander=0.0, noise=1e-3), n=50)
    assert near.error_90 < first.error_median
    assert set(first.widths.tolist()) <= set(WIDTHS)


def test_a_simulated_forecast_is_the_public_forecast():
    made = design("ladder")
    simulated = simulate(made, World(wander=0.0, noise=1e-9), n=3)
    runs = table(made, World(wander=0.0, noise=1e-9))
    public = forecast(runs["params_blocks_and_head"], runs["flops"], runs["loss_nats"], target_flops=made.target)
    width = public.choose_width()
    assert (simulated.widths == width).all()
    again = forecast(runs["params_blocks_and_head"], runs["flops"], runs["loss_nats"], target_flops=made.target,
                     target_params=24 * width**2 + 1024 * width)
    assert simulated.loss == pytest.approx(again.loss, rel=1e-6)
    assert simulated.high == pytest.approx(again.high, rel=1e-6)


def test_a_hundred_ladders_follow_a_slider():
    """Not a clock but a bound ten times above what it takes: the explorer recomputes at every step of a slider."""
    made = design("ladder")
    simulate(made, n=100)
    start = time.process_time()
    simulate(made, n=100)
    assert time.process_time() - start < 0.4


def test_bad_numbers_of_ladders_are_refused():
    for n in (0, 2.5, True):
        with pytest.raises(ValueError, match="n: "):
            simulate(design(), n=n)
    with pytest.raises(ValueError, match="level"):
        simulate(design(), level=0.0)


# --- Mistakes and regret ----------------------------------------------------------------------------------------------


def test_every_mistake_errs_as_its_reason_says():
    made = design("ladder", budget=1e13)
    world = World(wander=0.0, noise=0.003)
    size = float(world.optimal_params(5e12))
    target = float(np.exp(world.log_loss(size, 5e12)))
    wrong = {key: [] for key in MISTAKES}
    for seed in range(30):
        for mistake in mistakes(table(made, world, seed), target_flops=5e12, target_params=size):
            wrong[mistake.key].append(mistake.loss / target - 1)
    bias, spread = ({k: f(v) for k, v in wrong.items() if v} for f in (np.mean, np.std))
    assert "unfinished" not in bias  # there were no curves
    assert bias["floor"] > 0.01  # bends up what is straight
    assert bias["linear"] < -0.03
    assert abs(bias["all_runs"]) > 3 * spread["all_runs"]
    assert bias["same_width"] > 0.05
    assert spread["top_two"] > 1.5 * spread["lucky"]


def test_lucky_seeds_promise_too_much():
    made = design("ladder", seeds={0.1: 2, 0.03: 1, 0.01: 1}, widths=(24, 32, 40), budget=1e13)

    def said(noise):
        world = World(wander=0.0, noise=noise, noise_exponent=0.0)
        found = [mistakes(table(made, world, seed), target_flops=5e12, target_params=2e5) for seed in range(60)]
        return np.mean([np.log(one.loss) for wrong in found for one in wrong if one.key == "lucky"])

    assert said(0.05) < said(1e-4) - 0.03


def test_the_unfinished_mistake_reads_one_curve(pool):
    runs, curves = pool
    row = runs[runs["run"].isin([f"game-1.5e11-d{d}-s0" for d in (16, 20, 24)])]
    found = {m.key: m for m in mistakes(row, target_flops=5e11, target_params=57_344, curves=curves)}
    assert "top_two" not in found  # one rung
    assert 3.0 < found["unfinished"].loss < 4.6
    assert found["unfinished"].name() != found["unfinished"].why()


def test_regret_is_the_compute_that_the_best_width_would_have_saved():
    made = design("ladder", budget=1e13)
    runs = table(made)
    best = WIDTHS[6:]
    for width in (24, 64, 160):
        size = 24 * width**2 + 1024 * width
        loss = float(np.exp(QUIET.log_loss(size, 5e12)))
        target = {"d_model": width, "params_blocks_and_head": size, "flops": 5e12, "loss_nats": loss}
        found = regret(runs, target, widths=best)
        right = 24 * found.best_width**2 + 1024 * found.best_width
        assert found.best_width in (64, 80)
        if width == found.best_width:
            assert found.flops_wasted == found.share == 0
            continue
        needed = 5e12 - found.flops_wasted
        assert np.exp(QUIET.log_loss(right, needed)) == pytest.approx(loss, rel=5e-3)
        assert found.share == pytest.approx(found.flops_wasted / 5e12)
        assert str(found.best_width) in found.words()


def test_tables_without_a_column_are_refused():
    runs = table(design())
    del runs["flops"]
    with pytest.raises(ValueError, match="runs: the column 'flops' is missing"):
        mistakes(runs, target_flops=1e12, target_params=1e5)
    runs = table(design())
    runs["loss_nats"][3] = np.nan
    with pytest.raises(ValueError, match="runs: loss_nats: row 3 is missing"):
        mistakes(runs, target_flops=1e12, target_params=1e5)
    runs["diverged"] = np.arange(25) == 3
    assert mistakes(runs, target_flops=1e12, target_params=1e5)
    with pytest.raises(ValueError, match="target: 'flops' is missing"):
        regret(runs, {"d_model": 32, "params_blocks_and_head": 1e5})
    with pytest.raises(ValueError, match="curves: the design 'checkpoints' fits losses on the way"):
        rows_for_fit(design("checkpoints"), table(design("checkpoints")))


# --- Whole games ------------------------------------------------------------------------------------------------------


@pytest.mark.parametrize("name", DESIGNS)
def test_a_whole_game_by_lookup(pool, name):
    runs, curves = pool
    made = replay(runs, curves, name, game=3)
    assert made.width in shipped.GAME_MODELS[5e11]
    target = runs[runs["run"] == f"game-5e11-d{made.width}-s1003"].iloc[0]
    assert made.measured == target["loss_nats"]
    assert made.error == pytest.approx(made.forecast.loss / made.measured - 1)
    assert made.inside == (made.forecast.low <= made.measured <= made.forecast.high)
    assert abs(made.error) < 0.1
    assert made.forecast.n_runs == len(rows_for_fit(made.design, runs[runs["run"].isin(
        [("cooldown-" if run.schedule == "cooldown" else "game-") + run.name for run in made.design.runs])], curves)[0])
    assert made.regret.width == made.width
    assert {m.key for m in made.mistakes} >= ({"unfinished"} if name == "checkpoints" else {"all_runs", "lucky"})


def test_twenty_games_hold_about_what_they_promise(pool):
    runs, _ = pool
    played = [replay(runs, None, "ladder", game) for game in range(20)]
    assert 13 <= sum(game.inside for game in played) <= 20
    assert len({game.measured for game in played}) == 20


def test_a_game_that_the_table_does_not_hold_is_refused(pool):
    runs, curves = pool
    with pytest.raises(ValueError, match=r"game: 25 of 25 runs of game 20 are not in the table.*game-5e10-d6-s20"):
        replay(runs, curves, game=20)
    with pytest.raises(ValueError, match="game: the table holds no target of 5e\\+11 FLOPs with the seed 1000"):
        replay(runs[runs["budget"] < 5e11], curves)
    with pytest.raises(ValueError, match="curves: the design 'checkpoints'"):
        replay(runs, None, "checkpoints")


def test_a_target_that_diverged_has_no_error(pool):
    runs, _ = pool
    lost = runs.copy()
    lost.loc[lost["seed"] == 1000, ["diverged", "loss_nats"]] = [True, np.nan]
    made = replay(lost, None, "ladder", 0)
    assert made.measured is made.error is made.inside is made.regret is None
    assert made.summary() and made._repr_html_()


def test_faces_in_three_languages(pool):
    runs, curves = pool
    played, simulated = replay(runs, curves, "checkpoints", 1), simulate(design("few_large"), n=20)
    texts = set()
    try:
        for code in ("en", "vi", "zh"):
            course_utils.set_language(code)
            for made in (played, simulated):
                texts |= {repr(made), made._repr_html_()}
            for key in MISTAKES:
                texts |= {t(f"planning.mistake.{key}"), t(f"planning.mistake.{key}_why")}
            for name in DESIGNS:
                texts |= {t(f"planning.design.{name}_why")}
    finally:
        course_utils.set_language("en")
    assert len(texts) == 3 * (4 + 2 * len(MISTAKES) + len(DESIGNS))
    assert not any("{" in text for text in texts)
