"""What experts cost: parameters that are kept and parameters that work, capacity that is padded, tokens that travel."""

from __future__ import annotations

from typing import NamedTuple

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.checks import not_negative, positive
from course_utils.accounting.compute import forward_flops_per_token
from course_utils.accounting.memory import all_to_all_bytes
from course_utils.accounting.models import Counting, transformer_params


class MoeParams(NamedTuple):
    """Hold the parameters of a mixture of experts: all, those that one token uses, and those of routed experts."""

    total: int
    active: int
    experts: int


def _routed_layers(n_layer: int, n_routed_layer: int | None) -> int:
    routed = n_layer if n_routed_layer is None else n_routed_layer
    if not 0 <= routed <= n_layer:
        raise ValueError(f"n_routed_layer is {routed}; a model of {n_layer} blocks has 0 to {n_layer} routed ones")
    return routed


def _choice(n_expert: int, top_k: int, n_shared: int) -> None:
    positive(n_expert=n_expert, top_k=top_k)
    not_negative(n_shared=n_shared)
    if top_k > n_expert:
        raise ValueError(f"top_k is {top_k}; a token can use at most all {n_expert} experts")


def moe_params(
    n_layer: int,
    d_model: int,
    *,
    n_expert: int,
    top_k: int,
    d_expert: int | None = None,
    n_shared: int = 0,
    n_routed_layer: int | None = None,
    d_ff: int | None = None,
    gated: bool = False,
    biases: bool = False,
    counting: Counting = "total",
    **shape,
) -> MoeParams:
    r"""Count all parameters of a mixture of experts and those that one token uses.

    .. math:: N = N_{\text{dense}} + n_{\text{routed}} \left[(E + S)\, m\, d\, d_e - m\, d\, d_{ff} + d E\right],
       \quad m = 2 \text{ or } 3 \text{ matrices}

    and the same with k for E in the first term for the active ones; the router works for every token.

    Parameters
    ----------
    n_layer, d_model : blocks and width
    n_expert, top_k : experts E of a routed layer, and how many of them a token uses
    d_expert : width of an expert; 4 d_model when None
    n_shared : experts S of the same width that every token uses besides
    n_routed_layer : blocks whose feed-forward part is routed; all when None, the others are dense and d_ff wide
    d_ff : width of the feed-forward part of dense blocks; 4 d_model when None
    gated : three matrices an expert instead of two
    biases, counting, **shape : as in `transformer_params` (vocab and context are needed); biases are False here. An
        input embedding is counted as active whole, though one row of it is used

    Returns
    -------
    MoeParams
        total, active, and experts (those of routed experts alone, which can be spread over devices)

    Raises
    ------
    ValueError
        If a size is not positive, top_k is above n_expert, or more blocks are routed than there are.

    Source
    ------
    Counting; Mixtral 8x7B (arXiv 2401.04088) has 46.7B, of which 12.9B work for a token.

    Examples
    --------
    >>> mixtral = moe_params(32, 4096, n_expert=8, top_k=2, d_expert=14336, gated=True, kv_share=0.25,
    ...                      vocab=32000, context=32768, positions="none")
    >>> f"{mixtral.total / 1e9:.1f}B in all, {mixtral.active / 1e9:.1f}B active"
    '46.7B in all, 12.9B active'
    """
    _choice(n_expert, top_k, n_shared)
    routed = _routed_layers(n_layer, n_routed_layer)
    width, wide = (4 * d_model if w is None else w for w in (d_expert, d_ff))
    positive(d_expert=width)
    same = {"gated": gated, "biases": biases, "counting": counting, **shape}
    dense = transformer_params(n_layer, d_model, d_ff=wide, **same)
    matrices = 3 if gated else 2

    def layer(w: int) -> int:
        return matrices * d_model * w + (((2 if gated else 1) * w + d_model) if biases else 0)

    fixed = dense + routed * (n_shared * layer(width) - layer(wide) + d_model * n_expert)
    return MoeParams(
        total=fixed + routed * n_expert * layer(width),
        active=fixed + routed * top_k * layer(width),
        experts=routed * n_expert * layer(width),
    )


def moe_forward_flops_per_token(
    n_layer: int,
    d_model: int,
    *,
    n_expert: int,
    top_k: int,
    d_expert: int | None = None,
    n_shared: int = 0,
    n_routed_layer: int | None = None,
    d_ff: int | None = None,
    gated: bool = False,
    capacity_factor: float = 1.0,
    **shape,
) -> float:
    r"""Count the FLOPs of one token's forward pass through a mixture of experts.

    .. math:: F = F_{\text{dense}} + 2\, n_{\text{routed}} \left[(\mathrm{CF}\, k + S)\, m\, d\, d_e - m\, d\, d_{ff}
       + d E\right]

    Parameters
    ----------
    n_layer, d_model, n_expert, top_k, d_expert, n_shared, n_routed_layer, d_ff, gated : as in `moe_params`
    capacity_factor : what is computed over what is needed, where experts work on padded buffers; 1 without padding
    **shape : vocab, context, kv_share, attention, head, as in `forward_flops_per_token`

    Returns
    -------
    float, FLOPs per token; three times that with the backward pass

    Raises
    ------
    ValueError
        As `moe_params`, or if capacity_factor is not positive.

    Source
    ------
    Counting; the padding after Fedus et al. 2021, Switch (arXiv 2101.03961), section 2.2.

    Examples
    --------
    >>> dense = forward_flops_per_token(2, 64, vocab=1024, context=64)
    >>> moe_forward_flops_per_token(2, 64, n_expert=8, top_k=1, vocab=1024, context=64) - dense  # the router alone
    2048.0
    """
    _choice(n_expert, top_k, n_shared)
    routed = _routed_layers(n_layer, n_routed_layer)
    width, wide = (4 * d_model if w is None else w for w in (d_expert, d_ff))
    positive(d_expert=width, capacity_factor=capacity_factor)
    dense = forward_flops_per_token(n_layer, d_model, d_ff=wide, gated=gated, **shape)
    matrices = 3 if gated else 2
    experts = (capacity_factor * top_k + n_shared) * width - wide
    return dense + 2.0 * routed * (matrices * d_model * experts + d_model * n_expert)


def expert_parallel_bytes(
    params: MoeParams, *, devices: ArrayLike, bytes_per_param: float = 16
) -> NDArray[np.float64]:
    r"""Compute the memory of one device when experts are spread over devices and the rest is copied to each.

    .. math:: s \left(N - N_{\text{experts}} + \frac{N_{\text{experts}}}{P}\right)

    Parameters
    ----------
    params : from `moe_params`
    devices : array, devices P over which the experts are spread evenly
    bytes_per_param : 16 for training with mixed-precision Adam, 2 for use in bfloat16; without activations

    Returns
    -------
    array of the shape of devices, bytes on each device

    Raises
    ------
    ValueError
        If devices is below 1 or bytes_per_param negative.

    Source
    ------
    Counting; GShard (arXiv 2006.16668), section 3, for the placement.

    Examples
    --------
    >>> mixtral = MoeParams(total=46_702_000_000, active=12_880_000_000, experts=45_097_000_000)
    >>> (expert_parallel_bytes(mixtral, devices=[1, 8], bytes_per_param=2) / 1e9).round(1)
    array([93.4, 14.5])
    """
    count = np.asarray(devices, dtype=np.float64)
    if not (count >= 1).all():
        raise ValueError(f"devices must be 1 or more, not {devices!r}")
    not_negative(bytes_per_param=bytes_per_param)
    return bytes_per_param * (params.total - params.experts + params.experts / count)


def capacity_bill(load: ArrayLike, capacity: ArrayLike) -> tuple[NDArray[np.float64], NDArray[np.float64]]:
    r"""Compute what a capacity drops and what it pads.

    .. math:: \text{dropped} = \frac{\sum_e \max(n_e - C, 0)}{\sum_e n_e}, \qquad
       \text{padding} = \frac{\sum_e \max(C - n_e, 0)}{E\,C}

    Parameters
    ----------
    load : array of shape (..., n_experts), tokens that want each expert
    capacity : array that broadcasts with load's leading axes, tokens C that an expert takes

    Returns
    -------
    dropped : array of shape (...), share of the choices that find no room
    padding : array of shape (...), share of the places that stay empty and are computed and sent all the same

    Raises
    ------
    ValueError
        If a load is negative, all are 0, or the capacity is not positive.

    Source
    ------
    Fedus et al. 2021, Switch (arXiv 2101.03961), section 2.2 and Figure 3.

    Examples
    --------
    >>> dropped, padding = capacity_bill([6, 2, 0, 0], capacity=2)
    >>> float(dropped), float(padding)
    (0.5, 0.5)
    """
    not_negative(load=load)
    positive(capacity=capacity)
    n = np.asarray(load, dtype=np.float64)
    if n.ndim == 0 or not (n.sum(axis=-1) > 0).all():
        raise ValueError("load must give every expert's tokens along the last axis, with at least one token in all")
    room = np.asarray(capacity, dtype=np.float64)
    each = np.broadcast_to(room[..., None], n.shape)
    return np.maximum(n - each, 0).sum(-1) / n.sum(-1), np.maximum(each - n, 0).sum(-1) / each.sum(-1)


def all_to_all_seconds(
    tokens: ArrayLike,
    *,
    top_k: int,
    d_model: int,
    devices: ArrayLike,
    bandwidth: ArrayLike,
    latency: ArrayLike = 0.0,
    capacity_factor: float = 1.0,
    bytes_per_value: float = 2,
) -> NDArray[np.float64]:
    r"""Estimate how long the tokens of one mixture-of-experts layer travel, forward: to their experts and back.

    .. math:: t = 2 \left[(P - 1)\, t_{\text{lat}} + \frac{\mathrm{CF}\; T k\, d\, s}{\mathrm{BW}} \frac{P-1}{P}\right]

    Parameters
    ----------
    tokens : array, tokens T on one device
    top_k, d_model : experts a token goes to, width of its vector
    devices : array, devices P over which the experts are spread evenly
    bandwidth : array, bytes a second that a device can send
    latency : array, seconds a message costs whatever its size; a device sends P - 1 of them, one after the other
    capacity_factor : padded places over choices; 1 without padding
    bytes_per_value : 2 for bfloat16

    Returns
    -------
    array of the common shape, seconds; twice that with the backward pass, if nothing is hidden behind arithmetic

    Raises
    ------
    ValueError
        If a value is negative, devices is below 1, or bandwidth or capacity_factor is not positive.

    Source
    ------
    Counting, in the usual latency-bandwidth model of a network; GShard (arXiv 2006.16668), section 3.

    Examples
    --------
    >>> t = all_to_all_seconds(4096, top_k=8, d_model=7168, devices=64, bandwidth=50e9, latency=10e-6)
    >>> f"{1e3 * t:.1f} ms"
    '19.8 ms'
    """
    positive(bandwidth=bandwidth, capacity_factor=capacity_factor)
    not_negative(latency=latency)
    sent = capacity_factor * all_to_all_bytes(
        tokens, top_k=top_k, d_model=d_model, devices=devices, bytes_per_value=bytes_per_value
    )
    messages = np.asarray(devices, dtype=np.float64) - 1.0
    return 2.0 * messages * np.asarray(latency) + sent / np.asarray(bandwidth, dtype=np.float64)
