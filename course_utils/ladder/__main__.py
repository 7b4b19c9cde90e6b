"""``python -m course_utils.ladder``: train the ladder, or a smoke-sized one; ``play NAME`` plays a game of your own."""

from __future__ import annotations

import argparse
import sys
import tempfile
from pathlib import Path

from . import shipped
from .sweep import predicted_seconds, sweep
from .train import Run

DATA = Path(__file__).resolve().parents[2] / "data"
FOLDERS = ("ladder", "routed", "repetition", "games")
"""Folders of `DATA` that hold tables of runs."""


def folder_of(run: Run) -> str:
    """Name the folder of the tables that `run` belongs to."""
    if run.set.startswith("game"):
        return "games"
    return "routed" if run.router else "repetition" if run.unique_tokens else "ladder"


def main(arguments: list[str] | None = None) -> int:
    """Parse `arguments`, train or play, and return the exit status."""
    arguments = sys.argv[1:] if arguments is None else arguments
    if arguments[:1] == ["play"]:
        from .own import play

        return play.main(arguments[1:])
    parser = argparse.ArgumentParser(
        prog="course.py ladder",
        description="Train the model ladder of the course. 'play NAME' plays a game of your own: play --help says how.",
    )
    parser.add_argument("sets", nargs="*", metavar="SET",
                        help=f"which runs: {', '.join(s for s in shipped.SETS if s not in shipped.TRIALS)} "
                             "(default: all of them)")
    parser.add_argument("--smoke", action="store_true",
                        help="a few tiny models in a temporary folder, under a minute (set routed: routed ones; "
                             "set repetition: a limited stock of text)")
    parser.add_argument("--folder", type=Path, help=f"where the tables live (default: data/{', data/'.join(FOLDERS)})")
    parser.add_argument("--processes", type=int, help="parallel runs (default: one per core)")
    parser.add_argument("--device", default=None, help="cpu or cuda (default: cuda when present)")
    parser.add_argument("--list", action="store_true", help="only print the runs")
    options = parser.parse_args(arguments)
    try:
        import torch
    except ImportError:
        print('The ladder needs PyTorch and tokenizers. Cure: .venv/bin/python -m pip install -e ".[train]"',
              file=sys.stderr)
        return 1
    device = options.device or ("cuda" if torch.cuda.is_available() else "cpu")
    try:
        if options.smoke:
            special = [f"{name}_smoke" for name in FOLDERS if f"{name}_smoke" in shipped.SETS and name in options.sets]
            runs = shipped.runs(*special or ["smoke"])
        else:
            runs = shipped.runs(*(options.sets or [name for name in shipped.SETS if name not in shipped.TRIALS]))
    except ValueError as error:
        parser.error(str(error))
    if options.list:
        for run in runs:
            print(f"{run.name:32} d {run.d_model:4}  tokens {run.tokens:>11,}  steps {run.steps:>7,}  "
                  f"lr {run.lr:.4f}  about {predicted_seconds(run):.0f} s on one core")
        return 0
    if options.smoke and options.folder is None:
        with tempfile.TemporaryDirectory() as folder:
            sweep(runs, folder, processes=options.processes, device=device)
        return 0
    for name in FOLDERS:
        part = [run for run in runs if folder_of(run) == name]
        if part:
            sweep(part, options.folder or DATA / name, processes=options.processes, device=device)
    return 0


if __name__ == "__main__":
    sys.exit(main())
