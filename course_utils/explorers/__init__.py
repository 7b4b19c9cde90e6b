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
- :func:`sample_again`: coverage, the vote and a checked answer, by model, problem, temperature and number of samples.
- :func:`spend_a_budget`: many answers of a small model or few of a large one, with a verifier and without.
- :func:`how_good_is_the_verifier`: where the best of n samples stops rising, by what a verifier lets through.
- :func:`why_a_power_law`: how the density of hard problems makes coverage a power of the number of samples.
- :func:`train_or_think`: which model of one quality is cheapest to train and to serve, by use and length of answers.
- :func:`the_stock_runs_out`: the year and the budget at which a stock of text has been read, once or often.
- :func:`spend_the_epochs`: what the second, the fourth, the hundredth reading of the same text is worth.
- :func:`clean_or_more`: a smaller clean text read again and again, or all of it with its noise, once.
- :func:`compare_designs`: five ways to buy the small runs before a large one, judged by simulated forecasts.
- :func:`play_again`: recorded games, one in full and all of a design at a glance: do the intervals hold?
- :func:`how_many_runs`: what a sweep of 10, 1,000 or 100,000 runs meets: waiting, failures, equal seeds, tables.
"""

from __future__ import annotations

from .on_abilities import change_the_ruler, how_many_test_items, sharp_or_smooth
from .on_answers import (
    how_good_is_the_verifier,
    sample_again,
    spend_a_budget,
    train_or_think,
    why_a_power_law,
)
from .on_experts import compute_saved, memory_or_compute, route_the_tokens, what_the_network_costs
from .on_ladders import compare_designs, how_many_runs, play_again
from .on_losses import (
    allocate_a_budget,
    cost_of_a_run,
    count_it_your_way,
    fit_a_thousand_laws,
    foretell_the_big_run,
    shape_of_a_law,
    walk_the_valley,
    which_fit_do_you_trust,
)
from .on_text import clean_or_more, spend_the_epochs, the_stock_runs_out

__all__ = [
    "allocate_a_budget",
    "change_the_ruler",
    "clean_or_more",
    "compare_designs",
    "compute_saved",
    "cost_of_a_run",
    "count_it_your_way",
    "fit_a_thousand_laws",
    "foretell_the_big_run",
    "how_good_is_the_verifier",
    "how_many_runs",
    "how_many_test_items",
    "memory_or_compute",
    "play_again",
    "route_the_tokens",
    "sample_again",
    "shape_of_a_law",
    "sharp_or_smooth",
    "spend_a_budget",
    "spend_the_epochs",
    "the_stock_runs_out",
    "train_or_think",
    "walk_the_valley",
    "what_the_network_costs",
    "which_fit_do_you_trust",
    "why_a_power_law",
]
