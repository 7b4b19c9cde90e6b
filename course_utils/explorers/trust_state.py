"""Refits of Chinchilla's law under a reader's choices: what *which fit do you trust* computes."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits, Int

from course_utils.explorers.controls import decade_steps

if TYPE_CHECKING:
    import pandas

    from course_utils.fitting import FitResult

SOURCES = ("published", "own")
OBJECTIVES = ("huber", "lad", "squared")
DROPPED = tuple(range(21))
DELTAS = decade_steps(1e-4, 1e-1, (1, 2, 5))
BUDGETS = {
    "published": (5.76e23, 3.8e25),  # Gopher, as Hoffmann et al. 2022 count it; Llama 3.1 405B
    "own": (1e13, 1e14),  # the largest budget of the grid; the run that was held out
}
PRINTED = ("hoffmann_printed", "hoffmann_unrounded", "besiroglu")
_STARTS = 4  # of 20; on both data sets, with 0 to 20 points left out, they end at the same optimum


class TrustState(HasTraits):
    """What the reader sets: whose points, how many are left out, and what is minimised."""

    data = Enum(SOURCES, default_value="own")
    dropped = Int(5)
    objective = Enum(OBJECTIVES, default_value="huber")
    delta = Float(1e-3)


@dataclass(frozen=True)
class Answer:
    """What one set of constants says.

    Attributes
    ----------
    values : mapping of str to float
        E, A, B, alpha, beta.
    exponent : float
        a = beta / (alpha + beta).
    params, ratio : arrays of shape (2,)
        Best size and tokens for each parameter at the two budgets.
    """

    values: Mapping[str, float]
    exponent: float
    params: np.ndarray
    ratio: np.ndarray


@dataclass(frozen=True)
class TrustResult:
    """What a refit says, and what others say of the same points.

    Attributes
    ----------
    data, objective : str
    dropped, n_points : int
        How many of the highest losses are left out, and how many points there are in all.
    delta : float
        Where Huber's loss turns from squared to absolute; means nothing for the other objectives.
    budgets : (float, float)
        FLOPs.
    fit, nothing_left_out : Answer
        This fit; the same objective on every point.
    used_ratio, used_miss, left_ratio, left_miss : arrays
        Tokens per parameter of each point, and ln(measured / fitted loss): those that were fitted, those left out.
    left_ratio_range : (float, float) or None
        Least and most tokens per parameter among the points left out.
    holdout : (float, float) or None
        For the course's own runs: foretold and measured loss of the run that was held out, nats per token.
    """

    data: str
    objective: str
    dropped: int
    n_points: int
    delta: float
    budgets: tuple[float, float]
    fit: Answer
    nothing_left_out: Answer
    used_ratio: np.ndarray
    used_miss: np.ndarray
    left_ratio: np.ndarray
    left_miss: np.ndarray
    left_ratio_range: tuple[float, float] | None
    holdout: tuple[float, float] | None


class Refits:
    """Hold the points of each source, highest loss first, and refit them.

    Parameters
    ----------
    runs : pandas.DataFrame
        This course's runs, columns of ``text_runs``.
    points : pandas.DataFrame or None
        Published points, columns of ``chinchilla_points``; None where they cannot be had.
    """

    def __init__(self, runs: pandas.DataFrame, points: pandas.DataFrame | None):
        kept = runs[~runs["diverged"]]
        own = kept[kept["set"] == "grid"]
        columns = {"own": _columns(own, "params_blocks_and_head")}
        if points is not None:
            columns["published"] = _columns(points, "params")
        self.columns = columns
        last = kept[kept["set"] == "holdout"]
        self._holdout = tuple(
            float(last[name].iloc[0]) for name in ("params_blocks_and_head", "tokens", "loss_nats")
        ) if len(last) else None  # fmt: skip
        self._answer = lru_cache(maxsize=256)(self._answer_anew)

    @property
    def sources(self) -> tuple[str, ...]:
        """The sources at hand, the published one first."""
        return tuple(name for name in SOURCES if name in self.columns)

    def compute(self, data: str, dropped: int, objective: str, delta: float) -> TrustResult:
        """Fit the points that are kept and ask the fit for the two budgets."""
        if objective != "huber":
            delta = DELTAS[0]  # without a meaning: one fit, whatever the slider says
        params, tokens, loss = self.columns[data]
        answer, fit = self._answer(data, dropped, objective, delta)
        ratio, miss = tokens / params, np.log(loss / fit.predict(params, tokens))
        holdout = None
        if data == "own" and self._holdout is not None:
            size, text, measured = self._holdout
            holdout = float(fit.predict(size, text)), measured
        left = ratio[:dropped]
        return TrustResult(
            data, objective, dropped, len(loss), delta, BUDGETS[data],
            fit=answer,
            nothing_left_out=self._answer(data, 0, objective, delta)[0],
            used_ratio=ratio[dropped:],
            used_miss=miss[dropped:],
            left_ratio=left,
            left_miss=miss[:dropped],
            left_ratio_range=(float(left.min()), float(left.max())) if dropped else None,
            holdout=holdout,
        )  # fmt: skip

    def other_fits(self, flops: float) -> dict[str, float]:
        """Return the best size at a budget by two other fits of this course's own runs, nothing left out.

        The line through the valleys of equal compute, and Kaplan's coupled form.
        """
        from course_utils import allocation, fitting

        params, tokens, loss = self.columns["own"]
        valley = fitting.fit_valley_surface(params, 6 * params * tokens, loss, n=2)
        coupled = fitting.fit_kaplan(params, tokens, loss)
        return {
            "valley": float(valley.optimal_params(flops)),
            "coupled": float(allocation.compute_optimal(flops, coupled).params),
        }

    def _answer_anew(self, data: str, dropped: int, objective: str, delta: float) -> tuple[Answer, FitResult]:
        from course_utils import fitting

        kept = tuple(column[dropped:] for column in self.columns[data])
        with warnings.catch_warnings():
            # What a fit warns of shows here as an answer that runs off the scale.
            warnings.simplefilter("ignore", fitting.FitWarning)
            fit = fitting.fit_chinchilla(*kept, objective=objective, delta=delta, n_starts=_STARTS)
        return answer_of(fit, BUDGETS[data]), fit


def answer_of(source: FitResult | str, budgets: tuple[float, float]) -> Answer:
    """Ask a fit, or published constants by their name, for the best split of two budgets.

    Examples
    --------
    >>> f"{answer_of('hoffmann_unrounded', (5.76e23, 3.8e25)).params[0]:.3g}"
    '4.04e+10'
    """
    from course_utils import allocation
    from course_utils.laws import CONSTANTS

    values = CONSTANTS[source].values if isinstance(source, str) else source.values
    split = allocation.compute_optimal(np.array(budgets), source)
    return Answer(
        dict(values), float(allocation.exponents(source)[0]), np.asarray(split.params), split.tokens_per_param
    )


def _columns(table: pandas.DataFrame, params: str) -> tuple[np.ndarray, np.ndarray, np.ndarray]:
    """Return params, tokens and loss, highest loss first."""
    table = table.sort_values("loss_nats", ascending=False, kind="stable")
    return tuple(table[name].to_numpy(float) for name in (params, "tokens", "loss_nats"))
