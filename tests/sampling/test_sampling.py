"""Sampling against brute force on small cases, and against what must always hold."""

import itertools
import math

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import sampling
from course_utils.sampling.log_gamma import log_gamma_ratio, shifted_log_gamma

few = settings(max_examples=60, deadline=None)
RATES = st.lists(st.floats(0, 1), min_size=1, max_size=6)


def plain_pass_at_k(n, c, k):
    """The product as openai/human-eval writes it."""
    return 1.0 if n - c < k else 1.0 - np.prod(1.0 - k / np.arange(n - c + 1, n + 1))


# ---------------------------------------------------------------- coverage


def test_pass_at_k_counts_the_choices_that_hold_a_right_sample():
    n = 6
    for c in range(n + 1):
        right = [True] * c + [False] * (n - c)
        for k in range(1, n + 1):
            choices = list(itertools.combinations(right, k))
            assert sampling.pass_at_k(c, n, k) == pytest.approx(sum(map(any, choices)) / len(choices), abs=1e-14)


@given(st.integers(1, 10_000), st.data())
@few
def test_pass_at_k_is_the_product(n, data):
    c = data.draw(st.integers(0, n))
    k = data.draw(st.integers(1, n))
    assert sampling.pass_at_k(c, n, k) == pytest.approx(plain_pass_at_k(n, c, k), abs=1e-9)


def test_a_wide_table_is_the_product_too():
    rng = np.random.default_rng(0)
    c = rng.binomial(10_000, rng.beta(0.3, 5, 400))
    k = np.unique(np.geomspace(1, 10_000, 60).astype(int))[:40]
    table = sampling.pass_at_k(c, 10_000, k)
    plain = np.array([[plain_pass_at_k(10_000, ci, kj) for kj in k] for ci in c])
    assert table.shape == (400, 40)
    np.testing.assert_allclose(table, plain, atol=1e-9, rtol=0)


def test_millions_of_samples_keep_their_digits():
    for c, k in ((1, 1), (3, 10_000), (40, 900_000)):
        exact = 1 - math.prod(1 - k / i for i in range(2_000_000 - c + 1, 2_000_001))
        assert sampling.pass_at_k(c, 2_000_000, k) == pytest.approx(exact, abs=1e-9)
    many = sampling.pass_at_k([0, 5, 2_000_000], 2_000_000, [1, 1000, 2_000_000])
    np.testing.assert_allclose(many[:, 0], [0, 2.5e-6, 1], atol=1e-12)


@pytest.mark.parametrize("n", [10**8, 10**12, 10**15])
def test_any_number_of_samples_keeps_nine_digits(n):
    """The product over the fewer of c and k factors, its logarithms added without rounding."""
    for c, k in ((1, n // 3), (7, n // 5), (1000, n // 900), (n // 2000, 1500), (n // 3, 2)):
        few_, many = sorted((c, k))
        exact = -math.expm1(math.fsum(math.log1p(-many / (n - i)) for i in range(few_)))
        assert sampling.pass_at_k(c, n, k) == pytest.approx(exact, abs=1e-12)


def test_problems_may_have_their_own_number_of_samples():
    table = sampling.pass_at_k([1, 2, 3], [4, 9, 30], [1, 4])
    for i, (c, n) in enumerate(((1, 4), (2, 9), (3, 30))):
        np.testing.assert_allclose(table[i], [plain_pass_at_k(n, c, k) for k in (1, 4)], atol=1e-12)


@given(st.lists(st.integers(0, 50), min_size=1, max_size=8))
@few
def test_coverage_never_falls_with_k_starts_at_the_rate_and_ends_at_solved_or_not(correct):
    table = sampling.pass_at_k(correct, 50, np.arange(1, 51))
    assert (np.diff(table, axis=1) >= -1e-12).all()
    np.testing.assert_allclose(table[:, 0], np.array(correct) / 50, atol=1e-12)
    assert table[:, -1].tolist() == [float(c > 0) for c in correct]


def test_pass_at_k_is_unbiased_and_the_shortcut_is_low():
    rng = np.random.default_rng(1)
    c = rng.binomial(20, 0.1, 200_000)
    truth = sampling.expected_coverage(0.1, 10)
    assert sampling.pass_at_k(c, 20, 10).mean() == pytest.approx(truth, abs=0.002)
    assert sampling.expected_coverage(c / 20, 10).mean() < truth - 0.04


def test_the_interval_of_coverage_is_the_bootstrap_done_by_hand_and_repeats():
    correct = np.array([0, 0, 1, 4, 40, 90])
    curve = sampling.coverage_curve(correct, 100, [1, 10, 100], n=4000)
    again = sampling.coverage_curve(correct, 100, [1, 10, 100], n=4000)
    assert (curve.low == again.low).all() and curve.n_problems == 6
    rng = np.random.default_rng(5)
    own = sampling.pass_at_k(correct, 100, [1, 10, 100])
    drawn = np.array([own[rng.integers(0, 6, 6)].mean(axis=0) for _ in range(4000)])
    np.testing.assert_allclose(curve.coverage, own.mean(axis=0))
    np.testing.assert_allclose([curve.low, curve.high], np.quantile(drawn, [0.05, 0.95], axis=0), atol=0.03)


def test_the_interval_holds_the_truth_about_as_often_as_it_says():
    rng = np.random.default_rng(2)
    truth = 1 - math.gamma(10.5) / (math.gamma(0.5) * math.gamma(11))  # of rates from Beta(1/2, 1/2)
    held = 0
    for _ in range(200):
        correct = rng.binomial(200, rng.beta(0.5, 0.5, 60))
        curve = sampling.coverage_curve(correct, 200, [10], n=400)
        held += bool(curve.low[0] <= truth <= curve.high[0])
    assert 165 <= held <= 195  # 90 of 100 aimed at


def test_local_exponents_of_a_power_are_the_power_and_of_one_problem_steepen():
    k = np.geomspace(1, 1e4, 30)
    mid, slope = sampling.local_exponents(k, np.exp(-2 * k**-0.3))
    np.testing.assert_allclose(slope, -0.3)
    assert ((mid > k[:-1]) & (mid < k[1:])).all()
    one = sampling.local_exponents(np.arange(1, 50), sampling.expected_coverage(0.05, np.arange(1, 50)))[1]
    assert one[-1] < one[0] < 0  # one problem is exponential, not a power


def test_log_gamma_is_the_one_of_the_standard_library():
    x = np.concatenate([np.geomspace(1e-6, 1e7, 400), np.arange(1, 40)])
    for scale in (1.0, 1e7):
        got = shifted_log_gamma(x, scale) + x * (np.log(scale) - 1)
        np.testing.assert_allclose(got, [math.lgamma(v) for v in x], rtol=1e-13, atol=1e-12)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 5.0), (2.0, 0.5), (1e-3, 1.0)])
def test_coverage_of_beta_rates_is_the_product_and_the_mean_over_rates(alpha, beta):
    for k in (1, 7, 300):
        missed = math.prod((beta + i) / (alpha + beta + i) for i in range(k))
        assert sampling.beta_coverage(k, alpha=alpha, beta=beta) == pytest.approx(1 - missed, rel=1e-12)
    rates = np.random.default_rng(0).beta(alpha, beta, 400_000)
    drawn = sampling.expected_coverage(rates, 20).mean()
    assert sampling.beta_coverage(20, alpha=alpha, beta=beta) == pytest.approx(drawn, abs=0.004)


@pytest.mark.parametrize(("alpha", "beta"), [(0.3, 5.0), (1e-5, 1e5), (1e5, 1e5), (1e9, 1e9), (1e-8, 1e-3)])
def test_coverage_of_beta_rates_keeps_its_digits_where_it_is_small_or_constants_are_large(alpha, beta):
    for k in (1, 2, 30, 2000):
        missed = math.fsum(-math.log1p(alpha / (beta + i)) for i in range(k))
        assert sampling.beta_coverage(k, alpha=alpha, beta=beta) == pytest.approx(-math.expm1(missed), rel=1e-12)


@pytest.mark.parametrize(("alpha", "beta", "k"), [(0.3, 5.0, 1e12), (1e-5, 1e5, 1e12), (0.3, 5.0, 1e60)])
def test_coverage_of_very_many_samples_is_stirlings(alpha, beta, k):
    left = math.lgamma(alpha + beta) - math.lgamma(beta) if beta < 1e3 else alpha * (math.log(beta) - 0.5 / beta)
    left -= alpha * math.log(k + beta + alpha / 2 - 0.5)
    assert sampling.beta_coverage(k, alpha=alpha, beta=beta) == pytest.approx(-math.expm1(left), rel=1e-9)


def test_log_gamma_ratio_is_the_product_it_stands_for():
    for w in (1e-6, 0.3, 7.5, 40.0, 3e4):
        for a in (0.0, 1e-4, 0.7, 12.0, 5e6):
            factors = math.fsum(math.log1p(a / (w + i)) for i in range(25))
            got = float(log_gamma_ratio(np.array(w), np.array(a), np.array(25.0)))
            assert got == pytest.approx(-factors, rel=1e-12)
            assert got == pytest.approx(float(log_gamma_ratio(np.array(w), np.array(25.0), np.array(a))), rel=1e-12)


def test_the_tail_of_beta_coverage_is_the_power_alpha():
    k = np.array([1e6, 1e8])
    missed = 1 - sampling.beta_coverage(k, alpha=0.4, beta=3.0)
    np.testing.assert_allclose(missed, math.gamma(3.4) / math.gamma(3.0) * k**-0.4, rtol=1e-5)


# ---------------------------------------------------------------- votes


def brute_vote(shares, correct, k, weights):
    """Go through every sequence of k samples."""
    total = 0.0
    for sequence in itertools.product(range(len(shares)), repeat=k):
        votes = np.bincount(sequence, minlength=len(shares)) * weights
        top = np.flatnonzero(votes >= votes.max() - 1e-9)
        if correct in top:
            total += math.prod(shares[a] for a in sequence) / len(top)
    return total


@pytest.mark.parametrize("weights", [(1, 1, 1, 1), (1, 2, 0.5, 1), (1.3, 0.9, 0.65, 2)])
@pytest.mark.parametrize("correct", [0, 2])
def test_votes_are_every_sequence_of_answers(weights, correct):
    shares = np.array([0.35, 0.3, 0.25, 0.1])
    for k in range(1, 7):
        got = sampling.majority_vote(shares, k, correct=correct, weights=weights)
        assert got == pytest.approx(brute_vote(shares, correct, k, np.array(weights)), abs=1e-12)


def test_exact_and_sampled_votes_agree():
    rng = np.random.default_rng(3)
    counts = rng.integers(0, 30, (6, 9)) + np.eye(6, 9, dtype=int)
    correct = rng.integers(0, 9, 6)
    k = [1, 7, 40, 120]
    exact = sampling.majority_vote(counts, k, correct=correct, method="exact")
    drawn = sampling.majority_vote(counts, k, correct=correct, method="sampled", draws=20_000)
    np.testing.assert_allclose(drawn, exact, atol=0.02)
    assert sampling.majority_vote(counts, k, correct=correct)[:, :3] == pytest.approx(exact[:, :3])


@given(st.lists(st.integers(0, 20), min_size=2, max_size=6), st.integers(1, 30))
@few
def test_someone_always_wins(counts, k):
    counts[0] += 1
    wins = [sampling.majority_vote(counts, k, correct=a) for a in range(len(counts))]
    assert sum(wins) == pytest.approx(1.0, abs=1e-9)


def test_the_vote_tends_to_the_mode():
    counts = np.array([[50, 30, 20], [30, 50, 20], [40, 40, 20]])
    limit = sampling.majority_vote(counts, np.inf)
    assert limit.tolist() == [1.0, 0.0, 0.5]
    long = sampling.majority_vote(counts, 4001, method="sampled", draws=2000)
    np.testing.assert_allclose(long, limit, atol=0.05)
    assert sampling.majority_vote(counts[1], np.inf, weights=[2, 1, 1]) == 1.0  # a verifier that likes right answers


def test_one_vote_is_the_share_two_votes_are_no_better_and_the_unseen_never_wins():
    counts = [[3, 5, 2], [1, 0, 0]]
    np.testing.assert_allclose(sampling.majority_vote(counts, [1, 2]), [[0.3, 0.3], [1, 1]])
    assert sampling.majority_vote(counts, [1, 9, np.inf], correct=-1).tolist() == [[0, 0, 0], [0, 0, 0]]


# ---------------------------------------------------------------- verifiers


@given(RATES, st.integers(1, 40))
@few
def test_a_perfect_verifier_turns_coverage_into_accuracy(rates, n):
    np.testing.assert_allclose(sampling.best_of_n(rates, n), sampling.expected_coverage(rates, n), atol=1e-12)


@given(RATES, st.integers(1, 40), st.floats(0, 1))
@few
def test_a_verifier_that_knows_nothing_changes_nothing(rates, n, t):
    blind = sampling.best_of_n(rates, n, true_positive=t, false_positive=t)
    np.testing.assert_allclose(blind, rates, atol=1e-9)
    np.testing.assert_allclose(sampling.best_by_score(rates, n, separation=0.0), rates, atol=1e-9)


@pytest.mark.parametrize("fallback", ["guess", "abstain"])
def test_best_of_n_is_every_outcome_of_three_samples(fallback):
    p, t, f, n = 0.3, 0.8, 0.25, 3
    total = 0.0
    for right in itertools.product((True, False), repeat=n):
        for kept in itertools.product((True, False), repeat=n):
            chance = 1.0
            for r, a in zip(right, kept, strict=True):
                accept = t if r else f
                chance *= (p if r else 1 - p) * (accept if a else 1 - accept)
            pool = [r for r, a in zip(right, kept, strict=True) if a]
            if not pool and fallback == "guess":
                pool = list(right)
            total += chance * (sum(pool) / len(pool) if pool else 0.0)
    kind = {"true_positive": t, "false_positive": f, "fallback": fallback}
    assert sampling.best_of_n(p, n, **kind) == pytest.approx(total, abs=1e-12)
    assert sampling.best_of_n(p, n, **kind, draws=40_000) == pytest.approx(total, abs=0.01)


def test_false_positives_cap_what_samples_buy():
    p, t, f = 0.05, 0.9, 0.02
    cap = p * t / (p * t + (1 - p) * f)
    series = sampling.best_of_n(p, [10, 1000, 10**6, np.inf], true_positive=t, false_positive=f)
    assert series[-2] == pytest.approx(cap, abs=1e-12) and series[-1] == pytest.approx(cap)
    assert sampling.expected_coverage(p, np.inf) == 1.0


def test_a_verifier_turned_upside_down_hands_in_wrong_samples():
    assert sampling.best_of_n([0.0, 0.5, 1.0], 50, true_positive=0.0, false_positive=1.0).tolist() == pytest.approx(
        [0.0, 0.0, 1.0], abs=1e-9)  # fmt: skip
    assert sampling.best_of_n(0.5, 5, true_positive=0.0, false_positive=0.0) == pytest.approx(0.5)
    assert sampling.best_of_n(0.5, 5, true_positive=0.0, false_positive=0.0, fallback="abstain") == 0.0


@pytest.mark.parametrize("separation", [-1.0, 0.5, 2.0])
def test_the_integral_over_scores_is_what_draws_give(separation):
    rates, n = [0.05, 0.4], [1, 3, 60]
    integral = sampling.best_by_score(rates, n, separation=separation)
    drawn = sampling.best_by_score(rates, n, separation=separation, draws=20_000)
    assert integral.shape == (2, 3)
    np.testing.assert_allclose(integral, drawn, atol=0.015)


def test_a_score_picks_between_one_right_and_one_wrong_as_often_as_its_area_says():
    d = 1.2
    area = 0.5 * math.erfc(-d / 2)  # Phi(d / sqrt 2)
    both = sampling.best_by_score(0.5, 2, separation=d)  # 1/4 both right, 1/2 one of each
    assert both == pytest.approx(0.25 + 0.5 * area, abs=1e-9)


def test_a_score_that_says_nothing_changes_nothing_however_many_samples_there_are():
    n = [1e9, 1e15, 1e23, 1e60, 1e100]
    np.testing.assert_allclose(sampling.best_by_score([0.1, 0.9], n, separation=0.0), [[0.1] * 5, [0.9] * 5], atol=1e-9)
    far = sampling.best_by_score(0.01, n, separation=1.0)
    assert (np.diff(far) > 0).all() and far[-1] > 0.999999


def test_a_weight_far_above_the_others_decides_alone():
    for weights in ([1e20, 1.0, 1.0], [1e100, 1e-100, 1e-100]):
        for k in (3, 70):
            wins = sampling.majority_vote([1, 5, 5], k, weights=weights, method="exact")
            assert wins == pytest.approx(1 - (10 / 11) ** k, abs=1e-12)


def test_counts_whose_sum_is_no_float_are_shares_all_the_same():
    assert sampling.majority_vote([1e308, 1e308, 0.0], 1) == pytest.approx(0.5)


def test_many_draws_of_many_problems_are_drawn_in_parts():
    rates = np.full(4000, 0.2)
    drawn = sampling.best_of_n(rates, [1, 3], draws=700, true_positive=0.9, false_positive=0.1)
    np.testing.assert_allclose(
        drawn.mean(axis=0), sampling.best_of_n(0.2, [1, 3], true_positive=0.9, false_positive=0.1), atol=2e-3
    )
    table = sampling.best_by_score(rates, np.arange(1, 4), separation=1.0)
    np.testing.assert_allclose(table, np.tile(table[0], (4000, 1)))
    wide = np.random.default_rng(0).binomial(9, 0.3, 5000)
    curve = sampling.coverage_curve(wide, 9, [1, 3], n=1500)
    spread = sampling.pass_at_k(wide, 9, [1, 3]).std(axis=0) / np.sqrt(5000)
    np.testing.assert_allclose(curve.high - curve.low, 2 * 1.645 * spread, rtol=0.1)


def test_without_problems_or_numbers_of_samples_a_table_is_empty():
    assert sampling.pass_at_k([], 5, [1, 2]).shape == sampling.best_by_score([], [1, 2], separation=1.0).shape == (0, 2)
    assert sampling.best_of_n([], [1, 2], draws=3).shape == sampling.expected_coverage([], [1, 2]).shape == (0, 2)
    assert sampling.best_by_score([0.1], [], separation=1.0).shape == (1, 0)


def test_columns_of_a_table_are_arrays_whatever_their_index():
    pd = pytest.importorskip("pandas")
    column = pd.Series([1, 2, 4], index=[7, 3, "x"])
    np.testing.assert_array_equal(sampling.pass_at_k(column, 5, 2), sampling.pass_at_k([1, 2, 4], 5, 2))
    np.testing.assert_array_equal(sampling.majority_vote(column, 3), sampling.majority_vote([1, 2, 4], 3))
    np.testing.assert_array_equal(sampling.best_of_n(column / 5, 3), sampling.best_of_n([0.2, 0.4, 0.8], 3))


# ---------------------------------------------------------------- refusals

MASKED = np.ma.masked_array([1, 2, 3], mask=[0, 1, 0])
HOSTILE = [np.array(["a"]), "a", MASKED, 1j, [[1], [1, 2]], {}, np.array(None)]
EVERY = {
    "correct": lambda x: sampling.pass_at_k(x, 9, 1),
    "samples": lambda x: sampling.pass_at_k(1, x, 1),
    "k": lambda x: sampling.pass_at_k(1, 9, x),
    "rate": lambda x: sampling.expected_coverage(x, 3),
    "a": lambda x: sampling.power_coverage(3, a=x, b=-0.1),
    "b": lambda x: sampling.power_coverage(3, a=1, b=x),
    "alpha": lambda x: sampling.beta_coverage(3, alpha=x, beta=1.0),
    "level": lambda x: sampling.coverage_curve([1, 2], 5, [1], level=x),
    "coverage": lambda x: sampling.local_exponents([1, 2, 3], x),
    "counts": lambda x: sampling.majority_vote(x, 3),
    "correct: of a vote": lambda x: sampling.majority_vote([1, 2, 3], 3, correct=x),
    "weights": lambda x: sampling.majority_vote([1, 2, 3], 3, weights=x),
    "true_positive": lambda x: sampling.best_of_n(0.1, 3, true_positive=x),
    "n": lambda x: sampling.best_by_score(0.1, x, separation=1.0),
    "separation": lambda x: sampling.best_by_score(0.1, 3, separation=x),
    "draws": lambda x: sampling.best_of_n(0.1, 3, draws=x),
}


@pytest.mark.parametrize("value", HOSTILE, ids=repr)
@pytest.mark.parametrize("name", EVERY)
def test_what_is_no_number_is_refused_by_name(name, value):
    with pytest.raises(ValueError, match=rf"^{name.split(':')[0]}\b"):
        EVERY[name](value)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: sampling.pass_at_k([1, 5], 4, 2), "correct: row 1 has 5 right of 4"),
        (lambda: sampling.pass_at_k([1], 4, 5), "k: 5 samples cannot be drawn from the 4"),
        (lambda: sampling.pass_at_k([1], 4, 0), "k must be whole numbers from 1"),
        (lambda: sampling.pass_at_k([1.5], 4, 1), "correct must be whole"),
        (lambda: sampling.pass_at_k([np.nan], 4, 1), "correct must be whole"),
        (lambda: sampling.expected_coverage([0.2, 20], 3), "rate must be from 0 to 1.*entry 1"),
        (lambda: sampling.beta_coverage([1, 2], alpha=-1.0, beta=1.0), "alpha must be positive"),
        (lambda: sampling.power_coverage([1, 0], a=1.0, b=-0.3), "k must be positive and finite; entry 1 is 0"),
        (lambda: sampling.power_coverage(2, a=np.nan, b=-0.3), "a must be positive and finite"),
        (lambda: sampling.power_coverage(2, a=1.0, b=[-0.3, np.nan]), "b must be a finite exponent.*entry 1"),
        (lambda: sampling.power_coverage([1, 2], a=1.0, b=[1, 2, 3]), "k has shape .2,., b has shape .3,."),
        (lambda: sampling.pass_at_k([1, 2], [5, 5, 5], 1), "correct has shape .2,., samples has shape .3,."),
        (lambda: sampling.coverage_curve([3, 2], [5, 5, 5], [1]), "samples has shape"),
        (lambda: sampling.coverage_curve([3, 2], 5, []), "k has shape"),
        (lambda: sampling.coverage_curve([3, 2], 5, [1], n=10**8), "n is 1e.08"),
        (lambda: sampling.local_exponents([1, np.inf], [0.2, 0.3]), "k must be one rising row"),
        (lambda: sampling.majority_vote([1, 2], 1e30), "k: 1e.30 votes are too many to draw; use np.inf"),
        (lambda: sampling.best_of_n(0.1, [2, 1e30], draws=3), "n: entry 1 is 1e.30, too many to draw"),
        (lambda: sampling.best_by_score(0.1, 1e9, separation=0.0, draws=3), "n: entry 0 is 1e.09, too many to draw"),
        (lambda: sampling.best_of_n(0.1, 3, true_positive=[0.1, 0.2]), "true_positive must be one number"),
        (lambda: sampling.coverage_curve([3], 5, [1]), "two problems at least"),
        (lambda: sampling.coverage_curve([3, 2], 5, [1], level=90), "level is between 0 and 1"),
        (lambda: sampling.local_exponents([1, 1], [0.2, 0.3]), "k must be one rising row"),
        (lambda: sampling.local_exponents([1, 2], [0.2, 1.0]), "coverage: entry 1 is 1"),
        (lambda: sampling.majority_vote([[1, 2], [0, 0]], 3), "problem 1 are all 0"),
        (lambda: sampling.majority_vote([1, -2], 3), "counts must be 0 or more"),
        (lambda: sampling.majority_vote([1, 2], 3, correct=2), "problem 0 has 2"),
        (lambda: sampling.majority_vote([1, 2], 3, correct=0.0), "one column number a problem"),
        (lambda: sampling.majority_vote([1, 2], 3, weights=[1, 0]), "weights must be positive"),
        (lambda: sampling.majority_vote([1, 2], 3, weights=[1, 1, 1]), "does not fit counts"),
        (lambda: sampling.majority_vote([1, 2], 500, method="exact"), "too many to count exactly"),
        (lambda: sampling.majority_vote([1, 2], 5, method="guess"), "method is 'guess'"),
        (lambda: sampling.best_of_n(0.5, 2.5), "n must be whole"),
        (lambda: sampling.best_of_n(0.5, np.inf, draws=10), "n must be whole"),
        (lambda: sampling.best_of_n(0.5, 2, true_positive=90), "true_positive must be from 0 to 1"),
        (lambda: sampling.best_of_n(0.5, 2, fallback="cry"), "fallback is 'cry'"),
        (lambda: sampling.best_by_score(0.5, 2, separation=np.nan), "separation must be"),
    ],
)
def test_bad_input_is_refused_by_name_and_row(call, words):
    with pytest.raises(ValueError, match=words):
        call()
