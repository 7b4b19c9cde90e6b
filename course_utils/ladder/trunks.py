"""What runs with a cooldown have in common, trained once.

Runs of one width, seed, rate and warm-up that differ in their length alone are one run until the shorter one cools. The
state at that point (weights, optimizer, step) is kept in a folder, and a longer run begins there instead of at step 0.
Its loss is the same to the last bit, and it pays for the rest alone. To save anything, the shorter run must be done
before the longer one begins: `chains` puts runs in that order.

A state is kept under a key of everything that decides the trunk: the run but for its name, length and use, the data,
the device and the version of PyTorch. Where one of them differs the run is trained alone, from step 0.
"""

from __future__ import annotations

import hashlib
import json
import os
import pickle
import time
from dataclasses import asdict
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.i18n import t

from . import text

if TYPE_CHECKING:
    from .learner import Learner
    from .train import Run

LARGEST_FOLDER = 500_000_000
"""Bytes that a folder may hold; the states that were not touched for longest go first."""
_STALE = 3600.0


def has_trunk(run: Run) -> bool:
    """Say whether `run` can share its beginning: its rate is constant there, and its data do not depend on its length.

    The known-entropy language is drawn as a whole, and models with experts draw at random on their way.
    """
    return run.schedule == "cooldown" and run.corpus != "facts" and run.n_expert == 1


def branch_step(run: Run) -> int:
    """Return the steps before the cooldown: those that a longer run shares."""
    return run.steps - run.cooling_steps


def _decides(run: Run) -> dict:
    """Return what must agree for two runs to share their beginning."""
    kept = asdict(run)
    for irrelevant in ("name", "set", "tokens", "budget", "curve_points"):
        del kept[irrelevant]
    return kept


def chains(runs: list[Run]) -> list[list[Run]]:
    """Group the runs that share a beginning, shorter ones first; every other run is a chain of its own.

    A chain must be worked through in its order, by one process; two chains have nothing to do with each other.
    """
    groups: dict[str, list[Run]] = {}
    for run in runs:
        key = json.dumps(_decides(run), sort_keys=True) if has_trunk(run) else f"alone {run.name}"
        groups.setdefault(key, []).append(run)
    return [sorted(group, key=lambda run: run.steps) for group in groups.values()]


def steps_to_pay(runs: list[Run]) -> dict[str, int]:
    """Return the steps that each run pays for when the chains of `runs` are worked through in their order."""
    paid = {}
    for chain in chains(runs):
        begin = 0
        for run in chain:
            paid[run.name] = run.steps - begin
            begin = branch_step(run) if has_trunk(run) else 0
    return paid


class Trunk:
    """The shared beginning of a run, in a folder.

    Parameters
    ----------
    folder : path
        Holds the states; made when the first is saved.
    key : str
        Names everything that decides the beginning.
    """

    def __init__(self, folder: str | os.PathLike, key: str):
        self.folder = Path(folder)
        self.key = key

    @classmethod
    def of(cls, run: Run, folder: str | os.PathLike, made_of: tuple[str, ...] = ()) -> Trunk | None:
        """Return the trunk of `run`, or None if it has none; `made_of` names data, device and software."""
        if not has_trunk(run):
            return None
        # 1: the way a step is taken; raise it when that changes
        decides = json.dumps([1, _decides(run), *made_of], sort_keys=True)
        return cls(folder, hashlib.sha256(decides.encode()).hexdigest()[:16])

    def _path(self, step: int) -> Path:
        return self.folder / f"trunk-{self.key}-{step}.pt"

    def steps(self) -> list[int]:
        """List the steps at which a state is saved, in order."""
        return sorted(int(path.stem.rsplit("-", 1)[1]) for path in self.folder.glob(f"trunk-{self.key}-*.pt"))

    def save(self, learner: Learner, step: int, curve: list[dict]) -> None:
        """Keep the state after `step` steps and the points measured so far, whole or not at all."""
        import torch

        with text.whole_file(self._path(step)) as unfinished:
            torch.save({"step": step, "model": learner.model.state_dict(), "optimizer": learner.optimizer.state_dict(),
                        "curve": curve}, unfinished)
        _shrink(self.folder)

    def resume(self, learner: Learner, run: Run) -> tuple[int, list[dict]]:
        """Put `learner` into the longest saved state that `run` shares.

        Returns
        -------
        step : int
            Steps that are behind it; 0 where nothing is saved.
        curve : list of dict
            Points that were measured on the way there, in the name of `run`.
        """
        import torch

        for step in reversed([step for step in self.steps() if step <= branch_step(run)]):
            path = self._path(step)
            try:
                state = torch.load(path, map_location=learner.device, weights_only=True)
                os.utime(path)
            except FileNotFoundError:  # another process has just made room
                continue
            except (RuntimeError, EOFError, pickle.UnpicklingError) as error:
                # PyTorch's own words advise to load such a file without its safeguard
                raise ValueError(t("ladder.sweep.damaged_trunk", path=path, reason=type(error).__name__)) from error
            learner.model.load_state_dict(state["model"])
            learner.optimizer.load_state_dict(state["optimizer"])
            return step, [point | {"run": run.name} for point in state["curve"]]
        return 0, []


def _files(folder: Path) -> list[tuple[float, int, Path]]:
    """List (time of last use, bytes, path) of the saved states, the oldest first."""
    found = []
    for path in folder.glob("trunk-*.pt"):
        try:
            status = path.stat()
        except FileNotFoundError:  # another process has just removed it
            continue
        found.append((status.st_mtime, status.st_size, path))
    return sorted(found)


def _shrink(folder: Path) -> None:
    """Remove the oldest states beyond `LARGEST_FOLDER`, and what a kill left half-written an hour ago."""
    files = _files(folder)
    size = sum(length for _, length, _ in files)
    for _, length, path in files:
        if size <= LARGEST_FOLDER:
            break
        path.unlink(missing_ok=True)
        size -= length
    for path in folder.glob(".trunk-*.pt"):
        try:
            if time.time() - path.stat().st_mtime > _STALE:
                path.unlink()
        except FileNotFoundError:  # it was finished, or another process removed it
            continue


def clear(folder: str | os.PathLike) -> int:
    """Remove every saved state of `folder`, and nothing else; return the bytes that were freed."""
    folder = Path(folder)
    freed = sum(length for _, length, _ in _files(folder))
    for pattern in ("trunk-*.pt", ".trunk-*.pt"):
        for path in folder.glob(pattern):
            path.unlink(missing_ok=True)
    return freed
