"""Explorers: a few controls, a picture that follows them at once, and the result in words.

Each is a function that a lesson calls in one line; what it returns shows itself in a notebook.

- :func:`shape_of_a_law`: what floor, scale and exponent do to a curve, on three kinds of paper.
- :func:`foretell_the_big_run`: fit the small runs, commit a prediction, and see the big run.
- :func:`cost_of_a_run`: from N and D to FLOPs, days, money and energy.
- :func:`allocate_a_budget`: how large a model on how much text, by whose constants, for how many users.
- :func:`walk_the_valley`: at a fixed budget, what a model of the wrong size loses and wastes.
- :func:`count_it_your_way`: the same runs under other ways of counting N and C, and the exponent that follows.
- :func:`fit_a_thousand_laws`: which runs to buy for a forecast, judged by a thousand laws on random choices of them.
- :func:`which_fit_do_you_trust`: how much the points left out and the objective decide about a fit's answer.
- :func:`compute_saved`: which dense model a mixture of experts is worth, by four laws, and where that ends.
- :func:`route_the_tokens`: where the tokens of a batch go under five ways to keep the load of experts even.
- :func:`what_the_network_costs`: how much of a routed layer's step its tokens spend between devices.
- :func:`memory_or_compute`: how many experts a published law has win for a budget, and within a memory.
- :func:`change_the_ruler`: where an ability jumps and where it rises evenly, by how the same answers are scored.
- :func:`sharp_or_smooth`: multiplication beside sparse parity or addition, by size, compute or loss.
- :func:`how_many_test_items`: what a zero means, and how many items a test needs before it means anything.
- :func:`why_a_power_law`: how the density of hard problems makes coverage a power of the number of samples.
- :func:`train_or_think`: which model of one quality is cheapest to train and to serve, by use and length of answers.
- :func:`the_stock_runs_out`: the year and the budget at which a stock of text has been read, once or often.
- :func:`spend_the_epochs`: what the second, the fourth, the hundredth reading of the same text is worth.
- :func:`clean_or_more`: a smaller clean text read again and again, or all of it with its noise, once.
"""

from __future__ import annotations

from typing import Any

__all__ = [
    "allocate_a_budget",
    "change_the_ruler",
    "clean_or_more",
    "compute_saved",
    "cost_of_a_run",
    "count_it_your_way",
    "fit_a_thousand_laws",
    "foretell_the_big_run",
    "how_many_test_items",
    "memory_or_compute",
    "route_the_tokens",
    "shape_of_a_law",
    "sharp_or_smooth",
    "spend_the_epochs",
    "the_stock_runs_out",
    "train_or_think",
    "walk_the_valley",
    "what_the_network_costs",
    "which_fit_do_you_trust",
    "why_a_power_law",
]


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


def what_the_network_costs(**start: Any):
    """Spread the experts of one layer over devices and see how much of a training step its tokens travel.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``bandwidth`` (bytes a second, 1e9 to 1e12), ``devices`` (1, 2, 4 and so on
        to 256), ``d_model`` (512 to 16384), ``granularity`` (how many times narrower than 4 d_model an expert is: 1, 2,
        4, 8 or 16), ``top_k`` (1, 2, 4, 6, 8, 12 or 16 of 256), ``saving`` (times less compute than a dense model, 1.5
        to 20), ``tokens`` (on one device, 64 to 32768), ``capacity_factor`` (0.75 to 2), ``latency`` (seconds a
        message, 0 to 1e-4), ``accelerator`` (a name of the table ``hardware``), ``utilisation`` (0.1 to 0.7).

    Returns
    -------
    course_utils.explorers.network.WhatTheNetworkCosts

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> round(what_the_network_costs(bandwidth=400e9).result.network_share, 2)
    0.16
    """
    from course_utils.explorers.network import WhatTheNetworkCosts

    return WhatTheNetworkCosts(**start)


def memory_or_compute(**start: Any):
    """Let numbers of experts compete for one budget, with and without a limit on memory, by a published law.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``limit`` ("compute" or "both"), ``flops`` (1e19 to 1e23), ``memory`` (bytes
        for the weights, 1e9 to 2e12), ``bytes_per_param`` (0.5, 1, 2, 4 or 16).

    Returns
    -------
    course_utils.explorers.memory.MemoryOrCompute

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> [memory_or_compute(memory=size).result.held.best_experts for size in (4e9, 8e9, 16e9)]
    [1, 4, 16]
    """
    from course_utils.explorers.memory import MemoryOrCompute

    return MemoryOrCompute(**start)


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


def route_the_tokens(**start: Any):
    """Send a made-up batch through a layer of experts, and see tokens move, pile up and be dropped.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``router`` ("none", "switch", the default, "bias", "base" or "choice"),
        ``skew`` (what every token adds to the first expert's score, 0 to 4), ``experts`` (4, 8 or 16), ``k`` (1 to 4),
        ``capacity`` (the factor: 0.5, 0.75, 1.0, 1.25, 1.5, 2.0 or 3.0), ``strength`` (weight of the auxiliary loss,
        or step of the bias: 0.001 to 0.1), ``steps`` (0, 1, 2, 5, 10, 20, 50, 100 or 200).

    Returns
    -------
    course_utils.explorers.route.RouteTheTokens

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> result = route_the_tokens().result
    >>> round(result.plain_dropped, 2), round(result.dropped, 2)
    (0.47, 0.19)
    """
    from course_utils.explorers.route import RouteTheTokens

    return RouteTheTokens(**start)


def compute_saved(**start: Any):
    """Ask four laws which dense model a mixture of experts is worth, and how much training compute that saves.

    Without the published runs it works from the printed constants alone, and says so.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``law`` ("s_base", the default, "rl_r", "hash" or "joint"), ``params``
        (active ones, 1e7 to 1e12), ``experts`` (2, 4, 8 and so on to 2048), ``tokens`` (1e10 to 1e13, for the joint
        law), ``kind`` ("refit", fitted here with intervals, where the published runs can be had, or "printed").

    Returns
    -------
    course_utils.explorers.saved.ComputeSaved

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> worth = compute_saved(law="joint", experts=32, params=1e9, tokens=1.3e11).result.worth
    >>> f"like {worth.dense / 1e9:.1f}B dense, {worth.saved:.0%} saved"
    'like 3.3B dense, 69% saved'
    """
    from course_utils.explorers.saved import ComputeSaved

    return ComputeSaved(**start)


def why_a_power_law(**start: Any):
    """Show how coverage over many exponential problems becomes a power law, and which density of difficulty makes it.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``alpha`` (0.05 to 1.5, the exponent of the density near p = 0), ``mean``
        (success of one sample, 0.001 to 0.5), ``hardest`` (the lowest rate of any problem: 0, 1e-6, 1e-5 and so on to
        1e-2), ``k`` (samples at which the exponent is read, 2 to 100,000) and, where the published counts can be had,
        ``model`` (parameters of the Pythia model whose counts stand beside it: 0 for none, 70e6 to 12e9).

    Returns
    -------
    course_utils.explorers.difficulty.WhyAPowerLaw

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> explorer = why_a_power_law(alpha=0.5, mean=0.02)
    >>> round(explorer.result.exponent_at_end, 2)
    -0.51
    """
    from course_utils.explorers.difficulty import WhyAPowerLaw

    return WhyAPowerLaw(**start)


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


def train_or_think(**start: Any):
    """Find the model of a given quality that is cheapest over its life, by how often and how long it answers.

    Parameters
    ----------
    **start
        Where the controls stand at first: ``answers`` (over a life, 1e6 to 1e12), ``length`` (tokens of an answer, 100
        to 1e5), ``size`` (the quality, as the size of the training-optimal model that has it, 1e9 to 1e12), ``price``
        (of a served FLOP in training FLOPs: 1, 2, 5, 10, 20 or 50), ``source`` ("sardana", "besiroglu" or
        "hoffmann_unrounded").

    Returns
    -------
    course_utils.explorers.serving.TrainOrThink

    Raises
    ------
    ValueError
        If a value lies outside its control.

    Examples
    --------
    >>> f"{train_or_think(answers=1e10, length=1000.0).result.saving:.0%} saved"
    '28% saved'
    """
    from course_utils.explorers.serving import TrainOrThink

    return TrainOrThink(**start)


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
