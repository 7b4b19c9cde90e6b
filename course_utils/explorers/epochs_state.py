"""What *spend the epochs* is asked and answers: what a text is worth that is read again and again."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING, Protocol

import numpy as np
from traitlets import Bool, Enum, Float, HasTraits, Int

from course_utils import laws

if TYPE_CHECKING:
    import pandas

Array = np.ndarray
GROUNDS = ("our_runs", "c4")
EPOCHS = tuple(map(float, (1, 2, 3, 4, 5, 6, 8, 10, 12, 16, 20, 24, 32, 40, 50, 64, 80, 100)))
C4_STOCKS = (1e9, 2.5e10, 5e11, 1e13)
C4_SIZES = (1e9, 7e9)
SEEN = 0.04  # nats by which two means of two seeds must differ, as data/repetition/PLAN.md has it
CURVE = np.geomspace(EPOCHS[0], EPOCHS[-1], 90)
_NEVER = 1e4  # R* from which on the runs show no wear


class EpochsState(HasTraits):
    """What the reader sets: whose law, epochs, which of its four stocks and two sizes, and which runs count."""

    ground = Enum(GROUNDS, default_value="our_runs")
    epochs = Float(8.0)
    stock = Int(0)
    size = Int(1)
    past_turn = Bool(False)


class Ground(Protocol):
    """A source of what repeats are worth."""

    stocks: tuple[float, ...]
    sizes: tuple[float, ...]

    def R_star(self, size: float, past_turn: bool) -> float:
        """Return the decay constant of repeats."""

    def loss(self, size: float, tokens: Array, unique_tokens: Array | float, past_turn: bool) -> Array:
        """Compute the loss of runs on a stock; with as many distinct tokens as tokens, of runs on fresh text."""

    def runs(self, size: float, stock: float) -> tuple[Array, Array]:
        """Return epochs and loss of the runs that were made on a stock."""

    def fresh_runs(self, size: float) -> tuple[Array, Array]:
        """Return tokens and loss of the runs that were made on fresh text."""


class PaperGround:
    """The law of Muennighoff et al. 2023 with its constants for C4; without runs."""

    stocks, sizes = C4_STOCKS, C4_SIZES

    def __init__(self) -> None:
        self.values = laws.CONSTANTS["muennighoff_c4_repeated"].values

    def R_star(self, size: float, past_turn: bool) -> float:
        return self.values["R_D"]

    def loss(self, size: float, tokens: Array, unique_tokens: Array | float, past_turn: bool) -> Array:
        return laws.repeated_data_loss(size, tokens, unique_tokens, **self.values)

    def runs(self, size: float, stock: float) -> tuple[Array, Array]:
        return np.array([]), np.array([])

    def fresh_runs(self, size: float) -> tuple[Array, Array]:
        return np.array([]), np.array([])


class RunsGround:
    """What this course measured: for every size a law of fresh text, and one constant for the repeats.

    With two sizes the full law cannot be fitted. The loss of a size is E + B D'^-beta, fitted to its fresh runs; D'
    follows from R*, which is read off the repeated runs by the rule of the plan (`fitting.measure_effective_data`).

    Parameters
    ----------
    runs : pandas.DataFrame
        Rows with the columns of the table ``repetition_runs``.
    """

    def __init__(self, runs: pandas.DataFrame):
        from course_utils import fitting

        runs = runs[~runs["diverged"]]
        fresh = runs["tokens"] == runs["unique_tokens"]
        self.params = runs["params_blocks_and_head"].to_numpy(float)
        self.tokens, self.unique = (runs[name].to_numpy(float) for name in ("tokens", "unique_tokens"))
        self.loss_nats, self.fresh = runs["loss_nats"].to_numpy(float), fresh.to_numpy()
        self.sizes = tuple(float(size) for size in np.unique(self.params))
        self.stocks = tuple(float(stock) for stock in np.unique(self.unique[~self.fresh]))
        self._laws, self._constants = {}, {}
        for size in self.sizes:
            own = self.params == size
            once = own & self.fresh
            self._laws[size] = fitting.fit_power_law(self.tokens[once], self.loss_nats[once]).values
            of_size = {}
            for past_turn in (False, True):
                rows = own if past_turn else own & self._before_turn(own)
                found = fitting.measure_effective_data(
                    self.tokens[once], self.loss_nats[once], self.tokens[rows], self.unique[rows], self.loss_nats[rows]
                )
                of_size[past_turn] = min(found.R_star, _NEVER)
            self._constants[size] = of_size

    def _before_turn(self, own: Array) -> Array:
        """Find the runs of a size that read their stock no more often than the run of the lowest mean loss."""
        keep = np.zeros(len(self.tokens), dtype=bool)
        for stock in np.unique(self.unique[own]):
            rows = own & (self.unique == stock)
            lengths = np.unique(self.tokens[rows])
            means = [self.loss_nats[rows & (self.tokens == length)].mean() for length in lengths]
            keep |= rows & (self.tokens <= lengths[int(np.argmin(means))])
        return keep

    def R_star(self, size: float, past_turn: bool) -> float:
        return self._constants[size][past_turn]

    def loss(self, size: float, tokens: Array, unique_tokens: Array | float, past_turn: bool) -> Array:
        data = laws.effective_data(tokens, unique_tokens, R_D=self.R_star(size, past_turn))
        return laws.power_law(data, **self._laws[size])

    def runs(self, size: float, stock: float) -> tuple[Array, Array]:
        rows = (self.params == size) & (self.unique == stock)
        order = np.argsort(self.tokens[rows], kind="stable")
        return (self.tokens[rows] / stock)[order], self.loss_nats[rows][order]

    def fresh_runs(self, size: float) -> tuple[Array, Array]:
        rows = (self.params == size) & self.fresh
        return self.tokens[rows], self.loss_nats[rows]


@dataclass(frozen=True)
class EpochsResult:
    """What a stock is worth after some epochs.

    Attributes
    ----------
    ground : whose law
    stock, size, epochs : distinct tokens U, parameters N, epochs
    past_turn : whether runs past their lowest loss count for R_star
    R_star : decay constant of repeats at this size
    R_otherwise : what it is when those runs count, or do not; None where that changes nothing
    loss, fresh_loss : by the law, after these epochs, and on as many fresh tokens
    worth : effective over distinct tokens, D'/U
    next_worth : what the next epoch adds, in epochs of fresh text
    limit : loss that no number of epochs gets below
    curve_loss, curve_fresh, curve_next : arrays of shape (n,), the law at the epochs `CURVE`, and what a further epoch
        adds after so many
    other_next : array of shape (n,), the latter by the other ground
    run_epochs, run_loss : arrays, runs on this stock at this size; empty for a published law
    fresh_epochs, fresh_run_loss : arrays, runs on fresh text, their tokens as multiples of the stock
    best_epochs, best_loss : epochs and mean loss of the best of the runs; None without runs
    turned_epochs, turned_loss : the first epochs, up to those chosen, whose mean loss is seen to be above the best;
        None where the loss has not turned up by then
    """

    ground: str
    stock: float
    size: float
    epochs: float
    past_turn: bool
    R_star: float
    R_otherwise: float | None
    loss: float
    fresh_loss: float
    worth: float
    next_worth: float
    limit: float
    curve_loss: np.ndarray
    curve_fresh: np.ndarray
    curve_next: np.ndarray
    other_next: np.ndarray
    run_epochs: np.ndarray
    run_loss: np.ndarray
    fresh_epochs: np.ndarray
    fresh_run_loss: np.ndarray
    best_epochs: float | None
    best_loss: float | None
    turned_epochs: float | None
    turned_loss: float | None


def spend(
    ground: Ground, name: str, stock: float, size: float, epochs: float, *, past_turn: bool = False, other_R: float
) -> EpochsResult:
    """Compute what a stock is worth after some epochs.

    Parameters
    ----------
    ground, name : where the law comes from, and its name
    stock, size : distinct tokens and parameters; of measured runs, one of the ground's own
    epochs : how often the stock is read, 1 or more
    past_turn : whether runs past their lowest loss count for R*
    other_R : decay constant of repeats by the other ground

    Examples
    --------
    >>> four = spend(PaperGround(), "c4", 2.5e10, 7e9, 4.0, other_R=5.0)
    >>> round(four.worth, 2), round(four.next_worth, 2)
    (3.73, 0.8)
    """
    unique, constant = stock, ground.R_star(size, past_turn)
    otherwise = ground.R_star(size, not past_turn)
    here = np.array([epochs])
    tokens = CURVE * unique
    run_epochs, run_loss = ground.runs(size, stock)
    fresh_tokens, fresh_loss = ground.fresh_runs(size)
    inside = (fresh_tokens >= unique * (1 - 1e-9)) & (fresh_tokens <= unique * EPOCHS[-1])
    best, turned = turn_of(run_epochs, run_loss, epochs)
    return EpochsResult(
        ground=name,
        stock=unique,
        size=size,
        epochs=epochs,
        past_turn=past_turn,
        R_star=constant,
        R_otherwise=None if otherwise == constant else otherwise,
        loss=float(ground.loss(size, here * unique, unique, past_turn)[0]),
        fresh_loss=float(ground.loss(size, here * unique, here * unique, past_turn)[0]),
        worth=float(laws.effective_data(epochs * unique, unique, R_D=constant) / unique),
        next_worth=float(laws.worth_of_epoch(epochs + 1, R_D=constant)),
        limit=float(ground.loss(size, np.array([1e9 * unique]), unique, past_turn)[0]),
        curve_loss=ground.loss(size, tokens, unique, past_turn),
        curve_fresh=ground.loss(size, tokens, tokens, past_turn),
        curve_next=laws.worth_of_epoch(CURVE + 1, R_D=constant),
        other_next=laws.worth_of_epoch(CURVE + 1, R_D=other_R),
        run_epochs=run_epochs,
        run_loss=run_loss,
        fresh_epochs=fresh_tokens[inside] / unique,
        fresh_run_loss=fresh_loss[inside],
        best_epochs=best[0],
        best_loss=best[1],
        turned_epochs=turned[0],
        turned_loss=turned[1],
    )


Pair = tuple[float | None, float | None]


def turn_of(epochs: Array, loss: Array, chosen: float) -> tuple[Pair, Pair]:
    """Find the best epochs of the runs, and the first beyond, up to those chosen, that are seen to be worse."""
    if not epochs.size:
        return (None, None), (None, None)
    steps = np.unique(epochs)
    means = np.array([loss[epochs == step].mean() for step in steps])
    i = int(np.argmin(means))
    worse = np.flatnonzero((steps > steps[i]) & (steps <= chosen) & (means > means[i] + SEEN))
    turned: Pair = (float(steps[worse[-1]]), float(means[worse[-1]])) if worse.size else (None, None)
    return (float(steps[i]), float(means[i])), turned
