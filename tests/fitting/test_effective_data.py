"""What repeated runs were worth, read off their fresh twins."""

import numpy as np
import pytest

from course_utils import laws
from course_utils.fitting import measure_effective_data

FRESH = np.geomspace(5e4, 1.6e6, 6)


def curve(tokens):
    return 2.0 + 60 * np.asarray(tokens) ** -0.25


def straight(tokens):
    return 11.0 * np.asarray(tokens) ** -0.07


def stocks():
    unique = np.repeat([5e4, 1e5, 2e5], 5)
    return unique * np.tile([1, 2, 4, 8, 16], 3), unique


@pytest.mark.parametrize("truth", [0.7, 4.9, 15.4, 80.0])
def test_a_known_worth_is_read_off(truth):
    tokens, unique = stocks()
    worth = laws.effective_data(tokens, unique, R_D=truth)
    found = measure_effective_data(FRESH, straight(FRESH), tokens, unique, straight(worth))
    inside = worth <= FRESH[-1] * (1 + 1e-12)
    order = np.lexsort((unique, tokens))
    np.testing.assert_allclose(found.effective_tokens[inside[order]], worth[order][inside[order]], rtol=1e-9)
    assert np.isnan(found.effective_tokens[~inside[order]]).all()
    assert found.R_star == pytest.approx(truth, rel=1e-3)
    low, high = found.spread
    assert low <= found.R_star <= high and high - low < 1e-3 * truth
    assert found.epochs.max() == 16 and found.share[found.epochs == 1] == pytest.approx(1)


def test_between_two_fresh_runs_the_chord_is_close():
    tokens, unique = stocks()
    worth = laws.effective_data(tokens, unique, R_D=4.9)
    found = measure_effective_data(FRESH, curve(FRESH), tokens, unique, curve(worth))
    assert found.R_star == pytest.approx(4.9, rel=0.03)


def test_seeds_are_averaged_and_order_does_not_matter():
    tokens, unique = stocks()
    loss = straight(laws.effective_data(tokens, unique, R_D=5.0))
    rng = np.random.default_rng(0)
    shift = rng.normal(0, 0.01, 15)
    both = [np.concatenate([a, a]) for a in (tokens, unique)]
    order = rng.permutation(30)
    two = measure_effective_data(
        np.tile(FRESH, 2), np.concatenate([straight(FRESH) - 0.02, straight(FRESH) + 0.02]),
        both[0][order], both[1][order], np.concatenate([loss + shift, loss - shift])[order],
    )  # fmt: skip
    assert len(two.tokens) == 15 and two.R_star == pytest.approx(5.0, rel=1e-3)


def test_repeats_as_good_as_fresh_and_repeats_worth_nothing():
    tokens, unique = stocks()
    small = tokens <= FRESH[-1]
    as_good = measure_effective_data(FRESH, straight(FRESH), tokens[small], unique[small], straight(tokens[small]))
    assert as_good.R_star == np.inf
    nothing = measure_effective_data(FRESH, straight(FRESH), tokens, unique, straight(unique))
    assert nothing.R_star < 0.03


def test_one_stock_has_no_spread_and_unread_fresh_losses_no_answer():
    found = measure_effective_data(FRESH, curve(FRESH), [2e5], [5e4], [curve(1.2e5)])
    assert found.R_star > 0 and found.spread is None
    beyond = measure_effective_data(FRESH, curve(FRESH), [2e5], [5e4], [curve(1e9)])
    assert np.isnan(beyond.effective_tokens).all() and beyond.R_star is None


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"fresh_loss": [4.0, 3.0, 3.1]}, "fresh_loss: it does not fall from 200000 to 400000"),
        ({"fresh_tokens": [1e5] * 3}, "fresh_tokens: all runs read 100000"),
        ({"unique_tokens": [5e4, 9e5]}, "unique_tokens: row 1 has 900000 distinct of 400000"),
        ({"loss": [3.5, np.nan]}, "loss: row 1 is missing"),
        ({"tokens": [1e5]}, "unique_tokens has 2 rows"),
        ({"fresh_loss": [4.0, 3.0]}, "fresh_loss has 2 rows"),
    ],
)
def test_refusals(change, words):
    columns = {
        "fresh_tokens": [1e5, 2e5, 4e5], "fresh_loss": [4.0, 3.5, 3.1], "tokens": [2e5, 4e5],
        "unique_tokens": [5e4, 5e4], "loss": [3.6, 3.4],
    }  # fmt: skip
    with pytest.raises(ValueError, match=words):
        measure_effective_data(**(columns | change))
