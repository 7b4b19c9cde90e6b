"""Where the runs of a game come from: they are trained here, or looked up among those that were measured before."""

from __future__ import annotations

import functools
import importlib.util
from collections.abc import Callable, Sequence
from dataclasses import dataclass, field
from pathlib import Path
from typing import Protocol

from course_utils.planning import PlannedRun

from ..store import Store
from ..sweep import predicted_seconds
from ..train import Run
from . import tables
from .refusal import Refusal
from .state import State
from .tables import Tables
from .trainable import name_of, trainable

POOL = Path(__file__).resolve().parents[3] / "data" / "games"
"""Tables of the recorded pool."""


class Source(Protocol):
    """What a game needs to know about its runs."""

    recorded: bool

    def tables(self) -> Tables:
        """Return the runs that are finished."""

    def obtain(self, runs: Sequence[PlannedRun], state: State, **how) -> None:
        """Finish `runs`; those that are finished already cost nothing."""

    def widths(self, rung: float, seed: int) -> list[int] | None:
        """Return the widths that can be had at `rung`; None where every width can."""


@dataclass
class Training:
    """Train the runs in a folder of their own.

    Attributes
    ----------
    folder : Path
    trainer : callable or None
        Trains one run, as `course_utils.ladder.train.train` does, which is what None means.
    """

    folder: Path
    trainer: Callable | None = None
    recorded = False

    def tables(self) -> Tables:
        """Return the runs that are finished; one that was killed while it was written down is finished too."""
        if not self.folder.exists():
            return Tables({}, {})
        Store(self.folder).merge()
        return tables.read(self.folder)

    def obtain(self, runs: Sequence[PlannedRun], state: State, *, processes: int | None = None, executor=None) -> None:
        """Train what the folder does not hold yet; see `course_utils.ladder.sweep.sweep`.

        Raises
        ------
        Refusal
            If PyTorch is missing, or the reader's own text is gone or another one.
        """
        from ..sweep import sweep
        from ..train import train

        if self.trainer is None and executor is None and importlib.util.find_spec("torch") is None:
            raise Refusal("no_torch")
        _text_is_there(state)
        trainer = self.trainer or functools.partial(train, trunks=self.folder / "trunks")
        for wave in _waves(trainable(runs, state)):
            sweep(wave, self.folder, processes=processes, executor=executor, trainer=trainer, bar=False,
                  report=lambda line: None)

    def widths(self, rung: float, seed: int) -> None:
        """Every width can be trained."""
        return None


def _text_is_there(state: State) -> None:
    """Encode a reader's own text again where the cache has lost it; refuse when it is gone or has changed since."""
    if not state.text_key:
        return
    from ..own_text import cached, load

    try:
        cached(state.text_key)
    except FileNotFoundError:
        if not Path(state.text).exists():
            code = f'ladder.start("{state.name}", text="...")'
            raise Refusal("no_text", name=state.name, path=state.text, code=code) from None
        if load(state.text, encoding=state.encoding).key != state.text_key:
            raise Refusal("other_text", name=state.name, path=state.text) from None


def _waves(runs: list[Run]) -> list[list[Run]]:
    """Part runs into sweeps: those with a cooldown rung by rung, for a longer one begins where a shorter one cooled.

    Within a sweep the longest come first, so that no process is alone with one at the end.
    """
    waves: dict[float | None, list[Run]] = {}
    for run in sorted(runs, key=lambda run: run.budget):
        waves.setdefault(run.budget if run.schedule == "cooldown" else None, []).append(run)
    return [sorted(wave, key=predicted_seconds, reverse=True) for wave in waves.values()]


@dataclass
class Lookup:
    """Look the runs up in the tables of the pool; only those that were bought can be seen.

    Attributes
    ----------
    folder : Path
        Holds the pool's tables.
    """

    folder: Path = POOL
    recorded = True
    _bought: set[str] = field(default_factory=set)

    @functools.cached_property
    def _pool(self) -> Tables:
        pool = tables.read(self.folder)
        if not pool.rows:
            raise Refusal("no_pool", path=self.folder)
        return pool

    def tables(self) -> Tables:
        """Return the runs that were bought."""
        return self._pool.only(self._bought)

    def obtain(self, runs: Sequence[PlannedRun], state: State, **how) -> None:
        """Buy runs; all of them or, when the pool lacks one, none."""
        names = {name_of(run): run for run in runs}
        for name, run in names.items():
            if name not in self._pool.rows:
                held = self.widths(run.rung, run.seed)
                raise Refusal("not_in_pool", run=name, rung_flops=run.rung, width=run.width, seed=run.seed,
                              widths=", ".join(map(str, held)) or "-")
        self._bought |= names.keys()

    def widths(self, rung: float, seed: int) -> list[int]:
        """Return the widths that the pool holds at `rung` with `seed`."""
        return sorted({row.width for row in self._pool.rows.values()
                       if row.seed == seed and row.schedule == "cosine" and abs(row.rung / rung - 1) < 1e-9})
