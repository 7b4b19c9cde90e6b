"""Train the course's own ladder of small language models (extra ``[train]``: PyTorch and tokenizers).

Everything here turns a budget into measured losses: :mod:`.text` and :mod:`.facts` make the data, :mod:`.model` the
network, :mod:`.experts` its variant with many feed-forward layers, :mod:`.repetition` a limited stock of text,
:mod:`.train` one run, :mod:`.plan` the list of runs that was fixed beforehand, :mod:`.store` the tables, and
:mod:`.sweep` the work queue. ``python3 course.py ladder`` is the command; the ``PLAN.md`` in ``data/ladder``,
``data/routed`` and ``data/repetition`` says why each run is there. Lessons only read the resulting tables and never
import this package.
"""
