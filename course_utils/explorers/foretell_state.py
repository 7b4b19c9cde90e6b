"""What a reader of *foretell the big run* sets, and what is in sight at one moment of the game."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from traitlets import Bool, Float, HasTraits, Tuple

from course_utils.explorers.scoring import Call, Round
from course_utils.explorers.valleys import Valleys


class ForetellState(HasTraits):
    """What the reader sets: which budgets to fit, with or without a floor, and the prediction."""

    target = Float()
    span = Tuple()
    floor = Bool(False)
    guess = Float()
    half_width = Float(0.1)
    revealed = Bool(False)
    rounds = Tuple()


@dataclass(frozen=True)
class ForetellResult:
    """What is in sight at one moment of the game.

    Attributes
    ----------
    valleys : Valleys
        The ladder, the target included; only what lies below it may be shown before the reveal.
    target : int
        Row of the budget that is to be foretold.
    fitted : array of bool, shape (n_budgets,)
        Which budgets the law was fitted to.
    floor : bool
        Whether the law has a floor.
    law : mapping of str to float, or None
        E, A and alpha; None where there are too few budgets to fit.
    law_call : Call or None
        What the law says at the target; with the 80 per cent interval of its seed noise where it is the law that was
        fitted at the reveal, else with none.
    reader, best_so_far : Call
        What the reader says; the lowest loss in sight.
    revealed : bool
        Whether the measured loss is in sight.
    rounds : tuple of Round
        The rounds that are over, this one included once revealed.
    is_last : bool
        Whether no larger budget is left to foretell.
    """

    valleys: Valleys
    target: int
    fitted: np.ndarray
    floor: bool
    law: dict[str, float] | None
    law_call: Call | None
    reader: Call
    best_so_far: Call
    revealed: bool
    rounds: tuple[Round, ...]
    is_last: bool

    @property
    def truth(self) -> float:
        """Measured loss of the best run at the target, nats per token."""
        return float(self.valleys.loss[self.target])
