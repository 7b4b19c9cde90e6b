"""JupyterLab in headless Chromium, as a reader would see it: every browser test starts from `open_notebook`."""

from __future__ import annotations

import json
import os
import shutil
import socket
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

FLAGS = (
    "--no-sandbox",
    "--disable-gpu",
    "--disable-quic",
    "--no-first-run",
    "--disable-background-networking",
    "--disable-component-update",
    "--disable-sync",
)
_START_LIMIT = 180  # seconds for JupyterLab, a page or a run to come up, on a machine that is busy
_OUTPUT_ERRORS = (
    '.jp-RenderedText[data-mime-type="application/vnd.jupyter.stderr"], '
    '.jp-RenderedText[data-mime-type="application/vnd.jupyter.error"]'
)


class Lab:
    """A JupyterLab server of its own on a folder of its own."""

    def __init__(self, folder: Path):
        self.root = folder / "root"
        settings = folder / "settings"
        self._write(
            settings / "@jupyterlab" / "notebook-extension" / "tracker.jupyterlab-settings",
            {"windowingMode": "none"},  # keep every cell in the page, also those out of sight
        )
        self._write(
            settings / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings",
            {"fetchNews": "false", "checkForUpdates": False},
        )
        self.root.mkdir(parents=True)
        with socket.socket() as probe:
            probe.bind(("127.0.0.1", 0))
            self.port = probe.getsockname()[1]
        self._log = (folder / "lab.log").open("wb")
        own = {
            "JUPYTERLAB_SETTINGS_DIR": str(settings),
            "JUPYTERLAB_WORKSPACES_DIR": str(folder / "workspaces"),
            "JUPYTER_CONFIG_DIR": str(folder / "config"),
            "JUPYTER_RUNTIME_DIR": str(folder / "runtime"),
            "OMP_NUM_THREADS": "1",
        }
        self._server = subprocess.Popen(
            [
                *(sys.executable, "-m", "jupyterlab", "--no-browser", "--allow-root", f"--port={self.port}"),
                *("--ServerApp.port_retries=0", "--IdentityProvider.token=", f"--ServerApp.root_dir={self.root}"),
                "--ServerApp.password=",
                "--ServerApp.disable_check_xsrf=True",  # the tests end sessions without a page
            ],
            stdout=self._log,
            stderr=subprocess.STDOUT,
            env=os.environ | own,
        )
        self._wait(folder / "lab.log")

    @staticmethod
    def _write(path: Path, settings: dict) -> None:
        path.parent.mkdir(parents=True)
        path.write_text(json.dumps(settings), encoding="utf-8")

    def _wait(self, log: Path) -> None:
        deadline = time.monotonic() + _START_LIMIT
        while time.monotonic() < deadline and self._server.poll() is None:
            try:
                urllib.request.urlopen(f"http://127.0.0.1:{self.port}/api", timeout=2).close()
                return
            except (urllib.error.URLError, TimeoutError, ConnectionError):
                time.sleep(0.3)
        self.close()
        pytest.fail(f"JupyterLab did not start:\n{log.read_text(errors='replace')[-2000:]}")

    def close(self) -> None:
        self._server.terminate()
        try:
            self._server.wait(20)
        except subprocess.TimeoutExpired:
            self._server.kill()
            self._server.wait()
        self._log.close()


class NotebookPage:
    """A notebook open in the browser.

    Attributes
    ----------
    page : playwright.sync_api.Page
        The browser's page.
    page_errors : list of str
        Exceptions that scripts of the page let through.
    """

    def __init__(self, page, address: str):
        self.page = page
        self.page_errors: list[str] = []
        page.on("pageerror", lambda error: self.page_errors.append(str(error)))
        page.goto(address, timeout=_START_LIMIT * 1000)
        page.wait_for_selector(".jp-Notebook .jp-Cell", timeout=_START_LIMIT * 1000)

    def run_all(self) -> None:
        """Run every cell and wait for the last one; a kernel that is not there yet is waited for.

        A notebook whose kernel is given up on, or whose cell stops the run, fails the test after the limit.
        """
        # The indicator says idle before there is a kernel; "run" then opens a dialog that asks for one.
        ready = """() => /Python/.test(document.querySelector('.jp-Toolbar-kernelName')?.textContent)
            && document.querySelector('.jp-Notebook-ExecutionIndicator')?.dataset.status === 'idle'
            && !/No Kernel|Initializing|Connecting/.test(document.querySelector('#jp-bottom-panel').textContent)"""
        self.page.wait_for_function(ready, timeout=_START_LIMIT * 1000)
        self.page.wait_for_timeout(1000)
        self.page.locator("#jp-MainMenu .lm-MenuBar-item").nth(3).click()
        self.page.locator(".lm-Menu-item[data-command='runmenu:run-all']").click()
        done = """() => {
            const cells = [...document.querySelectorAll('.jp-Notebook .jp-CodeCell')]
                .filter(cell => cell.querySelector('.cm-content').textContent.trim());
            return cells.length && cells.every(c => /[0-9]/.test(c.querySelector('.jp-InputPrompt').textContent));
        }"""
        self.page.wait_for_function(done, timeout=_START_LIMIT * 1000)
        self.page.wait_for_function(
            "() => ![...document.querySelectorAll('.jp-OutputArea-output')]"
            ".some(e => /Loading widget/.test(e.textContent))",
            timeout=_START_LIMIT * 1000,
        )
        self.page.wait_for_timeout(500)  # pictures are decoded a moment after their widget is there

    def problems(self) -> list[str]:
        """Return everything that went wrong so far: tracebacks, warnings, widgets that did not show, script errors."""
        shown = self.page.evaluate(
            "kinds => [...document.querySelectorAll(kinds)].map(e => e.textContent.slice(0, 600))", _OUTPUT_ERRORS
        )
        broken = self.page.evaluate(
            """() => [...document.querySelectorAll('.jp-OutputArea-output')].map(e => e.textContent)
                .filter(text => /Error (displaying|creating) widget|Loading widget|javascript error/.test(text))
                .map(text => text.slice(0, 200))"""
        )
        return [*shown, *broken, *self.page_errors]

    def handles(self):
        """Return the handles of all sliders, in the order of the page."""
        return self.page.locator(".jp-OutputArea .widget-slider .noUi-handle")

    def press(self, handle, key: str, *, patience: float = 20.0) -> float | None:
        """Press a key on a slider's handle; return the milliseconds until its picture changed, None if it never did."""
        handle.scroll_into_view_if_needed()
        handle.focus()
        handle.evaluate(
            """(handle) => {
                const output = handle.closest('.jp-OutputArea-output');
                window.__picture = () => output.querySelector('img.widget-image').src;
                window.__before = window.__picture();
            }"""
        )
        start = time.perf_counter()
        self.page.keyboard.press(key)
        try:
            self.page.wait_for_function(
                "() => window.__picture() !== window.__before", timeout=patience * 1000, polling=4
            )
        except Exception as error:
            if type(error).__name__ != "TimeoutError":
                raise
            return None
        return (time.perf_counter() - start) * 1e3


@pytest.fixture(scope="session")
def lab(tmp_path_factory, chromium) -> Iterator[Lab]:
    """One JupyterLab server for all browser tests."""
    server = Lab(tmp_path_factory.mktemp("lab"))
    yield server
    server.close()


@pytest.fixture(scope="module")
def browser(chromium):
    """One Chromium for the tests of a file; closed after them, because a second playwright cannot start beside it."""
    from playwright.sync_api import sync_playwright

    with sync_playwright() as play:
        running = play.chromium.launch(executable_path=chromium, args=list(FLAGS))
        yield running
        running.close()


@pytest.fixture
def open_notebook(lab, browser) -> Iterator[Callable[..., NotebookPage]]:
    """Open a notebook: a path (a copy of it is opened) or a list of code cells. Closes it and its kernel at the end."""
    import nbformat

    opened = []

    def open_it(notebook: Path | list[str], *, width: int = 1400, height: int = 1000) -> NotebookPage:
        workspace = f"notebook{len(list(lab.root.glob('*.ipynb')))}"
        name = f"{workspace}.ipynb"
        if isinstance(notebook, list):
            made = nbformat.v4.new_notebook(
                cells=[nbformat.v4.new_code_cell(source) for source in notebook],
                metadata={"kernelspec": {"name": "python3", "display_name": "Python 3", "language": "python"}},
            )
            nbformat.write(made, lab.root / name)
        else:
            shutil.copy(notebook, lab.root / name)
        context = browser.new_context(viewport={"width": width, "height": height})
        opened.append(context)
        return NotebookPage(context.new_page(), f"http://127.0.0.1:{lab.port}/lab/workspaces/{workspace}/tree/{name}")

    yield open_it
    for context in opened:
        context.close()
    sessions = f"http://127.0.0.1:{lab.port}/api/sessions"
    with urllib.request.urlopen(sessions) as answer:
        running = json.load(answer)
    for session in running:
        urllib.request.urlopen(urllib.request.Request(f"{sessions}/{session['id']}", method="DELETE")).close()
