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
from .trainable import name_of, trainable

if TYPE_CHECKING:
    from .game import Game

_OFTEN = 0.5  # seconds between two figures, at least
_SHARE = 8  # figures may take one part in so many of the time, so that they do not slow what they show


def watching(game: Game, runs: Sequence[PlannedRun], processes: int | None, executor) -> bool:
    """Train runs of a game and show them meanwhile; return whether the reader broke it off (Ctrl-C, or the kernel).

    What was finished by then is kept.
    """
    how = {"processes": processes, "executor": executor, "bar": not in_notebook()}
    live = Live(game, runs) if in_notebook() else None
    try:
        if live is None:
            game._source.obtain(runs, game._state, **how)
        else:
            with live:
                game._source.obtain(runs, game._state, **how)
    except KeyboardInterrupt:
        return True
    return False


def in_notebook() -> bool:
    """Tell whether this runs in a kernel that shows pictures."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    return shell is not None and hasattr(shell, "kernel")


class Live:
    """Show runs in one place of a notebook while they train, at most twice a second.

    Parameters
    ----------
    game : Game
    runs : of which the bar counts how far they are
    """

    def __init__(self, game: Game, runs: Sequence[PlannedRun]):
        from .live_figure import LiveFigure

        self.game, self.begun = game, time.monotonic()
        self.work = {run.name: (predicted_seconds(run), run.steps) for run in trainable(runs, game._state)}
        self.figure = LiveFigure(game, [name_of(run) for run in runs])
        self._ended = threading.Event()
        self._thread = threading.Thread(target=contextvars.copy_context().run, args=(self._follow,), daemon=True)
        self._handle = None
        self.shown = 0

    def __enter__(self) -> Live:
        from IPython.display import HTML, display

        self._handle = display(HTML(self.html()), display_id=True)
        self._thread.start()
        return self

    def __exit__(self, *_) -> None:
        self._ended.set()
        self._thread.join()
        self._show()

    def _follow(self) -> None:
        pause = _OFTEN
        while not self._ended.wait(pause):
            before = time.monotonic()
            self._show()
            pause = max(_OFTEN, _SHARE * (time.monotonic() - before))

    def _show(self) -> None:
        from IPython.display import HTML

        self._handle.update(HTML(self.html()))
        self.shown += 1

    def progress(self, finished: set[str], flying: dict[str, list[dict]]) -> tuple[float, float | None]:
        """Return the share of the work that is done and the seconds that are left; None before anything is known."""
        done = sum(seconds for name, (seconds, _) in self.work.items() if name in finished)
        for name, points in flying.items():
            if points and name in self.work and name not in finished:
                seconds, steps = self.work[name]
                done += seconds * points[-1]["step"] / steps
        share = done / sum(seconds for seconds, _ in self.work.values())
        return share, (time.monotonic() - self.begun) * (1 - share) / share if share > 0 else None

    def html(self) -> str:
        """Return the bar and the picture as they are now."""
        tables, flying = self.game._tables(), in_flight(self.game.folder)
        flying = {name: points for name, points in flying.items() if name not in tables.rows}
        count = sum(name in tables.rows for name in self.work)
        share, left = self.progress(set(tables.rows), flying)
        key = "ladder.live.line" if left is not None and count < len(self.work) else "ladder.live.line_alone"
        line = t(key, done=count, total=len(self.work), left=format_duration(None if left is None else round(left)))
        picture = base64.b64encode(self.figure.png(tables, flying)).decode("ascii")
        width, height = self.figure.size
        return (f'<div style="max-width: {width}px"><progress value="{share:.3f}" max="1" style="width: 12em">'
                f'</progress> <span role="status">{escape(line)}</span><br><img width="{width}" height="{height}" '
                f'style="max-width: 100%; height: auto" alt="{escape(t("ladder.live.alt"), quote=True)}" '
                f'src="data:image/png;base64,{picture}"></div>')
