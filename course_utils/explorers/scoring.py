"""How good a prediction with an interval was, by a rule that rewards saying what one believes."""

from __future__ import annotations

from dataclasses import dataclass

LEVEL = 0.8
"""How sure a player is to be that the truth lies in the interval."""


def interval_score(low: float, high: float, truth: float, *, level: float = LEVEL) -> float:
    r"""Compute the interval score: width plus a fine for missing; lower is better.

    .. math:: S = (u - l) + \frac{2}{1 - p}\,\max(l - y, y - u, 0)

    Its expectation is smallest for whoever gives the true quantiles (10 and 90 per cent at p = 0.8), so neither a
    bluff (too narrow) nor a hedge (too wide) pays.

    Parameters
    ----------
    low, high : float
        Ends l and u of the interval, nats per token.
    truth : float
        What was measured, y.
    level : float
        Coverage p that the interval claims, between 0 and 1. At 0.8 the fine is ten times the distance.

    Returns
    -------
    float
        Nats per token.

    Raises
    ------
    ValueError
        If ``low`` lies above ``high`` or ``level`` not between 0 and 1.

    Source
    ------
    Gneiting and Raftery 2007, Strictly proper scoring rules, J. Amer. Statist. Assoc. 102, eq. 43; Winkler 1972.

    Examples
    --------
    >>> round(interval_score(3.3, 3.5, 3.4), 6), round(interval_score(3.3, 3.5, 3.55), 6)
    (0.2, 0.7)
    """
    if not low <= high:
        raise ValueError(f"low: {low} lies above high, {high}. Swap them.")
    if not 0 < level < 1:
        raise ValueError(f"level: a coverage lies between 0 and 1, not at {level}. Pass 0.8 for 80 per cent.")
    miss = max(low - truth, truth - high, 0.0)
    return (high - low) + 2 / (1 - level) * miss


@dataclass(frozen=True)
class Call:
    """What one player said about a run: a value and an 80 per cent interval around or beside it, nats per token."""

    value: float
    low: float
    high: float

    def caught(self, truth: float) -> bool:
        """Say whether the interval holds the truth."""
        return self.low <= truth <= self.high

    def error(self, truth: float) -> float:
        """Return the relative error of the value: positive when it was too high."""
        return self.value / truth - 1

    def score(self, truth: float) -> float:
        """Return the interval score (lower is better)."""
        return interval_score(self.low, self.high, truth)


@dataclass(frozen=True)
class Round:
    """One round of the game.

    Attributes
    ----------
    budget : float
        Budget of the run that was foretold, FLOPs.
    truth : float
        Its measured loss, nats per token.
    reader : Call
        What the reader committed.
    law : Call or None
        What the fitted law said, with the interval of its seed noise; None where no law was fitted.
    best_so_far : Call
        The lowest loss among the runs in sight, with no interval: "nothing will change".
    """

    budget: float
    truth: float
    reader: Call
    law: Call | None
    best_so_far: Call

    def calls(self) -> dict[str, Call]:
        """Return who said what, by name."""
        named = {"reader": self.reader, "law": self.law, "best_so_far": self.best_so_far}
        return {name: call for name, call in named.items() if call is not None}
