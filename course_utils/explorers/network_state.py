"""What *what the network costs* is asked and answers: how much of a routed layer's step its tokens spend travelling."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from traitlets import Float, HasTraits, Int, Unicode

from course_utils import accounting
from course_utils.explorers.controls import decade_steps
from course_utils.explorers.cost_sum import Accelerator

EXPERTS = 256
DEVICES = (1, 2, 4, 8, 16, 32, 64, 128, 256)
BANDWIDTHS = decade_steps(1e9, 1e12, (1, 1.5, 2, 2.5, 3, 4, 5, 7))
WIDTHS = (512, 1024, 2048, 3072, 4096, 5120, 6144, 7168, 8192, 12288, 16384)
GRANULARITIES = (1, 2, 4, 8, 16)
TOP_K = (1, 2, 4, 6, 8, 12, 16)
TOKENS = (64, 128, 256, 512, 1024, 2048, 4096, 8192, 16384, 32768)
LATENCIES = (0.0, 1e-6, 2e-6, 5e-6, 10e-6, 20e-6, 50e-6, 100e-6)
UTILISATIONS = tuple(round(0.1 + 0.05 * k, 2) for k in range(13))
SAVINGS = (1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0)

_TRAVELS, _WORKS = 2, 3  # passes that a training step makes of a forward one: through the network, through arithmetic
_BYTES_KEPT = 16  # a parameter in mixed precision with Adam's state
_BYTES_SENT = 2  # a value in bfloat16
_GRID = np.geomspace(BANDWIDTHS[0], BANDWIDTHS[-1], 121)


class NetworkState(HasTraits):
    """What the reader sets: the network, the layer, the cards, and the saving in compute that is at stake."""

    bandwidth = Float(50e9)
    devices = Int(64)
    d_model = Int(7168)
    granularity = Int(8)
    top_k = Int(8)
    saving = Float(3.0)
    tokens = Int(4096)
    capacity_factor = Float(1.0)
    latency = Float(10e-6)
    accelerator = Unicode("H100 SXM")
    utilisation = Float(0.4)


@dataclass(frozen=True)
class NetworkResult:
    """A training step of one block with routed experts, forward and backward, nothing hidden behind anything.

    Attributes
    ----------
    devices, d_model, d_expert, top_k, tokens : int
        Devices P, widths of the model and of an expert, experts a token uses, tokens on one device.
    bandwidth, latency, capacity_factor, utilisation, saving : float
        Bytes a second, seconds a message, padded places over choices, share of the peak, times less compute than a
        dense model needs for the same loss.
    accelerator : Accelerator
    flops : float
        Arithmetic of one device: attention's matrices, router, and the experts' share of all tokens.
    bytes_sent : float
        What one device sends.
    compute_seconds, transfer_seconds, latency_seconds : float
        Arithmetic; bytes on their way; messages, whatever their size.
    dropped, padding : float
        Share of the choices without room and share of the places left empty, if the tokens spread evenly.
    bytes_alone, bytes_kept : float
        Memory of a device for this block's weights and Adam's state: with every expert, and with its part of them.
    grid, share, latency_share : arrays of shape (121,)
        Bandwidths, the network's share of the step at each, and that of its messages alone.
    break_even : float or None
        Bandwidth below which nothing is left of the saving; None where no bandwidth saves it, 0 where any does.
    """

    devices: int
    d_model: int
    d_expert: int
    top_k: int
    tokens: int
    bandwidth: float
    latency: float
    capacity_factor: float
    utilisation: float
    saving: float
    accelerator: Accelerator
    flops: float
    bytes_sent: float
    compute_seconds: float
    transfer_seconds: float
    latency_seconds: float
    dropped: float
    padding: float
    bytes_alone: float
    bytes_kept: float
    grid: np.ndarray
    share: np.ndarray
    latency_share: np.ndarray
    break_even: float | None

    @property
    def network_seconds(self) -> float:
        """Time that the tokens of a step travel."""
        return self.transfer_seconds + self.latency_seconds

    @property
    def seconds(self) -> float:
        """Length of the step."""
        return self.compute_seconds + self.network_seconds

    @property
    def network_share(self) -> float:
        """Share of the step that the network takes."""
        return self.network_seconds / self.seconds

    @property
    def stretch(self) -> float:
        """How many times as long as its arithmetic the step is."""
        return self.seconds / self.compute_seconds

    @property
    def left(self) -> float:
        """What the network leaves of the saving; below 1 the dense model is faster."""
        return self.saving / self.stretch

    @property
    def flops_per_byte(self) -> float | None:
        """Arithmetic for each byte sent; None where nothing is sent."""
        return self.flops / self.bytes_sent if self.bytes_sent else None


def network_cost(
    *,
    accelerator: Accelerator,
    bandwidth: float,
    devices: int,
    d_model: int,
    granularity: int,
    top_k: int,
    saving: float,
    tokens: int,
    capacity_factor: float,
    latency: float,
    utilisation: float,
) -> NetworkResult:
    r"""Compute how long a step of one routed block works and how long its tokens travel.

    .. math:: s = \frac{t_{\text{net}}}{t_{\text{net}} + t_{\text{arith}}}, \qquad
       t_{\text{arith}} = \frac{3\, T F}{u\, \text{peak}}, \qquad \text{left} = \text{saving}\,(1 - s)

    The network carries every token's vector to its experts and back, forward and backward (twice
    `accounting.all_to_all_seconds`); arithmetic takes three times the forward pass.

    Parameters
    ----------
    accelerator : Accelerator
        Its peak rate is used.
    bandwidth : float
        Bytes a second that a device can send.
    devices, d_model, top_k, tokens : int
        Devices, width, experts a token uses, tokens on one device.
    granularity : int
        How many times narrower than 4 d_model an expert is.
    saving : float
        Times less compute than a dense model needs for the same loss.
    capacity_factor : float
        Padded places over choices; they travel and are computed.
    latency : float
        Seconds that a message costs whatever its size.
    utilisation : float
        Share of the peak that is reached.

    Examples
    --------
    >>> h100 = Accelerator("H100 SXM", "BF16", 989.4e12, 700, "data sheet")
    >>> step = network_cost(accelerator=h100, bandwidth=50e9, devices=64, d_model=7168, granularity=8, top_k=8,
    ...                     saving=3.0, tokens=4096, capacity_factor=1.0, latency=10e-6, utilisation=0.4)
    >>> f"{step.network_share:.0%} of {1e3 * step.seconds:.0f} ms"
    '51% of 78 ms'
    """
    d_expert = 4 * d_model // granularity
    layer = {"n_expert": EXPERTS, "top_k": top_k, "d_expert": d_expert, "vocab": 1, "context": 1}
    per_token = accounting.moe_forward_flops_per_token(
        1, d_model, capacity_factor=capacity_factor, attention=False, head=False, **layer
    )
    flops = _WORKS * tokens * per_token
    compute_seconds = flops / (accelerator.peak_flops * utilisation)
    trip = {"top_k": top_k, "d_model": d_model, "devices": devices, "bytes_per_value": _BYTES_SENT}
    sent = _TRAVELS * capacity_factor * float(accounting.all_to_all_bytes(tokens, **trip))

    def travel(bandwidths: np.ndarray | float) -> np.ndarray:
        return _TRAVELS * accounting.all_to_all_seconds(
            tokens, bandwidth=bandwidths, latency=latency, capacity_factor=capacity_factor, **trip
        )

    latency_seconds = _TRAVELS * 2.0 * (devices - 1) * latency
    along = travel(_GRID)
    params = accounting.moe_params(1, d_model, counting="non_embedding", **layer)
    alone, kept = accounting.expert_parallel_bytes(params, devices=[1, devices], bytes_per_param=_BYTES_KEPT)
    dropped, padding = accounting.capacity_bill(np.ones(EXPERTS), capacity=capacity_factor)
    spare = (saving - 1.0) * compute_seconds - latency_seconds
    return NetworkResult(
        devices=devices,
        d_model=d_model,
        d_expert=d_expert,
        top_k=top_k,
        tokens=tokens,
        bandwidth=bandwidth,
        latency=latency,
        capacity_factor=capacity_factor,
        utilisation=utilisation,
        saving=saving,
        accelerator=accelerator,
        flops=flops,
        bytes_sent=sent,
        compute_seconds=compute_seconds,
        transfer_seconds=float(travel(bandwidth)) - latency_seconds,
        latency_seconds=latency_seconds,
        dropped=float(dropped),
        padding=float(padding),
        bytes_alone=float(alone),
        bytes_kept=float(kept),
        grid=_GRID,
        share=along / (along + compute_seconds),
        latency_share=latency_seconds / (along + compute_seconds),
        break_even=sent / spare if spare > 0 else None,
    )
