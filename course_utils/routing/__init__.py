"""Which expert works on which token: choice, capacity and balance, as array functions.

Tables have one row a token and one column an expert. `top_k` chooses, `keep_within_capacity` says what overflows, and
the rest are cures for experts that do too much or nothing: `switch_loss`, `gshard_loss` and `importance_loss` (reward
an even load), `balanced_assignment` and `expert_choice` (even by construction), `bias_step` (even after a while).
"""

from __future__ import annotations

from course_utils.routing.assignment import balanced_assignment, expert_choice
from course_utils.routing.choice import expert_capacity, keep_within_capacity, noisy_scores, softmax, top_k
from course_utils.routing.load import bias_step, expert_load, load_entropy
from course_utils.routing.losses import gshard_loss, importance_loss, switch_loss

__all__ = [
    "balanced_assignment",
    "bias_step",
    "expert_capacity",
    "expert_choice",
    "expert_load",
    "gshard_loss",
    "importance_loss",
    "keep_within_capacity",
    "load_entropy",
    "noisy_scores",
    "softmax",
    "switch_loss",
    "top_k",
]
