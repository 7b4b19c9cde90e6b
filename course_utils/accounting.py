"""Count what a model is and what it costs: parameters, FLOPs, memory, traffic, time, energy, money.

Every published disagreement about exponents began with a convention, so here the convention is an argument.
FLOPs are an amount of work; FLOP/s is a rate. Counts are plain numbers, never billions.
"""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

__all__ = [
    "PF_DAY",
    "all_to_all_bytes",
    "cost",
    "energy",
    "forward_flops_per_token",
    "inference_flops",
    "kv_cache_bytes",
    "training_flops",
    "training_flops_exact",
    "training_memory_bytes",
    "training_time",
    "transformer_params",
]

PF_DAY = 8.64e19
"""FLOPs in a petaFLOP/s-day: 1e15 FLOP/s for 86,400 s. A unit of work, as kWh is."""

Counting = Literal["total", "non_embedding", "blocks_and_head"]


def _not_negative(**values: ArrayLike) -> None:
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        if not (array >= 0).all():
            row = int(np.flatnonzero(~(array >= 0))[0])
            raise ValueError(f"{name} must be a number that is 0 or more; entry {row} is {array.flat[row]!r}")


def _positive(**values: ArrayLike) -> None:
    for name, value in values.items():
        array = np.asarray(value, dtype=np.float64)
        if not (array > 0).all():
            row = int(np.flatnonzero(~(array > 0))[0])
            raise ValueError(f"{name} must be a number above 0; entry {row} is {array.flat[row]!r}")


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
    _not_negative(params=params, tokens=tokens)
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
    _not_negative(params=params, tokens=tokens)
    return 2.0 * np.asarray(params, dtype=np.float64) * np.asarray(tokens, dtype=np.float64)


def _block_matrices(d_model: int, d_ff: int | None, kv_share: float, gated: bool) -> tuple[float, float]:
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
    _positive(n_layer=n_layer, d_model=d_model, vocab=vocab, context=context, kv_share=kv_share)
    wide = 4 * d_model if d_ff is None else d_ff
    _positive(d_ff=wide)
    attention, feed_forward = _block_matrices(d_model, d_ff, kv_share, gated)
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
    _positive(n_layer=n_layer, d_model=d_model, vocab=vocab, context=context, kv_share=kv_share)
    if d_ff is not None:
        _positive(d_ff=d_ff)
    flops = 2.0 * n_layer * sum(_block_matrices(d_model, d_ff, kv_share, gated))
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
    _not_negative(tokens=tokens)
    per_token = forward_flops_per_token(n_layer, d_model, vocab=vocab, context=context, **convention)
    return 3.0 * per_token * np.asarray(tokens, dtype=np.float64)


def training_time(flops: ArrayLike, *, devices: float, peak_flops: float, utilisation: float) -> NDArray[np.float64]:
    r"""Compute how long a run takes.

    .. math:: t = C / (n \cdot \text{peak} \cdot \text{MFU})

    Parameters
    ----------
    flops : array, training compute in FLOPs (an amount)
    devices : number of accelerators
    peak_flops : FLOP/s of one accelerator (a rate) at the precision in use
    utilisation : share of the peak that is reached, above 0 and at most 1 (0.3 to 0.5 is usual)

    Returns
    -------
    array of the shape of flops, seconds

    Raises
    ------
    ValueError
        If utilisation is not in (0, 1] or another value is not positive.

    Source
    ------
    Chowdhery et al. 2022, PaLM (arXiv 2204.02311), section 4.1, model FLOPs utilisation.

    Examples
    --------
    >>> float((training_time(3.14e23, devices=1024, peak_flops=312e12, utilisation=0.4) / 86400).round(1))
    28.4
    """
    _not_negative(flops=flops)
    _positive(devices=devices, peak_flops=peak_flops, utilisation=utilisation)
    if np.any(np.asarray(utilisation) > 1):
        raise ValueError(f"utilisation is a share of the peak, at most 1; {utilisation!r} looks like a percentage")
    return np.asarray(flops, dtype=np.float64) / (devices * peak_flops * utilisation)


def energy(seconds: ArrayLike, *, devices: float, watts: float, overhead: float = 1.0) -> NDArray[np.float64]:
    r"""Compute the energy of a run.

    .. math:: \text{kWh} = n \cdot W \cdot t \cdot \text{PUE} / 3.6 \times 10^{6}

    Parameters
    ----------
    seconds : array, length of the run
    devices : number of accelerators
    watts : average power of one accelerator with its share of the host
    overhead : power usage effectiveness of the building, 1 or more

    Returns
    -------
    array of the shape of seconds, kilowatt-hours

    Raises
    ------
    ValueError
        If a value is negative or overhead is below 1.

    Source
    ------
    Patterson et al. 2021 (arXiv 2104.10350), section 2.

    Examples
    --------
    >>> float(energy(3600, devices=8, watts=500, overhead=1.25))
    5.0
    """
    _not_negative(seconds=seconds, devices=devices, watts=watts)
    if not overhead >= 1:
        raise ValueError(f"overhead is total power over the machines' power, 1 or more, not {overhead!r}")
    return np.asarray(seconds, dtype=np.float64) * devices * watts * overhead / 3.6e6


def cost(seconds: ArrayLike, *, devices: float, dollars_per_device_hour: float) -> NDArray[np.float64]:
    r"""Compute the rent of a run.

    .. math:: \$ = n \cdot t / 3600 \cdot \text{price}

    Parameters
    ----------
    seconds : array, length of the run
    devices : number of accelerators
    dollars_per_device_hour : rent of one accelerator for an hour

    Returns
    -------
    array of the shape of seconds, dollars

    Raises
    ------
    ValueError
        If a value is negative.

    Source
    ------
    Arithmetic; prices change by the month, so they are always an argument.

    Examples
    --------
    >>> float(cost(7200, devices=8, dollars_per_device_hour=2.0))
    32.0
    """
    _not_negative(seconds=seconds, devices=devices, dollars_per_device_hour=dollars_per_device_hour)
    return np.asarray(seconds, dtype=np.float64) / 3600.0 * devices * dollars_per_device_hour


def kv_cache_bytes(
    tokens: ArrayLike, *, n_layer: int, n_kv_head: int, d_head: int, bytes_per_value: float = 2
) -> NDArray[np.float64]:
    r"""Compute the memory of the keys and values that a model keeps while it writes.

    .. math:: 2\, n_{\text{layer}}\, n_{kv}\, d_{\text{head}}\, s \cdot \text{tokens}

    Parameters
    ----------
    tokens : array, tokens in the context, summed over the sequences of the batch
    n_layer, n_kv_head, d_head : blocks, key-value heads, width of a head
    bytes_per_value : 2 for bfloat16

    Returns
    -------
    array of the shape of tokens, bytes

    Raises
    ------
    ValueError
        If a value is negative.

    Source
    ------
    Counting; Llama 3 70B (80 blocks, 8 key-value heads of 128, bfloat16) keeps 327,680 bytes a token.

    Examples
    --------
    >>> int(kv_cache_bytes(1, n_layer=80, n_kv_head=8, d_head=128))
    327680
    """
    _not_negative(tokens=tokens, n_layer=n_layer, n_kv_head=n_kv_head, d_head=d_head, bytes_per_value=bytes_per_value)
    return 2.0 * n_layer * n_kv_head * d_head * bytes_per_value * np.asarray(tokens, dtype=np.float64)


def training_memory_bytes(params: ArrayLike, *, bytes_per_param: float = 16) -> NDArray[np.float64]:
    r"""Compute the memory of weights, gradients and optimiser state, without activations.

    .. math:: 16 N: \text{ 2 + 2 (bfloat16 weights, gradients) + 12 (float32 weights and two moments of Adam)}

    Parameters
    ----------
    params : array, parameters N (all of them, also the inactive ones of a mixture of experts)
    bytes_per_param : 16 for mixed-precision Adam

    Returns
    -------
    array of the shape of params, bytes over all devices together

    Raises
    ------
    ValueError
        If a value is negative.

    Source
    ------
    Rajbhandari et al. 2020, ZeRO (arXiv 1910.02054), section 3.1.

    Examples
    --------
    >>> float(training_memory_bytes(7.5e9) / 1e9)
    120.0
    """
    _not_negative(params=params, bytes_per_param=bytes_per_param)
    return bytes_per_param * np.asarray(params, dtype=np.float64)


def all_to_all_bytes(
    tokens: ArrayLike, *, top_k: int, d_model: int, devices: int, bytes_per_value: float = 2
) -> NDArray[np.float64]:
    r"""Compute what one device sends for one mixture-of-experts layer, forward: dispatch and combine.

    .. math:: 2\, T\, k\, d\, s\, (P - 1) / P

    Parameters
    ----------
    tokens : array, tokens T on one device
    top_k, d_model : experts a token goes to, width of its vector
    devices : devices P over which the experts are spread evenly
    bytes_per_value : 2 for bfloat16

    Returns
    -------
    array of the shape of tokens, bytes; twice that with the backward pass

    Raises
    ------
    ValueError
        If a value is negative or devices is below 1.

    Source
    ------
    Counting, for uniform routing without padding; GShard (arXiv 2006.16668), section 3.

    Examples
    --------
    >>> int(all_to_all_bytes(1, top_k=8, d_model=7168, devices=8))
    200704
    """
    _not_negative(tokens=tokens, top_k=top_k, d_model=d_model, bytes_per_value=bytes_per_value)
    if not devices >= 1:
        raise ValueError(f"devices must be 1 or more, not {devices!r}")
    return 2.0 * np.asarray(tokens, dtype=np.float64) * top_k * d_model * bytes_per_value * (devices - 1) / devices
