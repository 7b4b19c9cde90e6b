"""The explorer *foretell the big run*: fit the small runs, commit a prediction with an interval, see the big run."""

from __future__ import annotations

import html
import warnings
from collections.abc import Hashable
from functools import lru_cache
from typing import Any

import numpy as np

from course_utils.explorers.controls import Action, Control, Slider, Span, Switch
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.foretell_state import ForetellResult, ForetellState
from course_utils.explorers.labels import spread_labels
from course_utils.explorers.scoring import LEVEL, Call, Round
from course_utils.explorers.valleys import find_valleys
from course_utils.i18n import format_flops, format_percent, format_scientific, t
from course_utils.plots.picture import Picture

_RESAMPLES = 400
_BUDGETS_NEEDED = {False: 2, True: 3}  # with or without a floor: one for each letter of the law


class ForetellTheBigRun(Explorer):
    """Foretell the next larger budget of the ladder from the smaller ones, round by round, up to the largest run.

    The best loss at a budget is the lowest seed mean over its model sizes. A law ``L = E + A C^-alpha`` is fitted to
    the chosen budgets below the target; the reader commits a loss and an 80 per cent interval and then reveals. The
    score is the interval score: width plus ten times the distance by which the interval missed.

    Parameters
    ----------
    runs : pandas.DataFrame, optional
        Runs with the columns of the table ``text_runs``, which is the default.

    Raises
    ------
    ValueError
        If the table lacks a column or has fewer than three budgets.
    """

    section = "foretell"
    State = ForetellState
    size = (760, 440)

    def __init__(self, runs: Any = None):
        if runs is None:
            from course_utils import datasets

            runs = datasets.load("text_runs")
        self.valleys = find_valleys(runs)
        self._law = lru_cache(maxsize=64)(self._fit_law)
        super().__init__()

    # The round ------------------------------------------------------------------------------------------------------

    def prepare(self) -> None:
        self._start_round(self.valleys.budgets[2])

    def _start_round(self, target: float) -> None:
        state, row = self.state, self.valleys.budgets.index(target)
        state.target = target
        state.span = (self.valleys.budgets[0], self.valleys.budgets[row - 1])
        state.guess = round(0.95 * self._best_below(row), 2)
        state.half_width = 0.1
        state.revealed = False

    def _best_below(self, row: int) -> float:
        return float(self.valleys.loss[:row].min())

    def reveal(self) -> None:
        """Commit the prediction and show what was measured; a second call in a round changes nothing."""
        if self.state.revealed:
            return
        now = self.result
        law = None if now.law is None else self._draw_noise(*self._law_key(self.state), now.law_call.value)
        done = Round(self.state.target, now.truth, now.reader, law, now.best_so_far)
        with self.one_update():
            self.state.revealed = True
            self.state.rounds = (*self.state.rounds, done)

    def next_round(self) -> None:
        """Take the next larger budget as the target; does nothing before the reveal or after the largest."""
        row = self.valleys.budgets.index(self.state.target)
        if self.state.revealed and row + 1 < len(self.valleys.budgets):
            with self.one_update():
                self._start_round(self.valleys.budgets[row + 1])

    # Fit ------------------------------------------------------------------------------------------------------------

    def _law_key(self, state: ForetellState) -> tuple[int, int, int, bool]:
        index = self.valleys.budgets.index
        return index(state.target), index(state.span[0]), index(state.span[1]), state.floor

    def _fit_law(self, target: int, first: int, last: int, floor: bool) -> dict[str, float] | None:
        from course_utils import fitting

        if last - first + 1 < _BUDGETS_NEEDED[floor]:
            return None
        rows = slice(first, last + 1)
        with warnings.catch_warnings():
            # What the fit warns of (too few points to tell the letters apart, a floor at zero) the words say instead.
            warnings.simplefilter("ignore", fitting.FitWarning)
            fit = fitting.fit_power_law(self.valleys.flops[rows], self.valleys.loss[rows], floor=floor)
        return {"E": 0.0, **{name: float(estimate.value) for name, estimate in fit.params.items()}}

    def _draw_noise(self, target: int, first: int, last: int, floor: bool, value: float) -> Call:
        """Refit the law to what other seeds might have given; return its value with an 80 per cent interval."""
        from course_utils import fitting

        rows = slice(first, last + 1)
        losses = self.valleys.resampled_loss(_RESAMPLES)[:, rows]
        laws = fitting.fit_power_laws(self.valleys.flops[rows], losses, floor=floor)
        foretold = laws.predict([self.valleys.flops[target]])[:, 0]
        low, high = np.quantile(foretold, [(1 - LEVEL) / 2, (1 + LEVEL) / 2])
        return Call(value, float(low), float(high))

    def compute(self, state: ForetellState) -> ForetellResult:
        target, first, last, floor = self._law_key(state)
        law = self._law(target, first, last, floor)
        fitted = np.zeros(len(self.valleys.budgets), bool)
        fitted[first : last + 1] = True
        law_call = None
        if law is not None:
            value = float(law["E"] + law["A"] * self.valleys.flops[target] ** -law["alpha"])
            law_call = Call(value, value, value)
            committed = state.rounds[-1].law if state.revealed else None
            if committed is not None and committed.value == value:
                law_call = committed
        best = self._best_below(target)
        return ForetellResult(
            valleys=self.valleys,
            target=target,
            fitted=fitted,
            floor=floor,
            law=law,
            law_call=law_call,
            reader=Call(state.guess, state.guess - state.half_width, state.guess + state.half_width),
            best_so_far=Call(best, best, best),
            revealed=state.revealed,
            rounds=state.rounds,
            is_last=target + 1 == len(self.valleys.budgets),
        )

    # Controls -------------------------------------------------------------------------------------------------------

    def controls_key(self) -> Hashable:
        return self.state.target

    def make_controls(self) -> tuple[Control, ...]:
        row = self.valleys.budgets.index(self.state.target)
        below = tuple((format_scientific(budget), budget) for budget in self.valleys.budgets[:row])
        best = self._best_below(row)
        return (
            Span("span", t("explorers.foretell.span"), below),
            Switch("floor", t("explorers.foretell.floor")),
            Slider("guess", t("explorers.foretell.guess"), round(0.75 * best, 2), round(1.02 * best, 2), 0.01),
            Slider("half_width", t("explorers.foretell.half_width"), 0.01, 0.5, 0.01),
        )

    def actions(self) -> tuple[Action, ...]:
        result = self.result
        return (
            Action("reveal", t("explorers.foretell.reveal"), not result.revealed),
            Action("next_round", t("explorers.foretell.next_round"), result.revealed and not result.is_last),
        )

    def locked(self) -> frozenset[str]:
        return frozenset({"guess", "half_width"}) if self.state.revealed else frozenset()

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from matplotlib.ticker import NullLocator

        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, LAW, MEASURED, MUTED, OWN

        axes = picture.figure.add_axes((0.085, 0.19, 0.655, 0.71))
        self._axes = axes
        plots.loss_axis(plots.flops_axis(axes))
        axes.yaxis.set_label_coords(-0.085, 0.5)
        axes.yaxis.set_minor_locator(NullLocator())
        # What is in sight changes from round to round, so the runs move too.
        start = self.valleys.flops[:1], self.valleys.loss[:1]
        self._cloud = plots.measured(axes, *start, ms=3, alpha=0.3)
        self._unused = plots.measured(axes, *start, ms=6.5, mfc="white")
        self._used = plots.measured(axes, *start, ms=7)
        (self._best,) = axes.plot([], [], color=FAINT, lw=1.2)
        self._law_line = plots.fitted(axes, *start)
        self._law_beyond = plots.fitted(axes, *start, ls=(0, (3, 2)))
        (self._law_bar,) = axes.plot([], [], color=LAW, lw=1.6, marker="_", ms=9, mew=1.6)
        (self._law_point,) = axes.plot([], [], "D", color=LAW, ms=6.5, mfc="white", mew=1.6)
        (self._reader_bar,) = axes.plot([], [], color=OWN, lw=2.4, marker="_", ms=11, mew=2.4)
        (self._reader_point,) = axes.plot([], [], "o", color=OWN, ms=6)
        self._truth = plots.measured(axes, *start, marker="*", ms=17, mec="white", mew=0.8)
        plots.provenance_note(axes)
        colours = {"reader": OWN, "law": LAW, "best_so_far": MUTED, "truth": MEASURED}
        self._ends = {
            who: picture.text(
                1.015, 0, axes=axes, transform=axes.transAxes, ha="left", va="center", color=colour, fontsize=10
            )
            for who, colour in colours.items()
        }
        self._title = picture.text(0.085, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._best, self._cloud, self._unused, self._used, self._law_line, self._law_beyond, self._law_bar,
            self._law_point, self._reader_bar, self._reader_point, self._truth, *self._ends.values(), self._title,
        )  # fmt: skip

    def draw(self, result: ForetellResult) -> Hashable:
        valleys, row = result.valleys, result.target
        axes, target_flops = self._axes, float(valleys.flops[result.target])
        self._set_limits(result)
        in_sight = row + 1 if result.revealed else row
        shown = valleys.run_budget <= valleys.budgets[in_sight - 1]
        self._cloud.set_data(valleys.run_flops[shown], valleys.run_loss[shown])
        unused = ~result.fitted & (np.arange(len(valleys.budgets)) < row)
        for line, rows in ((self._used, result.fitted), (self._unused, unused)):
            line.set_data(valleys.flops[rows], valleys.loss[rows])
        left = axes.get_xlim()[0]
        self._best.set_data([left, target_flops], [result.best_so_far.value] * 2)
        self._draw_law(result, target_flops)
        own = target_flops / self._beside(result)
        self._reader_bar.set_data([own, own], [result.reader.low, result.reader.high])
        self._reader_point.set_data([own], [result.reader.value])
        self._truth.set_visible(result.revealed)
        self._truth.set_data([target_flops], [result.truth])
        self._name_ends(result)
        self._title.set_text(self._message(result))
        return row

    def _set_limits(self, result: ForetellResult) -> None:
        """Fix the limits for a round from what is in sight, so that they give nothing away."""
        valleys, row = result.valleys, result.target
        best = result.best_so_far.value
        shown = valleys.run_loss[valleys.run_budget < valleys.budgets[row]]
        self._axes.set_xlim(valleys.budgets[0] / 1.6, valleys.budgets[row] * 1.9)
        self._axes.set_ylim(0.76 * best, 1.03 * float(shown.max()))

    @staticmethod
    def _beside(result: ForetellResult) -> float:
        """Return the factor in compute that is a bar's distance on the page, however long the axis."""
        budgets = result.valleys.budgets
        return (budgets[result.target] / budgets[0]) ** 0.035

    def _draw_law(self, result: ForetellResult, target_flops: float) -> None:
        lines = (self._law_line, self._law_beyond, self._law_bar, self._law_point)
        for line in lines:
            line.set_visible(result.law is not None)
        if result.law is None:
            return
        chosen = result.valleys.flops[result.fitted]
        for line, (first, last) in zip(
            lines, ((chosen[0], chosen[-1]), (chosen[-1], target_flops * 1.5)), strict=False
        ):
            x = np.geomspace(first, last, 60)
            line.set_data(x, result.law["E"] + result.law["A"] * x ** -result.law["alpha"])
        self._law_point.set_data([target_flops], [result.law_call.value])
        beside = target_flops * self._beside(result)
        self._law_bar.set_visible(result.law_call.high > result.law_call.low)
        self._law_bar.set_data([beside, beside], [result.law_call.low, result.law_call.high])

    def _name_ends(self, result: ForetellResult) -> None:
        values = {
            "reader": (result.reader.value, self._interval(result.reader)),
            "law": (result.law_call.value, _loss(result.law_call.value)) if result.law_call else None,
            "best_so_far": (result.best_so_far.value, _loss(result.best_so_far.value)),
            "truth": (result.truth, _loss(result.truth)) if result.revealed else None,
        }
        low, high = np.log(self._axes.get_ylim())
        places = []
        for who, artist in self._ends.items():
            artist.set_visible(values[who] is not None)
            if values[who] is not None:
                loss, text = values[who]
                artist.set_text(t(f"explorers.foretell.label_{who}", loss=text))
                places.append((artist, (np.log(loss) - low) / (high - low)))
        wanted = np.clip([place for _, place in places], 0, 1)
        for (artist, _), place in zip(places, spread_labels(wanted, gap=0.066, low=0.02, high=0.98), strict=True):
            artist.set_y(place)

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _interval(call: Call) -> str:
        return f"{call.low:.2f}–{call.high:.2f}"

    def _message(self, result: ForetellResult) -> str:
        if not result.revealed:
            return t(
                "explorers.foretell.message_before",
                target=format_flops(result.valleys.budgets[result.target]),
                largest=format_scientific(result.valleys.budgets[result.target - 1]),
            )
        caught = result.rounds[-1].reader.caught(result.truth)
        return t(f"explorers.foretell.message_{'caught' if caught else 'missed'}", loss=_loss(result.truth))

    def words(self, result: ForetellResult) -> str:
        parts = [self._words_on_fit(result)]
        if result.revealed:
            done = result.rounds[-1]
            parts.append(
                t(
                    "explorers.foretell.words_after",
                    truth=_loss(done.truth),
                    error=_signed(done.reader.error(done.truth)),
                    score=_loss(done.reader.score(done.truth)),
                )
            )
            parts.append(t("explorers.foretell.words_end" if result.is_last else "explorers.foretell.words_next"))
        else:
            parts.append(
                t(
                    "explorers.foretell.words_before",
                    best=_loss(result.best_so_far.value),
                    value=_loss(result.reader.value),
                    interval=self._interval(result.reader),
                )
            )
        return _join(parts)

    def _words_on_fit(self, result: ForetellResult) -> str:
        n, needed = int(result.fitted.sum()), _BUDGETS_NEEDED[result.floor]
        if result.law is None:
            return t("explorers.foretell.too_few", needed=needed, n=n)
        said = {
            "n": n,
            "value": _loss(result.law_call.value),
            "target": format_flops(result.valleys.budgets[result.target]),
        }
        if n == needed:
            return t("explorers.foretell.exact", **said)
        if result.floor:
            return t("explorers.foretell.fitted_floor", E=_loss(result.law["E"]), **said)
        return t("explorers.foretell.fitted", **said)

    def table(self, result: ForetellResult) -> str:
        rule = f'<p class="explorer-note">{html.escape(t("explorers.foretell.rule"))}</p>'
        if not result.rounds:
            return rule
        heads = ("run", "who", "said", "interval", "error", "caught", "score")
        rows, totals = [], {}
        for done in result.rounds:
            for who, call in done.calls().items():
                score = call.score(done.truth)
                totals.setdefault(who, []).append(score)
                cells = (
                    f"{format_flops(done.budget)}: {_loss(done.truth)}",
                    t(f"explorers.foretell.who_{who}"),
                    _loss(call.value),
                    self._interval(call) if call.high > call.low else t("explorers.foretell.no_interval"),
                    _signed(call.error(done.truth)),
                    t("explorers.foretell.yes" if call.caught(done.truth) else "explorers.foretell.no"),
                    _loss(score),
                )
                rows.append("<tr>" + "".join(f"<td>{html.escape(cell)}</td>" for cell in cells) + "</tr>")
        if len(result.rounds) > 1:
            for who, scores in totals.items():
                cells = (
                    t("explorers.foretell.mean", n=len(scores)), t(f"explorers.foretell.who_{who}"),
                    "", "", "", "", _loss(float(np.mean(scores))),
                )  # fmt: skip
                rows.append("<tr>" + "".join(f"<td><b>{html.escape(cell)}</b></td>" for cell in cells) + "</tr>")
        head = "".join(f"<th>{html.escape(t(f'explorers.foretell.head_{key}'))}</th>" for key in heads)
        return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(rows)}</tbody></table>{rule}"


def _loss(value: float) -> str:
    return f"{value:.2f}"


def _signed(fraction: float) -> str:
    return ("+" if fraction >= 0 else "\u2212") + format_percent(abs(fraction))


def _join(sentences: list[str]) -> str:
    from course_utils.i18n import language

    return ("" if language() == "zh" else " ").join(sentences)
