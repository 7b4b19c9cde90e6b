"""Replay a whole game by lookup: plan, screening, forecast, target, verdict, from tables of runs that were all made."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils.planning.checks import table, whole
from course_utils.planning.designs import Design
from course_utils.planning.designs import design as design_of
from course_utils.planning.forecast import Forecast, forecast
from course_utils.planning.mistakes import Mistake, mistakes
from course_utils.planning.regret import Regret, regret
from course_utils.planning.tables import rows_for_fit

if TYPE_CHECKING:
    from pandas import DataFrame

TARGET_SEED = 1000
"""Seeds of the targets begin here."""
PREFIXES = {"cosine": "game-", "cooldown": "cooldown-"}
"""What the names of the pool's runs begin with."""


@dataclass(frozen=True, eq=False)
class Replay:
    """Hold a game that was played to its end.

    Attributes
    ----------
    game : its number
    design : the runs that were bought
    forecast : of the target that was chosen
    width : of that target
    measured : its loss, nats per token; None where it diverged
    error : foretold / measured - 1, or None
    inside : whether the interval holds it, or None
    mistakes : everybody's favourite wrong forecasts from the same runs
    regret : what another width would have saved, or None
    """

    game: int
    design: Design
    forecast: Forecast
    width: int
    measured: float | None
    error: float | None
    inside: bool | None
    mistakes: tuple[Mistake, ...]
    regret: Regret | None

    def summary(self) -> str:
        """Describe the game in a few lines, in the reader's language."""
        from course_utils.planning.presentation import replay_text

        return replay_text(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from course_utils.planning.presentation import replay_html

        return replay_html(self)


def replay(
    runs: DataFrame,
    curves: DataFrame | None = None,
    design: str | Design = "ladder",
    game: int = 0,
    *,
    budget: float = 1e12,
    level: float = 0.8,
) -> Replay:
    """Play one game whose runs all stand in a table.

    The screening runs are looked up by name, the forecast is made, the width of the target is the one that the table
    holds nearest to the forecast's valley, its run is looked up, and the forecast is judged.

    Parameters
    ----------
    runs : the pool, with the columns of ``text_runs``
    curves : their curves, with the columns of ``text_curves``; needed by the design "checkpoints"
    design : name of a design, or a design of one's own whose runs the table holds
    game : number of the game
    budget : FLOPs for everything, when `design` is a name
    level : coverage of the interval

    Returns
    -------
    Replay

    Raises
    ------
    ValueError
        If a run of the game, or a target, is not in the table: names it and what the table holds.
    """
    game = whole(game, "game", 0, 10**9)
    made = design if isinstance(design, Design) else design_of(design, budget=budget, game=game)
    table(runs, "runs")
    for column in ("run", "budget", "seed", "d_model", "params_blocks_and_head", "flops", "loss_nats"):
        if column not in runs:
            raise ValueError(f"runs: the column {column!r} is missing; give the table of the pool.")
    by_name = {str(name): row for row, name in enumerate(runs["run"])}
    names = [PREFIXES[run.schedule] + run.name for run in made.runs]
    missing = [name for name in names if name not in by_name]
    if missing:
        raise ValueError(
            f"game: {len(missing)} of {len(names)} runs of game {game} are not in the table, the first is "
            f"{missing[0]!r}; choose another game or design, or train what is missing."
        )
    screening = runs.iloc[[by_name[name] for name in names]]
    rows = rows_for_fit(made, screening, curves)
    targets = _targets(runs, made, game)
    width = forecast(*rows, target_flops=made.target, level=level).choose_width(tuple(targets))
    target = runs.iloc[targets[width]]
    size, compute = float(target["params_blocks_and_head"]), float(target["flops"])
    foretold = forecast(*rows, target_flops=compute, target_params=size, level=level)
    wrong = mistakes(screening, target_flops=compute, target_params=size, curves=curves)
    diverged = bool(target["diverged"]) if "diverged" in target else False
    measured = None if diverged or not np.isfinite(target["loss_nats"]) else float(target["loss_nats"])
    return Replay(
        game=game,
        design=made,
        forecast=foretold,
        width=width,
        measured=measured,
        error=None if measured is None else foretold.loss / measured - 1,
        inside=None if measured is None else bool(foretold.low <= measured <= foretold.high),
        mistakes=tuple(wrong),
        regret=None if measured is None else regret(screening, target, widths=tuple(targets)),
    )


def _targets(runs: Mapping | DataFrame, design: Design, game: int) -> dict[int, int]:
    """Return the rows of the targets of a game by width."""
    same = np.abs(np.asarray(runs["budget"], dtype=np.float64) / design.target - 1) < 1e-6
    same &= np.asarray(runs["seed"]) == TARGET_SEED + game
    found = {int(width): int(row) for row, width in zip(np.flatnonzero(same), runs["d_model"][same], strict=True)}
    if not found:
        raise ValueError(
            f"game: the table holds no target of {design.target:.4g} FLOPs with the seed {TARGET_SEED + game}; choose "
            "another game, or a budget whose target was trained."
        )
    return dict(sorted(found.items()))
