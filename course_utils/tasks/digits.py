"""Sums and products written digit by digit, and every ruler that measures a model's answers to them.

Digits stand in fixed slots, least significant first, so that a carry goes from left to right; slots that a shorter
number does not need hold `BLANK`. An n-digit number times a digit, or the sum of two n-digit numbers, is answered with
n + 1 digits, the last of which may be 0.
"""

from __future__ import annotations

import time
from collections.abc import Callable
from dataclasses import dataclass
from functools import partial

import numpy as np
from numpy.typing import NDArray

from course_utils import metrics

from .train import TaskShape, checkpoint_steps, task_shape, train_model

LENGTHS = (1, 2, 3, 4, 5, 6)
SLOTS = max(LENGTHS)
BLANK, EQUALS = 10, 11
VOCABULARY = 12
BATCH = 128
ITEMS = 1000
TEST_SEED = 2_023_04_304  # of the test items, the same for every model
FIRST_CHECKPOINT = 20
CHECKPOINTS = 14


@dataclass(frozen=True)
class DigitRun:
    """Everything that decides a run.

    Attributes
    ----------
    name : str
        Unique name, the key of its rows.
    operation : str
        "multiplication" (n digits times one digit from 2 to 9) or "addition" (n digits and n digits).
    d_model : int
        Width.
    seed : int
        Seed of the weights and of the training examples.
    steps : int
        Optimizer steps of 128 fresh examples.
    initialisation : str
        How the weights are drawn: "flat" or "by_width", see `train.initialise`.
    """

    name: str
    operation: str
    d_model: int
    seed: int
    steps: int
    initialisation: str = "flat"

    @property
    def question(self) -> int:
        """Tokens before the answer."""
        return SLOTS + 2 if self.operation == "multiplication" else 2 * SLOTS + 1

    def shape(self) -> TaskShape:
        """Return the model's sizes."""
        return task_shape(self.d_model, VOCABULARY, self.question + SLOTS)


def seconds(run: DigitRun) -> float:
    """Estimate the duration of `run` on one core; only ratios matter."""
    tokens = BATCH * run.shape().context
    return run.steps * (5e-3 + tokens * run.shape().flops_per_token() / 40e9)


def _digits(numbers: NDArray[np.int64], width: int, used: NDArray[np.int64]) -> NDArray[np.int64]:
    digits = numbers[:, None] // 10 ** np.arange(width) % 10
    return np.where(np.arange(width) < used[:, None], digits, BLANK)


def examples(operation: str, lengths: NDArray[np.int64],
             generator: np.random.Generator) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Draw one example for each of `lengths`.

    Returns
    -------
    tokens : array of shape (n_examples, question + 7)
    counts : array of the same shape, bool
        True on the digits of the answer.
    """
    lowest, highest = 10 ** (lengths - 1), 10**lengths
    first = generator.integers(lowest, highest)
    if operation == "multiplication":
        second = generator.integers(2, 10, size=len(lengths))
        asked, result = [_digits(first, SLOTS, lengths), second[:, None]], first * second
    elif operation == "addition":
        second = generator.integers(lowest, highest)
        asked, result = [_digits(first, SLOTS, lengths), _digits(second, SLOTS, lengths)], first + second
    else:
        raise ValueError(f"operation is {operation!r}; there are 'multiplication' and 'addition'")
    sign = np.full((len(lengths), 1), EQUALS)
    answer = _digits(result, SLOTS + 1, lengths + 1)
    tokens = np.concatenate([*asked, sign, answer], axis=1)
    counts = np.zeros(tokens.shape, dtype=bool)
    counts[:, -(SLOTS + 1) :] = answer != BLANK
    return tokens, counts


def questions(operation: str, length: int, items: int = ITEMS) -> NDArray[np.int64]:
    """Draw the test items of one length: the same for every model, independent of every training stream."""
    generator = np.random.default_rng([TEST_SEED, length])
    return examples(operation, np.full(items, length), generator)[0]


def batch(operation: str, seed: int, step: int) -> tuple[NDArray[np.int64], NDArray[np.bool_]]:
    """Draw the training examples of a step: every length as often as every other."""
    generator = np.random.default_rng([seed, step, 7])
    return examples(operation, generator.choice(LENGTHS, size=BATCH), generator)


def measure(model, run: DigitRun, tokens: NDArray[np.int64], device: str) -> dict[str, float]:
    """Hold every ruler against a model's answers to test items of one length.

    Returns
    -------
    dict
        ``exact_match``, ``token_accuracy`` and ``edit_distance`` (tokens) of the answers it says by itself, always the
        likeliest digit; ``token_accuracy_forced``, ``log_probability_token`` (nats per token),
        ``log_probability_answer`` (nats, mean over items of the whole answer's), ``sampled_exact_match`` (mean
        probability of the whole answer) and ``brier`` (mean over tokens) with the right digits before each.
    """
    import torch

    from .generate import generate

    place = run.question
    length = int((tokens[0, place:] != BLANK).sum())
    ids = torch.from_numpy(tokens[:, : place + length]).to(device)
    targets = tokens[:, place : place + length]
    said = generate(model, ids[:, :place], length).cpu().numpy()
    scores = model(ids[:, :-1])[:, place - 1 :].double().cpu()
    logs = metrics.token_log_probability(scores.numpy(), targets, over="joint")
    chances = scores.softmax(-1).numpy().reshape(-1, VOCABULARY)
    return {
        "exact_match": metrics.exact_match(said, targets).mean(),
        "token_accuracy": metrics.token_accuracy(said, targets).mean(),
        "token_accuracy_forced": (scores.argmax(-1).numpy() == targets).mean(),
        "log_probability_token": logs.mean() / length,
        "log_probability_answer": logs.mean(),
        "sampled_exact_match": np.exp(logs).mean(),
        "edit_distance": metrics.token_edit_distance(said, targets).mean(),
        "brier": metrics.brier_score(chances, targets.ravel()).mean(),
    }


def train(run: DigitRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train one model and measure it at log-spaced steps on every length.

    Parameters
    ----------
    run : DigitRun
        The specification.
    device : str
        "cpu" or "cuda".
    report : callable or None
        Called after every step with its number and its training loss.

    Returns
    -------
    row : dict
        The run's name, its last loss on the test items, and its seconds of wall time.
    rows : list of dict
        One for each checkpoint and length.
    """
    shape = run.shape()
    tests = {length: questions(run.operation, length) for length in LENGTHS}
    per_step = BATCH * shape.context
    about = {"run": run.name, "d_model": run.d_model, "seed": run.seed, "initialisation": run.initialisation,
             "params_blocks_and_head": shape.params_blocks_and_head, "params_total": shape.params_total}
    rows, start = [], (time.perf_counter(), time.process_time())

    def checkpoint(step, model):
        measured = {length: measure(model, run, tests[length], device) for length in LENGTHS}
        tokens = sum(length + 1 for length in LENGTHS)
        loss = -sum(found["log_probability_answer"] for found in measured.values()) / tokens
        for length, found in measured.items():
            rows.append(about | {
                "step": step, "examples": step * BATCH, "flops": step * per_step * shape.flops_per_token(),
                "digits": length, "answer_tokens": length + 1, "items": ITEMS,
            } | {key: round(float(value), 6) for key, value in found.items()} | {"mixture_loss_nats": round(loss, 6)})

    points = checkpoint_steps(run.steps, CHECKPOINTS, FIRST_CHECKPOINT)
    train_model(partial(batch, run.operation, run.seed), shape, steps=run.steps, seed=run.seed,
                initialisation=run.initialisation, checkpoints=points, at_checkpoint=checkpoint, at_step=report,
                device=device)
    took, worked = time.perf_counter() - start[0], time.process_time() - start[1]
    for row in rows:
        row["cpu_seconds"] = round(worked, 2)
    return {"run": run.name, "loss_nats": rows[-1]["mixture_loss_nats"], "train_seconds": took}, rows
