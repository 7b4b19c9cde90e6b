"""Ending a program ends everything below it, also what ran away into a session of its own."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time

import psutil
import pytest

from course_door import processes
from course_door.cli import ROOT

pytestmark = pytest.mark.skipif(os.name == "nt", reason="POSIX sessions and signals; Windows ends a tree with taskkill")

# A parent with two children: one in a session of its own, as kernels are, and one that hears no SIGTERM.
TREE = """
import signal, subprocess, sys, time
subprocess.Popen([sys.executable, "-c", "import time; time.sleep(600)"], start_new_session=True)
deaf = "import signal, time; signal.signal(signal.SIGTERM, signal.SIG_IGN); print('deaf', flush=True); time.sleep(600)"
child = subprocess.Popen([sys.executable, "-c", deaf], stdout=subprocess.PIPE)
child.stdout.readline()
{}
print("ready", flush=True)
time.sleep(600)
"""


def grown(extra: str = ""):
    process = processes.start([sys.executable, "-c", TREE.format(extra)], stdout=subprocess.PIPE, text=True)
    assert process.stdout.readline() == "ready\n"
    family = [psutil.Process(process.pid), *psutil.Process(process.pid).children(recursive=True)]
    assert len(family) == 3
    return process, family


def gone(family) -> bool:
    _, alive = psutil.wait_procs(family, timeout=10)
    return not [each for each in alive if each.is_running() and each.status() != psutil.STATUS_ZOMBIE]


@pytest.mark.parametrize("extra", ["", "signal.signal(signal.SIGTERM, signal.SIG_IGN)"], ids=["polite", "deaf parent"])
def test_a_tree_is_ended_whole(extra):
    process, family = grown(extra)
    processes.stop_tree(process, grace=0.5)
    assert gone(family)
    assert process.returncode is not None


def test_a_tree_whose_head_is_gone_already_is_no_error():
    process = processes.start([sys.executable, "-c", ""])
    process.wait()
    processes.stop_tree(process)
    assert process.returncode == 0


def test_descendants_are_those_that_psutil_sees():
    process, family = grown()
    try:
        assert set(processes.descendants(process.pid)) == {each.pid for each in family}
    finally:
        processes.stop_tree(process, grace=0.1)


def test_descendants_are_the_same_where_only_ps_tells_them(monkeypatch):
    if subprocess.run(["ps", "-A", "-o", "pid="], capture_output=True).returncode != 0:
        pytest.skip("there is no ps")
    process, family = grown()
    try:
        monkeypatch.setattr(processes.Path, "exists", lambda self: False)
        assert set(processes.descendants(process.pid)) == {each.pid for each in family}
    finally:
        monkeypatch.undo()
        processes.stop_tree(process, grace=0.1)


def test_the_terminals_ctrl_c_does_not_reach_what_was_started():
    process = processes.start([sys.executable, "-c", "import time; time.sleep(600)"])
    try:
        assert os.getsid(process.pid) != os.getsid(0)
    finally:
        processes.stop_tree(process, grace=0.5)


@pytest.mark.parametrize("name", ["SIGTERM", "SIGHUP"])
def test_a_signal_becomes_an_exception(name):
    number = getattr(signal, name)
    before = {each: signal.getsignal(each) for each in (signal.SIGTERM, signal.SIGHUP)}
    signal.signal(number, signal.SIG_DFL)
    try:
        processes.raise_on_signals()
        with pytest.raises(processes.Stopped) as caught:
            os.kill(os.getpid(), number)
            time.sleep(5)
        assert caught.value.number == number
    finally:
        for each, handler in before.items():
            signal.signal(each, handler)


def test_under_nohup_the_closed_terminal_stays_ignored():
    code = "import signal; from course_door.processes import raise_on_signals; raise_on_signals();"
    code += "print(signal.getsignal(signal.SIGHUP) == signal.SIG_IGN)"
    done = subprocess.run(
        ["sh", "-c", 'trap "" HUP; exec "$0" -c "$1"', sys.executable, code], capture_output=True, text=True, cwd=ROOT
    )
    assert done.stdout == "True\n", done.stderr
