"""Work through a list of runs: one process a core, a progress bar, and at most the runs in flight to lose."""

from __future__ import annotations

import concurrent.futures
import multiprocessing
import os
from collections.abc import Callable

from .store import Store
from .train import Run, train

Trainer = Callable[..., tuple[dict, list[dict]]]
"""Takes a run and a device and returns its row and curve, as `train` does."""


def predicted_seconds(run: Run) -> float:
    """Estimate the duration of `run` on one core: a fixed cost a step, and arithmetic at 60 GFLOP/s.

    Only ratios matter: the progress bar scales them by what finished runs took.
    """
    overhead = 2.5e-3 if run.n_expert == 1 else 7e-3 if run.router == "base" else 5e-3
    return run.steps * (overhead + run.batch_tokens * run.shape().flops_per_token() / 60e9)


def _work(run: Run, folder: str, device: str, trainer: Trainer, store: type) -> tuple[str, float, float]:
    row, curve = trainer(run, device=device)
    store(folder).add(row, curve)
    return run.name, row["loss_nats"], row["train_seconds"]


def sweep(runs: list[Run], folder: str | os.PathLike, *, processes: int | None = None, device: str = "cpu",
          trainer: Trainer = train, seconds: Callable[[Run], float] = predicted_seconds, store: type = Store,
          report: Callable[[str], None] | None = None, bar: bool = True) -> int:
    """Train every run that `folder` does not hold yet.

    Parameters
    ----------
    runs : list of Run
        In the order in which they are started.
    folder : path
        Where the tables live; a killed sweep goes on from there.
    processes : int or None
        Parallel runs; None takes one per core, and one on a GPU.
    device : str
        "cpu" or "cuda".
    trainer : callable
        Trains one run; it is sent to other processes, so it must be importable by name.
    seconds : callable
        Estimates what a run takes; only ratios matter.
    store : type
        Keeps finished runs: `Store`, or another class with its `merge`, `finished` and `add`, made from `folder`.
    report : callable or None
        Receives a line about each finished run; None prints it above the progress bar.
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
    """
    from tqdm import tqdm

    report = report or tqdm.write
    names = [run.name for run in runs]
    if len(set(names)) < len(names):
        twice = next(name for name in names if names.count(name) > 1)
        raise ValueError(f"two runs are called {twice!r}; give every run its own name")
    tables = store(folder)
    tables.merge()
    done = tables.finished()
    todo = [run for run in runs if run.name not in done]
    if len(todo) < len(runs):
        report(f"{len(runs) - len(todo)} of {len(runs)} runs are already in {os.fspath(folder)}")
    if not todo:
        return 0
    processes = processes or (1 if device.startswith("cuda") else os.cpu_count() or 1)
    expected = {run.name: seconds(run) for run in todo}
    context = multiprocessing.get_context("spawn")  # a forked PyTorch may hang
    total = sum(expected.values())
    form = "{l_bar}{bar}| {elapsed} done, {remaining} left{postfix}"
    with (
        tqdm(total=total, bar_format=form, disable=not bar, unit="s") as progress,
        concurrent.futures.ProcessPoolExecutor(processes, mp_context=context) as pool,
    ):
        waiting = {pool.submit(_work, run, os.fspath(folder), device, trainer, store): run for run in todo}
        try:
            for future in concurrent.futures.as_completed(waiting):
                name, loss, took = future.result()
                progress.update(expected[name])
                report(f"{name}: loss {loss:.4f} nats after {took:.1f} s")
        except BaseException:
            pool.shutdown(wait=False, cancel_futures=True)
            raise
    return len(todo)
