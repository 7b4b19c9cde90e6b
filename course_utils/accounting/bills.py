"""Time, energy and money of a run."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.checks import not_negative, positive


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
    not_negative(flops=flops)
    positive(devices=devices, peak_flops=peak_flops, utilisation=utilisation)
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
    not_negative(seconds=seconds, devices=devices, watts=watts)
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
    not_negative(seconds=seconds, devices=devices, dollars_per_device_hour=dollars_per_device_hour)
    return np.asarray(seconds, dtype=np.float64) / 3600.0 * devices * dollars_per_device_hour
