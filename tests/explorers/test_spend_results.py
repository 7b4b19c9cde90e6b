"""*Spend a budget* on made-up counts whose winner is known, and on the shipped ones."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers, sampling
from course_utils.explorers.countdown_answers import CountdownAnswers
from course_utils.explorers.spend import SpendABudget
from course_utils.explorers.spend_state import BUDGETS, AnswerBudgets, thirds_of
from course_utils.i18n import using_language

PARAMS = {16: 5_000, 32: 20_000, 64: 80_000}
RIGHT = {16: (200, 40, 2), 32: (400, 80, 4), 64: (800, 160, 8)}  # of 2000: twice as good for four times the size


def made_up_answers() -> pd.DataFrame:
    """Make three problems, easy to hard; a wrong answer of 300 samples stands against the right one."""
    rows = []
    for d, params in PARAMS.items():
        for seed in (0, 1, 2) if d < 64 else (0, 1):
            for i, right in enumerate(RIGHT[d]):
                pairs = sorted([(300, 0), (right, 1)], reverse=True)
                rows.append(
                    {
                        "run": f"d{d}-s{seed}", "d_model": d, "seed": seed, "params_blocks_and_head": params,
                        "temperature": 1.0, "numbers": 3, "problem": str(i), "samples": 2000, "correct": right,
                        "chance": right / 2000, "distinct": 2 + 2000 - 300 - right,
                        "top_counts": " ".join(str(c) for c, _ in pairs) + " 1 1 1",
                        "top_right": " ".join(str(r) for _, r in pairs) + " 0 0 0",
                    }
                )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def budgets() -> AnswerBudgets:
    return AnswerBudgets(CountdownAnswers(made_up_answers()))


def test_samples_are_what_the_budget_pays_for(budgets):
    result = budgets.compute(3, "all", 2e6, True)
    np.testing.assert_array_equal(result.samples, [40, 10, 2])  # 2 N FLOPs for each of 5 tokens
    np.testing.assert_allclose(result.each, [5e4, 2e5, 8e5])
    assert result.first_of_largest == 8e5 and result.seeds == (2, 2, 1)
    for i, d in enumerate(PARAMS):
        assert result.solved[i] == pytest.approx(sampling.pass_at_k(RIGHT[d], 2000, int(result.samples[i])).mean())


def test_with_a_verifier_many_cheap_answers_win_and_by_vote_few_good_ones(budgets):
    checked, voted = budgets.compute(3, "hard", 1e8, True), budgets.compute(3, "easy", 1e8, False)
    assert checked.params[checked.best] == PARAMS[16]
    assert checked.lead == pytest.approx(np.sort(checked.solved)[-1] - np.sort(checked.solved)[-2])
    assert voted.params[voted.best] > PARAMS[16] and voted.solved[0] < 0.1 and voted.solved[-1] > 0.9


def test_a_size_that_the_budget_does_not_pay_for_cannot_win(budgets):
    result = budgets.compute(3, "easy", 2e5, False)
    assert result.samples.tolist() == [4, 1, 0] and result.solved[2] == 0
    assert not result.paid[2, 0] and result.winners[0] == result.best != 2
    assert (np.diff(result.paid.astype(int), axis=1) >= 0).all() and result.paid[:, -1].all()


def test_thirds_add_up_to_all(budgets):
    for flops in (BUDGETS[0], 1e7, BUDGETS[-1]):
        parts = [budgets.compute(3, third, flops, True) for third in ("easy", "middle", "hard")]
        whole = budgets.compute(3, "all", flops, True)
        assert sum(part.problems for part in parts) == whole.problems == 3
        np.testing.assert_allclose(np.mean([part.solved for part in parts], axis=0), whole.solved)
        assert (parts[0].solved >= parts[2].solved).all()


def test_difficulty_is_the_mean_of_the_logarithm_of_chance():
    one, other = np.array([0.4, 0.2, 0.1]), np.array([0.001, 0.3, 0.1])
    assert thirds_of([one, other]).tolist() == ["hard", "easy", "middle"]


def test_the_ranking_seed_is_not_counted():
    changed = made_up_answers()
    changed.loc[changed["seed"] == 1, "correct"] = 0
    held, same = AnswerBudgets(CountdownAnswers(changed)), AnswerBudgets(CountdownAnswers(made_up_answers()))
    np.testing.assert_array_equal(held.compute(3, "all", 1e7, True).curves, same.compute(3, "all", 1e7, True).curves)


def test_tables_without_two_seeds_are_refused():
    table = made_up_answers()
    with pytest.raises(ValueError, match="seed 1"):
        AnswerBudgets(CountdownAnswers(table[table["seed"] == 0]))


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_says_who_wins_and_how(code):
    with using_language(code):
        explorer = SpendABudget(made_up_answers())
        said = {explorer._message(explorer.result)}
        for values in ({"verifier": False}, {"flops": BUDGETS[0]}):
            explorer.set(**values)
            said.add(explorer._message(explorer.result))
        assert len(said) == 3
        assert explorer.text("words_vote") in explorer.say()


def test_the_shipped_counts_against_the_table():
    table = datasets.load("countdown_samples")
    result = explorers.spend_a_budget(numbers=5, flops=1e7).result
    rows = table[(table["d_model"] == 64) & (table["numbers"] == 5) & (table["seed"] != 1)]
    many = int(1e7 // (2 * rows["params_blocks_and_head"].iloc[0] * 9))
    assert result.samples[-1] == many
    assert result.solved[-1] == pytest.approx(sampling.pass_at_k(rows["correct"], 2000, many).mean())
    voted = explorers.spend_a_budget(numbers=5, flops=1e7, verifier=False).result
    assert result.best < len(result.params) - 1 == voted.best
