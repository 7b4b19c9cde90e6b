"""Fit scaling laws: fast enough to refit at the move of a slider, honest about what the runs cannot tell.

What to use when
----------------
``fit_power_law``   one quantity varies (N, D or C), the others are not limiting: E + A x**-alpha
``fit_power_laws``  the same for many data sets, subsets or resamples at once
``fit_broken_power_law``  one quantity varies, and the runs show both sides of a bend
``fit_sigmoid``     an accuracy, not a loss: from chance to its top against a size or a loss, by its test items
``fit_chinchilla``  N and D both vary: E + A N**-alpha + B D**-beta
``fit_kaplan``      N and D both vary, in Kaplan's coupled form without a floor (eq. 1.5)
``fit_routed``      N and the number of experts both vary, at one token count: Clark's law of routed models
``fit_repeated_data``  N, D and the distinct tokens all vary: what repeats and excess parameters are worth
``measure_effective_data``  fresh and repeated runs of one size: what the repeats were worth, read off, no law
``fit_isoflop``     runs at a few fixed budgets: the valley's minimum of each, then exponents over budgets
``fit_valley_surface``  runs of any size and compute, counted in any way: one valley for all, its exponent
``fit_envelope``    whole training curves: the best loss at each compute, then exponents
``fit_coverage``    share of problems solved by k samples: an exponentiated power law, or beta-binomial counts
``bootstrap``       how far the constants, and anything computed from them, move when the runs are drawn again
``profile``         how far one constant can be pushed before the fit is worse than chance explains
``study``           which runs to buy: a thousand laws on random subsets of a ladder, and how far each one errs
``backtest``        what the law would have foretold for the largest runs, had they not been made

Objectives, always of the residual of **log** loss, summed over runs (never averaged: an average hides a small gradient
from a general optimiser):

``"huber"``, delta 1e-3  default; squared near zero, absolute beyond, so a few odd runs do not steer the fit
``"lad"``                least absolute deviation: Huber with delta towards 0, blind to how far an outlier lies
``"squared"``            most efficient when the noise is Gaussian and there are no outliers

On the 240 Chinchilla points Huber gives A 477.8, B 2143, beta .3672 and least absolute deviation A 482.0, B 2085,
beta .3659: the replication printed the second while describing the first. Weights multiply a run's share.

``converged`` says that the solver has nothing left to gain, not that the law is right. Resample runs, not
checkpoints of one run; hold out the largest runs, not random ones.
"""

from __future__ import annotations

from course_utils.fitting.backtest import Backtest, BacktestRow, backtest
from course_utils.fitting.broken import fit_broken_power_law
from course_utils.fitting.coverage_law import CoverageFit, fit_coverage
from course_utils.fitting.designs import Design, Study, study
from course_utils.fitting.effective_data import EffectiveData, measure_effective_data
from course_utils.fitting.envelope import EnvelopeFit, fit_envelope
from course_utils.fitting.isoflop import IsoflopFit, Valley, fit_isoflop
from course_utils.fitting.ladders import Ladder
from course_utils.fitting.notices import show_in_notebooks
from course_utils.fitting.power_law import PowerLawBatch, fit_power_law, fit_power_laws
from course_utils.fitting.profiles import Profile, profile
from course_utils.fitting.refit import refit
from course_utils.fitting.repeated_data import fit_repeated_data
from course_utils.fitting.resampling import Bootstrap, bootstrap
from course_utils.fitting.results import Estimate, FitResult, FitWarning
from course_utils.fitting.routed import fit_routed
from course_utils.fitting.sigmoid import SigmoidFit, fit_sigmoid
from course_utils.fitting.surface import fit_chinchilla, fit_kaplan
from course_utils.fitting.valley_surface import ValleySurface, fit_valley_surface

__all__ = [
    "Backtest",
    "BacktestRow",
    "Bootstrap",
    "CoverageFit",
    "Design",
    "EffectiveData",
    "EnvelopeFit",
    "Estimate",
    "FitResult",
    "FitWarning",
    "IsoflopFit",
    "Ladder",
    "PowerLawBatch",
    "Profile",
    "SigmoidFit",
    "Study",
    "Valley",
    "ValleySurface",
    "backtest",
    "bootstrap",
    "fit_broken_power_law",
    "fit_chinchilla",
    "fit_coverage",
    "fit_envelope",
    "fit_isoflop",
    "fit_kaplan",
    "fit_power_law",
    "fit_power_laws",
    "fit_repeated_data",
    "fit_routed",
    "fit_sigmoid",
    "fit_valley_surface",
    "measure_effective_data",
    "profile",
    "refit",
    "study",
]

show_in_notebooks()
