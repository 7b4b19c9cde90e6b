"""Measure what changes between ten runs and a hundred thousand: tables, overhead, idle workers, seeds.

Run ``python -m course_utils.ladder.scale FILE.csv``; it takes some minutes. Every row says where its value comes from:
"measured" on this machine, "simulated" from durations that were measured, or "computed" from a formula. A measured
time is processor time, of all processes that take part, and the shortest of several repetitions: other work on the
machine hardly changes it.
"""

from __future__ import annotations

import argparse
import concurrent.futures
import csv
import datetime
import heapq
import importlib.util
import itertools
import json
import math
import multiprocessing
import sys
import tempfile
import time
from collections.abc import Callable, Iterator
from pathlib import Path

import numpy as np
from numpy.typing import NDArray

from .store import RUNS_A_MERGE, Store
from .train import processor

DATA = Path(__file__).resolve().parents[2] / "data" / "ladder"
COLUMNS = ("quantity", "how", "runs", "workers", "value", "unit", "origin", "date", "processor")
SIZES = (10, 1_000, 100_000)
ROWS = (10, 100, 1_000, 10_000)
TASKS = 1_000
WORKERS = (2, 16, 128)
SWEEPS = (10, 100, 1_000)
DRAWS = 200
SEEDS = 2**32

Row = dict[str, object]


def example() -> tuple[dict, list[dict]]:
    """Read the row and the curve of one run of the ladder, as the tables hold them."""
    with open(DATA / "text_runs.csv", encoding="utf-8", newline="") as file:
        row = next(csv.DictReader(file))
    with open(DATA / "text_curves.csv", encoding="utf-8", newline="") as file:
        return row, [point for point in csv.DictReader(file) if point["run"] == row["run"]]


def durations() -> NDArray[np.float64]:
    """Read how long the runs of the ladder took, seconds."""
    with open(DATA / "text_runs.csv", encoding="utf-8", newline="") as file:
        return np.array([float(row["train_seconds"]) for row in csv.DictReader(file)])


def fastest(work: Callable[[], object], repetitions: int, clock: Callable[[], float] = time.process_time) -> float:
    """Time some work several times and return the shortest, seconds."""
    times = []
    for _ in range(repetitions):
        begin = clock()
        work()
        times.append(clock() - begin)
    return min(times)


def family_time() -> float:
    """Read the processor time of this process and of all that it started and that are alive, seconds."""
    import psutil

    this = psutil.Process()
    return sum(sum(each.cpu_times()[:2]) for each in (this, *this.children(recursive=True)))


def filled(folder: str, rows: int) -> Store:
    """Make tables of so many runs, each with the curve of the example."""
    row, curve = example()
    store = Store(folder)
    store.folder.mkdir(exist_ok=True)
    names = [f"run{i:06}" for i in range(rows)]
    store._write("text_runs.csv", [row | {"run": name} for name in names])
    store._write("text_curves.csv", [point | {"run": name} for name in names for point in curve])
    return store


def adding(folder: str, runs: int) -> Callable[[], None]:
    """Return a function that adds so many new runs to the tables of `folder`, with a store of its own each time."""
    row, curve = example()
    numbers = itertools.count()

    def add() -> None:
        store = Store(folder)
        for _ in range(runs):
            name = f"new{next(numbers):06}"
            store.add(row | {"run": name}, [point | {"run": name} for point in curve])

    return add


def storing() -> Iterator[Row]:
    """Measure what a run costs the tables: bytes, and seconds with tables of several lengths."""
    row, curve = example()
    with tempfile.TemporaryDirectory() as folder:
        one, many = (filled(f"{folder}/{rows}", rows) for rows in (1, 1001))
        small, large = (sum(path.stat().st_size for path in each.folder.glob("*.csv")) for each in (one, many))
    each = (large - small) / 1000
    for how, value in (("tables", each), ("journal", len(json.dumps({"row": row, "curve": curve})))):
        yield {"quantity": "bytes_per_run", "how": how, "value": value, "unit": "B", "origin": "measured"}
    for runs in SIZES:
        found = {"quantity": "bytes", "how": "tables", "runs": runs, "unit": "B", "origin": "computed"}
        yield found | {"value": runs * each}
    for rows in (*ROWS, SIZES[-1]):
        found = {"quantity": "cpu_seconds_to_add_a_run", "runs": rows, "unit": "s", "origin": "measured"}
        with tempfile.TemporaryDirectory() as folder:
            filled(folder, rows)
            repetitions = 10 if rows <= 1_000 else 3 if rows <= 10_000 else 1
            always = fastest(adding(folder, 1), repetitions)
            yield found | {"how": "tables rewritten for every run", "value": always}
            if rows <= ROWS[-1]:
                # A store rewrites the tables with its first run, and again after this many.
                period = max(1, rows // RUNS_A_MERGE)
                seldom = fastest(adding(folder, period), 3) / period
                yield found | {"how": f"tables rewritten once for {RUNS_A_MERGE} rows a run", "value": seldom}


def nothing(number: int) -> int:
    """Do no work, so that only the way there and back takes time."""
    return number


def _overhead(executor: concurrent.futures.Executor, how: str, begin: float) -> Iterator[Row]:
    """Measure what it takes until both workers have answered, since `begin`, and then what each task takes."""
    for future in [executor.submit(time.sleep, pause) for pause in (0.2, 0.21)]:
        future.result()
    yield {"quantity": "cpu_seconds_to_start", "how": how, "workers": 2, "value": family_time() - begin, "unit": "s",
           "origin": "measured"}
    numbers = itertools.count()  # a scheduler answers from memory what it was asked before

    def many() -> None:
        for future in [executor.submit(nothing, next(numbers)) for _ in range(TASKS)]:
            future.result()

    yield {"quantity": "cpu_seconds_per_empty_task", "how": how, "runs": TASKS, "workers": 2,
           "value": fastest(many, 5, family_time) / TASKS, "unit": "s", "origin": "measured"}


def overhead() -> Iterator[Row]:
    """Measure what sending a task of no work costs: here, to local processes, to a Dask cluster on this machine."""
    yield {"quantity": "cpu_seconds_per_empty_task", "how": "in this process", "runs": TASKS, "workers": 1,
           "value": fastest(lambda: [nothing(i) for i in range(TASKS)], 20) / TASKS, "unit": "s", "origin": "measured"}
    begin = family_time()
    spawn = multiprocessing.get_context("spawn")
    with concurrent.futures.ProcessPoolExecutor(2, mp_context=spawn) as pool:
        yield from _overhead(pool, "local processes", begin)
    if importlib.util.find_spec("distributed") is None:
        print("distributed is not installed: its overhead is left out", file=sys.stderr)
        return
    from distributed import Client, LocalCluster

    begin = family_time()
    with (LocalCluster(n_workers=2, threads_per_worker=1, host="127.0.0.1", dashboard_address=None) as cluster,
          Client(cluster) as client):
        yield from _overhead(client.get_executor(), "Dask on this machine", begin)


def makespan(seconds: NDArray[np.float64], workers: int) -> float:
    """Compute when the last run ends if each worker that is free takes the next run of the list."""
    free = [0.0] * workers
    for each in seconds:
        heapq.heapreplace(free, free[0] + each)
    return max(free)


def idling(seed: int) -> Iterator[Row]:
    """Simulate sweeps whose runs last as long as the ladder's did, and count what idle workers cost at the end."""
    generator = np.random.default_rng(seed)
    measured = durations()
    for runs in SWEEPS:
        drawn = np.sort(generator.choice(measured, (DRAWS, runs)), axis=1)
        for workers in WORKERS:
            least = np.maximum(drawn.sum(axis=1) / workers, drawn[:, -1])  # no order ends sooner
            for how, lists in (("longest first", drawn[:, ::-1]), ("shortest first", drawn)):
                ends = np.array([makespan(each, workers) for each in lists])
                for quantity, values in (("time_over_least_possible", ends / least),
                                         ("share_of_worker_time_idle", 1 - drawn.sum(axis=1) / workers / ends)):
                    yield {"quantity": quantity, "how": how, "runs": runs, "workers": workers,
                           "value": float(np.median(values)), "unit": "1", "origin": "simulated"}


def same_seeds() -> Iterator[Row]:
    """Compute how likely two of n seeds of 32 bits, drawn at random, are the same."""
    for runs in SIZES:
        different = math.fsum(math.log1p(-i / SEEDS) for i in range(runs))
        yield {"quantity": "chance_that_two_seeds_agree", "how": "seeds of 32 bits drawn at random", "runs": runs,
               "value": -math.expm1(different), "unit": "1", "origin": "computed"}


def main(arguments: list[str] | None = None) -> int:
    """Measure, simulate and compute everything, and write one table."""
    parser = argparse.ArgumentParser(prog="scale", description="Measure what changes with the number of runs.")
    parser.add_argument("file", type=Path, help="the table to write")
    parser.add_argument("--seed", type=int, default=20_261_124, help="of the simulated sweeps")
    options = parser.parse_args(arguments)
    known = {"date": datetime.date.today().isoformat(), "processor": processor()}
    rows = []
    for part in (storing(), overhead(), idling(options.seed), same_seeds()):
        for row in part:
            rows.append(row | {"value": f"{row['value']:.4g}"} | (known if row["origin"] == "measured" else {}))
            print(" ".join(str(rows[-1].get(name, "")) for name in COLUMNS[:7]), flush=True)
    options.file.parent.mkdir(parents=True, exist_ok=True)
    with options.file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
    return 0


if __name__ == "__main__":
    sys.exit(main())
