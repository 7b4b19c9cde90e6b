"""JupyterLab on loopback, in the reader's language, ended without a trace.

Everything that JupyterLab remembers for this course (settings, window layout, kernels' history) lives in
``.course/jupyter``: the learner's own Jupyter is neither changed nor able to change the course.
"""

from __future__ import annotations

import http.server
import json
import os
import secrets
import socket
import subprocess
import sys
import threading
import time
import urllib.error
import urllib.request
import webbrowser
from pathlib import Path

from course_door.environment import Environment
from course_door.problems import Problem
from course_door.processes import Stopped, shield_from_signals, start, stop_tree
from course_door.progress import LiveLine
from course_door.versions import command
from course_door.words import say

HOST = "127.0.0.1"
FIRST_PORT = 8888
PATIENCE = 180.0  # seconds for JupyterLab to answer; a cold disk on two busy cores takes 20
LOCALES = {"en": "en", "vi": "vi_VN", "zh": "zh_CN"}


def port_is_free(port: int) -> bool:
    """Tell whether nobody listens on a port of this machine."""
    with socket.socket() as asking:
        asking.settimeout(1)
        if asking.connect_ex((HOST, port)) == 0:
            return False
    with socket.socket() as trying:
        if os.name != "nt":  # there the option would let two servers share one port
            trying.setsockopt(socket.SOL_SOCKET, socket.SO_REUSEADDR, 1)
        try:
            trying.bind((HOST, port))
        except OSError:
            return False
    return True


def choose_port(wanted: int | None) -> int:
    """Choose the port: the one asked for, or the first free one from 8888 on, said aloud when it is another.

    Raises
    ------
    Problem
        If the port asked for is taken.
    """
    if wanted is not None:
        if not port_is_free(wanted):
            raise Problem("port_taken", port=wanted, course=command())
        return wanted
    for port in range(FIRST_PORT, FIRST_PORT + 100):
        if port_is_free(port):
            if port != FIRST_PORT:
                print(say("port_next", port=FIRST_PORT, next=port), flush=True)
            return port
    raise Problem("port_taken", port=f"{FIRST_PORT}-{FIRST_PORT + 99}", course=command())


def write_settings(folder: Path, language: str) -> None:
    """Write the settings that make JupyterLab speak the reader's language and keep to itself.

    The language is written at every start, since ``--lang`` decides it; the silence about news only once, so that a
    learner who asks for news keeps them.
    """
    translation = folder / "@jupyterlab" / "translation-extension" / "plugin.jupyterlab-settings"
    news = folder / "@jupyterlab" / "apputils-extension" / "notification.jupyterlab-settings"
    for file in (translation, news):
        file.parent.mkdir(parents=True, exist_ok=True)
    translation.write_text(json.dumps({"locale": LOCALES[language]}), encoding="utf-8")
    if not news.exists():
        news.write_text(json.dumps({"fetchNews": "false", "checkForUpdates": False}), encoding="utf-8")


def variables(environment: Environment, language: str, token: str) -> dict[str, str]:
    """Give the environment variables of the server: its own places, and a token that no list of processes shows."""
    home = environment.private / "jupyter"
    settings = home / "lab" / "user-settings"
    write_settings(settings, language)
    return environment.variables(language) | {
        "JUPYTER_TOKEN": token,
        "JUPYTER_CONFIG_DIR": str(home),
        "JUPYTER_DATA_DIR": str(home / "data"),
        "JUPYTER_RUNTIME_DIR": str(home / "runtime"),
        "JUPYTERLAB_SETTINGS_DIR": str(settings),
        "JUPYTERLAB_WORKSPACES_DIR": str(home / "lab" / "workspaces"),
        "JUPYTER_PREFER_ENV_PATH": "1",
        "IPYTHONDIR": str(home / "ipython"),
    }


def server_command(environment: Environment, port: int) -> list[str]:
    """Give the command line of the server."""
    options = [
        f"--ServerApp.ip={HOST}",
        f"--ServerApp.port={port}",
        "--ServerApp.port_retries=0",
        f"--ServerApp.root_dir={environment.root}",
        "--ServerApp.open_browser=False",
        "--LabApp.news_url=None",
        "--LabApp.check_for_updates_class=jupyterlab.NeverCheckForUpdate",
    ]
    if hasattr(os, "geteuid") and os.geteuid() == 0:
        options.append("--ServerApp.allow_root=True")  # in a container everybody is root, and the server is local
    return [str(environment.python), "-m", "jupyterlab", *options]


def trust(environment: Environment, env: dict[str, str], copies: list[Path]) -> None:
    """Sign the course's own notebooks, so that their tables show in full before a cell is run."""
    if copies:
        sign = "from nbformat.sign import TrustNotebookApp; TrustNotebookApp.launch_instance()"
        command_line = [environment.python, "-c", sign, *copies]
        signed = subprocess.run(
            command_line, env=env, cwd=environment.root, capture_output=True, text=True, check=False
        )
        if signed.returncode != 0:
            raise Problem("lab_failed", last=signed.stderr.strip().rpartition("\n")[2], log="-")


def _answers(port: int) -> bool:
    """Tell whether the server answers; past any proxy, which knows nothing of this machine's loopback."""
    direct = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    try:
        with direct.open(f"http://{HOST}:{port}/api", timeout=2) as answer:
            return "version" in json.load(answer)
    except (OSError, ValueError):
        return False  # not yet


def show(address: str) -> bool:
    """Open the reader's browser at an address that holds the token; tell whether there was a browser to ask.

    The browser is given the address of a door that opens once and leads on. Its command line, which every user of the
    machine can read, so never holds the token. (A redirecting file, JupyterLab's own way, is unreadable to browsers
    that are packaged in a sandbox.)
    """
    linux = sys.platform.startswith(("linux", "freebsd"))
    if linux and not any(os.environ.get(name) for name in ("DISPLAY", "WAYLAND_DISPLAY", "BROWSER", "WSL_DISTRO_NAME")):
        return False  # without a screen only a text browser could come, and take the terminal
    word = "/" + secrets.token_urlsafe(16)
    used = threading.Event()

    class Once(http.server.BaseHTTPRequestHandler):
        def do_GET(self):
            if self.path != word or used.is_set():
                self.send_error(404)
                return
            used.set()
            self.send_response(302)
            self.send_header("Location", address)
            self.send_header("Cache-Control", "no-store")
            self.end_headers()

        def log_message(self, *_):
            pass  # nothing of this belongs on the learner's terminal

    door = http.server.HTTPServer((HOST, 0), Once)
    door.timeout = 1

    def lead_on() -> None:
        closing = time.monotonic() + 120
        while not used.is_set() and time.monotonic() < closing:
            door.handle_request()
        door.server_close()

    threading.Thread(target=lead_on, daemon=True).start()
    return webbrowser.open(f"http://{HOST}:{door.server_port}{word}")


def serve(
    environment: Environment, language: str, notebook: Path, *, port: int | None, browser: bool, copies: list
) -> int:
    """Run JupyterLab at a notebook until it is stopped, and leave no process behind.

    Parameters
    ----------
    environment : Environment
        An environment that is ready.
    language : str
        Language of the interface, and of the lessons' kernels by ``COURSE_LANG``.
    notebook : Path
        The notebook to open.
    port : int or None
        Port asked for; None for the first free one.
    browser : bool
        Whether to open the reader's browser.
    copies : list of Path
        Working copies written just now, to be signed.

    Returns
    -------
    int
        Exit status: 0 after the server was shut down from within, 130 after Ctrl-C.
    """
    token = secrets.token_urlsafe(24)
    env = variables(environment, language, token)
    port = choose_port(port)
    log = environment.private / "jupyter.log"
    line = LiveLine(say("starting_lab"))
    trust(environment, env, copies)
    with log.open("w", encoding="utf-8") as said:
        server = start(
            server_command(environment, port), env=env, cwd=environment.root, stdout=said, stderr=subprocess.STDOUT
        )
    try:
        while not _answers(port):
            if server.poll() is not None or line.seconds > PATIENCE:
                line.broken()
                raise Problem("lab_failed", last=_last_line(log), log=log)
            line.tick()
            time.sleep(0.2)
        line.done()
        place = "/".join(notebook.relative_to(environment.root).parts)
        address = f"http://{HOST}:{port}/lab/tree/{place}?token={token}"
        shown = show(address) if browser else False
        print(say("lab_open" if shown else "lab_open_by_hand", address=address), flush=True)
        print(say("how_to_stop"), flush=True)
        while server.poll() is None:
            time.sleep(0.2)
        return server.returncode
    except (KeyboardInterrupt, Stopped) as asked:
        shield_from_signals()
        print("\n" + say("stopping"), flush=True)
        return 128 + asked.number if isinstance(asked, Stopped) else 130
    finally:
        shield_from_signals()
        stop_tree(server)


def _last_line(log: Path) -> str:
    lines = [line.strip() for line in log.read_text(encoding="utf-8", errors="replace").splitlines() if line.strip()]
    return lines[-1] if lines else "?"
