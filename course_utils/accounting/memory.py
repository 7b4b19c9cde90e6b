"""Bytes kept and bytes sent."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.checks import not_negative


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
    not_negative(tokens=tokens, n_layer=n_layer, n_kv_head=n_kv_head, d_head=d_head, bytes_per_value=bytes_per_value)
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
    not_negative(params=params, bytes_per_param=bytes_per_param)
    return bytes_per_param * np.asarray(params, dtype=np.float64)


def all_to_all_bytes(
    tokens: ArrayLike, *, top_k: int, d_model: int, devices: ArrayLike, bytes_per_value: float = 2
) -> NDArray[np.float64]:
    r"""Compute what one device sends for one mixture-of-experts layer, forward: dispatch and combine.

    .. math:: 2\, T\, k\, d\, s\, (P - 1) / P

    Parameters
    ----------
    tokens : array, tokens T on one device
    top_k, d_model : experts a token goes to, width of its vector
    devices : array, devices P over which the experts are spread evenly
    bytes_per_value : 2 for bfloat16

    Returns
    -------
    array of the common shape, bytes; twice that with the backward pass. Where experts work on padded buffers, those
    travel: multiply by the capacity factor

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
    not_negative(tokens=tokens, top_k=top_k, d_model=d_model, bytes_per_value=bytes_per_value)
    count = np.asarray(devices, dtype=np.float64)
    if not (count >= 1).all():
        raise ValueError(f"devices must be 1 or more, not {devices!r}")
    return 2.0 * np.asarray(tokens, dtype=np.float64) * top_k * d_model * bytes_per_value * (count - 1) / count
