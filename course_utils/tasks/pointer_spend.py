"""Pointer chasing, size by length of thought by samples: the joint table behind *spend a budget*."""

from __future__ import annotations

import time
from collections.abc import Callable
from functools import partial

import numpy as np

from .expressions import Ints
from .pointer import ANSWER, BLANK, INITIALISATION, MOST, PLACES, RATE, STEPS, PointerRun, batch, questions, seconds
from .train import peak_learning_rate, train_model

TABLE = "answers/pointer_spend.csv"
WIDTHS, SEEDS = (16, 20, 24, 32), 3
PROBLEMS = 30  # of each number of steps, the first of those that every model answers
SAMPLES = 256

__all__ = ["TABLE", "planned_runs", "samples_after", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[PointerRun]:
    """List the runs that ship with the course."""
    return [PointerRun(f"spend-d{d}-s{seed}", d, seed, STEPS, True, items=PROBLEMS)
            for seed in range(SEEDS) for d in WIDTHS]


def smoke_runs() -> list[PointerRun]:
    """List one short run that takes seconds."""
    return [PointerRun("smoke-d8", 8, 0, 100, True, items=2)]


def samples_after(model, prompts: Ints, thoughts: int, samples: int, *, generator=None, device: str = "cpu") -> Ints:
    """Draw answers at temperature 1 after so many thoughts each: array of shape (n_prompts, samples).

    As :func:`.pointer.answer_after`, but a question is read once for all its samples.
    """
    import torch

    from .generate import read

    def draw(logits, count: int):
        return torch.multinomial(logits[:, :PLACES].softmax(-1), count, replacement=True, generator=generator)

    asked = np.pad(prompts, ((0, 0), (0, MOST - thoughts)), constant_values=BLANK)
    memory: list = [None] * len(model.blocks)
    with torch.inference_mode():
        ids = torch.from_numpy(asked).to(device)
        end = torch.full((len(ids), 1), ANSWER, device=device)
        if not thoughts:
            return draw(read(model, torch.cat([ids, end], dim=1), memory, 0), samples).cpu().numpy()
        said = draw(read(model, ids, memory, 0), samples).reshape(-1, 1)
        memory = [tuple(part.repeat_interleave(samples, dim=0) for part in pair) for pair in memory]
        at = ids.shape[1]
        for _ in range(thoughts - 1):
            said, at = draw(read(model, said, memory, at), 1), at + 1
        said = torch.cat([said, end.repeat_interleave(samples, dim=0)], dim=1)
        return draw(read(model, said, memory, at), 1).reshape(len(ids), samples).cpu().numpy()


def train(run: PointerRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train one model; let it answer each test item `SAMPLES` times after 0, 1, 2 ... thoughts, up to all it needs.

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
        One for each number of steps, number of thoughts and problem.
    """
    import torch

    losses, rows, shape = [], [], run.shape()
    start = (time.perf_counter(), time.process_time())

    def each(step, loss):
        losses.append(loss)
        if report:
            report(step, loss)

    model = train_model(partial(batch, run), shape, steps=run.steps, seed=run.seed,
                        peak=RATE * peak_learning_rate(run.d_model), initialisation=INITIALISATION, at_step=each,
                        device=device)
    for hops in range(1, run.most + 1):
        prompts, answers = questions(hops, run.items)
        for budget in range(hops + 1):
            generator = torch.Generator(device).manual_seed(10_000 * run.seed + 100 * hops + budget)
            said = samples_after(model, prompts, budget, SAMPLES, generator=generator, device=device)
            rows.extend({
                "run": run.name, "d_model": run.d_model, "seed": run.seed,
                "params_blocks_and_head": shape.params_blocks_and_head, "hops": hops, "budget": budget,
                "problem": f"{hops}-{item + 1}", "samples": SAMPLES,
                "correct": int((said[item] == answers[item]).sum()), "answer": int(answers[item]),
                "counts": " ".join(str(n) for n in np.bincount(said[item], minlength=PLACES)),
            } for item in range(len(prompts)))
    took, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    for row in rows:
        row["cpu_seconds"] = round(worked, 2)
    return {"run": run.name, "loss_nats": losses[-1], "train_seconds": took}, rows
