"""Countdown's samples one by one, at one size: which would a vote, a score or a verifier pick?"""

from __future__ import annotations

import time
from collections.abc import Callable

import numpy as np

from .countdown import CountdownRun, seconds, test_problems, train_countdown
from .expressions import QUESTION, question, verify, write

TABLE = "answers/countdown_selection.csv"
SIZE = 3  # numbers in a problem
PROBLEMS = 100
SAMPLES = 256
LARGER = 64
VERIFIER, LEARN_FROM = 32, 16_000  # width of the verifier, and problems whose samples it learns from

__all__ = ["TABLE", "planned_runs", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[CountdownRun]:
    """List the run that ships with the course."""
    return [CountdownRun("selection-d16-s0", 16, 0, problems=PROBLEMS, samples=SAMPLES)]


def smoke_runs() -> list[CountdownRun]:
    """List one short run that takes seconds."""
    return [CountdownRun("smoke-d16", 16, 0, steps=300, problems=4, samples=50)]


def train(run: CountdownRun, *, device: str = "cpu",
          report: Callable[[int, float], None] | None = None) -> tuple[dict, list[dict]]:
    """Train the model of `run`, a larger one and a verifier; sample the first, and let all score every distinct answer.

    Parameters
    ----------
    run : CountdownRun
        The model that answers; the larger one differs in `d_model` alone, and all three learn for `steps`.
    device : str
        "cpu" or "cuda".
    report : callable or None
        Called after every step with its number and its training loss.

    Returns
    -------
    row : dict
        The run's name, its loss on held-out problems, and its seconds of wall time.
    rows : list of dict
        One for each problem and distinct answer.
    """
    from .draw import draw_answers, log_probabilities
    from .verdict import judged_answers, train_verifier, verdicts

    start = time.perf_counter()
    model, loss = train_countdown(run, device, report)
    larger, _ = train_countdown(CountdownRun("larger", LARGER, run.seed, run.steps), device, report)
    numbers, target = test_problems(SIZE)
    numbers, target = numbers[: run.problems], target[: run.problems]
    prompts = question(numbers, target)
    generator = np.random.default_rng([run.seed, 23])
    drawn = draw_answers(model, prompts, 2 * SIZE - 1, run.samples, generator, device=device)
    where = drawn.problem
    right = verify(numbers[where], target[where], drawn.answers)
    tokens = np.concatenate([prompts[where], drawn.answers], axis=1)
    scores = log_probabilities(larger, tokens, QUESTION, device=device)
    judged = judged_answers(model, SIZE, LEARN_FROM, np.random.default_rng([run.seed, 31]), device)
    verifier = train_verifier(*judged, VERIFIER, steps=run.steps, seed=run.seed, device=device)
    verdict = verdicts(verifier, tokens, device)
    written = [f"{write(each)} = {goal}" for each, goal in zip(numbers, target, strict=True)]
    rows = [{
        "run": run.name, "problem": written[where[i]], "answer": write(answer), "count": int(drawn.counts[i]),
        "right": int(right[i]), "log_probability": round(float(drawn.log_probability[i]), 3),
        "log_probability_larger": round(float(scores[i]), 3), "verdict": round(float(verdict[i]), 3),
    } for i, answer in enumerate(drawn.answers)]
    return {"run": run.name, "loss_nats": loss, "train_seconds": time.perf_counter() - start}, rows
