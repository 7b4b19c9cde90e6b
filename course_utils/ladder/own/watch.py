"""Follow runs while they train: in a notebook one figure that is updated in place, in a terminal a progress bar."""

from __future__ import annotations

import base64
import contextvars
import sys
import threading
import time
from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from course_utils.i18n import format_duration, t
from course_utils.planning import PlannedRun

from ..store import in_flight
from ..sweep import predicted_seconds
from .refusal import needs_access
from .tables import Tables
from .trainable import trainable

if TYPE_CHECKING:
    from .game import Game

_OFTEN = 0.5  # seconds between two looks, at least
_IN_A_LOG = 30.0  # where nobody watches: a bar in a file is a line for every look
_KNOWN = 0.03  # share of the work from which the time left is more than a guess
_SHARE = 8  # looks may take one part in so many of the time, so that they do not slow what they show


def watching(game: Game, runs: Sequence[PlannedRun], processes: int | None, executor) -> bool:
    """Train runs of a game and show them meanwhile; return whether the reader broke it off (Ctrl-C, or the kernel).

    What was finished by then is kept.

    Raises
    ------
    Refusal
        If the game's folder cannot be written to: the disk is full, say.
    """
    try:
        with needs_access(game.folder), (Notebook if in_notebook() else Terminal)(game, runs):
            game._source.obtain(runs, game._state, processes=processes, executor=executor)
    except KeyboardInterrupt:
        return True
    return False


def in_notebook() -> bool:
    """Tell whether this runs in a kernel that shows pictures."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


class Watch:
    """Look at runs while they train, at most twice a second, in a thread of its own.

    Parameters
    ----------
    game : Game
    runs : of which the bar counts how far they are
    """

    def __init__(self, game: Game, runs: Sequence[PlannedRun]):
        self.game, self.begun = game, time.monotonic()
        self.work = {run.name: (predicted_seconds(run), run.steps) for run in trainable(runs, game._state)}
        self._ended = threading.Event()
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._follow,), daemon=True)
        self.looks, self.often = 0, _OFTEN

    def __enter__(self) -> Watch:
        self.open()
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()
        self.look()
        self.close()

    def open(self) -> None:
        """Begin to show."""
        raise NotImplementedError

    def show(self, tables: Tables, flying: dict[str, list[dict]]) -> None:
        """Show what is finished and what flies."""
        raise NotImplementedError

    def close(self) -> None:
        """Leave what was shown last."""

    def look(self) -> None:
        """Show how far the runs are."""
        tables = self.game._tables()
        self.show(tables, {name: points for name, points in in_flight(self.game.folder).items()
                           if name not in tables.rows})
        self.looks += 1

    def _follow(self) -> None:
        pause = self.often
        while not self._ended.wait(pause):
            before = time.monotonic()
            try:
                self.look()
            except OSError:  # a full disk, say: the sweep meets it too, and its caller tells the reader
                return
            pause = max(self.often, _SHARE * (time.monotonic() - before))

    def progress(self, tables: Tables, flying: dict[str, list[dict]]) -> tuple[int, float, float | None]:
        """Return how many runs are done, the share of the work, and the seconds left; None while that is a guess."""
        count = sum(name in tables.rows for name in self.work)
        done = sum(seconds for name, (seconds, _) in self.work.items() if name in tables.rows)
        for name, points in flying.items():
            if points and name in self.work:
                seconds, steps = self.work[name]
                done += seconds * points[-1]["step"] / steps
        share = done / sum(seconds for seconds, _ in self.work.values())
        return count, share, (time.monotonic() - self.begun) * (1 - share) / share if share >= _KNOWN else None

    def line(self, count: int, left: float | None) -> str:
        """Say how far the runs are."""
        if left is None or count == len(self.work):
            return t("ladder.live.line_alone", done=count, total=len(self.work))
        return t("ladder.live.line", done=count, total=len(self.work), left=format_duration(round(left)))


class Terminal(Watch):
    """Show a progress bar."""

    def open(self) -> None:
        """Draw the empty bar."""
        from tqdm import tqdm

        self.often = _OFTEN if sys.stderr.isatty() else _IN_A_LOG
        self._bar = tqdm(total=100, bar_format="{percentage:3.0f}%|{bar:30}| {desc}", leave=False)

    def show(self, tables: Tables, flying: dict[str, list[dict]]) -> None:
        """Move the bar."""
        count, share, left = self.progress(tables, flying)
        self._bar.set_description_str(self.line(count, left), refresh=False)
        self._bar.n = round(100 * share)
        self._bar.refresh()

    def close(self) -> None:
        """Take the bar away: what comes next says what was done."""
        self._bar.close()


class Notebook(Watch):
    """Show a bar and a figure in one place of the page, which is updated."""

    def open(self) -> None:
        """Show the place."""
        from IPython.display import HTML, display

        from .live_figure import LiveFigure

        self.figure = LiveFigure(self.game, list(self.work))
        self._handle = display(HTML(self.html(self.game._tables(), {})), display_id=True)

    def show(self, tables: Tables, flying: dict[str, list[dict]]) -> None:
        """Update it."""
        from IPython.display import HTML

        self._handle.update(HTML(self.html(tables, flying)))

    def html(self, tables: Tables, flying: dict[str, list[dict]]) -> str:
        """Return the bar and the picture."""
        count, share, left = self.progress(tables, flying)
        picture = base64.b64encode(self.figure.png(tables, flying)).decode("ascii")
        width, height = self.figure.size
        return (f'<div style="max-width: {width}px"><progress value="{share:.3f}" max="1" style="width: 12em">'
                f'</progress> <span role="status">{escape(self.line(count, left))}</span><br>'
                f'<img width="{width}" height="{height}" style="max-width: 100%; height: auto" '
                f'alt="{escape(t("ladder.live.alt"), quote=True)}" src="data:image/png;base64,{picture}"></div>')
