"""Multitask sparse parity: 64 small skills, asked for with Zipf frequencies, each learnt all at once.

An example names one of 64 tasks by a one-hot code and shows 32 random bits; the answer is the parity of the three bits
that belong to the task. Task k is drawn with probability proportional to k^-1.4. Bits say nothing one by one or two by
two: a network sees a task's triple or it guesses, at a loss of ln 2.

Source: Michaud, Liu, Girit and Tegmark 2023 (arXiv 2303.13506).
"""

from __future__ import annotations

import functools
import math
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from .train import checkpoint_steps

TABLE = "abilities/parity_runs.csv"
TASKS, BITS, ORDER = 64, 32, 3
EXPONENT = 1.4
BATCH = 1000
STEPS = 10_000
LEARNING_RATE = 1e-3
WIDTHS = {8: 3, 16: 3, 32: 3, 64: 3, 128: 3, 256: 3, 512: 1}
"""Hidden units, and how many seeds each has."""
CHECKPOINTS, FIRST_CHECKPOINT = 42, 20
ITEMS = 500
REPORTED = 16
"""Tasks, the most frequent first, whose loss and accuracy have columns of their own."""
LANGUAGE_SEED = 20230323
TEST_SEED = 20230324


@dataclass(frozen=True)
class ParityRun:
    """Everything that decides a run.

    Attributes
    ----------
    name : str
        Unique name, the key of its rows.
    width : int
        Hidden units.
    seed : int
        Seed of the weights and of the training examples.
    steps : int
        Optimizer steps of 1,000 fresh examples.
    """

    name: str
    width: int
    seed: int
    steps: int = STEPS


def planned_runs() -> list[ParityRun]:
    """List the runs that ship with the course, first seeds first."""
    return [ParityRun(f"parity-w{width}-s{seed}", width, seed)
            for seed in range(max(WIDTHS.values())) for width, seeds in WIDTHS.items() if seed < seeds]


def smoke_runs() -> list[ParityRun]:
    """List two short runs that take seconds."""
    return [ParityRun(f"smoke-w{width}", width, 0, 200) for width in (8, 64)]


def seconds(run: ParityRun) -> float:
    """Estimate the duration of `run` on one core; only ratios matter."""
    return run.steps * (1e-3 + 6 * BATCH * run.width * (TASKS + BITS + 1) / 60e9)


def task_probabilities() -> NDArray[np.float64]:
    """Return how often each task is asked for, array of shape (64,), most frequent first."""
    weights = np.arange(1, TASKS + 1, dtype=float) ** -EXPONENT
    return weights / weights.sum()


@functools.lru_cache(maxsize=1)
def triples() -> NDArray[np.int64]:
    """Return the bits of each task, array of shape (64, 3): one fixed choice, no two tasks alike."""
    generator = np.random.default_rng(LANGUAGE_SEED)
    chosen: dict[tuple[int, ...], None] = {}
    while len(chosen) < TASKS:
        chosen[tuple(sorted(generator.choice(BITS, ORDER, replace=False).tolist()))] = None
    return np.array(list(chosen))


def examples(tasks: NDArray[np.int64], generator: np.random.Generator) -> tuple[NDArray, NDArray]:
    """Draw one example for each of `tasks`.

    Returns
    -------
    inputs : array of shape (n_examples, 96), float32
        The one-hot code of the task, then the bits.
    parity : array of shape (n_examples,), float32, 0 or 1
    """
    count = len(tasks)
    bits = np.frombuffer(generator.bytes(count * BITS // 8), dtype=np.uint8)
    bits = np.unpackbits(bits).reshape(count, BITS)
    inputs = np.zeros((count, TASKS + BITS), dtype=np.float32)
    inputs[np.arange(count), tasks] = 1.0
    inputs[:, TASKS:] = bits
    parity = bits[np.arange(count)[:, None], triples()[tasks]].sum(axis=1) % 2
    return inputs, parity.astype(np.float32)


def train(run: ParityRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train one network with a hidden ReLU layer (Adam, 1e-3) and measure every task at log-spaced steps.

    Parameters
    ----------
    run : ParityRun
        The specification.
    device : str
        "cpu" or "cuda".
    report : callable or None
        Called after every step with its number and its training loss.

    Returns
    -------
    row : dict
        The run's name, its last loss (mean over tasks, weighted by their frequency), and its seconds of wall time.
    rows : list of dict
        One for each checkpoint.
    """
    import torch
    import torch.nn.functional as F
    from torch import nn

    torch.set_num_threads(1)
    torch.manual_seed(run.seed)
    model = nn.Sequential(nn.Linear(TASKS + BITS, run.width), nn.ReLU(), nn.Linear(run.width, 1)).to(device)
    optimizer = torch.optim.Adam(model.parameters(), lr=LEARNING_RATE, fused=True)
    often = task_probabilities()
    cumulative = np.cumsum(often)[:-1]
    test_inputs, test_parity = examples(np.repeat(np.arange(TASKS), ITEMS), np.random.default_rng(TEST_SEED))
    test_inputs, test_parity = torch.from_numpy(test_inputs).to(device), torch.from_numpy(test_parity).to(device)
    points = set(checkpoint_steps(run.steps, CHECKPOINTS, FIRST_CHECKPOINT))
    weights = sum(p.numel() for p in model.parameters())
    generator = np.random.default_rng([run.seed, 11])
    rows, start = [], (time.perf_counter(), time.process_time())

    @torch.inference_mode()
    def checkpoint(step):
        scores = model(test_inputs)[:, 0]
        losses = F.binary_cross_entropy_with_logits(scores, test_parity, reduction="none")
        losses = losses.view(TASKS, ITEMS).double().mean(1).cpu().numpy()
        right = ((scores > 0) == (test_parity > 0.5)).view(TASKS, ITEMS).double().mean(1).cpu().numpy()
        rows.append({
            "run": run.name, "width": run.width, "seed": run.seed, "params_total": weights, "step": step,
            "examples": step * BATCH, "flops": 6.0 * weights * step * BATCH, "items": ITEMS,
            "loss_nats": round(float(often @ losses), 6), "accuracy": round(float(often @ right), 6),
            "tasks_learnt": int((losses < math.log(2) / 2).sum()),
        } | {f"loss_task_{k + 1}": round(float(losses[k]), 5) for k in range(REPORTED)}
          | {f"accuracy_task_{k + 1}": round(float(right[k]), 4) for k in range(REPORTED)})

    for step in range(1, run.steps + 1):
        inputs, parity = examples(np.searchsorted(cumulative, generator.random(BATCH), side="right"), generator)
        scores = model(torch.from_numpy(inputs).to(device))[:, 0]
        loss = F.binary_cross_entropy_with_logits(scores, torch.from_numpy(parity).to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        optimizer.step()
        if report:
            report(step, loss.item())
        if step in points:
            checkpoint(step)
    took, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    for row in rows:
        row["cpu_seconds"] = round(worked, 2)
    return {"run": run.name, "loss_nats": rows[-1]["loss_nats"], "train_seconds": took}, rows
