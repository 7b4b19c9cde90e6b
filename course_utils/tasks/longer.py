"""Multiplication again, at two sizes that failed, for three times as long: was it the size or the time?"""

from __future__ import annotations

from .digits import DigitRun, seconds, train

TABLE = "abilities/longer_runs.csv"
WIDTHS = (16, 24)
SEEDS = 2
STEPS = 3000

__all__ = ["TABLE", "planned_runs", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[DigitRun]:
    """List the runs that ship with the course, first seeds first."""
    return [DigitRun(f"longer-d{d}-s{seed}", "multiplication", d, seed, STEPS) for seed in range(SEEDS) for d in WIDTHS]


def smoke_runs() -> list[DigitRun]:
    """List one short run that takes seconds."""
    return [DigitRun("smoke-d8", "multiplication", 8, 0, 60)]
