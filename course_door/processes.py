"""Starting programs and ending them with everything that they started."""

from __future__ import annotations

import os
import signal
import subprocess
import sys
import time
from pathlib import Path

WINDOWS = os.name == "nt"


class Stopped(BaseException):
    """The program was asked to end (SIGTERM, or the terminal was closed)."""

    def __init__(self, number: int):
        self.number = number
        super().__init__(f"signal {number}")


def raise_on_signals() -> None:
    """Turn SIGTERM, SIGHUP and Windows' Ctrl-Break into ``Stopped``, so that what was started is also ended."""

    def stop(number, _frame):
        raise Stopped(number)

    for name in ("SIGTERM", "SIGHUP", "SIGBREAK"):
        # What is ignored already stays so: under nohup the program is meant to outlive its terminal.
        if hasattr(signal, name) and signal.getsignal(getattr(signal, name)) != signal.SIG_IGN:
            signal.signal(getattr(signal, name), stop)


def shield_from_signals() -> None:
    """Ignore further signals while ending what was started: an impatient second Ctrl-C must leave nothing behind."""
    for name in ("SIGINT", "SIGTERM", "SIGHUP", "SIGBREAK"):
        if hasattr(signal, name):
            signal.signal(getattr(signal, name), signal.SIG_IGN)


def start(command: list, *, pass_fds: tuple = (), **options) -> subprocess.Popen:
    """Start a program in a session of its own: the Ctrl-C of the terminal then reaches this program alone.

    This program ends the other one by ``stop_tree``, in order; both at once would race.
    """
    if WINDOWS:
        options["creationflags"] = subprocess.CREATE_NEW_PROCESS_GROUP
    else:
        options.update(start_new_session=True, pass_fds=pass_fds)
    return subprocess.Popen([str(part) for part in command], stdin=subprocess.DEVNULL, **options)


def _table() -> dict[int, tuple[int, str]]:
    """Map every process to its parent and its start time; the two together with the id name a process for good."""
    table = {}
    if Path("/proc/self/stat").exists():
        for entry in os.scandir("/proc"):
            if entry.name.isdigit():
                try:
                    fields = Path(entry.path, "stat").read_text(errors="replace").rpartition(")")[2].split()
                except (FileNotFoundError, ProcessLookupError):
                    continue  # it ended while the table was read
                if fields[0] != "Z":
                    table[int(entry.name)] = (int(fields[1]), fields[19])
        return table
    listed = subprocess.run(["ps", "-A", "-o", "pid=,ppid=,stat=,lstart="], capture_output=True, text=True, check=True)
    for line in listed.stdout.splitlines():
        pid, parent, state, started = line.split(None, 3)
        if not state.startswith("Z"):
            table[int(pid)] = (int(parent), started)
    return table


def descendants(pid: int) -> dict[int, str]:
    """Map each living process below ``pid``, and ``pid`` itself, to its start time (POSIX)."""
    table = _table()
    family = {pid: table[pid][1]} if pid in table else {}
    grown = True
    while grown:
        grown = False
        for child, (parent, started) in table.items():
            if parent in family and child not in family:
                family[child] = started
                grown = True
    return family


def _alive(family: dict[int, str]) -> list[int]:
    table = _table()
    return [pid for pid, started in family.items() if table.get(pid, (0, ""))[1] == started]


def stop_tree(process: subprocess.Popen, *, grace: float = 10.0) -> None:
    """End a program and everything below it: ask, wait, then insist.

    Parameters
    ----------
    process : subprocess.Popen
        As ``start`` gave it.
    grace : float
        Seconds to end by itself: JupyterLab shuts its kernels down in this time.
    """
    if WINDOWS:
        if process.poll() is None:
            subprocess.run(["taskkill", "/PID", str(process.pid), "/T", "/F"], capture_output=True, check=False)
        process.wait()
        return
    # Kernels run in sessions of their own, so the family is written down before its head goes.
    family = descendants(process.pid)
    if process.poll() is None:
        process.terminate()
        deadline = time.monotonic() + grace
        while process.poll() is None and time.monotonic() < deadline:
            family.update(descendants(process.pid))
            time.sleep(0.1)
    for number, patience in ((signal.SIGTERM, 2.0), (signal.SIGKILL, 5.0)):
        for pid in _alive(family):
            try:
                os.kill(pid, number)
            except ProcessLookupError:
                continue  # it ended between the look and the signal
        deadline = time.monotonic() + patience
        while _alive(family) and time.monotonic() < deadline:
            process.poll()
            time.sleep(0.05)
    process.wait()


def become(command: list, env: dict[str, str]) -> int:
    """Run the last command of this program and give its exit status.

    On POSIX this process turns into it, so signals, the terminal and the exit status are its own. Windows has no such
    thing: there it is waited for, and Ctrl-C reaches it through the shared console.
    """
    command = [str(part) for part in command]
    sys.stdout.flush()
    sys.stderr.flush()
    if not WINDOWS:
        # Caught signals fall back to their defaults in the new program; ignored ones stay ignored. Both are meant.
        os.execve(command[0], command, env)
    running = subprocess.Popen(command, env=env)
    while True:
        try:
            return running.wait()
        except KeyboardInterrupt:
            continue  # the command got the same Ctrl-C and ends in its own way
