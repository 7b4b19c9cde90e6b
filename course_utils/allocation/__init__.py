"""Split a budget between parameters and tokens: to train, to train and use, with plenty of text or with little.

Every answer says how far outside the runs it lies. A law that was fitted up to 1e21 FLOPs has an opinion at 1e26 too.
`compute_optimal_experts` splits it three ways, between size, data and the number of experts, within a memory.
"""

from __future__ import annotations

from course_utils.allocation.experts import ExpertAllocation, compute_optimal_experts, total_params
from course_utils.allocation.splits import Allocation, cheapest_for_loss, compute_optimal, exponents, kaplan_table6

__all__ = [
    "Allocation",
    "ExpertAllocation",
    "cheapest_for_loss",
    "compute_optimal",
    "compute_optimal_experts",
    "exponents",
    "kaplan_table6",
    "total_params",
]
