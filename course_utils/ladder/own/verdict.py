"""The verdict: what was measured against what was sealed, the rule's forecast, and everybody's favourite mistakes."""

from __future__ import annotations

import math
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_utils.i18n import format_number, format_percent, t
from course_utils.planning import Mistake, Regret

from .page import Grid, Page
from .refusal import Refusal, words

if TYPE_CHECKING:
    from matplotlib.figure import Figure

    from course_utils.planning import Forecast

    from .game import Game
    from .state import Sealed


@dataclass(frozen=True, repr=False)
class Verdict(Page):
    """Hold what came of a game.

    Attributes
    ----------
    game : Game
    measured : float
        Loss of the target, nats per token.
    sealed : Sealed
        The reader's prediction.
    rule : Forecast
        The course's own, from the same runs.
    mistakes : tuple of Mistake
        The worst first.
    regret : Regret
        Compute that another width would have saved.
    unchanged : bool
        Whether plan and small runs are still those whose hash was sealed.
    """

    game: Game
    measured: float
    sealed: Sealed
    rule: Forecast
    mistakes: tuple[Mistake, ...]
    regret: Regret
    unchanged: bool

    @property
    def error(self) -> float:
        """Sealed minus measured, nats per token."""
        return self.sealed.loss - self.measured

    @property
    def error_share(self) -> float:
        """The error as a share of the measured loss."""
        return self.sealed.loss / self.measured - 1

    @property
    def rule_error_share(self) -> float:
        """The rule's error as a share of the measured loss."""
        return self.rule.loss / self.measured - 1

    @property
    def inside(self) -> bool:
        """Whether the measured loss lies in the sealed interval."""
        return self.sealed.low <= self.measured <= self.sealed.high

    @property
    def rule_inside(self) -> bool:
        """Whether it lies in the rule's interval."""
        return self.rule.low <= self.measured <= self.rule.high

    def mistake_error(self, mistake: Mistake) -> float:
        """Return the error of a mistake as a share of the measured loss."""
        return mistake.loss / self.measured - 1

    def figure(self) -> Figure:
        """Draw the game with its end."""
        from .figure import draw

        return draw(self.game, self)

    def headline(self) -> str:
        """Say the verdict in a sentence."""
        key = "verdict.inside" if self.inside else "verdict.outside"
        return words(key, loss=self.sealed.loss, low=self.sealed.low, high=self.sealed.high, measured=self.measured,
                     error=format_number(abs(self.error), 2), percent=format_percent(abs(self.error_share)),
                     side=t("ladder.verdict.high" if self.error > 0 else "ladder.verdict.low"))

    def changes(self) -> list[str]:
        """Say that the plan or a small run is another than when the prediction was sealed, if so."""
        return [] if self.unchanged else [words("verdict.changed")]

    def parts(self) -> list[str | Grid]:
        """Say it."""
        origin = "verdict.recorded" if self.game.recorded else "verdict.yours"
        return [self.headline(), *self.changes(), self.forecasts(), self.regret_sentence(), self.mistakes_table(),
                words(origin, name=self.game.name)]

    def forecasts(self) -> Grid:
        """Return your prediction and the rule's, with their errors."""
        head = [t(f"ladder.verdict.{name}") for name in ("who", "loss", "interval", "nats", "percent", "held")]
        rows = [[t(f"ladder.seal.{who}"), format_number(one.loss, 4),
                 f"{format_number(one.low, 4)} – {format_number(one.high, 4)}", signed(one.loss - self.measured),
                 signed_percent(one.loss / self.measured - 1), t(f"ladder.verdict.{'yes' if held else 'no'}")]
                for who, one, held in (("yours", self.sealed, self.inside), ("rule", self.rule, self.rule_inside))]
        rows.append([t("ladder.verdict.measured"), format_number(self.measured, 4), "", "", "", ""])
        return Grid(head, rows)

    def regret_sentence(self) -> str:
        """Say what another width would have saved."""
        return self.regret.words()

    def mistakes_table(self) -> Grid:
        """Return everybody's favourite mistakes, the worst first."""
        head = [t(f"ladder.verdict.{name}") for name in ("mistake", "loss", "nats", "percent")]
        rows = [[each.name(), format_number(each.loss, 4), signed(each.loss - self.measured),
                 signed_percent(self.mistake_error(each))] for each in self.mistakes]
        return Grid(head, rows, t("ladder.verdict.mistakes"))


def signed(nats: float) -> str:
    """Write a difference of losses with its sign.

    Examples
    --------
    >>> signed(0.0123), signed(-0.5)
    ('+0.012', '−0.500')
    """
    return ("+" if nats >= 0 else "−") + f"{abs(nats):.3f}"


def signed_percent(share: float) -> str:
    """Write a share with its sign.

    Examples
    --------
    >>> signed_percent(-0.0123)
    '−1.2%'
    """
    return ("+" if share >= 0 else "−") + format_percent(abs(share))


def judge(game: Game) -> Verdict:
    """Return the verdict on a game whose target is trained.

    Raises
    ------
    Refusal
        If the target diverged: there is nothing to compare with.
    """
    from course_utils.planning import mistakes, regret

    from .seal import fingerprint
    from .tables import columns, curve_columns

    row = game.measured()
    if row.diverged:
        curve = game.curves().get(row.run)
        raise Refusal("target_diverged", run=row.run, step=curve[-1].step if curve else 0)
    rows, curves = game.screening(), game.curves()
    small = columns(rows)
    paths = curve_columns(curves.get(one.run, []) for one in rows if not one.diverged)
    wrong = mistakes(small, target_flops=row.flops, target_params=row.params, curves=paths if paths["run"] else None)
    target = {name: values[0] for name, values in columns([row]).items()}
    return Verdict(game, row.loss, game._state.sealed, game.forecast(),
                   tuple(sorted(wrong, key=lambda each: -abs(math.log(max(each.loss, 1e-9) / row.loss)))),
                   regret(small, target, widths=game.target_widths),
                   game._state.sealed.hash == fingerprint(game._state, rows))
