"""*How good is the verifier* on made-up chances whose plateau is known, and on the shipped ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers, sampling
from course_utils.explorers.countdown_answers import CountdownAnswers
from course_utils.explorers.verifier import HowGoodIsTheVerifier
from course_utils.explorers.verifier_state import (
    CURVE_AT,
    SAMPLES_AT,
    SELECTED_AT,
    VerifiedAnswers,
    plateaus,
    selectors_of,
)
from course_utils.i18n import using_language

CHANCE = np.array([0.001, 0.02, 0.1, 0.4])


def made_up_answers() -> pd.DataFrame:
    """Make two models on four problems of two sizes; the wrong answer has a quarter of all samples."""
    rows = []
    for d in (8, 32):
        for numbers in (3, 4):
            for i, chance in enumerate(CHANCE * (1 if d == 32 else 0.5)):
                right = round(2000 * chance)
                pairs = sorted([(500, 0), (right, 1)], reverse=True)
                rows.append(
                    {
                        "run": f"d{d}", "d_model": d, "seed": 0, "params_blocks_and_head": 30 * d * d,
                        "temperature": 1.0, "numbers": numbers, "problem": f"{numbers}-{i}", "samples": 2000,
                        "correct": right, "chance": chance, "distinct": 2 + 1500 - right,
                        "top_counts": " ".join(str(c) for c, _ in pairs) + " 1 1 1",
                        "top_right": " ".join(str(r) for _, r in pairs) + " 0 0 0",
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def answers() -> VerifiedAnswers:
    return VerifiedAnswers(CountdownAnswers(made_up_answers()), None)


def test_every_slider_value_is_on_the_curve():
    assert set(SAMPLES_AT) <= set(CURVE_AT)


@pytest.mark.parametrize(("t", "f", "n"), [(1.0, 0.0, 100.0), (0.9, 0.05, 10.0), (0.3, 0.5, 1000.0)])
def test_the_best_of_n_is_that_of_the_library(answers, t, f, n):
    result = answers.compute(t, f, n, 32, 3)
    expected = sampling.best_of_n(CHANCE, [n, np.inf], true_positive=t, false_positive=f).mean(axis=0)
    assert (result.checked_at, result.plateau) == pytest.approx(tuple(expected))
    assert result.oracle_at == pytest.approx(sampling.expected_coverage(CHANCE, n).mean())


def test_a_perfect_verifier_turns_coverage_into_accuracy(answers):
    result = answers.compute(1.0, 0.0, 50.0, 32, 3)
    np.testing.assert_allclose(result.checked, result.oracle)
    assert result.plateau == pytest.approx(1.0)


def test_the_plateau_depends_on_the_ratio_alone(answers):
    one, other = answers.compute(0.8, 0.2, 10.0, 32, 3), answers.compute(0.2, 0.05, 10.0, 32, 3)
    assert one.plateau == pytest.approx(other.plateau) == pytest.approx(plateaus(CHANCE, np.array([0.25]))[0])
    assert one.reached < other.reached  # but who accepts less needs more samples


def test_a_verifier_that_knows_nothing_leaves_one_sample(answers):
    result = answers.compute(0.5, 0.5, 1000.0, 32, 3)
    np.testing.assert_allclose(result.checked, CHANCE.mean())
    assert result.one == pytest.approx(CHANCE.mean()) and result.reached == 1


def test_the_highest_score_of_k_samples():
    rows = pd.DataFrame(
        {"problem": ["a"] * 3, "count": [2, 5, 3], "right": [0, 1, 0], "log_probability": [-1.0, -2.0, -3.0]}
    )
    held = selectors_of(rows)
    assert set(held) == {"log_probability"}
    np.testing.assert_allclose(held["log_probability"], 0.8**SELECTED_AT - 0.3**SELECTED_AT)


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_without_scores_nothing_is_said_of_them(code):
    with using_language(code):
        explorer = HowGoodIsTheVerifier(made_up_answers())
        assert explorer.result.selectors == {} and "256" not in explorer.say()
        said = explorer._message(explorer.result)
        explorer.set(false_positive=0.0)
        assert explorer._message(explorer.result) != said


def test_the_shipped_tables():
    explorer = explorers.how_good_is_the_verifier()
    table, chosen = datasets.load("countdown_samples"), datasets.load("countdown_selection")
    rows = table[(table["d_model"] == 16) & (table["numbers"] == 3) & (table["temperature"] == 1)]
    result = explorer.result
    expected = sampling.best_of_n(rows["chance"], 100, true_positive=0.9, false_positive=0.05).mean()
    assert result.checked_at == pytest.approx(expected, rel=1e-6)
    assert result.vote_at < result.plateau < result.oracle_at
    one = chosen[chosen["right"] == 1].groupby("problem")["count"].sum().sum() / chosen["count"].sum()
    for values in result.selectors.values():
        assert values[0] == pytest.approx(one)  # the best of one sample is that sample
    explorer.set(numbers=5)
    assert explorer.result.selectors == {}
