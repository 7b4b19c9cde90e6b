"""Split a budget between parameters and tokens: to train, to train and use, with plenty of text or with little.

Every answer says how far outside the runs it lies. A law that was fitted up to 1e21 FLOPs has an opinion at 1e26 too.
`spend_on_epochs` says how often to read a text that does not suffice, and what that wastes.
`compute_optimal_experts` splits it three ways, between size, data and the number of experts, within a memory.
`lifetime_bill` asks which model of one quality is cheapest to train and to serve, `spend_on_answers` what one question
should be given: more samples, a longer thought, or a larger model.
"""

from __future__ import annotations

from course_utils.allocation.answers import AnswerOption, AnswerPlan, spend_on_answers
from course_utils.allocation.data_limited import DataLimited, flops_until_worn_out, loss_limit, spend_on_epochs
from course_utils.allocation.experts import ExpertAllocation, compute_optimal_experts, total_params
from course_utils.allocation.lifetime import LifetimeBill, equal_compute_share, lifetime_bill, tokens_for_loss
from course_utils.allocation.splits import Allocation, cheapest_for_loss, compute_optimal, exponents, kaplan_table6

__all__ = [
    "Allocation",
    "AnswerOption",
    "AnswerPlan",
    "DataLimited",
    "ExpertAllocation",
    "LifetimeBill",
    "cheapest_for_loss",
    "compute_optimal",
    "compute_optimal_experts",
    "equal_compute_share",
    "exponents",
    "flops_until_worn_out",
    "kaplan_table6",
    "lifetime_bill",
    "loss_limit",
    "spend_on_answers",
    "spend_on_epochs",
    "tokens_for_loss",
    "total_params",
]
