"""Sizes of a model and what they cost, without PyTorch: plans are made where nothing can be trained."""

from __future__ import annotations

from dataclasses import dataclass


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
    n_expert : int
        Feed-forward layers that stand side by side in every block; a token visits one. 1 is a dense model.
    """

    d_model: int
    vocabulary_in: int
    vocabulary_out: int
    n_layer: int = 2
    context: int = 64
    n_expert: int = 1

    @property
    def n_head(self) -> int:
        """Heads of width 16 or a little more."""
        return max(h for h in range(1, max(1, self.d_model // 16) + 1) if self.d_model % h == 0)

    @property
    def params_blocks(self) -> int:
        """Matrix weights of the blocks, 12 n_layer d_model^2: Kaplan's non-embedding count.

        With experts, those that one token meets: the attention and one feed-forward layer a block.
        """
        return 12 * self.n_layer * self.d_model**2

    @property
    def params_router(self) -> int:
        """Weights that score the experts, n_layer n_expert d_model; a dense model has none."""
        return self.n_layer * self.n_expert * self.d_model if self.n_expert > 1 else 0

    @property
    def params_blocks_and_head(self) -> int:
        """Weights that multiply something for every token: blocks and head, without the router."""
        return self.params_blocks + self.vocabulary_out * self.d_model

    @property
    def params_total(self) -> int:
        """All weights: blocks with every expert, router, head, embeddings of token and position, gains of the norms."""
        gains = (2 * self.n_layer + 1) * self.d_model
        experts = 8 * (self.n_expert - 1) * self.n_layer * self.d_model**2 + self.params_router
        return self.params_blocks_and_head + experts + (self.vocabulary_in + self.context) * self.d_model + gains

    def flops_per_token(self, *, head: bool = True, attention: bool = True) -> float:
        """Training FLOPs per token: three times the forward pass, whose products count a multiply and an add.

        Attention is causal, so a token looks at half a window on average: 2 n_layer context d_model forward FLOPs
        for scores and mixing together (Kaplan et al. 2020, equation 2.2).
        """
        forward = 2 * (self.params_blocks + self.params_router)
        forward += 2 * self.vocabulary_out * self.d_model if head else 0
        forward += 2 * self.n_layer * self.context * self.d_model if attention else 0
        return 3.0 * forward
