"""The explorer *play again*: recorded games of plan, forecast and target, one of them in full and all at a glance."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.games_state import DROPPED, LEVELS, GamesResult, GamesState, RecordedGames
from course_utils.fitting.study_presentation import signed_percent
from course_utils.i18n import format_flops, format_percent, language, t
from course_utils.planning import MISTAKES
from course_utils.plots.picture import Picture

_LEFT, _WRONG, _ALL = (0.065, 0.165, 0.275, 0.675), (0.705, 0.505, 0.215, 0.335), (0.42, 0.165, 0.56, 0.17)
_REACH = 0.22  # ends of the errors of one game
_TALL = 0.13  # ends of the errors of all games
_HARDLY = 0.05  # a chance below which luck is no explanation
_KEYS = tuple(MISTAKES)


class PlayAgain(Explorer):
    """Choose a recorded game and a design; see the forecast, its interval, what the target gave, and who else erred.

    Parameters
    ----------
    runs, curves : pandas.DataFrame, optional
        Tables with the columns of ``game_runs`` and ``game_curves``, which are the defaults.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If a column is missing, no game is complete, or a value lies outside its control.
    """

    section = "games"
    State = GamesState
    size = (840, 470)

    def __init__(self, runs: Any = None, curves: Any = None, **start: Any):
        if runs is None or curves is None:
            from course_utils import datasets

            runs = datasets.load("game_runs") if runs is None else runs
            curves = datasets.load("game_curves") if curves is None else curves
        self.pool = RecordedGames(runs, curves)
        super().__init__(**start)

    def prepare(self) -> None:
        self.state.design = self.pool.designs[0]
        self.state.game = self.pool.games[self.state.design][0]

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.games"
        designs = tuple((t(f"planning.design.{name}"), name) for name in self.pool.designs)
        dropped = tuple((t(f"{key}.dropped_{name}"), name) for name in DROPPED)
        return (
            Choice("game", t(f"{key}.game"), tuple((str(number), number) for number in self.pool.numbers)),
            Choice("design", t(f"{key}.design"), designs, face="buttons"),
            Choice("dropped", t(f"{key}.dropped"), dropped, face="buttons"),
            Choice("level", t(f"{key}.level"), tuple((format_percent(level), level) for level in LEVELS)),
        )

    def locked(self) -> frozenset[str]:
        return frozenset() if self.pool.rungs(self.state.design) > 2 else frozenset({"dropped"})

    def compute(self, state: GamesState) -> GamesResult:
        return self.pool.compute(state.design, state.game, state.dropped, state.level)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_ladder(picture)
        self._build_mistakes(picture)
        self._build_games(picture)
        self._title = picture.text(0.02, 0.955, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._band, self._line, self._out, self._runs, self._best, self._interval, self._seal, self._target,
            self._own_span, self._own, *self._wrong, *self._names, *self._values,
            self._held, self._missed, self._dots, self._open, self._chosen, self._count, self._title,
        )  # fmt: skip

    def _build_ladder(self, picture: Picture) -> None:
        """Make the small runs, the forecast along the bottom of their valleys, its interval, and the target."""
        from course_utils import plots
        from course_utils.explorers.colours import INK, MEASURED, OWN

        axes = picture.figure.add_axes(_LEFT)
        cheapest, dearest, lowest, highest = self.pool.limits
        plots.loss_axis(plots.flops_axis(axes))
        axes.set(xlim=(cheapest / 1.6, dearest * 1.8), ylim=(0.87 * lowest, 1.03 * highest), ylabel="")
        axes.set_xlabel(t("explorers.games.flops_axis"), loc="left")
        axes.minorticks_off()
        ticks = [loss for loss in (2, 2.5, 3, 3.5, 4, 4.5, 5, 5.5, 6, 7, 8) if 0.87 * lowest < loss < 1.03 * highest]
        axes.set_yticks(ticks, [f"{loss:g}" for loss in ticks])
        picture.figure.text(0.02, 0.875, t("explorers.games.loss_axis"), color=INK, fontsize=9.5, va="center")
        start = [cheapest, dearest], [highest, lowest]
        self._band = axes.fill_between(*start, start[1], color=OWN, alpha=0.14, lw=0, zorder=1)
        self._line = plots.fitted(axes, *start)
        self._out = plots.measured(axes, *start, ms=4, mfc="white", alpha=0.6)
        self._runs = plots.measured(axes, *start, ms=3.6, alpha=0.4, mew=0)
        self._best = plots.measured(axes, *start, ms=5.5)
        (self._interval,) = axes.plot([], [], color=OWN, lw=4.5, alpha=0.55, solid_capstyle="butt", zorder=4)
        (self._seal,) = axes.plot([], [], "_", color=OWN, ms=13, mew=2.2, zorder=5)
        self._target = plots.measured(axes, *start, marker="*", ms=13, mec="white", mew=0.8, zorder=6)
        key = {"transform": axes.transAxes, "ha": "right", "va": "top", "fontsize": 8.5}
        for i, (name, colour) in enumerate((("best", MEASURED), ("target", MEASURED), ("interval", OWN))):
            axes.text(0.99, 0.985 - 0.055 * i, t(f"explorers.games.key_{name}"), color=colour, **key)
        plots.provenance_note(axes)

    def _build_mistakes(self, picture: Picture) -> None:
        """Make a row for the forecast with its interval, and one for every favourite mistake."""
        from course_utils.explorers.colours import INK, MEASURED, MUTED, OWN

        axes = picture.figure.add_axes(_WRONG)
        axes.set(xlim=(-_REACH, _REACH), ylim=(len(_KEYS) + 0.5, -0.6), yticks=[])
        axes.set_xticks([-0.2, -0.1, 0, 0.1, 0.2], ["−20%", "", "0", "", "+20%"])
        axes.grid(True, axis="x")
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.axvline(0, color=MEASURED, lw=1.4, zorder=1)
        heading = {"color": INK, "fontsize": 9.5, "va": "center", "ha": "right"}
        picture.figure.text(_WRONG[0] + _WRONG[2], 0.875, t("explorers.games.mistakes_axis"), **heading)
        (self._own_span,) = axes.plot([], [], color=OWN, lw=4.5, alpha=0.55, solid_capstyle="butt")
        (self._own,) = axes.plot([], [], "|", color=OWN, ms=11, mew=2.2)
        self._wrong = [axes.plot([], [], "D", ls="none", color=MUTED, ms=4.5, mew=0)[0] for _ in _KEYS]
        rows = {"axes": axes, "transform": axes.get_yaxis_transform(), "va": "center", "fontsize": 8.6}
        places = range(len(_KEYS) + 1)
        colours = [OWN, *[INK] * len(_KEYS)]
        self._names = [
            picture.text(-0.03, i, ha="right", color=c, **rows) for i, c in zip(places, colours, strict=True)
        ]
        self._values = [picture.text(1.03, i, ha="left", color=c, **rows) for i, c in zip(places, colours, strict=True)]

    def _build_games(self, picture: Picture) -> None:
        """Make the strip of all games of the design: error and interval of each, beside what was measured."""
        from matplotlib.ticker import MaxNLocator

        from course_utils.explorers.colours import INK, MEASURED, MUTED, OWN

        axes = picture.figure.add_axes(_ALL)
        numbers = self.pool.numbers
        axes.set(xlim=(numbers[0] - 0.6, numbers[-1] + 0.6), ylim=(-_TALL, _TALL))
        axes.set_yticks([-0.1, 0, 0.1], ["−10%", "0", "+10%"])
        axes.xaxis.set_major_locator(MaxNLocator(integer=True, nbins=10))
        axes.set_xlabel(t("explorers.games.game_axis"), loc="left")
        axes.grid(False)
        axes.axhline(0, color=MEASURED, lw=1.4, zorder=1)
        nothing = np.zeros(1)
        look = {"lw": 3.2, "alpha": 0.45, "zorder": 2}
        self._held = axes.vlines(nothing, nothing, nothing, color=MUTED, **look)
        self._missed = axes.vlines(nothing, nothing, nothing, color="#D55E00", **look)
        (self._dots,) = axes.plot([], [], "o", ls="none", color=INK, ms=4.5, mew=0)
        (self._open,) = axes.plot([], [], "o", ls="none", color="#D55E00", mfc="white", ms=5.5, mew=1.5)
        (self._chosen,) = axes.plot([], [], "o", ls="none", mec=OWN, mfc="none", ms=11, mew=1.8)
        place = {"ha": "right", "va": "center", "fontsize": 8.5, "color": MUTED}
        picture.figure.text(sum(_ALL[::2]), 0.07, t("explorers.games.key_all"), **place)
        self._count = picture.text(_ALL[0], 0.368, ha="left", va="center", fontsize=9.5, color=INK)

    def draw(self, result: GamesResult) -> Hashable:
        self._draw_ladder(result)
        self._draw_mistakes(result)
        self._draw_games(result)
        self._title.set_text(self._message(result))
        return "only"

    def _draw_ladder(self, result: GamesResult) -> None:
        self._band.set_data(result.line_flops, result.line_low, result.line_high)
        self._line.set_data(result.line_flops, result.line_loss)
        self._out.set_data(result.flops[result.left_out], result.loss[result.left_out])
        self._runs.set_data(result.flops[~result.left_out], result.loss[~result.left_out])
        self._best.set_data(result.best_flops, result.best_loss)
        self._interval.set_data([result.target_flops] * 2, [result.low, result.high])
        self._seal.set_data([result.target_flops], [result.foretold])
        self._target.set_visible(result.measured is not None)
        if result.measured is not None:
            self._target.set_data([result.target_flops], [result.measured])

    def _draw_mistakes(self, result: GamesResult) -> None:
        base = result.foretold if result.measured is None else result.measured
        self._names[0].set_text(t("explorers.games.own"))
        self._values[0].set_text(signed_percent(result.foretold / base - 1))
        self._own_span.set_data(np.clip([result.low / base - 1, result.high / base - 1], -_REACH, _REACH), [0, 0])
        self._own.set_data([result.foretold / base - 1], [0])
        made = dict(result.mistakes)
        for i, key in enumerate(_KEYS, 1):
            mark, value = self._wrong[i - 1], self._values[i]
            self._names[i].set_text(t(f"planning.mistake.{key}"))
            mark.set_visible(key in made)
            value.set_text(signed_percent(made[key] / base - 1) if key in made else "–")
            if key in made:
                mark.set_data([np.clip(made[key] / base - 1, -_REACH, _REACH)], [i])

    def _draw_games(self, result: GamesResult) -> None:
        inside, games = result.inside, result.games
        lows, highs = (np.clip(ends, -_TALL, _TALL) for ends in (result.lows, result.highs))
        for artist, which in ((self._held, inside), (self._missed, ~inside)):
            places = zip(games[which], lows[which], highs[which], strict=True)
            artist.set_segments([[(game, low), (game, high)] for game, low, high in places])
        errors = np.clip(result.errors, -_TALL, _TALL)
        self._dots.set_data(games[inside], errors[inside])
        self._open.set_data(games[~inside], errors[~inside])
        self._chosen.set_data(games[games == result.game], errors[games == result.game])
        self._count.set_text(self._counted(result))

    @staticmethod
    def _counted(result: GamesResult) -> str:
        if not len(result.games):
            return t("explorers.games.count_none")
        return t(
            "explorers.games.count",
            inside=int(result.inside.sum()),
            games=len(result.games),
            level=format_percent(result.level),
            median=format_percent(float(np.median(np.abs(result.errors)))),
        )

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: GamesResult) -> str:
        key = "explorers.games"
        said = {
            "game": result.game,
            "design": t(f"planning.design.{result.design}"),
            "loss": f"{result.foretold:.2f}",
            "low": f"{result.low:.2f}",
            "high": f"{result.high:.2f}",
        }
        if result.measured is None:
            return t(f"{key}.message_diverged", **said)
        said |= {"measured": f"{result.measured:.2f}", "error": signed_percent(result.error)}
        inside = result.low <= result.measured <= result.high
        return t(f"{key}.message_{'inside' if inside else 'outside'}", **said)

    def words(self, result: GamesResult) -> str:
        key = "explorers.games"
        parts = []
        if self.state.game != result.game:
            parts.append(t(f"{key}.words_other", asked=self.state.game, game=result.game))
        parts.append(
            t(
                f"{key}.words_forecast",
                rows=int((~result.left_out).sum()),
                target=format_flops(result.target_flops, 2),
                width=result.width,
                loss=f"{result.foretold:.3f}",
                low=f"{result.low:.3f}",
                high=f"{result.high:.3f}",
                level=format_percent(result.level),
            )
        )
        if result.measured is None:
            parts.append(t(f"{key}.words_diverged"))
        else:
            parts.append(
                t(f"{key}.words_measured", measured=f"{result.measured:.3f}", error=signed_percent(result.error))
            )
            parts += self._words_of_mistakes(result)
        if len(result.games):
            ninety = format_percent(float(np.quantile(np.abs(result.errors), 0.9)))
            parts.append(t(f"{key}.words_all", count=self._counted(result), ninety=ninety))
            parts.append(self._words_of_promise(result))
        if result.dropped != "nothing":
            parts.append(t(f"{key}.words_dropped_{result.dropped}"))
        return ("" if language() == "zh" else " ").join(parts)

    @staticmethod
    def _words_of_promise(result: GamesResult) -> str:
        """Say whether the number of games inside could be luck, were the interval's promise true."""
        more, fewer = result.luck
        side, chance = ("wide", more) if more < fewer else ("narrow", fewer)
        name = side if chance < _HARDLY else "luck"
        return t(f"explorers.games.words_{name}", games=len(result.games), chance=format_percent(chance))

    @staticmethod
    def _words_of_mistakes(result: GamesResult) -> list[str]:
        """Name the mistake that erred most, and say how many happened to come closer than the forecast."""
        errors = {name: loss / result.measured - 1 for name, loss in result.mistakes}
        if not errors:
            return []
        worst = max(errors, key=lambda name: abs(errors[name]))
        closer = sum(abs(error) < abs(result.error) for error in errors.values())
        said = {"mistake": t(f"planning.mistake.{worst}"), "error": signed_percent(errors[worst])}
        parts = [t("explorers.games.words_worst", **said)]
        if closer:
            parts.append(t("explorers.games.words_closer", count=closer, total=len(errors)))
        return parts
