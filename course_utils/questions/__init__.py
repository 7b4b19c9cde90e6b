"""Exercises that check themselves: ask, check, hint, solution.

The numbers of a question live once, in ``bank/NN_name.toml``: its type, the answer or the expression that computes it
from this package, the tolerance, and the typical slips with the expressions that produce them. The words live per
language in ``words/{en,vi,zh}/NN_name.toml``. Everything works as a plain call, in a notebook, a terminal or a screen
reader.

Examples
--------
>>> from course_utils import questions, set_language
>>> set_language("en")
>>> questions.check("00.six-nd", "5.88e23 FLOPs").right
True
"""

from __future__ import annotations

from course_utils.questions.answers import parse_number
from course_utils.questions.bank import Question, find, lessons, names
from course_utils.questions.checking import Verdict, ask, check, grade, hint, solution

__all__ = [
    "Question", "Verdict", "ask", "check", "find", "grade", "hint", "lessons", "names", "parse_number", "solution",
]
