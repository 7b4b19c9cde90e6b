"""Explorers of lesson 07: many answers to a question, and models that answer many."""

from __future__ import annotations

from typing import Any


def sample_again(answers: Any = None, **start: Any):
    """Ask one model the same question many times: coverage, the majority vote, and an answer picked by a verifier.

    Parameters
    ----------
    answers : pandas.DataFrame, optional
        Table with the columns of ``countdown_samples``, which is the default. Runs that did not answer every problem
        are left out.
    **start
        Where the controls stand at first: ``size`` (d_model of a run in the table), ``numbers`` (of a problem: 3, 4
        or 5), ``temperature`` (1.0, and 0.6 or 1.3 where the model was sampled so) and ``k`` (samples: 1, 2, 5, 10 and
        so on to 10,000).

    Returns
    -------
    course_utils.explorers.again.SampleAgain

    Raises
    ------
    ValueError
        If the table lacks a column or holds no complete run, or a value lies outside its control.

    Examples
    --------
    >>> result = sample_again(k=100.0).result
    >>> result.coverage_at > 4 * result.vote_at
    True
    """
    from course_utils.explorers.again import SampleAgain

    return SampleAgain(answers, **start)


def spend_a_budget(answers: Any = None, chains: Any = None, **start: Any):
    """Split the FLOPs for one question between the size of the model, the length of its thought and its samples.

    Parameters
    ----------
    answers : pandas.DataFrame, optional
        Table with the columns of ``countdown_samples``, which is the default. Problems are ranked by the runs of seed
        1 and counted on the others.
    chains : pandas.DataFrame, optional
        Table with the columns of ``pointer_spend``, which is the default.
    **start
        Where the controls stand at first: ``ground`` ("countdown", where answers have one length, or "pointers"),
        ``numbers`` (of a Countdown problem: 3, 4 or 5), ``third`` ("all", "easy", "middle" or "hard"; with pointers
        all, 1 or 2, 3 to 5, 6 to 8 steps), ``flops`` (for a question, 1e5 to 1e8) and ``verifier`` (True: any right
        sample counts; False: the most frequent answer is handed in).

    Returns
    -------
    course_utils.explorers.spend.SpendABudget

    Raises
    ------
    ValueError
        If a table lacks a column or holds too few runs, or a value lies outside its control.

    Examples
    --------
    >>> checked, voted = (spend_a_budget(flops=1e7, verifier=v).result for v in (True, False))
    >>> bool(checked.params[checked.best] < voted.params[voted.best])
    True
    >>> thinking = spend_a_budget(ground="pointers", third="hard", flops=1e6, verifier=False).result
    >>> int(thinking.length[thinking.best]), bool(thinking.solved[thinking.best] > 0.9)
    (8, True)
    """
    from course_utils.explorers.spend import SpendABudget

    return SpendABudget(answers, chains, **start)


def how_good_is_the_verifier(answers: Any = None, **start: Any):
    """Give a verifier its two error rates; see where the best of n samples stops rising, beside coverage and votes.

    Parameters
    ----------
    answers : pandas.DataFrame, optional
        Table with the columns of ``countdown_samples``, which is the default; its exact chances are the difficulty of
        the problems.
    **start
        Where the controls stand at first: ``true_positive`` (0.05 to 1), ``false_positive`` (0, 0.001, 0.002, 0.005
        and so on to 1), ``n`` (samples: 1, 2, 5, 10 and so on to 10,000), ``size`` (d_model of a run in the table) and
        ``numbers`` (of a problem: 3, 4 or 5).

    Returns
    -------
    course_utils.explorers.verifier.HowGoodIsTheVerifier

    Raises
    ------
    ValueError
        If the table lacks a column or holds no complete run, or a value lies outside its control.

    Examples
    --------
    >>> result = how_good_is_the_verifier(true_positive=0.9, false_positive=0.05, n=10_000.0).result
    >>> abs(result.checked_at - result.plateau) < 0.01 < result.oracle_at - result.plateau
    True
    """
    from course_utils.explorers.verifier import HowGoodIsTheVerifier

    return HowGoodIsTheVerifier(answers, **start)


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
