"""Play again: what it shows is what a replay of the game gives, on a pool of known losses and on the recorded one."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers
from course_utils.explorers.games_state import RecordedGames
from course_utils.i18n import using_language
from course_utils.planning import DESIGNS, design, planned_run, replay
from course_utils.planning.prior import shape
from course_utils.planning.replay import PREFIXES, TARGET_SEED

_GAMES = 4


def _row(run, prefix: str, luck: float) -> dict:
    sizes = shape(run.width)
    off = np.log(run.params / (0.0528 * run.flops**0.5166))
    loss = 3.9 * (run.flops / 5e11) ** -0.07 * np.exp(0.06 * off**2 + luck)
    return {
        "run": prefix + run.name, "set": "games", "d_model": run.width, "budget": run.rung, "seed": run.seed,
        "params_blocks_and_head": run.params, "flops": run.flops, "loss_nats": loss, "diverged": False,
        "flops_without_head": run.flops * sizes.flops_per_token(head=False) / sizes.flops_per_token(),
    }  # fmt: skip


def made_up_pool(noise: float = 0.004) -> tuple[pd.DataFrame, pd.DataFrame]:
    """Make a pool of whole games from L = 3.9 (C / 5e11)^-0.07 and a valley; a curve is the law at less compute."""
    rng = np.random.default_rng(1)
    planned = {
        run: PREFIXES[run.schedule] for name in DESIGNS for g in range(_GAMES) for run in design(name, game=g).runs
    }
    targets = [planned_run(5e11, width, TARGET_SEED + g) for g in range(_GAMES) for width in (20, 24, 28, 32, 40)]
    runs = [
        _row(run, prefix, noise * rng.standard_normal())
        for run, prefix in (planned | dict.fromkeys(targets, "game-")).items()
    ]
    points = [
        {"run": row["run"], "flops": row["flops"] * part, "loss_nats": row["loss_nats"] * part**-0.07}
        for row in runs for part in np.geomspace(1 / 200, 1, 8)
    ]  # fmt: skip
    return pd.DataFrame(runs), pd.DataFrame(points)


@pytest.fixture(scope="module")
def pool():
    return made_up_pool()


@pytest.fixture(scope="module")
def games(pool):
    return RecordedGames(*pool)


def test_every_game_of_the_pool_is_found(games):
    assert games.games == dict.fromkeys(DESIGNS, tuple(range(_GAMES)))


@pytest.mark.parametrize("name", DESIGNS)
def test_a_game_is_what_its_replay_gives(games, pool, name):
    result = games.compute(name, 2, "nothing", 0.8)
    made = replay(*pool, name, 2)
    assert result.error == pytest.approx(made.error, abs=1e-12)
    assert (result.width, result.measured) == (made.width, made.measured)
    assert (result.low, result.high) == pytest.approx((made.forecast.low, made.forecast.high), rel=1e-12)
    assert dict(result.mistakes) == pytest.approx({mistake.key: mistake.loss for mistake in made.mistakes})


@pytest.mark.parametrize("name", DESIGNS)
def test_all_games_at_once_are_the_games_one_by_one(games, name):
    result = games.compute(name, 0, "nothing", 0.9)
    for game in result.games:
        one = games.compute(name, int(game), "nothing", 0.9)
        here = int(np.flatnonzero(result.games == game)[0])
        assert result.errors[here] == pytest.approx(one.error, abs=1e-9)
        assert result.lows[here] == pytest.approx(one.low / one.measured - 1, abs=1e-9)
        assert bool(result.inside[here]) == (one.low <= one.measured <= one.high)


def test_a_known_law_is_foretold(games):
    result = games.compute("ladder", 1, "nothing", 0.8)
    assert np.abs(result.errors).max() < 0.03
    assert result.line_loss[0] == pytest.approx(3.9 * (result.line_flops[0] / 5e11) ** -0.07, rel=0.02)
    assert result.line_loss[-1] == pytest.approx(result.foretold, rel=0.01)


def test_without_the_largest_rung_the_interval_is_wider(games):
    whole, less = (games.compute("ladder", 0, dropped, 0.8) for dropped in ("nothing", "largest"))
    assert np.log(less.high / less.low) > 1.2 * np.log(whole.high / whole.low)
    assert less.left_out.sum() == 5 and less.flops[less.left_out].min() > 4e10 and not whole.left_out.any()


def test_a_design_of_two_rungs_keeps_both(games):
    assert games.compute("many_small", 0, "largest", 0.8).dropped == "nothing"
    explorer = explorers.play_again(*made_up_pool())
    explorer.set(design="many_small")
    assert explorer.locked() == {"dropped"}


def test_a_higher_level_holds_more(games):
    half, most = (games.compute("ladder", 0, "nothing", level) for level in (0.5, 0.95))
    assert half.low > most.low and half.high < most.high and half.foretold == most.foretold
    assert half.inside.sum() <= most.inside.sum()


def test_luck_is_counted_as_coins_are(games):
    result = games.compute("ladder", 0, "nothing", 0.8)
    held = int(result.inside.sum())
    drawn = np.random.default_rng(0).binomial(len(result.games), 0.8, 20_000)
    assert result.luck[0] == pytest.approx(np.mean(drawn >= held), abs=0.02)
    assert result.luck[1] == pytest.approx(np.mean(drawn <= held), abs=0.02)


def test_an_interval_that_holds_too_few_is_called_narrow(pool):
    runs = pool[0].copy()
    far = runs["run"].str.startswith("game-5e11")
    runs.loc[far, "loss_nats"] *= 1.2
    with using_language("en"):
        explorer = explorers.play_again(runs, pool[1])
        assert not explorer.result.inside.any()
        assert "too narrow" in explorer.say() and "Outside" in explorer._message(explorer.result)


def test_what_diverged_is_left_out_and_said(pool):
    runs, curves = pool[0].copy(), pool[1]
    runs.loc[runs["run"].str.startswith("game-5e11") & (runs["seed"] == TARGET_SEED + 1), "diverged"] = True
    runs.loc[runs["run"] == "game-5e10-d12-s2", "diverged"] = True
    with using_language("en"):
        explorer = explorers.play_again(runs, curves, game=1)
        assert explorer.result.measured is None and 1 not in explorer.result.games
        assert "diverged" in explorer.say()
        assert explorer.png()
        explorer.set(game=2)
        assert len(explorer.result.flops) == 24
        assert explorer.result.error == pytest.approx(replay(runs, curves, "ladder", 2).error, abs=1e-9)
        here = int(np.flatnonzero(explorer.result.games == 2)[0])
        assert explorer.result.errors[here] == pytest.approx(explorer.result.error, abs=1e-9)


def test_games_that_lack_a_run_are_not_played(pool):
    runs, curves = pool
    fewer = runs[runs["run"] != "game-5e10-d12-s3"]
    explorer = explorers.play_again(fewer, curves)
    assert explorer.pool.games["ladder"] == (0, 1, 2)
    with using_language("en"):
        explorer = explorers.play_again(fewer, curves, game=3)
        assert explorer.result.game == 2 and "no game 3" in explorer.say()
    with pytest.raises(ValueError, match="no game is complete"):
        explorers.play_again(runs[runs["seed"] < TARGET_SEED], curves)
    with pytest.raises(ValueError, match="d_model"):
        explorers.play_again(runs.drop(columns="d_model"), curves)


def test_the_recorded_pool_is_played_as_its_replay_says():
    runs, curves = datasets.load("game_runs"), datasets.load("game_curves")
    games = RecordedGames(runs, curves)
    for name in games.designs:
        game = games.games[name][-1]
        made, result = replay(runs, curves, name, game), games.compute(name, game, "nothing", 0.8)
        assert result.error == pytest.approx(made.error, abs=1e-9)
        assert result.low <= result.foretold <= result.high
