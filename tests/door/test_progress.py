"""The live line on a terminal and in a log, in letters of any width."""

from __future__ import annotations

import io

import pytest

from course_door import progress
from course_door.progress import LiveLine, fit, width


class Terminal(io.StringIO):
    def isatty(self):
        return True


@pytest.mark.parametrize(("text", "columns"), [("abc", 3), ("安装", 4), ("cài đặt", 7), ("cài", 3)])
def test_the_width_of_a_text_is_that_on_a_terminal(text, columns):
    assert width(text) == columns


@pytest.mark.parametrize("columns", range(8))
def test_a_cut_text_fits(columns):
    assert width(fit("安装 abc 课程", columns)) <= columns


def test_a_shorter_line_wipes_the_longer_one_before_it(monkeypatch):
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: progress.shutil.os.terminal_size((60, 20)))
    stream = Terminal()
    line = LiveLine("安装", stream)
    line.tick("12/124 some package")
    line.tick("1")
    longer, shorter = stream.getvalue().split("\r")[1:]
    assert width(shorter) == width(longer)
    line.done()
    assert stream.getvalue().endswith("\n")


def test_a_line_never_wraps(monkeypatch):
    monkeypatch.setattr(progress.shutil, "get_terminal_size", lambda: progress.shutil.os.terminal_size((20, 20)))
    stream = Terminal()
    line = LiveLine("安装课程本身和它需要的软件包", stream)
    line.tick("12/124")
    assert width(stream.getvalue().lstrip("\r")) < 20


def test_a_log_gets_the_step_once_and_no_carriage_returns():
    stream = io.StringIO()
    line = LiveLine("Installing", stream)
    for _ in range(50):
        line.tick("1/2")
    line.done()
    assert stream.getvalue() == "Installing\n"
