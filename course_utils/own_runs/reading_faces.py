"""Write a reading in the reader's language: guesses with their reasons, and the questions that are left."""

from __future__ import annotations

from html import escape

from course_utils.fitting.presentation import align, html_table
from course_utils.i18n import format_bytes, language, t
from course_utils.own_runs.guessing import Question
from course_utils.own_runs.reading import Reading
from course_utils.own_runs.said import listed


def source_line(reading: Reading) -> str:
    """Say which file was read, and how."""
    table = reading.table
    marks = {",": "comma", ";": "semicolon", "\t": "tab", "|": "bar"}
    return t(
        "own_runs.reading.sample" if table.sample else "own_runs.reading.file",
        name=table.name,
        rows=len(table.rows),
        size=format_bytes(table.n_bytes),
        encoding=table.encoding.removesuffix("-sig").upper(),
        delimiter=t(f"own_runs.reading.{marks.get(table.delimiter, 'other')}"),
        decimal=t("own_runs.reading.decimal_comma" if reading.decimal == "," else "own_runs.reading.decimal_point"),
    )


def guesses(reading: Reading, *, reasons: bool = True) -> tuple[list[str], list[list[str]]]:
    """Return heading and rows of the table of guesses."""
    head = [t(f"own_runs.reading.head_{key}") for key in ("role", "column", "unit", "why")]
    rows = []
    for role, guess in reading.columns.items():
        unit = reading.units.get(role)
        why = [guess.reason.words(), *([unit.reason.words()] if unit is not None else [])]
        sure = guess.sure and (unit is None or unit.sure or reading.choices.confirmed)
        rows.append(
            [
                t(f"own_runs.role.{role}"),
                guess.value,
                t(f"own_runs.unit.{unit_key(role, unit.value)}") if unit is not None else "",
                ("" if sure else "? ") + ("" if language() == "zh" else " ").join(dict.fromkeys(why)),
            ]
        )
    return (head, rows) if reasons else (head[:3], [row[:3] for row in rows])


def unit_key(role: str, unit: str) -> str:
    """Name a unit in the language files: a column of counts of one has the unit of its role."""
    return f"ones_{role}" if unit == "ones" else unit


def unused(reading: Reading) -> list[str]:
    """Return the headings that play no role."""
    used = {guess.value for guess in reading.columns.values()}
    return [heading for heading in reading.table.header if heading and heading not in used]


def answers(question: Question) -> str:
    """Write how to answer a question in code, every option."""
    if question.kind == "decimal":
        return " | ".join(f'runs.choose(decimal="{option}")' for option in question.options)
    options = " | ".join(f'"{option}"' for option in question.options)
    return f'runs.choose({question.kind}s={{"{question.role}": {options}}})'


def _below(reading: Reading) -> list[str]:
    lines = []
    if names := unused(reading):
        lines.append(t("own_runs.reading.unused", names=listed(names)))
    lines += [t("own_runs.reading.skipped", line=line, reason=reason.words()) for line, reason in reading.table.skipped]
    return lines


def reading_text(reading: Reading) -> str:
    """Write a reading as lines of text."""
    lines = [source_line(reading), "", *align(*guesses(reading)), *_below(reading), ""]
    for question in reading.questions:
        mark = t("own_runs.reading.must" if question.blocking else "own_runs.reading.may")
        lines += [f"? {question.words()} {mark}", f"  {answers(question)}"]
    lines.append(t("own_runs.reading.asked" if reading.questions else "own_runs.reading.clear"))
    return "\n".join(lines)


def reading_html(reading: Reading, *, next_step: str | None = None) -> str:
    """Write a reading as HTML; a page with buttons says its own next step, without one it is said in code."""
    head, rows = guesses(reading)
    parts = [html_table(head, rows, source_line(reading)), *(f"<p>{escape(line)}</p>" for line in _below(reading))]
    for question in reading.questions:
        mark = t("own_runs.reading.must" if question.blocking else "own_runs.reading.may")
        code = "" if next_step is not None else f"<br><code>{escape(answers(question))}</code>"
        parts.append(f"<p><strong>?</strong> {escape(question.words())} {escape(mark)}{code}</p>")
    last = next_step or t(f"own_runs.reading.{'asked' if reading.questions else 'clear'}")
    parts.append(f"<p>{escape(last)}</p>")
    return f'<div class="own-runs">{"".join(parts)}</div>'
