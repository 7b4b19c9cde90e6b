"""From texts to arrays: counts and nats, what was left out and why, what was filled in and how."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_utils.own_runs.cells import Cell, clean, parse
from course_utils.own_runs.reading import Reading
from course_utils.own_runs.said import Refusal, Said, said
from course_utils.own_runs.units import convert

Array = NDArray[np.float64]

SCALES = ("params", "tokens", "flops")
# What a column of states says of a run that diverged or did not come to its end.
_UNFINISHED_WORDS = (
    "true|1|1.0|yes|y|nan|oom|diverged|failed|crashed|killed|preempted|error|cancelled|canceled|timeout|running|"
    "pending|是|发散|失败|运行中|中断|có|đúng|phân kỳ|hỏng|lỗi|đang chạy|bị hủy"
)
_UNFINISHED = frozenset(_UNFINISHED_WORDS.split("|"))
_LARGEST_GAP = 4.0  # powers of ten between neighbouring sizes: a table with a wider one mixes units
_LARGEST_SPAN = {"params": 9.0, "tokens": 9.0, "flops": 15.0}  # powers of ten from first to last
_LARGEST_LOSS_GAP = 30.0  # factor between neighbouring losses, as they stand in the file


@dataclass(frozen=True)
class Excluded:
    """Hold a row that no fit sees: its line, its run's name where there is one, and the reason."""

    line: int
    run: str
    reason: Said


@dataclass(frozen=True, eq=False)
class Runs:
    """Hold the runs of a file, ready for a fit.

    Attributes
    ----------
    lines : array of shape (n_runs,), lines of the file
    names : of the runs, or empty texts
    params, tokens, flops : arrays of shape (n_runs,), counts; None where the file does not tell
    loss : array of shape (n_runs,), nats per token, or per byte where `per_byte`
    budget : array of shape (n_runs,), the compute each run was meant for; None where the file does not tell
    excluded : rows left out, in the order of the file
    notes : what was filled in or converted
    flops_per_param_token : median of C / (N D) over the runs that tell all three; None where none does
    n_rows : rows of the file
    """

    reading: Reading
    lines: NDArray[np.int64]
    names: tuple[str, ...]
    params: Array | None
    tokens: Array | None
    flops: Array | None
    loss: Array
    budget: Array | None
    per_byte: bool
    excluded: tuple[Excluded, ...]
    notes: tuple[Said, ...]
    flops_per_param_token: float | None
    n_rows: int

    def __len__(self) -> int:
        return len(self.loss)

    @property
    def labels(self) -> NDArray[np.intp] | None:
        """Number the runs' names where some name has several rows, for drawing those rows together."""
        if all(self.names) and len(set(self.names)) < len(self.names):
            return np.unique(np.array(self.names), return_inverse=True)[1]
        return None

    @property
    def repeated(self) -> bool:
        """Whether some size was trained more than once, so that the scatter between seeds shows."""
        known = [c for c in (self.params, self.tokens, self.flops) if c is not None]
        sizes = {tuple(f"{v:.6g}" for v in row) for row in zip(*known, strict=True)}
        return len(sizes) < len(self)


def make_runs(reading: Reading) -> Runs:
    """Turn a reading into arrays.

    Raises
    ------
    Refusal
        If a blocking question is open, or a cell holds text, a percentage, zero, a negative number or another unit.
    """
    table = reading.table
    roles = [role for role in (*SCALES, "loss", "budget") if role in reading.columns]
    parsed = {role: {line: parse(text, reading.decimal) for line, text in reading.cells(role)} for role in roles}
    _refuse_open_questions(reading, parsed)
    names = _labels(reading, "run")
    excluded: dict[int, Said] = {line: said("excluded.yours") for line in reading.choices.leave_out}
    _leave_out_unfinished(reading, excluded)
    _leave_out_missing(reading, parsed, excluded)
    kept = [row.line for row in table.rows if row.line not in excluded]
    _refuse_bad_cells(reading, parsed, kept)
    columns = {role: _converted(reading, role, parsed[role], kept) for role in roles}
    columns, notes, ratio = _filled_in(reading, columns, kept)
    _refuse_mixed_units(reading, parsed, columns, kept)
    _leave_out_checkpoints(reading, columns, names, kept, excluded)
    _leave_out_copies(reading, columns, names, kept, excluded)
    use = np.array([line not in excluded for line in kept], dtype=bool)
    lines = np.array(kept, dtype=np.int64)[use] if kept else np.empty(0, dtype=np.int64)
    unit = reading.units["loss"].value
    if unit != "nats":
        notes.append(said(f"note.{unit}"))
    return Runs(
        reading=reading,
        lines=lines,
        names=tuple(names.get(int(line), "") for line in lines),
        params=_column(columns, "params", use),
        tokens=_column(columns, "tokens", use),
        flops=_column(columns, "flops", use),
        loss=columns["loss"][use],
        budget=_column(columns, "budget", use),
        per_byte=unit in ("bits_per_byte", "nats_per_byte"),
        excluded=tuple(Excluded(line, names.get(line, ""), excluded[line]) for line in sorted(excluded)),
        notes=tuple(notes),
        flops_per_param_token=ratio,
        n_rows=len(table.rows),
    )


def _refuse_open_questions(reading: Reading, parsed: dict[str, dict[int, Cell]]) -> None:
    """Refuse while a blocking question is open; a column in two units is the better reason, for no answer cures it."""
    for question in (question for question in reading.questions if question.blocking):
        if question.kind == "unit":
            cells = {line: cell for line, cell in parsed[question.role].items() if cell.kind == "number"}
            positive = {line: cell.value for line, cell in cells.items() if cell.value > 0}
            _refuse_mixed(reading, question.role, np.array(list(positive.values())), list(positive))
        raise Refusal("open_question", reading.name, question=question.text, cure=_answer(question))


def _answer(question) -> str:
    if question.kind == "decimal":
        return f'.choose(decimal="{question.guess}")'
    return f'.choose({question.kind}s={{"{question.role}": "{question.guess}"}})'


def _column(columns: Mapping[str, Array], role: str, use: NDArray[np.bool_]) -> Array | None:
    return columns[role][use] if role in columns else None


def _labels(reading: Reading, role: str) -> dict[int, str]:
    return dict(reading.cells(role)) if role in reading.columns else {}


def _leave_out_unfinished(reading: Reading, excluded: dict[int, Said]) -> None:
    for line, text in _labels(reading, "diverged").items():
        if clean(text).lower() in _UNFINISHED:
            heading = reading.columns["diverged"].value
            excluded.setdefault(line, said("excluded.unfinished", heading=heading, text=text))


def _leave_out_missing(reading: Reading, parsed: dict[str, dict[int, Cell]], excluded: dict[int, Said]) -> None:
    """Leave out rows without a loss, or without sizes that could be filled in from C = 6ND."""
    texts = {role: dict(reading.cells(role)) for role in parsed}
    scales = [role for role in SCALES if role in parsed]
    for row in reading.table.rows:
        lost = [role for role in scales if parsed[role][row.line].kind == "missing"]
        role = None
        if parsed["loss"][row.line].kind == "missing":
            role = "loss"
        elif lost and not (len(scales) == 3 and len(lost) == 1):
            role = lost[0]
        if role:
            heading, text = reading.columns[role].value, texts[role][row.line]
            key = "excluded.missing" if text else "excluded.blank"
            excluded.setdefault(row.line, said(key, heading=heading, text=text))


def _refuse_bad_cells(reading: Reading, parsed: dict[str, dict[int, Cell]], kept: list[int]) -> None:
    texts = {role: dict(reading.cells(role)) for role in parsed}
    for role, cells in parsed.items():
        heading = reading.columns[role].value
        logs = role != "loss" and reading.units[role].value in ("log10", "ln")
        bad: dict[str, list[int]] = {"percent": [], "text": [], "negative": [], "zero": []}
        for line in kept:
            cell = cells[line]
            if cell.kind in ("percent", "text"):
                bad[cell.kind].append(line)
            elif cell.kind == "number" and cell.value <= 0 and not logs:
                bad["negative" if cell.value < 0 else "zero"].append(line)
        for kind, lines in bad.items():
            if lines:
                code = f"percent_{'loss' if role == 'loss' else 'count'}" if kind == "percent" else kind
                fields = {"heading": heading, "text": texts[role][lines[0]]}
                if kind == "negative":
                    fields["cure"] = f'units={{"{role}": "log10"}}'
                raise Refusal(code, reading.name, tuple(lines), **fields)


def _converted(reading: Reading, role: str, cells: dict[int, Cell], kept: list[int]) -> Array:
    """Convert a column; NaN where a cell is missing."""
    raw = np.array([cells[line].value if cells[line].kind == "number" else np.nan for line in kept], dtype=float)
    scaled = np.array([cells[line].scaled for line in kept], dtype=bool)
    out = np.where(scaled, raw, convert(raw, reading.units[role].value))
    bad = ~np.isnan(raw) & ~((out > 0) & np.isfinite(out))
    if bad.any():
        lines = tuple(line for line, wrong in zip(kept, bad, strict=True) if wrong)
        unit = said(f"unit.{reading.units[role].value}")
        raise Refusal(
            "unit_impossible",
            reading.name,
            lines,
            heading=reading.columns[role].value,
            unit=unit,
            cure=f'units={{"{role}": "…"}}',
        )
    return out


def _filled_in(
    reading: Reading, columns: dict[str, Array], kept: list[int]
) -> tuple[dict[str, Array], list[Said], float | None]:
    """Fill in the third of N, D and C from the other two."""
    notes: list[Said] = []
    have = {role: columns.get(role, np.full(len(kept), np.nan)) for role in SCALES}
    n, d, c = (have[role] for role in SCALES)
    both = np.isfinite(n) & np.isfinite(d) & np.isfinite(c)
    ratio = float(np.median(c[both] / (n[both] * d[both]))) if both.any() else None
    for role, filled in (("flops", 6 * n * d), ("tokens", c / (6 * n)), ("params", c / (6 * d))):
        gaps = np.isnan(have[role]) & np.isfinite(filled)
        if gaps.any():
            notes.append(said(f"note.{role}_filled", count=int(gaps.sum())))
            have[role] = np.where(gaps, filled, have[role])
    known = {role: have[role] for role in SCALES if len(kept) and np.isfinite(have[role]).all()}
    return {**known, **{role: columns[role] for role in columns if role not in SCALES}}, notes, ratio


def _refuse_mixed_units(
    reading: Reading, parsed: dict[str, dict[int, Cell]], columns: dict[str, Array], kept: list[int]
) -> None:
    for role in (role for role in (*SCALES, "loss") if role in parsed and role in columns):
        as_written = np.array([parsed[role][line].value for line in kept]) if role == "loss" else columns[role]
        _refuse_mixed(reading, role, as_written, kept)


def _refuse_mixed(reading: Reading, role: str, values: Array, lines: list[int]) -> None:
    """Refuse a column with a gap, or a span, that no set of runs in one unit has; the smaller side is at fault."""
    if len(values) < 2:
        return
    gap, span = (np.log10(_LARGEST_LOSS_GAP), np.inf) if role == "loss" else (_LARGEST_GAP, _LARGEST_SPAN[role])
    logs = np.log10(values)
    order = np.argsort(logs, kind="stable")
    steps = np.diff(logs[order])
    if steps.max() <= gap and np.ptp(logs) <= span:
        return
    cut = int(np.argmax(steps)) + 1
    few = order[:cut] if cut <= len(order) - cut else order[cut:]
    raise Refusal(
        "mixed_units",
        reading.name,
        tuple(sorted(lines[i] for i in few)),
        heading=reading.columns[role].value,
        low=float(values.min()),
        high=float(values.max()),
    )


def _leave_out_checkpoints(
    reading: Reading,
    columns: dict[str, Array],
    names: dict[int, str],
    kept: list[int],
    excluded: dict[int, Said],
) -> None:
    """Keep the last checkpoint of each run: earlier ones had not finished their schedule of learning rates."""
    if "step" not in reading.columns or "run" not in reading.columns:
        return
    steps = {line: parse(text, reading.decimal).value for line, text in reading.cells("step")}
    sizes = columns.get("params", np.zeros(len(kept)))
    last: dict[tuple[str, float], int] = {}
    for line, size in zip(kept, sizes, strict=True):
        key = (names[line], float(size))
        if steps[line] is not None and (key not in last or steps[line] > steps[last[key]]):
            last[key] = line
    for line, size in zip(kept, sizes, strict=True):
        final = last.get((names[line], float(size)))
        if final is not None and steps[line] is not None and steps[line] < steps[final]:
            excluded.setdefault(line, said("excluded.checkpoint", line=final))


def _leave_out_copies(
    reading: Reading,
    columns: dict[str, Array],
    names: dict[int, str],
    kept: list[int],
    excluded: dict[int, Said],
) -> None:
    """Leave out rows that repeat an earlier one in everything that counts, the run's name and seed included."""
    seeds = _labels(reading, "seed")
    seen: dict[tuple, int] = {}
    for i, line in enumerate(kept):
        if line in excluded:
            continue
        sizes = tuple(float(columns[role][i]) for role in (*SCALES, "loss") if role in columns)
        key = (sizes, names.get(line, ""), seeds.get(line, ""))
        if key in seen:
            excluded[line] = said("excluded.copy", line=seen[key])
        else:
            seen[key] = line
