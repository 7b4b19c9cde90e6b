"""Published constants, each set with the law that it belongs to and the place where it stands."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from types import MappingProxyType

import numpy as np
from numpy.typing import ArrayLike, NDArray


@dataclass(frozen=True)
class Constants:
    """A published set of constants: the law they belong to, their values by keyword, and where they stand."""

    law: str
    values: Mapping[str, float]
    source: str

    def __call__(self, *counts: ArrayLike) -> NDArray[np.float64]:
        """Evaluate the law with these constants."""
        from course_utils.laws import LAWS

        return LAWS[self.law](*counts, **self.values)


def _constants(law: str, source: str, **values: float) -> Constants:
    return Constants(law, MappingProxyType(values), source)


_PF_DAY = 8.64e19  # FLOPs; Kaplan counts compute in PF-days

CONSTANTS: Mapping[str, Constants] = MappingProxyType(
    {
        "hoffmann_printed": _constants(
            "chinchilla",
            "Hoffmann et al. 2022, arXiv 2203.15556, Approach 3 as printed",
            E=1.69, A=406.4, B=410.7, alpha=0.34, beta=0.28,
        ),
        "hoffmann_unrounded": _constants(
            "chinchilla",
            "Hoffmann et al. 2022, TeX source of arXiv 2203.15556, through epoch-research/analyzing-chinchilla",
            E=float(np.exp(0.5267228)), A=float(np.exp(6.0073404)), B=float(np.exp(6.0179186)),
            alpha=0.33917084, beta=0.2849083,
        ),
        "besiroglu": _constants(
            "chinchilla",
            "Besiroglu et al. 2024, arXiv 2404.10102 (a refit of 240 points read off Chinchilla Figure 4)",
            E=1.8172, A=482.01, B=2085.43, alpha=0.3478, beta=0.3658,
        ),
        "muennighoff_c4": _constants(
            "chinchilla",
            "Muennighoff et al. 2023, arXiv 2305.16264, repository huggingface/datablations (C4, one epoch)",
            E=float(np.exp(0.6254804)), A=float(np.exp(6.255414)), B=float(np.exp(7.3049974)),
            alpha=0.3526596, beta=0.3526596,
        ),
        "muennighoff_c4_repeated": _constants(
            "repeated_data",
            "Muennighoff et al. 2023, arXiv 2305.16264, repository huggingface/datablations (C4)",
            E=float(np.exp(0.6254804)), A=float(np.exp(6.255414)), B=float(np.exp(7.3049974)),
            alpha=0.3526596, beta=0.3526596, R_D=15.387756, R_N=5.309743,
        ),
        "sardana": _constants(
            "chinchilla",
            "Sardana et al. 2024, arXiv 2401.00448 (the constants of its examples)",
            E=1.69, A=406.4, B=410.7, alpha=0.336, beta=0.283,
        ),
        "kaplan_params": _constants(
            "kaplan_params", "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(N)", N_c=8.8e13, alpha_N=0.076
        ),
        "kaplan_tokens": _constants(
            "kaplan_tokens", "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(D)", D_c=5.4e13, alpha_D=0.095
        ),
        "kaplan_compute": _constants(
            "kaplan_compute",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(C_min): 3.1e8 PF-days, here in FLOPs",
            C_c=3.1e8 * _PF_DAY, alpha_C=0.050,
        ),
        "kaplan_compute_fixed_batch": _constants(
            "kaplan_compute",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 5, L(C) at fixed batch: 1.6e7 PF-days, here in FLOPs",
            C_c=1.6e7 * _PF_DAY, alpha_C=0.057,
        ),
        "kaplan_joint": _constants(
            "kaplan",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 2, the joint fit of L(N, D)",
            N_c=6.4e13, D_c=1.8e13, alpha_N=0.076, alpha_D=0.103,
        ),
        "kaplan_steps": _constants(
            "kaplan_steps",
            "Kaplan et al. 2020, arXiv 2001.08361, Table 3, the joint fit of L(N, S)",
            N_c=6.5e13, S_c=2.1e3, alpha_N=0.077, alpha_S=0.76,
        ),
        "clark_s_base": _constants(
            "routed",
            "Clark et al. 2022, arXiv 2202.01169, Table 3, S-BASE",
            a=-0.082, b=-0.108, c=0.009, d=1.104, E_start=1.847, E_max=314.478,
        ),
        "clark_rl_r": _constants(
            "routed",
            "Clark et al. 2022, arXiv 2202.01169, Table 3, RL-R",
            a=-0.083, b=-0.126, c=0.012, d=1.111, E_start=1.880, E_max=469.982,
        ),
        "clark_hash": _constants(
            "routed",
            "Clark et al. 2022, arXiv 2202.01169, Table 3, HASH",
            a=-0.087, b=-0.136, c=0.012, d=1.157, E_start=4.175, E_max=477.741,
        ),
        "krajewski_64": _constants(
            "granular",
            "Krajewski et al. 2024, arXiv 2402.07871, Table 1, mixture of 64 experts",
            a=18.1, alpha=0.115, b=30.8, beta=0.147, c=0.47, g=2.1, gamma=0.58,
        ),
        "krajewski_dense": _constants(
            "chinchilla",
            "Krajewski et al. 2024, arXiv 2402.07871, Table 1, dense (the same floor as the mixture)",
            E=0.47, A=16.3, B=26.7, alpha=0.126, beta=0.127,
        ),
        "ludziejewski": _constants(
            "joint_moe",
            "Ludziejewski et al. 2025, arXiv 2502.05172, eq. 6 and Table 3 (signs as printed)",
            a=35.91, alpha=-0.1889, delta=-0.2285, gamma=0.0098, b=35.98, beta=-0.1775, omega=0.5529, zeta=-0.0259,
            c=1.3637, E_start=2.0732, E_max=290.4521,
        ),
    }
)  # fmt: skip
