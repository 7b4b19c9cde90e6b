"""Tables of runs: those that the course ships, and published ones that it can download.

``load(name)`` reads a shipped table and always works. ``find(name)`` also knows the published sets: it takes the cached
copy, or downloads the pinned original once, or says in the reader's language why it cannot and returns None, so that
a lesson goes on without it. ``names()`` lists all, ``describe(name)`` shows what one holds and where it comes from.

Examples
--------
>>> from course_utils import datasets
>>> datasets.load("gpt3_table_d1")["model"].iloc[-1]
'GPT-3 175B'
"""

from __future__ import annotations

from course_utils.datasets.abilities import (
    load_base_model_benchmarks,
    load_emergent_tasks,
    load_repeated_sampling,
)
from course_utils.datasets.access import find, load
from course_utils.datasets.catalogue import DataSet, describe, names
from course_utils.datasets.download import Unavailable, cache_folder, fetch
from course_utils.datasets.losses import (
    load_chinchilla_points,
    load_isoflop_collection,
    load_opt_checkpoints,
    load_repeated_data,
    load_routed_models,
)

__all__ = [
    "DataSet",
    "Unavailable",
    "cache_folder",
    "describe",
    "fetch",
    "find",
    "load",
    "load_base_model_benchmarks",
    "load_chinchilla_points",
    "load_emergent_tasks",
    "load_isoflop_collection",
    "load_opt_checkpoints",
    "load_repeated_data",
    "load_repeated_sampling",
    "load_routed_models",
    "names",
]
