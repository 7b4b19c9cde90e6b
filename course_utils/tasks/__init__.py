"""Train tiny models on tasks whose right answers are known (extra ``[train]``: PyTorch).

:mod:`.train` is the trainer of every task with a sequence of tokens, :mod:`.generate` lets its models answer,
:mod:`.table` holds finished runs, and a module for each task says what is asked, which runs were planned and what is
measured. ``python3 course.py tasks NAME`` is the command. Lessons read the tables; PyTorch is imported only when
something is trained. ``try_it`` trains one small network while a reader waits.
"""

from __future__ import annotations

from course_utils.tasks.trial import try_it

__all__ = ["try_it"]
