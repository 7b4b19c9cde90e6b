"""Making .venv, doing nothing the second time, following the lock, and mending what was cut short."""

from __future__ import annotations

import json
import os
import shutil
import signal
import subprocess
import sys
import time

import psutil
import pytest

from course_door import environment
from course_door.environment import Environment
from course_door.problems import Problem

pytestmark = pytest.mark.skipif(os.name == "nt", reason="the stand-in for uv is a POSIX script")


def until(happened, seconds: float = 60.0):
    deadline = time.monotonic() + seconds
    while not happened():
        assert time.monotonic() < deadline, "it did not happen in time"
        time.sleep(0.05)


# ---- through the real pip, in a path with spaces, Vietnamese and Chinese letters


@pytest.mark.slow
def test_pip_installs_the_lock_and_the_course(installed):
    tiny, first = installed
    assert first.returncode == 0, first.stderr
    assert tiny.imports("import tinyscale; print(tinyscale.version)") == "1.0"
    assert tiny.imports("import course_utils; print(course_utils.__file__)").startswith(str(tiny.root))
    assert "Making .venv" in first.stdout
    assert "Installing 1 packages with pip" in first.stdout
    assert "Ready after" in first.stdout


@pytest.mark.slow
def test_the_second_time_nothing_is_done(installed):
    tiny, _ = installed
    log, stamp = tiny.root / ".course" / "setup.log", tiny.root / ".venv" / "course-stamp.json"
    before = log.stat().st_mtime_ns, stamp.stat().st_mtime_ns
    second = tiny.course("setup", LANG="vi_VN.UTF-8")
    assert (second.returncode, second.stdout) == (0, "Mọi thứ đã sẵn sàng.\n")
    assert (log.stat().st_mtime_ns, stamp.stat().st_mtime_ns) == before


@pytest.mark.slow
def test_pip_installs_what_stands_beside_the_lock(installed):
    tiny, _ = installed
    tiny.lock(("tinyslides", "1.0"), file="requirements-teach.lock")
    module = tiny.root / "course_utils" / "teach" / "__main__.py"
    module.write_text("import tinyslides\nprint('HAS', tinyslides.version)\n", encoding="utf-8")
    assert "HAS 1.0" in tiny.course("teach").stdout
    tiny.lock(("tinyslides", "2.0"), file="requirements-teach.lock")
    assert "HAS 2.0" in tiny.course("teach").stdout
    assert tiny.course("teach").stdout == "HAS 2.0\n", "the second time nothing is done"
    assert "No module named" in tiny.imports("import tinyslides"), "the learner's environment stays as it was"
    tiny.lock(file="requirements-teach.lock")


@pytest.mark.slow
def test_a_changed_lock_brings_the_new_and_takes_the_dropped(installed):
    tiny, _ = installed
    tiny.lock(("tinyscale", "1.0"), ("tinydrop", "1.0"))
    assert tiny.course("setup").returncode == 0
    assert tiny.imports("import tinydrop; print(tinydrop.version)") == "1.0"
    tiny.lock(("tinyscale", "2.0"))
    changed = tiny.course("setup")
    assert changed.returncode == 0, changed.stderr
    assert "Making" not in changed.stdout
    assert tiny.imports("import tinyscale; print(tinyscale.version)") == "2.0"
    assert "ModuleNotFoundError" in tiny.imports("import tinydrop")


@pytest.mark.slow
def test_a_package_with_another_hash_is_refused(installed):
    tiny, _ = installed
    tiny.lock(("tinyscale", "3.0"))
    lock = tiny.root / "requirements.lock"
    lock.write_text(lock.read_text().replace("sha256:", "sha256:0000")[:-5] + "\n")
    refused = tiny.course("setup", LANG="zh_CN.UTF-8")
    assert refused.returncode == 1
    assert refused.stderr.startswith("course.py: 有软件包与 requirements.lock 不符（tinyscale==3.0）")
    assert refused.stderr.count("\n") == 1
    assert tiny.imports("import tinyscale; print(tinyscale.version)") != "3.0"


@pytest.mark.slow
def test_without_a_network_the_reader_is_told_so(installed):
    tiny, _ = installed
    tiny.lock(("tinyscale", "4.0"))
    shutil.rmtree(tiny.wheels)
    nowhere = {"PIP_INDEX_URL": "http://127.0.0.1:9/", "PIP_NO_INDEX": "0", "PIP_FIND_LINKS": ""}
    told = tiny.course("setup", LANG="vi_VN.UTF-8", **nowhere)
    assert told.returncode == 1
    assert told.stderr.startswith("course.py: Không tải được các gói: không có kết nối.")


# ---- with the stand-in for uv, which takes no time


def test_what_uv_is_asked_for(tiny):
    done = tiny.run_quick("setup")
    assert done.returncode == 0, done.stderr
    locked, editable = tiny.calls()
    assert "--require-hashes" in locked
    assert f"-r {tiny.root / 'requirements.lock'}" in locked
    assert f"--python {tiny.python}" in locked
    assert "--no-deps --no-build-isolation -e ." in editable
    assert tiny.run_quick("setup").stdout == "Everything is in place.\n"
    assert len(tiny.calls()) == 2
    stamp = json.loads((tiny.root / ".venv" / "course-stamp.json").read_text(encoding="utf-8"))
    assert stamp["names"] == ["tinyscale"]
    assert stamp["root"] == str(tiny.root)


def test_a_stub_in_the_place_of_uv_is_passed_over(tiny):
    (tiny.bin / "uv").write_text("#!/bin/sh\necho 'uv: command not found' >&2\nexit 127\n")
    told = tiny.run_quick("setup")
    assert told.returncode == 1
    assert f"sudo apt install python3.{sys.version_info[1]}-venv" in told.stderr


def test_a_folder_that_moved_gets_the_course_again_and_nothing_else(tiny):
    tiny.run_quick("setup")
    moved = tiny.root.with_name("đã chuyển 移动")
    tiny.root.rename(moved)
    tiny.root = moved
    done = tiny.run_quick("setup")
    assert done.returncode == 0, done.stderr
    assert "Making" not in done.stdout
    assert len(tiny.calls()) == 3
    assert "-e ." in tiny.calls()[2]


def test_an_installation_killed_in_the_middle_is_made_again(tiny):
    running = subprocess.Popen([*tiny.quick(), "setup"], env=tiny.env(uv=True, FAKE_UV="hang"))
    hanging = tiny.bin / "hanging"
    until(lambda: hanging.exists() and hanging.read_text())
    running.kill()  # not to be caught: what it started lives on
    running.wait()
    half = tiny.root / ".venv" / "half-written"
    half.write_text("of a package")
    assert not (tiny.root / ".venv" / "course-stamp.json").exists()

    # The orphan could still write into .venv, so the next run waits for it.
    second = subprocess.Popen([*tiny.quick(), "setup"], env=tiny.env(uv=True), stdout=subprocess.PIPE, text=True)
    assert "Another window is installing" in second.stdout.readline()
    assert half.exists()
    psutil.Process(int(hanging.read_text())).kill()
    said, _ = second.communicate(timeout=60)
    assert second.returncode == 0
    assert "cut short" in said
    assert "Making .venv" in said
    assert not half.exists()
    assert (tiny.root / ".venv" / "course-stamp.json").exists()


@pytest.mark.parametrize(("number", "status"), [(signal.SIGINT, 130), (signal.SIGTERM, 128 + signal.SIGTERM)])
def test_an_installation_that_is_stopped_takes_its_installer_along(tiny, number, status):
    running = subprocess.Popen([*tiny.quick(), "setup"], env=tiny.env(uv=True, FAKE_UV="hang"))
    hanging = tiny.bin / "hanging"
    until(lambda: hanging.exists() and hanging.read_text())
    installer = psutil.Process(int(hanging.read_text()))
    running.send_signal(number)
    assert running.wait(timeout=30) == status
    until(lambda: not installer.is_running() or installer.status() == psutil.STATUS_ZOMBIE)
    again = tiny.run_quick("setup")
    assert again.returncode == 0
    assert "cut short" in again.stdout


def test_two_at_once_install_once(tiny):
    both = [
        subprocess.Popen(
            [*tiny.quick(), "setup"], env=tiny.env(uv=True), stdout=subprocess.PIPE, stderr=subprocess.PIPE
        )
        for _ in range(2)
    ]
    assert [each.communicate(timeout=120) and each.returncode for each in both] == [0, 0]
    assert len(tiny.calls()) == 2


def test_a_failed_installation_says_why_and_is_made_again(tiny):
    failed = tiny.run_quick("setup", FAKE_UV="say:error: No space left on device (os error 28)")
    assert failed.returncode == 1
    assert failed.stderr.startswith("course.py: The disk is full.")
    assert "No space left" in (tiny.root / ".course" / "setup.log").read_text(encoding="utf-8")
    again = tiny.run_quick("setup")
    assert again.returncode == 0
    assert "cut short" in again.stdout


def test_what_only_the_tests_need_is_installed_by_them_once(tiny):
    tiny.run_quick("setup")
    (tiny.root / "pytest.py").write_text("print('TESTED')\n")
    tiny.lock(("tinyslides", "1.0"), file="requirements-teach.lock")
    tiny.lock(("tinygrader", "1.0"), ("tinybase", "1.0"), file="requirements-test.lock")
    before = len(tiny.calls())
    first = tiny.run_quick("test")
    teach, test = tiny.calls()[before:]
    for call, name in ((teach, "teach"), (test, "test")):
        target = tiny.root / ".course" / f"packages-{name}"
        assert f"-r {tiny.root / f'requirements-{name}.lock'} --no-deps --target {target}.new" in call
        assert target.is_dir() and not target.with_suffix(".new").exists()
        assert "--require-hashes" in call
    assert "tinygrader, tinybase" in first.stdout and "SKIPPED: " not in first.stdout
    second = tiny.run_quick("test")
    assert len(tiny.calls()) == before + 2 and "tinygrader" not in second.stdout
    tiny.lock(("tinygrader", "2.0"), file="requirements-test.lock")
    tiny.run_quick("test")
    assert len(tiny.calls()) == before + 3
    tiny.run_quick("teach")  # its own packages came with the tests
    assert len(tiny.calls()) == before + 3
    failed = tiny.run_quick("setup", FAKE_UV="say:dns error")
    assert failed.stdout == "Everything is in place.\n", "what stands beside is nothing to a learner"


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_without_a_network_the_tests_run_and_say_what_is_left_out(tiny, language):
    from course_door.words import SENTENCES

    tiny.run_quick("setup")
    tiny.lock(("tinygrader", "1.0"), file="requirements-test.lock")
    (tiny.root / "pytest.py").write_text("print('TESTED')\n")
    done = tiny.run_quick("test", FAKE_UV="say:dns error: failed to lookup address", COURSE_LANG=language)
    told = SENTENCES["beside_missing"][language].partition("{cause}")[0].format(names="tinygrader")
    assert told + SENTENCES["no_network"][language].partition("{")[0] in done.stdout
    tried = len(tiny.calls())
    tiny.run_quick("test")
    assert len(tiny.calls()) == tried + 1, "what was not installed is tried again the next time"
    assert "course-unfinished" not in os.listdir(tiny.root / ".venv"), "the environment itself is whole"


def test_packages_beside_that_were_cut_short_are_not_used(tiny):
    tiny.run_quick("setup")
    tiny.lock(("tinygrader", "1.0"), file="requirements-test.lock")
    half = tiny.root / ".course" / "packages-test.new"
    half.mkdir()
    (half / "tinygrader.py").write_text("half of it")
    (tiny.root / "pytest.py").write_text("print('TESTED')\n")
    tiny.run_quick("test")
    assert not half.exists()
    assert os.listdir(tiny.root / ".course" / "packages-test") == ["course-stamp.json"]


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
@pytest.mark.parametrize(
    ("said", "key"),
    [("dns error: failed to lookup address", "no_network"), ("Hash mismatch for `numpy==2.3.5`", "hash_mismatch")],
)
def test_a_failure_is_told_in_the_readers_language(tiny, language, said, key):
    from course_door.words import SENTENCES

    failed = tiny.run_quick("setup", FAKE_UV=f"say:{said}", COURSE_LANG=language)
    start = SENTENCES[key][language].partition("{")[0]
    assert failed.stderr.startswith(f"course.py: {start}")
    assert failed.stderr.count("\n") == 1


def test_a_healthy_environment_made_by_hand_is_taken_over(tiny):
    subprocess.run([sys.executable, "-m", "venv", "--without-pip", tiny.root / ".venv"], check=True)
    (tiny.root / ".venv" / "mine").write_text("kept")
    done = tiny.run_quick("setup")
    assert done.returncode == 0, done.stderr
    assert "Making" not in done.stdout
    assert (tiny.root / ".venv" / "mine").read_text() == "kept"


def test_a_broken_environment_made_by_hand_is_kept_aside(tiny):
    (tiny.root / ".venv" / "bin").mkdir(parents=True)
    (tiny.root / ".venv" / "bin" / "python").symlink_to("/nowhere/python3")
    (tiny.root / ".venv" / "mine").write_text("kept")
    done = tiny.run_quick("setup")
    assert done.returncode == 0, done.stderr
    assert "kept as" in done.stdout
    assert (tiny.root / ".course" / "old-venv-1" / "mine").read_text() == "kept"


def test_an_environment_whose_python_is_gone_is_made_again(tiny):
    tiny.run_quick("setup")
    tiny.python.unlink()
    tiny.python.symlink_to("/nowhere/python3")
    done = tiny.run_quick("setup")
    assert done.returncode == 0, done.stderr
    assert "is gone or has changed" in done.stdout
    assert tiny.imports("print('runs')") == "runs"


def test_an_unreadable_stamp_counts_as_none(tiny):
    tiny.run_quick("setup")
    (tiny.root / ".venv" / "course-stamp.json").write_text("{half")
    assert tiny.run_quick("setup").returncode == 0
    assert tiny.run_quick("setup").stdout == "Everything is in place.\n"


def test_without_a_lock_the_copy_is_called_incomplete(tiny):
    (tiny.root / "requirements.lock").unlink()
    assert "git checkout requirements.lock" in tiny.run_quick("setup").stderr


def test_a_small_disk_is_told_before_anything_is_written(tiny, monkeypatch):
    usage = shutil.disk_usage(tiny.root)._replace(free=200_000_000)
    monkeypatch.setattr(environment.shutil, "disk_usage", lambda _: usage)
    with pytest.raises(Problem) as caught:
        Environment(tiny.root).ensure()
    assert f"needs {environment.NEEDED_BYTES / 1e9:.1f} GB" in str(caught.value)
    assert "0.2 GB left" in str(caught.value)
    assert not (tiny.root / ".venv").exists()


def test_a_folder_without_the_right_to_write_is_told(tiny, monkeypatch):
    def refuse(*_, **__):
        raise PermissionError(13, "Permission denied", str(tiny.root / ".course"))

    monkeypatch.setattr(environment.Path, "mkdir", refuse)
    with pytest.raises(Problem) as caught:
        Environment(tiny.root).ensure()
    assert caught.value.key == "no_permission"


def test_variables_that_would_mislead_are_taken_away(monkeypatch):
    for name in environment.installer.MISLEADING:
        monkeypatch.setenv(name, "elsewhere")
    monkeypatch.setenv("PIP_INDEX_URL", "a company's mirror")
    env = environment.clean_environment()
    assert not set(environment.installer.MISLEADING) & set(env)
    assert env["PIP_INDEX_URL"] == "a company's mirror"
