"""A verifier that is learnt: a model that reads a problem of Countdown and an answer, and says whether it is right.

It learns from samples of the answering model on problems of the training stream, half of them right, which the exact
verifier has judged. Problems that are held out of training stay unseen by it too.
"""

from __future__ import annotations

from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from .countdown import RATE
from .expressions import BLANK, EQUALS, VOCABULARY, Ints, problems, question, verify
from .train import peak_learning_rate, task_shape, train_model

if TYPE_CHECKING:
    from course_utils.ladder.model import Decoder

RIGHT, WRONG = EQUALS, BLANK  # what the verifier says after the answer
BATCH = 192
SAMPLES = 16  # of each problem that the verifier learns from
_AT_ONCE = 250


def judged_answers(model: Decoder, size: int, count: int, generator: np.random.Generator,
                   device: str = "cpu") -> tuple[Ints, NDArray[np.bool_]]:
    """Let a model answer training problems, and judge every sample.

    Returns
    -------
    tokens : array of shape (16 count, time)
        Problem and answer.
    right : array of shape (16 count,), bool
    """
    from .draw import draw_answers

    tokens, right = [], []
    for first in range(0, count, _AT_ONCE):
        numbers, target, _ = problems(size, min(_AT_ONCE, count - first), generator)
        prompts = question(numbers, target)
        drawn = draw_answers(model, prompts, 2 * size - 1, SAMPLES, generator, device=device)
        where = np.repeat(drawn.problem, drawn.counts)
        answers = np.repeat(drawn.answers, drawn.counts, axis=0)
        tokens.append(np.concatenate([prompts[where], answers], axis=1))
        right.append(verify(numbers[where], target[where], answers))
    return np.concatenate(tokens), np.concatenate(right)


def train_verifier(tokens: Ints, right: NDArray[np.bool_], d_model: int, *, steps: int, seed: int,
                   device: str = "cpu") -> Decoder:
    """Train a verifier on judged answers, as many right ones as wrong ones in every batch.

    Raises
    ------
    ValueError
        If all answers are right or all are wrong.
    """
    if right.all() or not right.any():
        raise ValueError("right has one value throughout; give right and wrong answers, or nothing can be learnt")
    kinds = tokens[right], tokens[~right]

    def batch(step: int) -> tuple[Ints, NDArray[np.bool_]]:
        generator = np.random.default_rng([seed, step, 29])
        rows = [kind[generator.integers(len(kind), size=BATCH // 2)] for kind in kinds]
        said = np.repeat([RIGHT, WRONG], BATCH // 2)
        whole = np.column_stack([np.concatenate(rows), said])
        counts = np.zeros(whole.shape, dtype=bool)
        counts[:, -1] = True
        return whole, counts

    return train_model(batch, task_shape(d_model, VOCABULARY, tokens.shape[1] + 1), steps=steps, seed=seed,
                       peak=RATE * peak_learning_rate(d_model), initialisation="ladder", device=device)


def verdicts(verifier: Decoder, tokens: Ints, device: str = "cpu") -> NDArray[np.float64]:
    """Compute how much likelier a verifier finds right than wrong, in nats: array of shape (n_answers,)."""
    import torch

    with torch.inference_mode():
        logits = verifier(torch.from_numpy(tokens).to(device))[:, -1].double().cpu().numpy()
    return logits[:, RIGHT] - logits[:, WRONG]
