"""*Train or think* against the published examples, the condition of the optimum, and its own curves."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import explorers, laws
from course_utils.explorers.serving_state import (
    ANSWERS,
    LENGTHS,
    MOST_TOKENS_PER_PARAM,
    PRICES,
    SIZES,
    SOURCES,
    VOLUMES,
    quality_of,
    train_or_think,
)
from course_utils.i18n import using_language


@pytest.mark.parametrize(
    ("size", "served", "best", "saving"),
    [(13e9, 2e12, 7.0e9, 0.17), (30e9, 1e13, 13.6e9, 0.28), (70e9, 1e13, 41.6e9, 0.12)],
)
def test_the_published_examples(size, served, best, saving):
    """Sardana et al. 2024 (arXiv 2401.00448), section 3."""
    result = train_or_think(size, served / 1000, 1000.0, 1.0, "sardana")
    assert result.plain_params == pytest.approx(size, rel=1e-3)
    assert result.params == pytest.approx(best, rel=0.01) and result.saving == pytest.approx(saving, abs=0.006)


@pytest.mark.parametrize("source", SOURCES)
@pytest.mark.parametrize("price", [PRICES[0], PRICES[-1]])
@pytest.mark.parametrize(("answers", "length"), [(ANSWERS[0], LENGTHS[0]), (1e9, 1e4), (ANSWERS[-1], LENGTHS[-1])])
def test_the_point_meets_the_condition_and_is_the_bottom_of_its_curve(source, price, answers, length):
    for size in (SIZES[0], SIZES[-1]):
        result = train_or_think(size, answers, length, price, source)
        v = laws.CONSTANTS[source].values
        left = v["alpha"] * v["A"] * result.params ** -v["alpha"]
        right = v["beta"] * v["B"] * result.tokens ** -v["beta"]
        assert left / right == pytest.approx(1 + price * result.served / (3 * result.tokens), rel=1e-4)
        assert laws.chinchilla_loss(result.params, result.tokens, **v) == pytest.approx(result.loss)
        both = result.curve_training + result.curve_serving
        at = int(np.argmin(both))
        assert result.flops <= both[at] * (1 + 1e-9)
        assert result.curve_params[at] == pytest.approx(result.params, rel=0.035)
        assert 0 <= result.saving < 1 and np.isfinite(both).all()


def test_longer_thoughts_and_more_answers_are_the_same_use():
    one = train_or_think(3e10, 1e9, 1e4, 1.0, "besiroglu")
    other = train_or_think(3e10, 1e11, 100.0, 1.0, "besiroglu")
    assert one.params == other.params and one.saving == other.saving
    dear = train_or_think(3e10, 1e9, 1e3, 10.0, "besiroglu")
    assert dear.params == pytest.approx(one.params)


def test_at_the_break_even_the_plain_model_costs_as_much_to_serve_as_to_train():
    result = train_or_think(3e10, 1e10, 1000.0, 5.0, "sardana")
    n, d = result.plain_params, result.plain_tokens
    assert 2 * n * result.break_even * 5.0 == pytest.approx(6 * n * d)


def test_the_curves_over_the_volume_pass_through_the_point():
    result = train_or_think(3e10, 1e10, 1000.0, 1.0, "sardana")
    at = np.log(result.served)
    assert np.interp(at, np.log(VOLUMES), result.volume_saving) == pytest.approx(result.saving, abs=2e-3)
    size = np.interp(at, np.log(VOLUMES), result.volume_size)
    assert size == pytest.approx(result.params / result.plain_params, abs=3e-3)
    assert (np.diff(result.volume_size) < 0).all() and (np.diff(result.volume_saving) >= 0).all()


def test_the_grey_begins_where_the_longest_run_ends():
    result = train_or_think(3e10, 1e10, 1000.0, 1.0, "sardana")
    there = train_or_think(3e10, result.beyond / 1000, 1000.0, 1.0, "sardana")
    assert there.tokens_per_param == pytest.approx(MOST_TOKENS_PER_PARAM, rel=0.01)


def test_the_quality_is_that_of_the_named_size():
    for source in SOURCES:
        assert quality_of(1e9, source) > quality_of(1e12, source) > laws.CONSTANTS[source].values["E"]
        result = train_or_think(7e10, ANSWERS[0], LENGTHS[0], 1.0, source)
        assert result.plain_params == pytest.approx(7e10, rel=1e-3) and result.saving < 1e-3


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_the_words_say_what_the_numbers_say(language):
    with using_language(language):
        explorer = explorers.train_or_think()
        assert "28%" in explorer.say() and explorer.text("words_within") in explorer.say()
        explorer.set(answers=1e6, length=100.0)
        assert "%" not in explorer.say()
        explorer.set(answers=1e12, length=1e5, price=50.0)
        said = explorer.say()
        assert f"{MOST_TOKENS_PER_PARAM:,}" in said and explorer.text("words_within") not in said
        assert explorer.html_table().count("<tr>") == 3
