"""Begin a game, or go on with one."""

from __future__ import annotations

import secrets
from collections.abc import Callable
from dataclasses import replace
from os import PathLike
from pathlib import Path

from course_utils.planning import design as design_of

from . import state as states
from .game import Game
from .plan import Plan, own_text, text_notes
from .refusal import Refusal
from .sources import POOL, Lookup, Training
from .state import Sealed, State

HOME = Path(__file__).resolve().parents[3] / "my_ladders"
"""Folder of live games; git ignores it."""

FRESH_SEEDS = range(2000, 10_000)
"""Seeds of games that nobody has recorded; none is also that of a target run."""


def start(name: str, budget: float | None = None, *, target: float | None = None, design: str | None = None,
          text: str | PathLike | None = None, folder: str | PathLike | None = None, seed: int | None = None,
          rate: float | None = None, plan: Plan | None = None, trainer: Callable | None = None) -> Game:
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
        If another plan is given for a game that exists, or the name cannot be a folder's.
    """
    if not name or not all(letter.isalnum() or letter in "-_" for letter in name):
        raise Refusal("bad_name", name=repr(name))
    place = HOME / name if folder is None else Path(folder).expanduser()
    found = states.read(place)
    if found is None:
        if any(place.glob("*_runs.csv")) or any(place.glob("journal/*.json")):
            raise Refusal("runs_without_plan", path=place)
        found = _new(name, budget, target, design, text, seed, rate, plan)
        states.write(place, found)
    else:
        _same(found, name, budget, target, design, text, seed, rate, plan)
        _text_is_there(found)
        found = _with_record(found)
    return Game(found, Training(place, trainer), place)


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


def _new(name, budget, target, design, text, seed, rate, plan: Plan | None) -> State:
    if plan is not None and not (budget is target is design is text is None):
        raise Refusal("plan_and_more")
    if plan is not None:
        made, path, key = plan.design, plan.text, plan.text_key
    else:
        path, key, vocabulary = own_text(text)
        seed = secrets.choice(FRESH_SEEDS) if seed is None else seed
        made = design_of(design or "ladder", budget=1e12 if budget is None else budget, target=target, game=seed,
                         vocabulary=vocabulary)
        if key:
            text_notes(key, made)  # refuses a text that is too short
    seed = secrets.choice(FRESH_SEEDS) if seed is None else seed  # with a plan of one's own, that of the target
    rate = 1.0 if rate is None else rate
    if not 0 < rate <= 16:
        raise Refusal("bad_rate", rate=repr(rate))
    return State(states.new_id(), name, made, seed, float(rate), path, key)


def _same(found: State, name, budget, target, design, text, seed, rate, plan: Plan | None) -> None:
    """Refuse another plan under the name of a game that exists."""
    asked = {"name": name, "seed": seed, "rate": rate, "budget": budget, "target": target, "design": design,
             "text": None if text is None else str(Path(text).expanduser().resolve())}
    have = {"name": found.name, "seed": found.seed, "rate": found.rate, "budget": found.design.budget,
            "target": found.design.target, "design": found.design.name, "text": found.text}
    for what, value in asked.items():
        if value is not None and value != have[what]:
            raise Refusal("other_plan", name=found.name, what=what, asked=f"{value:g}" if isinstance(value, float)
                          else value, have=have[what] or "-")
    if plan is not None and not set(plan.design.runs) <= set(found.design.runs):
        raise Refusal("other_runs", name=found.name)


def _with_record(found: State) -> State:
    """Return the state with the seal that the learner's record holds: the record decides, the folder is a copy."""
    from course_utils.questions import record

    kept = record.current().prediction(found.id)
    if kept is None:
        return found
    sealed = Sealed(kept.at, kept.width, kept.loss, kept.low, kept.high, kept.level, kept.hash)
    return replace(found, sealed=sealed)


def _text_is_there(found: State) -> None:
    """Encode a reader's own text again where the cache has lost it; refuse when it has changed since."""
    if not found.text_key:
        return
    from ..own_text import cached, load

    try:
        cached(found.text_key)
    except FileNotFoundError:
        if load(found.text).key != found.text_key:
            raise Refusal("other_text", name=found.name, path=found.text) from None
