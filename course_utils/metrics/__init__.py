"""One set of answers, many rulers: what a score says, and what a few test items can say at all.

Answers and targets are tables of token numbers, one row an item, filled up at the end with -1 where an answer is
shorter; or lists of strings (a character is a token) or of lists of token numbers, of any lengths.

Rulers of the same answers, from sharp to smooth:

``exact_match``            the whole answer, or nothing
``token_accuracy``         the share of the target's tokens that stand in their place
``token_edit_distance``    tokens to change, insert or delete until the answer is the target
``token_log_probability``  nats that the model gave the right tokens, though it may have said others

The same pair for multiple choice: ``choice_accuracy`` (sharp) and ``brier_score`` (smooth).

What a count of right answers can say: ``accuracy`` with its interval, ``bound_from_zero`` and its short form
``rule_of_three``, ``chance_of_zero``, ``items_to_see``.

How rulers hang together if every token is right with probability p, independently: ``exact_match_from_tokens`` (p**L),
its inverse ``tokens_from_exact_match``, and ``edit_distance_from_tokens`` (L (1 - p)).
"""

from __future__ import annotations

from course_utils.metrics.answers import exact_match, token_accuracy, token_edit_distance
from course_utils.metrics.counting import (
    Accuracy,
    accuracy,
    bound_from_zero,
    chance_of_zero,
    items_to_see,
    rule_of_three,
)
from course_utils.metrics.links import edit_distance_from_tokens, exact_match_from_tokens, tokens_from_exact_match
from course_utils.metrics.probabilities import brier_score, choice_accuracy, token_log_probability

__all__ = [
    "Accuracy",
    "accuracy",
    "bound_from_zero",
    "brier_score",
    "chance_of_zero",
    "choice_accuracy",
    "edit_distance_from_tokens",
    "exact_match",
    "exact_match_from_tokens",
    "items_to_see",
    "rule_of_three",
    "token_accuracy",
    "token_edit_distance",
    "token_log_probability",
    "tokens_from_exact_match",
]
