"""The learner's record: what is kept, and that nothing which happens to its file stops the course."""

import csv
import json
import os
import sqlite3
import subprocess
import sys
import textwrap

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions import record
from course_utils.questions.record import Record


@pytest.fixture
def path(tmp_path):
    return tmp_path / "a folder" / "progress.sqlite"


@pytest.fixture
def filed(path, clock, monkeypatch):
    """A record in a file, which the questions use."""
    made = Record(path, now=clock)
    monkeypatch.setattr(record, "current", lambda: made)
    return made


def test_what_is_answered_outlives_the_session(filed, path, clock):
    questions.check("00.twenty", 21)
    questions.hint("00.twenty")
    questions.check("00.twenty", 20)
    again = Record(path, now=clock).answers()
    assert [(a.question, a.share, a.hints) for a in again] == [("00.twenty", 0.0, 0), ("00.twenty", 1.0, 1)]
    assert again == filed.answers() and filed.kept
    assert filed.take_note() is None


def test_where_the_file_lies(monkeypatch, tmp_path):
    monkeypatch.undo()
    for value in record.OFF:
        monkeypatch.setenv(record.ENVIRONMENT_VARIABLE, value)
        assert record.current().path is None and not record.current().kept
    monkeypatch.setenv(record.ENVIRONMENT_VARIABLE, str(tmp_path / "mine.sqlite"))
    assert record.current().path == tmp_path / "mine.sqlite"
    monkeypatch.setenv(record.ENVIRONMENT_VARIABLE, "")
    assert record.current().path.name == "progress.sqlite"
    assert "scaling-laws-course" in str(record.current().path)


@pytest.mark.parametrize(
    "damage", [b"", b"not a database at all, but long enough to be looked at" * 40, b"SQLite format 3\0" + b"\7" * 4096]
)
def test_a_damaged_file_is_moved_aside_and_never_deleted(path, clock, damage):
    path.parent.mkdir()
    path.write_bytes(damage)
    made = Record(path, now=clock)
    made.add_answer("00.twenty", "question", "20", 1.0)
    assert [a.question for a in made.answers()] == ["00.twenty"]
    aside = [p for p in path.parent.iterdir() if p != path]
    if damage:
        assert [p.read_bytes() for p in aside] == [damage]
        note = made.take_note()
        assert aside[0].name in note and path.name in note
    assert made.take_note() is None, "said once"
    assert made.kept and len(Record(path, now=clock).answers()) == 1


def test_a_file_damaged_in_the_middle_of_a_session(filed, path):
    for n in range(300):
        filed.add_answer(f"00.q{n}", "question", "x" * 100, 1.0)
    broken = bytearray(path.read_bytes())
    broken[4096:] = b"\xff" * (len(broken) - 4096)
    path.write_bytes(broken)
    assert questions.check("00.twenty", 20).right is True
    assert "00.twenty" in [a.question for a in filed.answers()]
    aside = [p for p in path.parent.iterdir() if "damaged" in p.name]
    assert [p.read_bytes() for p in aside] == [bytes(broken)]


def test_a_file_that_cannot_be_written_is_read_and_the_session_goes_on(filed, path, clock, monkeypatch):
    filed.add_answer("00.twenty", "question", "20", 1.0)
    before = path.read_bytes()

    def readonly(*arguments, **options):
        connection = real(*arguments, **options)
        if arguments[0] == path:
            connection.execute("PRAGMA query_only = ON")  # SQLite then says: attempt to write a readonly database
        return connection

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", readonly)
    made = Record(path, now=clock)
    made.add_answer("00.days", "question", "27", 1.0)
    assert [a.question for a in made.answers()] == ["00.twenty", "00.days"]
    assert not made.kept
    assert path.name in made.take_note() and made.take_note() is None
    monkeypatch.undo()
    assert path.read_bytes() == before


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="permissions do not bind this user")
def test_a_folder_without_permission_to_write(path, clock):
    path.parent.mkdir()
    path.parent.chmod(0o500)
    made = Record(path, now=clock)
    made.add_answer("00.days", "question", "27", 1.0)
    assert not made.kept and len(made.answers()) == 1


def test_a_place_that_cannot_be(tmp_path, clock, monkeypatch):
    (tmp_path / "file").write_text("no folder")
    made = Record(tmp_path / "file" / "progress.sqlite", now=clock)
    monkeypatch.setattr(record, "current", lambda: made)
    first, second = questions.check("00.twenty", 20), questions.check("00.twenty", 20)
    assert first.right and "⚠" in first.text and "⚠" not in second.text
    assert len(made.answers()) == 2
    assert not questions.progress().kept
    assert questions.progress_file() is None


def test_while_another_program_holds_the_file_answers_wait(filed, path, monkeypatch):
    monkeypatch.setattr(record, "_PATIENCE", 0.05)
    filed.add_answer("00.days", "question", "27", 1.0)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    verdict = questions.check("00.twenty", 20)
    assert verdict.right and path.name in verdict.text
    assert "⚠" not in questions.check("00.twenty", 19).text, "said once"
    holder.execute("COMMIT")
    holder.close()
    questions.check("00.twenty", 20)
    assert [a.answer for a in filed.answers()] == ["27", "20", "19", "20"]
    assert filed.kept


def test_a_record_of_a_newer_course_is_left_alone(path, clock):
    path.parent.mkdir()
    with sqlite3.connect(path) as connection:
        connection.execute("PRAGMA user_version = 99")
    connection.close()
    before = path.read_bytes()
    made = Record(path, now=clock)
    made.add_answer("00.days", "question", "27", 1.0)
    assert len(made.answers()) == 1 and not made.kept
    assert path.read_bytes() == before


def test_two_processes_write_at_once(path):
    code = textwrap.dedent("""
        import sys
        from course_utils.questions import check
        for n in range(25):
            check("00.twenty", n)
    """)
    environment = os.environ | {record.ENVIRONMENT_VARIABLE: str(path)}
    runs = [subprocess.Popen([sys.executable, "-c", code], env=environment, stderr=subprocess.PIPE) for _ in range(2)]
    for run in runs:
        _, said = run.communicate(timeout=120)
        assert run.returncode == 0, said
    answers = Record(path).answers()
    assert len(answers) == 50
    assert sorted(a.answer for a in answers) == sorted([str(n) for n in range(25)] * 2)


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_overview(kept, code):
    with using_language(code):
        assert not questions.progress().lessons
        questions.check("00.twenty", 20)
        questions.check("00.six-nd", 1)
        questions.hint("01.bits")
        questions.check("01.bits", 2.62)
        one = questions.drill("days", seed=3)
        one.check(one.item.target)
        seen = questions.progress()
        lessons = {line.name: (line.asked, line.right, line.alone) for line in seen.lessons}
        assert lessons == {"00": (2, 1, 1), "01": (1, 1, 0)}
        assert {line.name: line.asked for line in seen.topics} == {"foundations": 3, "systems": 1}
        assert [id for id, _ in seen.weak] == ["01.bits", "00.six-nd"]
        assert "01_what_are_scaling_laws.ipynb" in seen._repr_html_() and "01.bits" in repr(seen)
        questions.check("00.six-nd", 5.88e23)
        assert [id for id, _ in questions.progress().weak] == ["01.bits"]


def test_an_answer_to_a_question_that_is_gone_is_left_out(kept):
    kept.add_answer("00.long-gone", "question", "1", 0.0)
    kept.add_answer("moe.long-gone", "interview", "1", 0.0)
    kept.add_answer("drill.long-gone", "drill", "1", 0.0)
    seen = questions.progress()
    assert not seen.lessons and not seen.topics and not seen.weak


def test_export(kept, tmp_path):
    questions.check("00.twenty", "20 — ký tự, 字")
    questions.check("00.twenty", 20)
    questions.export_progress(tmp_path / "mine.json")
    questions.export_progress(str(tmp_path / "mine.csv"))
    everything = json.loads((tmp_path / "mine.json").read_text("utf-8"))
    assert everything["version"] == record.VERSION and len(everything["answers"]) == len(kept.answers())
    with (tmp_path / "mine.csv").open(encoding="utf-8-sig", newline="") as file:
        rows = list(csv.DictReader(file))
    assert [row["answer"] for row in rows] == [answer["answer"] for answer in everything["answers"]]
    with pytest.raises(FileExistsError, match=r"mine\.csv"):
        questions.export_progress(tmp_path / "mine.csv")
    with pytest.raises(ValueError, match=r"\.json"):
        questions.export_progress(tmp_path / "mine.txt")


def test_erase_needs_a_yes_and_leaves_nothing(filed, path):
    questions.check("00.twenty", "20.000000123")
    with pytest.raises(ValueError, match="confirm=True"):
        questions.erase_progress()
    with pytest.raises(ValueError, match="confirm=True"):
        questions.erase_progress("yes")
    assert len(filed.answers()) == 1
    questions.erase_progress(confirm=True)
    assert filed.answers() == [] and filed.cards() == {}
    assert b"20.000000123" not in path.read_bytes()
