"""Resolving the lock files: what every learner installs, and what only some commands need beside it.

``requirements.lock`` is for everybody. ``requirements-teach.lock`` and ``requirements-test.lock`` name what the extras
of the same names add to it, and nothing that stands in the first: so they are installed without looking at
dependencies, and nobody's course changes by it.
"""

from __future__ import annotations

import os
import re
import subprocess

from course_door.environment import Environment, private_folder
from course_door.installer import clean_environment
from course_door.problems import Problem

BESIDE = {
    # Of sphinx-revealjs only its copy of Reveal.js is used: no Sphinx comes along.
    "teach": ["--no-deps"],
    "test": [],
}


def resolve(environment: Environment, uv: str, arguments: list[str]) -> int:
    """Resolve every lock file again, and write them when all of them could be resolved.

    Parameters
    ----------
    environment : Environment
        Where ``pyproject.toml`` and the locks lie.
    uv : str
        The resolver.
    arguments : list of str
        Further options for it, such as ``--upgrade``.

    Returns
    -------
    int
        0.

    Raises
    ------
    Problem
        If one cannot be resolved; then no lock is changed.
    """
    private_folder(environment.private)
    everybody = _compile(environment, uv, environment.lock.name, _read(environment.lock), [], arguments)
    made = {environment.lock: everybody}
    pins = environment.private / "pins.txt"
    pins.write_text("".join(f"{pin}\n" for pin in _pins(everybody)), encoding="utf-8")
    for name, options in BESIDE.items():
        lock = environment.beside(name)
        fixed = ["--extra", name, "-c", str(pins), *options]
        whole = _compile(environment, uv, lock.name, everybody + _read(lock), fixed, arguments)
        made[lock] = without(whole, everybody)
    for path, text in made.items():
        fresh = path.with_suffix(".new")
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
    return 0


def without(whole: str, everybody: str) -> str:
    """Take the packages of one lock out of another.

    Examples
    --------
    >>> without("anki==1 \\\\\\n    --hash=a\\nnumpy==2 \\\\\\n    --hash=b\\n", "numpy==2 \\\\\\n    --hash=b\\n")
    'anki==1 \\\\\\n    --hash=a\\n'
    """
    known = {_name(block) for block in _blocks(everybody)}
    return "".join(block for block in _blocks(whole) if _name(block) not in known)


def _compile(
    environment: Environment, uv: str, name: str, before: str, options: list[str], arguments: list[str]
) -> str:
    """Let uv resolve one file; what stood in it `before` is kept where it still fits."""
    target = environment.private / "resolved.txt"
    target.write_text(before, encoding="utf-8")
    # One file for every system and Python that the course supports, with the fewest versions of each package.
    fixed = ["--universal", "--python-version", "3.11", "--generate-hashes", "--fork-strategy", "fewest"]
    bare = ["--no-header", "--no-annotate", "--quiet", "-o", str(target)]
    line = [uv, "pip", "compile", "pyproject.toml", *fixed, *bare, *options, *arguments]
    if subprocess.run(line, cwd=environment.root, env=clean_environment()).returncode != 0:
        raise Problem("lock_failed", file=name)
    return target.read_text(encoding="utf-8")


def _read(path) -> str:
    return path.read_text(encoding="utf-8") if path.is_file() else ""


def _blocks(lock: str) -> list[str]:
    """Split a lock into one text for each pinned package."""
    return re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]


def _name(block: str) -> str:
    return re.match(r"[A-Za-z0-9][\w.-]*", block).group()


def _pins(lock: str) -> list[str]:
    """Give the first line of each package without its hashes."""
    return [block.split("\n", 1)[0].rstrip(" \\") for block in _blocks(lock)]
