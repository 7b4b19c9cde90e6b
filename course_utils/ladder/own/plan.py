"""What a game will cost and what it buys, before anything is trained."""

from __future__ import annotations

import functools
import os
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from numbers import Real
from os import PathLike
from pathlib import Path
from typing import TYPE_CHECKING

import numpy as np

from course_utils.i18n import format_duration, format_flops, format_percent, t
from course_utils.planning import DESIGNS, Design, PlannedRun, Simulation, planned_run, simulate
from course_utils.planning import design as design_of
from course_utils.planning.posterior import rungs_of
from course_utils.planning.prior import VOCABULARY

from .page import Grid, Page
from .refusal import Refusal, words
from .state import State
from .trainable import trainable

if TYPE_CHECKING:
    import pandas

    from ..calibration import Calibration

RECORDED_CORES = 2
"""Cores of the machine on record; its runs went two at a time."""
_MOST = 1e24  # FLOPs; beyond, even steps are no longer counted exactly
_FEWEST = 3  # runs of which a forecast can be made
_FAR = 1.5  # decades from the largest small run to the target, from which a plan is warned of


@dataclass(frozen=True, repr=False)
class Plan(Page):
    """Hold the small runs of a game, what each costs, and what they buy.

    Attributes
    ----------
    design : Design
    calibration : Calibration
        How fast this machine trains, or the one that is on record.
    processes : int
        Runs at the same time.
    text, text_key : str
        Path of the reader's own text and the name of its cached tokens; empty for the default one.
    notes : tuple of str
        What is to be said about that text.
    encoding : str or None
        Of its files that are not UTF-8.
    """

    design: Design
    calibration: Calibration
    processes: int
    text: str = ""
    text_key: str = ""
    notes: tuple[str, ...] = ()
    encoding: str | None = None

    @functools.cached_property
    def simulation(self) -> Simulation:
        """What the design buys: games in a world like the shipped ladder's."""
        return simulate(self.design)

    @functools.cached_property
    def seconds(self) -> tuple[float, ...]:
        """Seconds of each small run on one core of this machine."""
        return tuple(map(self.calibration.seconds, trainable(self.design.runs, self._state)))

    @property
    def target_seconds(self) -> float:
        """Seconds of the target run."""
        return self.calibration.seconds(trainable([self.target], self._state)[0])

    @property
    def target(self) -> PlannedRun:
        """The large run, of the width that the shipped ladder expects to be best."""
        return planned_run(self.design.target, self.design.target_width, 0, vocabulary=self.design.vocabulary)

    @property
    def _state(self) -> State:
        return State("", "", self.design, text=self.text, text_key=self.text_key)

    @property
    def wall_seconds(self) -> float:
        """Seconds from the first small run to the verdict, with `processes` runs at the same time."""
        small = trainable(self.design.runs, self._state)
        return (self.calibration.makespan(small, self.processes, trunks=True)
                + self.calibration.makespan(trainable([self.target], self._state)))

    def runs(self) -> pandas.DataFrame:
        """Return every small run: what it costs in FLOPs and seconds."""
        import pandas

        rows = [{"rung": run.rung, "width": run.width, "seed": run.seed, "schedule": run.schedule, "params": run.params,
                 "tokens": run.tokens, "flops": run.flops, "seconds": round(seconds, 2)}
                for run, seconds in zip(self.design.runs, self.seconds, strict=True)]
        return pandas.DataFrame(rows)

    def parts(self) -> list[str | Grid]:
        """Say it."""
        design, bought = self.design, self.simulation
        return [
            words("plan.lead", budget_flops=design.budget, target_flops=design.target,
                  design=t(f"planning.design.{design.name}")),
            Grid([t(f"ladder.plan.{name}") for name in ("rung", "widths", "seeds", "each", "seconds")], self._rows()),
            words("plan.total", cost_flops=design.cost, total_flops=design.total, budget_flops=design.budget,
                  share=format_percent(design.total / design.budget)),
            words("plan.time", wall=format_duration(self.wall_seconds), processes=self.processes),
            words("plan.buys", width=format_percent(bought.interval_width / 2),
                  median=format_percent(bought.error_median), worst=format_percent(bought.error_90)),
            *self.notes,
            *self.notices(),
        ]

    def _rows(self) -> list[list[str]]:
        took = dict(zip(self.design.runs, self.seconds, strict=True))
        rows = []
        for rung, runs in self.design.by_rung().items():
            seconds, widths = [took[run] for run in runs], sorted({run.width for run in runs})
            rows.append([format_flops(rung), ", ".join(map(str, widths)), str(len({run.seed for run in runs})),
                         format_flops(max(run.flops for run in runs)), _span(min(seconds), max(seconds))])
        rows.append([t("ladder.plan.target"), t("ladder.plan.about", width=self.target.width), "1",
                     format_flops(self.target.flops), _span(self.target_seconds, self.target_seconds)])
        return rows

    def notices(self) -> list[str]:
        """Return what a reader should know before paying."""
        design, found = self.design, []
        for rung in design.edges:
            found.append(words("plan.edge", rung_flops=rung))
        largest = max(run.rung for run in design.runs)
        if design.target > 10**_FAR * largest:
            found.append(words("plan.far", times=round(design.target / largest)))
        if len(design.by_rung()) < 3 and not design.uses_curves:
            found.append(words("plan.two_rungs"))
        if design.uses_curves:
            found.append(words("plan.curves", percent=format_percent(abs(self.simulation.bias))))
        if self.calibration.recorded:
            found.append(words("plan.recorded_speed", processor=self.calibration.processor))
        return found


def _span(low: float, high: float) -> str:
    short, long = format_duration(low), format_duration(high)
    return short if short == long else f"{short} – {long}"


@dataclass(frozen=True, repr=False)
class Comparison(Page):
    """Hold several plans for one budget, side by side."""

    plans: tuple[Plan, ...]

    def table(self) -> pandas.DataFrame:
        """Return a row a design: what it costs and what it buys, as numbers."""
        import pandas

        return pandas.DataFrame([{
            "design": plan.design.name, "runs": len(plan.design.runs), "cost": plan.design.cost,
            "seconds": round(plan.wall_seconds, 1), "interval_width": plan.simulation.interval_width,
            "error_median": plan.simulation.error_median, "error_90": plan.simulation.error_90,
            "bias": plan.simulation.bias, "inside": plan.simulation.inside} for plan in self.plans])

    def parts(self) -> list[str | Grid]:
        """Say it."""
        names = ("design", "runs", "cost", "time", "interval", "error", "bias", "inside")
        rows = [[t(f"planning.design.{plan.design.name}"), str(len(plan.design.runs)), format_flops(plan.design.cost),
                 format_duration(plan.wall_seconds), "±" + format_percent(plan.simulation.interval_width / 2),
                 format_percent(plan.simulation.error_median), _signed(plan.simulation.bias),
                 format_percent(plan.simulation.inside)] for plan in self.plans]
        first = self.plans[0]
        lines = [words("compare.lead", budget_flops=first.design.budget, target_flops=first.design.target),
                 Grid([t(f"ladder.compare.{name}") for name in names], rows), t("ladder.compare.how")]
        if first.calibration.recorded:
            lines.append(words("plan.recorded_speed", processor=first.calibration.processor))
        return lines


def _signed(share: float) -> str:
    text = format_percent(abs(share))
    return text if text == "0%" else ("+" if share > 0 else "−") + text


def plan(budget: float = 1e12, target: float | None = None, *, design: str = "ladder", game: int = 0,
         widths: Iterable[int] | Mapping[float, Iterable[int]] | None = None,
         seeds: int | Mapping[float, int] | None = None, rungs: Iterable[float] | None = None,
         text: str | PathLike | None = None, encoding: str | None = None, processes: int | None = None,
         calibration: Calibration | None = None) -> Plan:
    """Plan a game: which small runs, what each costs on this machine, and what they buy in width of the interval.

    Parameters
    ----------
    budget : float
        FLOPs for everything.
    target : float or None
        FLOPs of the run that is foretold; half of the budget when None.
    design : str
        One of `course_utils.planning.DESIGNS`.
    game : int
        Which seeds the runs have.
    widths, seeds, rungs
        Instead of the rule's; see `course_utils.planning.design`.
    text : path or None
        A file or folder of your own to train on; the course's default text when None.
    encoding : str or None
        Of its files that are not UTF-8, such as "cp1258" or "gb18030"; they are left out when None.
    processes : int or None
        Runs at the same time; one for each core when None, of the machine whose speed it is.
    calibration : Calibration or None
        Speed of this machine; measured in ten seconds when None, or taken from the record without PyTorch.

    Returns
    -------
    Plan

    Raises
    ------
    ValueError
        If it costs more than the budget, or the text is too short for the largest run; the message names the cure.

    Examples
    --------
    >>> from course_utils.ladder.calibration import recorded
    >>> made = plan(1e12, calibration=recorded())
    >>> len(made.design.runs), made.design.total <= 1e12
    (25, True)
    """
    if processes is not None and processes < 1:
        raise Refusal("bad_processes", processes=processes)
    path, key, vocabulary = own_text(text, encoding)
    made = designed(design, budget=budget, target=target, game=game, widths=widths, seeds=seeds, rungs=rungs,
                    vocabulary=vocabulary)
    notes = (*text_words(path, encoding), *text_notes(key, made)) if path else ()
    return priced(made, processes=processes, calibration=calibration, text=path, text_key=key, notes=notes,
                  encoding=encoding)


def designed(name: str, *, budget: float, target: float | None, **how) -> Design:
    """Return a design out of which a game can be made; see `course_utils.planning.design`.

    Raises
    ------
    Refusal
        If it leaves nothing for small runs, is beyond what can be trained, or buys too few runs for a forecast.
    """
    if isinstance(budget, Real) and budget > _MOST:
        raise Refusal("budget_too_large", budget_flops=float(budget), most_flops=_MOST)
    if isinstance(budget, Real) and isinstance(target, Real) and target >= budget:
        raise Refusal("target_too_large", budget_flops=float(budget), target_flops=float(target))
    made = design_of(name, budget=budget, target=target, **how)
    if not (made.uses_curves or enough([run.flops for run in made.runs])):
        raise Refusal("too_few_runs", runs=len(made.runs))
    return made


def enough(flops: Sequence[float]) -> bool:
    """Tell whether a forecast can be made of runs: three at least, of more than one rung.

    Examples
    --------
    >>> enough([1e9, 1e9, 1e10]), enough([1e9, 1e10]), enough([1e9, 1.1e9, 1e9])
    (True, False, False)
    """
    return len(flops) >= _FEWEST and bool(rungs_of(np.log(flops)).max() > 0)


def own_text(text: str | PathLike | None, encoding: str | None = None) -> tuple[str, str, int]:
    """Return path, key and vocabulary of a reader's own text; empty names for the default one."""
    if text is None:
        return "", "", VOCABULARY
    from ..own_text import load, vocabulary_of

    key = load(text, encoding=encoding).key
    return str(Path(text).expanduser().resolve()), key, vocabulary_of(key)


def priced(design: Design, *, recorded: bool = False, processes: int | None = None,
           calibration: Calibration | None = None, text: str = "", text_key: str = "",
           notes: tuple[str, ...] = (), encoding: str | None = None) -> Plan:
    """Return a plan for a design that is there already."""
    from .. import calibration as speeds

    if calibration is None:
        calibration = speeds.recorded() if recorded else speeds.calibrate()
    if processes is None:
        processes = RECORDED_CORES if calibration.recorded else os.cpu_count() or 1
    return Plan(design, calibration, processes, text, text_key, notes, encoding)


def compare(budget: float = 1e12, target: float | None = None, *, designs: Iterable[str] = DESIGNS,
            calibration: Calibration | None = None) -> Comparison:
    """Compare ways to spend the same budget, before a FLOP is paid.

    Parameters
    ----------
    budget, target, calibration
        As in `plan`.
    designs : names of designs

    Returns
    -------
    Comparison
        A row a design: cost, time, width of the interval, error and bias in simulated games.
    """
    from .. import calibration as speeds

    calibration = calibration or speeds.calibrate()
    return Comparison(tuple(plan(budget, target, design=name, calibration=calibration) for name in designs))


def text_notes(key: str, design: Design) -> tuple[str, ...]:
    """Say how often the longest run reads a text of the reader's own, where that is more than once.

    Parameters
    ----------
    key : str
        Of the text, as `own_text` gives it.
    design : Design

    Raises
    ------
    ValueError
        If the longest run would read it more often than repeats are worth; the message names the cure.
    """
    from ..own_text import cached, check

    corpus = cached(key)
    target = planned_run(design.target, design.target_width, 0, vocabulary=design.vocabulary)
    longest = max(target.tokens, *(run.tokens for run in design.runs))
    said = check(corpus, longest)
    return (said,) if said else ()


def text_words(path: str, encoding: str | None = None) -> tuple[str, ...]:
    """Say what a reader's own text holds."""
    from ..own_text import load

    return tuple(load(path, encoding=encoding).words())
