"""``python -m course_utils.tasks NAME``: train the models of one task, or smoke-sized ones."""

from __future__ import annotations

import argparse
import sys
import tempfile
from importlib import import_module, util
from pathlib import Path

from course_utils.ladder.sweep import sweep

from .table import Table

DATA = Path(__file__).resolve().parents[2] / "data"
NAMES = ("multiplication", "addition", "parity", "initialisation", "longer")
ANSWERS = ("countdown", "countdown_selection", "pointer", "pointer_votes", "pointer_spend")
"""Modules of this package. Each has TABLE (a file below data/), planned_runs() and smoke_runs() (runs have a name),
seconds(run) (an estimate on one core) and train(run, device=...), which returns what `Table.add` takes, with
"loss_nats" and "train_seconds" in the first."""


def main(arguments: list[str] | None = None) -> int:
    """Parse `arguments`, train, and return the exit status."""
    parser = argparse.ArgumentParser(prog="course.py tasks", description="Train the small models of a task.")
    parser.add_argument("name", metavar="NAME", choices=NAMES + ANSWERS,
                        help=f"one of {', '.join(NAMES + ANSWERS)}")
    parser.add_argument("--smoke", action="store_true", help="a tiny version in a temporary folder, under a minute")
    parser.add_argument("--list", action="store_true", help="only print the runs")
    parser.add_argument("--table", type=Path, help="the file with the measurements (default: below data/)")
    parser.add_argument("--processes", type=int, default=1, help="parallel runs (default: 1)")
    parser.add_argument("--device", default="cpu", help="cpu (default; these models are tiny) or cuda")
    options = parser.parse_args(arguments)
    task = import_module(f"course_utils.tasks.{options.name}")
    runs = task.smoke_runs() if options.smoke else task.planned_runs()
    if options.list:
        for run in runs:
            print(f"{run.name:32} about {task.seconds(run):.0f} s on one core")
        return 0
    if util.find_spec("torch") is None:
        print('The tasks need PyTorch. Cure: .venv/bin/python -m pip install -e ".[train]"', file=sys.stderr)
        return 1
    how = {"processes": options.processes, "device": options.device, "trainer": task.train, "store": Table,
           "seconds": task.seconds}
    if options.smoke and options.table is None:
        with tempfile.TemporaryDirectory() as folder:
            sweep(runs, Path(folder) / "smoke.csv", **how)
        return 0
    sweep(runs, options.table or DATA / task.TABLE, **how)
    return 0


if __name__ == "__main__":
    sys.exit(main())
