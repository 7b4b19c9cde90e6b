"""Load a shipped table; find a published one."""

from __future__ import annotations

import importlib
from typing import TYPE_CHECKING

from course_utils.datasets.catalogue import describe
from course_utils.datasets.download import Unavailable
from course_utils.i18n import language, t

if TYPE_CHECKING:
    import pandas

# Where the loader of each published table lives; it is called `load_` + name.
LOADERS = {
    "chinchilla_points": "losses",
    "isoflop_collection": "losses",
    "opt_checkpoints": "losses",
    "repeated_data": "losses",
    "routed_models": "losses",
    "base_model_benchmarks": "abilities",
    "emergent_tasks": "abilities",
    "repeated_sampling": "abilities",
}

_told: set[tuple[str, str]] = set()


def load(name: str) -> pandas.DataFrame:
    """Read a table that ships with the course.

    Parameters
    ----------
    name : str
        One of ``names("shipped")``.

    Returns
    -------
    pandas.DataFrame
        Columns as ``describe(name)`` lists them: counts (``params``, ``tokens``, ``flops``), loss in nats a token.

    Raises
    ------
    ValueError
        If there is no such table, or it is a published one.
    FileNotFoundError
        If its file is gone from ``data/``.

    Examples
    --------
    >>> load("models_history").loc[0, "model"]
    'GPT-3'
    """
    entry = describe(name)
    if entry.kind != "shipped":
        raise ValueError(f"name: {name!r} is published data, not shipped. Use datasets.find({name!r}).")
    path = entry.path
    if not path.is_file():
        raise FileNotFoundError(f"data/{entry.file} is missing. Get it back with: git checkout -- data/{entry.file}")
    import pandas as pd

    return pd.read_csv(path)


def find(name: str) -> pandas.DataFrame | None:
    """Read any table; return None, after one notice in the reader's language, when a published one cannot be had.

    Parameters
    ----------
    name : str
        One of ``names()``. What a published table's columns mean, and which traps of the original are already dealt
        with, stands in the docstring of ``datasets.load_<name>``.

    Returns
    -------
    pandas.DataFrame or None

    Raises
    ------
    ValueError
        If there is no such table.

    Examples
    --------
    >>> table = find("models_history")
    >>> len(table)
    20
    """
    entry = describe(name)
    if entry.kind == "shipped":
        return load(name)
    try:
        return loader_of(name)()
    except Unavailable as failure:
        if (name, language()) not in _told:
            _told.add((name, language()))
            print(notice(failure))
        return None


def loader_of(name: str):
    """Return the function that reads a published table."""
    module = importlib.import_module(f"course_utils.datasets.{LOADERS[name]}")
    return getattr(module, f"load_{name}")


def notice(failure: Unavailable) -> str:
    """Say in the reader's language what is missing, why, and how to get it."""
    entry = describe(failure.name)
    title = entry.title.get(language()) or entry.title["en"]
    reason = t(f"datasets.reason.{failure.reason}")
    command = t("datasets.cure", name=failure.name)
    return t("datasets.unavailable", title=title, name=failure.name, reason=reason, cure=command)
