"""Sealed predictions in the learner's record: never changed, never lost when an older file is opened."""

import json
import sqlite3

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions import record
from course_utils.questions.record import Record

SEAL = {"target_flops": 5e11, "width": 28, "loss": 3.97, "low": 3.9, "high": 4.05, "level": 0.8, "hash": "ab" * 32}

VERSION_1 = """
CREATE TABLE answers (
    at TEXT NOT NULL, question TEXT NOT NULL, kind TEXT NOT NULL, answer TEXT NOT NULL, share REAL NOT NULL,
    hints INTEGER NOT NULL, language TEXT NOT NULL);
CREATE TABLE hints (at TEXT NOT NULL, question TEXT NOT NULL, level INTEGER NOT NULL);
CREATE TABLE cards (card TEXT PRIMARY KEY, due TEXT NOT NULL, state TEXT NOT NULL);
CREATE TABLE reviews (at TEXT NOT NULL, card TEXT NOT NULL, rating INTEGER NOT NULL);
INSERT INTO answers VALUES ('2026-02-01T00:00:00.000000+00:00', '00.twenty', 'question', '20', 1.0, 0, 'vi');
INSERT INTO hints VALUES ('2026-02-01T00:00:01.000000+00:00', '00.days', 1);
INSERT INTO cards VALUES ('moe.why', '2026-02-09T00:00:00+00:00', '{}');
INSERT INTO reviews VALUES ('2026-02-02T00:00:00.000000+00:00', 'moe.why', 3);
PRAGMA user_version = 1;
"""


@pytest.fixture
def old(tmp_path):
    """A file as the first version of the record wrote it."""
    path = tmp_path / "progress.sqlite"
    with sqlite3.connect(path) as connection:
        connection.executescript(VERSION_1)
    connection.close()
    return path


def everything(path):
    with sqlite3.connect(path) as connection:
        tables = ("answers", "hints", "cards", "reviews")
        rows = {table: connection.execute(f"SELECT * FROM {table}").fetchall() for table in tables}
        (version,) = connection.execute("PRAGMA user_version").fetchone()
    connection.close()
    return version, rows


def test_a_file_of_the_first_version_is_upgraded_and_keeps_every_row(old, clock):
    _, before = everything(old)
    made = Record(old, now=clock)
    sealed = made.add_prediction("a", "mine", **SEAL)
    version, after = everything(old)
    assert version == record.VERSION == 2
    assert after == before
    again = Record(old, now=clock)
    assert again.predictions() == [sealed]
    assert [answer.answer for answer in again.answers()] == ["20"] and again.cards() == {"moe.why": "{}"}
    assert made.kept and made.take_note() is None


def test_an_upgrade_that_fails_leaves_the_old_file(old, clock, monkeypatch):
    before = everything(old)
    monkeypatch.setattr(record, "_UPGRADE", record._UPGRADE.replace("CREATE TABLE IF NOT EXISTS predictions",
                                                                    "CREATE TABEL predictions"))
    with pytest.raises(sqlite3.Error):
        Record(old, now=clock).answers()
    assert everything(old) == before


def test_an_old_file_that_cannot_be_written_is_read_and_the_seal_lives_in_memory(old, clock, monkeypatch):
    before = old.read_bytes()

    def readonly(*arguments, **options):
        connection = real(*arguments, **options)
        if arguments[0] == old:
            connection.execute("PRAGMA query_only = ON")
        return connection

    real = sqlite3.connect
    monkeypatch.setattr(sqlite3, "connect", readonly)
    made = Record(old, now=clock)
    made.add_prediction("a", "mine", **SEAL)
    assert [one.game for one in made.predictions()] == ["mine"]
    assert [answer.answer for answer in made.answers()] == ["20"]
    assert not made.kept and old.name in made.take_note()
    assert old.read_bytes() == before


def test_a_damaged_file_is_moved_aside_and_the_seal_is_kept(tmp_path, clock):
    path = tmp_path / "progress.sqlite"
    path.write_bytes(b"SQLite format 3\0" + b"\7" * 4096)
    made = Record(path, now=clock)
    made.add_prediction("a", "mine", **SEAL)
    assert Record(path, now=clock).prediction("a").loss == 3.97
    assert any("damaged" in other.name for other in tmp_path.iterdir())


def test_while_another_program_holds_the_file_the_seal_waits(tmp_path, clock, monkeypatch):
    monkeypatch.setattr(record, "_PATIENCE", 0.05)
    path = tmp_path / "progress.sqlite"
    made = Record(path, now=clock)
    made.add_hint("00.days", 1)
    holder = sqlite3.connect(path, isolation_level=None)
    holder.execute("BEGIN EXCLUSIVE")
    sealed = made.add_prediction("a", "mine", **SEAL)
    assert sealed.loss == 3.97
    holder.execute("COMMIT")
    holder.close()
    made.add_measured("a", 3.95)
    kept = Record(path, now=clock).prediction("a")
    assert (kept.at, kept.measured) == (sealed.at, 3.95)


def test_a_seal_is_never_changed(tmp_path, clock):
    path = tmp_path / "progress.sqlite"
    made = Record(path, now=clock)
    first = made.add_prediction("a", "mine", **SEAL)
    assert made.add_prediction("a", "mine", **SEAL | {"loss": 3.5, "low": 3.4}) == first
    assert first.inside is None
    made.add_measured("a", 4.2)
    made.add_measured("a", 3.97)
    assert made.prediction("a").measured == 4.2 and made.prediction("a").inside is False
    assert made.prediction("b") is None
    assert len(made.predictions()) == 1


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_overview_and_the_export_hold_it(kept, tmp_path, code):
    with using_language(code):
        kept.add_prediction("a", "mine", **SEAL)
        kept.add_prediction("b", "other", **SEAL)
        kept.add_measured("b", 3.912)
        seen = questions.progress()
        for face in (repr(seen), seen._repr_html_()):
            assert "mine" in face and "3.970" in face and "3.912" in face
        questions.export_progress(tmp_path / "all.json")
        exported = json.loads((tmp_path / "all.json").read_text("utf-8"))["predictions"]
        assert [(one["game"], one["measured"], one["language"]) for one in exported] == [
            ("mine", None, code), ("other", 3.912, code)]


def test_erase_takes_it_too(tmp_path, clock, monkeypatch):
    path = tmp_path / "progress.sqlite"
    made = Record(path, now=clock)
    monkeypatch.setattr(record, "current", lambda: made)
    made.add_prediction("a", "mine-and-nobodys", **SEAL)
    questions.erase_progress(confirm=True)
    assert made.predictions() == []
    assert b"mine-and-nobodys" not in path.read_bytes()
