"""Choose the law that a table of runs can carry."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray

from course_utils.own_runs.runs import Array, Runs
from course_utils.own_runs.said import Refusal, Said, said

_LEVELS = 3  # sizes of an input that a term with a floor needs
_RUNS = 5  # constants of the law of params and tokens
_IN_STEP = 0.99  # correlation of ln N and ln D beyond which the two terms cannot be told apart
_SAME_BUDGET = 1.2  # runs whose compute agrees within this factor were meant for one budget


@dataclass(frozen=True, eq=False)
class Law:
    """Hold the choice.

    Attributes
    ----------
    inputs : ("params", "tokens"), or the one quantity of a power law
    floor : whether a floor is fitted
    use : mask of shape (n_runs,), the runs that the fit sees
    reason : why this law
    tokens_per_param : the ratio that all runs keep, where tokens grow in step with parameters; else None
    """

    inputs: tuple[str, ...]
    floor: bool
    use: NDArray[np.bool_]
    reason: Said
    tokens_per_param: float | None = None

    @property
    def n_constants(self) -> int:
        """How many constants the law has."""
        return 5 if len(self.inputs) == 2 else 3 if self.floor else 2


def levels(values: Array) -> int:
    """Count the sizes that differ by more than one per cent.

    Examples
    --------
    >>> import numpy as np
    >>> levels(np.array([100.0, 100.5, 200.0]))
    2
    """
    ordered = np.sort(np.log(values))
    return 1 + int((np.diff(ordered) > 0.01).sum()) if len(ordered) else 0


def choose_law(runs: Runs) -> Law:
    """Choose the law with most constants that the runs can determine.

    Raises
    ------
    Refusal
        If there are fewer runs than constants, or every run has one size.
    """
    name, n_runs = runs.reading.name, len(runs)
    if n_runs < 3:
        raise Refusal("too_few", name, count=n_runs, rows=runs.n_rows, excluded=len(runs.excluded))
    everything = np.ones(n_runs, dtype=bool)
    n, d, c = runs.params, runs.tokens, runs.flops
    if n is not None and d is not None:
        many = min(levels(n), levels(d)) >= _LEVELS
        if many and np.corrcoef(np.log(n), np.log(d))[0, 1] > _IN_STEP:
            ratio = float(np.median(d / n)) if np.ptp(np.log(d / n)) < np.log(1.5) else None
            return _one(runs, "flops", everything, said("law.in_step"), ratio)
        if many and n_runs >= _RUNS:
            return Law(("params", "tokens"), True, everything, said("law.both"))
        for role, other in (("params", "tokens"), ("tokens", "params")):
            varied, held = getattr(runs, role), getattr(runs, other)
            use = _largest_group(held)
            if levels(varied[use]) >= 2:
                reason = said(f"law.{role}_only", count=int(use.sum()), left=int((~use).sum()))
                return _one(runs, role, use, reason)
        if levels(c) >= 2:
            return _one(runs, "flops", everything, said("law.in_step"))
        raise Refusal("one_size", name, what=said("role.params"), size=float(n[0]))
    role = next(role for role in ("flops", "params", "tokens") if getattr(runs, role) is not None)
    return _one(runs, role, everything, said(f"law.{role}_alone"))


def _one(runs: Runs, role: str, use: NDArray[np.bool_], reason: Said, ratio: float | None = None) -> Law:
    values = getattr(runs, role)[use]
    sizes = levels(values)
    if sizes < 2:
        raise Refusal("one_size", runs.reading.name, what=said(f"role.{role}"), size=float(values[0]))
    if use.sum() < 3:
        raise Refusal("too_few", runs.reading.name, count=int(use.sum()), rows=runs.n_rows, excluded=len(runs.excluded))
    return Law((role,), sizes >= _LEVELS, use, reason, ratio)


def _largest_group(values: Array) -> NDArray[np.bool_]:
    """Find the value, to one per cent, that most runs share; mark those runs."""
    groups = _groups(values, 1.01)
    best = max(groups, key=len)
    use = np.zeros(len(values), dtype=bool)
    use[best] = True
    return use


def _groups(values: Array, factor: float) -> list[NDArray[np.intp]]:
    order = np.argsort(values, kind="stable")
    jumps = np.flatnonzero(np.diff(np.log(values[order])) > np.log(factor)) + 1
    return np.split(order, jumps)


def budgets(runs: Runs) -> Array | None:
    """Return the budget that each run was meant for, where the runs were made at a few fixed budgets; else None.

    Every budget needs three sizes, and there must be two.
    """
    if runs.params is None or runs.flops is None:
        return None
    named = runs.budget is not None and np.isfinite(runs.budget).all()
    out = np.empty(len(runs))
    for rows in _groups(runs.budget if named else runs.flops, _SAME_BUDGET):
        compute = runs.flops[rows]
        if compute.max() > compute.min() * _SAME_BUDGET**2 or levels(runs.params[rows]) < 3:
            return None
        out[rows] = np.exp(np.log(compute).mean())
    return out if levels(out) >= 2 else None
