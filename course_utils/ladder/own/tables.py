"""Runs of a game and their curves, as the tables hold them: those of a folder, or of the recorded pool."""

from __future__ import annotations

import csv
import math
from collections.abc import Callable, Iterable
from dataclasses import dataclass
from pathlib import Path
from typing import TypeVar

from ..store import TABLES
from .refusal import Refusal

Line = TypeVar("Line")


@dataclass(frozen=True)
class Row:
    """One finished run.

    Attributes
    ----------
    run : str
    width, seed : int
    rung : float
        Compute that it was planned for, FLOPs.
    schedule : str
    params, flops : float
        Blocks and head; compute counted with head and causal attention.
    loss : float
        Nats per token; NaN where it diverged.
    diverged : bool
    seconds : float
        What it took.
    flops_without_head : float or None
        Compute as it is counted when the output head is left out.
    data : str
        Hash of the text that it read.
    """

    run: str
    width: int
    seed: int
    rung: float
    schedule: str
    params: float
    tokens: int
    flops: float
    loss: float
    diverged: bool
    seconds: float
    flops_without_head: float | None = None
    data: str = ""


@dataclass(frozen=True)
class Point:
    """A loss that was measured on the way."""

    run: str
    step: int
    flops: float
    loss: float


@dataclass(frozen=True)
class Tables:
    """Finished runs and their curves, by name of the run."""

    rows: dict[str, Row]
    curves: dict[str, list[Point]]

    def only(self, names: set[str]) -> Tables:
        """Return the part that belongs to some runs."""
        return Tables({name: row for name, row in self.rows.items() if name in names},
                      {name: curve for name, curve in self.curves.items() if name in names})


def columns(rows: Iterable[Row]) -> dict[str, list]:
    """Return rows as columns under the names of the shipped tables, as `course_utils.planning` reads them."""
    rows = list(rows)
    found = {"run": [row.run for row in rows], "d_model": [row.width for row in rows],
             "params_blocks_and_head": [row.params for row in rows], "flops": [row.flops for row in rows],
             "loss_nats": [row.loss for row in rows], "diverged": [row.diverged for row in rows]}
    if all(row.flops_without_head is not None for row in rows):
        found["flops_without_head"] = [row.flops_without_head for row in rows]
    return found


def curve_columns(curves: Iterable[list[Point]]) -> dict[str, list]:
    """Return curves as columns under the names of the shipped tables."""
    points = [point for curve in curves for point in curve]
    return {"run": [point.run for point in points], "flops": [point.flops for point in points],
            "loss_nats": [point.loss for point in points]}


def read(folder: Path) -> Tables:
    """Read the tables of games in `folder`; empty where there are none.

    Raises
    ------
    Refusal
        If a table is not as this course wrote it.
    """
    runs, curves = TABLES["games"]
    found: dict[str, list[Point]] = {}
    for point in _lines(folder / curves, _point):
        found.setdefault(point.run, []).append(point)
    for curve in found.values():
        curve.sort(key=lambda point: point.step)
    return Tables({row.run: row for row in _lines(folder / runs, _row)}, found)


def _lines(path: Path, made: Callable[[dict], Line]) -> list[Line]:
    if not path.exists():
        return []
    try:
        with open(path, encoding="utf-8", newline="") as file:
            return [made(line) for line in csv.DictReader(file)]
    except (KeyError, TypeError, ValueError, csv.Error) as error:  # a spreadsheet has saved it, say
        raise Refusal("damaged_table", path=path, reason=f"{type(error).__name__}: {error}") from error


def _point(line: dict) -> Point:
    return Point(line["run"], int(line["step"]), float(line["flops"]), float(line["loss_nats"] or math.nan))


def _row(line: dict) -> Row:
    loss = float(line["loss_nats"] or math.nan)
    return Row(line["run"], int(line["d_model"]), int(line["seed"]), float(line["budget"]),
               line.get("schedule") or "cosine", float(line["params_blocks_and_head"]), int(line["tokens"]),
               float(line["flops"]), loss, line["diverged"] == "True" or not math.isfinite(loss),
               float(line["train_seconds"]), _number(line.get("flops_without_head")), line.get("data") or "")


def _number(text: str | None) -> float | None:
    return float(text) if text else None
