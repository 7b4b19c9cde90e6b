"""Pointer chasing, with and without room to think: where does a chain of arrows lead after up to eight steps?

Sixteen places each point to another; together they form one ring, so no place comes twice within eight steps. The
question lists where each place points, the start and the number of steps. A model that thinks has eight slots for the
places on its way, of which it fills the last ones, one for each step; then it is asked for the last place. A model that
does not think says the last place at once.
"""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .expressions import Ints
from .train import TaskShape, checkpoint_steps, peak_learning_rate, task_shape, train_model

TABLE = "answers/pointer_runs.csv"
PLACES, MOST = 16, 8
ANSWER, BLANK = PLACES + MOST, PLACES + MOST + 1  # after the places and the tokens for 1 to MOST steps
VOCABULARY = BLANK + 1
QUESTION = PLACES + 2
BATCH = 128
STEPS, LONG = 1000, 5000
RATE = 1.5  # times the peak rate of other tasks
INITIALISATION = "wide"
ITEMS = 500  # of each number of steps
TEST_SEED = 2_501_19_393  # of the test items, the same for every model
CHECKPOINTS, FIRST_CHECKPOINT = 6, 100


@dataclass(frozen=True)
class PointerRun:
    """Everything that decides a run.

    Attributes
    ----------
    name : str
        Unique name, the key of its rows.
    d_model, seed, steps : int
        Width; seed of weights and examples; optimizer steps of 128 fresh examples.
    thinks : bool
        Whether the examples show the places on the way.
    items : int
        Test items of each number of steps.
    most : int
        Steps along the arrows, at most, in training and test.
    """

    name: str
    d_model: int
    seed: int
    steps: int
    thinks: bool
    items: int = ITEMS
    most: int = MOST

    def shape(self) -> TaskShape:
        """Return the model's sizes."""
        return task_shape(self.d_model, VOCABULARY, QUESTION + 2 + (MOST if self.thinks else 0))


def planned_runs() -> list[PointerRun]:
    """List the runs that ship with the course.

    Thinking at three sizes; at once at two, also five times as long; at once for up to one, two and three steps alone.
    """
    thinking = [PointerRun(f"pointer-thinks-d{d}-s{seed}", d, seed, STEPS, True)
                for seed in range(3) for d in (16, 24, 32)]
    at_once = [PointerRun(f"pointer-at-once-d{d}-{steps}-s{seed}", d, seed, steps, False)
               for steps in (STEPS, LONG) for seed in range(3) for d in (16, 32)]
    shorter = [PointerRun(f"pointer-at-once-d32-{LONG}-up-to-{most}-s{seed}", 32, seed, LONG, False, most=most)
               for seed in range(2) for most in (1, 2, 3)]
    return thinking + at_once + shorter


def smoke_runs() -> list[PointerRun]:
    """List two short runs that take seconds."""
    return [PointerRun(f"smoke-{thinks}", 8, 0, 100, thinks, items=20) for thinks in (True, False)]


def seconds(run: PointerRun) -> float:
    """Estimate the duration of `run` on one core; only ratios matter."""
    tokens = BATCH * run.shape().context
    return run.steps * (5e-3 + tokens * run.shape().flops_per_token() / 40e9)


def examples(hops: Ints, generator: np.random.Generator, *, thinks: bool) -> tuple[Ints, np.ndarray]:
    """Draw one example for each number of steps in `hops`.

    Returns
    -------
    tokens : array of shape (n_examples, time)
    counts : array of the same shape, bool
        True on the places of the way and on the answer; without thoughts on the answer alone.
    """
    count, rows = len(hops), np.arange(len(hops))
    ring = generator.permuted(np.tile(np.arange(PLACES), (count, 1)), axis=1)
    where = np.empty_like(ring)
    where[rows[:, None], ring] = np.roll(ring, -1, axis=1)  # ring[i] points to ring[i + 1]
    start = generator.integers(PLACES, size=count)
    way = np.empty((count, MOST), dtype=np.int64)
    at = start
    for step in range(MOST):
        at = way[:, step] = where[rows, at]
    answer = way[rows, hops - 1]
    asked = np.column_stack([where, start, PLACES + hops - 1])
    if not thinks:
        tokens = np.column_stack([asked, np.full(count, ANSWER), answer])
        counts = np.zeros(tokens.shape, dtype=bool)
        counts[:, -1] = True
        return tokens, counts
    slot = np.arange(MOST) - (MOST - hops[:, None])  # number of the step that each slot holds, below 0 before the first
    said = np.where(slot >= 0, np.take_along_axis(way, np.maximum(slot, 0), axis=1), BLANK)
    tokens = np.column_stack([asked, said, np.full(count, ANSWER), answer])
    counts = np.zeros(tokens.shape, dtype=bool)
    counts[:, QUESTION:-2] = slot >= 0
    counts[:, -1] = True
    return tokens, counts


def batch(run: PointerRun, step: int) -> tuple[Ints, np.ndarray]:
    """Draw the training examples of a step: every number of steps as often as every other."""
    generator = np.random.default_rng([run.seed, step, 19])
    return examples(generator.integers(1, run.most + 1, size=BATCH), generator, thinks=run.thinks)


def questions(hops: int, items: int) -> tuple[Ints, Ints]:
    """Return test items, the same for every model: questions of shape (items, QUESTION), and their answers."""
    tokens, _ = examples(np.full(items, hops), np.random.default_rng([TEST_SEED, hops]), thinks=False)
    return tokens[:, :QUESTION], tokens[:, -1]


def answer_after(model, prompts: Ints, thoughts: int | None, *, temperature: float = 0.0, generator=None,
                 device: str = "cpu") -> Ints:
    """Let a model write so many places, then make it answer: array of shape (n_prompts,).

    The slots of thought that the budget does not pay for stay blank. None is for models that never think, which have no
    such slots.
    """
    import torch

    from .generate import generate

    say = functools.partial(generate, model, among=PLACES, temperature=temperature, generator=generator)
    blank = 0 if thoughts is None else MOST - thoughts
    ids = torch.from_numpy(np.pad(prompts, ((0, 0), (0, blank)), constant_values=BLANK)).to(device)
    if thoughts:
        ids = torch.cat([ids, say(ids, thoughts)], dim=1)
    ids = torch.cat([ids, torch.full((len(ids), 1), ANSWER, device=device)], dim=1)
    return say(ids, 1)[:, 0].cpu().numpy()


def measure(model, run: PointerRun, *, budgets: bool, device: str) -> list[dict]:
    """Hold a model to every number of steps, with as many thoughts or (where `budgets` says so) with 0 to 8 of them."""
    rows = []
    for hops in range(1, run.most + 1):
        prompts, answers = questions(hops, run.items)
        for budget in range(MOST + 1) if budgets else (hops if run.thinks else 0,):
            said = answer_after(model, prompts, budget if run.thinks else None, device=device)
            rows.append({"hops": hops, "budget": budget, "accuracy": round(float((said == answers).mean()), 4)})
    return rows


def train(run: PointerRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train one model and measure it at log-spaced steps on every number of steps.

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
        One for each checkpoint, number of steps and budget of thoughts.
    """
    shape, losses, rows = run.shape(), [], []
    start = (time.perf_counter(), time.process_time())
    about = {"run": run.name, "d_model": run.d_model, "seed": run.seed, "thinks": int(run.thinks), "most": run.most,
             "params_blocks_and_head": shape.params_blocks_and_head}

    def each(step, loss):
        losses.append(loss)
        if report:
            report(step, loss)

    def checkpoint(step, model):
        flops = step * BATCH * shape.context * shape.flops_per_token()
        rows.extend(about | {"step": step, "flops": f"{flops:.5g}", "items": run.items} | row
                    for row in measure(model, run, budgets=run.thinks and step == run.steps, device=device))

    train_model(functools.partial(batch, run), shape, steps=run.steps, seed=run.seed,
                peak=RATE * peak_learning_rate(run.d_model), initialisation=INITIALISATION,
                checkpoints=checkpoint_steps(run.steps, CHECKPOINTS, min(FIRST_CHECKPOINT, run.steps)),
                at_checkpoint=checkpoint, at_step=each, device=device)
    took, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    for row in rows:
        row["cpu_seconds"] = round(worked, 2)
    return {"run": run.name, "loss_nats": losses[-1], "train_seconds": took}, rows
