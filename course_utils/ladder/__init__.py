"""Train ladders of small language models: the course's own, and yours (extra ``[train]``: PyTorch and tokenizers).

Everything here turns a budget into measured losses: :mod:`.text`, :mod:`.own_text` and :mod:`.facts` make the data,
:mod:`.model` the network, :mod:`.experts` its variant with many feed-forward layers, :mod:`.repetition` a limited stock
of text, :mod:`.train` one run, :mod:`.shipped` the lists of runs that were fixed beforehand, :mod:`.store` the tables,
and :mod:`.sweep` the work queue. ``python3 course.py ladder`` is the command; the ``PLAN.md`` in ``data/ladder``,
``data/routed``, ``data/repetition`` and ``data/games`` says why each run is there. Lessons 01 to 07 only read the
tables.

Lesson 08 plays: plan, train small runs, foretell a large one, seal, train it, be judged.

``plan``       what a game costs on this machine, and what it buys
``compare``    five ways to spend the same budget
``calibrate``  how fast this machine trains
``start``      a live game in a folder of its own; it can be killed anywhere and goes on
``recorded``   a game whose runs the course has measured: no PyTorch, at once

Importing this package loads none of that, and PyTorch is imported only when something is trained.

Examples
--------
>>> from course_utils import ladder
>>> sorted(ladder.__all__)
['calibrate', 'compare', 'plan', 'recorded', 'start']
"""

from __future__ import annotations

import importlib

_WHERE = {
    "plan": "own.plan",
    "compare": "own.plan",
    "calibrate": "calibration",
    "start": "own.opening",
    "recorded": "own.opening",
}

__all__ = ["calibrate", "compare", "plan", "recorded", "start"]


def __getattr__(name: str):
    if name in _WHERE:
        return getattr(importlib.import_module(f"{__name__}.{_WHERE[name]}"), name)
    if name == "own_text":
        return importlib.import_module(f"{__name__}.own_text")
    raise AttributeError(f"module {__name__!r} has no part named {name!r}. It has: {', '.join(__all__)}.")


def __dir__() -> list[str]:
    return sorted({*globals(), *__all__, "own_text"})
