"""Explorers: a few controls, a picture that follows them at once, and the result in words.

Each is a function that a lesson calls in one line; what it returns shows itself in a notebook.

- :func:`shape_of_a_law`: what floor, scale and exponent do to a curve, on three kinds of paper.
- :func:`foretell_the_big_run`: fit the small runs, commit a prediction, and see the big run.
- :func:`cost_of_a_run`: from N and D to FLOPs, days, money and energy.
"""

from __future__ import annotations

from typing import Any

__all__ = ["cost_of_a_run", "foretell_the_big_run", "shape_of_a_law"]


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
