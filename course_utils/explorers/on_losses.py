"""Explorers of lessons 01 to 03: what a law for the loss says, and which runs it rests on."""

from __future__ import annotations

from typing import Any


def shape_of_a_law(**start: Any):
    """Show L = E + A x^-alpha with a slider for each letter and three kinds of axes.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``E``, ``A`` (nats per token), ``alpha``, ``axes`` ("linear", "semilog" or
        "log-log"), ``reducible`` (whether L - E is drawn too).

    Returns
    -------
    course_utils.explorers.shape.ShapeOfALaw

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(shape_of_a_law(alpha=0.5).result.times_to_halve, 9)
    4.0
    """
    from course_utils.explorers.shape import ShapeOfALaw

    return ShapeOfALaw(**start)


def foretell_the_big_run(runs: Any = None):
    """Play a game against the course's own ladder of runs: foretell a larger run from smaller ones.

    Parameters
    ----------
    runs : pandas.DataFrame, optional
        Runs with the columns of the table ``text_runs``, which is the default.

    Returns
    -------
    course_utils.explorers.foretell.ForetellTheBigRun

    Raises
    ------
    ValueError
        If the table lacks a column, or has too few budgets to hold one out.
    """
    from course_utils.explorers.foretell import ForetellTheBigRun

    return ForetellTheBigRun(runs)


def cost_of_a_run(**start: Any):
    """Show what a training run costs, every assumption in view.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``params``, ``tokens`` (counts), ``accelerator`` (a name of the table
        ``hardware``), ``devices``, ``utilisation`` (0 to 1), ``price`` (dollars per device-hour), ``overhead``
        (total power over the machines' power, 1 or more).

    Returns
    -------
    course_utils.explorers.cost.CostOfARun

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> f"{cost_of_a_run(params=70e9, tokens=1.4e12).result.flops:.2e}"
    '5.88e+23'
    """
    from course_utils.explorers.cost import CostOfARun

    return CostOfARun(**start)


def allocate_a_budget(**start: Any):
    """Split a budget between parameters and tokens by one source's constants, with every other source beside it.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``flops`` (1e17 to 1e26), ``source`` ("besiroglu", "hoffmann_unrounded",
        "hoffmann_printed", "muennighoff_c4", "kaplan_2020" or "our_runs"), ``served`` (tokens that the model will
        read and write for its users: 0, 1e9, 2e9, 5e9 and so on to 1e14), ``intervals`` (whether to draw them).

    Returns
    -------
    course_utils.explorers.allocate.AllocateABudget

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> f"{allocate_a_budget(source='hoffmann_printed').result.params / 1e9:.1f}B"
    '32.2B'
    """
    from course_utils.explorers.allocate import AllocateABudget

    return AllocateABudget(**start)


def walk_the_valley(**start: Any):
    """Walk along a line of equal compute: the loss above the best size, and the compute that the wrong one wastes.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``ground`` ("our_runs", "besiroglu" or "hoffmann_unrounded"), ``rung``
        (which of the ground's five budgets, 0 to 4), ``multiple`` (the size over the best size: 1, or 1.1, 1.25, 1.5,
        2, 3, 4, 5, 7, 10, 15, 20, 30, or one over these).

    Returns
    -------
    course_utils.explorers.walk.WalkTheValley

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(walk_the_valley(ground="besiroglu").result.share, 2)
    0.84
    """
    from course_utils.explorers.walk import WalkTheValley

    return WalkTheValley(**start)


def count_it_your_way(**start: Any):
    """Recount the course's own runs and see the exponent of N_opt = k C^a move.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``params`` ("blocks", "blocks_and_head" or "everything"), ``compute``
        ("all", "without_head" or "six_nd"), ``warmup`` ("share", 5 per cent of the steps, or "fixed", 600 steps),
        ``span`` (a pair of budgets, FLOPs), ``reach`` (how far above the lowest loss at its budget a run may lie:
        0.03, 0.04, 0.05, 0.07, 0.1, or 1.0 for every run).

    Returns
    -------
    course_utils.explorers.count.CountItYourWay

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(count_it_your_way(params="blocks").result.exponent.value, 2)
    0.68
    """
    from course_utils.explorers.count import CountItYourWay

    return CountItYourWay(**start)


def fit_a_thousand_laws(**start: Any):
    """Choose which runs to buy and what to fit to them, and see how far a thousand such laws err on the largest run.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``law`` ("chinchilla", "chinchilla_without_floor", "kaplan", "compute" or
        "compute_with_floor"), ``span`` (a pair of budgets, FLOPs), ``models`` (4, 5, 7, 10, 15, 20 or 30), ``seeds``
        (1 to 3), ``curve`` (share of each training curve that is fitted, counted from its end: 0.0 for the end alone,
        0.5, 0.7, 0.9, 0.97 or 1.0).

    Returns
    -------
    course_utils.explorers.thousand.FitAThousandLaws

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> best = fit_a_thousand_laws(law="kaplan", models=20).result.rows[-1]
    >>> round(best.median, 3), round(best.baseline, 2)
    (0.028, 0.21)
    """
    from course_utils.explorers.thousand import FitAThousandLaws

    return FitAThousandLaws(**start)


def which_fit_do_you_trust(**start: Any):
    """Refit Chinchilla's law with some points left out and another objective, and see the best size move.

    Without the published points it fits this course's own runs, and says so.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``data`` ("published", where it can be had, or "own"), ``dropped`` (how many
        of the highest losses are left out, 0 to 20), ``objective`` ("huber", "lad" or "squared"), ``delta`` (where
        Huber's loss turns from squared to absolute, 1e-4 to 1e-1).

    Returns
    -------
    course_utils.explorers.trust.WhichFitDoYouTrust

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(which_fit_do_you_trust(data="own", dropped=0).result.fit.exponent, 2)
    0.54
    """
    from course_utils.explorers.trust import WhichFitDoYouTrust

    return WhichFitDoYouTrust(**start)
