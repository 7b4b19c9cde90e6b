"""Explorers of lesson 04: text read again, text that runs out, text that is not clean."""

from __future__ import annotations

from typing import Any


def spend_the_epochs(runs: Any = None, **start: Any):
    """Read one text again and again: the loss beside that of fresh text, and what the next epoch adds.

    Parameters
    ----------
    runs : pandas.DataFrame, optional
        Runs with the columns of the table ``repetition_runs``; that table itself when not given.
    **start
        Where the controls stand at first: ``ground`` ("our_runs" or "c4", the law of Muennighoff et al. 2023),
        ``epochs``, ``stock`` (0 to 3: which of its four stocks of distinct tokens), ``size`` (0 or 1: which of its two
        sizes), ``past_turn`` (whether runs past their lowest loss count).

    Returns
    -------
    course_utils.explorers.epochs.SpendTheEpochs

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> found = spend_the_epochs(ground="c4", stock=1, epochs=4.0).result
    >>> round(found.worth, 2), round(found.next_worth, 2)
    (3.73, 0.8)
    """
    from course_utils.explorers.epochs import SpendTheEpochs

    return SpendTheEpochs(runs, **start)


def the_stock_runs_out(**start: Any):
    """Let training sets grow towards a stock of text, and a budget towards what that text can give at best.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``stock`` (distinct tokens in the year of the largest known run),
        ``epochs``, ``growth`` (factor a year of the largest training set), ``stock_growth`` (share a year).

    Returns
    -------
    course_utils.explorers.stock.TheStockRunsOut

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> found = the_stock_runs_out(stock=1e14, epochs=4.0, growth=2.0).result
    >>> round(found.year_epochs - found.year_once, 9)
    2.0
    """
    from course_utils.explorers.stock import TheStockRunsOut

    return TheStockRunsOut(**start)


def clean_or_more(noised: Any = None, repeated: Any = None, **start: Any):
    """Choose between all of a noised text, read once, and the part that survives cleaning, read again and again.

    Parameters
    ----------
    noised, repeated : pandas.DataFrame, optional
        Runs with the columns of ``noised_runs`` and ``repetition_runs``; those tables when not given.
    **start
        Where the controls stand at first: ``noise`` (share of wrong tokens), ``share`` (that survives cleaning),
        ``tokens`` (to read), ``repeats`` (whose worth of repeats: "larger", "between", "smaller" or "c4").

    Returns
    -------
    course_utils.explorers.clean.CleanOrMore

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> few, many = (clean_or_more(share=share).result for share in (0.05, 1.0))
    >>> few.clean_loss > few.noised_loss, many.clean_loss < many.noised_loss
    (True, True)
    """
    from course_utils.explorers.clean import CleanOrMore

    return CleanOrMore(noised, repeated, **start)
