"""Thousands of samples of one answer for the price of its distinct beginnings, and the exact chance of given answers.

Samples that begin alike are the same to the model. So the number of samples that stand at a beginning is split among
its next tokens by one multinomial draw, and every distinct beginning is read once: the same distribution as samples
drawn one by one, for a fraction of the work.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

if TYPE_CHECKING:
    from course_utils.ladder.model import Decoder

_BLOCK = 1024  # answers scored at a time


@dataclass(frozen=True, eq=False)
class Drawn:
    """Hold the distinct answers among the samples of some problems.

    Attributes
    ----------
    problem : array of shape (n_answers,), int
        Row of the problem among the prompts, rising.
    answers : array of shape (n_answers, length), int
    counts : array of shape (n_answers,), int
        How many samples said this answer.
    log_probability : array of shape (n_answers,)
        Of the whole answer, at temperature 1, in nats.
    """

    problem: NDArray[np.int64]
    answers: NDArray[np.int64]
    counts: NDArray[np.int64]
    log_probability: NDArray[np.float64]


def draw_answers(model: Decoder, prompts: NDArray[np.int64], length: int, samples: int, generator: np.random.Generator,
                 *, temperature: float = 1.0, device: str = "cpu") -> Drawn:
    """Draw `samples` answers of `length` tokens to each prompt.

    Parameters
    ----------
    model : Decoder
        A trained model whose context holds prompt and answer.
    prompts : array of shape (n_problems, time), int
    length, samples : int
    generator : numpy.random.Generator
    temperature : float
        Above 0; 1 samples as the model believes.

    Returns
    -------
    Drawn
    """
    import torch

    from .generate import read

    memory: list = [None] * len(model.blocks)
    problem, counts = np.arange(len(prompts)), np.full(len(prompts), samples)
    said, log_probability = np.empty((len(prompts), 0), dtype=np.int64), np.zeros(len(prompts))
    ids, start = torch.from_numpy(prompts).to(device), 0
    with torch.inference_mode():
        for place in range(length):
            logits = read(model, ids, memory, start).double()
            start += ids.shape[1]
            chances = (logits / temperature).softmax(-1).cpu().numpy()
            split = generator.multinomial(counts, chances / chances.sum(axis=1, keepdims=True))
            parent, token = np.nonzero(split)
            counts, problem = split[parent, token], problem[parent]
            said = np.concatenate([said[parent], token[:, None]], axis=1)
            log_probability = log_probability[parent] + logits.log_softmax(-1).cpu().numpy()[parent, token]
            if place + 1 < length:
                rows = torch.from_numpy(parent).to(device)
                memory = [(k[rows], v[rows]) for k, v in memory]
                ids = torch.from_numpy(token[:, None]).to(device)
    return Drawn(problem, said, counts, log_probability)


def log_probabilities(model: Decoder, tokens: NDArray[np.int64], place: int, *, temperature: float = 1.0,
                      device: str = "cpu") -> NDArray[np.float64]:
    """Compute the log-probability of what stands from `place` on, given what stands before, in nats.

    Parameters
    ----------
    model : Decoder
    tokens : array of shape (n_answers, time), int
        Prompt and answer.
    place : int
        Where the answer begins.
    temperature : float
        At which the answer would be sampled.

    Returns
    -------
    array of shape (n_answers,)
    """
    import torch

    out = np.zeros(len(tokens))
    with torch.inference_mode():
        for first in range(0, len(tokens), _BLOCK):
            ids = torch.from_numpy(tokens[first : first + _BLOCK]).to(device)
            logits = model(ids[:, :-1])[:, place - 1 :].double() / temperature
            logs = logits.log_softmax(-1).gather(-1, ids[:, place:, None])[..., 0]
            out[first : first + _BLOCK] = logs.sum(-1).cpu().numpy()
    return out
