"""pyproject.toml, requirements.lock and environment.yml say the same; the licences and the citation are whole."""

from __future__ import annotations

import os
import re
import subprocess
import tomllib

import pytest
from packaging.requirements import Requirement
from packaging.utils import canonicalize_name
from packaging.version import Version

from course_door import versions
from course_door.cli import ROOT
from course_door.environment import locked_names

PROJECT = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
LOCK = (ROOT / "requirements.lock").read_text(encoding="utf-8")
CONDA = (ROOT / "environment.yml").read_text(encoding="utf-8")


def blocks(lock: str = LOCK) -> list[str]:
    """Split a lock into one text for each pinned package."""
    return re.split(r"^(?=[A-Za-z0-9])", lock, flags=re.MULTILINE)[1:]


def pins(lock: str = LOCK) -> dict[str, Requirement]:
    found = [Requirement(block.split(" \\\n")[0].strip()) for block in blocks(lock)]
    return {canonicalize_name(requirement.name): requirement for requirement in found}


def pinned_version(requirement: Requirement) -> Version:
    (only,) = requirement.specifier
    assert only.operator == "=="
    return Version(only.version)


@pytest.mark.parametrize("text", PROJECT["dependencies"])
def test_every_dependency_is_locked_at_a_version_that_satisfies_it(text):
    wanted = Requirement(text)
    locked = pins()[canonicalize_name(wanted.name)]
    assert pinned_version(locked) in wanted.specifier
    assert locked.marker is None, "a dependency of the course holds on every system"


def test_every_locked_package_is_pinned_with_hashes():
    assert len(blocks()) == len(pins()) >= len(PROJECT["dependencies"])
    for block in blocks():
        lines = [line.strip(" \\") for line in block.strip().splitlines()]
        pinned_version(Requirement(lines[0]))
        assert len(lines) > 1, f"{lines[0]} has no hash"
        assert all(re.fullmatch(r"--hash=sha256:[0-9a-f]{64}", line) for line in lines[1:]), lines[0]


def test_the_lock_names_no_address_and_no_index():
    assert "://" not in LOCK
    assert not re.search(r"^\s*-(?!-hash=)", LOCK, re.MULTILINE)


@pytest.mark.parametrize("extra", ["teach", "test"])
def test_what_only_some_commands_need_stands_in_a_lock_of_its_own(extra):
    text = (ROOT / f"requirements-{extra}.lock").read_text(encoding="utf-8")
    beside = pins(text)
    assert "://" not in text and not re.search(r"^\s*-(?!-hash=)", text, re.MULTILINE)
    assert all(re.findall(r"--hash=sha256:[0-9a-f]{64}", block) for block in blocks(text))
    assert set(beside).isdisjoint(pins()), "a package that everybody has"
    for wanted in map(Requirement, PROJECT["optional-dependencies"][extra]):
        locked = (beside | pins())[canonicalize_name(wanted.name)]
        assert pinned_version(locked) in wanted.specifier


def test_a_default_installation_brings_neither_nbgrader_nor_slides():
    assert {"nbgrader", "anki", "sphinx-revealjs", "sphinx"}.isdisjoint(pins())
    assert set(pins((ROOT / "requirements-teach.lock").read_text(encoding="utf-8"))) == {
        "latex2mathml",
        "sphinx-revealjs",
    }, "of sphinx-revealjs only Reveal.js is used: Sphinx stays out"


def test_a_default_installation_brings_no_pytorch():
    heavy = re.compile(r"^(torch|nvidia|triton|cuda|jax|tensorflow)", re.IGNORECASE)
    assert [name for name in pins() if heavy.match(name)] == []


def test_the_door_reads_the_lock_as_packaging_does():
    here = [name for name, pin in pins().items() if pin.marker is None or pin.marker.evaluate()]
    assert set(here) <= {canonicalize_name(name) for name in locked_names(ROOT / "requirements.lock")} <= set(pins())


def test_setuptools_is_locked_because_the_course_is_installed_without_build_isolation():
    (wanted,) = tomllib.loads((ROOT / "pyproject.toml").read_text(encoding="utf-8"))["build-system"]["requires"]
    assert pinned_version(pins()["setuptools"]) in Requirement(wanted).specifier


def test_the_door_and_the_project_name_the_same_pythons():
    specifier = Requirement(f"x{PROJECT['requires-python']}").specifier
    for minor in range(6, 20):
        assert versions.supported((3, minor)) == (f"3.{minor}" in specifier), f"Python 3.{minor}"


def test_conda_gets_a_supported_python_and_the_locked_packages():
    python = re.search(r"^  - python=(3\.\d+)$", CONDA, re.MULTILINE)[1]
    assert python in Requirement(f"x{PROJECT['requires-python']}").specifier
    listed = re.findall(r"^  - (\S+)$", CONDA, re.MULTILINE)
    assert {re.split(r"[=<>:]", each)[0] for each in listed if each not in ("conda-forge", "nodefaults")} == {
        "python",
        "pip",
    }
    pip_lines = re.findall(r"^      - (.+)$", CONDA, re.MULTILINE)
    assert pip_lines == ["--no-require-hashes", "-r requirements.lock", "-e ."]
    assert re.search(rf"^name: {PROJECT['name']}$|^name: scaling-laws-course$", CONDA, re.MULTILINE)


def test_continuous_integration_goes_through_the_door():
    run = ROOT / ".ci" / "run"
    assert os.name == "nt" or os.access(run, os.X_OK)
    lines = run.read_text(encoding="utf-8").strip().splitlines()
    assert lines[-1] == "python3 course.py test"
    if os.name != "nt":
        assert subprocess.run(["bash", "-n", str(run)]).returncode == 0


def test_the_licences_and_the_citation_are_there():
    assert "MIT License" in (ROOT / "LICENSE").read_text(encoding="utf-8")
    assert "https://creativecommons.org/licenses/by/4.0/legalcode" in (ROOT / "LICENSE-PROSE").read_text(
        encoding="utf-8"
    )
    assert PROJECT["license-files"] == ["LICENSE", "LICENSE-PROSE"]
    citation = (ROOT / "CITATION.cff").read_text(encoding="utf-8")
    assert re.search(rf"^version: {re.escape(PROJECT['version'])}$", citation, re.MULTILINE)
    for field in ("cff-version", "message", "title", "authors"):
        assert re.search(rf"^{field}:", citation, re.MULTILINE)
