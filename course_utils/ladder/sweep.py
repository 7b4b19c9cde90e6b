"""Work through a list of runs on any executor, with a progress bar, and at most the runs in flight to lose.

Workers compute and return; the one process that called `sweep` writes. So the same call serves the cores of this
machine and a cluster without a shared disk: ``sweep(runs, folder, executor=client.get_executor())`` with a Dask client.
"""

from __future__ import annotations

import concurrent.futures
import contextlib
import inspect
import json
import multiprocessing
import os
import queue
import signal
import threading
import uuid
from collections import Counter, deque
from collections.abc import Callable
from concurrent.futures.process import BrokenProcessPool
from pathlib import Path

from course_utils.i18n import t

from .store import Store
from .train import Run, train

Trainer = Callable[..., tuple[dict, list[dict]]]
"""Takes a run and a device and returns its row and curve, as `train` does; it may also take `report`, a callable of
(step, loss) that it calls on its way."""

DEATHS = 3
"""A run that was in flight at so many deaths of workers is set aside; before the last one it runs alone."""

_ONE_AT_A_TIME = threading.Lock()  # a seed is set for a whole process: two runs in two threads would share its numbers


class SweepError(RuntimeError):
    """Tell at the end of a sweep which runs are missing from the tables, and why. All others are in them.

    Attributes
    ----------
    failed : dict of str to Exception
        What the trainer raised, by run.
    set_aside : list of str
        Runs whose workers died again and again.
    """

    def __init__(self, failed: dict[str, Exception], set_aside: list[str]):
        self.failed, self.set_aside = failed, set_aside
        parts = [t("ladder.sweep.failed", run=name, error=f"{type(error).__name__}: {error}")
                 for name, error in failed.items()]
        parts += [t("ladder.sweep.set_aside", run=name) for name in set_aside]
        shown = parts if len(parts) <= 5 else [*parts[:5], t("ladder.sweep.more", count=len(parts) - 5)]
        super().__init__(t("ladder.sweep.missing", runs=t("ladder.sweep.between").join(shown)))


def predicted_seconds(run: Run) -> float:
    """Estimate the duration of `run` on one core: a fixed cost a step, and arithmetic at 60 GFLOP/s.

    Only ratios matter: the progress bar scales them by what finished runs took.
    """
    overhead = 2.5e-3 if run.n_expert == 1 else 7e-3 if run.router == "base" else 5e-3
    return run.steps * (overhead + run.batch_tokens * run.shape().flops_per_token() / 60e9)


def _work(run: Run, device: str, trainer: Trainer, live: str | None, ticket: str) -> tuple[dict, list[dict]]:
    """Train one run in a worker. `ticket` is new at every attempt: a scheduler must not answer from its memory."""
    with _ONE_AT_A_TIME:
        if live is None or "report" not in inspect.signature(trainer).parameters:
            return trainer(run, device=device)
        path = Path(live)
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("", encoding="utf-8")  # an attempt that was killed may have left points
        with open(path, "a", encoding="utf-8", buffering=1) as file:  # two sweeps at once append whole lines
            return trainer(run, device=device, report=lambda step, loss: file.write(
                json.dumps({"step": int(step), "loss": float(loss)}) + "\n"))


def _forget(points: Path) -> None:
    """Remove the points of a run that is no longer in flight."""
    with contextlib.suppress(PermissionError):  # Windows, while somebody reads it; the next sweep removes it
        points.unlink(missing_ok=True)


def _nothing() -> None:
    """Show that a worker can start."""


def _leave_quietly() -> None:
    """End a worker at Ctrl-C, which reaches all processes of a terminal, without a traceback: its caller speaks."""
    signal.signal(signal.SIGINT, lambda *_: os._exit(130))


class _Foreign:
    """An executor that the caller made, and whose workers the caller's scheduler looks after."""

    room = float("inf")
    """How many runs it takes at once: it keeps its own queue."""

    def __init__(self, executor: concurrent.futures.Executor):
        self.executor = executor

    def submit(self, *call) -> concurrent.futures.Future:
        return self.executor.submit(*call)

    def close(self) -> None:
        """Leave it open: it is the caller's."""


class _Local:
    """Processes of this machine, made anew when one of them dies."""

    def __init__(self, processes: int):
        self.room = processes  # no more, so that a death tells which runs were in flight
        self._pool = self._new()

    def _new(self) -> concurrent.futures.ProcessPoolExecutor:
        context = multiprocessing.get_context("spawn")  # a forked PyTorch may hang
        return concurrent.futures.ProcessPoolExecutor(self.room, mp_context=context, initializer=_leave_quietly)

    def submit(self, *call) -> concurrent.futures.Future:
        return self._pool.submit(*call)

    def renew(self) -> None:
        self.close()
        self._pool = self._new()
        try:
            self._pool.submit(_nothing).result()
        except BrokenProcessPool as error:
            raise RuntimeError(t("ladder.sweep.no_worker")) from error

    def close(self) -> None:
        self._pool.shutdown(wait=True, cancel_futures=True)


def _killed_elsewhere(error: BaseException) -> bool:
    """Tell whether a Dask scheduler gave a run up because its workers died; distributed need not be installed."""
    return any(kind.__name__ == "KilledWorker" for kind in type(error).__mro__)


class _Queue:
    """Which runs wait, fly, failed, or were given up.

    Parameters
    ----------
    runs : list of Run
        In the order in which they are started.
    hands : _Local or _Foreign
        Does the work.
    call : callable
        Makes the arguments of `submit` for a run.
    """

    def __init__(self, runs: list[Run], hands: _Local | _Foreign, call: Callable[[Run], tuple]):
        self.waiting, self.hands, self.call = deque(runs), hands, call
        self.alone: deque[Run] = deque()  # were in flight at all deaths but the last that they may see
        self.flying: dict[concurrent.futures.Future, Run] = {}
        self.landed: queue.SimpleQueue[concurrent.futures.Future] = queue.SimpleQueue()
        self.deaths: Counter[str] = Counter()
        self.failed: dict[str, Exception] = {}
        self.set_aside: list[str] = []
        self.broken = False

    def start(self) -> None:
        """Start as many runs as there is room for; after a death, only when all that flew have come down."""
        while True:
            if self.broken and not self.flying:
                self.hands.renew()
                self.broken = False
            while not self.broken and self.waiting and len(self.flying) < self.hands.room:
                self._launch(self.waiting)
            if not self.broken and self.alone and not self.flying and not self.waiting:
                self._launch(self.alone)
            if self.flying or not self.broken:  # else a worker died while it had nothing to do
                return

    def _launch(self, line: deque[Run]) -> None:
        try:
            future = self.hands.submit(*self.call(line[0]))
        except BrokenProcessPool:
            if isinstance(self.hands, _Foreign):
                raise
            self.broken = True
            return
        self.flying[future] = line.popleft()
        future.add_done_callback(self.landed.put)

    def next(self) -> tuple[Run, tuple[dict, list[dict]] | None]:
        """Wait for a run to come down: itself, and its row and curve, or None if it failed or must be done again."""
        future = self.landed.get()
        run = self.flying.pop(future)
        dropped = concurrent.futures.CancelledError("its executor dropped it")
        error = dropped if future.cancelled() else future.exception()
        if error is None:
            return run, future.result()
        if isinstance(error, BrokenProcessPool) and isinstance(self.hands, _Local):
            self.broken = True
            self._died(run, 1)
        elif _killed_elsewhere(error):
            self._died(run, DEATHS - 1)  # of several workers: its scheduler has tried it with other runs beside it
        elif not isinstance(error, Exception) or isinstance(error, concurrent.futures.BrokenExecutor):
            raise error
        else:
            self.failed[run.name] = error
        return run, None

    def _died(self, run: Run, deaths: int) -> None:
        self.deaths[run.name] += deaths
        if self.deaths[run.name] >= DEATHS:
            self.set_aside.append(run.name)
        else:
            (self.alone if self.deaths[run.name] == DEATHS - 1 else self.waiting).append(run)

    def stop(self) -> list[tuple[dict, list[dict]]]:
        """Start nothing more; give what had been computed and was not yet collected."""
        for future in self.flying:
            future.cancel()
        self.hands.close()
        return [f.result() for f in self.flying if f.done() and not f.cancelled() and f.exception() is None]


def sweep(runs: list[Run], folder: str | os.PathLike, *, executor: concurrent.futures.Executor | None = None,
          processes: int | None = None, device: str = "cpu", trainer: Trainer = train,
          seconds: Callable[[Run], float] = predicted_seconds, store: type = Store,
          report: Callable[[str], None] | None = None, finished: Callable[[dict], None] | None = None,
          bar: bool = True) -> int:
    """Train every run that `folder` does not hold yet.

    A run that fails does not stop the others. A worker that dies is replaced, and what it was doing is done again; a
    run that was in flight at `DEATHS` deaths, at the last of them alone, is set aside. Both are raised at the end.

    Parameters
    ----------
    runs : list of Run
        In the order in which they are started; the longest first leaves the fewest workers idle at the end.
    folder : path
        Where the tables live; a killed sweep goes on from there. Only this process writes into the tables.
    executor : concurrent.futures.Executor or None
        Does the work; it stays open. ``client.get_executor()`` of a Dask client sends the runs to its cluster: give its
        workers one thread each, since a process does one run at a time. A cluster whose workers are all gone waits
        for new ones. None takes processes of this machine, whose points `in_flight` shows while they run.
    processes : int or None
        Parallel runs where there is no executor, which has its own workers; None takes one per core, and one on a GPU.
    device : str
        "cpu" or "cuda".
    trainer : callable
        Trains one run; it is sent to other processes, so it must be importable by name.
    seconds : callable
        Estimates what a run takes; only ratios matter.
    store : type
        Keeps finished runs: `Store`, or another class with its `merge`, `finished` and `add`, made from `folder`.
    report : callable or None
        Receives a line about each run that is finished, failed or was set aside; None prints it above the progress bar.
    finished : callable or None
        Receives the row of each run, as soon as it is kept.
    bar : bool
        Show the progress bar.

    Returns
    -------
    int
        Number of runs trained now.

    Raises
    ------
    ValueError
        If two different runs share a name.
    SweepError
        At the end, if runs failed or were set aside; it names them, and the others are kept.
    """
    from tqdm import tqdm

    report = report or tqdm.write
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        twice = next(name for name, count in Counter(names).items() if count > 1)
        raise ValueError(f"two runs are called {twice!r}; give every run its own name")
    tables = store(folder)
    tables.merge()
    done = tables.finished()
    todo = [run for run in runs if run.name not in done]
    if len(todo) < len(runs):
        report(f"{len(runs) - len(todo)} of {len(runs)} runs are already in {os.fspath(folder)}")
    live = getattr(tables, "live", None) if executor is None else None
    for left in live.glob("*.jsonl") if live and live.is_dir() else ():
        if left.stem in done:
            _forget(left)
    if not todo:
        return 0

    def points(run: Run) -> Path | None:
        return live and live / f"{run.name}.jsonl"

    def call(run: Run) -> tuple:
        return _work, run, device, trainer, live and os.fspath(points(run)), uuid.uuid4().hex

    hands = _Foreign(executor) if executor is not None else _Local(
        min(len(todo), processes or (1 if device.startswith("cuda") else os.cpu_count() or 1)))
    work = _Queue(todo, hands, call)
    expected = {run.name: seconds(run) for run in todo}
    form = "{l_bar}{bar}| {elapsed} done, {remaining} left{postfix}"
    with tqdm(total=sum(expected.values()), bar_format=form, disable=not bar, unit="s") as progress:
        try:
            work.start()
            while work.flying:
                run, result = work.next()
                if result is not None:
                    row, curve = result
                    tables.add(row, curve)
                    report(f"{run.name}: loss {row['loss_nats']:.4f} nats after {row['train_seconds']:.1f} s")
                    if finished:
                        finished(row)
                elif run.name in work.failed:
                    error = work.failed[run.name]
                    report(f"{run.name}: failed, {type(error).__name__}: {error}; the other runs go on")
                elif run.name in work.set_aside:
                    report(f"{run.name}: set aside, its worker died again and again; the other runs go on")
                else:
                    report(f"{run.name}: its worker died; it will be done again")
                if result is not None or run.name in work.failed or run.name in work.set_aside:
                    progress.update(expected[run.name])
                    if live:
                        _forget(points(run))
                work.start()
        finally:
            for row, curve in work.stop():
                tables.add(row, curve)
            tables.merge()
    if work.failed or work.set_aside:
        raise SweepError(work.failed, work.set_aside) from next(iter(work.failed.values()), None)
    return len(todo)
