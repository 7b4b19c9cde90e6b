"""A small decoder-only transformer without biases: the network of every ladder."""

from __future__ import annotations

import math
from dataclasses import dataclass

import torch
import torch.nn.functional as F
from torch import nn


@dataclass(frozen=True)
class Shape:
    """Sizes of a model.

    Attributes
    ----------
    d_model : int
        Width of the residual stream.
    vocabulary_in, vocabulary_out : int
        Rows of the embedding table and of the head; they are not tied.
    n_layer : int
        Blocks of attention and a feed-forward layer of four times the width.
    context : int
        Tokens in a window.
    """

    d_model: int
    vocabulary_in: int
    vocabulary_out: int
    n_layer: int = 2
    context: int = 64

    @property
    def n_head(self) -> int:
        """Heads of width 16 or a little more."""
        return max(h for h in range(1, max(1, self.d_model // 16) + 1) if self.d_model % h == 0)

    @property
    def params_blocks(self) -> int:
        """Matrix weights of the blocks, 12 n_layer d_model^2: Kaplan's non-embedding count."""
        return 12 * self.n_layer * self.d_model**2

    @property
    def params_blocks_and_head(self) -> int:
        """Weights that multiply something for every token: blocks and head."""
        return self.params_blocks + self.vocabulary_out * self.d_model

    @property
    def params_total(self) -> int:
        """All weights: blocks, head, token and position embeddings, and the gains of the norms."""
        gains = (2 * self.n_layer + 1) * self.d_model
        return self.params_blocks_and_head + (self.vocabulary_in + self.context) * self.d_model + gains

    def flops_per_token(self, *, head: bool = True, attention: bool = True) -> float:
        """Training FLOPs per token: three times the forward pass, whose products count a multiply and an add.

        Attention is causal, so a token looks at half a window on average: 2 n_layer context d_model forward FLOPs
        for scores and mixing together (Kaplan et al. 2020, equation 2.2).
        """
        forward = 2 * self.params_blocks
        forward += 2 * self.vocabulary_out * self.d_model if head else 0
        forward += 2 * self.n_layer * self.context * self.d_model if attention else 0
        return 3.0 * forward


class Block(nn.Module):
    """Pre-norm attention and feed-forward, each added to the residual stream."""

    def __init__(self, shape: Shape):
        super().__init__()
        d = shape.d_model
        self.n_head = shape.n_head
        self.norm_attention = nn.Parameter(torch.ones(d))
        self.qkv = nn.Parameter(torch.randn(3 * d, d) / math.sqrt(d))
        self.out = nn.Parameter(torch.randn(d, d) / math.sqrt(d * 2 * shape.n_layer))
        self.norm_feed_forward = nn.Parameter(torch.ones(d))
        self.up = nn.Parameter(torch.randn(4 * d, d) / math.sqrt(d))
        self.down = nn.Parameter(torch.randn(d, 4 * d) / math.sqrt(4 * d * 2 * shape.n_layer))

    def forward(self, x: torch.Tensor) -> torch.Tensor:
        batch, time, d = x.shape
        y = F.linear(F.layer_norm(x, (d,), self.norm_attention), self.qkv)
        q, k, v = y.view(batch, time, 3, self.n_head, d // self.n_head).permute(2, 0, 3, 1, 4)
        y = F.scaled_dot_product_attention(q, k, v, is_causal=True)
        x = x + F.linear(y.transpose(1, 2).reshape(batch, time, d), self.out)
        y = F.linear(F.layer_norm(x, (d,), self.norm_feed_forward), self.up)
        return x + F.linear(F.gelu(y), self.down)


class Decoder(nn.Module):
    """Token and position embeddings, blocks, norm, head. The head starts at zero: the first loss is ln(vocabulary)."""

    def __init__(self, shape: Shape):
        super().__init__()
        d = shape.d_model
        self.tokens = nn.Parameter(torch.randn(shape.vocabulary_in, d))
        self.positions = nn.Parameter(torch.randn(shape.context, d) * 0.02)
        self.blocks = nn.ModuleList(Block(shape) for _ in range(shape.n_layer))
        self.norm = nn.Parameter(torch.ones(d))
        self.head = nn.Parameter(torch.zeros(shape.vocabulary_out, d))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (batch, time, vocabulary_out) for `ids` of shape (batch, time)."""
        x = F.embedding(ids, self.tokens) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.linear(F.layer_norm(x, (x.shape[-1],), self.norm), self.head)
