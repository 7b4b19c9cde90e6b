"""Fit what a table of runs can carry: law, intervals, back-test, plan, and what to believe of each."""

from __future__ import annotations

import datetime
import warnings
from dataclasses import dataclass, replace
from pathlib import Path
from types import MappingProxyType
from typing import Any

import numpy as np

from course_utils import fitting
from course_utils.allocation import compute_optimal
from course_utils.own_runs import choice
from course_utils.own_runs.choice import Law
from course_utils.own_runs.reading import Reading, read
from course_utils.own_runs.runs import Array, Runs, make_runs
from course_utils.own_runs.said import Said, said
from course_utils.own_runs.verdict import Verdict, judge

_TEN_TIMES = 10.0
_MOST_SOUND = 0.95  # share of the resamples that must have a best split for an interval to be given
_USUAL = 6.0  # FLOPs per parameter and token
_NEAR_USUAL = 1.2  # a convention of counting within this factor of 6ND is kept; beyond, 6 is taken and said


@dataclass(frozen=True)
class Plan:
    """Hold what to buy for a budget; None for what these runs do not tell.

    Attributes
    ----------
    flops : the budget
    params, tokens, loss : what to train, and the loss that the law foretells
    params_interval, tokens_interval, loss_interval : (low, high), or None where the runs leave an end open
    valley_params, valley_interval : the size by the valleys of fixed budgets, where the runs have some
    decades_outside : powers of ten by which the answer lies outside the runs
    reason : why something is missing, or how it was come by
    """

    flops: float
    params: float | None
    tokens: float | None
    loss: float | None
    params_interval: tuple[float, float] | None
    tokens_interval: tuple[float, float] | None
    loss_interval: tuple[float, float] | None
    valley_params: float | None
    valley_interval: tuple[float, float] | None
    decades_outside: float | None
    reason: Said | None


@dataclass(frozen=True, eq=False)
class Analysis:
    """Hold what a table of runs tells, and what it does not.

    Attributes
    ----------
    runs : the runs with exclusions and notes
    law : which law was fitted, to which runs, and why
    bootstrap : the refits of resampled runs; its fit is `fit`
    isoflop : the valleys, where the runs were made at a few fixed budgets
    backtest : what the law would have foretold for the largest runs; None where there are too few
    plan : for `budget`
    warnings : what to mind, in order of weight
    verdict : what these runs can and cannot tell
    settings : n, seed and level, to come to the same numbers again
    """

    runs: Runs
    law: Law
    bootstrap: fitting.Bootstrap
    isoflop: fitting.IsoflopFit | None
    backtest: fitting.Backtest | None
    plan: Plan
    warnings: tuple[Said, ...]
    verdict: Verdict
    settings: dict[str, Any]

    @property
    def fit(self) -> fitting.FitResult:
        """The fitted law, with intervals."""
        return self.bootstrap.fit

    def with_budget(self, flops: float) -> Analysis:
        """Return the same analysis with a plan for another budget; nothing is fitted again.

        Raises
        ------
        ValueError
            If the budget is not positive and finite.

        Examples
        --------
        >>> from course_utils import own_runs
        >>> result = own_runs.analyse(own_runs.read())
        >>> bool(result.with_budget(1e15).plan.params > result.plan.params)
        True
        """
        plan = _plan(self.runs, self.law, self.bootstrap, self.isoflop, _budget(flops), self.settings["level"])
        return _judged(replace(self, plan=plan))

    def summary(self) -> str:
        """Describe the analysis in the reader's language, as text for a terminal."""
        from course_utils.own_runs.faces import analysis_text

        return analysis_text(self)

    def __repr__(self) -> str:
        return self.summary()

    def _repr_html_(self) -> str:
        from course_utils.own_runs.faces import analysis_html

        return analysis_html(self)

    def figure(self):
        """Draw the runs, the law and the plan; return a matplotlib figure."""
        from course_utils.own_runs.figure import draw

        return draw(self)

    def report(self, path: str | Path, *, overwrite: bool = False, date: datetime.date | str | None = None) -> Path:
        """Write one HTML page that needs nothing else: figures inside, no network, A4 when printed.

        Parameters
        ----------
        path : where to write it; must end in .html
        overwrite : replace a file that is there
        date : the date to print; today when None

        Returns
        -------
        pathlib.Path
            Of the page.

        Raises
        ------
        FileExistsError
            If there is a file and overwrite is False.
        ValueError
            If the path does not end in .html.
        """
        from course_utils.own_runs.report import write_report

        return write_report(self, path, overwrite=overwrite, date=date)


def analyse(
    runs: Any = None, *, budget: float | None = None, n: int = 1000, seed: int = 0, level: float = 0.9
) -> Analysis:
    """Fit the law that the runs can carry, with intervals, a back-test and a plan.

    N and D vary: E + A N^-alpha + B D^-beta. One of them varies, or both in step: a power law of one quantity. A few
    fixed budgets: their valleys too.

    Parameters
    ----------
    runs : a `Reading`, or anything that `read` takes; None analyses the course's own ladder
    budget : FLOPs to plan for; ten times the largest run when None
    n, seed, level : resamples, seed and coverage of the intervals

    Returns
    -------
    Analysis

    Raises
    ------
    Refusal
        A ValueError in the reader's language: an open question, a bad cell, too few runs or sizes.
    ValueError
        If the budget, n or level is bad.

    Examples
    --------
    >>> import numpy as np
    >>> import pandas as pd
    >>> from course_utils import laws
    >>> size, data = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, 5), np.geomspace(1e9, 1e11, 5)))
    >>> loss = laws.chinchilla_loss(size, data, **laws.CONSTANTS["besiroglu"].values)
    >>> table = pd.DataFrame({"N (M)": size / 1e6, "tokens": data, "val_loss": loss})
    >>> result = analyse(table, budget=1e21, n=50)
    >>> round(result.fit["alpha"], 3), f"{result.plan.params:.3g}"
    (0.348, '2.78e+09')
    """
    reading = runs if isinstance(runs, Reading) else read(runs)
    table = make_runs(reading)
    law = choice.choose_law(table)
    if budget is not None:
        budget = _budget(budget)
    with warnings.catch_warnings():
        # They are kept in fit.warnings, and the analysis says them in the reader's language.
        warnings.simplefilter("ignore", fitting.FitWarning)
        fit = _fit(table, law)
        with np.errstate(over="ignore", invalid="ignore"):  # scales of a steep resample overflow when squared
            boot = fitting.bootstrap(fit, n=n, seed=seed, level=level, runs=table.labels)
        meant = choice.budgets(table)
        isoflop, lost = _isoflop(table, meant, n=n, seed=seed, level=level)
        back, no_back = _backtest(table, law, fit, meant)
    target = budget or (_TEN_TIMES * float(table.flops.max()) if table.flops is not None else None)
    plan = _plan(table, law, boot, isoflop, target, level)
    notes = tuple(note for note in (lost, no_back) if note is not None)
    settings = {"n": n, "seed": seed, "level": level}
    verdict = Verdict("few", (), ())
    return _judged(Analysis(table, law, boot, isoflop, back, plan, notes, verdict, settings), notes)


def _judged(analysis: Analysis, notes: tuple[Said, ...] = ()) -> Analysis:
    found, verdict = judge(analysis, notes)
    return replace(analysis, warnings=found, verdict=verdict)


def _budget(flops: float) -> float:
    value = float(flops)
    if not (np.isfinite(value) and value > 0):
        raise ValueError(f"budget must be positive FLOPs, not {flops!r}. Give FLOPs, not a log: 1e21, not 21.")
    return value


def _fit(runs: Runs, law: Law) -> fitting.FitResult:
    weights = law.use.astype(float)
    if len(law.inputs) == 2:
        return fitting.fit_chinchilla(runs.params, runs.tokens, runs.loss, weights=weights)
    return fitting.fit_power_law(getattr(runs, law.inputs[0]), runs.loss, floor=law.floor, weights=weights)


def _isoflop(runs: Runs, meant: Array | None, **settings: Any) -> tuple[fitting.IsoflopFit | None, Said | None]:
    if meant is None:
        return None, None
    try:
        return fitting.fit_isoflop(runs.params, runs.flops, runs.loss, budgets=meant, **settings), None
    except ValueError:
        # The columns are checked by now: what is left is that fewer than two budgets have a lowest point.
        return None, said("warning.no_valleys", count=len(np.unique(meant)))


def _backtest(
    runs: Runs, law: Law, fit: fitting.FitResult, meant: Array | None
) -> tuple[fitting.Backtest | None, Said | None]:
    scale = meant if meant is not None else runs.flops
    if scale is None or law.inputs not in (("params", "tokens"), ("flops",)):
        scale = getattr(runs, law.inputs[0])
    try:
        return fitting.backtest(fit, by=scale), None
    except ValueError:
        # The columns are checked by now: what is left is too few runs below every cut.
        return None, said("warning.no_backtest", constants=law.n_constants)


def _plan(
    runs: Runs,
    law: Law,
    boot: fitting.Bootstrap,
    isoflop: fitting.IsoflopFit | None,
    budget: float | None,
    level: float,
) -> Plan:
    empty = dict.fromkeys(Plan.__dataclass_fields__)
    if budget is None or law.inputs not in (("params", "tokens"), ("flops",)):
        return Plan(**{**empty, "flops": budget, "reason": said(f"plan.only_{law.inputs[0]}")})
    per_token, reason = flops_per_param_token(runs)
    if law.inputs == ("flops",):
        low, high = boot.band([budget])
        out = {
            "loss": float(boot.fit.predict([budget])[0]),
            "loss_interval": _ends(low[0], high[0]),
            "decades_outside": float(boot.fit.decades_outside([budget])[0]),
            "reason": said("plan.no_split"),
        }
        if law.tokens_per_param is not None:
            size = float(np.sqrt(budget / (per_token * law.tokens_per_param)))
            out |= {"params": size, "tokens": size * law.tokens_per_param, "reason": said("plan.ratio_kept")}
        return Plan(**{**empty, "flops": budget, **out})
    out = {}
    if isoflop is not None:
        low, high = isoflop.optimal_params_band(budget)
        out = {
            "valley_params": float(isoflop.optimal_params(budget)),
            "valley_interval": _ends(low[0], high[0]),
        }
    source = splitting(boot)
    if source is None:
        return Plan(**{**empty, **out, "flops": budget, "reason": said("plan.flat")})
    best = compute_optimal(budget, source, flops_per_param_token=per_token, level=level)
    for role in ("params", "tokens", "loss"):
        out[role] = float(getattr(best, role))
        interval = getattr(best, f"{role}_interval")
        out[f"{role}_interval"] = None if interval is None else _ends(*interval)
    return Plan(**{**empty, **out, "flops": budget, "decades_outside": float(best.decades_outside), "reason": reason})


def splitting(boot: fitting.Bootstrap) -> fitting.Bootstrap | fitting.FitResult | None:
    """Return what a budget can be split by: the bootstrap without the few resamples that are flat in one input.

    Where more than one resample in twenty is flat an interval would leave an end open, so it is the fit alone; where
    the fit itself is flat, None.
    """
    names = ("A", "B", "alpha", "beta")
    if not min(boot.fit[name] for name in names) > 0:
        return None
    sound = np.all([boot.samples[name] > 0 for name in names], axis=0)
    if sound.mean() < _MOST_SOUND:
        return boot.fit
    return replace(boot, samples=MappingProxyType({name: values[sound] for name, values in boot.samples.items()}))


def flops_per_param_token(runs: Runs) -> tuple[float, Said | None]:
    """Return how many FLOPs one parameter and token cost by the runs' own counting, and a word where it is not 6."""
    ratio = runs.flops_per_param_token
    if ratio is None or not 1 / _NEAR_USUAL <= ratio / _USUAL <= _NEAR_USUAL:
        return _USUAL, None if ratio is None else said("plan.six", ratio=ratio)
    return ratio, None if abs(ratio - _USUAL) < 0.05 else said("plan.own_counting", ratio=ratio)


def _ends(low: Any, high: Any) -> tuple[float, float] | None:
    """Return an interval, or None where resamples with a flat law leave an end open."""
    low, high = float(low), float(high)
    return (low, high) if np.isfinite([low, high]).all() and 0 < low <= high < 1e30 else None
