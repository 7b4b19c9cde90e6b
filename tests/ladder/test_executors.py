"""Any executor does the work, workers may die, and every run comes into the tables once."""

import concurrent.futures
import csv
import functools
import importlib.util
import itertools
import os
import signal
import subprocess
import sys
import threading
import time
from pathlib import Path

import numpy as np
import pytest

from course_utils.fitting import bootstrap, fit_chinchilla
from course_utils.fitting.coverage import runs as simulated_runs
from course_utils.ladder.store import Store, in_flight
from course_utils.ladder.sweep import DEATHS, SweepError, sweep
from tests.ladder import stand_in
from tests.ladder.stand_in import Job

ROOT = Path(__file__).resolve().parents[2]
needs_distributed = pytest.mark.skipif(
    importlib.util.find_spec("distributed") is None,
    reason="distributed is not installed: python3 course.py test brings it",
)
quietly = functools.partial(sweep, trainer=stand_in.act, seconds=stand_in.one_second, bar=False)


def kept(folder):
    """Names of the runs in the table, and how many points each has in the curves."""
    with open(folder / "text_runs.csv", encoding="utf-8", newline="") as file:
        names = [row["run"] for row in csv.DictReader(file)]
    with open(folder / "text_curves.csv", encoding="utf-8", newline="") as file:
        points = [row["run"] for row in csv.DictReader(file)]
    return names, {name: points.count(name) for name in names}


def assert_each_once(folder, jobs):
    names, points = kept(folder)
    assert names == sorted(job.name for job in jobs)
    assert set(points.values()) == {3}
    assert not list((folder / "journal").iterdir())


@pytest.fixture
def marks(tmp_path):
    folder = tmp_path / "marks"
    folder.mkdir()
    return str(folder)


@pytest.fixture
def tables(tmp_path):
    return tmp_path / "tables"


# ---------------------------------------------------------------- processes of this machine


def test_a_worker_that_dies_is_replaced_and_its_run_done_again(marks, tables):
    jobs = [Job(f"job{i}", marks, "die once" if i == 1 else "") for i in range(5)]
    lines = []
    assert quietly(jobs, tables, processes=2, report=lines.append) == 5
    assert_each_once(tables, jobs)
    assert len(jobs[1].attempts()) == 2
    assert "job1: its worker died; it will be done again" in lines
    assert in_flight(tables) == {}


def test_a_run_that_kills_its_workers_is_set_aside_and_the_runs_beside_it_are_not(marks, tables):
    jobs = [Job(f"job{i}", marks, "die" if i == 1 else "") for i in range(5)]
    lines = []
    with pytest.raises(SweepError, match="job1 was set aside") as raised:
        quietly(jobs, tables, processes=2, report=lines.append)
    assert raised.value.set_aside == ["job1"] and not raised.value.failed
    others = [job for job in jobs if job.name != "job1"]
    assert_each_once(tables, others)
    assert 1 <= len(jobs[1].attempts()) <= DEATHS  # fewer, where the one beside it was faster to die
    assert sum("set aside" in line for line in lines) == 1
    assert sum(": loss" in line for line in lines) == len(others)
    assert in_flight(tables) == {}


def test_a_run_that_fails_does_not_stop_the_others(marks, tables):
    jobs = [Job(f"job{i}", marks, "raise" if i in (0, 2) else "") for i in range(5)]
    with pytest.raises(SweepError, match=r"job0 failed \(ValueError: job0 broke\); job2") as raised:
        quietly(jobs, tables, processes=1, report=lambda line: None)
    assert list(raised.value.failed) == ["job0", "job2"]
    assert isinstance(raised.value.__cause__, ValueError)
    assert_each_once(tables, [jobs[i] for i in (1, 3, 4)])


def test_the_curves_of_runs_in_flight_can_be_read(marks, tables):
    jobs = [Job("quick", marks), Job("slow", marks)]
    seen = {}

    def look(row):
        if row["run"] == "quick":
            deadline = time.monotonic() + 20
            while len(in_flight(tables).get("slow", [])) < 3 and time.monotonic() < deadline:
                time.sleep(0.02)
            seen.update(in_flight(tables))
            (Path(marks) / "go").touch()

    assert quietly(jobs, tables, processes=2, trainer=stand_in.talk, report=lambda line: None, finished=look) == 2
    assert seen["slow"] == [{"step": 1, "loss": 5.0}, {"step": 10, "loss": 0.5}, {"step": 100, "loss": 0.05}]
    assert in_flight(tables) == {}
    assert_each_once(tables, jobs)


def test_points_that_a_kill_left_are_whole_and_go_with_the_next_sweep(marks, tables):
    live = Store(tables).live
    assert in_flight(tables) == {}
    live.mkdir(parents=True)
    (live / "done.jsonl").write_text('{"step": 1, "loss": 4.0}\n')
    (live / "half.jsonl").write_text('{"step": 2, "loss": 3.0}\n{"step": 4, "lo')
    assert in_flight(tables) == {"done": [{"step": 1, "loss": 4.0}], "half": [{"step": 2, "loss": 3.0}]}
    Store(tables).add({"run": "done", "corpus": "text"}, [])
    quietly([Job("done", marks)], tables, report=lambda line: None)
    assert list(in_flight(tables)) == ["half"]


@pytest.mark.slow
def test_a_script_without_a_guard_is_told_so(marks, tables):
    script = Path(marks).parent / "unguarded.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.ladder import stand_in\nfrom course_utils.ladder.sweep import sweep\n"
        f"jobs = [stand_in.Job(f'job{{i}}', {marks!r}) for i in range(3)]\n"
        f"sweep(jobs, {str(tables)!r}, processes=1, trainer=stand_in.act, seconds=stand_in.one_second, bar=False)\n"
    )
    done = subprocess.run([sys.executable, script], capture_output=True, text=True, timeout=60)
    assert done.returncode != 0
    assert "RuntimeError: worker processes die before they take a run" in done.stderr
    assert "__main__" in done.stderr.rsplit("RuntimeError:", 1)[1]


@pytest.mark.slow
def test_two_sweeps_at_once_leave_whole_tables(marks, tables):
    script = Path(marks).parent / "twice.py"
    script.write_text(
        f"import sys; sys.path.insert(0, {str(ROOT)!r})\n"
        "from tests.ladder import stand_in\nfrom course_utils.ladder.sweep import sweep\n"
        "if __name__ == '__main__':\n"
        f"    jobs = [stand_in.Job(f'job{{i:02}}', {marks!r}, seconds=0.0) for i in range(8)]\n"
        f"    sweep(jobs, {str(tables)!r}, processes=1, trainer=stand_in.act, seconds=stand_in.one_second, bar=False)\n"
    )
    both = [subprocess.Popen([sys.executable, script], stdout=subprocess.DEVNULL) for _ in range(2)]
    assert [process.wait(timeout=60) for process in both] == [0, 0]
    assert_each_once(tables, [Job(f"job{i:02}", marks) for i in range(8)])


# ---------------------------------------------------------------- executors of the caller


def test_an_executor_of_threads_does_one_run_at_a_time_and_stays_open(marks, tables):
    jobs = [Job(f"job{i}", marks, "raise" if i == 1 else "") for i in range(4)]
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        with pytest.raises(SweepError, match="job1"):
            quietly(jobs, tables, executor=executor, report=lambda line: None)
        assert executor.submit(abs, -1).result() == 1
    spans = sorted(span for job in jobs if job.fate == "" for _, *span in job.attempts())
    assert all(end <= begin for (_, end), (begin, _) in itertools.pairwise(spans))  # a seed is the process's
    assert_each_once(tables, [job for job in jobs if job.fate == ""])


def test_an_executor_that_breaks_is_the_callers_and_what_was_computed_is_kept(marks, tables):
    jobs = [Job("good", marks, seconds=0.0), Job("bad", marks, "die", seconds=0.5)]
    with (concurrent.futures.ProcessPoolExecutor(1) as executor,
          pytest.raises(concurrent.futures.BrokenExecutor)):
        quietly(jobs, tables, executor=executor, report=lambda line: None)
    assert_each_once(tables, jobs[:1])


# ---------------------------------------------------------------- a real scheduler with two worker processes


@pytest.fixture(scope="module")
def client():
    import dask
    from distributed import Client, LocalCluster

    # On a busy machine a worker takes long to start again; the cluster would dismiss it after 15 s, for good.
    patient = {"distributed.deploy.lost-worker-timeout": "10 minutes", "distributed.comm.timeouts.connect": "60s",
               "distributed.scheduler.allowed-failures": 1}
    with (
        dask.config.set(patient),
        LocalCluster(n_workers=2, threads_per_worker=1, processes=True, host="127.0.0.1", dashboard_address=None,
                     worker_dashboard_address=None, silence_logs=50) as cluster,
        Client(cluster) as client,
    ):
        yield client


def everything(boot):
    """All numbers of a bootstrap, bit for bit."""
    return {name: sample.tobytes() for name, sample in boot.samples.items()}, boot.n_redrawn, boot.n_not_converged


@pytest.fixture(scope="module")
def law():
    return fit_chinchilla(*simulated_runs(24, "gaussian", np.random.default_rng(0)))


@pytest.fixture(scope="module")
def here(law):
    return bootstrap(law, n=200, block=64)  # four blocks, the last a short one; starts of their own


def test_a_bootstrap_is_the_same_on_any_executor(law, here):
    with concurrent.futures.ThreadPoolExecutor(3) as executor:
        there = bootstrap(law, n=200, block=64, executor=executor)
    assert everything(there) == everything(here)
    assert there.fit.values == here.fit.values
    assert there.interval("alpha") == here.interval("alpha")


@needs_distributed
@pytest.mark.slow
def test_a_bootstrap_on_a_cluster_is_the_local_one_bit_for_bit(client, law, here):
    there = bootstrap(law, n=200, block=64, executor=client.get_executor())
    assert everything(there) == everything(here)


def kill_when_it_runs(job, killed):
    """Kill the process that runs `job` as soon as it does."""
    deadline = time.monotonic() + 60
    while not job.attempts() and time.monotonic() < deadline:
        time.sleep(0.02)
    pid = int(job.attempts()[0][0])
    os.kill(pid, signal.SIGKILL)
    killed.append(pid)


@needs_distributed
@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="SIGKILL is POSIX's")
def test_a_cluster_that_loses_a_worker_loses_no_run(client, marks, tables):
    jobs = [Job(f"job{i:02}", marks, "hang once" if i == 5 else "", seconds=0.1) for i in range(12)]
    killed = []
    killer = threading.Thread(target=kill_when_it_runs, args=(jobs[5], killed))
    killer.start()
    assert quietly(jobs, tables, executor=client.get_executor(), report=lambda line: None) == 12
    killer.join()
    assert len(killed) == 1
    assert_each_once(tables, jobs)
    attempts = jobs[5].attempts()
    assert len(attempts) == 2  # killed once, done once
    assert len({pid for job in jobs for pid, *_ in job.attempts()}) >= 2
    assert quietly(jobs, tables, executor=client.get_executor(), report=lambda line: None) == 0


def allow(deaths, dask_scheduler):
    """Set how many deaths of workers the scheduler forgives a run."""
    dask_scheduler.allowed_failures = deaths


@needs_distributed
@pytest.mark.slow
def test_a_run_that_a_cluster_gives_up_is_tried_alone_and_set_aside(client, marks, tables):
    jobs = [Job("good0", marks), Job("bad", marks, "die"), Job("worse", marks, "raise"), Job("good1", marks)]
    lines = []
    client.run_on_scheduler(allow, 0)
    with pytest.raises(SweepError, match="bad was set aside") as raised:
        quietly(jobs, tables, executor=client.get_executor(), report=lines.append)
    client.run_on_scheduler(allow, 1)
    assert raised.value.set_aside == ["bad"] and list(raised.value.failed) == ["worse"]
    assert_each_once(tables, [jobs[0], jobs[3]])
    assert len(jobs[1].attempts()) == 2  # among others, then alone: runs that waited beside it are not blamed
