"""Find what a finished fit cannot tell: parameters at a bound, and directions along which nothing changes."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from types import MappingProxyType

import numpy as np

from course_utils.fitting.results import Estimate, FitWarning, Problem

# Smallest eigenvalue of the unit-diagonal Gauss-Newton matrix below which a direction is called weak: a combination of
# parameters may then change by a thousand times what the residuals would show along any one of them.
_WEAK = 1e-7

_NEGLIGIBLE = 1e-9  # share of the mean loss below which a floor is no floor
_SCALES = ("A", "B", "N_c", "D_c")


def estimates(problem: Problem, names: Sequence[str]) -> tuple[Mapping[str, Estimate], tuple[FitWarning, ...]]:
    """Name the parameters of a solved problem, with what is at a bound and what cannot be told apart.

    Parameters
    ----------
    problem : with theta at the optimum
    names : of theta's coordinates, in order

    Returns
    -------
    mapping of name to Estimate in the law's order, and the warnings
    """
    theta = problem.theta
    at_bound = (theta <= problem.lower) | (theta >= problem.upper)
    bound = dict(zip(names, (bool(b) for b in at_bound), strict=True))
    for name in ("E", "E_max"):  # E_max stands in theta as a share of its inverse
        if name in bound:
            bound[name] |= bool(theta[list(names).index(name)] <= _NEGLIGIBLE)
    values = problem.unpack(theta[None])
    for name in ("N_c", "D_c"):
        if name in bound:
            bound[name] |= bool(values[name][0] >= 1e260)
    params = {
        name: Estimate(float(value[0]), at_bound=bound.get(name, False), held=name not in bound)
        for name, value in values.items()
    }
    notes = [_bound_note(name, params[name].value >= 1e260) for name in params if params[name].at_bound]
    weak = weak_direction(problem, names)
    if weak:
        notes.append(
            FitWarning(
                "weak_direction",
                f"{', '.join(weak)} cannot be told apart by these runs: many combinations fit equally well. "
                "Predictions among the runs hold, the single values do not. Add runs that vary one input while the "
                "other stays, or sizes further apart.",
                weak,
            )
        )
    return MappingProxyType(params), tuple(notes)


def _bound_note(name: str, large: bool) -> FitWarning:
    if name == "E":
        return FitWarning(
            "floor_at_zero",
            "E is 0: these runs show no floor. That is no proof that there is none; larger runs decide.",
            ("E",),
        )
    if name == "E_max":
        return FitWarning(
            "no_saturation",
            "E_max is at a bound: these runs do not show where more experts stop helping. Do not use the law beyond "
            "their numbers of experts.",
            ("E_max",),
        )
    if name == "E_start":
        return FitWarning(
            "start_at_bound",
            "E_start is at a bound: these runs do not show what the first few experts are worth. Add dense runs and "
            "runs with two to eight experts.",
            ("E_start",),
        )
    if name == "x_break":
        return FitWarning(
            "break_at_bound",
            "x_break lies at an end of the runs: the bend, if there is one, is not inside them. Fit a power law "
            "without a bend, or add sizes beyond that end.",
            ("x_break",),
        )
    if name == "width":
        return FitWarning(
            "width_at_bound",
            "width is at a bound: the bend is sharper than the distance between these sizes shows, or as wide as all "
            "of them. Its exact form is not determined.",
            ("width",),
        )
    if name in ("R_D", "R_N"):
        return _decay_note(name, large)
    if name in _SCALES and not large:
        return FitWarning(
            "scale_at_zero",
            f"{name} is 0: the loss does not fall with this input in these runs, so its exponent means nothing.",
            (name,),
        )
    return FitWarning(
        "exponent_at_bound",
        f"{name} is at a bound: the loss does not fall with this input, or falls like a step. Plot the runs before "
        "using this fit.",
        (name,),
    )


def _decay_note(name: str, large: bool) -> FitWarning:
    if large:
        return FitWarning(
            "no_decay",
            f"{name} is infinite: in these runs repeats (R_D) or excess parameters (R_N) are worth as much as fresh "
            "ones. Add runs with more epochs, or larger models on the same text, before believing it.",
            (name,),
        )
    return FitWarning(
        "all_decay",
        f"{name} is at its lowest: in these runs repeats (R_D) or excess parameters (R_N) are worth nothing. The law "
        "can level off but not rise: leave out runs past their lowest loss.",
        (name,),
    )


def weak_direction(problem: Problem, names: Sequence[str]) -> tuple[str, ...]:
    """Name the parameters of the direction along which the runs do not constrain the fit; empty when there is none."""
    theta = problem.theta
    fixed = ((theta <= problem.lower) | (theta >= problem.upper))[None]
    free = np.flatnonzero(~(fixed | problem.family.idle(fixed & (theta <= problem.lower)))[0])
    jacobian = problem.family.jacobian(theta[None], problem.points)[0, free] * np.sqrt(problem.points.weights)
    norms = np.sqrt((jacobian**2).sum(axis=1))
    silent = norms <= 1e-12 * norms.max(initial=0.0)
    if silent.any():
        return tuple(names[i] for i in free[silent])
    if free.size < 2:
        return ()
    unit = jacobian / norms[:, None]
    eigenvalues, vectors = np.linalg.eigh(unit @ unit.T)
    if eigenvalues[0] > _WEAK:
        return ()
    return tuple(names[i] for i, share in zip(free, np.abs(vectors[:, 0]), strict=True) if share > 0.3)
