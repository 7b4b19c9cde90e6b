"""A record in memory or in a file of the test's own, and a clock that the test turns."""

from __future__ import annotations

import datetime

import pytest

from course_utils.questions import record


class Clock:
    """Time that stands still until it is moved."""

    def __init__(self):
        self.time = datetime.datetime(2026, 3, 1, 9, 0, tzinfo=datetime.UTC)

    def __call__(self) -> datetime.datetime:
        self.time += datetime.timedelta(milliseconds=1)
        return self.time

    def move(self, **lapse: float) -> None:
        self.time += datetime.timedelta(**lapse)


@pytest.fixture
def clock() -> Clock:
    return Clock()


@pytest.fixture(autouse=True)
def kept(monkeypatch, clock) -> record.Record:
    """The record that this test's answers go to: in memory, empty, with the test's clock."""
    made = record.Record(None, now=clock)
    monkeypatch.setattr(record, "current", lambda: made)
    return made
