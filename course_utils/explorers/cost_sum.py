"""The sum behind *what does a run cost*: from N, D and machines to compute, time, money and energy."""

from __future__ import annotations

from dataclasses import dataclass

from course_utils import accounting
from course_utils.i18n import format_number


@dataclass(frozen=True)
class Accelerator:
    """One accelerator: its peak rate for dense arithmetic at ``precision``, FLOP/s, and its rated power, watts."""

    name: str
    precision: str
    peak_flops: float
    watts: float
    source: str


@dataclass(frozen=True)
class CostResult:
    """What a run takes.

    Attributes
    ----------
    params, tokens : float
        N and D.
    accelerator : Accelerator
        What it runs on.
    devices, utilisation, price, overhead : float
        How many; share of the peak reached; dollars per device-hour; total power over the machines' power.
    flops : float
        Training compute C = 6 N D, FLOPs (an amount).
    rate : float
        What all devices reach together, FLOP/s (a rate).
    seconds, device_hours, dollars, kilowatt_hours : float
        Length, machine time, rent, energy.
    tokens_per_param : float
        D / N.
    """

    params: float
    tokens: float
    accelerator: Accelerator
    devices: float
    utilisation: float
    price: float
    overhead: float
    flops: float
    rate: float
    seconds: float
    device_hours: float
    dollars: float
    kilowatt_hours: float
    tokens_per_param: float


def compute_cost(
    *,
    params: float,
    tokens: float,
    accelerator: Accelerator,
    devices: float,
    utilisation: float,
    price: float,
    overhead: float,
) -> CostResult:
    """Compute what a training run takes in compute, time, money and energy.

    ``C = 6 N D``; ``seconds = C / (devices x peak x utilisation)``; money and energy follow from the device-hours.

    Parameters
    ----------
    params, tokens : float
        N and D, counts.
    accelerator : Accelerator
        Peak rate and rated power.
    devices : float
        How many.
    utilisation : float
        Share of the peak that is reached, above 0 and at most 1.
    price : float
        Dollars per device-hour.
    overhead : float
        Total power over the machines' power (PUE), 1 or more.

    Raises
    ------
    ValueError
        If a value is outside its range (from ``accounting``).

    Examples
    --------
    >>> h100 = Accelerator("H100 SXM", "BF16", 989.4e12, 700, "data sheet")
    >>> run = compute_cost(params=70e9, tokens=1.4e12, accelerator=h100, devices=1024, utilisation=0.4, price=2.0,
    ...                    overhead=1.2)
    >>> round(run.seconds / 86400, 1)
    16.8
    """
    flops = float(accounting.training_flops(params, tokens))
    seconds = float(
        accounting.training_time(flops, devices=devices, peak_flops=accelerator.peak_flops, utilisation=utilisation)
    )
    return CostResult(
        params=params,
        tokens=tokens,
        accelerator=accelerator,
        devices=devices,
        utilisation=utilisation,
        price=price,
        overhead=overhead,
        flops=flops,
        rate=devices * accelerator.peak_flops * utilisation,
        seconds=seconds,
        device_hours=devices * seconds / 3600,
        dollars=float(accounting.cost(seconds, devices=devices, dollars_per_device_hour=price)),
        kilowatt_hours=float(accounting.energy(seconds, devices=devices, watts=accelerator.watts, overhead=overhead)),
        tokens_per_param=tokens / params,
    )


def format_energy(kilowatt_hours: float) -> str:
    """Write an amount of energy in kWh, MWh, GWh or TWh.

    Examples
    --------
    >>> format_energy(356_000.0), format_energy(12.0)
    ('356 MWh', '12.0 kWh')
    """
    for unit, size in (("TWh", 1e9), ("GWh", 1e6), ("MWh", 1e3)):
        if kilowatt_hours >= 0.9995 * size:
            return f"{format_number(kilowatt_hours / size)} {unit}"
    return f"{format_number(kilowatt_hours)} kWh"
