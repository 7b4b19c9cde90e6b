"""The uv and pip command lines, and one way to run either: with a live line, a log, and causes in plain words."""

from __future__ import annotations

import os
import shutil
import subprocess
import threading
import time
from collections.abc import Callable
from pathlib import Path

from course_door.problems import explain
from course_door.processes import shield_from_signals, start, stop_tree
from course_door.progress import LiveLine

# Variables that would send packages elsewhere than into .venv, or other packages into it. Index, proxy and certificate
# settings stay: behind a company's mirror they are what makes the installation work.
MISLEADING = (
    "PIP_NO_DEPS",
    "PIP_PREFIX",
    "PIP_REQUIRE_VIRTUALENV",
    "PIP_ROOT",
    "PIP_TARGET",
    "PYTHONHOME",
    "PYTHONPATH",
    "UV_PROJECT_ENVIRONMENT",
    "UV_PYTHON",
    "UV_SYSTEM_PYTHON",
)


def clean_environment(env: dict[str, str] | None = None) -> dict[str, str]:
    """Copy the environment without what would mislead an installer or the course's Python."""
    env = dict(os.environ if env is None else env)
    for name in MISLEADING:
        env.pop(name, None)
    # UTF-8 everywhere, also on a Windows whose code page knows neither Vietnamese nor Chinese.
    return env | {"PIP_USER": "0", "PYTHONUTF8": "1", "PYTHONUNBUFFERED": "1"}


class Uv:
    """Install with uv, which is on the PATH: the same packages as with pip, in a fraction of the time."""

    name = "uv"

    def __init__(self, uv: str, python: Path):
        self.front = [uv, "pip"]
        self.into = ["--python", str(python)]

    def locked(self, lock: Path) -> list[str]:
        return [*self.front, "install", *self.into, "--require-hashes", "--only-binary", ":all:", "-r", str(lock)]

    def beside(self, lock: Path, folder: Path) -> list[str]:
        return [*self.locked(lock), "--no-deps", "--target", str(folder)]

    def editable(self) -> list[str]:
        return [*self.front, "install", *self.into, "--reinstall", "--no-deps", "--no-build-isolation", "-e", "."]

    def remove(self, names: list[str]) -> list[str]:
        return [*self.front, "uninstall", *self.into, *names]

    def plain(self, requirements: list[str], pins: Path) -> list[str]:
        return [*self.front, "install", *self.into, "-c", str(pins), *requirements]

    def extra(self, requirements: list[str], pins: Path, backend: str) -> list[str]:
        return [*self.front, "install", *self.into, "--torch-backend", backend, "-c", str(pins), *requirements]


class Pip:
    """Install with the pip that Python brings along."""

    name = "pip"

    def __init__(self, python: Path):
        self.front = [str(python), "-m", "pip"]
        # Two retries say "no network" after seconds; the five of the default take minutes to say so.
        self.quietly = ["--disable-pip-version-check", "--no-input", "--progress-bar", "off", "--retries", "2"]

    def locked(self, lock: Path) -> list[str]:
        # Not compiled in advance: Python compiles what is really imported, and most of 120 packages never is.
        options = [*self.quietly, "--require-hashes", "--only-binary", ":all:", "--no-compile"]
        return [*self.front, "install", *options, "-r", str(lock)]

    def beside(self, lock: Path, folder: Path) -> list[str]:
        return [*self.locked(lock), "--no-deps", "--target", str(folder)]

    def editable(self) -> list[str]:
        return [*self.front, "install", *self.quietly, "--no-deps", "--no-build-isolation", "-e", "."]

    def remove(self, names: list[str]) -> list[str]:
        return [*self.front, "uninstall", "--disable-pip-version-check", "--yes", *names]

    def plain(self, requirements: list[str], pins: Path) -> list[str]:
        return [*self.front, "install", *self.quietly, "-c", str(pins), *requirements]


def find_uv() -> str | None:
    """Find a uv that runs. A version manager may leave a stub on the PATH that only says "command not found"."""
    uv = shutil.which("uv")
    if uv is None:
        return None
    asked = subprocess.run([uv, "--version"], capture_output=True, check=False, stdin=subprocess.DEVNULL)
    return uv if asked.returncode == 0 else None


def run(
    command: list[str],
    step: str,
    *,
    cwd: Path,
    log: Path,
    progress: Callable[[], str] = lambda: "",
    pass_fds: tuple = (),
    **fields,
) -> None:
    """Run one installer command behind a live line.

    Parameters
    ----------
    command : list of str
        The command line.
    step : str
        What is being done, in the reader's words.
    cwd : Path
        Folder to run in.
    log : Path
        File that gets everything the command says, after what it already holds.
    progress : callable
        Gives how far the step is, as a short text; asked five times a second.
    pass_fds : tuple of int
        File descriptors that the command keeps open (the setup lock: it holds as long as anything still installs).
    **fields
        Values for the sentences of ``problems``.

    Raises
    ------
    Problem
        If the command fails: the cause found in its output.
    """
    line = LiveLine(step)
    said: list[str] = []
    process = start(
        command,
        cwd=cwd,
        env=clean_environment(),
        pass_fds=pass_fds,
        stdout=subprocess.PIPE,
        stderr=subprocess.STDOUT,
        encoding="utf-8",
        errors="replace",
    )

    def listen() -> None:
        with log.open("a", encoding="utf-8") as written:
            written.write("$ " + " ".join(command) + "\n")
            for text in process.stdout:
                said.append(text)
                written.write(text)
                written.flush()

    listener = threading.Thread(target=listen, daemon=True)
    listener.start()
    try:
        while process.poll() is None:
            line.tick(progress())
            time.sleep(0.2)
        listener.join()
    except BaseException:
        shield_from_signals()
        line.broken()
        stop_tree(process, grace=3.0)
        raise
    if process.returncode != 0:
        line.broken()
        raise explain("".join(said), log=str(log), **fields)
    line.done()
