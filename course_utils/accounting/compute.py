"""FLOPs of training and of use."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.checks import not_negative, positive
from course_utils.accounting.models import block_matrices

PF_DAY = 8.64e19
"""FLOPs in a petaFLOP/s-day: 1e15 FLOP/s for 86,400 s. A unit of work, as kWh is."""


def training_flops(params: ArrayLike, tokens: ArrayLike) -> NDArray[np.float64]:
    r"""Estimate the training compute by the rule of six.

    .. math:: C \approx 6 N D

    Two FLOPs per parameter and token forward (one multiply, one add), four backward. It leaves out attention over the
    context, and depends on whether the head and embeddings are in N: see `training_flops_exact`.

    Parameters
    ----------
    params : array, parameters N (active ones for a mixture of experts)
    tokens : array that broadcasts with params, training tokens D

    Returns
    -------
    array of the common shape, FLOPs

    Raises
    ------
    ValueError
        If a count is negative or not a number.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), section 2.1; checked on GPT-3 (arXiv 2005.14165), Table D.1.

    Examples
    --------
    >>> f"{training_flops(174.6e9, 300e9):.3g}"
    '3.14e+23'
    """
    not_negative(params=params, tokens=tokens)
    return 6.0 * np.asarray(params, dtype=np.float64) * np.asarray(tokens, dtype=np.float64)


def inference_flops(params: ArrayLike, tokens: ArrayLike) -> NDArray[np.float64]:
    r"""Estimate the compute of reading or writing tokens with a trained model.

    .. math:: C \approx 2 N D

    Parameters
    ----------
    params : array, (active) parameters N
    tokens : array that broadcasts with params, tokens read or written

    Returns
    -------
    array of the common shape, FLOPs

    Raises
    ------
    ValueError
        If a count is negative or not a number.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), section 2.1.

    Examples
    --------
    >>> f"{inference_flops(7e9, 1000):.2g}"
    '1.4e+13'
    """
    not_negative(params=params, tokens=tokens)
    return 2.0 * np.asarray(params, dtype=np.float64) * np.asarray(tokens, dtype=np.float64)


def forward_flops_per_token(
    n_layer: int,
    d_model: int,
    *,
    vocab: int,
    context: int,
    d_ff: int | None = None,
    kv_share: float = 1.0,
    gated: bool = False,
    attention: bool = True,
    head: bool = True,
) -> float:
    r"""Count the FLOPs of one token's forward pass, averaged over a full causal window.

    .. math:: 2 N_{\text{blocks}} + 2\, n_{\text{layer}}\, n_{\text{ctx}}\, d_{\text{model}} + 2\, d_{\text{model}} V

    Parameters
    ----------
    n_layer, d_model, vocab, context, d_ff, kv_share, gated : as in `transformer_params`
    attention : count the scores and the weighted sum over the context (the middle term); on average half the window
        is seen, which is why its factor is 2 and not 4
    head : count the last matrix, d_model x vocab

    Returns
    -------
    float, FLOPs per token; matrices alone, as norms, softmax and biases are below a per cent

    Raises
    ------
    ValueError
        If a size is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), eq. 2.2 and Table 1; the head is left out there, and Porian et al. 2024
    (arXiv 2406.19146) show what that does to the exponents.

    Examples
    --------
    >>> forward_flops_per_token(2, 64, vocab=1024, context=64)
    344064.0
    """
    positive(n_layer=n_layer, d_model=d_model, vocab=vocab, context=context, kv_share=kv_share)
    if d_ff is not None:
        positive(d_ff=d_ff)
    flops = 2.0 * n_layer * sum(block_matrices(d_model, d_ff, kv_share, gated))
    if attention:
        flops += 2.0 * n_layer * context * d_model
    if head:
        flops += 2.0 * d_model * vocab
    return flops


def training_flops_exact(
    tokens: ArrayLike, n_layer: int, d_model: int, *, vocab: int, context: int, **convention
) -> NDArray[np.float64]:
    r"""Count the training compute matrix by matrix: three times the forward pass.

    .. math:: C = 3\, D\, c_{\text{forward}}

    Parameters
    ----------
    tokens : array, training tokens D
    n_layer, d_model, vocab, context, **convention : as in `forward_flops_per_token`

    Returns
    -------
    array of the shape of tokens, FLOPs

    Raises
    ------
    ValueError
        If a size is not positive.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), section 2.1: the backward pass costs twice the forward pass.

    Examples
    --------
    >>> f"{training_flops_exact(1e6, 2, 64, vocab=1024, context=64):.4g}"
    '1.032e+12'
    """
    not_negative(tokens=tokens)
    per_token = forward_flops_per_token(n_layer, d_model, vocab=vocab, context=context, **convention)
    return 3.0 * per_token * np.asarray(tokens, dtype=np.float64)
