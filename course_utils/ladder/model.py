"""A small decoder-only transformer without biases: the network of every ladder."""

from __future__ import annotations

import math

import torch
import torch.nn.functional as F
from torch import nn

from course_utils.accounting.shape import Shape


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
        return x + self.feed_forward(F.layer_norm(x, (d,), self.norm_feed_forward))

    def feed_forward(self, h: torch.Tensor) -> torch.Tensor:
        """Return what the second half of the block adds to the residual stream."""
        return F.linear(F.gelu(F.linear(h, self.up)), self.down)


class Decoder(nn.Module):
    """Token and position embeddings, blocks, norm, head. The head starts at zero: the first loss is ln(vocabulary).

    Parameters
    ----------
    shape : Shape
        The sizes.
    block : callable
        Makes one block from the shape; `experts.routed_block` makes blocks with experts.
    """

    def __init__(self, shape: Shape, block=Block):
        super().__init__()
        d = shape.d_model
        self.tokens = nn.Parameter(torch.randn(shape.vocabulary_in, d))
        self.positions = nn.Parameter(torch.randn(shape.context, d) * 0.02)
        self.blocks = nn.ModuleList(block(shape) for _ in range(shape.n_layer))
        self.norm = nn.Parameter(torch.ones(d))
        self.head = nn.Parameter(torch.zeros(shape.vocabulary_out, d))

    def forward(self, ids: torch.Tensor) -> torch.Tensor:
        """Return logits of shape (batch, time, vocabulary_out) for `ids` of shape (batch, time)."""
        x = F.embedding(ids, self.tokens) + self.positions[: ids.shape[1]]
        for block in self.blocks:
            x = block(x)
        return F.linear(F.layer_norm(x, (x.shape[-1],), self.norm), self.head)
