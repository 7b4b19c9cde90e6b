"""How long a run takes on this machine, from ten seconds of real training steps.

A small model does not train at the speed that its FLOPs promise: below a width of 64 or so most of a step is overhead.
So steps are measured at several widths, and so is what it costs to measure the held-out windows, which for the smallest
runs is as much again. Processor time is what counts, because other work on the machine slows the wall clock alone:
an estimate is what an otherwise idle core would take.
"""

from __future__ import annotations

import datetime
import functools
import heapq
import json
import math
import os
import subprocess
import sys
import time
import warnings
from collections.abc import Mapping
from dataclasses import asdict, dataclass
from pathlib import Path

import numpy as np

from course_utils.accounting.shape import Shape
from course_utils.i18n import t

from . import text
from .train import CURVE_WINDOWS, Run, curve_steps, processor
from .trunks import branch_step, chains, has_trunk

WIDTHS = (8, 16, 32, 64, 128)
BATCH_TOKENS = 512
FILE = "calibration.json"
_WINDOWS = 256
_CHUNK = 5
_WARM_UP = 3


@dataclass(frozen=True)
class Calibration:
    """What steps and measurements cost on one core of one machine.

    Attributes
    ----------
    by_width : mapping from int to float
        Seconds of a step of 512 tokens at each measured width, with the course's vocabulary and two blocks.
    window_by_width : mapping from int to float
        Seconds to measure one held-out window.
    start_seconds : float
        What a process takes before its first run: Python and PyTorch.
    run_seconds : float
        What a run takes besides its steps and measurements.
    processor, torch, at : str
        Processor, version of PyTorch, and date of the measurement.
    recorded : bool
        These are the speeds of another machine, on which the course was made.
    """

    by_width: Mapping[int, float]
    window_by_width: Mapping[int, float]
    start_seconds: float
    run_seconds: float
    processor: str
    torch: str
    at: str
    recorded: bool = False

    @property
    def flops_per_second(self) -> float:
        """Speed of the arithmetic alone: between the largest width and the next quicker one overhead cancels.

        Where a busy machine took as long for every width, overhead is left inside.
        """
        two = max(self.by_width)
        quicker = [width for width in self.by_width if self.by_width[width] < self.by_width[two]]
        if not quicker:
            return _step_flops(two) / self.by_width[two]
        one = max(quicker)
        return (_step_flops(two) - _step_flops(one)) / (self.by_width[two] - self.by_width[one])

    @property
    def overhead_seconds(self) -> float:
        """What a step takes at the smallest width besides arithmetic."""
        width = min(self.by_width)
        return max(0.0, self.by_width[width] - _step_flops(width) / self.flops_per_second)

    def step_seconds(self, shape: Shape, batch_tokens: int = BATCH_TOKENS) -> float:
        """Estimate one step: between measured sizes on a line in log-log, beyond them at the speed of arithmetic."""
        return self._between(self.by_width, shape, BATCH_TOKENS) * batch_tokens / BATCH_TOKENS

    def window_seconds(self, shape: Shape) -> float:
        """Estimate the measurement of one held-out window."""
        return self._between(self.window_by_width, shape, shape.context / 3)

    def _between(self, measured: Mapping[int, float], shape: Shape, tokens: float) -> float:
        widths = sorted(measured)
        flops, largest = shape.flops_per_token(), _flops_per_token(widths[-1])
        if flops > largest:
            return measured[widths[-1]] + tokens * (flops - largest) / self.flops_per_second
        return math.exp(np.interp(math.log(flops), [math.log(_flops_per_token(d)) for d in widths],
                                  [math.log(measured[d]) for d in widths]))

    def seconds(self, run: Run, *, begin: int = 0) -> float:
        """Estimate the seconds of `run` on one core, measuring included.

        Parameters
        ----------
        run : Run
            A dense run.
        begin : int
            Steps that it need not take, because it begins from a saved trunk.

        Raises
        ------
        ValueError
            If the run has experts: their steps were not measured.
        """
        if run.n_expert > 1:
            raise ValueError(f"{run.name} has {run.n_expert} experts, and only dense models were measured; use "
                             "sweep.predicted_seconds")
        shape = run.shape()
        points = sum(step > begin for step in curve_steps(run.steps, run.curve_points))
        windows = points * min(CURVE_WINDOWS, run.validation_windows) + run.validation_windows
        return (self.run_seconds + (run.steps - begin) * self.step_seconds(shape, run.batch_tokens)
                + windows * self.window_seconds(shape))

    def makespan(self, runs: list[Run], processes: int = 1, *, trunks: bool = False) -> float:
        """Estimate the seconds until all of `runs` are done on so many cores, longest first.

        Parameters
        ----------
        runs : list of Run
            In any order.
        processes : int
            Runs at the same time.
        trunks : bool
            Runs that share their beginning train it once, one after the other (`trunks.chains`).
        """
        if processes < 1:
            raise ValueError(f"processes is {processes}; at least one has to do the work")
        work = sorted((self._chain_seconds(chain) for chain in (chains(runs) if trunks else [[run] for run in runs])),
                      reverse=True)
        free = [self.start_seconds] * min(processes, len(work))
        for seconds in work:
            heapq.heapreplace(free, free[0] + seconds)
        return max(free, default=0.0)

    def _chain_seconds(self, chain: list[Run]) -> float:
        total, begin = 0.0, 0
        for run in chain:
            total += self.seconds(run, begin=begin)
            begin = branch_step(run) if has_trunk(run) else 0
        return total

    def save(self, folder: str | os.PathLike) -> Path:
        """Write the speeds into `folder` as JSON and return the path."""
        path = Path(folder) / FILE
        with text.whole_file(path) as unfinished:
            unfinished.write_text(json.dumps(asdict(self), indent=1), encoding="utf-8")
        return path


def load(folder: str | os.PathLike) -> Calibration | None:
    """Return the speeds that `folder` holds, or None if there are none of this processor and this PyTorch."""
    path = Path(folder) / FILE
    if not path.exists():
        return None
    try:
        kept = json.loads(path.read_text(encoding="utf-8"))
        for name in ("by_width", "window_by_width"):
            kept[name] = {int(width): float(seconds) for width, seconds in kept[name].items()}
        found = Calibration(**kept)
    except (ValueError, TypeError, KeyError, AttributeError) as error:
        raise ValueError(t("ladder.calibration.damaged", path=path, reason=error)) from error
    return found if (found.processor, found.torch) == (processor(), _torch_version()) else None


RECORDED = Calibration(
    by_width={8: 4.28e-3, 16: 4.35e-3, 32: 5.90e-3, 64: 9.55e-3, 128: 21.2e-3},
    window_by_width={8: 0.310e-3, 16: 0.351e-3, 32: 0.468e-3, 64: 0.687e-3, 128: 1.30e-3},
    start_seconds=0.974, run_seconds=0.005, processor="Intel(R) Xeon(R) Processor", torch="2.13.0+cpu", at="2026-11-24",
    recorded=True,
)
"""Measured on one core while other work kept the machine busy, which slows caches too: a quiet one is faster."""


def recorded() -> Calibration:
    """Return the speeds of a machine on which the course was made: for plans where nothing can be trained."""
    return RECORDED


@functools.lru_cache(maxsize=1)
def _torch_version() -> str | None:
    """Return the version of PyTorch, or None where it is not installed."""
    try:
        import torch
    except ImportError:
        return None
    return torch.__version__


@functools.lru_cache(maxsize=64)
def _flops_per_token(width: int) -> float:
    return Shape(width, text.VOCABULARY, text.VOCABULARY, context=text.CONTEXT).flops_per_token()


def _step_flops(width: int) -> float:
    return BATCH_TOKENS * _flops_per_token(width)


def calibrate(seconds: float = 10.0, folder: str | os.PathLike | None = None, *, again: bool = False) -> Calibration:
    """Return how fast this machine trains: as it was measured before, or measured now and saved.

    Parameters
    ----------
    seconds : float
        How long to measure, on the wall clock.
    folder : path or None
        Where the measurement is kept; None takes the folder of the tokenised text.
    again : bool
        Measure even if there is a measurement of this processor and this PyTorch.

    Returns
    -------
    Calibration
        Without PyTorch nothing can be measured, and the speeds are those that are on record: `recorded` is true.
    """
    if not seconds > 0:
        raise ValueError(f"seconds is {seconds}; give the time to measure, such as 10")
    if _torch_version() is None:
        return recorded()
    folder = text.cache_folder() if folder is None else Path(folder)
    if not again and (kept := load(folder)):
        return kept
    measured = _measure(seconds)
    try:
        measured.save(folder)
    except OSError as error:
        reason = error.strerror or error
        warnings.warn(t("ladder.calibration.not_kept", path=folder, reason=reason), stacklevel=2)
    return measured


def _measure(seconds: float) -> Calibration:
    import torch  # noqa: F401  (so that no width pays for the import)

    began = time.perf_counter()
    start = _start_seconds()
    left = max(0.3 * seconds, seconds - (time.perf_counter() - began))
    stream = np.random.default_rng(0).integers(text.VOCABULARY, size=200_000).astype(np.uint16)
    steps, windows, made = {}, {}, []
    for width in WIDTHS:
        steps[width], windows[width], seconds_to_make = _measure_width(width, stream, left / len(WIDTHS))
        made.append(seconds_to_make)
    # a larger model never takes less: where a busy machine says so, both get the same
    for kept in (steps, windows):
        kept.update(zip(WIDTHS, np.maximum.accumulate([kept[width] for width in WIDTHS]).tolist(), strict=True))
    return Calibration(steps, windows, start, float(np.median(made)), processor(), _torch_version() or "",
                       datetime.date.today().isoformat())


def _measure_width(width: int, stream: np.ndarray, seconds: float) -> tuple[float, float, float]:
    """Return processor seconds of a step, of measuring a window, and of making a model and its first steps."""
    from .learner import Learner

    reach = np.arange(text.CONTEXT + 1)
    generator = np.random.default_rng(width)

    def draw(count):
        return stream[generator.integers(len(stream) - text.CONTEXT - 1, size=count)[:, None] + reach].astype(np.int64)

    began, clock = time.perf_counter(), time.process_time()
    shape = Shape(width, text.VOCABULARY, text.VOCABULARY, context=text.CONTEXT)
    learner = Learner(shape)
    for _ in range(_WARM_UP):
        learner.step(draw(BATCH_TOKENS // text.CONTEXT), 1e-3)
    made = time.process_time() - clock
    held_out = draw(_WINDOWS)
    steps: list[float] = []
    windows: list[float] = []
    while len(steps) < 3 or time.perf_counter() - began < seconds:
        clock = time.process_time()
        for _ in range(_CHUNK):
            learner.step(draw(BATCH_TOKENS // text.CONTEXT), 1e-3)
        steps.append((time.process_time() - clock) / _CHUNK)
        if sum(windows) * _WINDOWS < 0.25 * sum(steps) * _CHUNK or not windows:  # a fifth of the time for measuring
            clock = time.process_time()
            learner.measure(held_out)
            windows.append((time.process_time() - clock) / _WINDOWS)
    step = float(np.median(steps))
    return step, float(np.median(windows)), max(0.0, made - _WARM_UP * step)


def _start_seconds() -> float:
    """Measure what a new process takes, processor time: Python and PyTorch."""
    script = "import time, torch, course_utils.ladder.train; print(time.process_time())"
    root = os.fspath(Path(__file__).resolve().parents[2])
    path = os.pathsep.join(filter(None, [root, os.environ.get("PYTHONPATH")]))
    found = subprocess.run([sys.executable, "-c", script], env=os.environ | {"PYTHONPATH": path}, capture_output=True,
                           text=True, check=True)
    return float(found.stdout)
