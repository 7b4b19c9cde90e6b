"""Pointer chasing at several stages of training: what do votes of many chains of thought add to one?"""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from .pointer import INITIALISATION, MOST, PLACES, RATE, STEPS, PointerRun, answer_after, batch, questions, seconds
from .train import peak_learning_rate, train_model

TABLE = "answers/pointer_votes.csv"
WIDTH, SEEDS = 16, 3
AT = (250, 300, 350, 400, 500, 700, 1000)  # steps after which the model votes
PROBLEMS = 30  # of each number of steps
SAMPLES = 256

__all__ = ["TABLE", "planned_runs", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[PointerRun]:
    """List the runs that ship with the course."""
    return [PointerRun(f"votes-d{WIDTH}-s{seed}", WIDTH, seed, STEPS, True, items=PROBLEMS) for seed in range(SEEDS)]


def smoke_runs() -> list[PointerRun]:
    """List one short run that takes seconds."""
    return [PointerRun("smoke-d8", 8, 0, AT[0], True, items=2)]


def train(run: PointerRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train one model and let it answer every test item `SAMPLES` times at temperature 1, at the steps `AT`.

    Each sample writes as many places as the question asks steps and then answers.

    Parameters
    ----------
    run : PointerRun
        The specification.
    device : str
        "cpu" or "cuda".
    report : callable or None
        Called after every step with its number and its training loss.

    Returns
    -------
    row : dict
        The run's name, its last training loss, and its seconds of wall time.
    rows : list of dict
        One for each checkpoint and problem.
    """
    import torch

    losses, rows = [], []
    start = (time.perf_counter(), time.process_time())

    def each(step, loss):
        losses.append(loss)
        if report:
            report(step, loss)

    def checkpoint(step, model):
        for hops in range(1, MOST + 1):
            prompts, answers = questions(hops, run.items)
            greedy = answer_after(model, prompts, hops, device=device)
            generator = torch.Generator(device).manual_seed(1000 * run.seed + hops)
            many = np.repeat(prompts, SAMPLES, axis=0)
            said = answer_after(model, many, hops, temperature=1.0, generator=generator, device=device)
            said = said.reshape(len(prompts), SAMPLES)
            rows.extend({
                "run": run.name, "d_model": run.d_model, "seed": run.seed, "step": step, "hops": hops,
                "problem": f"{hops}-{item + 1}", "samples": SAMPLES,
                "correct": int((said[item] == answers[item]).sum()), "answer": int(answers[item]),
                "greedy": int(greedy[item] == answers[item]),
                "counts": " ".join(str(n) for n in np.bincount(said[item], minlength=PLACES)),
            } for item in range(len(prompts)))

    train_model(partial(batch, run), run.shape(), steps=run.steps, seed=run.seed,
                peak=RATE * peak_learning_rate(run.d_model), initialisation=INITIALISATION, checkpoints=AT,
                at_checkpoint=checkpoint, at_step=each, device=device)
    took, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    for row in rows:
        row["cpu_seconds"] = round(worked, 2)
    return {"run": run.name, "loss_nats": losses[-1], "train_seconds": took}, rows
