"""Let a trained decoder answer, token by token, remembering keys and values of what it has read."""

from __future__ import annotations

import math
from typing import TYPE_CHECKING

if TYPE_CHECKING:
    import torch

    from course_utils.ladder.model import Decoder


def read(model: Decoder, ids: torch.Tensor, memory: list, start: int) -> torch.Tensor:
    """Return the logits after the last of `ids`, which stand at positions from `start` on; extend `memory`.

    `memory` holds, for each block, None or the keys and values of what was read so far.
    """
    import torch
    import torch.nn.functional as F

    x = F.embedding(ids, model.tokens) + model.positions[start : start + ids.shape[1]]
    for layer, block in enumerate(model.blocks):
        batch, time, d = x.shape
        y = F.linear(F.layer_norm(x, (d,), block.norm_attention), block.qkv)
        q, k, v = y.view(batch, time, 3, block.n_head, d // block.n_head).permute(2, 0, 3, 1, 4)
        if memory[layer] is not None:
            k, v = torch.cat([memory[layer][0], k], dim=2), torch.cat([memory[layer][1], v], dim=2)
        memory[layer] = (k, v)
        scores = q @ k.transpose(-1, -2) / math.sqrt(q.shape[-1])
        hidden = torch.ones(time, k.shape[2], dtype=torch.bool, device=ids.device).triu(1 + start)
        y = scores.masked_fill(hidden, -math.inf).softmax(-1) @ v
        x = x + F.linear(y.transpose(1, 2).reshape(batch, time, d), block.out)
        x = x + block.feed_forward(F.layer_norm(x, (d,), block.norm_feed_forward))
    last = x[:, -1]
    return F.linear(F.layer_norm(last, (last.shape[-1],), model.norm), model.head)


def generate(model: Decoder, prompts: torch.Tensor, length: int, *, temperature: float = 0.0,
             among: int | None = None, generator: torch.Generator | None = None) -> torch.Tensor:
    """Continue prompts of one length by `length` tokens.

    Parameters
    ----------
    model : Decoder
        A trained model whose context holds prompt and answer.
    prompts : tensor of shape (batch, time), int64
    length : int
        Tokens to add.
    temperature : float
        0 takes the likeliest token every time; 1 samples as the model believes.
    among : int or None
        Say only tokens below this number; None allows all.
    generator : torch.Generator or None
        Source of randomness when the temperature is above 0.

    Returns
    -------
    tensor of shape (batch, length), int64
    """
    import torch

    memory: list = [None] * len(model.blocks)
    said, ids, start = [], prompts, 0
    with torch.inference_mode():
        for _ in range(length):
            logits = read(model, ids, memory, start)[:, :among]
            start += ids.shape[1]
            if temperature > 0:
                ids = torch.multinomial((logits / temperature).softmax(-1), 1, generator=generator)
            else:
                ids = logits.argmax(-1, keepdim=True)
            said.append(ids)
    return torch.cat(said, dim=1)
