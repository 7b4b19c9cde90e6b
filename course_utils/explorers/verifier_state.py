"""What *how good is the verifier* is asked and answers: best of n by its two error rates, on measured difficulties."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Float, HasTraits, Int

from course_utils import sampling
from course_utils.explorers.controls import decade_steps
from course_utils.explorers.countdown_answers import CountdownAnswers

if TYPE_CHECKING:
    import pandas

SAMPLES_AT = decade_steps(1, 10_000, (1, 2, 5))
CURVE_AT = np.union1d(SAMPLES_AT, np.round(np.geomspace(1, 10_000, 33)))
FALSE_POSITIVES = (0.0, 0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1, 0.2, 0.5, 1.0)
RATIOS = np.geomspace(5e-4, 20, 60)  # of false to true positives
SELECTED = (16, 3)  # d_model and numbers of the answers whose scores are known one by one
SELECTED_AT = np.array([1.0, 4.0, 16.0, 64.0, 256.0])
SCORES = ("log_probability", "log_probability_larger", "verdict")
_REACHED = 0.01  # within so much of the plateau, more samples buy nothing


class VerifierState(HasTraits):
    """What the reader sets: the verifier's two rates, the samples, and whose answers to which problems."""

    true_positive = Float(0.9)
    false_positive = Float(0.05)
    n = Float(100.0)
    size = Int(SELECTED[0])
    numbers = Int(SELECTED[1])


@dataclass(frozen=True, eq=False)
class VerifierResult:
    """What a verifier makes of many samples; means over problems, then over seeds.

    Attributes
    ----------
    true_positive, false_positive, n, size, numbers : as the reader set them
    params : blocks and head of the answering model
    oracle, checked : arrays of shape (n_n,), at :data:`CURVE_AT`: a perfect verifier (coverage), and this one
    vote : array of shape (n_counted,), at the numbers of samples up to `most_n`
    oracle_at, checked_at, vote_at : the same at n, the vote at most_n where n is beyond
    plateau : what this verifier tends to as n grows
    reached : least number of samples of :data:`CURVE_AT` that is within 0.01 of the plateau; None where none is
    one : chance that one sample is right
    most_n : the last number of samples that was counted
    ratio : false positives over true positives, on which alone the plateau depends
    ceilings : by numbers of a problem, array of shape (60,), plateau at :data:`RATIOS`
    selectors : by score, array of shape (5,), how often the answer with the highest score is right, at
        :data:`SELECTED_AT`; empty where answers of these problems were not scored
    """

    true_positive: float
    false_positive: float
    n: int
    size: int
    numbers: int
    params: float
    oracle: np.ndarray
    checked: np.ndarray
    vote: np.ndarray
    oracle_at: float
    checked_at: float
    vote_at: float
    plateau: float
    reached: int | None
    one: float
    most_n: int
    ratio: float
    ceilings: dict[int, np.ndarray]
    selectors: dict[str, np.ndarray]


class VerifiedAnswers:
    """Hold measured rates, votes and scores, and ask a verifier about them.

    Parameters
    ----------
    answers : CountdownAnswers
    selection : pandas.DataFrame or None
        Table with the columns of ``countdown_selection``; None where there is none.
    """

    def __init__(self, answers: CountdownAnswers, selection: pandas.DataFrame | None):
        self.answers = answers
        self.most = int(min(answers.samples, SAMPLES_AT[-1]))
        self._rates, self._oracle, self._vote, self._ceilings = {}, {}, {}, {}
        for size in answers.widths:
            seeds = answers.seeds(size)
            for numbers in answers.numbers:
                key = size, numbers
                rates = np.concatenate([answers.column("chance", size, numbers, seed) for seed in seeds])
                self._rates[key] = rates
                self._oracle[key] = sampling.expected_coverage(rates, CURVE_AT).mean(axis=0)
                votes = [answers.voted(size, numbers, seed, CURVE_AT).mean(axis=0) for seed in seeds]
                self._vote[key] = np.mean(votes, axis=0)
                self._ceilings[key] = plateaus(rates, RATIOS)
        self.selectors = {} if selection is None else selectors_of(selection)

    def compute(self, true_positive: float, false_positive: float, n: float, size: int, numbers: int) -> VerifierResult:
        """Ask a verifier of these rates; see :class:`VerifierResult`."""
        key, errors = (size, numbers), {"true_positive": true_positive, "false_positive": false_positive}
        rates, at = self._rates[key], int(np.searchsorted(CURVE_AT, n))
        both = sampling.best_of_n(rates, np.append(CURVE_AT, np.inf), **errors).mean(axis=0)
        checked, plateau = both[:-1], float(both[-1])
        near = np.abs(checked - plateau) < _REACHED
        return VerifierResult(
            true_positive=true_positive,
            false_positive=false_positive,
            n=int(n),
            size=size,
            numbers=numbers,
            params=self.answers.params[size],
            oracle=self._oracle[key],
            checked=checked,
            vote=self._vote[key][self.most >= CURVE_AT],
            oracle_at=float(self._oracle[key][at]),
            checked_at=float(checked[at]),
            vote_at=float(self._vote[key][at]),
            plateau=plateau,
            reached=int(CURVE_AT[np.argmax(near)]) if near.any() else None,
            one=float(rates.mean()),
            most_n=self.most,
            ratio=false_positive / true_positive,
            ceilings={m: self._ceilings[size, m] for m in self.answers.numbers},
            selectors=self.selectors if key == SELECTED else {},
        )


def plateaus(rates: np.ndarray, ratios: np.ndarray) -> np.ndarray:
    r"""Compute the mean of what best of n tends to, p / (p + (1 - p) r), with r false over true positives.

    Examples
    --------
    >>> plateaus(np.array([0.1, 0.5]), np.array([0.1, 1.0])).round(3)
    array([0.718, 0.3  ])
    """
    p = rates[:, None]
    with np.errstate(invalid="ignore"):
        return np.where(p > 0, p / (p + (1 - p) * ratios), 0.0).mean(axis=0)


def selectors_of(table: pandas.DataFrame) -> dict[str, np.ndarray]:
    r"""Compute how often the best-scored of k samples is right, for every score that the table has.

    The highest score of k samples is at most s with chance :math:`F(s)^k`, F the share of samples that score no more.

    Examples
    --------
    >>> import pandas as pd
    >>> rows = pd.DataFrame({"problem": ["a", "a"], "count": [1, 3], "right": [1, 0], "log_probability": [-1.0, -2.0]})
    >>> selectors_of(rows)["log_probability"].round(3)
    array([0.25 , 0.684, 0.99 , 1.   , 1.   ])
    """
    out = {}
    for name in (name for name in SCORES if name in table):
        means = []
        for _, rows in table.groupby("problem"):
            rows = rows.sort_values(name)
            below = np.append(0.0, np.cumsum(rows["count"].to_numpy(dtype=np.float64)))
            chosen = np.diff((below / below[-1])[:, None] ** SELECTED_AT, axis=0)
            means.append(rows["right"].to_numpy(dtype=np.float64) @ chosen)
        out[name] = np.mean(means, axis=0)
    return out
