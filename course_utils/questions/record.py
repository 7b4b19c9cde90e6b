"""What a learner answered and foretold, in one small SQLite file that the learner owns.

The file lies where the system keeps an application's data, or where the environment variable ``SCALING_LAWS_PROGRESS``
says; the value ``off`` keeps everything in memory only, as when lessons are built. Nothing is ever sent anywhere.

Nothing that can happen to the file stops the course. A file that cannot be written: what it holds is read, and this
session goes on in memory. One that another program holds locked: answers wait and are written with the next one. One
that is damaged: it is moved aside, never deleted, and a new one begun. Each is said once.
"""

from __future__ import annotations

import contextlib
import datetime
import functools
import os
import sqlite3
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from course_utils.i18n import language, t

ENVIRONMENT_VARIABLE = "SCALING_LAWS_PROGRESS"
OFF = ("off", ":memory:")
VERSION = 2
"""2 added the sealed predictions; a file of version 1 is upgraded when it is opened, in one transaction."""
_PATIENCE = 2.0  # seconds to wait for another program that writes

_TABLES = """
CREATE TABLE IF NOT EXISTS answers (
    at TEXT NOT NULL, question TEXT NOT NULL, kind TEXT NOT NULL, answer TEXT NOT NULL, share REAL NOT NULL,
    hints INTEGER NOT NULL, language TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS hints (at TEXT NOT NULL, question TEXT NOT NULL, level INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS cards (card TEXT PRIMARY KEY, due TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE IF NOT EXISTS reviews (at TEXT NOT NULL, card TEXT NOT NULL, rating INTEGER NOT NULL);
CREATE TABLE IF NOT EXISTS predictions (
    id TEXT PRIMARY KEY, at TEXT NOT NULL, game TEXT NOT NULL, target_flops REAL NOT NULL, width INTEGER NOT NULL,
    loss REAL NOT NULL, low REAL NOT NULL, high REAL NOT NULL, level REAL NOT NULL, hash TEXT NOT NULL,
    language TEXT NOT NULL, measured REAL, measured_at TEXT);
"""
_UPGRADE = f"{_TABLES} PRAGMA user_version = {VERSION};"
"""Brings a file of any older version, or an empty one, to this one: versions have only added tables."""
_ADD_ANSWER = """INSERT INTO answers SELECT ?, ?, ?, ?, ?,
    (SELECT count(*) FROM hints WHERE question = ? AND at >
        coalesce((SELECT max(at) FROM answers WHERE question = ?), '')), ?"""

_ADD_PREDICTION = "INSERT OR IGNORE INTO predictions VALUES (?, ?, ?, ?, ?, ?, ?, ?, ?, ?, ?, NULL, NULL)"


@dataclass(frozen=True)
class Answer:
    """One answer as it was given.

    Attributes
    ----------
    at : str
        Time, ISO 8601, UTC.
    question : str
        Id of the question, the drill or the interview card.
    kind : str
        "question", "drill" or "interview".
    answer : str
        As it was written, at most 400 characters.
    share : float
        1 right, 0 wrong; in an interview the share of the points that were said.
    hints : int
        Hints asked for since the answer before.
    language : str
    """

    at: str
    question: str
    kind: str
    answer: str
    share: float
    hints: int
    language: str


@dataclass(frozen=True)
class Prediction:
    """A prediction that was sealed before the run it is about was trained.

    Attributes
    ----------
    id : str
        Of the game, made when it was planned; one game has one prediction.
    at : str
        When it was sealed, ISO 8601, UTC.
    game : str
        Name of the game.
    target_flops : float
        Compute of the run that is foretold.
    width : int
        Its d_model.
    loss, low, high, level : float
        The loss in nats per token, and the interval with the share of cases in which it should hold.
    hash : str
        SHA-256 of the plan and the screening runs that it rests on.
    language : str
    measured, measured_at : float, str or None
        What the run gave, and when; None until it is trained.
    """

    id: str
    at: str
    game: str
    target_flops: float
    width: int
    loss: float
    low: float
    high: float
    level: float
    hash: str
    language: str
    measured: float | None = None
    measured_at: str | None = None

    @property
    def inside(self) -> bool | None:
        """Whether the measured loss lies in the interval; None until there is one."""
        return None if self.measured is None else self.low <= self.measured <= self.high


class Record:
    """Keep answers, hints and cards in one file, or in memory.

    Parameters
    ----------
    path : Path or None
        The file; None keeps everything in memory.
    now : callable, optional
        Gives the time, with its zone.
    """

    def __init__(self, path: Path | None, now: Callable[[], datetime.datetime] | None = None):
        self.path = path
        self.now = now or (lambda: datetime.datetime.now(datetime.UTC))
        self._waiting: list[tuple[str, tuple]] = []
        self._notes: list[str] = []
        self._said: set[str] = set()
        self._memory = None if path else _in_memory()

    # What happens is written -------------------------------------------------------------------------------------

    def add_answer(self, question: str, kind: str, answer: Any, share: float) -> None:
        """Write down an answer with the time, and the hints asked for since the one before."""
        text = answer if isinstance(answer, str) else repr(answer)
        values = (self._time(), question, kind, text[:400], float(share), question, question, language())
        self._write(_ADD_ANSWER, values)

    def add_hint(self, question: str, level: int) -> None:
        """Write down that a hint was asked for."""
        self._write("INSERT INTO hints VALUES (?, ?, ?)", (self._time(), question, level))

    def save_card(self, card: str, due: datetime.datetime, state: str, rating: int) -> None:
        """Write down how well a card was known and when it is due again."""
        self._write("INSERT OR REPLACE INTO cards VALUES (?, ?, ?)", (card, due.isoformat(), state))
        self._write("INSERT INTO reviews VALUES (?, ?, ?)", (self._time(), card, rating))

    def add_prediction(self, id: str, game: str, *, target_flops: float, width: int, loss: float, low: float,
                       high: float, level: float, hash: str) -> Prediction:
        """Seal a prediction and return the one that holds: where the game has one already, that one, unchanged."""
        at, spoken = self._time(), language()
        values = (id, at, game, float(target_flops), int(width), float(loss), float(low), float(high), float(level),
                  hash)
        self._write(_ADD_PREDICTION, (*values, spoken))
        return self.prediction(id) or Prediction(*values, spoken)  # a file that is locked gives no answer yet

    def add_measured(self, id: str, measured: float) -> None:
        """Write what the foretold run gave beside its prediction, once."""
        self._write("UPDATE predictions SET measured = ?, measured_at = ? WHERE id = ? AND measured IS NULL",
                    (float(measured), self._time(), id))

    def erase(self) -> None:
        """Forget everything; what is deleted is overwritten in the file."""
        self._waiting.clear()
        for table in ("answers", "hints", "cards", "reviews", "predictions"):
            self._write(f"DELETE FROM {table}", ())
        if not self._memory and not self._waiting:
            self._attempt(lambda connection: connection.execute("VACUUM"))

    # What was written is read ------------------------------------------------------------------------------------

    def answers(self) -> list[Answer]:
        """Return every answer, the oldest first."""
        return [Answer(*row) for row in self._read("SELECT * FROM answers ORDER BY at, rowid")]

    def cards(self) -> dict[str, str]:
        """Return the state of every card that was reviewed, as text, by id."""
        return dict(self._read("SELECT card, state FROM cards ORDER BY card"))

    def reviews(self) -> list[tuple[str, str, int]]:
        """Return (time, card, rating) of every review, the oldest first."""
        return list(self._read("SELECT at, card, rating FROM reviews ORDER BY at, rowid"))

    def predictions(self) -> list[Prediction]:
        """Return every sealed prediction, the oldest first."""
        return [Prediction(*row) for row in self._read("SELECT * FROM predictions ORDER BY at, rowid")]

    def prediction(self, id: str) -> Prediction | None:
        """Return the sealed prediction of the game with this id; None when it has none."""
        return next((prediction for prediction in self.predictions() if prediction.id == id), None)

    def take_note(self) -> str | None:
        """Return what has to be said about the file, once; None when there is nothing new."""
        notes, self._notes = self._notes, []
        return "\n".join(notes) or None

    @property
    def kept(self) -> bool:
        """Whether answers outlive this session."""
        return self._memory is None

    # How it is done ----------------------------------------------------------------------------------------------

    def _time(self) -> str:
        return self.now().astimezone(datetime.UTC).isoformat(timespec="microseconds")

    def _write(self, statement: str, values: tuple) -> None:
        self._waiting.append((statement, values))

        def write_what_waits(connection: sqlite3.Connection) -> bool:
            with connection:
                for waiting in self._waiting:
                    connection.execute(*waiting)
            return True

        if self._attempt(write_what_waits):
            self._waiting.clear()

    def _read(self, query: str) -> Sequence[tuple]:
        return self._attempt(lambda connection: connection.execute(query).fetchall()) or []

    def _attempt(self, work: Callable[[sqlite3.Connection], Any], mended: bool = False) -> Any:
        """Do `work` on the file; None when the file is locked. Whatever else is wrong with it is mended first."""
        try:
            with self._open() as connection:
                return work(connection)
        except sqlite3.OperationalError as error:
            if "locked" in str(error) or "busy" in str(error):
                self._note("locked", file=self.path.name)
                return None
            self._go_on_in_memory(str(error))
        except sqlite3.DatabaseError as error:
            if mended or not self._move_aside():
                self._go_on_in_memory(str(error))
        except OSError as error:
            self._go_on_in_memory(error.strerror or str(error))
        return self._attempt(work, mended=True)

    @contextlib.contextmanager
    def _open(self) -> Iterator[sqlite3.Connection]:
        if self._memory is not None:
            yield self._memory
            return
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with contextlib.closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as connection:
            (version,) = connection.execute("PRAGMA user_version").fetchone()
            if version > VERSION:
                raise OSError(t("questions.progress_newer"))
            connection.execute("PRAGMA secure_delete = ON")
            if version < VERSION:
                connection.executescript(f"BEGIN IMMEDIATE; {_UPGRADE} COMMIT;")
            yield connection

    def _go_on_in_memory(self, reason: str) -> None:
        self._memory = _in_memory()
        self._note("unwritable", file=self.path.name, reason=reason)
        if not self.path.is_file():
            return
        address = f"{self.path.absolute().as_uri()}?mode=ro&immutable=1"
        try:
            with contextlib.closing(sqlite3.connect(address, uri=True)) as readable:
                (version,) = readable.execute("PRAGMA user_version").fetchone()
                if 1 <= version <= VERSION:
                    readable.backup(self._memory)
                    self._memory.executescript(_UPGRADE)
        except sqlite3.DatabaseError:
            self._memory = _in_memory()  # nothing in it can be read; the note above has said so

    def _move_aside(self) -> bool:
        if self._is_whole():
            return True  # another process of the course has just moved the damaged one
        stamp = self.now().strftime("%Y%m%dT%H%M%S")
        aside = self.path.with_name(f"{self.path.stem}-damaged-{stamp}{self.path.suffix}")
        try:
            if aside.exists():
                return False
            os.rename(self.path, aside)
        except FileNotFoundError:
            return True
        except OSError:
            return False
        self._note("damaged", file=self.path.name, aside=aside.name)
        return True

    def _is_whole(self) -> bool:
        try:
            with contextlib.closing(sqlite3.connect(self.path, timeout=_PATIENCE)) as connection:
                return connection.execute("PRAGMA quick_check").fetchone() == ("ok",)
        except sqlite3.DatabaseError:
            return False

    def _note(self, what: str, **values: str) -> None:
        if what not in self._said:
            self._said.add(what)
            self._notes.append(t(f"questions.progress_{what}", **values))


def _in_memory() -> sqlite3.Connection:
    connection = sqlite3.connect(":memory:", check_same_thread=False)
    connection.executescript(_UPGRADE)
    return connection


def current() -> Record:
    """Return the learner's record: where ``SCALING_LAWS_PROGRESS`` says, else where the system keeps such files."""
    chosen = os.environ.get(ENVIRONMENT_VARIABLE, "").strip()
    return _record_at(chosen)


@functools.cache
def _record_at(chosen: str) -> Record:
    if chosen.lower() in OFF:
        return Record(None)
    if chosen:
        return Record(Path(chosen).expanduser())
    import platformdirs

    return Record(platformdirs.user_data_path("scaling-laws-course", appauthor=False) / "progress.sqlite")
