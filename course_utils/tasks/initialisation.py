"""Multiplication again, at four sizes, with weights drawn by another rule: what a score of one recipe leaves open."""

from __future__ import annotations

from .digits import DigitRun, seconds, train
from .multiplication import STEPS

TABLE = "abilities/initialisation_runs.csv"
WIDTHS = (8, 16, 24, 32)
SEEDS = 2

__all__ = ["TABLE", "planned_runs", "seconds", "smoke_runs", "train"]


def planned_runs() -> list[DigitRun]:
    """List the runs that ship with the course, first seeds first."""
    return [DigitRun(f"initialisation-d{d}-s{seed}", "multiplication", d, seed, STEPS, "by_width")
            for seed in range(SEEDS) for d in WIDTHS]


def smoke_runs() -> list[DigitRun]:
    """List one short run that takes seconds."""
    return [DigitRun("smoke-d8", "multiplication", 8, 0, 40, "by_width")]
