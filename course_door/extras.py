"""What a default installation leaves out: PyTorch for the ladder, the peers of the benchmark. And a Chromium."""

from __future__ import annotations

import os
import shutil
import subprocess
import sys
import tomllib
from pathlib import Path

from course_door import installer
from course_door.environment import Environment, locked_names
from course_door.problems import Problem
from course_door.versions import command
from course_door.words import say

_MODULES = {"train": ("torch", "tokenizers"), "bench": ("lmfit", "chinchilla"), "fast": ("numba",)}
_NOT_THE_INDEX = ("disk_full", "no_permission", "files_in_use")
"""What another index would not cure."""
_CHROMIUM_NAMES = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_CHROMIUM_PLACES = {
    "darwin": (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
        "/Applications/Microsoft Edge.app/Contents/MacOS/Microsoft Edge",
    ),
    "win32": tuple(
        str(Path(os.environ.get(base, "C:/"), *parts))
        for base in ("PROGRAMFILES", "PROGRAMFILES(X86)", "LOCALAPPDATA")
        for parts in (
            ("Google", "Chrome", "Application", "chrome.exe"),
            ("Microsoft", "Edge", "Application", "msedge.exe"),
        )
    ),
}


def find_chromium(env: dict[str, str] | None = None, which=shutil.which, platform: str = sys.platform) -> str | None:
    """Find a browser of the Chromium family: COURSE_CHROMIUM, the PATH, then the system's usual places."""
    env = os.environ if env is None else env
    if env.get("COURSE_CHROMIUM"):
        return env["COURSE_CHROMIUM"]
    for name in _CHROMIUM_NAMES:
        if which(name):
            return which(name)
    return next((place for place in _CHROMIUM_PLACES.get(platform, ()) if Path(place).exists()), None)


def missing(environment: Environment, *names: str) -> list[str]:
    """List the modules of some extras that the environment lacks."""
    modules = tuple(module for name in names for module in _MODULES[name])
    question = f"import importlib.util as u; print(*[m for m in {modules!r} if u.find_spec(m) is None])"
    asked = subprocess.run([environment.python, "-I", "-c", question], capture_output=True, text=True, check=True)
    return asked.stdout.split()


def require_training(environment: Environment) -> None:
    """Refuse to go on without the extra [train], naming the command that installs it."""
    lacking = missing(environment, "train")
    if lacking:
        raise Problem("training_missing", names=", ".join(lacking), course=command())


def install_training(environment: Environment, backend: str) -> None:
    """Install the extra [train] beside the locked packages, none of which it may change.

    Where PyTorch's own index gives nothing, as behind some companies' proxies, the usual one is asked.

    Parameters
    ----------
    environment : Environment
        An environment that is ready.
    backend : str
        Build of PyTorch: ``"cpu"`` (about 200 MB) or ``"auto"`` (that of the graphics card found; several GB).
    """
    requirements, pins, options = _beside_the_lock(environment, "train")
    uv = installer.find_uv()
    if uv is None:
        # Only uv can choose PyTorch's build by name; pip would bring the CUDA build, several GB, to every Linux.
        uv = str(environment.python.parent / ("uv.exe" if os.name == "nt" else "uv"))
        if not Path(uv).exists():
            fetch = installer.Pip(environment.python).plain(["uv"], pins)
            installer.run(fetch, say("installing_uv"), **options)
    tool = installer.Uv(uv, environment.python)
    step = say("installing_training", backend=backend)
    try:
        installer.run(tool.extra(requirements, pins, backend), step, **options)
    except Problem as problem:
        if problem.key in _NOT_THE_INDEX:
            raise
        print(say("torch_index_unreachable"), flush=True)
        try:
            installer.run(tool.plain(requirements, pins), say("installing_training_plain"), **options)
        except Problem as again:
            if again.key in _NOT_THE_INDEX:
                raise
            raise Problem("training_failed", course=command(), log=str(environment.log)) from again


def install_peers(environment: Environment) -> None:
    """Install the extras [bench] and [fast], what the fits are timed against and the compiled engine."""
    requirements, pins, options = _beside_the_lock(environment, "bench", "fast")
    uv = installer.find_uv()
    tool = installer.Uv(uv, environment.python) if uv else installer.Pip(environment.python)
    names = ", ".join(missing(environment, "bench", "fast"))
    installer.run(tool.plain(requirements, pins), say("installing_peers", names=names), **options)


def _beside_the_lock(environment: Environment, *names: str) -> tuple[list[str], Path, dict]:
    """Give the requirements of some extras, a file that holds the locked versions, and the installer's options."""
    project = tomllib.loads((environment.root / "pyproject.toml").read_text(encoding="utf-8"))
    requirements = [line for name in names for line in project["project"]["optional-dependencies"][name]]
    pins = environment.private / "pins.txt"
    lines = environment.lock.read_text(encoding="utf-8").splitlines()
    # Without the hashes: pip would otherwise ask for one of each extra package too.
    pins.write_text("\n".join(x.rstrip(" \\") for x in lines if "==" in x and not x.startswith(" ")), encoding="utf-8")
    options = {"cwd": environment.root, "log": environment.log, "python": "", "venv": environment.venv.name}
    return requirements, pins, options


def bring(environment: Environment, *names: str) -> dict[str, str]:
    """Install what only this command needs; where that fails, say what is missing and why, and go on without it.

    Returns
    -------
    dict
        Environment variables under which Python finds what is installed, and the shell its programs.
    """
    for name in names:
        try:
            environment.add(name)
        except Problem as problem:
            if problem.key == "no_lock_file":
                raise
            missing_names = ", ".join(locked_names(environment.beside(name)))
            print(say("beside_missing", names=missing_names, cause=problem), flush=True)
    folders = [str(environment.packages(name)) for name in names if environment.packages(name).is_dir()]
    programs = [os.path.join(folder, "bin") for folder in folders]
    path = os.pathsep.join([environment.variables("en")["PATH"], *programs])
    return {"PYTHONPATH": os.pathsep.join(folders), "PATH": path}


def announce_chromium() -> str | None:
    """Find Chromium for the browser tests, and say aloud where it is not found that they will be skipped."""
    found = find_chromium()
    if found is None:
        cure = {"darwin": "brew install --cask chromium", "win32": "winget install Google.Chrome"}
        print(say("no_chromium", cure=cure.get(sys.platform, "sudo apt install chromium fonts-noto-cjk")), flush=True)
    return found
