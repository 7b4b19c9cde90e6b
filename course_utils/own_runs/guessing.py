"""Guess columns and units, with the reason of every guess; ask where names and numbers do not settle it."""

from __future__ import annotations

import itertools
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils.own_runs import headings
from course_utils.own_runs.cells import parse
from course_utils.own_runs.said import Refusal, Said, said
from course_utils.own_runs.units import UNITS, Array, by_magnitude, convert, fits

if TYPE_CHECKING:
    from course_utils.own_runs.reading import Choices
    from course_utils.own_runs.source import Table

Texts = Mapping[str, list[tuple[int, str]]]

_AGREES = 0.4  # powers of ten: C and 6ND of one run differ by embeddings, attention and the like, not by more
_APART = 0.8  # powers of ten between the best reading of the units and the next
_SCALES = ("params", "tokens", "flops")


@dataclass(frozen=True)
class Guess:
    """Hold a heading or a unit, why, and whether names and numbers leave no doubt."""

    value: str
    reason: Said
    sure: bool = True


@dataclass(frozen=True)
class Question:
    """Hold a question to the reader.

    Attributes
    ----------
    role : what it is about
    kind : "column", "unit" or "decimal"
    text : the question
    options : the answers there are; `guess` is the one in use until the reader says otherwise
    blocking : no analysis before it is answered: the wrong answer would change the result beyond use
    """

    role: str
    kind: str
    text: Said
    options: tuple[str, ...]
    guess: str
    blocking: bool = False

    def words(self) -> str:
        """Say it in the reader's language."""
        return self.text.words()


def columns(table: Table, choices: Choices) -> tuple[dict[str, Guess], list[Question]]:
    """Give each role the column that its heading fits best.

    Raises
    ------
    Refusal
        If there is no column of losses, or none of parameters, tokens or compute.
    """
    taken = {heading for heading in choices.columns.values() if heading}
    free = {i for i, heading in enumerate(table.header) if heading and heading not in taken}
    found: dict[str, Guess] = {}
    fit = {
        (role, i): hit
        for role in headings.ROLES
        if role not in choices.columns
        for i in free
        if (hit := headings.match(table.header[i], role))
    }
    by_role: dict[str, list[int]] = {}
    # The best fit of all goes first, so that "model size" is a size before "model" is a name.
    for (role, i), hit in sorted(fit.items(), key=lambda item: (-item[1].score, item[1].rank, item[0][1])):
        by_role.setdefault(role, []).append(i)
        if role in found or i not in free:
            continue
        found[role] = Guess(table.header[i], said(f"reason.name_{hit.score}", heading=table.header[i]), hit.score > 1)
        free.discard(i)
    for role, heading in choices.columns.items():
        if heading:
            found[role] = Guess(heading, said("reason.yours"))
    if "loss" not in found:
        raise Refusal("no_loss", table.name, headings=table.header, cure='columns={"loss": "…"}')
    if not found.keys() & {"params", "tokens", "flops", "budget"}:
        cure = 'columns={"params": "…", "tokens": "…"}'
        raise Refusal("no_scale", table.name, headings=table.header, cure=cure)
    if "flops" not in found and not {"params", "tokens"} <= found.keys() and "budget" in found:
        found["flops"] = Guess(found["budget"].value, said("reason.budget", heading=found["budget"].value), False)
        del found["budget"]
    questions = []
    for role in (*_SCALES, "loss"):
        rivals = [table.header[i] for i in by_role.get(role, []) if table.header[i] != found[role].value]
        taken_elsewhere = {guess.value for other, guess in found.items() if other != role}
        rivals = [heading for heading in rivals if heading not in taken_elsewhere]
        if role in found and role not in choices.columns and (rivals or not found[role].sure):
            options = (found[role].value, *rivals)
            key = "question.column_rivals" if rivals else "question.column"
            text = said(key, role=said(f"role.{role}"), heading=found[role].value, rivals=tuple(rivals))
            questions.append(Question(role, "column", text, options, found[role].value))
    return {role: found[role] for role in headings.ROLES if role in found}, questions


def decimal_question(line: int) -> Question:
    """Ask what 1,234 means in a file that shows it nowhere else."""
    return Question("decimal", "decimal", said("question.decimal", line=line), (".", ","), ".", blocking=True)


def units(
    found: Mapping[str, Guess], texts: Texts, decimal: str, choices: Choices
) -> tuple[dict[str, Guess], list[Question]]:
    """Guess the unit of each column of numbers from the cells, its heading, its numbers, and C = 6ND."""
    raw = {role: _numbers(column, decimal) for role, column in texts.items()}
    base = _log_base([found[role].value for role in raw], raw)
    guesses = {
        role: _unit(role, found[role].value, values, scaled, choices, base) for role, (values, scaled) in raw.items()
    }
    numbers = {role: values for role, (values, _) in raw.items()}
    guesses |= _by_six_nd(guesses, texts, decimal, numbers)
    questions = []
    for role, guess in guesses.items():
        if guess.sure or role == "budget":
            continue
        options = tuple(unit for unit in UNITS[role] if len(numbers[role]) == 0 or fits(numbers[role], role, unit))
        text = said(
            "question.unit",
            role=said(f"role.{role}"),
            heading=found[role].value,
            low=_ends(numbers[role])[0],
            high=_ends(numbers[role])[1],
            unit=said(f"unit.{guess.value}"),
            reason=guess.reason,
        )
        # Bits for nats scale the whole curve; a wrong scale of N or D moves the plan by powers of ten.
        blocking = role != "loss" or guess.value == "perplexity"
        questions.append(Question(role, "unit", text, options or UNITS[role], guess.value, blocking))
    return guesses, questions


def _ends(values: Array) -> tuple[float | str, float | str]:
    return (float(values.min()), float(values.max())) if len(values) else ("?", "?")


def _numbers(column: list[tuple[int, str]], decimal: str) -> tuple[Array, bool]:
    """Return the positive numbers of a column and whether every one of them names its own scale."""
    read = [cell for cell in (parse(text, decimal) for _, text in column) if cell.kind == "number" and cell.value > 0]
    return np.array([cell.value for cell in read]), bool(read) and all(cell.scaled for cell in read)


def _log_base(names: list[str], roles: Mapping) -> str | None:
    """Return the one base that headings of the table name, for those that say only "log"."""
    named = {headings.unit_named(name, role) for name, role in zip(names, roles, strict=True)} & {"log10", "ln"}
    return next(iter(named)) if len(named) == 1 else None


def _unit(role: str, heading: str, values: Array, scaled: bool, choices: Choices, base: str | None) -> Guess:
    if role in choices.units:
        return Guess(choices.units[role], said("reason.yours"))
    if not len(values):
        return Guess(UNITS[role][0], said("reason.no_numbers"))
    if scaled:
        return Guess("ones", said("reason.cells"))
    named = headings.unit_named(heading, role)
    if named == "log" and base is not None:
        named = base
    elif named == "log":
        named = "log10" if fits(values, role, "log10") else "ln"
        sure = not (fits(values, role, "log10") and fits(values, role, "ln"))
        return Guess(named, said("reason.heading_log", heading=heading), sure)
    unit, sure = by_magnitude(values, role)
    low, high = _ends(values)
    if named is None:
        return Guess(unit, said(f"reason.size_{unit}", low=low, high=high), sure)
    if fits(values, role, named):
        return Guess(named, said("reason.heading", heading=heading, unit=said(f"unit.{named}")))
    if fits(values, role, unit):
        return Guess(unit, said("reason.conflict", heading=heading, low=low, high=high), False)
    return Guess(named, said("reason.heading", heading=heading, unit=said(f"unit.{named}")), False)


def _by_six_nd(guesses: Mapping[str, Guess], texts: Texts, decimal: str, numbers: Mapping[str, Array]) -> dict:
    """Settle doubtful units of N, D and C by the one reading under which C is about 6ND."""
    doubtful = [role for role in _SCALES if role in guesses and not guesses[role].sure]
    if not doubtful or not all(role in guesses for role in _SCALES):
        return {}
    rows = [[parse(text, decimal).value for _, text in column] for column in (texts[role] for role in _SCALES)]
    whole = [i for i in range(len(rows[0])) if all(column[i] is not None and column[i] > 0 for column in rows)]
    if not whole:
        return {}
    raw = {role: np.array([column[i] for i in whole]) for role, column in zip(_SCALES, rows, strict=True)}
    options = [
        [u for u in UNITS[role] if fits(numbers[role], role, u)] if role in doubtful else [guesses[role].value]
        for role in _SCALES
    ]
    scored = []
    for combination in itertools.product(*options):
        n, d, c = (convert(raw[role], unit) for role, unit in zip(_SCALES, combination, strict=True))
        ratio = np.log10(c / (6 * n * d))
        scored.append((float(np.abs(ratio).max()), float(np.median(ratio)), combination))
    scored.sort()
    if not scored or scored[0][0] > _AGREES or (len(scored) > 1 and scored[1][0] < _APART):
        return {}
    _, median, combination = scored[0]
    settled = dict(zip(_SCALES, combination, strict=True))
    return {role: Guess(settled[role], said("reason.six_nd", ratio=float(10**median))) for role in doubtful}
