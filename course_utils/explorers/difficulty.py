"""The explorer *why a power law*: many exponential problems, and how dense the hard ones are, make the exponent."""

from __future__ import annotations

from collections.abc import Hashable

import numpy as np

from course_utils import datasets
from course_utils.explorers.controls import Choice, Control, Slider
from course_utils.explorers.difficulty_state import (
    ALPHAS,
    CURVE_AT,
    HARDEST,
    MEANS,
    NOBODY,
    RATES,
    SAMPLES,
    SAMPLES_AT,
    DifficultyResult,
    DifficultyState,
    Published,
)
from course_utils.explorers.explorer import Explorer
from course_utils.i18n import format_number, format_percent, format_scientific, language, t
from course_utils.plots.picture import Picture

_LEFT, _RIGHT = (0.085, 0.2, 0.385, 0.62), (0.585, 0.2, 0.385, 0.62)
_RATE_LIMITS, _SHARE_LIMITS = (1e-7, 1.3), (3e-3, 5.0)
_K_LIMITS, _MISSED_LIMITS = (0.8, 1.3e5), (1e-4, 14.0)
_SINGLE = (0.1, 0.01, 0.001)  # rates of the three problems whose own curves are drawn
_NAMED_AT = 3e-4  # height at which they have their names
_HIGH = 0.95  # R squared that would be taken for proof
_REACH = 6.0  # the tangent goes so many times to either side


class WhyAPowerLaw(Explorer):
    """Choose how dense hard problems are; see the power law of coverage come out of problems that have none.

    Examples
    --------
    >>> explorer = WhyAPowerLaw(alpha=0.5, k=100_000)
    >>> round(explorer.result.exponent, 2)
    -0.5
    """

    section = "difficulty"
    State = DifficultyState
    size = (800, 440)

    def prepare(self) -> None:
        self.published = Published(datasets.find("repeated_sampling"))
        if self.published.models:
            self.state.model = self.published.models[-1]

    def make_controls(self) -> tuple[Control, ...]:
        key = "explorers.difficulty"
        hardest = tuple((t(f"{key}.no_hardest") if p == 0 else format_scientific(p), p) for p in HARDEST)
        controls: list[Control] = [
            Slider("alpha", t(f"{key}.alpha"), ALPHAS[0], ALPHAS[-1], ALPHAS[1] - ALPHAS[0]),
            Choice("mean", t(f"{key}.mean"), tuple((format_percent(p), p) for p in MEANS)),
            Choice("hardest", t(f"{key}.hardest"), hardest),
            Choice("k", t(f"{key}.k"), tuple((f"{k:,}", k) for k in SAMPLES_AT)),
        ]
        if self.published.models:
            names = [(f"Pythia {format_size(n)}", n) for n in self.published.models]
            options = ((t(f"{key}.nobody"), NOBODY), *names)
            controls.append(Choice("model", t(f"{key}.model"), options, face="list"))
        return tuple(controls)

    def compute(self, state: DifficultyState) -> DifficultyResult:
        return self.published.compute(state.alpha, state.mean, state.hardest, state.k, state.model)

    # Picture --------------------------------------------------------------------------------------------------------

    def build(self, picture: Picture) -> None:
        from course_utils.explorers.colours import INK

        self._build_density(picture)
        self._build_coverage(picture)
        self._title = picture.text(0.02, 0.95, ha="left", va="center", fontsize=11.5, color=INK)
        picture.moving(
            self._density, self._wall, self._drawn, self._theirs, self._slope_name, self._unseen_name,
            self._tail, self._curve, self._drawn_curve, self._theirs_curve, self._tangent, self._point,
            self._tail_name, self._point_name, self._title,
        )  # fmt: skip

    def _build_density(self, picture: Picture) -> None:
        """Make the density of difficulty, with the counts that a benchmark would show of it."""
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, LAW, MUTED
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_LEFT)
        axes.set(xscale="log", yscale="log", xlim=_RATE_LIMITS, ylim=_SHARE_LIMITS)
        axes.set_xticks([1e-6, 1e-4, 1e-2, 1])
        axes.set_yticks([0.01, 0.1, 1])
        axes.xaxis.set_major_formatter(lambda x, _: format_scientific(x) if x < 0.001 else format_percent(x))
        axes.yaxis.set_major_formatter(lambda y, _: format_percent(y))
        axes.minorticks_off()
        axes.set_xlabel(t("explorers.difficulty.rate_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(
            _LEFT[0] - 0.06, 0.865, t("explorers.difficulty.share_axis"), color=INK, fontsize=9.5, va="center"
        )
        axes.axvspan(_RATE_LIMITS[0], 1 / SAMPLES, color=FAINT, alpha=0.28, lw=0)
        words = {"transform": axes.transAxes, "ha": "left", "va": "top", "color": MUTED, "fontsize": 9}
        axes.text(0.02, 0.98, t("explorers.difficulty.region_unseen", samples=f"{SAMPLES:,}"), **words)
        self._unseen_name = picture.text(0.02, 0.845, axes=axes, **words)
        picture.figure.text(
            _LEFT[0], 0.035, f"— {t('explorers.difficulty.key_formula')}", color=MUTED, fontsize=8.5, va="center"
        )
        self._density = plots.simulated(axes, RATES, RATES, line=True, ls="-", lw=2.0, color=LAW)
        (self._wall,) = axes.plot([], [], color=INK, lw=1.3, ls=(0, (1, 2)))
        self._drawn = plots.simulated(axes, [1.0], [1.0], ms=6)
        source = {"source": t("explorers.difficulty.published_source")}
        self._theirs = plots.published(axes, [1.0], [1.0], ms=6, **source)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._slope_name = picture.text(1, 1, color=LAW, va="bottom", **words)

    def _build_coverage(self, picture: Picture) -> None:
        """Make the curve of coverage, with three problems of their own, the tangent and the line it tends to."""
        from course_utils import plots
        from course_utils.explorers.colours import FAINT, INK, LAW, MUTED, OWN
        from course_utils.explorers.plane import white_halo

        axes = picture.figure.add_axes(_RIGHT)
        axes.set(xscale="log", yscale="log", xlim=_K_LIMITS, ylim=_MISSED_LIMITS)
        axes.set_xticks([1, 10, 100, 1000, 10_000])
        axes.set_yticks([0.001, 0.01, 0.1, 1, 10])
        axes.xaxis.set_major_formatter(lambda x, _: f"{x:,.0f}")
        axes.yaxis.set_major_formatter(lambda y, _: f"{y:g}")
        axes.minorticks_off()
        axes.set_xlabel(t("explorers.difficulty.k_axis"), loc="left")
        axes.grid(False)
        picture.figure.text(
            _RIGHT[0] - 0.06, 0.865, t("explorers.difficulty.missed_axis"), color=INK, fontsize=9.5, va="center"
        )
        k = np.geomspace(1, 1e5, 400)
        for rate in _SINGLE:
            missed = -np.log1p(-np.exp(k * np.log1p(-rate)))
            keep = missed > _MISSED_LIMITS[0]
            axes.plot(k[keep], missed[keep], color=FAINT, lw=1.0, zorder=1)
            at = int(np.argmax(missed < _NAMED_AT))
            name = format_percent(rate) if rate < _SINGLE[0] else f"p = {format_percent(rate)}"
            axes.text(k[at] * 0.86, missed[at], name, color=MUTED, fontsize=8.5, ha="right", va="center")
        self._tail = plots.simulated(axes, CURVE_AT, CURVE_AT, line=True, ls=(0, (2, 2)), color=MUTED)
        self._curve = plots.simulated(axes, CURVE_AT, CURVE_AT, line=True, ls="-", lw=2.0, color=LAW)
        self._drawn_curve = plots.simulated(axes, [1.0], [1.0], ms=5)
        source = {"source": t("explorers.difficulty.published_source")}
        self._theirs_curve = plots.published(axes, [1.0], [1.0], ms=5, **source)
        if self.published.models:
            plots.provenance_note(axes)
        else:
            note = t("explorers.difficulty.note_simulated")
            picture.figure.text(0.97, 0.03, f"× {note}", ha="right", va="center", fontsize=8.5, color=MUTED)
        (self._tangent,) = axes.plot([], [], color=OWN, lw=1.6)
        (self._point,) = axes.plot([], [], "o", color=OWN, ms=9.5, mec="white", mew=1.5, clip_on=False)
        words = {"axes": axes, "fontsize": 9.5, "path_effects": white_halo()}
        self._tail_name = picture.text(1, 1, color=MUTED, ha="right", va="top", **words)
        self._point_name = picture.text(1, 1, color=OWN, ha="left", va="bottom", fontweight="bold", **words)

    def draw(self, result: DifficultyResult) -> Hashable:
        self._draw_density(result)
        self._curve.set_data(CURVE_AT, np.where(result.curve > 0, result.curve, 1e-300))
        self._drawn_curve.set_data(result.simulated.k, result.simulated.missed)
        self._tail.set_visible(result.tail is not None)
        self._tail_name.set_visible(result.tail is not None)
        if result.tail is not None:
            line = result.tail * CURVE_AT**-result.alpha
            self._tail.set_data(CURVE_AT, line)
            self._name_tail(result, line)
        for artist in (self._theirs, self._theirs_curve):
            artist.set_visible(result.published is not None)
        if result.published is not None:
            self._theirs.set_data(result.published.rates, result.published.share)
            self._theirs_curve.set_data(result.published.k, result.published.missed)
        self._draw_point(result)
        self._title.set_text(self._message(result))
        return "only"

    def _draw_density(self, result: DifficultyResult) -> None:
        shown = result.density > 0
        self._density.set_data(RATES[shown], result.density[shown])
        self._drawn.set_data(result.simulated.rates, result.simulated.share)
        self._wall.set_visible(result.hardest > 0)
        self._slope_name.set_visible(result.hardest <= 1e-6)
        if result.hardest:
            first = float(result.density[np.argmax(shown)])
            self._wall.set_data([result.hardest] * 2, [_SHARE_LIMITS[0], first])
        self._name_slope(result)
        lines = [t("explorers.difficulty.unsolved")]
        for mark, counts in (("×", result.simulated), ("□", result.published)):
            if counts is not None:
                many = t("explorers.difficulty.of", count=counts.unsolved, all=counts.problems)
                lines.append(f"{mark} {many}")
        self._unseen_name.set_text("\n".join(lines))

    def _name_slope(self, result: DifficultyResult) -> None:
        """Write the slope above the line where that is in sight at the hard end, else to the left of the line."""
        height = float(np.interp(1e-5, RATES, result.density))
        self._slope_name.set_text(t("explorers.difficulty.label_slope", alpha=f"{result.alpha:.2f}"))
        if height > 4 * _SHARE_LIMITS[0]:
            self._slope_name.set(position=(1.4e-7, height * 1.3), ha="left")
        else:
            at = float(RATES[np.argmax(result.density > 10 * _SHARE_LIMITS[0])])
            self._slope_name.set(position=(at * 0.6, 10 * _SHARE_LIMITS[0]), ha="right")

    def _name_tail(self, result: DifficultyResult, line: np.ndarray) -> None:
        """Write the slope of the far line where that line leaves the axes, at the right or at the bottom."""
        at = np.flatnonzero(line > 2e-3)[-1]
        self._tail_name.set_position((CURVE_AT[at], line[at] / 1.4))
        self._tail_name.set_text(t("explorers.difficulty.label_tail", alpha=f"{result.alpha:.2f}"))

    def _draw_point(self, result: DifficultyResult) -> None:
        k, low = result.k, _MISSED_LIMITS[0]
        seen = result.missed >= low
        height = max(result.missed, low)
        self._point.set_data([k], [height])
        self._point.set_marker("o" if seen else "v")
        self._tangent.set_visible(seen)
        if seen:
            reach = _REACH ** min(1.0, 1.0 / max(abs(result.exponent), 0.1))
            ends = np.array([k / reach, k * reach])
            self._tangent.set_data(ends, result.missed * (ends / k) ** result.exponent)
        right = k > 3000
        self._point_name.set_ha("right" if right else "left")
        self._point_name.set_position((k * (0.7 if right else 1.45), height * 1.25))
        self._point_name.set_text(t("explorers.difficulty.label_point", exponent=_slope(result.exponent)))

    # Words ----------------------------------------------------------------------------------------------------------

    def _message(self, result: DifficultyResult) -> str:
        key = "hardest" if result.hardest else "free"
        return t(
            f"explorers.difficulty.message_{key}",
            k=f"{result.k:,}",
            exponent=_slope(result.exponent),
            tail=_slope(-result.alpha),
            hardest=format_scientific(result.hardest) if result.hardest else "",
            end=f"{1 / result.hardest:,.0f}" if result.hardest else "",
        )

    def words(self, result: DifficultyResult) -> str:
        key = "explorers.difficulty"
        parts = [
            t(
                f"{key}.words_coverage",
                one=format_percent(result.at_one),
                k=f"{result.k:,}",
                here=format_percent(result.at_k, 3),
                ten=f"{10 * result.k:,}",
                there=format_percent(result.at_ten_k, 3),
            )
        ]
        slopes = {"first": _slope(result.exponent_at_one), "last": _slope(result.exponent_at_end)}
        if result.hardest:
            end, hardest = f"{1 / result.hardest:,.0f}", format_scientific(result.hardest)
            parts.append(t(f"{key}.words_hardest", hardest=hardest, end=end, **slopes))
        else:
            parts.append(t(f"{key}.words_free", tail=_slope(-result.alpha), **slopes))
        drawn = result.simulated
        if drawn.exponent is not None:
            said = {"problems": drawn.problems, "exponent": _slope(drawn.exponent), "r2": f"{drawn.r_squared:.3f}"}
            parts.append(t(f"{key}.words_line", **said))
            if drawn.r_squared > _HIGH:
                parts.append(t(f"{key}.words_r2"))
        if not self.published.models:
            parts.append(t(f"{key}.words_missing"))
        elif result.published is not None and result.published.exponent is not None:
            parts.append(
                t(
                    f"{key}.words_published",
                    model=f"Pythia {format_size(result.model)}",
                    exponent=_slope(result.published.exponent),
                    alpha=format_number(result.published_alpha, 2),
                    mean=format_percent(result.published_alpha / (result.published_alpha + result.published_beta)),
                )
            )
        return ("" if language() == "zh" else " ").join(parts)


def format_size(params: float) -> str:
    """Write a size as the models' names do: 70M, 2.8B.

    Examples
    --------
    >>> format_size(70e6), format_size(2.8e9), format_size(12e9)
    ('70M', '2.8B', '12B')
    """
    return f"{params / 1e9:g}B" if params >= 1e9 else f"{params / 1e6:g}M"


def _slope(exponent: float) -> str:
    """Write an exponent with two decimals, one from ten on."""
    return f"{exponent:,.0f}".replace("-", "−") if exponent <= -10 else f"{exponent:.2f}".replace("-", "−")
