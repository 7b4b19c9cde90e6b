"""What the learner's own record says: by lesson, by topic, and what to look at again; export and erase it."""

from __future__ import annotations

import csv
import dataclasses
import html
import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from course_utils.i18n import format_flops, format_number, t
from course_utils.questions import record
from course_utils.questions.bank import find, lesson_file, lessons, names, read_bank
from course_utils.questions.cards import find_card
from course_utils.questions.checking import _with_note
from course_utils.questions.faces import Words
from course_utils.questions.record import Answer, Prediction

WEAK_SPOTS = 8
PREDICTIONS = 8
"""So many of the latest sealed predictions are shown; the export has all."""


@dataclass(frozen=True)
class Line:
    """One line of the overview: a lesson or a topic.

    Attributes
    ----------
    name : str
        Number of the lesson or name of the topic.
    asked : int
        Different questions answered.
    right : int
        Of these, how many were right in the end.
    alone : int
        Of these, how many right at the first try and without a hint.
    total : int or None
        How many questions there are; None for drills and interviews, which have no end.
    """

    name: str
    asked: int
    right: int
    alone: int
    total: int | None = None


@dataclass(frozen=True, repr=False)
class Progress:
    """An overview of the learner's record at one moment, in the language in which it was asked for.

    Attributes
    ----------
    lessons, topics : tuple of Line
    weak : tuple of (str, str)
        Id and lesson of what went wrong last time or needed hints, the latest first.
    kept : bool
        Whether the record outlives this session.
    predictions : tuple of Prediction
        What was sealed in games of lesson 08, the oldest first.
    """

    lessons: tuple[Line, ...]
    topics: tuple[Line, ...]
    weak: tuple[tuple[str, str], ...]
    kept: bool
    note: str = ""
    predictions: tuple[Prediction, ...] = ()

    def __repr__(self) -> str:
        lines = [t("questions.progress_title")]
        if not self.lessons and not self.topics and not self.predictions:
            lines.append(t("questions.progress_empty"))
        lines += [f"  {name}  {said}" for name, said in self._rows(self.lessons, lesson=True)]
        if self.topics:
            lines.append(t("questions.progress_topics"))
            lines += [f"  {name}  {said}" for name, said in self._rows(self.topics, lesson=False)]
        if self.weak:
            lines.append(t("questions.progress_weak"))
            lines += [f"  {id}  {title}" for id, title, _ in self._weak_rows()]
        if self.predictions:
            lines.append(t("ladder.record.title"))
            lines += [f"  {name}  {said}" for name, said in self._prediction_rows()]
        lines.append(t("questions.progress_kept" if self.kept else "questions.progress_memory"))
        return "\n".join(lines) + self.note

    def _repr_html_(self) -> str:
        def table(rows: Sequence[tuple[str, ...]]) -> str:
            cells = ("".join(f"<td>{html.escape(cell)}</td>" for cell in row) for row in rows)
            return "<table>" + "".join(f'<tr style="text-align: left">{row}</tr>' for row in cells) + "</table>"

        parts = [f"<h4>{html.escape(t('questions.progress_title'))}</h4>"]
        if not self.lessons and not self.topics and not self.predictions:
            parts.append(f"<p>{html.escape(t('questions.progress_empty'))}</p>")
        if self.lessons:
            parts.append(table(self._rows(self.lessons, lesson=True)))
        if self.topics:
            parts += [
                f"<p>{html.escape(t('questions.progress_topics'))}</p>",
                table(self._rows(self.topics, lesson=False)),
            ]
        if self.weak:
            rows = (
                f'<li>{html.escape(title)} (<a href="{file}.ipynb">{html.escape(id)}</a>)</li>'
                if file
                else f"<li>{html.escape(title)} ({html.escape(id)})</li>"
                for id, title, file in self._weak_rows()
            )
            parts.append(f"<p>{html.escape(t('questions.progress_weak'))}</p><ul>{''.join(rows)}</ul>")
        if self.predictions:
            parts += [f"<p>{html.escape(t('ladder.record.title'))}</p>", table(self._prediction_rows())]
        kept = t("questions.progress_kept" if self.kept else "questions.progress_memory") + self.note
        return f'<div style="max-width: 46em">{"".join(parts)}<p><em>{html.escape(kept)}</em></p></div>'

    def _rows(self, lines: Sequence[Line], *, lesson: bool) -> list[tuple[str, str]]:
        rows = []
        for line in lines:
            name = t("questions.lesson", lesson=line.name) if lesson else t(f"questions.topics.{line.name}")
            if line.total is None:
                said = t("questions.progress_line", asked=line.asked, right=line.right, alone=line.alone)
            else:
                said = t(
                    "questions.progress_of", asked=line.asked, total=line.total, right=line.right, alone=line.alone
                )
            rows.append((name, said))
        return rows

    def _prediction_rows(self) -> list[tuple[str, str]]:
        rows = []
        for one in self.predictions[-PREDICTIONS:]:
            amounts = {"flops": format_flops(one.target_flops)}
            amounts |= {name: format_number(getattr(one, name), 4) for name in ("loss", "low", "high")}
            if one.inside is None:
                said = t("ladder.record.open", **amounts)
            else:
                key = "ladder.record.inside" if one.inside else "ladder.record.outside"
                said = t(key, measured=format_number(one.measured, 4), **amounts)
            rows.append((one.game, said))
        return rows

    def _weak_rows(self) -> list[tuple[str, str, str | None]]:
        return [(id, _first_sentence(id), lesson_file(lesson)) for id, lesson in self.weak]


def _lesson_and_topic(answer: Answer) -> tuple[str, str] | None:
    """Return where a question belongs; None when the bank no longer has it."""
    try:
        if answer.kind == "interview":
            card = find_card(answer.question)
            return card.lesson, card.topic
        if answer.kind == "drill":
            entry = read_bank("drills")[answer.question.removeprefix("drill.")]
            return entry["lesson"], entry["topic"]
        question = find(answer.question)
        return question.lesson, question.topic
    except KeyError:
        return None


def _first_sentence(id: str) -> str:
    if id.startswith("drill."):
        return t("questions.drill_named", name=id.removeprefix("drill."))
    words = find(id).words()["text"] if id.split(".")[0] in lessons() else find_card(id).words()["question"]
    line = words.strip().split("\n")[0]
    return line if len(line) <= 90 else line[:89].rstrip() + "…"


def progress() -> Progress:
    """Return what your own record says: answers by lesson and topic, and what to look at again.

    The record is a file on your own machine; nothing is sent anywhere. Where it lies: :func:`progress_file`.
    """
    kept = record.current()
    tries: dict[str, list[Answer]] = {}
    for answer in kept.answers():
        tries.setdefault(answer.question, []).append(answer)
    places = {id: _lesson_and_topic(answers[0]) for id, answers in tries.items()}
    known = {id: answers for id, answers in tries.items() if places[id]}

    def line(name: str, ids: list[str], total: int | None) -> Line:
        right = [id for id in ids if known[id][-1].share >= 0.7]
        alone = sum(known[id][0].share >= 0.7 and not known[id][0].hints for id in right)
        return Line(name, len(ids), len(right), alone, total)

    of_lesson = [id for id in known if known[id][0].kind == "question"]
    by_lesson = tuple(
        line(lesson, ids, len(names(lesson)))
        for lesson in lessons()
        if (ids := [id for id in of_lesson if places[id][0] == lesson])
    )
    by_topic = tuple(
        line(topic, [id for id in known if places[id][1] == topic], None)
        for topic in sorted({topic for _, topic in filter(None, places.values())})
    )
    shaky = [id for id, answers in known.items() if answers[-1].share < 0.7 or answers[-1].hints]
    shaky.sort(key=lambda id: known[id][-1].at, reverse=True)
    weak = tuple((id, places[id][0]) for id in shaky[:WEAK_SPOTS])
    predictions = tuple(kept.predictions())
    note = _with_note("")
    return Progress(by_lesson, by_topic, weak, kept.kept, note, predictions)


def progress_file() -> Path | None:
    """Return where the record lies; None when it is kept in memory only."""
    kept = record.current()
    return kept.path if kept.kept else None


def export_progress(path: str | Path) -> Words:
    """Write your record to a file of your own: every answer as CSV, or everything as JSON.

    Parameters
    ----------
    path : str or Path
        Ends in .json or .csv; a file that stands there is not overwritten.

    Raises
    ------
    ValueError
        If it ends in something else.
    FileExistsError
        If there is such a file already.
    """
    path, kept = Path(path).expanduser(), record.current()
    if path.suffix.lower() not in (".json", ".csv"):
        raise ValueError(t("questions.export_suffix", path=path.name))
    if path.exists():
        raise FileExistsError(t("questions.export_exists", path=path.name))
    answers = [dataclasses.asdict(answer) for answer in kept.answers()]
    if path.suffix.lower() == ".csv":
        columns = [field.name for field in dataclasses.fields(Answer)]
        with path.open("x", newline="", encoding="utf-8-sig") as file:  # the mark tells spreadsheets that it is UTF-8
            table = csv.DictWriter(file, columns)
            table.writeheader()
            table.writerows(answers)
    else:
        reviews = [dict(zip(("at", "card", "rating"), row, strict=True)) for row in kept.reviews()]
        cards = {card: json.loads(state) for card, state in kept.cards().items()}
        predictions = [dataclasses.asdict(prediction) for prediction in kept.predictions()]
        everything = {"version": record.VERSION, "answers": answers, "reviews": reviews, "cards": cards,
                      "predictions": predictions}
        with path.open("x", encoding="utf-8") as file:
            json.dump(everything, file, ensure_ascii=False, indent=1)
    return Words(_with_note(t("questions.exported", count=len(answers), path=path.name)))


def erase_progress(confirm: bool = False) -> Words:
    """Erase your whole record: answers, hints, cards, sealed predictions. It cannot be brought back.

    Raises
    ------
    ValueError
        Unless `confirm` is True.
    """
    if confirm is not True:
        raise ValueError(t("questions.erase_confirm"))
    record.current().erase()
    return Words(_with_note(t("questions.erased")))
