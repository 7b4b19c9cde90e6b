"""What *clean or more* is asked and answers: a smaller clean text read often, or all of it with its noise, once."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Enum, Float, HasTraits

from course_utils import fitting, laws
from course_utils.explorers.controls import decade_steps
from course_utils.explorers.epochs_state import RunsGround, turn_of

if TYPE_CHECKING:
    import pandas

Array = np.ndarray
REPEATS = ("larger", "between", "smaller", "c4")
SHARES = (*decade_steps(0.05, 0.7, (1, 1.5, 2, 3, 4, 5, 6, 7)), 0.8, 0.9, 1.0)
CURVE = np.geomspace(SHARES[0], 1.0, 80)
_FEWEST_EPOCHS = 1e-9


class CleanState(HasTraits):
    """What the reader sets: noise, tokens to read, the share that survives cleaning, and whose worth of repeats."""

    noise = Float(0.15)
    share = Float(0.3)
    tokens = Float(1.0)
    repeats = Enum(REPEATS, default_value="between")


class Noised:
    """The runs on noised text, the law of clean text at their size, and what repeats may be worth there.

    Parameters
    ----------
    noised : pandas.DataFrame
        Rows with the columns of the table ``noised_runs``: one size, several token counts and shares of noise.
    repeated : pandas.DataFrame
        Rows of ``repetition_runs``: two sizes, one smaller and one larger. The noised size was not repeated, so its R*
        lies between theirs: the middle of their logarithms at its place between the sizes.
    """

    def __init__(self, noised: pandas.DataFrame, repeated: pandas.DataFrame):
        noised = noised[~noised["diverged"]]
        self.tokens, self.noise, self.loss = (noised[name].to_numpy(float) for name in ("tokens", "noise", "loss_nats"))
        self.params = float(noised["params_blocks_and_head"].iloc[0])
        self.lengths = tuple(float(x) for x in np.unique(self.tokens))
        self.noises = tuple(float(x) for x in np.unique(self.noise) if x > 0)
        clean = self.noise == 0
        self.clean = fitting.fit_power_law(self.tokens[clean], self.loss[clean]).values
        self._means = {
            share: np.array([self.loss[(self.noise == share) & (self.tokens == n)].mean() for n in self.lengths])
            for share in (0.0, *self.noises)
        }
        ground = RunsGround(repeated)
        self.R_star = _constants(ground, self.params)
        self.turn = _earliest_turn(ground)

    def noised_loss(self, noise: float, tokens: float) -> float:
        """Compute the mean loss of the runs with so much noise, straight between token counts in the logarithms."""
        return float(np.exp(np.interp(np.log(tokens), np.log(self.lengths), np.log(self._means[noise]))))

    def clean_tokens(self, loss: float) -> float:
        """Compute the clean tokens that reach a loss by the law of clean text."""
        v = self.clean
        return float(((loss - v["E"]) / v["A"]) ** (-1 / v["alpha"])) if loss > v["E"] else np.inf


def _constants(ground: RunsGround, params: float) -> dict[str, float]:
    """Read R* off the runs of both sizes, up to each stock's lowest loss, and put the size in question between them."""
    small, large = ground.sizes[0], ground.sizes[-1]
    ends = ground.R_star(small, False), ground.R_star(large, False)
    place = np.interp(np.log(params), np.log([small, large]), [0.0, 1.0])
    return {
        "smaller": ends[0],
        "larger": ends[1],
        "between": float(np.exp(np.log(ends[0]) * (1 - place) + np.log(ends[1]) * place)),
        "c4": laws.CONSTANTS["muennighoff_c4_repeated"].values["R_D"],
    }


def _earliest_turn(ground: RunsGround) -> float | None:
    """Return the fewest epochs after which any stock's loss is seen to rise; None where none does."""
    turns = []
    for size in ground.sizes:
        for stock in ground.stocks:
            (best, _), (worse, _) = turn_of(*ground.runs(size, stock), np.inf)
            if worse is not None:
                turns.append(best)
    return min(turns, default=None)


@dataclass(frozen=True)
class CleanResult:
    """What the two choices reach with equal compute.

    Attributes
    ----------
    noise, share, tokens, repeats : what was set
    R_star : decay constant of repeats that follows from the last
    epochs : how often the clean share is read, 1 / share
    clean_loss, noised_loss : after as many tokens of the clean share, again and again, and of everything, once
    fully_clean_loss : of as many clean tokens, all distinct
    break_even : share at which both are equal; None where the clean one wins at every share drawn
    worth : clean tokens that reach what the noised text reaches, as a share of its tokens, for every share of noise
    curve_loss : array along `CURVE`, the clean choice at every share
    noised_runs, clean_runs : losses of the runs of these tokens with this noise, and without; empty between them
    turn : fewest epochs after which the loss of a stock was seen to rise among the repeated runs; None if none did
    inside : smallest share whose effective data the clean runs reach down to
    kind : share below which the law is too kind to the clean choice, one over `turn`; 0 where nothing turned
    """

    noise: float
    share: float
    tokens: float
    repeats: str
    R_star: float
    epochs: float
    clean_loss: float
    noised_loss: float
    fully_clean_loss: float
    break_even: float | None
    worth: dict[float, float]
    curve_loss: Array
    noised_runs: Array
    clean_runs: Array
    turn: float | None
    inside: float
    kind: float


def clean_or_noised(table: Noised, *, noise: float, share: float, tokens: float, repeats: str) -> CleanResult:
    """Compute what a clean share, read again and again, and the whole with its noise reach at equal compute."""
    constant = table.R_star[repeats]

    def clean(share: Array) -> Array:
        return laws.power_law(laws.effective_data(tokens, share * tokens, R_D=constant), **table.clean)

    noisy = table.noised_loss(noise, tokens)
    curve = clean(CURVE)
    better = np.flatnonzero(curve <= noisy)
    break_even: float | None = None
    if better.size and better[0] > 0:
        i = int(better[0])
        part = (curve[i - 1] - noisy) / (curve[i - 1] - curve[i])
        break_even = float(CURVE[i - 1] * (CURVE[i] / CURVE[i - 1]) ** part)
    elif not better.size:
        break_even = 1.0
    here = np.isclose(table.tokens, tokens, rtol=1e-9)
    effective = laws.effective_data(tokens, CURVE * tokens, R_D=constant)
    reached = np.flatnonzero(effective >= table.lengths[0] * (1 - _FEWEST_EPOCHS))
    return CleanResult(
        noise=noise,
        share=share,
        tokens=tokens,
        repeats=repeats,
        R_star=constant,
        epochs=1.0 / share,
        clean_loss=float(clean(np.array([share]))[0]),
        noised_loss=noisy,
        fully_clean_loss=float(clean(np.array([1.0]))[0]),
        break_even=break_even,
        worth={
            level: min(table.clean_tokens(table.noised_loss(level, tokens)) / tokens, 1.0) for level in table.noises
        },
        curve_loss=curve,
        noised_runs=table.loss[here & (table.noise == noise)],
        clean_runs=table.loss[here & (table.noise == 0)],
        turn=table.turn,
        inside=float(CURVE[reached[0]]) if reached.size else 1.0,
        kind=0.0 if table.turn is None else 1.0 / table.turn,
    )
