"""From a ladder of runs to the best loss at each budget: what the game *foretell the big run* fits and hides."""

from __future__ import annotations

from dataclasses import dataclass
from functools import cached_property
from typing import TYPE_CHECKING

import numpy as np

if TYPE_CHECKING:
    import pandas

_COLUMNS = ("set", "d_model", "budget", "flops", "seed", "loss_nats")
_SETS = ("grid", "holdout")


@dataclass(frozen=True)
class Sizes:
    """Runs of one budget, gathered by model size.

    Attributes
    ----------
    d_model, flops, loss, n_runs : arrays of shape (n_sizes,)
        Width; mean training compute, FLOPs; mean final loss over the seeds, nats per token; how many seeds.
    """

    d_model: np.ndarray
    flops: np.ndarray
    loss: np.ndarray
    n_runs: np.ndarray

    @property
    def best(self) -> int:
        """Row of the size with the lowest mean loss: the bottom of the valley."""
        return int(np.argmin(self.loss))


@dataclass(frozen=True)
class Valleys:
    """The ladder, budget by budget.

    The best loss at a budget is the lowest seed mean over the sizes that were trained with it. It is not the minimum
    of a fitted parabola, so it sits a little high where no size lies at the bottom.

    Attributes
    ----------
    budgets : tuple of float
        Budgets in rising order, FLOPs.
    sizes : tuple of Sizes
        One for each budget.
    run_flops, run_loss, run_budget : arrays of shape (n_runs,)
        The single runs.
    seed_deviation : float
        Standard deviation of the loss between seeds of one size and budget, pooled over all of them; 0 where nothing
        was repeated.
    """

    budgets: tuple[float, ...]
    sizes: tuple[Sizes, ...]
    run_flops: np.ndarray
    run_loss: np.ndarray
    run_budget: np.ndarray
    seed_deviation: float

    @cached_property
    def flops(self) -> np.ndarray:
        """Mean compute of the best size at each budget, array of shape (n_budgets,)."""
        return np.array([size.flops[size.best] for size in self.sizes])

    @cached_property
    def loss(self) -> np.ndarray:
        """Loss of the best size at each budget, array of shape (n_budgets,)."""
        return np.array([size.loss[size.best] for size in self.sizes])

    def resampled_loss(self, n: int, *, seed: int = 0) -> np.ndarray:
        """Draw what the best losses might have been with other seeds: array of shape (n, n_budgets).

        Every size's mean is moved by the pooled seed deviation over the root of its number of runs, and the best size
        is chosen again. It holds the noise of the seeds and nothing else: not that the law may be of another form.
        """
        rng = np.random.default_rng(seed)
        columns = []
        for size in self.sizes:
            spread = self.seed_deviation / np.sqrt(size.n_runs)
            columns.append((size.loss + spread * rng.standard_normal((n, len(size.loss)))).min(axis=1))
        return np.stack(columns, axis=1)


def find_valleys(runs: pandas.DataFrame) -> Valleys:
    """Gather a table of runs into valleys: budgets, sizes, seed means.

    Parameters
    ----------
    runs : pandas.DataFrame
        One row a run, columns ``set``, ``d_model``, ``budget``, ``flops``, ``seed``, ``loss_nats``. Rows of other
        sets than ``grid`` and ``holdout`` (other learning rates, other warm-ups) are left out.

    Returns
    -------
    Valleys

    Raises
    ------
    ValueError
        If a column is missing, a loss or an amount of compute is not a positive number, or there are fewer than
        three budgets.

    Examples
    --------
    >>> import pandas
    >>> rows = [("grid", d, c, c, 0, 9 * c**-0.03 + d / 1e3) for c in (1e11, 3e11, 1e12) for d in (16, 32)]
    >>> valleys = find_valleys(pandas.DataFrame(rows, columns=list(_COLUMNS)))
    >>> valleys.budgets, [int(size.d_model[size.best]) for size in valleys.sizes]
    ((100000000000.0, 300000000000.0, 1000000000000.0), [16, 16, 16])
    """
    missing = [name for name in _COLUMNS if name not in runs.columns]
    if missing:
        raise ValueError(f"runs: no column {missing[0]!r}. Pass a table with {', '.join(_COLUMNS)}.")
    runs = runs[runs["set"].isin(_SETS)]
    for name in ("budget", "flops", "loss_nats"):
        bad = ~(np.isfinite(runs[name].to_numpy(float)) & (runs[name].to_numpy(float) > 0))
        if bad.any():
            row = runs.index[int(np.argmax(bad))]
            raise ValueError(f"runs: {name} of row {row} is {runs.loc[row, name]!r}. Drop runs without a positive one.")
    if runs["budget"].nunique() < 3:
        raise ValueError(
            f"runs: {runs['budget'].nunique()} budgets in the sets grid and holdout; two to fit and one to foretell "
            "are needed. Pass a ladder of at least three."
        )
    budgets, sizes, squares, spare = [], [], 0.0, 0
    for budget, of_budget in runs.groupby("budget", sort=True):
        groups = of_budget.groupby("d_model", sort=True)
        table = groups.agg(flops=("flops", "mean"), loss=("loss_nats", "mean"), n=("loss_nats", "size"))
        squares += float(((of_budget["loss_nats"] - groups["loss_nats"].transform("mean")) ** 2).sum())
        spare += int((table["n"] - 1).sum())
        budgets.append(float(budget))
        sizes.append(
            Sizes(
                table.index.to_numpy(), table["flops"].to_numpy(float), table["loss"].to_numpy(), table["n"].to_numpy()
            )
        )
    return Valleys(
        tuple(budgets),
        tuple(sizes),
        runs["flops"].to_numpy(float),
        runs["loss_nats"].to_numpy(float),
        runs["budget"].to_numpy(float),
        float(np.sqrt(squares / spare)) if spare else 0.0,
    )
