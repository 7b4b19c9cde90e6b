"""Fetching published files over real connections: right bytes or none, told once and in the reader's language."""

import dataclasses
import functools
import hashlib
import http.server
import os
import socket
import threading
from typing import ClassVar

import pytest

from course_utils.datasets import Unavailable, access, cache_folder, describe, download, fetch, find, load
from course_utils.i18n import LANGUAGES, set_language

NAME = "opt_checkpoints"
CONTENT = (
    b"model_name,model_size,steps,num_token,flops,ppl\nOPT,125m,2000,9.0,17.875,67.5\nOPT,1.3b,2000,9.3,19.2,45.1\n"
)


@pytest.fixture
def entry(monkeypatch):
    """An entry like the real one, whose pinned file is a small one of ours."""
    entry = dataclasses.replace(describe(NAME), sha256=hashlib.sha256(CONTENT).hexdigest(), bytes=len(CONTENT), rows=2)
    for module in (download, access):
        monkeypatch.setattr(module, "describe", {NAME: entry, "models_history": describe("models_history")}.__getitem__)
    return entry


@pytest.fixture
def mirror(tmp_path, entry):
    """A folder laid out as owner/repository/commit/path."""
    root = tmp_path / "gương 镜像"
    path = root / entry.remote_path
    path.parent.mkdir(parents=True)
    path.write_bytes(CONTENT)
    return root


class Handler(http.server.SimpleHTTPRequestHandler):
    asked: ClassVar[list[str]] = []
    cut_first = False

    def log_message(self, *_):
        pass

    def do_GET(self):
        self.asked.append(self.path)
        if self.cut_first and len(self.asked) == 1:
            # A connection that breaks in the middle: promised in full, delivered in half.
            self.send_response(200)
            self.send_header("Content-Length", str(len(CONTENT)))
            self.end_headers()
            self.wfile.write(CONTENT[: len(CONTENT) // 2])
            self.wfile.flush()
            self.connection.shutdown(socket.SHUT_RDWR)
            return
        super().do_GET()


@pytest.fixture
def server(mirror, monkeypatch):
    """The same folder over HTTP; gives the handler, which counts what was asked for."""
    handler = type("Counting", (Handler,), {"asked": []})
    with http.server.ThreadingHTTPServer(("127.0.0.1", 0), functools.partial(handler, directory=mirror)) as running:
        thread = threading.Thread(target=running.serve_forever, daemon=True)
        thread.start()
        monkeypatch.setenv("SCALING_LAWS_MIRROR", f"http://127.0.0.1:{running.server_port}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        yield handler
        running.shutdown()
        thread.join()


def leftovers():
    return [path for path in cache_folder().rglob("*") if path.name.endswith(".part")]


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_folder_serves_as_mirror(mirror, monkeypatch, form):
    given = mirror.as_uri() if form.startswith("file") else str(mirror)
    monkeypatch.setenv("SCALING_LAWS_MIRROR", given)
    path = fetch(NAME)
    assert path.read_bytes() == CONTENT
    assert path.is_relative_to(cache_folder())


def test_fetched_once_over_http_then_kept(server):
    assert fetch(NAME, progress=False) == fetch(NAME, progress=False)
    assert len(server.asked) == 1
    assert leftovers() == []


def test_find_gives_tidy_columns(server):
    table = find(NAME)
    assert table["params"].tolist() == [1.25e8, 1.3e9]
    assert table["tokens"].tolist() == pytest.approx([1e9, 10**9.3])


def test_a_damaged_copy_is_noticed_and_fetched_again(server):
    path = fetch(NAME, progress=False)
    path.write_bytes(CONTENT[:-3])
    assert fetch(NAME, progress=False).read_bytes() == CONTENT
    assert len(server.asked) == 2


def test_a_cut_connection_is_tried_again(server):
    server.cut_first = True
    assert fetch(NAME, progress=False).read_bytes() == CONTENT
    assert len(server.asked) == 2
    assert leftovers() == []


def test_other_bytes_than_the_pinned_ones_are_refused(server, mirror, entry):
    (mirror / entry.remote_path).write_bytes(CONTENT + b"OPT,9b,1,9.0,18.0,9.9\n")
    with pytest.raises(Unavailable) as caught:
        fetch(NAME, progress=False)
    assert caught.value.reason == "changed"
    assert download.cached(entry) is None
    assert leftovers() == []


def test_a_file_that_the_source_lacks_is_not_tried_twice(server, mirror, entry):
    (mirror / entry.remote_path).unlink()
    with pytest.raises(Unavailable) as caught:
        fetch(NAME, progress=False)
    assert caught.value.reason == "absent"
    assert len(server.asked) == 1


def test_no_network(entry, monkeypatch):
    with socket.socket() as closed:  # bound but not listening: connections are refused
        closed.bind(("127.0.0.1", 0))
        monkeypatch.setenv("SCALING_LAWS_MIRROR", f"http://127.0.0.1:{closed.getsockname()[1]}")
        monkeypatch.setenv("NO_PROXY", "127.0.0.1")
        with pytest.raises(Unavailable) as caught:
            fetch(NAME, progress=False)
    assert caught.value.reason == "network"
    assert leftovers() == []


def test_a_cache_that_cannot_be_written(mirror, monkeypatch, tmp_path):
    (tmp_path / "occupied").write_text("a file where the folder should be")
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "occupied"))
    monkeypatch.setenv("SCALING_LAWS_MIRROR", str(mirror))
    with pytest.raises(Unavailable) as caught:
        fetch(NAME)
    assert caught.value.reason == "disk"


@pytest.mark.parametrize("code", LANGUAGES)
def test_find_says_once_what_is_missing_and_how_to_get_it(entry, monkeypatch, tmp_path, capsys, code):
    monkeypatch.setenv("SCALING_LAWS_MIRROR", str(tmp_path / "empty"))
    set_language(code)
    assert find(NAME) is None
    said = capsys.readouterr().out
    assert find(NAME) is None
    assert capsys.readouterr().out == ""
    assert entry.title[code] in said
    assert f"python3 course.py data download {NAME}" in said
    assert said.count("\n") == 1
    assert str(tmp_path) not in said


def test_shipped_tables_need_no_download():
    with pytest.raises(ValueError, match=r"datasets\.load"):
        fetch("models_history")
    assert find("models_history").equals(load("models_history"))


def test_published_tables_are_not_loaded_but_found():
    with pytest.raises(ValueError, match=r"datasets\.find"):
        load(NAME)


def test_at_least_one_attempt(entry):
    with pytest.raises(ValueError, match="attempts"):
        fetch(NAME, attempts=0)


def test_the_origin_is_pinned_on_github(entry):
    assert (
        download.source_of(entry) == f"https://raw.githubusercontent.com/{entry.repository}/{entry.commit}/{entry.file}"
    )


@pytest.mark.skipif(os.name == "nt", reason="the default folder differs on Windows")
def test_without_a_variable_the_cache_is_the_users(monkeypatch):
    monkeypatch.delenv("SCALING_LAWS_CACHE")
    assert cache_folder().name == "scaling-laws-course"
