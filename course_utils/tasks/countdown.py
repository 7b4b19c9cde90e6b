"""Countdown with an exact verifier: how often one sample is right, problem by problem, for models of four sizes."""

from __future__ import annotations

import functools
import time
from collections.abc import Callable
from dataclasses import dataclass

import numpy as np

from .expressions import (
    BLANK,
    QUESTION,
    SIZES,
    SLOTS,
    VOCABULARY,
    Ints,
    problems,
    question,
    right_answers,
    verify,
    write,
)
from .train import TaskShape, peak_learning_rate, task_shape, train_model

TABLE = "answers/countdown_samples.csv"
WIDTHS = (16, 32, 64, 24)
SEEDS = 3
STEPS = 1500
RATE = 1.5  # times the peak rate of the other tasks
BATCH_OF_EACH = 64  # examples of each size in a step
PROBLEMS = 200  # of each size
SAMPLES = 2000
TEST_SEED = 2_407_21_787  # of the test problems, the same for every model
TOP = 5  # most frequent answers whose counts are kept
_AT_ONCE = {3: 25, 4: 8, 5: 4}  # problems sampled side by side: memory


@dataclass(frozen=True)
class CountdownRun:
    """Everything that decides a run.

    Attributes
    ----------
    name : str
        Unique name, the key of its rows.
    d_model, seed, steps : int
        Width; seed of weights, examples and samples; optimizer steps of 192 fresh examples.
    temperatures : tuple of float
        At which every problem is sampled.
    problems, samples : int
        Problems of each size, and samples of each problem.
    """

    name: str
    d_model: int
    seed: int
    steps: int = STEPS
    temperatures: tuple[float, ...] = (1.0,)
    problems: int = PROBLEMS
    samples: int = SAMPLES

    def shape(self) -> TaskShape:
        """Return the model's sizes."""
        return task_shape(self.d_model, VOCABULARY, QUESTION + 2 * SLOTS - 1)


def planned_runs() -> list[CountdownRun]:
    """List the runs that ship with the course, first seeds first; one also samples colder and hotter."""
    return [CountdownRun(f"countdown-d{d}-s{seed}", d, seed, temperatures=(1.0, 0.6, 1.3) if (d, seed) == (32, 0)
                         else (1.0,)) for seed in range(SEEDS) for d in WIDTHS]


def smoke_runs() -> list[CountdownRun]:
    """List one short run that takes seconds."""
    return [CountdownRun("smoke-d16", 16, 0, steps=40, problems=4, samples=100)]


def seconds(run: CountdownRun) -> float:
    """Estimate the duration of `run` on one core; only ratios matter."""
    tokens = 3 * BATCH_OF_EACH * run.shape().context
    flops = run.shape().flops_per_token()
    read = run.problems * run.samples * 6 * len(run.temperatures)
    return run.steps * (5e-3 + tokens * flops / 40e9) + read * (1e-6 + flops / 3 / 40e9)


def batch(seed: int, step: int) -> tuple[Ints, np.ndarray]:
    """Draw the training examples of a step, as many of each size; no held-out problem is among them."""
    return examples(np.random.default_rng([seed, step, 13]), BATCH_OF_EACH)


def examples(generator: np.random.Generator, of_each: int, *, test: bool = False) -> tuple[Ints, np.ndarray]:
    """Draw problems of every size with an answer: tokens of shape (3 of_each, time) and which of them count."""
    tokens = np.full((len(SIZES) * of_each, QUESTION + 2 * SLOTS - 1), BLANK)
    counts = np.zeros(tokens.shape, dtype=bool)
    for i, size in enumerate(SIZES):
        rows, end = slice(i * of_each, (i + 1) * of_each), QUESTION + 2 * size - 1
        numbers, target, answers = problems(size, of_each, generator, test=test)
        tokens[rows, :QUESTION], tokens[rows, QUESTION:end] = question(numbers, target), answers
        counts[rows, QUESTION:end] = True
    return tokens, counts


@functools.lru_cache(maxsize=8)
def test_problems(size: int, count: int = PROBLEMS) -> tuple[Ints, Ints]:
    """Return held-out problems, no two alike: numbers of shape (count, size) and target of shape (count,)."""
    numbers, target, _ = problems(size, 3 * count, np.random.default_rng([TEST_SEED, size]), test=True)
    key = np.column_stack([np.sort(numbers, axis=1), target])
    first = np.sort(np.unique(key, axis=0, return_index=True)[1])[:count]
    return numbers[first], target[first]


@functools.lru_cache(maxsize=8)
def _right(size: int, count: int) -> tuple[Ints, ...]:
    numbers, target = test_problems(size, count)
    return tuple(right_answers(each, goal) for each, goal in zip(numbers, target, strict=True))


def train_countdown(run: CountdownRun, device: str, report: Callable[[int, float], None] | None):
    """Train the model of `run` and return it with its loss on held-out problems, in nats a token of an answer."""
    import torch

    from .train import answer_loss

    model = train_model(functools.partial(batch, run.seed), run.shape(), steps=run.steps, seed=run.seed,
                        peak=RATE * peak_learning_rate(run.d_model), initialisation="ladder", at_step=report,
                        device=device)
    tokens, counts = examples(np.random.default_rng([TEST_SEED, 0]), 1000, test=True)
    with torch.inference_mode():
        loss = answer_loss(model, torch.from_numpy(tokens).to(device), torch.from_numpy(counts).to(device)).item()
    return model, loss


def sample_problems(model, run: CountdownRun, size: int, temperature: float, device: str) -> list[dict]:
    """Sample every test problem of one size, check every answer, and compute the exact chance of a right one."""
    import torch

    from .draw import draw_answers, log_probabilities
    from .generate import generate

    numbers, target = test_problems(size, run.problems)
    prompts, length, rows = question(numbers, target), 2 * size - 1, []
    said = generate(model, torch.from_numpy(prompts).to(device), length).cpu().numpy()
    greedy = verify(numbers, target, said)
    generator = np.random.default_rng([run.seed, size, round(100 * temperature)])
    for first in range(0, len(prompts), _AT_ONCE[size]):
        block = slice(first, first + _AT_ONCE[size])
        drawn = draw_answers(model, prompts[block], length, run.samples, generator, temperature=temperature,
                             device=device)
        where = first + drawn.problem
        right = verify(numbers[where], target[where], drawn.answers)
        for problem in range(first, min(first + _AT_ONCE[size], len(prompts))):
            mine = where == problem
            counts, good, logs = drawn.counts[mine], right[mine], drawn.log_probability[mine]
            top = np.argsort(-counts, kind="stable")[:TOP]
            every = _right(size, run.problems)[problem]
            tokens = np.concatenate([np.repeat(prompts[problem : problem + 1], len(every), axis=0), every], axis=1)
            chance = np.exp(log_probabilities(model, tokens, QUESTION, temperature=temperature, device=device)).sum()
            rows.append({
                "numbers": size, "problem": f"{write(numbers[problem])} = {target[problem]}",
                "right_answers": len(every), "samples": run.samples, "correct": int(counts[good].sum()),
                "chance": f"{chance:.4g}", "greedy": int(greedy[problem]), "distinct": len(counts),
                "log_probability_right": _mean(logs[good], counts[good]),
                "log_probability_wrong": _mean(logs[~good], counts[~good]),
                "top_counts": " ".join(str(count) for count in counts[top]),
                "top_right": " ".join(str(int(each)) for each in good[top]),
            })
    return rows


def _mean(values: np.ndarray, weights: np.ndarray) -> float | str:
    return round(float(np.average(values, weights=weights)), 3) if len(values) else ""


def train(run: CountdownRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train one model, let it answer held-out problems thousands of times, and check every answer.

    Parameters
    ----------
    run : CountdownRun
        The specification.
    device : str
        "cpu" or "cuda".
    report : callable or None
        Called after every step with its number and its training loss.

    Returns
    -------
    row : dict
        The run's name, its loss on held-out problems, and its seconds of wall time.
    rows : list of dict
        One for each temperature and problem.
    """
    shape, start = run.shape(), (time.perf_counter(), time.process_time())
    model, loss = train_countdown(run, device, report)
    examples_seen = run.steps * 3 * BATCH_OF_EACH
    about = {"run": run.name, "d_model": run.d_model, "seed": run.seed,
             "params_blocks_and_head": shape.params_blocks_and_head,
             "flops": f"{examples_seen * shape.context * shape.flops_per_token():.5g}", "loss_nats": round(loss, 5)}
    rows = [about | {"temperature": temperature} | row for temperature in run.temperatures for size in SIZES
            for row in sample_problems(model, run, size, temperature, device)]
    took, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    for row in rows:
        row["cpu_seconds"] = round(worked, 1)
    return {"run": run.name, "loss_nats": loss, "train_seconds": took}, rows
