"""Train one small decoder on answers: a stream of fresh examples in, a model and its measurements out.

Two blocks, pre-norm, the network of the ladder (:mod:`course_utils.ladder.model`). The loss counts the answer alone:
what is asked is drawn at random, and nothing could be learnt from it.
"""

from __future__ import annotations

import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray

from course_utils.accounting.shape import Shape

if TYPE_CHECKING:
    from course_utils.ladder.model import Decoder

WARMUP_STEPS = 100
LAST_RATE = 0.1
"""The learning rate ends at this share of its peak."""
DEVIATION = 0.02
INITIALISATIONS = ("flat", "by_width", "ladder", "wide")

Batches = Callable[[int], tuple[NDArray[np.int64], NDArray[np.bool_]]]
"""Takes a step (from 0) and returns tokens of shape (batch, time) and, of shape (batch, time), which of them count."""


@dataclass(frozen=True)
class TaskShape(Shape):
    """Sizes of a model with four heads, or two below a width of 16."""

    @property
    def n_head(self) -> int:
        """Number of heads, whatever their width."""
        return 4 if self.d_model >= 16 else 2


def task_shape(d_model: int, vocabulary: int, context: int, n_layer: int = 2) -> TaskShape:
    """Describe a model that reads up to `context` tokens of one `vocabulary` and says tokens of the same one.

    Raises
    ------
    ValueError
        If `d_model` cannot be shared among the heads.
    """
    shape = TaskShape(d_model, vocabulary, vocabulary, n_layer, context)
    if d_model < 1 or d_model % shape.n_head:
        raise ValueError(f"d_model is {d_model}; choose a multiple of {shape.n_head}, one share for each head")
    return shape


def peak_learning_rate(d_model: int) -> float:
    """Return the rule for every task: 3e-3 sqrt(32 / d_model), at most 6e-3."""
    return min(6e-3, 3e-3 * math.sqrt(32 / d_model))


def learning_rate(step: int, steps: int, peak: float) -> float:
    """Return the learning rate of `step` (from 0): linear warm-up, then a cosine down to a tenth of the peak."""
    if step < WARMUP_STEPS:
        return peak * (step + 1) / WARMUP_STEPS
    progress = (step - WARMUP_STEPS) / max(1, steps - 1 - WARMUP_STEPS)
    return peak * (LAST_RATE + (1 - LAST_RATE) * 0.5 * (1 + math.cos(math.pi * min(1.0, progress))))


def checkpoint_steps(steps: int, points: int, first: int) -> list[int]:
    """Choose steps after which to measure: log-spaced from `first` to `steps`, both included."""
    return [int(s) for s in np.unique(np.round(np.geomspace(first, steps, points)).astype(int))]


def answer_loss(model: Decoder, tokens, counts):
    """Compute the mean surprise of the tokens that count, in nats per token (a tensor, for PyTorch to follow)."""
    import torch.nn.functional as F

    logits = model(tokens[:, :-1])
    wanted = counts[:, 1:]
    return F.cross_entropy(logits[wanted], tokens[:, 1:][wanted])


def initialise(model: Decoder, how: str) -> None:
    """Draw the weights anew.

    ``flat``: every matrix and embedding with standard deviation 0.02, as GPT-2 does it. ``by_width``: matrices as the
    ladder draws them, with deviation one over the square root of their inputs and a head of zeros; embeddings 0.02.
    ``ladder``: everything as the ladder draws it, embeddings of tokens with deviation 1, of positions with 0.02.
    ``wide``: as ``ladder``, but positions with deviation 1 too.
    """
    import torch

    if how not in INITIALISATIONS:
        raise ValueError(f"initialisation is {how!r}; there are {', '.join(INITIALISATIONS)}")
    deviation = 1.0 if how == "wide" else DEVIATION
    chosen = {"flat": [p for p in model.parameters() if p.ndim > 1], "by_width": [model.positions, model.tokens],
              "ladder": [], "wide": [model.positions]}[how]
    with torch.no_grad():
        for weights in chosen:
            weights.normal_(0.0, deviation)


def train_model(
    batches: Batches,
    shape: TaskShape,
    *,
    steps: int,
    seed: int,
    peak: float | None = None,
    initialisation: str = "flat",
    checkpoints: Iterable[int] = (),
    at_checkpoint: Callable[[int, Decoder], None] | None = None,
    at_step: Callable[[int, float], None] | None = None,
    device: str = "cpu",
    threads: int = 1,
) -> Decoder:
    """Train one model on fresh examples: AdamW (0.9, 0.98), weight decay 0.01, gradients clipped at norm 1.

    Parameters
    ----------
    batches : callable
        Draws the examples of a step: tokens and which of them count. They may depend on the step and its own seed
        alone, so that a run can be made again.
    shape : TaskShape
        Sizes, from `task_shape`.
    steps : int
        Optimizer steps.
    seed : int
        Seed of the weights.
    peak : float or None
        Peak learning rate; None takes `peak_learning_rate`.
    initialisation : str
        One of `INITIALISATIONS`, see `initialise`.
    checkpoints : iterable of int
        Steps (from 1) after which `at_checkpoint` is called with the step and the model, in evaluation mode and
        without gradients.
    at_step : callable or None
        Called after every step with its number (from 1) and its loss, for a progress bar.
    device : str
        "cpu" or "cuda".
    threads : int
        CPU threads; one is fastest at these sizes.

    Returns
    -------
    Decoder
        The trained model.
    """
    import torch

    from course_utils.ladder.model import Decoder

    torch.set_num_threads(threads)
    torch.manual_seed(seed)
    model = Decoder(shape)
    initialise(model, initialisation)
    model.to(device)
    matrices = [p for p in model.parameters() if p.ndim > 1]
    gains = [p for p in model.parameters() if p.ndim == 1]
    peak = peak_learning_rate(shape.d_model) if peak is None else peak
    optimizer = torch.optim.AdamW(
        [{"params": matrices, "weight_decay": 0.01}, {"params": gains, "weight_decay": 0.0}],
        lr=peak, betas=(0.9, 0.98), fused=True,
    )
    parameters, points = list(model.parameters()), set(checkpoints)
    for step in range(steps):
        for group in optimizer.param_groups:
            group["lr"] = learning_rate(step, steps, peak)
        tokens, counts = batches(step)
        loss = answer_loss(model, torch.from_numpy(tokens).to(device), torch.from_numpy(counts).to(device))
        optimizer.zero_grad(set_to_none=True)
        loss.backward()
        torch.nn.utils.clip_grad_norm_(parameters, 1.0)
        optimizer.step()
        if at_step:
            at_step(step + 1, loss.item())
        if at_checkpoint and step + 1 in points:
            model.eval()
            with torch.inference_mode():
                at_checkpoint(step + 1, model)
            model.train()
    return model.eval()
