"""What *the stock runs out* is asked and answers: when training sets that grow meet a stock of text that does not."""

from __future__ import annotations

import functools
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Float, HasTraits

from course_utils import laws
from course_utils.allocation import spend_on_epochs
from course_utils.explorers.controls import decade_steps

if TYPE_CHECKING:
    import pandas

    from course_utils.allocation import DataLimited

Array = np.ndarray
LAW = "muennighoff_c4_repeated"
STOCKS = decade_steps(1e12, 7e15, (1, 1.5, 2, 3, 5, 7))
EPOCHS = (1.0, 2.0, 4.0, 8.0, 16.0, 32.0)
YEARS = (2019.0, 2045.0)
BUDGETS = np.geomspace(1e22, 1e34, 49)
WORN_OUT = 1.05  # times the least loss above the floor: with less than this to gain, more compute buys nothing
_REFERENCE = 1e14
_YEAR = np.linspace(*YEARS, 53)


class StockState(HasTraits):
    """What the reader sets: the stock, its growth a year, the growth of training sets a year, and epochs."""

    stock = Float(1e14)
    epochs = Float(4.0)
    growth = Float(2.7)
    stock_growth = Float(0.0)


@dataclass(frozen=True)
class Record:
    """The largest training set of each year in a table of models, and how fast they grew.

    Attributes
    ----------
    years, tokens : arrays of shape (n,)
    growth : factor a year, by least squares on the logarithm
    low, high : the lowest and highest such factor when one year at a time is left out
    """

    years: Array
    tokens: Array
    growth: float
    low: float
    high: float

    @classmethod
    def of(cls, models: pandas.DataFrame) -> Record:
        """Read the table ``models_history``."""
        largest = models.groupby("year")["tokens"].max()
        years, tokens = largest.index.to_numpy(float), largest.to_numpy(float)
        each = [_growth(np.delete(years, i), np.delete(tokens, i)) for i in range(len(years))]
        return cls(years, tokens, _growth(years, tokens), min(each), max(each))


def _growth(years: Array, tokens: Array) -> float:
    return float(np.exp(np.polyfit(years - years.mean(), np.log(tokens), 1)[0]))


@dataclass(frozen=True)
class StockResult:
    """When the stock is read, and what can be done with it.

    Attributes
    ----------
    stock, epochs, growth, stock_growth : what was set: tokens in the last year of the record, factor and share a year
    year_once, year_epochs : when the largest training set is as long as the stock, and as so many epochs of it
    early, late : year_epochs with the fastest and the slowest growth that leaving out one year of the record gives
    already : whether the largest training set of the record was longer than the stock
    worth : what these epochs are worth, in stocks of fresh text, by Muennighoff's law for C4
    years, demand, demand_low, demand_high, supply : arrays of shape (n,), training set, its range, and stock by year
    flops_once, flops_epochs, flops_worn_out : budgets that are best spent on one epoch, on so many, and from which on
        the loss above the floor is within 5 per cent of its limit; None where the budgets drawn do not reach so far
    params_once : the size that fits the stock
    loss, fresh_loss : arrays along `BUDGETS`, on this stock and with endless fresh text
    loss_once, loss_epochs : on this stock at the first two budgets; None likewise
    limit : loss that no budget gets below on this stock
    """

    stock: float
    epochs: float
    growth: float
    stock_growth: float
    year_once: float
    year_epochs: float
    early: float
    late: float
    already: bool
    worth: float
    years: Array
    demand: Array
    demand_low: Array
    demand_high: Array
    supply: Array
    flops_once: float | None
    flops_epochs: float | None
    flops_worn_out: float | None
    params_once: float
    loss: Array
    fresh_loss: Array
    loss_once: float | None
    loss_epochs: float | None
    limit: float


def run_out(record: Record, *, stock: float, epochs: float, growth: float, stock_growth: float) -> StockResult:
    """Compute when the stock is read so many times, and what budgets do with it.

    Parameters
    ----------
    record : largest training sets by year; the last of them is where growth starts
    stock : distinct tokens in that year
    epochs : readings
    growth : factor by which the largest training set grows in a year, above that of the stock
    stock_growth : share by which the stock grows in a year

    Examples
    --------
    >>> record = Record(np.array([2023.0, 2024.0]), np.array([5e12, 1e13]), 2.0, 2.0, 2.0)
    >>> found = run_out(record, stock=8e13, epochs=4.0, growth=2.0, stock_growth=0.0)
    >>> found.year_once, found.year_epochs
    (2027.0, 2029.0)
    """
    start, first = float(record.years[-1]), float(record.tokens[-1])

    def year(readings: float, factor: float) -> float:
        return start + float(np.log(readings * stock / first) / np.log(factor / (1 + stock_growth)))

    ends = year(epochs, record.high), year(epochs, record.low)
    read, loss, fresh_loss, limit = _spent(stock)
    values = laws.CONSTANTS[LAW].values
    once, often = (_budget(np.log(read), np.log(readings)) for readings in (1.0, epochs))
    worn = _budget(values["E"] - loss, -WORN_OUT * (limit - values["E"]))
    since = _YEAR - start
    return StockResult(
        stock=stock,
        epochs=epochs,
        growth=growth,
        stock_growth=stock_growth,
        year_once=year(1.0, growth),
        year_epochs=year(epochs, growth),
        early=min(ends),
        late=max(ends),
        already=first > stock,
        worth=float(laws.effective_data(epochs * stock, stock, R_D=values["R_D"]) / stock),
        years=_YEAR,
        demand=first * growth**since,
        demand_low=first * record.low**since,
        demand_high=first * record.high**since,
        supply=stock * (1 + stock_growth) ** since,
        flops_once=once,
        flops_epochs=often,
        flops_worn_out=worn,
        params_once=float(laws.matching_params(stock, **{k: values[k] for k in ("A", "B", "alpha", "beta")})),
        loss=loss,
        fresh_loss=fresh_loss,
        loss_once=_at(once, loss),
        loss_epochs=_at(often, loss),
        limit=limit,
    )


@functools.cache
def _one_stock() -> DataLimited:
    """Spend a fine grid of budgets on one stock, from which the others follow."""
    return spend_on_epochs(np.geomspace(1e17, 1e39, 600), _REFERENCE, LAW)


def _spent(stock: float) -> tuple[Array, Array, Array, float]:
    """Return epochs, loss, loss on fresh text along `BUDGETS`, and the limit.

    With alpha = beta, as these constants have it, a stock k times as large spends a budget k**2 times as large in the
    same way, and what is above the floor shrinks by k**alpha.
    """
    one, values = _one_stock(), laws.CONSTANTS[LAW].values
    scale = stock / _REFERENCE
    at = np.log(BUDGETS / scale**2)
    known = np.log(one.flops)

    def above_floor(curve: Array) -> Array:
        return np.exp(np.interp(at, known, np.log(curve - values["E"]))) * scale ** -values["alpha"]

    epochs = np.exp(np.interp(at, known, np.log(one.epochs)))
    limit = values["E"] + float(one.limit[0] - values["E"]) * scale ** -values["alpha"]
    return epochs, values["E"] + above_floor(one.loss), values["E"] + above_floor(one.fresh_loss), float(limit)


def _budget(rising: Array, goal: float) -> float | None:
    """Interpolate the budget at which a quantity that rises with it reaches a goal; None outside those drawn."""
    reached = np.flatnonzero(rising >= goal)
    if not reached.size or reached[0] == 0:
        return None
    i = int(reached[0])
    share = (goal - rising[i - 1]) / (rising[i] - rising[i - 1])
    return float(BUDGETS[i - 1] * (BUDGETS[i] / BUDGETS[i - 1]) ** share)


def _at(flops: float | None, curve: Array) -> float | None:
    return None if flops is None else float(np.interp(np.log(flops), np.log(BUDGETS), curve))
