"""Which runs a reader adds when the best width lies at the edge of what was tried."""

from __future__ import annotations

from collections.abc import Iterable, Mapping
from numbers import Integral, Real
from typing import TYPE_CHECKING

import numpy as np

from course_utils.planning import WIDTHS, PlannedRun, planned_run
from course_utils.planning.designs import LEAST_STEPS

from .refusal import Refusal

if TYPE_CHECKING:
    from .game import Game
    from .tables import Row

_SAME = 1e-3  # a rung named as 1.5e10 or as a share may be off by rounding


def edges(rows: Iterable[Row]) -> dict[float, int | None]:
    """Return the rungs whose best width is the outermost one that was tried, and the next width to try there.

    Parameters
    ----------
    rows : of runs; those that diverged say nothing

    Returns
    -------
    dict of rung to width; None where there is no further width
    """
    found = {}
    by_rung: dict[float, dict[int, list[float]]] = {}
    for row in rows:
        if not row.diverged and row.schedule == "cosine":
            by_rung.setdefault(row.rung, {}).setdefault(row.width, []).append(row.loss)
    for rung, widths in by_rung.items():
        tried = sorted(widths)
        best = min(tried, key=lambda width: float(np.mean(widths[width])))
        if len(tried) > 1 and best in (tried[0], tried[-1]):
            further = [w for w in WIDTHS if w < best] if best == tried[0] else [w for w in WIDTHS if w > best]
            found[rung] = (further[-1] if best == tried[0] else further[0]) if further else None
    return found


def runs_to_add(game: Game, more: Iterable[int] | Mapping[float, Iterable[int]]) -> tuple[PlannedRun, ...]:
    """Return the runs that more widths mean: every seed of the rung, without those that are planned already.

    Raises
    ------
    Refusal
        If a width is no even whole number from 2, or too large for its rung, a rung is not in the plan, or widths alone
        are given and no best width lies at an edge.
    """
    design = game.design
    by_rung = design.by_rung()
    if isinstance(more, Mapping):
        chosen = {_rung(key, by_rung, design.target): _several(widths) for key, widths in more.items()}
    else:
        at_edge, widths = edges(game.screening()), _several(more)
        if not at_edge:
            example = f"more_widths={{{next(iter(by_rung)):g}: [{', '.join(map(str, widths))}]}}"
            raise Refusal("no_edge", code=example, rungs=", ".join(f"{rung:g}" for rung in by_rung))
        chosen = dict.fromkeys(at_edge, widths)
    planned = {(run.rung, run.width, run.seed) for run in design.runs}
    added = []
    for rung, widths in chosen.items():
        for width in widths:
            if isinstance(width, bool) or not isinstance(width, Integral) or width < 2 or width % 2:
                raise Refusal("bad_width", width=repr(width))
        seeds = sorted({run.seed for run in by_rung[rung]})
        added += [planned_run(rung, int(width), seed, by_rung[rung][0].schedule, design.vocabulary) for seed in seeds
                  for width in sorted(set(widths)) if (rung, int(width), seed) not in planned]
    for run in added:
        if run.steps < LEAST_STEPS:
            raise Refusal("too_short", rung_flops=run.rung, width=run.width, steps=run.steps, least=LEAST_STEPS)
    return tuple(added)


def _several(widths: Iterable[int] | int) -> tuple[int, ...]:
    """Return widths; one alone is one."""
    return tuple(widths) if isinstance(widths, Iterable) and not isinstance(widths, str) else (widths,)


def _rung(key: float, by_rung: Mapping[float, tuple], target: float) -> float:
    for rung in by_rung if isinstance(key, Real) else ():
        if abs(key / rung - 1) < _SAME or abs(key * target / rung - 1) < _SAME:
            return rung
    asked = f"{key:g}" if isinstance(key, Real) else repr(key)
    raise Refusal("no_rung", rung=asked, rungs=", ".join(f"{rung:g}" for rung in by_rung))
