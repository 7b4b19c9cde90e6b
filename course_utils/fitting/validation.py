"""Refuse what cannot be fitted, naming the argument, the row and the cure."""

from __future__ import annotations

from importlib.util import find_spec

import numpy as np
from numpy.typing import ArrayLike, NDArray

Array = NDArray[np.float64]

_SMALLEST, _LARGEST = 1e-100, 1e100  # wide enough for any count or loss; keeps every power and square finite


def positive_column(values: ArrayLike, name: str) -> Array:
    """Return a one-dimensional float array of positive finite numbers.

    Parameters
    ----------
    values : array of shape (n_runs,)
    name : the argument's name, for the message

    Raises
    ------
    ValueError
        If the array is not one-dimensional, not numeric, or holds a NaN, an infinity or a number that is not positive.

    Examples
    --------
    >>> positive_column([3, 2.5], "loss")
    array([3. , 2.5])
    """
    array = numeric(values, name)
    if array.ndim != 1:
        raise ValueError(f"{name} must be one-dimensional, one entry a run; its shape is {array.shape}. Use .ravel().")
    bad = ~((array >= _SMALLEST) & (array <= _LARGEST))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        entry = array[row]
        if np.isnan(entry):
            what, cure = "missing (NaN)", f"drop the row or fill it in ({int(bad.sum())} such rows in all)"
        elif not np.isfinite(entry):
            what, cure = "infinite", "drop the row: a diverged run carries no size of loss"
        elif entry <= 0:
            what, cure = f"{entry!r}, not positive", "give counts and losses themselves, not logarithms or differences"
        else:
            what, cure = f"{entry!r}, outside 1e-100 to 1e100", "check the unit"
        raise ValueError(f"{name}: row {row} is {what}; {cure}.")
    return array


def weight_column(weights: ArrayLike | None, n_runs: int) -> Array:
    """Return weights of shape (n_runs,): ones when None; zero leaves a run out.

    Raises
    ------
    ValueError
        If a weight is negative or not finite, the length differs, or all are zero.

    Examples
    --------
    >>> weight_column(None, 2)
    array([1., 1.])
    """
    if weights is None:
        return np.ones(n_runs)
    array = numeric(weights, "weights")
    if array.shape != (n_runs,):
        raise ValueError(f"weights must have one entry a run, shape ({n_runs},); its shape is {array.shape}.")
    bad = ~((array >= 0) & (array <= 1e12))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"weights: row {row} is {array[row]!r}; give 0 (leave the run out) to 1e12.")
    if not (array > 1e-12 * array.max()).any() or array.max() == 0:
        raise ValueError("weights: all are zero; give at least one run a positive weight.")
    return array


def same_length(**columns: Array) -> int:
    """Return the common number of runs.

    Raises
    ------
    ValueError
        If lengths differ, naming both arguments and lengths.

    Examples
    --------
    >>> same_length(params=np.ones(3), loss=np.ones(3))
    3
    """
    names = list(columns)
    first = columns[names[0]]
    for name in names[1:]:
        if len(columns[name]) != len(first):
            raise ValueError(
                f"{name} has {len(columns[name])} rows and {names[0]} has {len(first)}; "
                "give every run one entry in each, in the same order."
            )
    return len(first)


def enough_points(n_runs: int, n_params: int, what: str) -> None:
    """Refuse fewer runs than parameters.

    Raises
    ------
    ValueError
        If n_runs is below n_params, with the cure.
    """
    if n_runs < n_params:
        raise ValueError(
            f"{what} has {n_params} parameters and {n_runs} runs were given (rows of weight 0 do not count); "
            f"add runs, or fit a law with fewer parameters."
        )


def several_sizes(values: Array, weights: Array, name: str) -> None:
    """Refuse a column in which every run is the same size: no exponent can be read off it.

    Raises
    ------
    ValueError
        If all values of positive weight agree to a part in 1e9.
    """
    used = values[weights > 0]
    if used.max() <= used.min() * (1 + 1e-9):
        raise ValueError(
            f"{name}: every run has the same size, {used[0]:.6g}; an exponent needs at least two. "
            f"Add runs of another size, or fit a law without {name}."
        )


def probability(level: float, name: str = "level") -> float:
    """Return a coverage strictly between 0 and 1.

    Raises
    ------
    ValueError
        If it is not.

    Examples
    --------
    >>> probability(0.9)
    0.9
    """
    value = float(column) if (column := numeric(level, name)).ndim == 0 else np.nan
    if not 0 < value < 1:
        raise ValueError(f"{name} is a coverage between 0 and 1 (0.9 for 90 per cent), not {level!r}.")
    return value


def labels(values: ArrayLike, name: str, n_rows: int) -> np.ndarray:
    """Return labels of shape (n_rows,) that can be sorted and compared.

    Raises
    ------
    ValueError
        If there is not one a row, or one is missing.

    Examples
    --------
    >>> labels(["b", "a"], "run", 2)
    array(['b', 'a'], dtype='<U1')
    """
    array = np.asarray(values)
    if array.shape != (n_rows,):
        raise ValueError(f"{name} must have one label a row, shape ({n_rows},); its shape is {array.shape}.")
    missing = np.array([label is None or label != label for label in array.tolist()])  # NaN alone differs from itself
    if missing.any():
        raise ValueError(f"{name}: row {int(np.argmax(missing))} is missing; give every row the name of its run.")
    return array.astype(str) if array.dtype == object else array


def numeric(values: ArrayLike, name: str) -> Array:
    """Return a float array of its own.

    Raises
    ------
    ValueError
        If something in it is no real number.

    Examples
    --------
    >>> numeric([1, "2.5"], "loss")
    array([1. , 2.5])
    """
    if isinstance(values, np.ma.MaskedArray) and np.ma.is_masked(values):
        row = int(np.flatnonzero(np.ma.getmaskarray(values))[0])
        raise ValueError(f"{name}: row {row} is masked; drop the row.")
    try:
        imaginary = np.iscomplexobj(values)
    except ValueError:
        raise ValueError(f"{name} must be numbers, as many in every row; its rows differ in length.") from None
    if imaginary:
        raise ValueError(f"{name} must be real numbers, not complex ones; take .real where the imaginary part is 0.")
    try:
        array = np.array(values, dtype=np.float64)  # a copy: results keep it, and callers may change theirs
    except (TypeError, ValueError) as error:
        raise ValueError(
            f"{name} must be numbers; {error}. Convert the column and drop rows without a value."
        ) from None
    return array


def engine(name: str, law: str) -> None:
    """Refuse an engine that is unknown, not installed, or no use for a law.

    Raises
    ------
    ValueError
        With the cure.
    """
    if name not in ("numpy", "numba"):
        raise ValueError(f"engine must be 'numpy' or 'numba', not {name!r}")
    if name == "numba" and find_spec("numba") is None:
        raise ValueError(
            "engine: numba is not installed. Install it (pip install numba, the extra [fast]), or leave engine at "
            "'numpy', which finds the same constants."
        )
    if name == "numba" and law in ("broken_power_law", "kaplan", "routed"):
        raise ValueError(f"engine: 'numba' solves sums of power terms; for the law {law!r} leave it at 'numpy'.")
