"""The explorer *how many test items*: what a zero means, and how long a test must be before it means anything."""

from __future__ import annotations

from collections.abc import Hashable
from dataclasses import dataclass

import numpy as np
from traitlets import Enum, Float, HasTraits, Int

from course_utils import metrics
from course_utils.explorers.controls import Choice, Control, decade_steps
from course_utils.explorers.explorer import Explorer
from course_utils.explorers.moving_ticks import MovingTicks
from course_utils.i18n import format_number, format_percent, format_scientific, language, t
from course_utils.plots.picture import Picture

ACCURACIES = decade_steps(1e-4, 0.5, (1, 2, 3, 5, 7))
ITEMS = tuple(int(n) for n in decade_steps(10, 10_000, (1, 2, 3, 5, 7)))
LEVELS = (0.9, 0.95, 0.99)
_PLAIN, _ZEROS = (0.115, 0.17, 0.405, 0.70), (0.585, 0.17, 0.39, 0.70)  # left, bottom, width, height
_ITEMS_LIMITS, _ACCURACY_LIMITS = (3.0, 1e5), (3e-5, 2.5)
_N = np.unique(np.geomspace(*_ITEMS_LIMITS, 80).round())
_BARS = 41  # at most so many bars: where more counts are likely, neighbours share one
_WIDE = 3.5  # standard deviations on either side of the expected count that are drawn
_ROOM = 1.28  # of the highest bar, for the words above it
_NEVER = 1e-9
_SEEN = 0.01  # a zero rarer than this would be a finding


class ItemsState(HasTraits):
    """What the reader sets: the model's true accuracy, the test's items, and how sure a bound should be."""

    accuracy = Float(0.01)
    items = Int(100)
    level = Enum(LEVELS, default_value=0.95)


@dataclass(frozen=True)
class ItemsResult:
    """What a test of n items can show of a model that is right with probability p.

    Attributes
    ----------
    accuracy, items, level : p, n and the confidence of bound, interval and needed items
    zero : probability that none is right
    bound : highest accuracy that none right of n leaves possible
    needed : items that show at least one right answer with probability `level`
    likely : the most likely count of right answers
    low, high : interval for the accuracy that this count would be reported with (Wilson)
    edges, chances : arrays of shape (n_bars + 1,) and (n_bars,): counts of right answers, and how likely they are
    """

    accuracy: float
    items: int
    level: float
    zero: float
    bound: float
    needed: float
    likely: int
    low: float
    high: float
    edges: np.ndarray
    chances: np.ndarray


def compute_items(accuracy: float, items: int, level: float) -> ItemsResult:
    """Compute what a test can show: see :class:`ItemsResult`.

    Examples
    --------
    >>> result = compute_items(0.01, 100, 0.95)
    >>> round(result.zero, 3), round(result.bound, 4), result.needed
    (0.366, 0.0295, 299.0)
    """
    likely = min(int((items + 1) * accuracy), items)
    _, low, high = metrics.accuracy(likely, items, level=level)
    edges, chances = _bars(accuracy, items)
    return ItemsResult(
        accuracy=accuracy,
        items=items,
        level=level,
        zero=float(metrics.chance_of_zero(accuracy, items)),
        bound=float(metrics.bound_from_zero(items, level=level)),
        needed=float(metrics.items_to_see(accuracy, chance=level)),
        likely=likely,
        low=float(low),
        high=float(high),
        edges=edges,
        chances=chances,
    )


def _bars(p: float, n: int) -> tuple[np.ndarray, np.ndarray]:
    """Compute the binomial probabilities of the likely counts of right answers, neighbours joined where there are many.

    Each is the one before times (n - k + 1) p / (k (1 - p)).
    """
    spread = _WIDE * np.sqrt(n * p * (1 - p))
    first, last = max(0, int(n * p - spread)), min(n, int(np.ceil(n * p + max(spread, 4.0))))
    width = -(-(last + 1 - first) // _BARS)
    starts = np.arange(first, last + 1, width)
    k = np.arange(1, min(starts[-1] + width - 1, n) + 1)
    logs = n * np.log1p(-p) + np.concatenate([[0.0], np.cumsum(np.log((n - k + 1) / k * p / (1 - p)))])
    return np.append(starts, starts[-1] + width) - 0.5, np.add.reduceat(np.exp(logs), starts)


class HowManyTestItems(Explorer):
    """Set a model's true accuracy and a test's length; see how often the test shows nothing, and what that proves.

    Examples
    --------
    >>> explorer = HowManyTestItems(items=1000)
    >>> round(explorer.result.bound, 4), explorer.result.zero < 1e-4
    (0.003, True)
    """

    section = "items"
    State = ItemsState
    size = (760, 420)

    def make_controls(self) -> tuple[Control, ...]:
        return (
            Choice(
                "accuracy", t("explorers.items.accuracy"), tuple((format_percent(p), p) for p in ACCURACIES),
                between=True,
            ),
            Choice("items", t("explorers.items.items"), tuple((f"{n:,}", n) for n in ITEMS), between=True),
            Choice("level", t("explorers.items.level"), tuple((format_percent(q), q) for q in LEVELS), face="buttons"),
        )  # fmt: skip

    def compute(self, state: ItemsState) -> ItemsResult:
        return compute_items(state.accuracy, state.items, state.level)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK, MUTED

        self._build_plane(picture)
        self._build_bars(picture)
        self._title = picture.text(0.02, 0.945, ha="left", va="center", fontsize=11.5, color=INK)
        note = t("explorers.common.formula_note")
        picture.figure.text(0.975, 0.03, note, ha="right", va="center", color=MUTED, fontsize=9, style="italic")
        picture.moving(
            self._blind, self._blind_name, self._bound, self._drop, self._way, self._allowed, self._enough, self._point,
            self._bound_name, self._allowed_name, self._enough_name, self._bars, self._none, self._none_name,
            self._interval, self._middle, *self._ticks.artists, self._title,
        )  # fmt: skip

    def _build_plane(self, picture: Picture) -> None:
        """Make the plane of items and accuracies, with the line below which a zero is no surprise."""
        from course_utils.explorers.colours import FAINT, INK, LAW, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_PLAIN)
        self._axes = axes
        axes.set(xscale="log", yscale="log", xlim=_ITEMS_LIMITS, ylim=_ACCURACY_LIMITS)
        axes.set_xticks([10, 100, 1000, 10_000, 100_000])
        axes.set_yticks([1e-4, 1e-3, 1e-2, 0.1, 1])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        axes.yaxis.set_major_formatter(lambda y, _: format_percent(y))
        axes.set_xlabel(t("explorers.items.items_axis"))
        axes.set_ylabel(t("explorers.items.accuracy_axis"))
        axes.yaxis.set_label_coords(-0.185, 0.5)
        axes.grid(False)
        words = {"axes": axes, "transform": axes.transAxes, "color": MUTED, "fontsize": 9.5}
        self._blind_name = picture.text(0.03, 0.02, ha="left", va="bottom", **words)
        self._blind_name.set_text(t("explorers.items.region_blind"))
        axes.text(
            0.97, 0.98, t("explorers.items.region_seeing"), transform=axes.transAxes, ha="right", va="top", color=MUTED,
            fontsize=9.5,
        )  # fmt: skip
        self._blind = axes.fill(_N, _N, color=FAINT, alpha=0.28, lw=0)[0]
        (self._bound,) = axes.plot([], [], color=LAW, lw=2.0)
        (self._drop,) = axes.plot([], [], color=INK, lw=1.1, ls=(0, (1, 2)))
        (self._way,) = axes.plot([], [], color=OWN, lw=1.4, ls=(0, (4, 2)))
        (self._allowed,) = axes.plot([], [], "o", color="white", mec=INK, ms=7, mew=1.4)
        (self._enough,) = axes.plot([], [], "D", color="white", mec=OWN, ms=6.5, mew=1.5)
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=10.5, mec="white", mew=1.5, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._bound_name = picture.text(
            1, 1, color=LAW, rotation=_angle(picture), rotation_mode="anchor", ha="center", va="bottom", **words
        )
        self._allowed_name = picture.text(1, 1, color=INK, va="bottom", **words)
        self._enough_name = picture.text(1, 1, color=OWN, va="top", **words)

    def _build_bars(self, picture: Picture) -> None:
        """Make the bars of the counts of right answers and, under them, the interval that a report would give."""
        from course_utils.explorers.colours import INK, MUTED, OWN

        axes = picture.figure.add_axes(_ZEROS)
        self._counts = axes
        axes.set(yticks=[], ylim=(-0.17, _ROOM))
        axes.grid(False)
        for side in ("left", "right", "top"):
            axes.spines[side].set_visible(False)
        axes.set_xlabel(t("explorers.items.counts_axis"), labelpad=22)
        self._ticks = MovingTicks(picture, axes, "bottom")
        self._bars = axes.stairs([1.0, 1.0], [0, 1, 2], fill=True, color=MUTED, alpha=0.55)
        self._none = axes.fill([0, 0, 1, 1], [0, 1, 1, 0], color=OWN, lw=0)[0]
        (self._interval,) = axes.plot([], [], color=INK, lw=2.2, solid_capstyle="butt", clip_on=True)
        (self._middle,) = axes.plot([], [], "|", color=INK, ms=11, mew=2.0)
        self._none_name = picture.text(0.5, 0.965, axes=axes, transform=axes.transAxes, va="top", ha="center",
                                       color=OWN, fontsize=10.5)  # fmt: skip

    def draw(self, result: ItemsResult) -> Hashable:
        bound = metrics.bound_from_zero(_N, level=result.level)
        self._bound.set_data(_N, bound)
        below = np.full(2, _ACCURACY_LIMITS[0])
        self._blind.set_xy(np.column_stack([np.append(_N, _N[[-1, 0]]), np.append(bound, below)]))
        n, p = result.items, result.accuracy
        self._point.set_data([n], [p])
        self._drop.set_data([n, n], [p, result.bound])
        self._allowed.set_data([n], [result.bound])
        self._way.set_data([n, result.needed], [p, p])
        self._enough.set_data([result.needed], [p])
        self._name_marks(result)
        self._draw_bars(result)
        self._title.set_text(self._message(result))
        return "only"

    def _name_marks(self, result: ItemsResult) -> None:
        # While more items are needed the marks lie under the bound, and its name over it; then the other way round.
        short = result.needed > result.items
        place = 100.0 if not short else 6e3 if result.items < 700 else 45.0
        height = float(-np.expm1(np.log1p(-result.level) / place))
        self._bound_name.set_text(t("explorers.items.label_bound", level=format_percent(result.level)))
        self._bound_name.set_position((place, height * (1.13 if short else 0.72)))
        self._bound_name.set_verticalalignment("bottom" if short else "top")
        left = result.items > 3000
        self._allowed_name.set_text(t("explorers.items.label_allowed", bound=format_percent(result.bound, 3)))
        self._allowed_name.set_position((result.items * (1 / 1.25 if left else 1.25), result.bound * 1.12))
        self._allowed_name.set_horizontalalignment("right" if left else "left")
        self._enough_name.set_text(t("explorers.items.label_enough", needed=_count(result.needed)))
        at_edge = short and result.needed < 150
        x = _ITEMS_LIMITS[0] * 1.2 if at_edge else result.needed * (1.15 if short else 1.3)
        self._enough_name.set_position((x, result.accuracy * (0.78 if short else 1.2)))
        self._enough_name.set(va="top" if short else "bottom", ha="right" if short and not at_edge else "left")
        self._blind_name.set_y(0.02 if result.accuracy > 5e-4 else 0.42)

    def _draw_bars(self, result: ItemsResult) -> None:
        highest = float(result.chances.max())
        self._bars.set_data(result.chances / highest, result.edges)
        left, right = result.edges[[0, -1]]
        margin = 0.03 * (right - left)
        self._counts.set_xlim(left - margin, right + margin)
        seen = left < 0
        self._none.set_visible(seen)
        if seen:
            top = result.zero / highest
            self._none.set_xy([(-0.5, 0), (-0.5, top), (0.5, top), (0.5, 0)])
        self._none_name.set_text(t("explorers.items.label_none", zero=_share(result.zero)))
        low, high = (max(min(x * result.items, right), left) for x in (result.low, result.high))
        self._interval.set_data([low, high], [-0.085, -0.085])
        self._middle.set_data([result.likely], [-0.085])
        ticks = _whole_ticks(max(left, 0), right)
        self._ticks.set(ticks, [_count(k) for k in ticks])

    # Words ----------------------------------------------------------------------------------------------------------

    @staticmethod
    def _message(result: ItemsResult) -> str:
        key = "seen" if result.zero < _SEEN else "blind"
        return t(
            f"explorers.items.message_{key}",
            zero=_share(result.zero),
            items=_count(result.items),
            accuracy=format_percent(result.accuracy),
        )

    def words(self, result: ItemsResult) -> str:
        level = format_percent(result.level)
        parts = [
            t(
                "explorers.items.words_zero",
                accuracy=format_percent(result.accuracy),
                items=_count(result.items),
                zero=_share(result.zero),
            ),
            t("explorers.items.words_bound", bound=format_percent(result.bound, 3), level=level),
        ]
        if result.level == 0.95:
            rule = format_percent(float(metrics.rule_of_three(result.items)), 3)
            parts.append(t("explorers.items.words_rule", rule=rule))
        parts.append(t("explorers.items.words_needed", level=level, needed=_count(result.needed)))
        parts.append(
            t(
                "explorers.items.words_interval",
                likely=_count(result.likely),
                items=_count(result.items),
                level=level,
                low=format_percent(result.low),
                high=format_percent(result.high),
            )
        )
        return ("" if language() == "zh" else " ").join(parts)


def _count(n: float) -> str:
    return f"{n:,.0f}"


def _share(zero: float) -> str:
    """Write a probability in per cent, or as a power of ten where per cent says nothing any more."""
    if zero >= 0.995:
        return format_percent(zero, 3)
    if zero < _NEVER:
        return "< " + format_scientific(_NEVER)
    return format_percent(zero) if zero >= 1e-3 else format_number(zero, 2)


def _whole_ticks(low: float, high: float) -> list[float]:
    from matplotlib.ticker import MaxNLocator

    ticks = MaxNLocator(nbins=6, steps=[1, 2, 2.5, 5, 10], integer=True).tick_values(low, high)
    return [float(k) for k in ticks if low <= k <= high]


def _angle(picture: Picture) -> float:
    """Return the angle, in degrees, of a line of slope minus one on the plane as it lies on the page."""
    decades = [float(np.log10(high / low)) for low, high in (_ITEMS_LIMITS, _ACCURACY_LIMITS)]
    across, up = _PLAIN[2] * picture.width / decades[0], _PLAIN[3] * picture.height / decades[1]
    return -float(np.degrees(np.arctan2(up, across)))
