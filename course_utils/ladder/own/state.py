"""The file that a live game leaves in its folder: what was planned and what was sealed. What ran is in the tables."""

from __future__ import annotations

import json
import secrets
from dataclasses import asdict, dataclass, replace
from pathlib import Path

from course_utils.planning import Design, PlannedRun

from ..store import only_one, write_whole
from .refusal import Refusal, needs_access

FILE = "plan.json"
VERSION = 1


@dataclass(frozen=True)
class Sealed:
    """What a sealed prediction says, as the game's own folder keeps it; the learner's record has it too."""

    at: str
    width: int
    loss: float
    low: float
    high: float
    level: float
    hash: str


@dataclass(frozen=True)
class State:
    """Everything about a game that its tables do not say.

    Attributes
    ----------
    id : str
        Made by chance when the game is planned: another game under the same name is another game.
    name : str
    design : Design
        With every screening run, those added later too.
    seed : int
        Which seeds the runs have.
    rate : float
        Factor on the learning rates of the course's rule.
    text, text_key : str
        Path of the reader's own text and the name of its cached tokens; empty for the default text.
    encoding : str or None
        Of the files of that text that are not UTF-8.
    sealed : Sealed or None
    """

    id: str
    name: str
    design: Design
    seed: int = 0
    rate: float = 1.0
    text: str = ""
    text_key: str = ""
    encoding: str | None = None
    sealed: Sealed | None = None

    def with_runs(self, runs: tuple[PlannedRun, ...]) -> State:
        """Return the state with more screening runs."""
        return replace(self, design=replace(self.design, runs=(*self.design.runs, *runs)))


def new_id() -> str:
    """Return an id that no other game has."""
    return secrets.token_hex(8)


def write(folder: Path, state: State) -> None:
    """Replace the file of a game, whole or not at all.

    Raises
    ------
    Refusal
        If the folder cannot be written to.
    """
    with needs_access(folder):
        folder.mkdir(parents=True, exist_ok=True)
        write_whole(folder / FILE, json.dumps({"version": VERSION} | asdict(state), indent=1) + "\n")


def begin(folder: Path, state: State) -> State:
    """Write a new game, and return it; where another process has just begun one in this folder, return that one.

    Raises
    ------
    Refusal
        If the folder cannot be written to.
    """
    with needs_access(folder):
        folder.mkdir(parents=True, exist_ok=True)
        with only_one(folder):
            if (found := read(folder)) is not None:
                return found
            write(folder, state)
    return state


def with_record(state: State) -> State:
    """Return the state with the seal that the learner's record holds: the record decides, the folder is a copy."""
    from course_utils.questions import record

    kept = record.current().prediction(state.id)
    if kept is None:
        return state
    return replace(state, sealed=Sealed(kept.at, kept.width, kept.loss, kept.low, kept.high, kept.level, kept.hash))


def read(folder: Path) -> State | None:
    """Return the state of the game in `folder`; None where there is no game.

    Raises
    ------
    Refusal
        If the file is not one that this course wrote, or cannot be read.
    """
    path = folder / FILE
    try:
        found = json.loads(path.read_text(encoding="utf-8"))
        if found.pop("version") != VERSION:
            raise Refusal("newer", path=path)
        design = found.pop("design")
        runs = tuple(PlannedRun(**run) for run in design.pop("runs"))
        sealed = found.pop("sealed")
        return State(design=Design(runs=runs, **design), sealed=Sealed(**sealed) if sealed else None, **found)
    except FileNotFoundError:
        return None
    except OSError as error:
        raise Refusal("no_access", path=path, reason=error.strerror or error) from error
    except (KeyError, TypeError, AttributeError, json.JSONDecodeError, UnicodeDecodeError) as error:
        raise Refusal("damaged", path=path, reason=error) from None
