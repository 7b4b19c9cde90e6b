"""A file of runs with what its columns are taken to be: every guess with its reason, every doubt as a question."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from types import MappingProxyType
from typing import Any

from course_utils.own_runs import cells, guessing, source
from course_utils.own_runs.guessing import Guess, Question
from course_utils.own_runs.headings import ROLES
from course_utils.own_runs.said import Refusal
from course_utils.own_runs.units import UNITS


@dataclass(frozen=True)
class Choices:
    """Hold what the reader has said: it overrules every guess."""

    columns: Mapping[str, str | None] = field(default_factory=dict)
    units: Mapping[str, str] = field(default_factory=dict)
    decimal: str | None = None
    leave_out: tuple[int, ...] = ()
    confirmed: bool = False


@dataclass(frozen=True, eq=False)
class Reading:
    """Hold a file of runs as it was understood.

    Attributes
    ----------
    table : the file as texts, with the lines
    columns : for each role ("params", "tokens", "flops", "loss", "run", ...) the heading, as a `Guess`
    units : for each column of numbers its unit, as a `Guess`
    questions : what could not be settled from names and numbers; a blocking one must be answered before an analysis
    decimal : the decimal mark
    choices : what the reader has said so far
    """

    table: source.Table
    columns: Mapping[str, Guess]
    units: Mapping[str, Guess]
    questions: tuple[Question, ...]
    decimal: str
    choices: Choices

    @property
    def name(self) -> str:
        """The file's name."""
        return self.table.name

    def choose(
        self,
        *,
        columns: Mapping[str, str | None] | None = None,
        units: Mapping[str, str] | None = None,
        decimal: str | None = None,
        leave_out: Sequence[int] | None = None,
    ) -> Reading:
        """Return the reading with some guesses confirmed or changed.

        Parameters
        ----------
        columns : heading by role, ``{"params": "N (M)", "budget": None}``; None for "not in this file"
        units : unit by role, ``{"params": "millions", "loss": "bits"}``
        decimal : ``"."`` or ``","``
        leave_out : lines of the file to leave out; they are listed among the exclusions

        Raises
        ------
        ValueError
            If there is no such role, heading, unit or line.

        Examples
        --------
        >>> from course_utils import own_runs
        >>> runs = own_runs.read(b"size,tokens,loss\\n1.3,2e10,3.1\\n7,2e10,2.9\\n13,2e10,2.8\\n", name="a.csv")
        >>> [question.role for question in runs.questions]
        ['params']
        >>> runs.choose(units={"params": "billions"}).questions
        ()
        """
        old = self.choices
        # A unit was chosen for a column: another column in its place is another question.
        kept = {role: unit for role, unit in old.units.items() if role not in (columns or {})}
        return _understand(
            self.table,
            Choices(
                columns={**old.columns, **(columns or {})},
                units={**kept, **(units or {})},
                decimal=decimal or old.decimal,
                leave_out=old.leave_out if leave_out is None else tuple(int(line) for line in leave_out),
            ),
        )

    def confirm(self) -> Reading:
        """Return the reading with every guess confirmed as it stands: no question is left."""
        return _understand(self.table, replace(self.choices, confirmed=True))

    def _as_choices(self) -> Choices:
        absent = {role: None for role, heading in self.choices.columns.items() if heading is None}
        return Choices(
            {**{role: guess.value for role, guess in self.columns.items()}, **absent},
            {role: guess.value for role, guess in self.units.items()},
            self.decimal,
            self.choices.leave_out,
        )

    def arguments(self) -> dict[str, Any]:
        """Return the arguments with which `read` comes to the same understanding without guessing."""
        chosen = self._as_choices()
        out: dict[str, Any] = {"columns": dict(chosen.columns), "units": dict(chosen.units)}
        if self.decimal == ",":
            out["decimal"] = ","
        if chosen.leave_out:
            out["leave_out"] = list(chosen.leave_out)
        return out

    def cells(self, role: str) -> list[tuple[int, str]]:
        """Return line and text of every cell of a role's column."""
        i = self.table.header.index(self.columns[role].value)
        return [(row.line, row.cells[i]) for row in self.table.rows]

    def summary(self) -> str:
        """Describe the guesses and the open questions in the reader's language."""
        from course_utils.own_runs.reading_faces import reading_text

        return reading_text(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from course_utils.own_runs.reading_faces import reading_html

        return reading_html(self)


def read(
    source_of_runs: Any = None,
    *,
    name: str | None = None,
    columns: Mapping[str, str | None] | None = None,
    units: Mapping[str, str] | None = None,
    decimal: str | None = None,
    leave_out: Sequence[int] = (),
) -> Reading:
    """Read a table of training runs, one row a run, and say how it was understood.

    Parameters
    ----------
    source_of_runs : path of a CSV file, its bytes, or a DataFrame; None reads the course's own ladder as a sample
    name : what to call the table where it has no file name
    columns, units, decimal, leave_out : what you know already; see `Reading.choose`

    Returns
    -------
    Reading
        Shows itself: the guesses, each with its reason, and the questions that are left.

    Raises
    ------
    Refusal
        A ValueError in the reader's language that names the file, the line and the cure.
    FileNotFoundError
        If the path leads nowhere.

    Examples
    --------
    >>> runs = read(b"run;N (M);D (B);val_loss\\na;125;2,5;3,31\\nb;350;7;3,02\\n", name="runs.csv")
    >>> {role: guess.value for role, guess in runs.units.items()}, runs.decimal
    ({'params': 'millions', 'tokens': 'billions', 'loss': 'nats'}, ',')
    """
    if source_of_runs is None:
        from course_utils.own_runs.sample import sample_table

        table = sample_table()
    else:
        table = source.load(source_of_runs, name)
    return _understand(table, Choices(dict(columns or {}), dict(units or {}), decimal, tuple(leave_out)))


def _understand(table: source.Table, choices: Choices) -> Reading:
    _check(table, choices)
    columns, questions = guessing.columns(table, choices)
    at = {role: table.header.index(guess.value) for role, guess in columns.items()}
    lines = set(choices.leave_out)
    texts = {
        role: [(row.line, row.cells[i]) for row in table.rows if row.line not in lines]
        for role, i in at.items()
        if role in UNITS
    }
    decimal, doubt = _decimal(table, texts, choices)
    units, more = guessing.units(columns, texts, decimal, choices)
    questions = () if choices.confirmed else (*questions, *doubt, *more)
    return Reading(table, MappingProxyType(columns), MappingProxyType(units), questions, decimal, choices)


def _check(table: source.Table, choices: Choices) -> None:
    for role, heading in choices.columns.items():
        if role not in ROLES:
            raise ValueError(f"columns: {role!r} is no role. Roles are: {', '.join(ROLES)}.")
        if heading is not None and heading not in table.header:
            raise Refusal("no_such_column", table.name, heading=heading, headings=table.header)
    for role, unit in choices.units.items():
        if unit not in UNITS.get(role, ()):
            known = ", ".join(UNITS.get(role, ())) or "none: only " + ", ".join(UNITS) + " have units"
            raise ValueError(f"units: {unit!r} is no unit of {role!r}. Units are: {known}.")
    if choices.decimal not in (None, ".", ","):
        raise ValueError(f"decimal: '.' or ',', not {choices.decimal!r}.")
    unknown = set(choices.leave_out) - {row.line for row in table.rows}
    if unknown:
        raise ValueError(f"leave_out: the table has no row on line {min(unknown)}. Give lines of the file.")


def _decimal(
    table: source.Table, texts: Mapping[str, list[tuple[int, str]]], choices: Choices
) -> tuple[str, tuple[Question, ...]]:
    """Find the decimal mark of the file from the columns of numbers."""
    if choices.decimal:
        return choices.decimal, ()
    mark, proofs, unclear = cells.find_decimal(cell for column in texts.values() for cell in column)
    if len(proofs) == 2:
        first, second = sorted(proofs.values())
        raise Refusal("mixed_decimals", table.name, (first, second))
    if mark:
        return mark, ()
    if unclear is None:
        return ".", ()
    # A loss of 2,345 nats does not exist: there the comma can only be a decimal mark.
    if any(cells.decimal_evidence(text) == "?" for _, text in texts.get("loss", ())):
        return ",", ()
    return ".", (guessing.decimal_question(unclear),)
