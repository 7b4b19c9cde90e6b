"""The shape of the package: who may know whom, what importing costs, how long a module may be."""

import ast
import doctest
import importlib
import json
import subprocess
import sys
from pathlib import Path

import pytest

import course_utils

ROOT = Path(course_utils.__file__).parent
# The code under bank/ is data: stubs and solutions, each pair under one name; tests/questions runs them block by block.
MODULES = sorted(path for path in ROOT.rglob("*.py") if not {"__pycache__", "bank"} & set(path.parts))
HEAVY = ("scipy", "pandas", "matplotlib", "ipywidgets", "torch", "IPython", "nbformat", "pooch", "tqdm", "numba")

FORMULAS = {"laws", "accounting", "metrics", "sampling", "routing"}
MAY_KNOW = {
    **{part: set() for part in FORMULAS},
    "i18n": set(),
    "datasets": {"i18n"},
    "fitting": FORMULAS | {"i18n"},
    "allocation": FORMULAS | {"fitting", "i18n"},
    "planning": FORMULAS | {"allocation", "fitting", "datasets", "i18n"},
    "plots": FORMULAS | {"allocation", "fitting", "datasets", "i18n"},
    "own_runs": FORMULAS | {"allocation", "fitting", "datasets", "plots", "i18n"},
    "explorers": FORMULAS | {"allocation", "fitting", "datasets", "planning", "plots", "i18n"},
    "questions": FORMULAS | {"allocation", "fitting", "datasets", "planning", "plots", "i18n"},
    "checkup": FORMULAS | {"allocation", "fitting", "datasets", "planning", "plots", "explorers", "questions", "i18n"},
    "ladder": FORMULAS | {"allocation", "fitting", "datasets", "planning", "plots", "questions", "i18n"},
    "tasks": FORMULAS | {"ladder", "i18n"},
    "lessons": {"datasets", "plots", "i18n"},
    "teach": {"lessons", "questions", "i18n"},
}
"""Arrows of the package, one way. `ladder`, `tasks` and `lessons` stand at the side: nobody below knows them."""

EXCEPTIONS = {("fitting/bench", "datasets")}
"""A benchmark is run by hand, on published data; what it needs, nobody needs who imports `fitting`."""


def part_of(path: Path) -> str:
    return path.relative_to(ROOT).with_suffix("").parts[0]


def known_parts(path: Path) -> dict[str, int]:
    """Give the parts of the package that a module imports anywhere, functions included, and the line."""
    known: dict[str, int] = {}
    package = ("course_utils", *path.relative_to(ROOT).parts[:-1])
    for node in ast.walk(ast.parse(path.read_text("utf-8"))):
        names = []
        if isinstance(node, ast.Import):
            names = [alias.name for alias in node.names]
        elif isinstance(node, ast.ImportFrom):
            base = ".".join(package[: len(package) - node.level + 1]) if node.level else ""
            module = ".".join(part for part in (base, node.module) if part)
            names = [f"{module}.{alias.name}" for alias in node.names]
        for name in names:
            parts = name.split(".")
            if parts[0] == "course_utils" and len(parts) > 1:
                known.setdefault(parts[1], node.lineno)
    return known


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_arrows_run_one_way(path):
    part = part_of(path)
    if part == "__init__":
        assert set(known_parts(path)) <= {"i18n"}
        return
    assert part in MAY_KNOW, f"{part} is new: say in MAY_KNOW, and in the plan of the house, whom it may know"
    place = path.relative_to(ROOT).with_suffix("").as_posix()
    for other, line in known_parts(path).items():
        allowed = other == part or other in MAY_KNOW[part] or (place, other.split("/")[0]) in EXCEPTIONS
        assert allowed or other in ("set_language", "language"), f"{path.name}:{line}: {part} may not know {other}"


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_modules_are_small_and_their_names_say_what_lives_there(path):
    assert path.stem not in {"utils", "util", "common", "helpers", "misc"}
    lines = path.read_text("utf-8").count("\n")
    assert lines <= 450, f"{path.name} has {lines} lines: split it by subject"


def loaded_after(code: str) -> set[str]:
    """Give the top-level modules that a fresh Python has loaded after `code`."""
    script = f"import json, sys\n{code}\nprint(json.dumps(sorted({{name.split('.')[0] for name in sys.modules}})))"
    run = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    return set(json.loads(run.stdout.strip().split("\n")[-1]))


@pytest.mark.parametrize(
    "code",
    [
        "import course_utils",
        "import course_utils; course_utils.set_language('vi'); course_utils.i18n.t",
        "import course_utils; course_utils.laws; course_utils.accounting",
        "import course_utils; course_utils.lessons",
        "from course_utils.laws import power_law; power_law(1e9, A=1.0, alpha=0.3)",
    ],
)
def test_importing_loads_nothing_heavy(code):
    assert loaded_after(code).isdisjoint(HEAVY)


def test_importing_everything_loads_no_torch():
    parts = ", ".join(sorted(part for part in MAY_KNOW if part != "ladder" and (ROOT / part).exists()))
    assert "torch" not in loaded_after(f"from course_utils import {parts}")


@pytest.mark.parametrize("path", MODULES, ids=lambda path: path.relative_to(ROOT).as_posix())
def test_docstring_examples_run(path):
    parts = path.relative_to(ROOT.parent).with_suffix("").parts
    name = ".".join(parts[:-1] if parts[-1] == "__init__" else parts)
    if parts[-1] == "__main__":
        pytest.skip("a command has no examples")
    try:
        module = importlib.import_module(name)
    except ModuleNotFoundError as missing:
        extra = {"torch": "train", "tokenizers": "train", "numba": "fast"}.get(missing.name)
        if extra:
            pytest.skip(f"{missing.name} comes with the extra [{extra}]")
        raise
    before = course_utils.language()
    try:
        result = doctest.testmod(module, optionflags=doctest.NORMALIZE_WHITESPACE | doctest.ELLIPSIS)
    finally:
        course_utils.set_language(before)
    assert result.failed == 0
