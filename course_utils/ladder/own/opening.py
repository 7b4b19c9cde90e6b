"""Begin a game, or go on with one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from numbers import Real
from os import PathLike
from pathlib import Path

from course_utils.planning import design as design_of

from . import state as states
from .game import Game
from .plan import Plan, designed, own_text, text_notes
from .refusal import Refusal
from .sources import POOL, Lookup, Training
from .state import State

HOME = Path(__file__).resolve().parents[3] / "my_ladders"
"""Folder of live games; git ignores it."""

FRESH_SEEDS = range(2000, 10_000)
"""Seeds of games that nobody has recorded; none is also that of a target run."""


def start(name: str, budget: float | None = None, *, target: float | None = None, design: str | None = None,
          text: str | PathLike | None = None, encoding: str | None = None, folder: str | PathLike | None = None,
          seed: int | None = None, rate: float | None = None, plan: Plan | None = None,
          trainer: Callable | None = None) -> Game:
    """Begin a live game, or go on with the one of this name where it stopped.

    Parameters
    ----------
    name : str
        Of the game: letters, digits, "-" and "_".
    budget : float or None
        FLOPs for everything; 10^12 for a new game when None.
    target : float or None
        FLOPs of the run that is foretold; half of the budget when None.
    design : str or None
        One of `course_utils.planning.DESIGNS`; "ladder" when None.
    text : path or None
        A file or folder of your own to train on; the course's default text when None.
    encoding : str or None
        Of its files that are not UTF-8, such as "cp1258" or "gb18030"; they are left out when None.
    folder : path or None
        Where the game lives; ``my_ladders/`` and the name, in the course's folder, when None.
    seed : int or None
        Which seeds the runs have. None draws one for a new game, from 2,000 on: the seeds below belong to the recorded
        games, whose ends are known. It stands in the game's plan, so that the game can be played again.
    rate : float or None
        Factor on the course's learning rates; 1 when None. Smaller when runs diverge.
    plan : Plan or None
        A plan with widths, rungs or seeds of your own, instead of budget, target, design and text.
    trainer : callable or None
        Trains one run, as `course_utils.ladder.train.train` does; that one when None.

    Returns
    -------
    Game

    Raises
    ------
    Refusal
        If another plan is given for a game that exists, the name cannot be a folder's, or the folder not be written to.
    """
    if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise Refusal("bad_name", name=repr(name))
    place = HOME / name if folder is None else Path(folder).expanduser()
    found = states.read(place)
    if found is None:
        if any(place.glob("*_runs.csv")) or any(place.glob("journal/*.json")):
            raise Refusal("runs_without_plan", path=place)
        found = states.begin(place, _new(name, budget, target, design, text, encoding, seed, rate, plan))
    same = _same(found, name, budget, target, design, text, encoding, seed, rate, plan)
    if same != found:
        states.write(place, same)
    return Game(states.with_record(same), Training(place, trainer), place)


def recorded(game: int = 0, design: str = "ladder", *, folder: str | PathLike | None = None) -> Game:
    """Return a recorded game: its runs were measured by the course, and are looked up; it needs no PyTorch.

    Parameters
    ----------
    game : int
        Number of the game, from 0 to 19 (9 for the designs "many_small" and "cooldowns").
    design : str
        One of `course_utils.planning.DESIGNS`.
    folder : path or None
        Tables of the pool; the course's own when None.
    """
    made = design_of(design, game=game)
    source = Lookup(POOL if folder is None else Path(folder))
    return Game(State(states.new_id(), f"{design}-{game}", made, seed=game), source)


def _new(name, budget, target, design, text, encoding, seed, rate, plan: Plan | None) -> State:
    if plan is not None and not (budget is target is design is text is encoding is None):
        raise Refusal("plan_and_more")
    if plan is not None:
        made, path, key, encoding = plan.design, plan.text, plan.text_key, plan.encoding
    else:
        path, key, vocabulary = own_text(text, encoding)
        seed = secrets.choice(FRESH_SEEDS) if seed is None else seed
        made = designed(design or "ladder", budget=1e12 if budget is None else budget, target=target, game=seed,
                        vocabulary=vocabulary)
        if key:
            text_notes(key, made)  # refuses a text that is too short
    seed = secrets.choice(FRESH_SEEDS) if seed is None else seed  # with a plan of one's own, that of the target
    rate = 1.0 if rate is None else rate
    if isinstance(rate, bool) or not isinstance(rate, Real) or not 0 < rate <= 16:
        raise Refusal("bad_rate", rate=repr(rate))
    return State(states.new_id(), name, made, seed, float(rate), path, key, encoding)


def _same(found: State, name, budget, target, design, text, encoding, seed, rate, plan: Plan | None) -> State:
    """Refuse another plan under the name of a game that exists; return the game, with its text where it lies now."""
    asked = {"name": name, "seed": seed, "rate": rate, "budget": budget, "target": target, "design": design}
    have = {"name": found.name, "seed": found.seed, "rate": found.rate, "budget": found.design.budget,
            "target": found.design.target, "design": found.design.name}
    for what, value in asked.items():
        if value is not None and value != have[what]:
            asked_for, there = (f"{each:g}" if isinstance(each, Real) else each for each in (value, have[what]))
            raise Refusal("other_plan", name=found.name, what=what, asked=asked_for, have=there)
    if plan is not None:
        same = (plan.design.budget, plan.design.target) == (found.design.budget, found.design.target)
        if not same or not set(plan.design.runs) <= set(found.design.runs):
            raise Refusal("other_runs", name=found.name)
        path, key, encoding = plan.text, plan.text_key, plan.encoding
    elif text is not None:
        encoding = encoding or found.encoding
        path, key, _ = own_text(text, encoding)
    else:
        return found
    if key != found.text_key:
        if path and path == found.text:
            raise Refusal("other_text", name=found.name, path=path)
        raise Refusal("other_plan", name=found.name, what="text", asked=path or "-", have=found.text or "-")
    return replace(found, text=path, encoding=encoding)
