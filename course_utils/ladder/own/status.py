"""How far a game is, in the reader's words: what ran, what it cost, what diverged, and what comes next."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_utils.i18n import format_duration, t
from course_utils.planning import planned_run

from .adding import edges
from .page import Page
from .refusal import words

if TYPE_CHECKING:
    from .game import Game


@dataclass(frozen=True, repr=False)
class Status(Page):
    """Say how far a game is.

    Attributes
    ----------
    name : str
    recorded : bool
    state : str
        "planned", "screened", "sealed" or "trained".
    done, total : int
        Small runs that are finished, and planned.
    spent : float
        FLOPs of everything that was trained.
    budget : float
    seconds : float
        What the runs took, one after the other; 0 in a recorded game, where it was somebody else's time.
    left : float
        FLOPs that more small runs may cost.
    diverged : tuple of (run, step)
        Runs whose loss became no number, and the step at which it was seen.
    at_edge : tuple of (rung, width or None, cost)
        Rungs whose best width is the outermost one, the width to add where there is one, and FLOPs of all its seeds.
    stopped : bool
        Whether the reader has just broken it off.
    """

    name: str
    recorded: bool
    state: str
    done: int
    total: int
    spent: float
    budget: float
    seconds: float
    left: float
    diverged: tuple[tuple[str, int], ...]
    at_edge: tuple[tuple[float, int | None, float], ...]
    stopped: bool = False

    @classmethod
    def of(cls, game: Game, *, stopped: bool = False) -> Status:
        """Look at a game."""
        rows, target = game.screening(), game.measured()
        every = [*rows, *([target] if target else [])]
        curves = game.curves()
        diverged = tuple((row.run, curves[row.run][-1].step if curves.get(row.run) else 0)
                         for row in every if row.diverged)
        state = game.state
        at_edge = (tuple(_beyond(game, rung, width) for rung, width in edges(rows).items()) if state == "screened"
                   else ())
        return cls(game.name, game.recorded, state, len(rows), len(game.design.runs), game.spent,
                   game.design.budget, 0.0 if game.recorded else sum(row.seconds for row in every), game.left, diverged,
                   at_edge, stopped)

    def parts(self) -> list[str]:
        """Say it."""
        lines = [words("status.stopped", done=self.done, total=self.total)] if self.stopped else []
        lines.append(words(f"status.{self.state}", name=self.name, done=self.done, total=self.total))
        if self.done:
            key = "status.spent_recorded" if self.recorded else "status.spent"
            lines.append(words(key, spent_flops=self.spent, budget_flops=self.budget,
                               seconds=format_duration(self.seconds)))
        for run, step in self.diverged:
            lines.append(words("status.diverged", run=run, step=step))
        if self.diverged:
            lines.append(words("status.diverged_recorded" if self.recorded else "status.diverged_cure"))
        for rung, width, cost in self.at_edge:
            key = "edge_of_all" if width is None else "edge_too_dear" if cost > self.left else "edge"
            lines.append(words(f"status.{key}", rung_flops=rung, width=width, cost_flops=cost, left_flops=self.left,
                               code=f"game.screen(more_widths={{{rung:g}: [{width}]}})"))
        lines.append(t(f"ladder.status.next_{self.state}"))
        return lines


def _beyond(game: Game, rung: float, width: int | None) -> tuple[float, int | None, float]:
    """Return a rung, the width to add there, None where it cannot be had, and what it costs with every seed."""
    runs = game.design.by_rung()[rung]
    seeds = {run.seed for run in runs}
    if width is None or not all(game.can_have(rung, width, seed) for seed in seeds):
        return rung, None, 0.0
    return rung, width, len(seeds) * planned_run(rung, width, 0, vocabulary=game.design.vocabulary).flops
