"""A course so small that its installation takes seconds and no network: one package of one line, and the real door."""

from __future__ import annotations

import base64
import hashlib
import os
import shutil
import stat
import subprocess
import sys
import zipfile
from dataclasses import dataclass
from pathlib import Path

import pytest

from course_door import words

ROOT = Path(__file__).resolve().parents[2]

# A build backend of the course's own, so that "-e ." needs no setuptools, which would have to be fetched.
BACKEND = """
import base64, hashlib, pathlib, zipfile

def build_editable(wheel_directory, config_settings=None, metadata_directory=None):
    name = "scaling_laws_course-0.1.0"
    files = {
        "__editable__course.pth": str(pathlib.Path.cwd()) + "\\n",
        f"{name}.dist-info/METADATA": "Metadata-Version: 2.1\\nName: scaling-laws-course\\nVersion: 0.1.0\\n",
        f"{name}.dist-info/WHEEL": "Wheel-Version: 1.0\\nGenerator: x\\nRoot-Is-Purelib: true\\nTag: py3-none-any\\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text.encode())}\\n"
    files[f"{name}.dist-info/RECORD"] = record + f"{name}.dist-info/RECORD,,\\n"
    wheel = f"{name}-py3-none-any.whl"
    with zipfile.ZipFile(pathlib.Path(wheel_directory, wheel), "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return wheel

def build_wheel(*_):
    raise NotImplementedError
"""
PROJECT = """
[build-system]
requires = []
build-backend = "backend"
backend-path = ["."]
[project]
name = "scaling-laws-course"
version = "0.1.0"
[project.optional-dependencies]
train = ["torch>=2.6", "tokenizers>=0.21"]
teach = ["tinyslides>=1"]
test = ["tinygrader>=1"]
"""
# Says how it was called; what a command of the door passes on can so be seen.
ECHO = "import os, sys\nprint('RAN', __name__ == '__main__', sys.argv[1:], os.environ['COURSE_LANG'])\nsys.exit(3)\n"
# In the place of uv: does what uv would do to .venv, or what FAKE_UV asks for.
# Its second line is shell and Python at once: a shebang cannot name a Python whose path has spaces.
FAKE_UV = """#!/bin/sh
''''exec "{python}" "$0" "$@" # '''
import os, pathlib, sys, time
words = sys.argv[1:]
if words == ["--version"]:
    sys.exit(print("uv 0.0.0 (a stand-in)"))
calls = pathlib.Path(__file__).with_name("calls")
with calls.open("a") as written:
    written.write(" ".join(words) + "\\n")
mode = os.environ.get("FAKE_UV", "")
if mode == "hang" and "-r" in words:
    calls.with_name("hanging").write_text(str(os.getpid()))
    time.sleep(600)
if mode == "no index of pytorch" and "--torch-backend" in words or mode == "no index" and "-c" in words:
    sys.exit("error: Failed to fetch: `torch`\\n  cause: dns error")
if mode.startswith("say:"):
    sys.exit(mode[4:])
"""


def make_wheel(folder: Path, name: str, version: str) -> str:
    """Write a wheel of one module; give the line of a lock file that names it."""
    folder.mkdir(exist_ok=True)
    info = f"{name}-{version}.dist-info"
    files = {
        f"{name}.py": f"version = {version!r}\n",
        f"{info}/METADATA": f"Metadata-Version: 2.1\nName: {name}\nVersion: {version}\n",
        f"{info}/WHEEL": "Wheel-Version: 1.0\nGenerator: x\nRoot-Is-Purelib: true\nTag: py3-none-any\n",
    }
    record = ""
    for path, text in files.items():
        digest = base64.urlsafe_b64encode(hashlib.sha256(text.encode()).digest()).rstrip(b"=").decode()
        record += f"{path},sha256={digest},{len(text)}\n"
    files[f"{info}/RECORD"] = record + f"{info}/RECORD,,\n"
    wheel = folder / f"{name}-{version}-py3-none-any.whl"
    with zipfile.ZipFile(wheel, "w") as archive:
        for path, text in files.items():
            archive.writestr(path, text)
    return f"{name}=={version} \\\n    --hash=sha256:{hashlib.sha256(wheel.read_bytes()).hexdigest()}\n"


@dataclass
class TinyCourse:
    """A folder with the door, and the ways to go through it."""

    root: Path
    wheels: Path
    bin: Path

    def lock(self, *packages: tuple[str, str], file: str = "requirements.lock") -> None:
        lines = "".join(make_wheel(self.wheels, *package) for package in packages)
        (self.root / file).write_text(lines, encoding="utf-8")

    def env(self, *, uv: bool = False, **more: str) -> dict[str, str]:
        path = os.pathsep.join([str(self.bin)] if uv else []) + os.pathsep + "/usr/bin:/bin"
        kept = {name: value for name, value in os.environ.items() if name in ("HOME", "SYSTEMROOT", "TMPDIR", "TEMP")}
        packages = {"PIP_NO_INDEX": "1", "PIP_FIND_LINKS": str(self.wheels), "PIP_CONFIG_FILE": os.devnull}
        return kept | packages | {"PATH": path, "LANG": "en_US.UTF-8", "PYTHONUTF8": "1"} | more

    def course(self, *arguments: str, uv: bool = False, python: str = sys.executable, **more: str):
        """Run course.py to its end."""
        return subprocess.run(
            [python, str(self.root / "course.py"), *arguments],
            env=self.env(uv=uv, **more),
            cwd=self.root.parent,
            capture_output=True,
            encoding="utf-8",
            timeout=240,
        )

    def quick(self) -> list[str]:
        """Give the command that runs course.py without pip in .venv, which is what takes the seconds."""
        driver = self.root.parent / "quick.py"
        driver.write_text(
            "import importlib.util, sys\n"
            f"sys.path.insert(0, {str(self.root)!r})\n"
            "sys.dont_write_bytecode = True\n"
            "real = importlib.util.find_spec\n"
            "importlib.util.find_spec = lambda name, *rest: None if name == 'ensurepip' else real(name, *rest)\n"
            "from course_door.cli import main\n"
            "sys.exit(main(sys.argv[1:]))\n",
            encoding="utf-8",
        )
        return [sys.executable, str(driver)]

    def run_quick(self, *arguments: str, **more: str):
        return subprocess.run(
            [*self.quick(), *arguments],
            env=self.env(uv=True, **more),
            capture_output=True,
            encoding="utf-8",
            timeout=120,
        )

    def calls(self) -> list[str]:
        """List what the stand-in for uv was asked to do."""
        written = self.bin / "calls"
        return written.read_text(encoding="utf-8").splitlines() if written.exists() else []

    @property
    def python(self) -> Path:
        return self.root / ".venv" / ("Scripts/python.exe" if os.name == "nt" else "bin/python")

    def imports(self, statement: str) -> str:
        done = subprocess.run([self.python, "-c", statement], capture_output=True, encoding="utf-8", cwd="/")
        return done.stdout.strip() or done.stderr.strip().rpartition("\n")[2]


def make_course(folder: Path) -> TinyCourse:
    root = folder / "khóa học 缩放 x"
    package = root / "course_utils"
    for module in ("lessons", "datasets", "ladder", "tasks", "teach"):
        (package / module).mkdir(parents=True)
        (package / module / "__init__.py").write_text("")
        (package / module / "__main__.py").write_text(ECHO)
    (package / "__init__.py").write_text("")
    (package / "fitting").mkdir()
    (package / "fitting" / "__init__.py").write_text("")
    (package / "fitting" / "bench.py").write_text(ECHO)
    (root / "backend.py").write_text(BACKEND, encoding="utf-8")
    (root / "pyproject.toml").write_text(PROJECT, encoding="utf-8")
    shutil.copy(ROOT / "course.py", root)
    shutil.copytree(ROOT / "course_door", root / "course_door", ignore=shutil.ignore_patterns("__pycache__"))
    tools = folder / "bin"
    tools.mkdir()
    uv = tools / "uv"
    uv.write_text(FAKE_UV.format(python=sys.executable), encoding="utf-8")
    uv.chmod(uv.stat().st_mode | stat.S_IXUSR)
    tiny = TinyCourse(root, folder / "wheels", tools)
    tiny.lock(("tinyscale", "1.0"))
    tiny.lock(file="requirements-teach.lock")  # nothing besides, unless a test says so
    tiny.lock(file="requirements-test.lock")
    return tiny


@pytest.fixture(scope="session")
def course_maker():
    """Make a tiny course in a folder."""
    return make_course


@pytest.fixture
def tiny(tmp_path) -> TinyCourse:
    return make_course(tmp_path)


@pytest.fixture(scope="module")
def installed(tmp_path_factory):
    """A tiny course installed by pip, once for a whole module; with it, what the installation said."""
    tiny = make_course(tmp_path_factory.mktemp("door"))
    return tiny, tiny.course("setup")


@pytest.fixture(autouse=True)
def speak_english():
    """Start and end every test with the door speaking English."""
    words.use_language("en")
    yield
    words.use_language("en")
