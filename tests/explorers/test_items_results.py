"""*How many test items* against SciPy, brute force and known values."""

from __future__ import annotations

import numpy as np
import pytest
from scipy.stats import binom

from course_utils import explorers
from course_utils.explorers.items import ACCURACIES, ITEMS, LEVELS, compute_items
from course_utils.i18n import using_language


@pytest.mark.parametrize("accuracy", [1e-4, 0.01, 0.3, 0.5])
@pytest.mark.parametrize("items", [10, 300, 10_000])
def test_bars_are_binomial_probabilities(accuracy, items):
    result = compute_items(accuracy, items, 0.95)
    below, above = result.edges[:-1], result.edges[1:]
    expected = binom.cdf(above - 0.5, items, accuracy) - binom.cdf(below - 0.5, items, accuracy)
    np.testing.assert_allclose(result.chances, expected, rtol=1e-6, atol=1e-12)
    assert result.chances.sum() > 0.999 and len(result.chances) <= 41
    assert result.edges[0] == -0.5 or binom.cdf(result.edges[0], items, accuracy) < 1e-3


def test_known_values():
    result = compute_items(0.01, 100, 0.95)
    assert result.zero == pytest.approx(0.99**100)
    assert result.bound == pytest.approx(0.0295, abs=5e-5)
    assert result.needed == 299 and result.likely == 1
    assert compute_items(0.5, 10, 0.9).needed == 4


def test_the_likeliest_count_is_the_mode():
    for accuracy in ACCURACIES:
        for items in (10, 70, 1000):
            counts = binom.pmf(np.arange(items + 1), items, accuracy)
            likely = compute_items(accuracy, items, 0.95).likely
            assert counts[likely] == pytest.approx(counts.max())


def test_bound_and_needed_items_are_two_readings_of_one_line():
    for level in LEVELS:
        for items in ITEMS:
            bound = compute_items(0.01, items, level).bound
            assert compute_items(bound, items, level).needed == pytest.approx(items, abs=1)


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_turns_when_a_zero_becomes_a_finding(code):
    with using_language(code):
        explorer = explorers.how_many_test_items()
        assert "37%" in explorer._message(explorer.result) and "299" in explorer.say() and "2.95%" in explorer.say()
        blind = explorer._message(explorer.result)
        explorer.set(items=1000)
        assert explorer._message(explorer.result) != blind and "0.0043%" not in explorer.say()
        assert "3/n" in explorer.say()
        explorer.set(level=0.99)
        assert "3/n" not in explorer.say()


def test_a_test_of_any_length_can_be_asked_for():
    assert explorers.how_many_test_items(items=164).result.bound == pytest.approx(0.0181, abs=1e-4)
    with pytest.raises(ValueError, match="items"):
        explorers.how_many_test_items(items=5)
