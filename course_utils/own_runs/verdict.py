"""Say what a set of runs can and cannot tell, as a reviewer would who has to sign it."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np

from course_utils.i18n import format_percent
from course_utils.own_runs.choice import levels
from course_utils.own_runs.said import Said, said

if TYPE_CHECKING:
    from course_utils.fitting import BacktestRow
    from course_utils.own_runs.analysis import Analysis

_FLOOR_WIDTH = 0.25  # width of the floor's interval over the floor beyond which it is not determined
_SPLIT_WIDTH = 0.15  # width of the interval of the exponent of N_opt(C) beyond which a plan is a guess
_AHEAD = 0.3  # powers of ten that a back-test must look ahead to say something of extrapolation
_HELD_OUT = 3  # runs that a back-test should foretell, lest one lucky run decide
_SKILL = 0.5  # share of the error of "no better than the best seen" that a law must beat
_FAR = 1.05  # powers of ten outside the runs beyond which a plan needs a warning
_ODD = 8.0  # residual, in typical residuals, from which a run is called odd
_SAME_BUDGET = 1.2  # factor within which runs belong to the largest budget
_TOP = 0.85  # quantile of the scale from which runs count as the largest, where no budget holds several
_FEWEST_TOP = 4
_CLEAR, _NOTABLE = 3.0, 0.003  # standard errors, and share of the loss, from which a one-sided miss is said
_COMPUTED = 1e-4  # residual below which losses came from a formula: seeds alone scatter ten times as much
_MANY_ODD = 0.1  # share of the runs beyond which they are not odd: the law is


@dataclass(frozen=True)
class Verdict:
    """Hold the judgement: a grade in a word, what these runs tell and what they do not.

    `grade` is "foretells" (the back-test was passed), "describes" (the law fits, nothing vouches beyond the runs) or
    "few" (hardly more runs than constants).
    """

    grade: str
    can: tuple[Said, ...]
    cannot: tuple[Said, ...]

    @property
    def headline(self) -> Said:
        """The grade as a sentence."""
        return said(f"verdict.{self.grade}")


def judge(analysis: Analysis, notes: tuple[Said, ...] = ()) -> tuple[tuple[Said, ...], Verdict]:
    """Return the warnings of an analysis and the verdict."""
    fitted, fit = analysis.law.use, analysis.fit
    few = fitted.sum() < 2 * analysis.law.n_constants
    can, cannot = [_describes(analysis)], []
    row = telling_row(analysis)
    passed = row is not None and row.error <= _SKILL * row.baseline_error
    if row is None:
        cannot.append(said("verdict.no_backtest"))
    else:
        (can if passed else cannot).append(_foretells(row, passed))
    if (floor := _floor(analysis)) is not None:
        (can if floor.key == "verdict.floor" else cannot).append(floor)
    if (split := _split(analysis)) is not None:
        (can if split.key.endswith("_known") else cannot).append(split)
    if analysis.plan.decades_outside is not None and analysis.plan.decades_outside > _FAR:
        decades = f"{analysis.plan.decades_outside:.1f}"
        cannot.append(said("verdict.far", flops=analysis.plan.flops, decades=decades))
    cannot.append(said("verdict.tuning"))
    grade = "few" if few else "foretells" if passed and fit.converged else "describes"
    return _warnings(analysis, notes, few), Verdict(grade, tuple(can), tuple(cannot))


def telling_row(analysis: Analysis) -> BacktestRow | None:
    """Return the cut with most runs fitted that still looks some way ahead, to several runs if any cut does."""
    if analysis.backtest is None:
        return None
    ahead = [row for row in analysis.backtest.rows if row.decades_ahead >= _AHEAD]
    several = [row for row in ahead if row.n_held_out >= _HELD_OUT]
    return next(reversed(several or ahead), None)


def percent(value: float) -> str:
    """Write a share with two significant digits; what no measurement resolves only as a bound."""
    return "< 0.01%" if value < _COMPUTED else format_percent(value)


def _describes(analysis: Analysis) -> Said:
    used = analysis.law.use
    miss = np.abs(np.expm1(analysis.fit.residuals()[used]))
    name = analysis.law.inputs[0] if len(analysis.law.inputs) == 1 else "flops"
    scale = getattr(analysis.runs, name)[used]
    return said(
        "verdict.describes_within",
        runs=int(used.sum()),
        decades=f"{np.log10(scale.max() / scale.min()):.1f}",
        what=said(f"role.{name}"),
        median=percent(float(np.median(miss))),
        worst=percent(float(miss.max())),
    )


def _foretells(row: BacktestRow, passed: bool) -> Said:
    one_side = abs(row.bias) >= 0.9 * row.error
    side = "both" if not one_side else "high" if row.bias > 0 else "low"
    return said(
        "verdict.backtest_passed" if passed else "verdict.backtest_failed",
        cut=row.cut,
        held=row.n_held_out,
        decades=f"{row.decades_ahead:.1f}",
        error=percent(row.error),
        baseline=percent(row.baseline_error),
        side=said(f"side.{side}"),
    )


def _floor(analysis: Analysis) -> Said | None:
    if "E" not in analysis.fit.params:
        return said("verdict.floor_two_sizes")
    used = analysis.law.use
    fewest = min(levels(getattr(analysis.runs, name)[used]) for name in analysis.law.inputs)
    floor = analysis.fit.params["E"]
    low, high = floor.interval
    if fewest <= 3:
        return said("verdict.floor_few_sizes", sizes=fewest)
    if floor.at_bound or high - low > _FLOOR_WIDTH * max(floor.value, 1e-300):
        return said("verdict.floor_open", low=float(low), high=float(high))
    return said("verdict.floor", low=float(low), high=float(high))


def _split(analysis: Analysis) -> Said | None:
    """Say whether the exponent of the best size is known; nothing where the law has no split."""
    if len(analysis.law.inputs) == 1:
        return said("verdict.split_none")
    values = analysis.bootstrap.samples
    total = values["alpha"] + values["beta"]
    ok = total > 0
    if ok.mean() < 0.95:
        return said("verdict.split_flat")
    low, high = np.quantile(values["beta"][ok] / total[ok], [0.05, 0.95])
    key = "verdict.split_known" if high - low <= _SPLIT_WIDTH else "verdict.split_open"
    return said(key, low=float(low), high=float(high))


def _warnings(analysis: Analysis, notes: tuple[Said, ...], few: bool) -> tuple[Said, ...]:
    runs, law, fit = analysis.runs, analysis.law, analysis.fit
    found = [said("warning.guess", question=question.text) for question in runs.reading.questions]
    if few:
        found.append(said("warning.few", runs=int(law.use.sum()), constants=law.n_constants))
    spare = int(law.use.sum()) > law.n_constants
    if spare and float(np.abs(fit.residuals()[law.use]).max()) < _COMPUTED:
        found.append(said("warning.computed"))
    found += [said("warning.fit", text=_InLanguage(note)) for note in fit.warnings]
    found += notes or tuple(
        note for note in analysis.warnings if note.key in ("warning.no_valleys", "warning.no_backtest")
    )
    if analysis.isoflop is not None:
        found += [said("warning.fit", text=_InLanguage(note)) for note in analysis.isoflop.warnings]
    if not law.use.all():
        left = tuple(int(line) for line in runs.lines[~law.use])
        found.append(said("warning.other_sizes", lines=left))
    if not law.floor:
        found.append(said("warning.two_sizes"))
    ratio = runs.flops_per_param_token
    if ratio is not None and not 1 / 1.5 <= ratio / 6 <= 1.5:
        found.append(said("warning.flops_ratio", ratio=float(ratio / 6)))
    for name in law.inputs:
        values = getattr(runs, name)[law.use]
        if values.max() < 10 * values.min():
            found.append(said("warning.narrow", what=said(f"role.{name}"), factor=float(values.max() / values.min())))
    if (trend := _trend(analysis)) is not None:
        found.append(trend)
    if odd := _odd(analysis):
        found.append(said("warning.odd", lines=odd))
    if not runs.repeated:
        found.append(said("warning.no_seeds"))
    if runs.labels is not None:
        found.append(said("warning.same_names"))
    share = analysis.bootstrap.n_not_converged / len(analysis.bootstrap)
    if share > 0.05:
        found.append(said("warning.not_settled", share=percent(share)))
    return tuple(found)


def _trend(analysis: Analysis) -> Said | None:
    """Say that the law lies to one side of the largest runs, where an extrapolation starts."""
    used = analysis.law.use
    name = analysis.law.inputs[0] if len(analysis.law.inputs) == 1 else "flops"
    scale, miss = getattr(analysis.runs, name)[used], np.expm1(analysis.fit.residuals()[used])
    top = miss[scale > scale.max() / _SAME_BUDGET]
    if len(top) < _FEWEST_TOP:
        top = miss[scale >= np.quantile(scale, _TOP) * (1 - 1e-9)]
    if len(top) < _FEWEST_TOP or len(top) == len(miss):
        return None
    mean, error = float(top.mean()), float(top.std(ddof=1)) / np.sqrt(len(top))
    if abs(mean) < max(_NOTABLE, _CLEAR * error):
        return None
    return said(f"warning.trend_{'high' if mean > 0 else 'low'}", count=len(top), share=percent(abs(mean)))


def _odd(analysis: Analysis) -> tuple[int, ...]:
    """Return the lines of runs that lie far from the law, unless so many do that the law is at fault."""
    used = analysis.law.use
    residuals = np.abs(analysis.fit.residuals())
    typical = max(float(np.median(residuals[used])), 1e-4)
    odd = used & (residuals > _ODD * typical)
    if not 0 < odd.sum() <= max(1, _MANY_ODD * used.sum()):
        return ()
    return tuple(int(line) for line in analysis.runs.lines[odd])


@dataclass(frozen=True)
class _InLanguage:
    """Hold a warning of a fit, which knows its own words."""

    note: object

    def __str__(self) -> str:
        return self.note.words()
