"""A game: plan, small runs, forecast, seal, one large run, verdict; in this order, broken off where you like."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from dataclasses import replace
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_utils.planning import (
    WIDTHS,
    Design,
    Forecast,
    PlannedRun,
    UninformativeRunsError,
    forecast,
    nearest_width,
    planned_run,
    rows_for_fit,
)

from . import state as states
from .plan import enough
from .refusal import Refusal
from .seal import checked, fingerprint, number
from .sources import Source
from .state import Sealed, State
from .status import Status
from .tables import Row, Tables, columns, curve_columns
from .trainable import name_of, target_seed

if TYPE_CHECKING:
    import pandas
    from matplotlib.figure import Figure

    from .plan import Plan
    from .sealed import Seal
    from .verdict import Verdict

STATES = ("planned", "screened", "sealed", "trained")


class Game:
    """Play one game; :func:`course_utils.ladder.start` and :func:`course_utils.ladder.recorded` make it.

    Every step can be called again: what is done already is not done twice. Each of them says what comes next.

    Parameters
    ----------
    state : State
    source : Source
        Trains the runs or looks them up.
    folder : Path or None
        Where a live game lives; None for a recorded one, which is kept in memory.
    """

    def __init__(self, state: State, source: Source, folder: Path | None = None):
        self._state, self._source, self.folder = state, source, folder

    # The steps ---------------------------------------------------------------------------------------------------

    def screen(self, *, processes: int | None = None, executor=None,
               more_widths: Iterable[int] | Mapping[float, Iterable[int]] | None = None) -> Status:
        """Get the small runs: train them, or look them up in a recorded game.

        Parameters
        ----------
        processes : int or None
            Runs at the same time; one for each core when None.
        executor : concurrent.futures.Executor or None
            Trains the runs somewhere else, as `course_utils.ladder.sweep.sweep` says.
        more_widths : widths, or mapping from a rung (FLOPs, or its share of the target) to widths
            Runs to add before the prediction is sealed. Widths alone go to the rungs whose best width lies at the edge
            of what was tried. They must fit into what is left of the budget.

        Returns
        -------
        Status
            What was trained and spent, what diverged, and what comes next.

        Raises
        ------
        Refusal
            If more widths are asked for after the seal, cost too much, or are not in the recorded pool.
        """
        self._catch_up()
        if more_widths is not None:
            self._add(more_widths)
        missing = [run for run in self._state.design.runs if name_of(run) not in self._tables().rows]
        stopped = self._obtain(missing, processes, executor) if missing else False
        return self.status(stopped=stopped)

    def forecast(self) -> Forecast:
        """Foretell the loss of the target run from the small runs, by the rule that was fixed before any game.

        Raises
        ------
        Refusal
            If small runs are missing still, or too many of them diverged.
        """
        self._need("screened")
        target = self._target()
        return self._foretold(target.flops, target.params)

    def seal(self, loss: float | None = None, low: float | None = None, high: float | None = None) -> Seal:
        """Write down a prediction with the time; from then on it cannot be changed, and the target may be trained.

        Parameters
        ----------
        loss, low, high : float or None
            Your prediction, nats per token, and the interval that should hold the measured loss in 80 of 100 games.
            What is None is taken from the forecast; the ends then move with your loss.

        Returns
        -------
        Seal
            What was sealed, what the forecast says, and how the two differ.

        Raises
        ------
        Refusal
            If small runs are missing, a prediction is sealed already, or the loss is not between the ends.
        """
        from course_utils.questions import record

        self._catch_up()
        self._need("screened")
        if self._state.sealed is not None:
            raise Refusal("sealed_already", sealed=self.sealed().short())
        rule, width = self.forecast(), self.target_width
        loss = number("loss", rule.loss if loss is None else loss)
        loss, low, high = checked(loss, loss * rule.low / rule.loss if low is None else low,
                                  loss * rule.high / rule.loss if high is None else high)
        digest = fingerprint(self._state, self.screening())
        if self.folder is not None:  # one that cannot be written to refuses before the record holds a seal
            states.write(self.folder, self._state)
        kept = record.current().add_prediction(
            self._state.id, self.name, target_flops=self._state.design.target, width=width, loss=loss, low=low,
            high=high, level=rule.level, hash=digest)
        self._keep(replace(self._state, sealed=Sealed(kept.at, kept.width, kept.loss, kept.low, kept.high, kept.level,
                                                      kept.hash)))
        return self.sealed(note=record.current().take_note())

    def train(self, *, processes: int | None = None, executor=None) -> Status:
        """Get the target run, once a prediction is sealed.

        Raises
        ------
        Refusal
            If nothing is sealed yet.
        """
        self._catch_up()
        self._need("sealed")
        stopped = self._obtain([self._target()], processes, executor) if self.measured() is None else False
        self._write_measured()
        return self.status(stopped=stopped)

    def verdict(self) -> Verdict:
        """Compare the measured loss with what was sealed, with the rule's forecast, and with everybody's mistakes.

        Raises
        ------
        Refusal
            If the target has not been trained, or diverged.
        """
        from .verdict import judge

        self._need("trained")
        self._write_measured()
        return judge(self)

    def report(self, path: str | Path | None = None, *, overwrite: bool = False):
        """Write the game on one page that needs nothing else and prints on A4, in the reader's language.

        Parameters
        ----------
        path : path or None
            Ends in .html; in the game's folder when None.
        overwrite : bool
            Replace a file of that name.

        Returns
        -------
        Report
            The page as text, and `path`.
        """
        from .report import write_report

        return write_report(self, path, overwrite=overwrite)

    def figure(self) -> Figure:
        """Draw what is known so far: runs, valleys, the forecast with its interval, and, at the end, what came out."""
        from .figure import draw

        return draw(self)

    # What is known -----------------------------------------------------------------------------------------------

    @property
    def name(self) -> str:
        """Name of the game."""
        return self._state.name

    @property
    def recorded(self) -> bool:
        """Whether the runs were measured before, by the course."""
        return self._source.recorded

    @property
    def design(self) -> Design:
        """The small runs that were planned, those added later too."""
        return self._state.design

    @property
    def plan(self) -> Plan:
        """The plan with what each run costs."""
        from .plan import priced, text_notes

        design, key = self._state.design, self._state.text_key
        return priced(design, recorded=self.recorded, text=self._state.text, text_key=key,
                      notes=text_notes(key, design) if key else ())

    @property
    def state(self) -> str:
        """How far the game is, one of `STATES`."""
        rows = self._tables().rows
        if self._state.sealed is not None:
            return "trained" if name_of(self._target()) in rows else "sealed"
        return "screened" if all(name_of(run) in rows for run in self._state.design.runs) else "planned"

    @property
    def target_width(self) -> int:
        """Width of the target: what was sealed, else the one nearest to the valley that the small runs lead to."""
        if self._state.sealed is not None:
            return self._state.sealed.width
        self._need("screened")
        foretold = self._foretold(self._state.design.target)
        best = foretold.target_params if foretold.best_params is None else foretold.best_params
        return nearest_width(best, self.target_widths, self._state.design.vocabulary)

    @property
    def target_widths(self) -> tuple[int, ...]:
        """Widths that the target can have: all of the list, or those in the pool."""
        held = self._source.widths(self._state.design.target, target_seed(self._state.seed))
        return tuple(held) if held else WIDTHS

    def can_have(self, rung: float, width: int, seed: int) -> bool:
        """Tell whether a run can be had: everything can be trained, but a recorded pool holds what it holds."""
        held = self._source.widths(rung, seed)
        return held is None or width in held

    def screening(self) -> list[Row]:
        """Return the small runs that are finished, the largest rung first; diverged ones too."""
        rows = self._tables().rows
        return [rows[name_of(run)] for run in self._state.design.runs if name_of(run) in rows]

    def measured(self) -> Row | None:
        """Return the target run; None until it is trained."""
        return None if self._state.sealed is None else self._tables().rows.get(name_of(self._target()))

    def curves(self) -> dict:
        """Return the losses on the way, by name of the run."""
        return self._tables().curves

    def runs(self) -> pandas.DataFrame:
        """Return every run that is finished as a table, diverged ones too."""
        import pandas

        rows = [*self.screening(), *filter(None, [self.measured()])]
        return pandas.DataFrame([row.__dict__ for row in rows])

    def status(self, *, stopped: bool = False) -> Status:
        """Return how far the game is, what was spent, what diverged, and what comes next."""
        return Status.of(self, stopped=stopped)

    def sealed(self, *, note: str | None = None) -> Seal:
        """Return the sealed prediction beside the forecast.

        Raises
        ------
        Refusal
            If nothing is sealed yet.
        """
        from .sealed import Seal

        self._need("sealed")
        return Seal.of(self, note)

    @property
    def spent(self) -> float:
        """FLOPs of everything that is trained; what several cooldowns share is paid for once."""
        rows, target = self._tables().rows, self.measured()
        done = tuple(run for run in self._state.design.runs if name_of(run) in rows)
        return replace(self._state.design, runs=done).cost + (target.flops if target else 0.0)

    @property
    def left(self) -> float:
        """FLOPs that more small runs may cost."""
        design = self._state.design
        return design.budget - design.target - design.cost

    def __repr__(self) -> str:
        return repr(self.status())

    def _repr_html_(self) -> str:
        return self.status()._repr_html_()

    # How it is done ----------------------------------------------------------------------------------------------

    def _tables(self) -> Tables:
        return self._source.tables()

    def _target(self) -> PlannedRun:
        return planned_run(self._state.design.target, self.target_width, target_seed(self._state.seed),
                           vocabulary=self._state.design.vocabulary)

    def _foretold(self, flops: float, params: float | None = None) -> Forecast:
        points = self._points()
        try:
            return forecast(*points, target_flops=flops, target_params=params)
        except UninformativeRunsError as error:
            raise Refusal("uninformative", name=self.name) from error

    def _points(self) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
        """Return N, C and loss of everything that the fit sees: runs, or where the design says so their curves."""
        tables = self._tables()
        rows = [row for row in self.screening() if not row.diverged]
        if not rows or not (self.design.uses_curves or enough([row.flops for row in rows])):
            raise Refusal("too_few_left", name=self.name, left=len(rows), total=len(self.design.runs))
        curves = curve_columns(tables.curves.get(row.run, []) for row in rows)
        return rows_for_fit(self._state.design, columns(rows), curves)

    def _need(self, least: str) -> None:
        now = self.state
        if STATES.index(now) >= STATES.index(least):
            return
        code = {"planned": "not_screened", "screened": "not_sealed", "sealed": "not_trained"}[now]
        raise Refusal(code, name=self.name, done=len(self.screening()), total=len(self._state.design.runs))

    def _catch_up(self) -> None:
        """Take over what was done to this game elsewhere meanwhile: in another notebook, or a terminal."""
        if self.folder is None:
            return
        found = states.read(self.folder)
        if found is None or found.id != self._state.id:
            raise Refusal("moved", name=self.name, path=self.folder, code=f'ladder.start("{self.name}", folder="...")')
        self._state = states.with_record(replace(found, text=self._state.text))

    def _keep(self, state: State) -> None:
        if self.folder is not None:
            states.write(self.folder, state)
        self._state = state

    def _obtain(self, runs: list[PlannedRun], processes: int | None, executor) -> bool:
        """Get runs; return whether the reader stopped it. What was finished then is kept."""
        from .watch import watching

        if processes is not None and processes < 1:
            raise Refusal("bad_processes", processes=processes)
        if self.recorded:
            self._source.obtain(runs, self._state)
            return False
        return watching(self, runs, processes, executor)

    def _write_measured(self) -> None:
        from course_utils.questions import record

        row = self.measured()
        if row is not None and not row.diverged:
            record.current().add_measured(self._state.id, row.loss)

    def _add(self, more: Iterable[int] | Mapping[float, Iterable[int]]) -> None:
        from .adding import runs_to_add

        if self._state.sealed is not None:
            raise Refusal("sealed_already", sealed=self.sealed().short())
        added = runs_to_add(self, more)
        state = self._state.with_runs(added)
        over = state.design.cost + state.design.target - state.design.budget
        if over > 1e-9 * state.design.budget:
            raise Refusal("too_dear", cost_flops=state.design.cost - self._state.design.cost, left_flops=self.left)
        for run in added if self.recorded else ():
            held = self._source.widths(run.rung, run.seed)
            if run.width not in held:
                raise Refusal("not_in_pool", run=name_of(run), rung_flops=run.rung, width=run.width, seed=run.seed,
                              widths=", ".join(map(str, held)) or "-")
        self._keep(state)
