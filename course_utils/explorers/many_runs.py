"""The explorer *how many runs*: what a sweep of ten runs never meets, and one of a hundred thousand does every day."""

from __future__ import annotations

from collections.abc import Hashable
from typing import Any

import numpy as np

from course_utils.explorers.controls import Choice, Control
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.many_runs_state import (
    BITS,
    FAILURES,
    HOURS,
    RUNS,
    WORKERS,
    ManyRunsResult,
    ManyRunsState,
    Sweeps,
)
from course_utils.i18n import (
    format_bytes,
    format_duration,
    format_number,
    format_percent,
    format_scientific,
    language,
    t,
)
from course_utils.plots.picture import Picture

_LEFT = (0.075, 0.165, 0.36, 0.655)
_LOST, _SEEDS, _TABLES = ((0.565, bottom, 0.395, 0.165) for bottom in (0.655, 0.41, 0.165))
_HOUR = 3600.0
_LATEST = 2.1  # in least times; a free worker never waits, so no order takes twice as long
_LOST_LIMITS, _PAIR_LIMITS, _SECOND_LIMITS = (1e-5, 1e5), (1e-18, 1e7), (0.01, 3e6)
_ENDLESS, _FEW, _OFTEN, _RARE, _LONG = 1.0, 0.25, 1.0, 0.1, 600.0  # from where on a thing is worth the title


class HowManyRuns(Explorer):
    """Choose runs, workers, lengths, failures and seeds; see what a sweep of that size meets. Computed, not measured.

    Parameters
    ----------
    lengths, scale : pandas.DataFrame, optional
        Tables with the columns of ``text_runs`` (how the lengths of runs are spread) and ``scale`` (what the tables
        cost), which are the defaults.
    **start
        Where the controls stand at first.

    Raises
    ------
    ValueError
        If a table lacks something, or a value lies outside its control.
    """

    section = "many_runs"
    State = ManyRunsState
    size = (840, 450)

    def __init__(self, lengths: Any = None, scale: Any = None, **start: Any):
        from course_utils import datasets

        self.sweeps = Sweeps(
            datasets.load("text_runs") if lengths is None else lengths,
            datasets.load("scale") if scale is None else scale,
        )
        super().__init__(**start)

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.many_runs"
        return (
            Choice("runs", t(f"{key}.runs"), tuple((f"{n:,.0f}", n) for n in RUNS)),
            Choice("workers", t(f"{key}.workers"), tuple((f"{n:,}", n) for n in WORKERS)),
            Choice("hours", t(f"{key}.hours"), tuple((format_duration(_HOUR * h), h) for h in HOURS)),
            Choice("failing", t(f"{key}.failing"), tuple((format_percent(p), p) for p in FAILURES)),
            Choice("bits", t(f"{key}.bits"), tuple((str(b), b) for b in BITS), face="buttons"),
        )

    def compute(self, state: ManyRunsState) -> ManyRunsResult:
        return self.sweeps.compute(state.runs, state.workers, state.hours, state.failing, state.bits)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_workers(picture)
        self._build_lost(picture)
        self._build_seeds(picture)
        self._build_tables(picture)
        self._title = picture.text(0.02, 0.955, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._area, self._shortest, self._longest, self._least, *self._notes, self._lost, self._kept, *self._pairs,
            self._rewriting, self._seldom, *self._here, *self._dots, *self._headings, self._title,
        )  # fmt: skip

    def _build_workers(self, picture: Picture) -> None:
        """Make the share of busy workers over time, for two orders of the list."""
        from matplotlib.ticker import PercentFormatter

        from course_utils import plots
        from course_utils.explorers.colours import INK, LAW, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_LEFT)
        axes.set(xlim=(0, _LATEST), ylim=(0, 1.02))
        axes.set_xticks([0, 0.5, 1, 1.5, 2], ["0", "0.5", "1", "1.5", "2"])
        axes.yaxis.set_major_formatter(PercentFormatter(1.0, decimals=0))
        axes.set_xlabel(t("explorers.many_runs.time_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(0.02, 0.868, t("explorers.many_runs.busy_axis"), color=INK, fontsize=9.5, va="center")
        self._area = axes.fill_between([0, 1], [0, 0], [1, 1], color=OWN, alpha=0.13, lw=0, step="post")
        start = [0, 1], [1, 0]
        self._shortest = plots.simulated(axes, *start, line=True, ls=(0, (4, 2)), lw=1.6, color=MUTED)
        self._longest = plots.simulated(axes, *start, line=True, ls="-", lw=2.0, color=OWN)
        self._longest.set_drawstyle("steps-post")
        self._shortest.set_drawstyle("steps-post")
        (self._least,) = axes.plot([1, 1], [0, 1.02], color=LAW, lw=1.0, ls=(0, (1, 2)))
        words = {
            "axes": axes, "transform": axes.transAxes, "fontsize": 9.2, "va": "top", "ha": "right", "linespacing": 1.25,
            "path_effects": white_halo(),
        }  # fmt: skip
        colours = (LAW, OWN, MUTED)
        self._notes = [picture.text(0.99, 0.97 - 0.15 * i, color=c, **words) for i, c in enumerate(colours)]
        plots.provenance_note(axes)

    def _panel(self, picture: Picture, place: tuple, limits: tuple[float, float], ticks: tuple, names: tuple) -> Any:
        """Make one small axes over the number of runs, with its heading, its upright and its dots."""
        from course_utils.explorers.colours import FAINT, INK

        axes = picture.figure.add_axes(place)
        axes.set(xscale="log", yscale="log", xlim=(8, 1.25e5), ylim=limits)
        axes.set_xticks([10, 100, 1000, 10_000, 100_000])
        lowest = place[1] == _TABLES[1]
        axes.xaxis.set_major_formatter((lambda x, _: f"{x:,.0f}") if lowest else (lambda x, _: ""))
        axes.set_yticks(ticks, names)
        axes.minorticks_off()
        axes.grid(True, axis="y")
        if lowest:
            axes.set_xlabel(t("explorers.many_runs.runs_axis"), loc="left")
        self._here = [*getattr(self, "_here", []), axes.plot([], [], color=FAINT, lw=1.2)[0]]
        self._headings = [
            *getattr(self, "_headings", []),
            picture.text(place[0] - 0.06, place[1] + place[3] + 0.032, ha="left", va="center", fontsize=9.2, color=INK),
        ]
        return axes

    def _dot(self, axes: Any, colour: str) -> None:
        (dot,) = axes.plot([], [], "o", ls="none", color=colour, ms=7.5, mec="white", mew=1.2, clip_on=False)
        self._dots = [*getattr(self, "_dots", []), dot]

    def _build_lost(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import MUTED, OWN

        ticks = (1e-4, 1, 1e4), ("0.01%", "100%", "10⁴×")
        axes = self._panel(picture, _LOST, _LOST_LIMITS, *ticks)
        start = [10, 100], [1, 1]
        self._lost = plots.simulated(axes, *start, line=True, ls=(0, (4, 2)), lw=1.6, color=MUTED)
        self._kept = plots.simulated(axes, *start, line=True, ls="-", lw=2.0, color=OWN)
        self._dot(axes, MUTED)
        self._dot(axes, OWN)

    def _build_seeds(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = self._panel(picture, _SEEDS, _PAIR_LIMITS, (1e-12, 1e-6, 1), ("10⁻¹²", "10⁻⁶", "1"))
        start = [10, 100], [1, 1]
        self._pairs = [plots.simulated(axes, *start, line=True, ls="-", lw=1.4, color=MUTED) for _ in BITS]
        for bits, x, side, height in zip(
            BITS, (9.5, 1.15e5, 9.5), ("left", "right", "left"), (12, 1 / 60, 12), strict=True
        ):
            axes.text(
                x, height * x**2 / 2.0 ** (bits + 1), t("explorers.many_runs.bits_named", bits=bits), fontsize=8.5,
                color=MUTED, ha=side, va="bottom" if height > 1 else "top", path_effects=white_halo(),
            )  # fmt: skip
        self._dot(axes, OWN)

    def _build_tables(self, picture: Picture) -> None:
        from course_utils import plots
        from course_utils.explorers.colours import MUTED, OWN

        ticks = (1.0, 60.0, 24 * _HOUR)
        axes = self._panel(picture, _TABLES, _SECOND_LIMITS, ticks, tuple(format_duration(tick) for tick in ticks))
        at, start = np.array(RUNS), ([10, 100], [1, 1])
        self._rewriting = plots.simulated(axes, *start, line=True, ls=(0, (4, 2)), lw=1.6, color=MUTED)
        self._seldom = plots.simulated(axes, *start, line=True, ls="-", lw=2.0, color=OWN)
        self._rewriting.set_xdata(at)
        self._seldom.set_xdata(at)
        self._dot(axes, MUTED)
        self._dot(axes, OWN)
        plots.provenance_note(axes)

    def draw(self, result: ManyRunsResult) -> Hashable:
        from course_utils.explorers.colours import MUTED, OWN

        self._draw_workers(result)
        at = np.array(RUNS)
        self._lost.set_data(at, np.clip(result.lost_all, *_LOST_LIMITS))
        self._kept.set_data(at, np.clip(np.full(len(at), result.lost_kept), *_LOST_LIMITS))
        for line, bits, pairs in zip(self._pairs, BITS, result.pairs, strict=True):
            shown = pairs >= _PAIR_LIMITS[0]
            line.set_data(at[shown], pairs[shown])
            line.set_color(OWN if bits == result.bits else MUTED)
            line.set_linewidth(2.0 if bits == result.bits else 1.2)
        self._rewriting.set_ydata(result.rewriting)
        self._seldom.set_ydata(result.seldom)
        values = (
            np.clip([result.lost_all_here, result.lost_kept], *_LOST_LIMITS),
            np.clip([result.pairs_here], *_PAIR_LIMITS),
            np.array([result.rewriting_here, result.seldom_here]),
        )
        for dot, value in zip(self._dots, np.concatenate(values), strict=True):
            dot.set_data([result.runs], [value])
        limits = (_LOST_LIMITS, _PAIR_LIMITS, _SECOND_LIMITS)
        for line, (low, high) in zip(self._here, limits, strict=True):
            line.set_data([result.runs] * 2, [low, high])
        said = self._said(result)
        for heading, name in zip(self._headings, ("lost", "pairs", "tables"), strict=True):
            heading.set_text(t(f"explorers.many_runs.heading_{name}", **said))
        self._title.set_text(self._message(result))
        return "only"

    def _draw_workers(self, result: ManyRunsResult) -> None:
        for line, ends in ((self._longest, result.ends_longest), (self._shortest, result.ends_shortest)):
            busy = 1 - np.arange(1, len(ends) + 1) / len(ends)
            line.set_data(np.concatenate([[0.0], ends]), np.concatenate([[1.0], busy]))
        ends = result.ends_longest
        busy = 1 - np.arange(len(ends) + 1) / len(ends)
        self._area.set_data(np.concatenate([[0.0], ends]), np.zeros(len(ends) + 1), busy)
        times = (result.least, result.longest_first, result.shortest_first)
        for note, name, hours in zip(self._notes, ("least", "longest", "shortest"), times, strict=True):
            note.set_text(t(f"explorers.many_runs.note_{name}", time=format_duration(_HOUR * hours)))

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _said(result: ManyRunsResult) -> dict[str, str]:
        """Write every number of a result as the picture and the words say it."""
        return {
            "runs": f"{result.runs:,}",
            "workers": f"{result.workers:,}",
            "bits": str(result.bits),
            "time": format_duration(_HOUR * result.longest_first),
            "least": format_duration(_HOUR * result.least),
            "shortest": format_duration(_HOUR * result.shortest_first),
            "idle": format_percent(result.idle),
            "failed": _amount(result.failed),
            "clean": _chance(result.clean),
            "kept": _times(result.lost_kept),
            "anew": _times(result.lost_all_here),
            "pairs": _amount(result.pairs_here),
            "same": _chance(result.same),
            "bytes": format_bytes(round(result.table_bytes)),
            "rewriting": format_duration(result.rewriting_here),
            "seldom": format_duration(result.seldom_here),
        }

    def _message(self, result: ManyRunsResult) -> str:
        """Say how long it takes, and the first two things that are worth a word at this size."""
        key, said = "explorers.many_runs", self._said(result)
        worth = {
            "endless": result.lost_kept >= _ENDLESS,
            "pairs": result.pairs_here >= _RARE,
            "tables": result.rewriting_here >= _LONG,
            "failed": result.failed >= _OFTEN and result.lost_kept < _ENDLESS,
            "idle": result.idle >= _FEW,
        }
        named = [t(f"{key}.message_{name}", **said) for name, found in worth.items() if found][:2]
        clauses = t(f"{key}.between").join(named) if named else t(f"{key}.message_calm")
        return t(f"{key}.message", clauses=clauses, **said)

    def words(self, result: ManyRunsResult) -> str:
        key, said = "explorers.many_runs", self._said(result)
        parts = [t(f"{key}.words_{'alone' if result.workers >= result.runs else 'time'}", **said)]
        parts.append(t(f"{key}.words_{'endless' if result.lost_kept >= _ENDLESS else 'failures'}", **said))
        parts += [t(f"{key}.words_{name}", **said) for name in ("seeds", "tables", "computed")]
        return ("" if language() == "zh" else " ").join(parts)


def _amount(value: float) -> str:
    """Write an expected number of things."""
    if not 1e-3 <= value < 1e6:
        return format_scientific(value, 2)
    return f"{value:.2g}" if value < 99.5 else f"{float(f'{value:.2g}'):,.0f}"


def _times(share: float) -> str:
    """Write lost work in units of the work itself."""
    if share >= 1e12:
        return "> 10¹²×"
    if share >= 1:
        return f"{format_number(share, 2) if share < 1e4 else format_scientific(share, 2)}×"
    return format_percent(share) if share >= 1e-5 else "< 0.001%"


def _chance(value: float) -> str:
    """Write a chance, not as a certainty of either kind."""
    if value > 0.9995:
        return "> 99.9%"
    if value >= 1e-4:
        return format_percent(value)
    return format_scientific(value, 2) if value >= 1e-300 else "< 10⁻³⁰⁰"
