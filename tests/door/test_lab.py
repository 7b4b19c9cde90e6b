"""JupyterLab in the reader's language, and no process left behind: with the real server, kernels and browser."""

from __future__ import annotations

import contextlib
import http.client
import json
import os
import re
import signal
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from pathlib import Path

import psutil
import pytest

from course_door import lab
from course_door.cli import ROOT
from course_door.problems import Problem

# The whole way through the door, with this Python in the place of .venv, so that nothing is installed.
DRIVER = """
import sys
from pathlib import Path
sys.path.insert(0, {root!r})
from course_door import cli
from course_door.environment import Environment
cli.ROOT = Path({folder!r})
Environment.ensure = lambda self: False
Environment.python = property(lambda self: Path({python!r}))
sys.exit(cli.main(sys.argv[1:]))
"""
LESSON = {
    "cells": [
        {"cell_type": "markdown", "id": "a", "metadata": {}, "source": "# Bài học 课程"},
        {"cell_type": "code", "id": "b", "metadata": {}, "source": "1 + 1", "outputs": [], "execution_count": None},
    ],
    "metadata": {"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
    "nbformat": 4,
    "nbformat_minor": 5,
}


class Door:
    """A running ``course.py open``."""

    def __init__(self, folder: Path, *arguments: str, **variables: str):
        self.folder = folder
        driver = folder.parent / "driver.py"
        driver.write_text(DRIVER.format(root=str(ROOT), folder=str(folder), python=sys.executable), encoding="utf-8")
        kept = {
            name: value for name, value in os.environ.items() if not name.startswith(("JUPYTER", "DISPLAY", "WAYLAND"))
        }
        self.process = subprocess.Popen(
            [sys.executable, str(driver), "open", *arguments],
            env=kept | {"PYTHONUNBUFFERED": "1"} | variables,
            stdout=subprocess.PIPE,
            stderr=subprocess.STDOUT,
            encoding="utf-8",
        )
        self.said = []
        self.address = None
        for line in self.process.stdout:
            self.said.append(line)
            if match := re.match(r"\s+(http://127\.0\.0\.1:(\d+)/\S+\?token=(\S+))$", line):
                self.address, self.port, self.token = match[1], int(match[2]), match[3]
            elif self.address:
                break
        if self.address is None:
            log = folder / ".course" / "jupyter.log"
            self.end()
            pytest.skip("JupyterLab cannot start here: " + "".join(self.said)[-300:] + str(log.exists()))

    def request(self, path: str, data: dict | None = None, token: str | None = None):
        request = urllib.request.Request(f"http://127.0.0.1:{self.port}{path}")
        request.add_header("Authorization", f"token {token or self.token}")
        if data is not None:
            request.data = json.dumps(data).encode()
        direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
        with direct.open(request, timeout=30) as answer:
            return json.load(answer)

    def kernel_runs(self, code: str) -> None:
        """Start a kernel that runs code as it comes up, and wait until it has."""
        startup = self.folder / ".course" / "jupyter" / "ipython" / "profile_default" / "startup"
        startup.mkdir(parents=True)
        done = self.folder / "done"
        code += f"\nimport pathlib\npathlib.Path({str(done)!r}).touch()\n"
        (startup / "00-test.py").write_text(code, encoding="utf-8")
        self.request("/api/kernels", {"name": "python3"})
        deadline = time.monotonic() + 120
        while not done.exists():
            assert time.monotonic() < deadline, "the kernel did not come up"
            time.sleep(0.1)

    def ends_whole(self, number: int, status: int) -> None:
        """Send a signal; see that the program ends with this status, and everything that it started with it."""
        family = self.family()
        assert len(family) >= 2, "there should be a server and a kernel to end"
        self.process.send_signal(number)
        assert self.process.wait(timeout=60) == status
        _, alive = psutil.wait_procs(family, timeout=5)
        assert [each for each in alive if each.is_running() and each.status() != psutil.STATUS_ZOMBIE] == []
        assert lab.port_is_free(self.port)

    def family(self) -> list[psutil.Process]:
        return psutil.Process(self.process.pid).children(recursive=True)

    def end(self) -> None:
        if self.process.poll() is None:
            self.process.terminate()
        self.process.wait(timeout=60)
        self.process.stdout.close()


@pytest.fixture
def folder(tmp_path):
    root = tmp_path / "khóa học 缩放 x"
    for language in ("en", "vi", "zh"):
        (root / "notebooks" / language).mkdir(parents=True)
        for name in ("00_start_here", "01_what_are_scaling_laws"):
            (root / "notebooks" / language / f"{name}.ipynb").write_text(json.dumps(LESSON), encoding="utf-8")
    return root


@contextlib.contextmanager
def opened(folder: Path, *arguments: str, **variables: str):
    door = Door(folder, *arguments, **variables)
    try:
        yield door
    finally:
        door.end()


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_the_server_is_local_keeps_its_token_and_leaves_no_process_after_ctrl_c(folder):
    with opened(folder, "--no-browser", "--lang", "zh", "01") as door:
        assert "按 Ctrl-C 结束" in door.said[-1]
        place = "my_lessons/zh/01_what_are_scaling_laws.ipynb"
        assert door.address == f"http://127.0.0.1:{door.port}/lab/tree/{place}?token={door.token}"
        with pytest.raises(urllib.error.HTTPError) as refused:
            door.request("/api/contents", token="wrong")
        assert refused.value.code == 403
        held = {each["name"] for each in door.request("/api/contents/my_lessons/zh")["content"]}
        assert held == {"00_start_here.ipynb", "01_what_are_scaling_laws.ipynb"}

        # What a cell starts must end too, also what it sends into a session of its own.
        sleep = "[sys.executable, '-c', 'import time; time.sleep(600)']"
        seen = folder / "seen"
        door.kernel_runs(
            f"import os, pathlib, subprocess, sys\nsubprocess.Popen({sleep}, start_new_session=True)\n"
            f"pathlib.Path({str(seen)!r}).write_text(os.environ['COURSE_LANG'])"
        )
        assert seen.read_text() == "zh"
        sockets = [each for process in door.family() for each in process.net_connections("tcp")]
        assert {each.laddr.ip for each in sockets if each.status == psutil.CONN_LISTEN} == {"127.0.0.1"}
        commands = " ".join(" ".join(each.cmdline()) for each in [psutil.Process(door.process.pid), *door.family()])
        assert door.token not in commands, "every user of the machine can read a command line"
        assert len(door.family()) >= 3, "server, kernel, and what the kernel started"
        door.ends_whole(signal.SIGINT, 130)


@pytest.mark.slow
@pytest.mark.browser
@pytest.mark.skipif(os.name == "nt", reason="POSIX signals")
def test_the_interface_speaks_the_language_shows_the_lesson_and_asks_nobody_else(folder, chromium):
    from playwright.sync_api import sync_playwright

    flags = ["--no-sandbox", "--disable-gpu", "--disable-quic", "--no-first-run", "--disable-background-networking"]
    with opened(folder, "--no-browser", "--lang", "vi", LANG="en_US.UTF-8") as door:
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=chromium, args=flags)
            page = browser.new_page()
            asked = []
            page.on("request", lambda request: asked.append(request.url))

            def menu() -> list[str]:
                page.goto(door.address, timeout=120_000)
                page.wait_for_selector(".jp-Notebook h1:has-text('课程')", timeout=120_000)
                return page.locator("#jp-MainMenu").inner_text().split("\n")

            assert {"Tệp", "Chạy", "Cài đặt"} <= set(menu())
            page.wait_for_timeout(1500)  # JupyterLab asks about news a moment after it has come up
            assert page.locator(".Toastify__toast, .jp-Dialog").count() == 0
            lab.write_settings(folder / ".course" / "jupyter" / "lab" / "user-settings", "zh")
            assert {"文件", "运行", "设置"} <= set(menu())
            browser.close()
        assert [url for url in asked if not url.startswith((f"http://127.0.0.1:{door.port}", "data:", "blob:"))] == []
        door.ends_whole(signal.SIGTERM, 128 + signal.SIGTERM)


def test_the_browser_gets_an_address_without_the_token_that_leads_on_once(monkeypatch):
    given = []
    monkeypatch.setenv("BROWSER", "a-browser")
    monkeypatch.setattr(lab.webbrowser, "open", lambda address: given.append(address) or True)
    target = "http://127.0.0.1:8888/lab/tree/x.ipynb?token=secret"
    assert lab.show(target)
    assert "secret" not in given[0]
    host, path = re.fullmatch(r"http://(127\.0\.0\.1:\d+)(/\S+)", given[0]).groups()

    def get(path):
        connection = http.client.HTTPConnection(host, timeout=5)
        connection.request("GET", path)
        return connection.getresponse()

    assert get("/favicon.ico").status == 404
    led = get(path)
    assert (led.status, led.headers["Location"]) == (302, target)
    with pytest.raises((AssertionError, ConnectionError)):
        assert get(path).status == 302


def test_without_a_screen_no_browser_is_asked(monkeypatch):
    for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME"):
        monkeypatch.delenv(name, raising=False)
    monkeypatch.setattr(lab.sys, "platform", "linux")
    monkeypatch.setattr(lab.webbrowser, "open", lambda address: pytest.fail("a text browser would take the terminal"))
    assert lab.show("http://127.0.0.1:8888/") is False


@contextlib.contextmanager
def listening(port: int = 0):
    with socket.socket() as taken:
        taken.bind(("127.0.0.1", port))
        taken.listen()
        yield taken.getsockname()[1]


def test_a_taken_port_that_was_asked_for_is_refused():
    with listening() as port, pytest.raises(Problem) as caught:
        lab.choose_port(port)
    assert caught.value.key == "port_taken"
    assert str(port) in str(caught.value)


def test_a_taken_port_that_was_not_asked_for_is_passed_over_aloud(monkeypatch, capsys):
    with listening() as port:
        monkeypatch.setattr(lab, "FIRST_PORT", port)
        chosen = lab.choose_port(None)
    assert port < chosen < port + 100
    assert capsys.readouterr().out == f"Port {port} is taken; using {chosen}.\n"


def test_the_settings_keep_what_a_learner_chose(tmp_path):
    lab.write_settings(tmp_path, "vi")
    news = tmp_path / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    assert json.loads(news.read_text()) == {"fetchNews": "false", "checkForUpdates": False}
    news.write_text('{"fetchNews": "true"}')
    lab.write_settings(tmp_path, "zh")
    assert news.read_text() == '{"fetchNews": "true"}'
    translation = tmp_path / "@jupyterlab" / "translation-extension" / "plugin.jupyterlab-settings"
    assert json.loads(translation.read_text()) == {"locale": "zh_CN"}


def test_a_server_that_does_not_start_is_told_with_its_last_words(folder, monkeypatch, tmp_path):
    monkeypatch.setattr(lab, "server_command", lambda *_: [sys.executable, "-c", "print('its last words'); exit(1)"])
    monkeypatch.setattr(lab, "trust", lambda *_: None)
    monkeypatch.setattr(lab, "shield_from_signals", lambda: None)
    environment = lab.Environment(folder)
    environment.private.mkdir()
    begun = time.monotonic()
    with pytest.raises(Problem) as caught:
        lab.serve(environment, "en", folder / "x.ipynb", port=None, browser=False, copies=[])
    assert caught.value.key == "lab_failed"
    assert "its last words" in str(caught.value)
    assert time.monotonic() - begun < lab.PATIENCE
