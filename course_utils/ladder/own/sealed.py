"""A sealed prediction as it shows itself: what was written down, what the rule says, and how the two differ."""

from __future__ import annotations

import datetime
from dataclasses import dataclass
from typing import TYPE_CHECKING

from course_utils.i18n import format_date, format_number, format_percent, t

from .page import Grid, Page
from .refusal import words

if TYPE_CHECKING:
    from course_utils.planning import Forecast

    from .game import Game
    from .state import Sealed


@dataclass(frozen=True, repr=False)
class Seal(Page):
    """Show a sealed prediction beside the forecast.

    Attributes
    ----------
    name : str
    recorded : bool
    target_flops : float
    sealed : Sealed
        What holds: width, loss, low, high, level, hash and time.
    rule : Forecast
        What the course's own rule says of the same run.
    note : str or None
        What has to be said about the learner's record.
    """

    name: str
    recorded: bool
    target_flops: float
    sealed: Sealed
    rule: Forecast
    note: str | None = None

    @classmethod
    def of(cls, game: Game, note: str | None = None) -> Seal:
        """Read what a game has sealed."""
        return cls(game.name, game.recorded, game.design.target, game._state.sealed, game.forecast(), note)

    def short(self) -> str:
        """Say the prediction in a few words."""
        return words("seal.short", loss=self.sealed.loss, low=self.sealed.low, high=self.sealed.high)

    def numbers(self) -> tuple[float, float, float]:
        """Return loss, low and high as they were sealed."""
        return self.sealed.loss, self.sealed.low, self.sealed.high

    def when(self) -> str:
        """Say when it was sealed, in the time zone of the reader."""
        moment = datetime.datetime.fromisoformat(self.sealed.at).astimezone()
        return f"{format_date(moment.date())} {moment:%H:%M}"

    def parts(self) -> list[str | Grid]:
        """Say it; a recorded game, which lessons show, without the time."""
        one, rule = self.sealed, self.rule
        lines: list[str | Grid] = [
            words("seal.sealed_recorded" if self.recorded else "seal.sealed", name=self.name, when=self.when()),
            words("seal.about", target_flops=self.target_flops, width=one.width),
            Grid(["", t("ladder.seal.loss"), t("ladder.seal.interval", level=f"{one.level:.0%}")],
                 [[t("ladder.seal.yours"), _number(one.loss), f"{_number(one.low)} – {_number(one.high)}"],
                  [t("ladder.seal.rule"), _number(rule.loss), f"{_number(rule.low)} – {_number(rule.high)}"]]),
            self._difference(),
            words("seal.hash", hash=one.hash[:16]),
        ]
        lines += [self.note] if self.note else []
        lines.append(t("ladder.status.next_sealed"))
        return lines

    def _difference(self) -> str:
        one, rule = self.sealed, self.rule
        off = one.loss / rule.loss - 1
        if abs(off) < 5e-5 and abs(one.high / rule.high - 1) < 5e-5 and abs(one.low / rule.low - 1) < 5e-5:
            return t("ladder.seal.same")
        key = "seal.higher" if off > 0 else "seal.lower"
        wider = (one.high - one.low) / (rule.high - rule.low)
        return words(key, percent=format_percent(abs(off)), times=format_number(wider, 2))


def _number(value: float) -> str:
    return format_number(value, 4)
