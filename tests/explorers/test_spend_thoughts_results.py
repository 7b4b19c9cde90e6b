"""*Spend a budget* where pointers are followed: made-up chains with a known winner, brute force, the shipped table."""

from __future__ import annotations

from itertools import combinations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers, sampling
from course_utils.explorers.spend_state import BUDGETS
from course_utils.explorers.spend_thoughts import STEPS_OF, ThoughtBudgets, votes_from_counts
from course_utils.i18n import using_language

PARAMS = {16: 5_000, 32: 20_000}
SAMPLES = 9


def made_up_chains() -> pd.DataFrame:
    """Make two questions of each number of steps: right (6 of 9; 9 of 9 in the larger size) after all thoughts only."""
    rows = []
    for d, params in PARAMS.items():
        for seed in range(2):
            for hops in range(1, 9):
                for budget in range(hops + 1):
                    for item in range(2):
                        right = (6 if d == 16 else 9) if budget == hops else 1 - item
                        counts = np.zeros(16, dtype=int)
                        counts[3], counts[5] = right, SAMPLES - right
                        rows.append(
                            {
                                "run": f"d{d}-s{seed}", "d_model": d, "seed": seed, "params_blocks_and_head": params,
                                "hops": hops, "budget": budget, "problem": f"{hops}-{item + 1}", "samples": SAMPLES,
                                "correct": right, "answer": 3, "counts": " ".join(map(str, counts)),
                            }
                        )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def budgets() -> ThoughtBudgets:
    return ThoughtBudgets(made_up_chains())


@pytest.fixture(scope="module")
def shipped() -> pd.DataFrame:
    return datasets.load("pointer_spend")


def test_votes_against_every_way_to_draw_them():
    rows = [(4, 3, 2), (5, 5, 0), (0, 6, 3), (2, 2, 4)]
    counts = np.zeros((4000, 16), dtype=int)  # a thousand times each, so that the mean of the votes has settled
    counts[:, :3] = np.repeat(rows, 1000, axis=0)
    for total in (9, 10, 8):
        mine = counts[counts.sum(axis=1) == total]
        voted = votes_from_counts(mine, np.zeros(len(mine), dtype=int), np.array([1, 3, total]))
        for row in np.unique(mine, axis=0):
            labels = np.repeat(np.arange(16), row)
            for i, k in enumerate((1, 3, total)):
                won = []
                for drawn in combinations(labels, k):
                    cast = np.bincount(drawn, minlength=16)
                    won.append((cast[0] == cast.max()) / (cast == cast.max()).sum())
                got = voted[(mine == row).all(axis=1), i].mean()
                assert got == pytest.approx(np.mean(won), abs=0.03 if k == 3 else 1e-12)


def test_samples_are_what_the_budget_pays_for(budgets):
    result = budgets.compute(5, "hard", 2e5, True)
    tokens = np.array([np.mean([min(b, hops) + 1 for hops in (6, 7, 8)]) for b in range(9)])
    paid = np.floor(2e5 / (2 * np.array([[5_000], [20_000]]) * tokens))
    np.testing.assert_array_equal(result.grid_samples, np.minimum(paid, SAMPLES))
    np.testing.assert_allclose(result.each, 2 * np.array([5_000, 20_000]) * tokens[-1])
    assert result.first_of_largest == result.each[-1] and (result.problems, result.seeds) == (6, (2, 2))
    voted = budgets.compute(5, "hard", 2e5, False)
    assert set(voted.grid_samples.ravel().tolist()) == {0, 1, 3, 9}  # a vote is held with 1, 3 and 9 samples
    assert (voted.grid_samples <= result.grid_samples).all()


def test_at_most_means_that_a_thought_stops_where_the_way_ends(budgets):
    for third, (low, high) in STEPS_OF.items():
        result = budgets.compute(5, third, 1e8, False)
        assert result.grid.shape == (2, high + 1)
        right = [[np.mean([hops <= b for hops in range(low, high + 1)]) for b in range(high + 1)]] * 2
        np.testing.assert_allclose(result.grid, right)  # a cut thought never wins a vote of nine
        assert result.problems == 2 * (high - low + 1)


def test_a_verifier_finds_the_one_right_sample_of_a_cut_thought(budgets):
    result = budgets.compute(5, "hard", 1e5, True)
    k = result.grid_samples[0, 0]
    assert k == 9 and result.grid[0, 0] == pytest.approx(0.5)  # one of the two questions has one right sample in nine
    few = budgets.compute(5, "hard", 1.5e5, True)
    assert few.grid[1, 0] == pytest.approx(np.mean([sampling.pass_at_k(c, SAMPLES, 3) for c in (1, 0)]))


def test_of_equal_splits_the_smaller_size_and_the_shorter_thought_win(budgets):
    result = budgets.compute(5, "hard", 1e8, True)
    assert result.solved.tolist() == [1.0, 1.0] and result.best == 0 and result.lead == 0
    assert result.length.tolist() == [8, 8]
    short = budgets.compute(5, "easy", 1e5, True)
    assert short.length[short.best] == 2 and short.grid.shape == (2, 3)


def test_the_winner_changes_with_the_money(budgets):
    winners = budgets.compute(5, "hard", 1e8, False).winners
    one_small, one_large = 2 * 5_000 * 8, 2 * 20_000 * 8
    between = [i for i, c in enumerate(BUDGETS) if one_small <= c < min(one_large, 3 * one_small)]
    assert between and (winners[between] == 0).all()
    assert winners[BUDGETS.index(4e5)] == 1  # one sure sample against five of which two in three are right


def test_tables_that_do_not_hold_every_split_are_refused():
    table = made_up_chains()
    with pytest.raises(ValueError, match="d_model 32, 8 steps, 4 thoughts"):
        ThoughtBudgets(table[~((table["d_model"] == 32) & (table["hops"] == 8) & (table["budget"] == 4))])
    with pytest.raises(ValueError, match="counts"):
        ThoughtBudgets(table.drop(columns="counts"))
    with pytest.raises(ValueError, match="two or more"):
        ThoughtBudgets(table[table["d_model"] == 16])
    with pytest.raises(ValueError, match="samples differ"):
        ThoughtBudgets(table.assign(samples=np.where(table["seed"] == 0, 9, 10)))


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_words_follow_the_ground(code):
    with using_language(code):
        explorer = explorers.spend_a_budget(chains=made_up_chains())
        assert explorer.locked() == frozenset()
        labels = explorer.controls[2].options
        said = {explorer._message(explorer.result)}
        explorer.set(ground="pointers", third="hard", flops=4e5)
        assert explorer.locked() == {"numbers"} and explorer.controls[2].options != labels
        assert [value for _, value in explorer.controls[2].options] == [value for _, value in labels]
        said.add(explorer._message(explorer.result))
        assert explorer.text("words_thoughts_checked") in explorer.say()
        explorer.set(verifier=False)
        assert explorer.text("words_thoughts_vote") in explorer.say()
        said.add(explorer._message(explorer.result))
        assert len(said) == 3
        explorer.set(ground="countdown")
        assert explorer.text("words_vote") in explorer.say() and explorer.controls[2].options == labels


def test_the_shipped_cells_against_the_table(shipped):
    wanted = {"flops": 1e6, "third": "middle", "ground": "pointers"}
    checked, voted = (explorers.spend_a_budget(verifier=v, **wanted).result for v in (True, False))
    for i, (_, rows) in enumerate(shipped[shipped["hops"].between(3, 5)].groupby("d_model")):
        params = rows["params_blocks_and_head"].iloc[0]
        for length in range(6):
            cells = rows[rows["budget"] == np.minimum(length, rows["hops"])]
            each = 2 * params * (cells["budget"].mean() + 1)
            many = min(int(1e6 / each * (1 + 1e-9)), 256)
            assert checked.grid_samples[i, length] == many
            reach = sampling.pass_at_k(cells["correct"], 256, many).mean() if many else 0.0
            assert checked.grid[i, length] == pytest.approx(reach)
            held = max((k for k in (1, 3, 9, 27, 81, 256) if k <= many), default=0)
            assert voted.grid_samples[i, length] == held
            counts = [[int(x) for x in row.split()] for row in cells["counts"]]
            near = sampling.majority_vote(counts, held, correct=cells["answer"].to_numpy()).mean() if held else 0.0
            # drawn with putting back, in every way, and without, in twenty
            assert voted.grid[i, length] == pytest.approx(near, abs=0.02)


def test_the_story_of_the_shipped_table():
    """Length comes first: no number of samples makes up for it, and one sure chain beats votes of unsure ones."""
    explorer = explorers.spend_a_budget(ground="pointers", third="hard", verifier=False)
    for flops in (1e6, 1e7, 1e8):
        explorer.set(flops=flops)
        result = explorer.result
        assert result.length[result.best] == 8 and result.solved[result.best] > 0.99
        assert result.grid[:, :6].max() < 0.15 and result.unthought.max() < 0.15
        assert result.params[result.best] > result.params[1]
