"""Compare the five designs over budgets and shares: the study that the explorer *compare designs* looks up.

Run ``python -m course_utils.planning.comparison data/studies/design_comparison.csv``; it takes some minutes.
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator
from dataclasses import replace
from pathlib import Path

from course_utils.planning.checks import one_positive
from course_utils.planning.designs import DESIGNS, Design, design
from course_utils.planning.prior import nearest_width, optimal_params
from course_utils.planning.simulate import simulate

BUDGETS = tuple(float(f"{mantissa}e{power}") for power in range(11, 16) for mantissa in (1, 2, 5))[:13]
"""FLOPs for everything, 1e11 to 1e15."""
SHARES = (0.1, 0.2, 0.333, 0.5, 0.667, 0.8, 0.9)
"""Shares of the budget that the target gets."""
LADDERS = 400
"""Simulated ladders behind every row."""
COLUMNS = (
    "design", "budget", "share", "runs", "largest", "cost", "ladders", "error_median", "error_90", "interval_width",
    "inside", "bias",
)  # fmt: skip


def stretched(name: str, budget: float, share: float) -> Design | None:
    """Choose the runs of a design where the target does not get half of the budget.

    What is left beside the target buys the rule's runs as many times as it can, with other seeds each time. Where that
    is less than once, all rungs move down by what is left over the target, and the target lies further away.

    Parameters
    ----------
    name : one of `DESIGNS`
    budget : FLOPs for everything
    share : of the budget that the target gets, between 0 and 1

    Returns
    -------
    Design or None
        None where a run would be too short to teach anything.

    Raises
    ------
    ValueError
        If the name is unknown or a number is bad.

    Examples
    --------
    >>> [len(stretched("ladder", 1e13, share).runs) for share in (0.2, 0.5, 0.8)]
    [100, 25, 25]
    >>> stretched("ladder", 1e11, 0.5) is None
    True
    """
    if name not in DESIGNS:
        raise ValueError(f"name: {name!r} is not a design; choose one of {', '.join(DESIGNS)}.")
    budget, share = one_positive(budget, "budget"), one_positive(share, "share")
    if not share < 1:
        raise ValueError(f"share: {share!r} of {budget!r} FLOPs; give a positive budget and a share between 0 and 1.")
    target = share * budget
    left = budget - target
    rule = _rule(name, target)
    if rule is not None and rule.cost <= left * (1 + 1e-9):
        times = int(left * (1 + 1e-9) / rule.cost)
        sets = [rule, *(_rule(name, target, game) for game in range(1, times))]
        return replace(rule, budget=budget, runs=tuple(run for each in sets for run in each.runs))
    reach = min(1.0, left / target)
    while (small := _rule(name, reach * target)) is not None and small.cost > left * (1 + 1e-9):
        reach *= 0.99
    if small is None:
        return None
    return replace(small, budget=budget, target=target, target_width=nearest_width(float(optimal_params(target))))


def _rule(name: str, target: float, game: int = 0) -> Design | None:
    """Return the rule's design for a target that gets half of a budget; None where a run would be too short."""
    try:
        return design(name, budget=2 * target, target=target, game=game)
    except ValueError:  # the only number that can be bad here is a run's length
        return None


def rows(ladders: int = LADDERS, seed: int = 0) -> Iterator[dict[str, object]]:
    """Simulate every design at every budget and share; the numbers are empty where a design cannot be had."""
    for name in DESIGNS:
        for budget in BUDGETS:
            for share in SHARES:
                made = stretched(name, budget, share)
                row = {"design": name, "budget": f"{budget:g}", "share": share, "ladders": ladders}
                if made is not None:
                    found = simulate(made, n=ladders, seed=seed)
                    row |= {"runs": len(made.runs), "largest": f"{max(run.flops for run in made.runs):.6g}"}
                    row |= {"cost": f"{made.cost:.6g}"}
                    row |= {key: f"{getattr(found, key):.5g}" for key in COLUMNS[7:]}
                yield row


def main(arguments: list[str] | None = None) -> int:
    """Simulate everything and write one table."""
    parser = argparse.ArgumentParser(prog="comparison", description="Compare designs over budgets and shares.")
    parser.add_argument("file", type=Path, help="the table to write")
    parser.add_argument("--ladders", type=int, default=LADDERS, help="simulated ladders for a row")
    options = parser.parse_args(arguments)
    with options.file.open("w", encoding="utf-8", newline="") as file:
        writer = csv.DictWriter(file, COLUMNS, lineterminator="\n")
        writer.writeheader()
        for row in rows(options.ladders):
            writer.writerow(row)
            file.flush()
    return 0


if __name__ == "__main__":
    sys.exit(main())
