"""What *walk the valley* is asked and answers: the loss at equal compute, and what the wrong size wastes."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from numpy.typing import ArrayLike
from traitlets import Enum, Float, HasTraits, Int

from course_utils import allocation, laws

if TYPE_CHECKING:
    import pandas

Array = np.ndarray
GROUNDS = ("our_runs", "besiroglu", "hoffmann_unrounded")
LAW_BUDGETS = (1e18, 1e20, 1e22, 5.76e23, 1e26)
RUNGS = 5
_FACTORS = (1.1, 1.25, 1.5, 2.0, 3.0, 4.0, 5.0, 7.0, 10.0, 15.0, 20.0, 30.0)
MULTIPLES = (*(1 / factor for factor in reversed(_FACTORS)), 1.0, *_FACTORS)


class WalkState(HasTraits):
    """What the reader sets: whose valleys, which of their five budgets, and the size as a multiple of the best."""

    ground = Enum(GROUNDS, default_value="our_runs")
    rung = Int(2)
    multiple = Float(2.0)


class Ground(Protocol):
    """Valleys to walk in: one for each of five budgets, numbered from 0."""

    budgets: tuple[float, ...]

    def best(self, rung: int) -> tuple[float, float]:
        """Return params and loss at the bottom."""

    def loss(self, rung: int, params: ArrayLike) -> Array:
        """Compute the loss along the valley, nats per token."""

    def tokens_per_param(self, rung: int, params: ArrayLike) -> Array:
        """Compute what the budget leaves in tokens for each parameter."""

    def params_with(self, rung: int, ratio: ArrayLike) -> Array:
        """Compute the size at which the budget leaves so many tokens for each parameter."""

    def share_needed(self, rung: int, loss: ArrayLike) -> Array:
        """Compute the share of the budget with which the best size would have reached a loss."""

    def bottoms(self, rung: int, shares: ArrayLike) -> tuple[Array, Array]:
        """Compute params and loss at the bottoms of the valleys of some shares of the budget."""

    def smaller_valley(self, rung: int, share: float, params: ArrayLike) -> Array | None:
        """Compute the loss along the valley of a share of the budget; None where only the bottoms are known."""

    def tried(self, rung: int) -> tuple[float, float] | None:
        """Return the smallest and the largest size that was trained, or None for a law."""


class LawGround:
    """The valleys of a published law L = E + A N^-alpha + B D^-beta, with 6 N D = C.

    Parameters
    ----------
    name : str
        An entry of ``laws.CONSTANTS`` of Hoffmann's form.
    """

    budgets = LAW_BUDGETS

    def __init__(self, name: str):
        self.name = name
        self.values: Mapping[str, float] = laws.CONSTANTS[name].values
        alpha, beta = self.values["alpha"], self.values["beta"]
        self.exponent = alpha * beta / (alpha + beta)  # of L - E over C, along the bottoms

    def best(self, rung: int) -> tuple[float, float]:
        best = allocation.compute_optimal(self.budgets[rung], self.name)
        return float(best.params), float(best.loss)

    def loss(self, rung: int, params: ArrayLike) -> Array:
        params = np.asarray(params, float)
        return laws.chinchilla_loss(params, self.budgets[rung] / 6 / params, **self.values)

    def tokens_per_param(self, rung: int, params: ArrayLike) -> Array:
        return self.budgets[rung] / 6 / np.asarray(params, float) ** 2

    def params_with(self, rung: int, ratio: ArrayLike) -> Array:
        return np.sqrt(self.budgets[rung] / 6 / np.asarray(ratio, float))

    def share_needed(self, rung: int, loss: ArrayLike) -> Array:
        floor = self.values["E"]
        return ((np.asarray(loss, float) - floor) / (self.best(rung)[1] - floor)) ** (-1 / self.exponent)

    def bottoms(self, rung: int, shares: ArrayLike) -> tuple[Array, Array]:
        best = allocation.compute_optimal(self.budgets[rung] * np.asarray(shares, float), self.name)
        return best.params, best.loss

    def smaller_valley(self, rung: int, share: float, params: ArrayLike) -> Array:
        params = np.asarray(params, float)
        return laws.chinchilla_loss(params, share * self.budgets[rung] / 6 / params, **self.values)

    def tried(self, rung: int) -> None:
        return None


class RunsGround:
    """The valleys that this course measured: a parabola in ln N through the runs of each budget.

    What a share of the budget would have reached follows the power law without a floor through the five minima, moved
    so that it passes through the minimum of the budget itself.

    Parameters
    ----------
    runs : pandas.DataFrame
        Rows with the columns of the table ``text_runs``; those of the set ``grid`` are used.
    """

    def __init__(self, runs: pandas.DataFrame):
        from course_utils import fitting

        runs = runs[runs["set"] == "grid"]
        self.run_budget = runs["budget"].to_numpy(float)
        self.run_params = runs["params_blocks_and_head"].to_numpy(float)
        self.run_loss = runs["loss_nats"].to_numpy(float)
        self.budgets = tuple(float(budget) for budget in np.unique(self.run_budget))
        fit = fitting.fit_isoflop(self.run_params, runs["flops"], self.run_loss, budgets=self.run_budget)
        self.valleys = fit.valleys
        self.exponent_params = fit.exponent_params.value
        minima = fitting.fit_power_law(
            [valley.budget for valley in fit.valleys], [valley.loss for valley in fit.valleys], floor=False
        )
        self.exponent = minima.values["alpha"]
        # Heads and attention are in the budget and not in 6 N D, so the runs' own tokens are asked: a straight line in
        # the logarithms holds them to a per cent.
        self._tokens = [
            np.polyfit(np.log(self.run_params[rows]), np.log(runs["tokens"].to_numpy(float)[rows]), 1)
            for rows in (self.run_budget == budget for budget in self.budgets)
        ]

    def best(self, rung: int) -> tuple[float, float]:
        return self.valleys[rung].params, self.valleys[rung].loss

    def loss(self, rung: int, params: ArrayLike) -> Array:
        return self.valleys[rung].predict(params)

    def tokens_per_param(self, rung: int, params: ArrayLike) -> Array:
        slope, offset = self._tokens[rung]
        return np.exp(offset + (slope - 1) * np.log(np.asarray(params, float)))

    def params_with(self, rung: int, ratio: ArrayLike) -> Array:
        slope, offset = self._tokens[rung]
        return np.exp((np.log(np.asarray(ratio, float)) - offset) / (slope - 1))

    def share_needed(self, rung: int, loss: ArrayLike) -> Array:
        return (np.asarray(loss, float) / self.valleys[rung].loss) ** (-1 / self.exponent)

    def bottoms(self, rung: int, shares: ArrayLike) -> tuple[Array, Array]:
        shares, (params, loss) = np.asarray(shares, float), self.best(rung)
        return params * shares**self.exponent_params, loss * shares**-self.exponent

    def smaller_valley(self, rung: int, share: float, params: ArrayLike) -> None:
        return None

    def tried(self, rung: int) -> tuple[float, float]:
        sizes = self.run_params[self.run_budget == self.budgets[rung]]
        return float(sizes.min()), float(sizes.max())


@dataclass(frozen=True)
class WalkResult:
    """Where the walker stands in a valley.

    Attributes
    ----------
    ground, rung, flops : str, int, float
        Whose valley, which of its budgets, and that budget C.
    multiple : float
        The size over the best size.
    best_params, best_ratio, best_loss : float
        At the bottom: N, tokens per parameter, nats per token.
    params, ratio, loss : float
        At the walker.
    penalty, penalty_opposite : float
        Loss above the bottom, nats, at the walker and at the size that is wrong by the same factor the other way.
    share, share_opposite : float
        Share of the budget with which the best size would have reached the same loss.
    share_params : float
        That best size.
    tried : (float, float) or None
        Smallest and largest size trained at this budget; None for a published law.
    outside : bool
        Whether the walker left the sizes tried.
    below_ladder : bool
        Whether the share of the budget is less than the smallest budget that was trained.
    curve_params, curve_loss : arrays of shape (n,)
        The valley.
    smaller_loss : array of shape (n,) or None
        The valley, at the same sizes, of the share of the budget; None where only its bottom is known.
    bottoms_params, bottoms_loss : arrays of shape (m,)
        The bottoms of the valleys of smaller and larger budgets.
    """

    ground: str
    rung: int
    flops: float
    multiple: float
    best_params: float
    best_ratio: float
    best_loss: float
    params: float
    ratio: float
    loss: float
    penalty: float
    penalty_opposite: float
    share: float
    share_opposite: float
    share_params: float
    tried: tuple[float, float] | None
    outside: bool
    below_ladder: bool
    curve_params: np.ndarray
    curve_loss: np.ndarray
    smaller_loss: np.ndarray | None
    bottoms_params: np.ndarray
    bottoms_loss: np.ndarray


WINDOW = 120.0  # times the best size, to either side
_SHARES = np.geomspace(1e-6, 1e3, 91)
_STEPS = np.geomspace(1 / WINDOW, WINDOW, 181)


def walk(ground: Ground, name: str, rung: int, multiple: float) -> WalkResult:
    """Compute where a size stands in a valley and what it wastes.

    Parameters
    ----------
    ground : Ground
        The valleys.
    name : str
        One of :data:`GROUNDS`.
    rung : int
        Which budget, from 0.
    multiple : float
        The size over the best size.

    Examples
    --------
    >>> four = walk(LawGround("besiroglu"), "besiroglu", 3, 4.0)
    >>> f"{four.params / 1e9:.0f}B loses {four.penalty:.3f} nats, {1 - four.share:.0%} of the compute is wasted"
    '289B loses 0.020 nats, 49% of the compute is wasted'
    """
    best_params, best_loss = ground.best(rung)
    params = best_params * np.array([multiple, 1 / multiple])
    losses = ground.loss(rung, params)
    shares = np.minimum(ground.share_needed(rung, losses), 1.0)
    tried = ground.tried(rung)
    flops = ground.budgets[rung]
    sizes = best_params * _STEPS
    bottoms_params, bottoms_loss = ground.bottoms(rung, _SHARES)
    return WalkResult(
        ground=name,
        rung=rung,
        flops=flops,
        multiple=multiple,
        best_params=best_params,
        best_ratio=float(ground.tokens_per_param(rung, best_params)),
        best_loss=best_loss,
        params=float(params[0]),
        ratio=float(ground.tokens_per_param(rung, params[0])),
        loss=float(losses[0]),
        penalty=max(float(losses[0]) - best_loss, 0.0),
        penalty_opposite=max(float(losses[1]) - best_loss, 0.0),
        share=float(shares[0]),
        share_opposite=float(shares[1]),
        share_params=float(ground.bottoms(rung, shares[:1])[0][0]),
        tried=tried,
        outside=tried is not None and not tried[0] <= params[0] <= tried[1],
        below_ladder=tried is not None and float(shares[0]) * flops < ground.budgets[0] * 0.99,
        curve_params=sizes,
        curve_loss=ground.loss(rung, sizes),
        smaller_loss=ground.smaller_valley(rung, float(shares[0]), sizes),
        bottoms_params=bottoms_params,
        bottoms_loss=bottoms_loss,
    )
