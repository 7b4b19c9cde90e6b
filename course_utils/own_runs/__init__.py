"""Bring your own runs: read a table of training runs, fit what it can carry, and write the page that says so.

``read`` takes a CSV file, its bytes or a DataFrame, guesses columns and units, and shows every guess with its reason.
``analyse`` fits the law that the runs can carry, with intervals, a back-test and a plan for a budget, and says what
these runs can and cannot tell. ``Analysis.report`` writes one self-contained page. ``open_runs`` is the same with
buttons; without a notebook everything works by calls.

It stands here, and not among the explorers, because it takes a file in and gives a report out: there is no slider
whose every step is a picture.

Examples
--------
>>> from course_utils import own_runs
>>> result = own_runs.analyse(own_runs.read(), budget=1e14)
>>> result.fit.law, len(result.runs)
('chinchilla', 87)
"""

from __future__ import annotations

from typing import Any

from course_utils.own_runs.analysis import Analysis, Plan, analyse
from course_utils.own_runs.guessing import Guess, Question
from course_utils.own_runs.reading import Reading, read
from course_utils.own_runs.runs import Excluded, Runs
from course_utils.own_runs.said import Refusal

__all__ = [
    "Analysis",
    "Excluded",
    "Guess",
    "Plan",
    "Question",
    "Reading",
    "Refusal",
    "Runs",
    "analyse",
    "open_runs",
    "read",
]


def open_runs(source: Any = None, *, budget: float | None = None):
    """Open a page with buttons: choose a file, settle its columns and units, analyse it, keep the report.

    Parameters
    ----------
    source : path of a CSV file, its bytes, a DataFrame or a `Reading`; None opens the course's own ladder as a sample
    budget : FLOPs to plan for at first; ten times the largest run when None

    Returns
    -------
    course_utils.own_runs.view.OwnRuns
        Shows itself in a notebook; where no kernel runs, its picture and its summary.
    """
    from course_utils.own_runs.view import OwnRuns

    return OwnRuns(source, budget=budget)
