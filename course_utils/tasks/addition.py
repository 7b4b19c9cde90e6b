"""Addition of two n-digit numbers: a task that is learnt all at once, late, and not at the same step by every seed."""

from __future__ import annotations

from .digits import DigitRun, seconds, train

TABLE = "abilities/addition_runs.csv"
WIDTHS = (8, 16, 32, 64)
SEEDS = 3
STEPS = 1500

__all__ = ["TABLE", "planned_runs", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[DigitRun]:
    """List the runs that ship with the course, first seeds first."""
    return [DigitRun(f"addition-d{d}-s{seed}", "addition", d, seed, STEPS) for seed in range(SEEDS) for d in WIDTHS]


def smoke_runs() -> list[DigitRun]:
    """List two short runs that take seconds."""
    return [DigitRun(f"smoke-d{d}", "addition", d, 0, 40) for d in (8, 16)]
