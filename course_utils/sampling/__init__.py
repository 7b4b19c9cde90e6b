"""Ask a model many times: how often one answer is right, and how often the right one is picked.

`pass_at_k` and `coverage_curve` say whether any of k samples solves a problem, with an oracle to recognise it;
`power_coverage` and `beta_coverage` are the laws that such a curve is said to follow; `fitting.fit_coverage` fits them.
`majority_vote`, `best_of_n` and `best_by_score` say whether the answer that is handed in is right, without one.
Problems run along the first axis and numbers of samples along the last, so that a table of coverage has the shape
(n_problems, n_k).
"""

from __future__ import annotations

from course_utils.sampling.coverage import (
    CoverageCurve,
    beta_coverage,
    coverage_curve,
    expected_coverage,
    local_exponents,
    pass_at_k,
    power_coverage,
)
from course_utils.sampling.verifier import best_by_score, best_of_n
from course_utils.sampling.votes import majority_vote

__all__ = [
    "CoverageCurve",
    "best_by_score",
    "best_of_n",
    "beta_coverage",
    "coverage_curve",
    "expected_coverage",
    "local_exponents",
    "majority_vote",
    "pass_at_k",
    "power_coverage",
]
