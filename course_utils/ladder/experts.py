"""Blocks with experts: feed-forward layers side by side, a router, and three ways to keep the load even."""

from __future__ import annotations

import functools
import math

import numpy as np
import torch
import torch.nn.functional as F
from torch import nn

from course_utils.accounting.shape import Shape
from course_utils.routing import balanced_assignment, load_entropy

from .model import Block

ROUTERS = ("none", "switch", "base", "bias")
"""No balance at all; auxiliary loss and capacity; linear assignment; a bias that follows the load."""

CAPACITY_FACTOR = 1.25
AUXILIARY_WEIGHT = 1e-2
GROUP = 64
"""Tokens that are assigned to experts together (base)."""
BIAS_STEP = 1e-3


class Experts(nn.Module):
    """E feed-forward layers of which every token visits one, its output scaled by the gate.

    In training mode the router keeps its balance in its own way. In evaluation mode each token goes to the expert
    that scores highest and none is dropped, whatever the router.

    Attributes
    ----------
    wanted, kept : tensors of shape (E,)
        Tokens of the last forward pass whose score is highest at each expert, and tokens that each expert worked on.
    auxiliary : tensor
        What the last forward pass adds to the training loss.
    """

    def __init__(self, shape: Shape, router: str):
        super().__init__()
        if router not in ROUTERS:
            raise ValueError(f"router is {router!r}; choose one of {', '.join(ROUTERS)}")
        e, d = shape.n_expert, shape.d_model
        self.kind = router
        self.router = nn.Parameter(torch.randn(e, d) * 0.1 / math.sqrt(d))
        self.up = nn.Parameter(torch.randn(e, d, 4 * d) / math.sqrt(d))
        self.down = nn.Parameter(torch.randn(e, 4 * d, d) / math.sqrt(4 * d * 2 * shape.n_layer))
        self.register_buffer("bias", torch.zeros(e))
        self.wanted = self.kept = torch.zeros(e)
        self.auxiliary = torch.zeros(())

    def forward(self, h: torch.Tensor) -> torch.Tensor:
        tokens, e = h.reshape(-1, h.shape[-1]), len(self.router)
        logits = F.linear(tokens, self.router)
        softmax = self.kind in ("none", "switch")
        gates = logits.softmax(-1) if softmax else logits.sigmoid()
        liked = (gates.detach() + self.bias).argmax(-1)
        choice = self._assign(logits.detach()) if self.kind == "base" and self.training else liked
        capacity = len(tokens)
        if self.kind == "switch" and self.training:
            capacity = math.ceil(CAPACITY_FACTOR * len(tokens) / e)
        self.wanted = torch.bincount(liked, minlength=e)
        self.auxiliary = tokens.new_zeros(())
        if self.kind == "switch":
            self.auxiliary = AUXILIARY_WEIGHT * e * (self.wanted / len(tokens) * gates.mean(0)).sum()
        y = self._visit(tokens, choice, capacity)
        return (y * gates.gather(1, choice[:, None])).view_as(h)

    def follow_the_load(self) -> None:
        """Move the bias of every expert one step towards a load like all others' (router "bias" only)."""
        if self.kind == "bias":
            self.bias += BIAS_STEP * torch.sign(self.wanted.float().mean() - self.wanted)

    def _assign(self, scores: torch.Tensor) -> torch.Tensor:
        """Give every expert the same number of tokens of each group; groups are drawn at random from the batch."""
        shuffled = torch.randperm(len(scores), device=scores.device)
        groups = scores[shuffled].cpu().double().numpy().reshape(-1, min(GROUP, len(scores)), scores.shape[1])
        chosen = torch.cat([torch.from_numpy(balanced_assignment(group)) for group in groups]).to(scores.device)
        return torch.empty_like(chosen).index_copy_(0, shuffled, chosen)

    def _visit(self, tokens: torch.Tensor, choice: torch.Tensor, capacity: int) -> torch.Tensor:
        """Send tokens to their experts; those that come after `capacity` others in the batch get zeros."""
        e, d = len(self.router), tokens.shape[-1]
        counts = torch.bincount(choice, minlength=e)
        order = torch.argsort(choice, stable=True)
        rank = torch.arange(len(choice), device=choice.device) - (counts.cumsum(0) - counts)[choice[order]]
        order, rank = order[rank < capacity], rank[rank < capacity]
        self.kept = counts.clamp(max=capacity)
        width = int(self.kept.max())
        place = choice[order] * width + rank
        buffer = tokens.new_zeros(e * width, d).index_copy(0, place, tokens[order]).view(e, width, d)
        buffer = torch.bmm(F.gelu(torch.bmm(buffer, self.up)), self.down)
        return torch.zeros_like(tokens).index_copy(0, order, buffer.view(-1, d)[place])


class RoutedBlock(Block):
    """A block whose feed-forward layer is a choice among experts."""

    def __init__(self, shape: Shape, router: str):
        super().__init__(shape)
        del self.up, self.down
        self.experts = Experts(shape, router)

    def feed_forward(self, h: torch.Tensor) -> torch.Tensor:
        return self.experts(h)


def routed_block(router: str):
    """Return the block maker that `Decoder` takes."""
    return functools.partial(RoutedBlock, router=router)


class LoadMeter:
    """How evenly the experts were wanted and how many tokens they turned away, since the last reading and in all.

    Parameters
    ----------
    model : nn.Module
        A model with `Experts` in it, or without.
    """

    def __init__(self, model: nn.Module):
        self.layers = [module for module in model.modules() if isinstance(module, Experts)]
        self.seen = self.dropped = 0
        self.restart()

    def restart(self) -> None:
        """Begin a new interval."""
        self._wanted = [np.zeros(len(layer.router)) for layer in self.layers]
        self._entropies: list[float] = []
        self._seen = self._dropped = 0

    def count(self) -> None:
        """Add the last forward pass."""
        for total, layer in zip(self._wanted, self.layers, strict=True):
            wanted = layer.wanted.cpu().numpy()
            total += wanted
            self._entropies.append(float(load_entropy(wanted)))
            self._seen += int(wanted.sum())
            self._dropped += int(wanted.sum() - layer.kept.sum())

    def read(self) -> dict:
        """Close the interval; return its load entropy, dropped share and loads, or {} for a dense model.

        The entropy is the mean over batches and layers: a load that swings from batch to batch is not even, though
        its sum may be.
        """
        if not self.layers:
            return {}
        result = {"load_entropy": round(float(np.mean(self._entropies)), 5),
                  "dropped": round(self._dropped / self._seen, 5)}
        for i, total in enumerate(self._wanted):
            result[f"load_layer{i}"] = " ".join(f"{share:.4f}" for share in total / total.sum())
        self.seen, self.dropped = self.seen + self._seen, self.dropped + self._dropped
        self.restart()
        return result
