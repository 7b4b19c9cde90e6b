"""Explorers of lesson 05: abilities under several rulers, and what a test of a few items can show."""

from __future__ import annotations

from typing import Any


def change_the_ruler(**start: Any):
    """Score the final answers of the course's multiplication models under six rulers, at any length, on fewer items.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``ruler`` ("exact_match", "sampled_exact_match", "token_accuracy",
        "edit_distance", "brier" or "log_probability_token"), ``length`` (tokens of an answer, 2 to 7), ``items`` (10.0,
        20.0, 50.0, 100.0, 200.0, 500.0 or 1000.0; fewer than all are drawn, for exact match alone).

    Returns
    -------
    course_utils.explorers.ruler.ChangeTheRuler

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> shares = change_the_ruler().result.shares
    >>> shares["exact_match"] > shares["log_probability_token"]
    True
    """
    from course_utils.explorers.ruler import ChangeTheRuler

    return ChangeTheRuler(**start)


def sharp_or_smooth(**start: Any):
    """Put multiplication beside another task of this course, and see which ability comes all at once, on which axis.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``other`` ("parity" or "addition"), ``axis`` ("params", "flops" or "loss"),
        ``ruler`` ("right" or "log"), ``length`` (tokens of an answer, 2 to 7), ``skill`` (of parity, 1 to 16, the most
        frequent first), ``share`` (of the training that is shown: 0.02, 0.05, 0.1, 0.2, 0.5 or 1.0).

    Returns
    -------
    course_utils.explorers.sharp.SharpOrSmooth

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> sharp_or_smooth(axis="loss").result.left.task
    'multiplication'
    """
    from course_utils.explorers.sharp import SharpOrSmooth

    return SharpOrSmooth(**start)


def how_many_test_items(**start: Any):
    """Set a model's true accuracy and the length of a test, and see how often the test shows nothing at all.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``accuracy`` (1e-4 to 0.5), ``items`` (10 to 10,000), ``level`` (0.9, 0.95
        or 0.99).

    Returns
    -------
    course_utils.explorers.items.HowManyTestItems

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(how_many_test_items(accuracy=0.005).result.zero, 2)
    0.61
    """
    from course_utils.explorers.items import HowManyTestItems

    return HowManyTestItems(**start)
