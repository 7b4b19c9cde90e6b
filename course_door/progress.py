"""The live line: what is being done now, how far it is, and for how many seconds."""

from __future__ import annotations

import shutil
import sys
import time
import unicodedata

SPINNER = "|/-\\"
HEARTBEAT = 15.0  # seconds between two lines where the output is a file or a pipe


def width(text: str) -> int:
    """Count the terminal columns of a text: Chinese characters fill two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def fit(text: str, columns: int) -> str:
    """Cut a text to at most so many terminal columns.

    Examples
    --------
    >>> fit("安装课程", 5)
    '安装'
    """
    while width(text) > columns:
        text = text[:-1]
    return text


class LiveLine:
    """Show one step on one line that moves: a spinner, the step, how far it is, the seconds.

    Where the output is no terminal (a log, a test), the step is written once, and then again every 15 seconds.
    """

    def __init__(self, step: str, stream=None):
        self.step = step
        self.stream = sys.stdout if stream is None else stream
        self.live = self.stream.isatty()
        self.start = self.last = time.monotonic()
        self.turn = 0
        self.shown = 0
        if not self.live:
            self._write(step + "\n")

    @property
    def seconds(self) -> float:
        return time.monotonic() - self.start

    def tick(self, detail: str = "") -> None:
        """Draw the line again, with how far the step is."""
        text = f"{self.step}  {detail}".rstrip() + f"  {self.seconds:.0f} s"
        if self.live:
            self.turn += 1
            self._redraw(f"{SPINNER[self.turn % len(SPINNER)]} {text}")
        elif time.monotonic() - self.last >= HEARTBEAT:
            self.last = time.monotonic()
            self._write(f"  {text}\n")

    def done(self) -> None:
        """Leave the step on the screen as finished."""
        if self.live:
            self._redraw(f"+ {self.step}  {self.seconds:.1f} s")
            self._write("\n")

    def broken(self) -> None:
        """Leave the step on the screen as not finished, so that the next words start on a line of their own."""
        if self.live:
            self._redraw(f"x {self.step}  {self.seconds:.1f} s")
            self._write("\n")

    def _redraw(self, text: str) -> None:
        text = fit(text, shutil.get_terminal_size().columns - 1)
        # Spaces wipe what a longer line left behind; escape codes would show as dirt on an old Windows console.
        self._write("\r" + text + " " * max(0, self.shown - width(text)))
        self.shown = width(text)

    def _write(self, text: str) -> None:
        self.stream.write(text)
        self.stream.flush()
