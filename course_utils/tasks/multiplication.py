"""n-digit times one-digit multiplication: one task of many lengths, for models of ten sizes."""

from __future__ import annotations

from .digits import DigitRun, seconds, train

TABLE = "abilities/multiplication_runs.csv"
WIDTHS = (8, 12, 16, 20, 24, 28, 32, 40, 48, 64)
SEEDS = 3
STEPS = 1000

__all__ = ["TABLE", "planned_runs", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[DigitRun]:
    """List the runs that ship with the course, first seeds first."""
    return [DigitRun(f"multiplication-d{d}-s{seed}", "multiplication", d, seed, STEPS)
            for seed in range(SEEDS) for d in WIDTHS]


def smoke_runs() -> list[DigitRun]:
    """List two short runs that take seconds."""
    return [DigitRun(f"smoke-d{d}", "multiplication", d, 0, 40) for d in (8, 16)]
