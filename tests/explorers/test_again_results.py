"""*Sample again* on made-up counts whose coverage and votes are known, and votes from listed answers alone."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers, sampling
from course_utils.explorers.again import SampleAgain
from course_utils.explorers.countdown_answers import VOTES_AT, CountdownAnswers, votes_at, votes_from_top
from course_utils.i18n import using_language

RIGHT = np.array([0, 1, 20, 60, 5, 90])  # of 200 samples


def made_up_answers(seeds: int = 2) -> pd.DataFrame:
    """Make models of three sizes; a wrong answer has 50 votes, the right one all of its own, the rest are alone."""
    rows = []
    for d in (8, 16, 32):
        for heat in (1.0, 0.5) if d == 16 else (1.0,):
            for seed in range(seeds):
                for numbers in (3, 4):
                    for i, right in enumerate(RIGHT + (d == 32)):
                        pairs = sorted([(50, 0), (right, 1)], reverse=True) if right else [(50, 0)]
                        pairs += [(1, 0)] * 3
                        rows.append(
                            {
                                "run": f"d{d}-s{seed}", "d_model": d, "seed": seed,
                                "params_blocks_and_head": 30 * d * d, "temperature": heat,
                                "numbers": numbers, "problem": f"{numbers}-{i}", "samples": 200,
                                "correct": right, "chance": max(right, 0.5) / 200,
                                "distinct": 150 - right + 1 + (right > 0),
                                "top_counts": " ".join(str(c) for c, _ in pairs[:5]),
                                "top_right": " ".join(str(r) for _, r in pairs[:5]),
                            }
                        )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def explorer() -> SampleAgain:
    with using_language("en"):
        return SampleAgain(made_up_answers())


def test_coverage_is_pass_at_k_of_the_counts_and_of_chance_beyond(explorer):
    explorer.set(size=16, numbers=3, k=50.0)
    assert explorer.result.coverage_at == pytest.approx(sampling.pass_at_k(RIGHT, 200, 50).mean())
    explorer.set(k=1000.0)
    chance = np.maximum(RIGHT, 0.5) / 200
    assert explorer.result.coverage_at == pytest.approx(sampling.expected_coverage(chance, 1000).mean())
    assert explorer.result.most_k == 200 and explorer.result.unsolved == 1


def test_a_vote_goes_from_one_sample_to_the_most_frequent_answer(explorer):
    explorer.set(size=16, numbers=3, k=1.0)
    assert explorer.result.vote_at == pytest.approx(RIGHT.mean() / 200) == pytest.approx(explorer.result.one, abs=1e-3)
    explorer.set(k=10_000.0)
    assert explorer.result.vote_at == pytest.approx(2 / 6) == pytest.approx(explorer.result.without_end)
    assert explorer.result.voted.sum() == pytest.approx(2 / 6)
    assert (explorer.result.voted + explorer.result.others).sum() == pytest.approx(1.0)


def test_a_model_sampled_at_one_temperature_locks_it(explorer):
    explorer.set(size=16, temperature=0.5)
    assert explorer.locked() == frozenset() and explorer.result.temperature == 0.5
    explorer.set(size=8)
    assert explorer.locked() == {"temperature"} and explorer.result.temperature == 1.0
    assert explorer.text("words_temperature") in explorer.say()
    explorer.reset()


def test_a_run_that_is_not_complete_is_left_out():
    table = made_up_answers()
    short = table.drop(table[(table["run"] == "d32-s1") & (table["problem"] == "4-0")].index)
    held = CountdownAnswers(short)
    assert held.seeds(32) == (0,) and held.seeds(16) == (0, 1) and held.temperatures(16) == (0.5, 1.0)


@pytest.mark.parametrize("column", ["chance", "top_right", "temperature"])
def test_a_table_without_a_column_is_refused(column):
    with pytest.raises(ValueError, match=column):
        CountdownAnswers(made_up_answers().drop(columns=column))


def test_tables_that_cannot_be_read_together_are_refused():
    table = made_up_answers()
    with pytest.raises(ValueError, match="samples differ"):
        CountdownAnswers(table.assign(samples=np.where(table["d_model"] == 8, 100, 200)))
    with pytest.raises(ValueError, match="no run"):
        CountdownAnswers(table.iloc[:0])


def test_votes_from_the_listed_answers_are_those_of_all_answers():
    """The measured answers of the selection runs are all known: votes with the rare ones hidden must agree."""
    table = datasets.load("countdown_selection")
    top, good, correct, distinct, truth = [], [], [], [], []
    generator = np.random.default_rng(3)
    for _, rows in table.groupby("problem"):
        rows = rows.sort_values("count", ascending=False, kind="stable")
        counts, right = rows["count"].to_numpy(), rows["right"].to_numpy()
        top.append(counts[:5])
        good.append(right[:5])
        correct.append((counts * right).sum())
        distinct.append(len(rows))
        held = []
        for k in (3, 10, 30, 100):
            votes = generator.multivariate_hypergeometric(counts, k, size=60)
            won = votes == votes.max(axis=1, keepdims=True)
            held.append(((won * right).sum(axis=1) / won.sum(axis=1)).mean())
        truth.append(held)
    votes = votes_from_top(np.array(top), np.array(good), np.array(correct), np.array(distinct), 256)
    np.testing.assert_allclose(votes.mean(axis=0)[1:5], np.mean(truth, axis=0), atol=0.02)
    assert (votes[:, 5] == votes[:, -1]).all()  # more votes than samples are the vote of all samples


def test_votes_are_read_between_numbers_of_samples():
    table = np.arange(8.0)[None]
    np.testing.assert_allclose(votes_at(table, VOTES_AT, 2000)[0], np.arange(7))
    assert votes_at(table, [np.sqrt(30), 2000, 1e6], 2000)[0] == pytest.approx([1.5, 7, 7])


def test_the_shipped_counts_against_the_table():
    table = datasets.load("countdown_samples")
    rows = table[(table["d_model"] == 32) & (table["temperature"] == 1) & (table["numbers"] == 4)]
    result = explorers.sample_again(size=32, numbers=4, k=100.0).result
    assert result.coverage_at == pytest.approx(sampling.pass_at_k(rows["correct"], rows["samples"], 100).mean())
    assert result.one == pytest.approx(rows["chance"].mean())
    assert result.without_end == pytest.approx(rows["top_right"].str.startswith("1").mean())
    assert result.vote_at < result.checked_at < result.coverage_at
