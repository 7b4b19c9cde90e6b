"""The environment of the course: ``.venv``, made from ``requirements.lock`` once, then left alone.

Two files inside ``.venv`` say how things stand. ``course-unfinished`` is written before anything is changed and removed
after everything is done: where it is found, an installation was cut short, and no package can be trusted to be whole.
``course-stamp.json`` is written last and names what was installed. So an installation that is killed at any moment is
seen as such by the next run, which makes ``.venv`` again.
"""

from __future__ import annotations

import hashlib
import importlib.util
import json
import os
import re
import shutil
import subprocess
import sys
import time
from contextlib import contextmanager
from pathlib import Path

from course_door import installer
from course_door.installer import clean_environment
from course_door.problems import Problem, explain
from course_door.progress import LiveLine
from course_door.versions import supported
from course_door.words import say

NEEDED_BYTES = 1_050_000_000  # measured on Linux: 800 MB in .venv, 240 MB of downloads kept by pip or uv


class Environment:
    """The Python environment of one copy of the course.

    Parameters
    ----------
    root : Path
        Folder of the course: it holds ``requirements.lock`` and ``pyproject.toml``.
    """

    def __init__(self, root: Path):
        self.root = Path(os.path.realpath(root))
        self.venv = self.root / ".venv"
        self.private = self.root / ".course"
        self.lock = self.root / "requirements.lock"
        self.stamp = self.venv / "course-stamp.json"
        self.unfinished = self.venv / "course-unfinished"
        self.log = self.private / "setup.log"

    @property
    def python(self) -> Path:
        return self.venv / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    # ---- how things stand

    def wanted(self) -> dict:
        """Say what a finished ``.venv`` has to be: made from this lock, for the course in this folder."""
        if not self.lock.is_file():
            raise Problem("no_lock_file", file=self.lock.name)
        return {"lock": hashlib.sha256(self.lock.read_bytes()).hexdigest(), "root": str(self.root)}

    def recorded(self) -> dict | None:
        """Read the stamp; None where there is none that can be read."""
        try:
            stamp = json.loads(self.stamp.read_text(encoding="utf-8"))
        except (FileNotFoundError, NotADirectoryError, ValueError):
            return None
        return stamp if isinstance(stamp, dict) else None

    def python_version(self) -> str | None:
        """Ask the Python inside ``.venv`` for its version (``"3.12"``); None where it does not run."""
        question = "import sys; print('%d.%d' % sys.version_info[:2])"
        try:
            asked = subprocess.run(
                [self.python, "-I", "-S", "-c", question], capture_output=True, text=True, timeout=60
            )
        except (OSError, subprocess.TimeoutExpired):
            return None  # gone, moved, or of another machine: the caller makes .venv again
        return asked.stdout.strip() if asked.returncode == 0 else None

    def ready(self) -> bool:
        """Tell whether ``.venv`` is finished, made from the present lock, for this folder, and its Python runs."""
        stamp = self.recorded()
        if stamp is None or self.unfinished.exists():
            return False
        if any(stamp.get(name) != value for name, value in self.wanted().items()):
            return False
        return self.python_version() == stamp.get("python")

    # ---- making it so

    def ensure(self) -> bool:
        """Make ``.venv`` what the lock says; do nothing where it is so already.

        Returns
        -------
        bool
            Whether anything had to be done.

        Raises
        ------
        Problem
            With the cause and its cure.
        """
        if self.ready():
            return False
        begun = time.monotonic()
        private_folder(self.private)
        with self._alone() as held:
            if self.ready():  # another window did the work while this one waited
                return False
            self.log.write_text("", encoding="utf-8")
            try:
                self._bring_about(held)
            except OSError as error:
                raise _in_words(error, self.venv, self.log) from error
        print(say("ready", seconds=f"{time.monotonic() - begun:.0f}"), flush=True)
        return True

    def add(self, name: str) -> bool:
        """Install ``requirements-NAME.lock`` into a folder beside ``.venv``; do nothing where that is done.

        Such a lock names only packages that ``requirements.lock`` does not, and was resolved together with it. They
        stay out of ``.venv``, where nbgrader would put its own menu into every learner's JupyterLab. The folder gets
        its name when it is whole, so one that is there can be trusted.

        Parameters
        ----------
        name : str
            "teach" or "test".

        Returns
        -------
        bool
            Whether anything had to be done.

        Raises
        ------
        Problem
            With the cause and its cure. What was installed before is as it was.
        """
        lock = self.beside(name)
        if not lock.is_file():
            raise Problem("no_lock_file", file=lock.name)
        folder, python = self.packages(name), self.python_version() or "?"
        stamp = folder / "course-stamp.json"
        wanted = json.dumps({"lock": hashlib.sha256(lock.read_bytes()).hexdigest(), "python": python})
        if stamp.is_file() and stamp.read_text(encoding="utf-8") == wanted:
            return False
        names = locked_names(lock)
        private_folder(self.private)
        with self._alone() as held:
            uv = installer.find_uv()
            tool = installer.Uv(uv, self.python) if uv else installer.Pip(self.python)
            fresh = folder.with_suffix(".new")
            if fresh.exists():
                remove(fresh)
            fresh.mkdir()
            if names:
                said = say("installing_beside", names=", ".join(names), tool=tool.name)
                self._run(tool.beside(lock, fresh), said, held, python=python, venv=folder.name)
            (fresh / stamp.name).write_text(wanted, encoding="utf-8")
            if folder.exists():
                remove(folder)
            os.rename(fresh, folder)
        return True

    def beside(self, name: str) -> Path:
        """Return the lock of what only some commands need."""
        return self.root / f"requirements-{name}.lock"

    def packages(self, name: str) -> Path:
        """Return the folder that holds what only some commands need."""
        return self.private / f"packages-{name}"

    def _bring_about(self, held: tuple) -> None:
        wanted, stamp = self.wanted(), self.recorded()
        version = self.python_version()
        if self.unfinished.exists():
            print(say("repairing"), flush=True)
            remove(self.venv)
        elif stamp is not None and version != stamp.get("python"):
            print(say("python_changed", venv=self.venv.name), flush=True)
            remove(self.venv)
        elif os.path.lexists(self.venv) and (version is None or not supported(_pair(version))):
            # Not made by this program, and of no use to it: kept aside, since somebody may miss it.
            aside = _free_name(self.private, "old-venv")
            os.rename(self.venv, aside)
            print(say("moved_aside", venv=self.venv.name, aside=aside), flush=True)
        uv = installer.find_uv()
        if not self.python.exists():
            stamp = None
            self._check_room()
            self._create(uv, held)
        tool = installer.Uv(uv, self.python) if uv else installer.Pip(self.python)
        names = locked_names(self.lock)
        self.unfinished.write_text("", encoding="utf-8")
        fields = {"python": self.python_version() or "?", "venv": self.venv.name}
        if stamp is None or stamp.get("lock") != wanted["lock"]:
            said = say("installing", count=len(names), tool=tool.name)
            self._run(tool.locked(self.lock), said, held, progress=lambda: self._installed(len(names)), **fields)
            dropped = sorted(set(stamp.get("names", []) if stamp else []) - set(names))
            if dropped:
                self._run(tool.remove(dropped), say("removing", count=len(dropped)), held, **fields)
        self._run(tool.editable(), say("installing_course"), held, **fields)
        made = {**wanted, "python": fields["python"], "names": names}
        fresh = self.stamp.with_suffix(".new")
        fresh.write_text(json.dumps(made, ensure_ascii=False, indent=1), encoding="utf-8")
        os.replace(fresh, self.stamp)
        self.unfinished.unlink()

    def _create(self, uv: str | None, held: tuple) -> None:
        major, minor = sys.version_info[:2]
        pip = importlib.util.find_spec("ensurepip") is not None
        if not uv and not (pip and importlib.util.find_spec("venv")):
            raise Problem("no_venv", package=f"python{major}.{minor}-venv")
        self.venv.mkdir()
        self.unfinished.write_text("", encoding="utf-8")
        said = say("making_venv", venv=self.venv.name, python=f"{major}.{minor}.{sys.version_info[2]}")
        if importlib.util.find_spec("venv"):
            command = [sys.executable, "-I", "-m", "venv", *([] if pip else ["--without-pip"]), str(self.venv)]
        else:
            command = [uv, "venv", "--allow-existing", "--python", sys.executable, str(self.venv)]
        self._run(command, said, held, python=f"{major}.{minor}", venv=self.venv.name)

    def _run(self, command: list[str], step: str, held: tuple, **options) -> None:
        installer.run(command, step, cwd=self.root, log=self.log, pass_fds=held, **options)

    def _installed(self, count: int) -> str:
        """Say how many of the packages are in place."""
        places = self.venv.glob("Lib/site-packages" if os.name == "nt" else "lib/python*/site-packages")
        found = sum(1 for place in places for _ in place.glob("*.dist-info"))
        return f"{min(found, count)}/{count}"

    def _check_room(self) -> None:
        free = shutil.disk_usage(self.root).free
        if free < NEEDED_BYTES:
            needed, left = f"{NEEDED_BYTES / 1e9:.1f}", f"{free / 1e9:.1f}"
            raise Problem("disk_small", needed=needed, free=left, folder=self.root)

    @contextmanager
    def _alone(self):
        """Hold the setup lock; give the file descriptors that the installers must keep open.

        The operating system frees the lock when the last process that holds it ends, killed or not, so it never goes
        stale. The installer inherits it: when this program is killed and its pip lives on, the next run waits for that
        pip instead of writing into the same folder.
        """
        path = self.private / "setup.lock"
        descriptor = os.open(path, os.O_RDWR | os.O_CREAT, 0o644)
        try:
            line = None
            while not _try_lock(descriptor):
                line = line or LiveLine(say("waiting_for_other"))
                line.tick()
                time.sleep(0.3)
            if line:
                line.done()
            yield (descriptor,)
        finally:
            os.close(descriptor)

    # ---- running what is in it

    def variables(self, language: str) -> dict[str, str]:
        """Give the environment variables under which the course's Python runs."""
        env = clean_environment()
        path = os.pathsep.join([str(self.python.parent), env.get("PATH", "")])
        return env | {"VIRTUAL_ENV": str(self.venv), "PATH": path, "COURSE_LANG": language}


def private_folder(folder: Path) -> None:
    """Make a folder that git never sees: it holds what belongs to this learner on this machine alone."""
    try:
        folder.mkdir(exist_ok=True)
        ignore = folder / ".gitignore"
        if not ignore.exists():
            ignore.write_text("*\n", encoding="utf-8")
    except OSError as error:
        raise _in_words(error, folder, "-") from error


def locked_names(lock: Path) -> list[str]:
    """List the packages of a lock file that hold on this kind of system, by name.

    Examples
    --------
    >>> import tempfile
    >>> lock = Path(tempfile.mkdtemp()) / "requirements.lock"
    >>> _ = lock.write_text("numpy==2.3.5 \\\\\\n    --hash=sha256:00\\npywinpty==3.1.2 ; os_name == 'none'\\n")
    >>> locked_names(lock)
    ['numpy']
    """
    names = []
    for line in lock.read_text(encoding="utf-8").splitlines():
        pinned = re.match(r"([A-Za-z0-9][\w.-]*)==[^ ;]+\s*(?:;\s*(.*?))?\s*\\?$", line)
        if pinned and _holds(pinned.group(2)):
            names.append(pinned.group(1))
    return names


def _holds(marker: str | None) -> bool:
    """Tell whether a marker's plain comparison with the system's name holds; in doubt, yes: it only counts packages."""
    alone = re.fullmatch(r"(sys_platform|os_name) == '(\w+)'", marker or "")
    here = {"sys_platform": sys.platform, "os_name": os.name}
    return alone is None or here[alone.group(1)] == alone.group(2)


def remove(folder: Path) -> None:
    """Delete a folder with all that is in it; of a link, the link."""
    if folder.is_symlink():
        folder.unlink()
    else:
        shutil.rmtree(folder)


def _pair(version: str) -> tuple[int, int]:
    major, minor = version.split(".")
    return int(major), int(minor)


def _free_name(folder: Path, stem: str) -> Path:
    number = 1
    while os.path.lexists(folder / f"{stem}-{number}"):
        number += 1
    return folder / f"{stem}-{number}"


def _try_lock(descriptor: int) -> bool:
    if os.name == "nt":
        import msvcrt

        try:
            msvcrt.locking(descriptor, msvcrt.LK_NBLCK, 1)
        except PermissionError:
            return False
        return True
    import fcntl

    try:
        fcntl.flock(descriptor, fcntl.LOCK_EX | fcntl.LOCK_NB)
    except BlockingIOError:
        return False
    return True


def _in_words(error: OSError, folder: Path, log: Path | str) -> Problem:
    return explain(str(error), log=str(log), venv=folder.name, python="")
