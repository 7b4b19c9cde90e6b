"""Refuse answers, probabilities and counts that are not."""

from __future__ import annotations

from collections.abc import Sequence

import numpy as np
from numpy.typing import ArrayLike, NDArray

Answers = ArrayLike | Sequence[str] | Sequence[Sequence[int]]
FILL = -1
"""Stands in a table where an answer has no token any more."""


def token_table(answers: Answers, name: str) -> NDArray[np.int64]:
    """Return answers as a table of shape (n_items, longest), filled up at the end with -1.

    Parameters
    ----------
    answers : array of shape (n_items, n_tokens), int; or a list of strings (a character is a token); or a list of
        lists of token numbers
    name : the argument's name, for the message

    Raises
    ------
    ValueError
        If an item is no sequence of tokens, a token is below -1, or one follows a -1.

    Examples
    --------
    >>> token_table([[4, 8], [4]], "answers")
    array([[ 4,  8],
           [ 4, -1]])
    """
    if isinstance(answers, str):
        raise ValueError(f"{name} is one string; give a list with one answer an item, [{answers!r}] for a single one.")
    if isinstance(answers, np.ndarray) and answers.dtype.kind in "iu" and answers.ndim == 2:
        table = answers.astype(np.int64)
    else:
        table = _filled(answers, name)
    if not len(table):
        raise ValueError(f"{name} is empty; give at least one item.")
    bad = (table < FILL) | ((table[:, 1:] >= 0) & (table[:, :-1] == FILL)).any(axis=1, keepdims=True)
    if bad.any():
        row = int(np.flatnonzero(bad.any(axis=1))[0])
        raise ValueError(
            f"{name}: item {row} is {table[row].tolist()}; tokens are 0 or more, and -1 stands only after the last one."
        )
    return table


def _filled(answers: Answers, name: str) -> NDArray[np.int64]:
    rows = []
    for row, answer in enumerate(answers):
        if isinstance(answer, (str, np.str_)):
            rows.append([ord(letter) for letter in answer])
            continue
        tokens = np.asarray(answer)
        if tokens.ndim != 1 or (tokens.size and tokens.dtype.kind not in "iu"):
            raise ValueError(f"{name}: item {row} is {answer!r}; give a string or a list of token numbers.")
        rows.append(tokens.tolist())
    table = np.full((len(rows), max(map(len, rows), default=0)), FILL, dtype=np.int64)
    for row, tokens in enumerate(rows):
        table[row, : len(tokens)] = tokens
    return table


def answers_and_targets(answers: Answers, targets: Answers) -> tuple[NDArray[np.int64], NDArray[np.int64]]:
    """Return both as tables with one row an item; refuse unequal numbers of items and empty targets."""
    said, wanted = token_table(answers, "answers"), token_table(targets, "targets")
    if len(said) != len(wanted):
        raise ValueError(f"answers has {len(said)} items and targets {len(wanted)}; give one answer a target.")
    empty = (wanted == FILL).all(axis=1)
    if empty.any():
        raise ValueError(f"targets: item {int(np.argmax(empty))} is empty; drop items without a right answer.")
    return said, wanted


def probabilities(values: ArrayLike, name: str) -> NDArray[np.float64]:
    """Return numbers from 0 to 1, or raise ValueError that names the row.

    Examples
    --------
    >>> probabilities([0, 0.5], "accuracy")
    array([0. , 0.5])
    """
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array >= 0) & (array <= 1))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name}: row {row} is {array.flat[row]:g}; a probability lies from 0 to 1 (0.3 for 30%).")
    return array


def counts(values: ArrayLike, name: str, *, least: int = 1) -> NDArray[np.float64]:
    """Return whole numbers of at least `least`, as floats, or raise ValueError that names the row."""
    array = np.asarray(values, dtype=np.float64)
    bad = ~((array >= least) & (array == np.floor(array)) & np.isfinite(array))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"{name}: row {row} is {array.flat[row]:g}; give whole numbers of {least} or more.")
    return array


def coverage(level: float, name: str = "level") -> float:
    """Return a probability strictly between 0 and 1, or raise ValueError."""
    value = float(level)
    if not 0 < value < 1:
        raise ValueError(f"{name} lies between 0 and 1 (0.95 for 95 per cent), not {level!r}.")
    return value
