"""From a planned run to the specification that trains it."""

from __future__ import annotations

from collections.abc import Iterable
from dataclasses import replace

from course_utils.planning import Design, PlannedRun

from ..shipped import TARGET_SEED, game_run
from ..train import Run
from .state import State


def name_of(planned: PlannedRun) -> str:
    """Name a run as the recorded pool does: by its schedule, rung, width and seed."""
    return f"{'cooldown' if planned.schedule == 'cooldown' else 'game'}-{planned.name}"


def target_seed(game: int) -> int:
    """Return the seed of a game's target run: no screening run has it."""
    return TARGET_SEED + game


def trainable(planned: Iterable[PlannedRun], state: State) -> list[Run]:
    """Return what trains the planned runs of a game.

    Runs of one width and seed with a constant rate and cooldowns share the warm-up of the second horizon of the
    design, so that they are one run until they cool.
    """
    return [_own(_run(run, state.design), run.tokens, state) for run in planned]


def _run(planned: PlannedRun, design: Design) -> Run:
    run = game_run(name_of(planned), "games", planned.width, planned.rung, planned.seed)
    if planned.schedule != "cooldown":
        return run
    rungs = sorted({other.rung for other in design.runs})
    second = game_run("warmup", "games", planned.width, rungs[min(1, len(rungs) - 1)], planned.seed)
    return replace(run, set="games_cooldown", schedule="cooldown", warmup_steps=second.warmup_steps)


def _own(run: Run, tokens: int, state: State) -> Run:
    run = replace(run, lr=run.lr * state.rate)
    if state.text_key:
        # Another vocabulary makes a width cheaper or dearer: the plan has counted the tokens, and the warm-up follows.
        steps = tokens // run.batch_tokens
        warmup = max(1, round(run.warmup_steps * steps / run.steps))
        run = replace(run, corpus="own", text=state.text_key, tokens=tokens, warmup_steps=warmup)
    return run
