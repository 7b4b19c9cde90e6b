"""What *sample again* is asked and answers: coverage, votes and checked answers from the counts of real models."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from traitlets import Float, HasTraits, Int

from course_utils import sampling
from course_utils.explorers.controls import decade_steps
from course_utils.explorers.countdown_answers import CountdownAnswers

SAMPLES_AT = decade_steps(1, 10_000, (1, 2, 5))
CURVE_AT = np.array(decade_steps(1, 10_000, (1, 1.5, 2, 3, 5, 7)))
CURVE_AT = CURVE_AT[np.floor(CURVE_AT) == CURVE_AT]
FALSE_POSITIVE = 0.05  # wrong answers that the erring verifier lets through
EDGES = np.linspace(-5, 0, 21)  # of bins of log10 of the chance of one sample
LOWEST = 1.2e-5  # rates below are counted in the first bin


class AgainState(HasTraits):
    """What the reader sets: the model, the problems, the temperature and how often the model answers."""

    size = Int(32)
    numbers = Int(4)
    temperature = Float(1.0)
    k = Float(100.0)


@dataclass(frozen=True, eq=False)
class AgainResult:
    """What many answers of one model are worth; means over problems, then over seeds.

    Attributes
    ----------
    size, numbers, k : as the reader set them
    temperature : at which the answers shown were drawn: 1 where the model was not sampled at the one that was set
    params : blocks and head
    seeds : runs that this is the mean of
    problems : of this many numbers
    coverage, vote, checked : arrays of shape (n_k,), at :data:`CURVE_AT`: any sample right; the most frequent answer;
        one of those that a verifier accepts which lets through five wrong answers in a hundred
    coverage_at, vote_at, checked_at : the same at k
    one : chance that one sample is right
    most_k : the last number of samples that was counted
    without_end : share of problems whose most frequent answer of all is right
    voted, others : arrays of shape (20,), shares of problems by the chance of one sample, split by whether the most
        frequent answer is right
    unsolved : problems of which not one of the samples was right, a mean over seeds
    """

    size: int
    numbers: int
    k: int
    temperature: float
    params: float
    seeds: int
    problems: int
    coverage: np.ndarray
    vote: np.ndarray
    checked: np.ndarray
    coverage_at: float
    vote_at: float
    checked_at: float
    one: float
    most_k: int
    without_end: float
    voted: np.ndarray
    others: np.ndarray
    unsolved: float


class AgainCurves:
    """Hold the curves of every model, size of problem and temperature, each computed once.

    Parameters
    ----------
    answers : CountdownAnswers
    """

    def __init__(self, answers: CountdownAnswers):
        self.answers = answers
        self._known: dict[tuple[int, int, float], AgainResult] = {}
        self.temperatures = tuple(sorted({heat for d in answers.widths for heat in answers.temperatures(d)}))
        for size in answers.widths:
            for heat in answers.temperatures(size):
                for numbers in answers.numbers:
                    self._known[size, numbers, heat] = self._curves(size, numbers, heat)

    def _curves(self, size: int, numbers: int, heat: float) -> AgainResult:
        answers, seeds = self.answers, self.answers.seeds(size, heat)
        at = np.union1d(CURVE_AT, SAMPLES_AT)
        many = [(size, numbers, seed, at, heat) for seed in seeds]
        rates = [answers.column("chance", size, numbers, seed, heat) for seed in seeds]
        first = np.array([answers.first_is_right(size, numbers, seed, heat) for seed in seeds])
        held = np.log10(np.maximum(rates, LOWEST))
        weight = {"weights": np.full(int(first.sum()), 1 / first.size)}
        checked = [sampling.best_of_n(rate, at, false_positive=FALSE_POSITIVE).mean(axis=0) for rate in rates]
        voted = np.histogram(held[first], EDGES, **weight)[0]
        correct = np.array([answers.column("correct", size, numbers, seed, heat) for seed in seeds])
        return AgainResult(
            size=size, numbers=numbers, k=1, temperature=heat, params=answers.params[size], seeds=len(seeds),
            problems=first.shape[1], coverage=np.mean([answers.coverage(*each).mean(axis=0) for each in many], axis=0),
            vote=np.mean([answers.voted(*each).mean(axis=0) for each in many], axis=0),
            checked=np.mean(checked, axis=0), coverage_at=0.0, vote_at=0.0, checked_at=0.0, one=float(np.mean(rates)),
            most_k=answers.samples, without_end=float(first.mean()), voted=voted,
            others=np.histogram(held, EDGES)[0] / first.size - voted, unsolved=float((correct == 0).sum(axis=1).mean()),
        )  # fmt: skip

    def compute(self, size: int, numbers: int, temperature: float, k: float) -> AgainResult:
        """Look up the curves of a model, and read them at k; see :class:`AgainResult`."""
        heat = temperature if temperature in self.answers.temperatures(size) else 1.0
        held = self._known[size, numbers, heat]
        at = np.union1d(CURVE_AT, SAMPLES_AT)
        here, shown = int(np.searchsorted(at, k)), np.isin(at, CURVE_AT)
        curves = {name: getattr(held, name) for name in ("coverage", "vote", "checked")}
        return AgainResult(
            **{name: getattr(held, name) for name in held.__dataclass_fields__
               if name not in ("k", "coverage", "vote", "checked", "coverage_at", "vote_at", "checked_at")},
            k=int(k),
            **{name: curve[shown] for name, curve in curves.items()},
            **{f"{name}_at": float(curve[here]) for name, curve in curves.items()},
        )  # fmt: skip
