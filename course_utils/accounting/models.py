"""Parameters of a transformer, by convention."""

from __future__ import annotations

from typing import Literal

from course_utils.accounting.checks import positive

Counting = Literal["total", "non_embedding", "blocks_and_head"]


def block_matrices(d_model: int, d_ff: int | None, kv_share: float, gated: bool) -> tuple[float, float]:
    """Return the matrix parameters of one block's attention and of its feed-forward part."""
    wide = 4 * d_model if d_ff is None else d_ff
    return (2 + 2 * kv_share) * d_model**2, (3 if gated else 2) * d_model * wide


def transformer_params(
    n_layer: int,
    d_model: int,
    *,
    vocab: int,
    context: int,
    d_ff: int | None = None,
    tied: bool = False,
    biases: bool = True,
    norms: bool = True,
    positions: Literal["learned", "none"] = "learned",
    kv_share: float = 1.0,
    gated: bool = False,
    counting: Counting = "total",
) -> int:
    r"""Count the parameters of a decoder-only transformer, by one of three conventions.

    .. math:: N_{\text{non-embedding}} \approx 12\, n_{\text{layer}}\, d_{\text{model}}^2 \quad (d_{ff} = 4 d)

    Parameters
    ----------
    n_layer, d_model : blocks and width
    vocab, context : tokens in the vocabulary and in the window
    d_ff : width of the feed-forward part; 4 d_model when None
    tied : the head shares the embedding's matrix
    biases : linear layers and norms have biases
    norms : count the gains (and, with biases, the shifts) of two norms a block and a last one
    positions : "learned" adds context x d_model, "none" (rotary and the like) nothing
    kv_share : key-value heads divided by query heads (1 without grouped-query attention)
    gated : three feed-forward matrices instead of two
    counting : "total" is everything; "non_embedding" is the blocks alone, as Kaplan counts; "blocks_and_head" adds the
        last norm and the head's matrix, tied or not, since its FLOPs are paid either way

    Returns
    -------
    int, parameters

    Raises
    ------
    ValueError
        If a size is not positive or the convention is unknown.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), Table 1 and eq. 2.1.

    Examples
    --------
    >>> transformer_params(12, 768, vocab=50257, context=1024, tied=True)  # GPT-2 small
    124439808
    """
    positive(n_layer=n_layer, d_model=d_model, vocab=vocab, context=context, kv_share=kv_share)
    wide = 4 * d_model if d_ff is None else d_ff
    positive(d_ff=wide)
    attention, feed_forward = block_matrices(d_model, d_ff, kv_share, gated)
    block = attention + feed_forward
    if biases:
        block += (2 + 2 * kv_share) * d_model + (2 if gated else 1) * wide + d_model
    norm = (2 if biases else 1) * d_model if norms else 0
    blocks = n_layer * (block + 2 * norm)
    head = vocab * d_model
    if counting == "non_embedding":
        return round(blocks)
    if counting == "blocks_and_head":
        return round(blocks + norm + head)
    if counting == "total":
        embedding = vocab * d_model + (context * d_model if positions == "learned" else 0)
        return round(embedding + blocks + norm + (0 if tied else head))
    raise ValueError(f"counting must be 'total', 'non_embedding' or 'blocks_and_head', not {counting!r}")
