"""The commands, what they pass on, and how a mistake is answered."""

from __future__ import annotations

import json
import os
import sys

import pytest

from course_door import cli, extras
from course_door.environment import Environment
from course_door.problems import Problem
from course_door.words import SENTENCES

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a POSIX script")

SPREAD = ["-n", "logical", "--dist", "loadfile", "--no-loadscope-reorder"]


@pytest.fixture(scope="module")
def ready(tmp_path_factory, course_maker):
    """A tiny course whose environment has the course's folder on its path, as an editable installation would."""
    tiny = course_maker(tmp_path_factory.mktemp("cli"))
    done = tiny.run_quick("setup")
    assert done.returncode == 0, done.stderr
    (place,) = (tiny.root / ".venv").glob("lib/python*/site-packages")
    # By a module, not by the path itself: up to 3.12 a .pth file is read in the encoding of the locale.
    (place / "here.py").write_text(f"import sys; sys.path.append({str(tiny.root)!r})\n", encoding="utf-8")
    (place / "here.pth").write_text("import here\n")
    (tiny.root / "pytest.py").write_text((tiny.root / "course_utils" / "ladder" / "__main__.py").read_text())
    for extra in ("torch", "lmfit", "chinchilla", "numba"):
        (tiny.root / f"{extra}.py").write_text("")
    return tiny


@pytest.mark.parametrize(
    ("arguments", "passed_on"),
    [
        (["build", "--lang", "vi", "01"], ["build", "--lang", "vi", "01"]),
        (["build"], ["build"]),
        (["bench", "--points", "240"], ["--points", "240"]),
        (["data"], ["list"]),
        (["data", "download", "chinchilla"], ["download", "chinchilla"]),
        (["test", "-k", "laws", "--maxfail=1"], [*SPREAD, "-k", "laws", "--maxfail=1"]),
        (["ladder", "--help"], ["--help"]),
        (["tasks", "parity", "--help"], ["parity", "--help"]),
        (["teach", "--lang", "zh", "--out", "a b", "01"], ["--lang", "zh", "--out", "a b", "01"]),
    ],
)
def test_a_command_passes_its_arguments_on_and_its_status_back(ready, arguments, passed_on):
    done = ready.run_quick(*arguments, COURSE_CHROMIUM="/a/browser")
    assert done.returncode == 3
    assert done.stdout.startswith(f"RAN True {passed_on}"), done.stdout + done.stderr


def test_the_language_reaches_what_is_run(ready):
    assert ready.run_quick("build", "--lang", "zh").stdout.rstrip().endswith(" zh")
    assert ready.run_quick("bench", LANG="vi_VN.UTF-8").stdout.rstrip().endswith(" vi")


def test_without_chromium_the_tests_say_so_aloud(ready, monkeypatch, capsys):
    monkeypatch.setattr(extras, "find_chromium", lambda: None)
    assert extras.announce_chromium() is None
    assert "browser tests are SKIPPED" in capsys.readouterr().out


def test_chromium_is_found_by_name_by_place_or_by_wish(tmp_path, monkeypatch):
    assert extras.find_chromium({"COURSE_CHROMIUM": "/my/own"}) == "/my/own"
    assert extras.find_chromium({}, which={"google-chrome": "/g"}.get) == "/g"
    monkeypatch.setitem(extras._CHROMIUM_PLACES, "darwin", (str(tmp_path / "missing"), str(tmp_path)))
    assert extras.find_chromium({}, which=lambda _: None, platform="darwin") == str(tmp_path)
    assert extras.find_chromium({}, which=lambda _: None, platform="sunos") is None


def test_the_ladder_without_pytorch_names_the_command_that_installs_it(ready):
    told = ready.run_quick("ladder", "--smoke")
    assert told.returncode == 1
    assert "python3 course.py ladder --install" in told.stderr
    assert told.stderr.count("\n") == 1


def test_a_recorded_game_needs_no_pytorch(ready):
    for words in (["play", "--recorded", "0"], ["play", "--recorded=0"]):
        assert str(words) in ready.run_quick("ladder", *words).stdout
    assert "--install" in ready.run_quick("ladder", "play", "mine").stderr


def test_the_ladder_installs_pytorch_only_when_asked_and_holds_the_locked_versions(ready):
    before = len(ready.calls())
    assert ready.run_quick("ladder", "--install").returncode == 0
    (call,) = ready.calls()[before:]
    assert "--torch-backend cpu" in call
    assert "torch>=2.6 tokenizers>=0.21" in call
    assert (ready.root / ".course" / "pins.txt").read_text() == "tinyscale==1.0"
    ready.run_quick("ladder", "--install=gpu")
    assert "--torch-backend auto" in ready.calls()[-1]


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_where_pytorchs_own_index_is_out_of_reach_the_usual_one_is_asked_and_it_is_said(ready, language):
    before = len(ready.calls())
    done = ready.run_quick("ladder", "--install", COURSE_LANG=language, FAKE_UV="no index of pytorch")
    assert done.returncode == 0, done.stderr
    first, second = ready.calls()[before:]
    assert "--torch-backend cpu" in first and "--torch-backend" not in second
    assert second.endswith("torch>=2.6 tokenizers>=0.21")
    assert SENTENCES["torch_index_unreachable"][language] in done.stdout


def test_where_no_index_has_pytorch_one_sentence_says_so_and_what_works_without(ready):
    before = len(ready.calls())
    done = ready.run_quick("ladder", "--install", FAKE_UV="no index")
    assert done.returncode == 1 and len(ready.calls()) == before + 2
    assert "PyTorch could be fetched neither" in done.stderr and done.stderr.count("\n") == 1
    assert "ladder play --recorded 0" in done.stderr


def test_a_full_disk_is_not_blamed_on_an_index(ready):
    before = len(ready.calls())
    done = ready.run_quick("ladder", "--install", FAKE_UV="say:No space left on device")
    assert done.returncode == 1 and len(ready.calls()) == before + 1
    assert "disk is full" in done.stderr


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
@pytest.mark.parametrize(
    ("arguments", "key", "contains"),
    [
        (["opne"], "unknown_command", "'open'"),
        (["--version"], "unknown_command", "setup"),
        (["open", "--prot", "1"], "bad_option", "--prot"),
        (["open", "--port", "x"], "bad_option", "x"),
        (["open", "--port", "70000"], "bad_option", "70000"),
        (["open", "--lang"], "bad_option", "--lang"),
        (["open", "--lang", "fr"], "bad_language", "en, vi, zh"),
        (["open", "chinchila"], "unknown_lesson", "02_kaplan_vs_chinchilla"),
        (["setup", "now"], "bad_option", "now"),
    ],
)
def test_a_mistake_is_answered_in_one_line_before_anything_is_installed(
    tmp_path, monkeypatch, capsys, language, arguments, key, contains
):
    folder = tmp_path / "notebooks" / language
    folder.mkdir(parents=True)
    for name in ("00_start_here", "02_kaplan_vs_chinchilla"):
        (folder / f"{name}.ipynb").write_text(json.dumps({"cells": []}))
    monkeypatch.setattr(cli, "ROOT", tmp_path)
    monkeypatch.setattr(cli, "raise_on_signals", lambda: None)
    monkeypatch.setenv("COURSE_LANG", language)
    assert cli.main(arguments) == 2
    told = capsys.readouterr().err
    assert told.startswith("course.py: " + SENTENCES[key][language].partition("{")[0])
    assert contains in told
    assert told.count("\n") == 1
    assert not (tmp_path / ".venv").exists()


@pytest.mark.parametrize("arguments", [[], ["help"], ["--help"], ["open", "--help"], ["open", "--lang", "vi", "-h"]])
def test_help_lists_every_command(capsys, monkeypatch, arguments):
    monkeypatch.setattr(cli, "raise_on_signals", lambda: None)
    assert cli.main(arguments) == 0
    told = capsys.readouterr().out
    assert all(f"course.py {name}" in told for name in cli.COMMANDS)


def test_the_lock_is_resolved_for_every_system_and_with_hashes(ready):
    before, locked = len(ready.calls()), (ready.root / "requirements.lock").read_text(encoding="utf-8")
    done = ready.run_quick("lock", "--upgrade")
    assert done.returncode == 0, done.stderr
    everybody, teach, test = ready.calls()[before:]
    for call in (everybody, teach, test):
        assert call.startswith("pip compile pyproject.toml --universal --python-version 3.11 --generate-hashes")
        assert call.endswith("--upgrade")
    assert "--extra" not in everybody
    assert "--extra teach" in teach and "--no-deps" in teach
    assert "--extra test" in test and "--no-deps" not in test
    assert (ready.root / ".course" / "pins.txt").read_text(encoding="utf-8") == "tinyscale==1.0\n"
    assert (ready.root / "requirements.lock").read_text(encoding="utf-8") == locked
    assert (ready.root / "requirements-test.lock").read_text(encoding="utf-8") == ""


def test_a_lock_that_cannot_be_resolved_leaves_all_of_them_as_they_were(ready):
    files = [ready.root / f"requirements{part}.lock" for part in ("", "-teach", "-test")]
    before = [(path.read_text(encoding="utf-8"), path.stat().st_mtime_ns) for path in files]
    failed = ready.run_quick("lock", FAKE_UV="say:No solution found")
    assert failed.returncode == 1
    assert "No solution found" in failed.stderr and "requirements.lock" in failed.stderr
    assert [(path.read_text(encoding="utf-8"), path.stat().st_mtime_ns) for path in files] == before


def test_a_full_disk_while_copying_lessons_is_one_line(monkeypatch, capsys, tmp_path):
    def full(*_):
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(cli, "raise_on_signals", lambda: None)
    monkeypatch.setitem(cli.COMMANDS, "setup", full)
    monkeypatch.setenv("COURSE_LANG", "zh")
    assert cli.main(["setup"]) == 1
    assert capsys.readouterr().err.startswith("course.py: 磁盘已满")


def test_a_fault_of_the_program_keeps_its_traceback(monkeypatch):
    def faulty(*_):
        raise FileNotFoundError(2, "No such file")

    monkeypatch.setattr(cli, "raise_on_signals", lambda: None)
    monkeypatch.setitem(cli.COMMANDS, "setup", faulty)
    with pytest.raises(FileNotFoundError):
        cli.main(["setup"])


def test_lessons_that_are_built_in_english_only_are_offered_in_english(tmp_path, monkeypatch, capsys):
    (tmp_path / "notebooks" / "en").mkdir(parents=True)
    (tmp_path / "notebooks" / "en" / "00_start_here.ipynb").write_text(json.dumps({"cells": []}))
    shown = []
    monkeypatch.setattr(Environment, "ensure", lambda self: False)
    monkeypatch.setattr(cli.lab, "serve", lambda *words, **options: shown.append((words, options)) or 0)
    assert cli._open(Environment(tmp_path), "vi", ["0"]) == 0
    (_, language, notebook), _ = shown[0]
    assert language == "vi", "the interface stays in the reader's language"
    assert notebook.relative_to(tmp_path.resolve()).parts == ("my_lessons", "en", "00_start_here.ipynb")
    assert SENTENCES["lessons_in_english"]["en"] in capsys.readouterr().out


def test_training_modules_are_looked_for_in_the_courses_python(monkeypatch, tmp_path):
    monkeypatch.setattr(Environment, "python", property(lambda self: sys.executable))
    monkeypatch.setattr(extras, "missing", lambda *_: ["torch", "tokenizers"])
    with pytest.raises(Problem) as caught:
        extras.require_training(Environment(tmp_path))
    assert "torch, tokenizers" in str(caught.value)


def test_the_benchmark_says_which_peers_are_missing_and_installs_them_beside_the_lock(monkeypatch, tmp_path, capsys):
    (tmp_path / "pyproject.toml").write_bytes((cli.ROOT / "pyproject.toml").read_bytes())
    (tmp_path / "requirements.lock").write_text("numpy==2.3.5 \\\n    --hash=sha256:00\n", encoding="utf-8")
    (tmp_path / ".course").mkdir()
    installed, ran = [], []
    monkeypatch.setattr(Environment, "ensure", lambda self: False)
    monkeypatch.setattr(extras, "missing", lambda *_: [] if installed else ["lmfit", "numba"])
    monkeypatch.setattr(extras.installer, "run", lambda line, *_, **__: installed.append(line))
    monkeypatch.setattr(cli, "_module", lambda *words, **_: ran.append(words[-1]) or 0)
    assert cli._bench(Environment(tmp_path), "en", ["--quick"]) == 0
    assert "lmfit, numba" in capsys.readouterr().out and not installed
    assert cli._bench(Environment(tmp_path), "en", ["--install", "--quick"]) == 0
    assert any(word.startswith("chinchilla") for word in installed[0])
    assert any(word.startswith("numba") for word in installed[0])
    assert ran == [["--quick"], ["--quick"]] and "lmfit" not in capsys.readouterr().out
    assert (tmp_path / ".course" / "pins.txt").read_text(encoding="utf-8") == "numpy==2.3.5"
