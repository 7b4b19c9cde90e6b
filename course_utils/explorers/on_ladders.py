"""Explorers of lesson 08: a ladder of one's own, planned before it is paid for, and played again."""

from __future__ import annotations

from typing import Any


def compare_designs(table: Any = None, **start: Any):
    """Compare five ways to spend a budget on small runs by how far their forecasts of one large run err, simulated.

    Parameters
    ----------
    table : pandas.DataFrame, optional
        Table with the columns of ``design_comparison``, which is the default.
    **start
        Where the controls stand at first: ``budget`` (FLOPs for everything: 1e11, 2e11, 5e11 and so on to 1e15),
        ``share`` (of it for the target: 0.1, 0.2, 0.333, 0.5, 0.667, 0.8 or 0.9) and ``design`` ("ladder",
        "many_small", "few_large", "checkpoints" or "cooldowns").

    Returns
    -------
    course_utils.explorers.designs.CompareDesigns

    Raises
    ------
    ValueError
        If the table lacks a column or a row, or a value lies outside its control.

    Examples
    --------
    >>> half, most = (compare_designs(budget=1e13, share=share).result.chosen for share in (0.5, 0.9))
    >>> half.error_median < most.error_median
    True
    """
    from course_utils.explorers.designs import CompareDesigns

    return CompareDesigns(table, **start)


def play_again(runs: Any = None, curves: Any = None, **start: Any):
    """Replay recorded games: forecast and interval from the small runs, what the target gave, and everybody's mistakes.

    Parameters
    ----------
    runs, curves : pandas.DataFrame, optional
        Tables with the columns of ``game_runs`` and ``game_curves``, which are the defaults. Games are those whose
        runs all stand in the table.
    **start
        Where the controls stand at first: ``game`` (a number in the table), ``design`` ("ladder", "many_small",
        "few_large", "checkpoints" or "cooldowns", where a game of it is complete), ``dropped`` ("nothing", "largest" or
        "smallest": the rung that is left out of the fit; a design of two rungs keeps both) and ``level`` (of the
        interval: 0.5, 0.6, 0.7, 0.8, 0.9 or 0.95).

    Returns
    -------
    course_utils.explorers.games.PlayAgain

    Raises
    ------
    ValueError
        If a column is missing, no game is complete, or a value lies outside its control.

    Examples
    --------
    >>> result = play_again(level=0.95).result
    >>> result.low < result.foretold < result.high
    True
    """
    from course_utils.explorers.games import PlayAgain

    return PlayAgain(runs, curves, **start)


def how_many_runs(lengths: Any = None, scale: Any = None, **start: Any):
    """Change the number of runs from 10 to 100,000: idle workers, failures, equal seeds and tables, all computed.

    Parameters
    ----------
    lengths : pandas.DataFrame, optional
        Table with the columns of ``text_runs``, which is the default; the lengths of runs are spread as its grid's.
    scale : pandas.DataFrame, optional
        Table with the columns of ``scale``, which is the default: what a run costs the tables.
    **start
        Where the controls stand at first: ``runs`` (10, 20, 50 and so on to 100,000), ``workers`` (1, 2, 4 and so on to
        1,024), ``hours`` (of a run on average: 0.01, 0.03, 0.1 and so on to 100), ``failing`` (chance that a run fails
        within an hour: 1e-5, 3e-5, 1e-4 and so on to 0.1) and ``bits`` (of a seed: 16, 32 or 64).

    Returns
    -------
    course_utils.explorers.many_runs.HowManyRuns

    Raises
    ------
    ValueError
        If a table lacks something, or a value lies outside its control.

    Examples
    --------
    >>> result = how_many_runs(runs=100_000.0).result
    >>> f"{result.same:.2f}", result.failed > 99
    ('0.69', True)
    """
    from course_utils.explorers.many_runs import HowManyRuns

    return HowManyRuns(lengths, scale, **start)
