"""Explorers of lesson 06: where tokens go in a mixture of experts, what that saves, and who pays."""

from __future__ import annotations

from typing import Any


def route_the_tokens(**start: Any):
    """Send a made-up batch through a layer of experts, and see tokens move, pile up and be dropped.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``router`` ("none", "switch", the default, "bias", "base" or "choice"),
        ``skew`` (what every token adds to the first expert's score, 0 to 4), ``experts`` (4, 8 or 16), ``k`` (1 to 4),
        ``capacity`` (the factor: 0.5, 0.75, 1.0, 1.25, 1.5, 2.0 or 3.0), ``strength`` (weight of the auxiliary loss,
        or step of the bias: 0.001 to 0.1), ``steps`` (0, 1, 2, 5, 10, 20, 50, 100 or 200).

    Returns
    -------
    course_utils.explorers.route.RouteTheTokens

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> result = route_the_tokens().result
    >>> round(result.plain_dropped, 2), round(result.dropped, 2)
    (0.47, 0.19)
    """
    from course_utils.explorers.route import RouteTheTokens

    return RouteTheTokens(**start)


def compute_saved(**start: Any):
    """Ask four laws which dense model a mixture of experts is worth, and how much training compute that saves.

    Without the published runs it works from the printed constants alone, and says so.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``law`` ("s_base", the default, "rl_r", "hash" or "joint"), ``params``
        (active ones, 1e7 to 1e12), ``experts`` (2, 4, 8 and so on to 2048), ``tokens`` (1e10 to 1e13, for the joint
        law), ``kind`` ("refit", fitted here with intervals, where the published runs can be had, or "printed").

    Returns
    -------
    course_utils.explorers.saved.ComputeSaved

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> worth = compute_saved(law="joint", experts=32, params=1e9, tokens=1.3e11).result.worth
    >>> f"like {worth.dense / 1e9:.1f}B dense, {worth.saved:.0%} saved"
    'like 3.3B dense, 69% saved'
    """
    from course_utils.explorers.saved import ComputeSaved

    return ComputeSaved(**start)


def what_the_network_costs(**start: Any):
    """Spread the experts of one layer over devices and see how much of a training step its tokens travel.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``bandwidth`` (bytes a second, 1e9 to 1e12), ``devices`` (1, 2, 4 and so on
        to 256), ``d_model`` (512 to 16384), ``granularity`` (how many times narrower than 4 d_model an expert is: 1, 2,
        4, 8 or 16), ``top_k`` (1, 2, 4, 6, 8, 12 or 16 of 256), ``saving`` (times less compute than a dense model, 1.5
        to 20), ``tokens`` (on one device, 64 to 32768), ``capacity_factor`` (0.75 to 2), ``latency`` (seconds a
        message, 0 to 1e-4), ``accelerator`` (a name of the table ``hardware``), ``utilisation`` (0.1 to 0.7).

    Returns
    -------
    course_utils.explorers.network.WhatTheNetworkCosts

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(what_the_network_costs(bandwidth=400e9).result.network_share, 2)
    0.16
    """
    from course_utils.explorers.network import WhatTheNetworkCosts

    return WhatTheNetworkCosts(**start)


def memory_or_compute(**start: Any):
    """Let numbers of experts compete for one budget, with and without a limit on memory, by a published law.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``limit`` ("compute" or "both"), ``flops`` (1e19 to 1e23), ``memory`` (bytes
        for the weights, 1e9 to 2e12), ``bytes_per_param`` (0.5, 1, 2, 4 or 16).

    Returns
    -------
    course_utils.explorers.memory.MemoryOrCompute

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> [memory_or_compute(memory=size).result.held.best_experts for size in (4e9, 8e9, 16e9)]
    [1, 4, 16]
    """
    from course_utils.explorers.memory import MemoryOrCompute

    return MemoryOrCompute(**start)
