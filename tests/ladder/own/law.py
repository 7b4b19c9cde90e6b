"""A trainer whose losses follow a known law, and a pool of recorded runs made of it: no PyTorch, milliseconds."""

from __future__ import annotations

import csv
import math
import os
import random
import time
from pathlib import Path

from course_utils.ladder.train import Run, curve_steps

EXPONENT = 0.07
BEST = 0.05
"""N_opt = BEST * C^0.515."""


def loss_of(params: float, flops: float, seed: int) -> float:
    """Return the loss of a run: a valley whose bottom falls as a power law, and the luck of its seed."""
    off = math.log(params / (BEST * flops**0.515))
    luck = random.Random(f"{params:.0f} {flops:.6g} {seed}").gauss(0, 0.006)
    return 3.9 * (flops / 5e11) ** -EXPONENT * math.exp(0.05 * off**2 + luck)


def row_of(run: Run) -> tuple[dict, list[dict]]:
    """Return a row and a curve as the trainer writes them."""
    shape = run.shape()
    flops = run.steps * run.batch_tokens * shape.flops_per_token()
    loss = loss_of(shape.params_blocks_and_head, flops, run.seed)
    row = {"run": run.name, "set": run.set, "corpus": run.corpus, "d_model": run.d_model, "seed": run.seed,
           "budget": run.budget, "schedule": run.schedule, "tokens": run.tokens, "steps": run.steps, "lr": run.lr,
           "params_blocks_and_head": shape.params_blocks_and_head, "flops": flops, "loss_nats": round(loss, 6),
           "diverged": False, "train_seconds": 0.01, "data": "0123456789abcdef"}
    curve = [{"run": run.name, "step": step, "tokens": step * run.batch_tokens,
              "flops": step * run.batch_tokens * shape.flops_per_token(),
              "loss_nats": round(loss * (run.steps / step) ** 0.1, 6)}
             for step in curve_steps(run.steps, run.curve_points)]
    return row, curve


def follow(run: Run, *, device: str, report=None) -> tuple[dict, list[dict]]:
    """Return what the law says, after a moment; says how far it is on the way."""
    row, curve = row_of(run)
    for point in curve:
        time.sleep(float(os.environ.get("LAW_SLEEP", "0.001")))
        if report:
            report(point["step"], point["loss_nats"])
    return row, curve


def one_diverges(run: Run, *, device: str, report=None) -> tuple[dict, list[dict]]:
    """Follow the law, but for the widest run of the smallest rung, whose loss becomes no number half-way."""
    row, curve = row_of(run)
    if run.d_model == 16 and run.budget == 5e9 and run.seed == 0:
        curve = curve[:4]
        curve[-1]["loss_nats"] = math.nan
        row |= {"loss_nats": math.nan, "diverged": True}
    return row, curve


def target_diverges(run: Run, *, device: str, report=None) -> tuple[dict, list[dict]]:
    """Follow the law, but for the large run."""
    row, curve = row_of(run)
    if run.seed >= 1000:
        curve[-1]["loss_nats"] = math.nan
        row |= {"loss_nats": math.nan, "diverged": True}
    return row, curve


def all_diverge(run: Run, *, device: str, report=None) -> tuple[dict, list[dict]]:
    """Lose every run, as far too large a learning rate does."""
    row, curve = row_of(run)
    return row | {"loss_nats": math.nan, "diverged": True}, curve[:2]


def one_crashes(run: Run, *, device: str, report=None) -> tuple[dict, list[dict]]:
    """Follow the law, but break at the widest run of the smallest rung."""
    if run.d_model == 16 and run.budget == 5e9 and run.seed == 0:
        raise RuntimeError(f"{run.name} broke")
    return row_of(run)


def interrupt(run: Run, *, device: str, report=None) -> tuple[dict, list[dict]]:
    """Follow the law until a run of the smallest rung, at which the reader presses Ctrl-C."""
    if run.budget == 5e9:
        raise KeyboardInterrupt
    return row_of(run)


def write_pool(folder: Path, runs: list[Run]) -> Path:
    """Write recorded tables of some runs."""
    folder.mkdir(parents=True, exist_ok=True)
    entries = [row_of(run) for run in runs]
    for name, rows in (("game_runs.csv", [row for row, _ in entries]),
                       ("game_curves.csv", [point for _, curve in entries for point in curve])):
        with open(folder / name, "w", encoding="utf-8", newline="") as file:
            writer = csv.DictWriter(file, list(rows[0]))
            writer.writeheader()
            writer.writerows(rows)
    return folder
