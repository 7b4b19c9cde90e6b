"""Rulers against brute force, published values and each other."""

import itertools
import math
import subprocess
import sys

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import metrics

WORDS = st.lists(st.tuples(st.text("abc", max_size=7), st.text("abc", min_size=1, max_size=7)), min_size=1, max_size=12)
few = settings(max_examples=80, deadline=None)


def levenshtein(a, b):
    """Fill the whole table, cell by cell."""
    table = [[0] * (len(b) + 1) for _ in range(len(a) + 1)]
    for i, j in itertools.product(range(len(a) + 1), range(len(b) + 1)):
        if not i or not j:
            table[i][j] = i + j
        else:
            table[i][j] = min(table[i - 1][j] + 1, table[i][j - 1] + 1, table[i - 1][j - 1] + (a[i - 1] != b[j - 1]))
    return table[-1][-1]


# ---------------------------------------------------------------- answers


@given(WORDS)
@few
def test_answers_against_plain_python(pairs):
    said, wanted = zip(*pairs, strict=True)
    assert metrics.exact_match(said, wanted).tolist() == [a == b for a, b in pairs]
    assert metrics.token_edit_distance(said, wanted).tolist() == [levenshtein(a, b) for a, b in pairs]
    shares = [sum(x == y for x, y in zip(a, b, strict=False)) / len(b) for a, b in pairs]
    np.testing.assert_allclose(metrics.token_accuracy(said, wanted), shares)


def test_known_distances():
    pairs = [("kitten", "sitting", 3), ("saturday", "sunday", 3), ("", "abc", 3), ("flaw", "lawn", 2)]
    said, wanted, distance = zip(*pairs, strict=True)
    assert metrics.token_edit_distance(said, wanted).tolist() == list(distance)


def test_tables_lists_and_strings_agree():
    table = np.array([[1, 2, 3], [1, 2, -1], [3, -1, -1]])
    lists = [[1, 2, 3], [1, 2], [3]]
    wanted = [[1, 2, 3]] * 3
    for ruler in (metrics.exact_match, metrics.token_accuracy, metrics.token_edit_distance):
        np.testing.assert_array_equal(ruler(table, wanted), ruler(lists, np.array(wanted)))
    assert metrics.token_edit_distance(lists, wanted).tolist() == [0, 1, 2]


@pytest.mark.parametrize(
    ("said", "wanted", "words"),
    [
        ("17", ["17"], "answers is one string"),
        (["1", "2"], ["1"], "2 items and targets 1"),
        (["1"], [""], "targets: item 0 is empty"),
        ([[1, -1, 2]], [[1, 2, 3]], "answers: item 0"),
        ([[1.5]], [[1]], "answers: item 0"),
        ([], [], "answers is empty"),
    ],
)
def test_bad_answers_are_refused(said, wanted, words):
    with pytest.raises(ValueError, match=words):
        metrics.token_edit_distance(said, wanted)


# ---------------------------------------------------------------- probabilities


def test_log_probability_against_a_softmax_by_hand():
    rng = np.random.default_rng(0)
    z = 5 * rng.normal(size=(6, 4, 9))
    y = rng.integers(0, 9, size=(6, 4))
    y[2, 3] = y[5, 1:] = -1
    p = np.exp(z) / np.exp(z).sum(axis=2, keepdims=True)
    for i in range(6):
        chosen = [p[i, t, y[i, t]] for t in range(4) if y[i, t] >= 0]
        assert metrics.token_log_probability(z, y, over="joint")[i] == pytest.approx(math.log(math.prod(chosen)))
        assert metrics.token_log_probability(z, y)[i] == pytest.approx(np.mean(np.log(chosen)))
    np.testing.assert_allclose(
        metrics.token_log_probability(np.log(p), y), metrics.token_log_probability(z + 700.0, y)
    )  # log probabilities and shifted logits give the same


def test_what_cannot_be_said_has_no_probability():
    z = np.array([[[0.0, -np.inf]], [[-np.inf, 3.0]]])
    assert metrics.token_log_probability(z, [[0], [0]]).tolist() == [0.0, -np.inf]


@pytest.mark.parametrize(
    ("z", "y", "words"),
    [
        (np.zeros((1, 2)), [[0]], "scores has shape"),
        (np.zeros((1, 1, 3)), [[3]], "give 0 to 2"),
        (np.zeros((1, 1, 3)), [[-1]], "item 0 has no token"),
        (np.full((1, 1, 3), np.nan), [[1]], "item 0, token 0"),
    ],
)
def test_bad_scores_are_refused(z, y, words):
    with pytest.raises(ValueError, match=words):
        metrics.token_log_probability(z, y)


def test_brier_known_values():
    assert metrics.brier_score([[1, 0, 0, 0], [0, 1, 0, 0], [0.25] * 4], [0, 0, 2]).tolist() == [0, 2, 0.75]
    # Brier's score is proper: no other report of a belief has a lower expectation under it.
    belief = np.array([0.6, 0.3, 0.1])
    rng = np.random.default_rng(1)
    reports = np.vstack([belief, rng.dirichlet(np.ones(3), size=200)])
    expected = sum(belief[k] * metrics.brier_score(reports, np.full(201, k)) for k in range(3))
    assert np.argmin(expected) == 0


def test_brier_moves_where_accuracy_stands_still():
    gaining = np.array([[p, 0.8 - p, 0.1, 0.1] for p in (0.1, 0.2, 0.3)])
    assert metrics.choice_accuracy(gaining, [0, 0, 0]).tolist() == [0, 0, 0]
    assert (np.diff(metrics.brier_score(gaining, [0, 0, 0])) < 0).all()
    with pytest.raises(ValueError, match="item 1"):
        metrics.brier_score([[0.5, 0.5], [0.5, 0.6]], [0, 0])
    with pytest.raises(ValueError, match="choices 0 to 1"):
        metrics.choice_accuracy([[0.5, 0.5]], [2])


# ---------------------------------------------------------------- counting


def tail(n, p, ks):
    return sum(math.comb(n, k) * p**k * (1 - p) ** (n - k) for k in ks)


@pytest.mark.parametrize(("right", "n"), [(0, 20), (1, 20), (7, 20), (20, 20), (3, 9)])
def test_exact_interval_solves_its_definition(right, n):
    value, low, high = metrics.accuracy(right, n, method="exact")
    assert value == right / n
    if right:
        assert tail(n, float(low), range(right, n + 1)) == pytest.approx(0.025)
    if right < n:
        assert tail(n, float(high), range(right + 1)) == pytest.approx(0.025)


def test_intervals_against_published_values():
    # Newcombe 1998, Statistics in Medicine 17, 857, Table I: methods 3 (score) and 5 (exact).
    for right, n, score, exact in [
        (81, 263, (0.2553, 0.3662), (0.2527, 0.3676)),
        (15, 148, (0.0624, 0.1605), (0.0578, 0.1617)),
        (0, 20, (0.0, 0.1611), (0.0, 0.1684)),
        (1, 29, (0.0061, 0.1718), (0.0009, 0.1776)),
    ]:
        np.testing.assert_allclose(metrics.accuracy(right, n)[1:], score, atol=5.1e-5)
        np.testing.assert_allclose(metrics.accuracy(right, n, method="exact")[1:], exact, atol=5.1e-5)


def test_wilson_holds_the_accuracies_that_a_score_test_does_not_reject():
    _, low, high = metrics.accuracy(7, 40, level=0.9)
    for p in (float(low), float(high)):
        assert abs(7 / 40 - p) / math.sqrt(p * (1 - p) / 40) == pytest.approx(1.6448536)


def test_intervals_hold_the_truth_as_often_as_they_say():
    n = 40
    p = np.linspace(0.02, 0.98, 97)
    held = {}
    for method in ("wilson", "exact"):
        _, low, high = metrics.accuracy(np.arange(n + 1), n, method=method)
        chance = np.array([[math.comb(n, k) * q**k * (1 - q) ** (n - k) for k in range(n + 1)] for q in p])
        held[method] = (chance * ((low <= p[:, None]) & (p[:, None] <= high))).sum(axis=1)
    assert held["exact"].min() >= 0.95
    assert held["wilson"].mean() == pytest.approx(0.95, abs=0.005) and held["wilson"].min() > 0.83


def test_zero_of_n():
    n = np.array([1, 10, 100, 1000, 10_000])
    bound = metrics.bound_from_zero(n)
    np.testing.assert_allclose(metrics.chance_of_zero(bound, n), 0.05)
    three = metrics.rule_of_three(n)
    assert (three >= bound).all() and three[0] == 1
    np.testing.assert_allclose(three[1:3] / bound[1:3], [1.16, 1.02], atol=0.006)
    assert (metrics.accuracy(0, n, method="exact").high > bound).all()
    np.testing.assert_allclose(metrics.accuracy(0, n, level=0.9, method="exact").high, bound)


@pytest.mark.parametrize("chance", [0.5, 0.9, 0.95, 0.999])
def test_items_to_see_is_the_smallest_number_that_does(chance):
    for p in (0.9, 0.5, 0.1, 0.05, 0.01, 0.001):
        n = int(metrics.items_to_see(p, chance=chance))
        assert 1 - (1 - p) ** n >= chance - 1e-12
        assert n == 1 or 1 - (1 - p) ** (n - 1) < chance
    assert metrics.items_to_see([0.0, 1.0], chance=chance).tolist() == [np.inf, 1]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: metrics.accuracy(3, 2), "row 0 is 3 of 2"),
        (lambda: metrics.accuracy([1, 0.3], 2), "correct: row 1"),
        (lambda: metrics.accuracy(1, 2, level=95), "level"),
        (lambda: metrics.accuracy(1, 2, method="wald"), "method"),
        (lambda: metrics.bound_from_zero(0), "items: row 0"),
        (lambda: metrics.items_to_see(30), "accuracy: row 0"),
        (lambda: metrics.exact_match_from_tokens([0.5, 1.1], 3), "accuracy: row 1"),
        (lambda: metrics.exact_match_from_tokens(0.5, 0), "length: row 0"),
    ],
)
def test_bad_counts_are_refused(call, words):
    with pytest.raises(ValueError, match=words):
        call()


# ---------------------------------------------------------------- links


def test_one_ruler_from_another_by_simulation():
    rng = np.random.default_rng(2)
    length, p = 6, 0.8
    wanted = rng.integers(0, 10, size=(40_000, length))
    wrong = rng.random(wanted.shape) > p
    said = np.where(wrong, (wanted + rng.integers(1, 10, size=wanted.shape)) % 10, wanted)
    whole = metrics.exact_match_from_tokens(p, length)
    assert metrics.exact_match(said, wanted).mean() == pytest.approx(whole, abs=0.01)
    assert metrics.token_accuracy(said, wanted).mean() == pytest.approx(p, abs=0.005)
    distance = metrics.token_edit_distance(said, wanted).mean()
    most = float(metrics.edit_distance_from_tokens(p, length))
    assert 0.95 * most < distance <= most * 1.01
    np.testing.assert_allclose(metrics.tokens_from_exact_match(p**length, length), p)


def test_import_is_cheap():
    code = "import sys, course_utils.metrics; print('scipy' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True).stdout == "False\n"
