"""Exercises that check themselves, quizzes, estimation drills, interview practice and the learner's own record.

The numbers of a question live once, in ``bank/``: its type, the answer or the expression that computes it from this
package, the tolerance, and the typical slips with the expressions that produce them. The words live per language in
``words/{en,vi,zh}/``. Everything works as a plain call, in a notebook, a terminal or a screen reader; in a notebook,
:func:`quiz`, :func:`drill`, :func:`interview` and :func:`review` also show themselves with buttons.

Examples
--------
>>> from course_utils import questions, set_language
>>> set_language("en")
>>> questions.check("00.six-nd", "5.88e23 FLOPs").right
True
>>> questions.drill("days", seed=1).hint()
Hint 1 of 3: Time is work divided by speed.
"""

from __future__ import annotations

from course_utils.questions.answers import parse_number
from course_utils.questions.bank import Question, find, lessons, names
from course_utils.questions.cards import Card, find_card
from course_utils.questions.checking import ask, check, grade, hint, solution, stub
from course_utils.questions.drills import drill, drill_names
from course_utils.questions.export_anki import export_anki
from course_utils.questions.faces import Verdict, Words
from course_utils.questions.progress_view import erase_progress, export_progress, progress, progress_file
from course_utils.questions.quizzes import quiz
from course_utils.questions.rehearsal import interview
from course_utils.questions.repetition import review
from course_utils.questions.sheet import export_sheet

__all__ = [
    "Card",
    "Question",
    "Verdict",
    "Words",
    "ask",
    "check",
    "drill",
    "drill_names",
    "erase_progress",
    "export_anki",
    "export_progress",
    "export_sheet",
    "find",
    "find_card",
    "grade",
    "hint",
    "interview",
    "lessons",
    "names",
    "parse_number",
    "progress",
    "progress_file",
    "quiz",
    "review",
    "solution",
    "stub",
]
