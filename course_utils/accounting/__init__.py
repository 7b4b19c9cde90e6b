"""Count what a model is and what it costs: parameters, FLOPs, memory, traffic, time, energy, money.

Every published disagreement about exponents began with a convention, so here the convention is an argument.
FLOPs are an amount of work; FLOP/s is a rate. Counts are plain numbers, never billions.
"""

from __future__ import annotations

from course_utils.accounting.answers import answer_flops
from course_utils.accounting.bills import cost, energy, training_time
from course_utils.accounting.compute import (
    PF_DAY,
    forward_flops_per_token,
    inference_flops,
    training_flops,
    training_flops_exact,
)
from course_utils.accounting.experts import (
    MoeParams,
    all_to_all_seconds,
    capacity_bill,
    expert_parallel_bytes,
    moe_forward_flops_per_token,
    moe_params,
)
from course_utils.accounting.memory import all_to_all_bytes, kv_cache_bytes, training_memory_bytes
from course_utils.accounting.models import transformer_params

__all__ = [
    "PF_DAY",
    "MoeParams",
    "all_to_all_bytes",
    "all_to_all_seconds",
    "answer_flops",
    "capacity_bill",
    "cost",
    "energy",
    "expert_parallel_bytes",
    "forward_flops_per_token",
    "inference_flops",
    "kv_cache_bytes",
    "moe_forward_flops_per_token",
    "moe_params",
    "training_flops",
    "training_flops_exact",
    "training_memory_bytes",
    "training_time",
    "transformer_params",
]
