"""Every scaling law of the course as a pure function of arrays.

A law takes counts (parameters, tokens, FLOPs; never logarithms, never billions) and returns a loss in nats per
token. Its constants are keyword arguments named as in the paper. `CONSTANTS` holds the published sets, each with
its source, so that ``chinchilla_loss(params, tokens, **CONSTANTS["besiroglu"].values)`` is a complete statement.

Losses of papers with different tokenizers or texts must not be compared; exponents and structures may.
"""

from __future__ import annotations

from collections.abc import Callable, Mapping
from types import MappingProxyType

import numpy as np
from numpy.typing import NDArray

from course_utils.laws.bends import broken_power_law, sigmoid_accuracy
from course_utils.laws.chinchilla import chinchilla_loss
from course_utils.laws.constants import CONSTANTS, Constants
from course_utils.laws.kaplan import (
    critical_batch_size,
    kaplan_compute_loss,
    kaplan_loss,
    kaplan_params_loss,
    kaplan_steps_loss,
    kaplan_tokens_loss,
)
from course_utils.laws.repetition import (
    effective_data,
    effective_repeats,
    matching_params,
    repeated_data_loss,
    worth_of_epoch,
    worth_of_next_token,
)
from course_utils.laws.routed import (
    effective_experts,
    effective_params,
    granular_loss,
    joint_moe_loss,
    routed_loss,
)
from course_utils.laws.single import compute_law, power_law

__all__ = [
    "CONSTANTS",
    "LAWS",
    "Constants",
    "broken_power_law",
    "chinchilla_loss",
    "compute_law",
    "critical_batch_size",
    "effective_data",
    "effective_experts",
    "effective_params",
    "effective_repeats",
    "granular_loss",
    "joint_moe_loss",
    "kaplan_compute_loss",
    "kaplan_loss",
    "kaplan_params_loss",
    "kaplan_steps_loss",
    "kaplan_tokens_loss",
    "matching_params",
    "power_law",
    "repeated_data_loss",
    "routed_loss",
    "sigmoid_accuracy",
    "worth_of_epoch",
    "worth_of_next_token",
]

LAWS: Mapping[str, Callable[..., NDArray[np.float64]]] = MappingProxyType(
    {
        "power_law": power_law,
        "broken_power_law": broken_power_law,
        "compute_law": compute_law,
        "chinchilla": chinchilla_loss,
        "kaplan_params": kaplan_params_loss,
        "kaplan_tokens": kaplan_tokens_loss,
        "kaplan_compute": kaplan_compute_loss,
        "kaplan": kaplan_loss,
        "kaplan_steps": kaplan_steps_loss,
        "repeated_data": repeated_data_loss,
        "routed": routed_loss,
        "granular": granular_loss,
        "joint_moe": joint_moe_loss,
    }
)
