"""The shipped tables of answers and thoughts hold every planned run, and their columns agree with one another."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import datasets, sampling
from course_utils.tasks import countdown, countdown_selection, expressions, pointer, pointer_spend, pointer_votes
from course_utils.tasks.__main__ import ANSWERS
from course_utils.tasks.expressions import SIGNS
from course_utils.tasks.train import checkpoint_steps

TOKENS = {sign: token for token, sign in SIGNS.items()}
NAMES = ("countdown_samples", "countdown_selection", "pointer_runs", "pointer_votes", "pointer_spend")
TABLES = dict(zip(ANSWERS, NAMES, strict=True))


def tokens_of(text):
    return np.array([TOKENS[word] if word in TOKENS else int(word) for word in text.split()])


def problem_of(text):
    numbers, target = text.split(" = ")
    return tokens_of(numbers), int(target)


@pytest.mark.parametrize("name", ANSWERS)
def test_the_table_has_the_planned_runs_and_no_other(name):
    planned = import_module(f"course_utils.tasks.{name}").planned_runs()
    assert set(datasets.load(TABLES[name])["run"]) == {run.name for run in planned}


def test_every_run_of_countdown_met_the_same_held_out_problems():
    table = datasets.load("countdown_samples")
    asked = {}
    for size in expressions.SIZES:
        numbers, target = countdown.test_problems(size)
        asked[size] = [f"{expressions.write(row)} = {goal}" for row, goal in zip(numbers, target, strict=True)]
    for (_, _, size), rows in table.groupby(["run", "temperature", "numbers"]):
        assert rows["problem"].tolist() == asked[size]
    for text in sorted(set(table["problem"])):
        numbers, target = problem_of(text)
        assert expressions.held_out(numbers[None], np.array([target])).all()


def test_right_answers_were_counted_by_trying_all():
    table = datasets.load("countdown_samples").drop_duplicates("problem")
    for text, count in zip(table["problem"][:40], table["right_answers"][:40], strict=True):
        assert len(expressions.right_answers(*problem_of(text))) == count
    assert (table["right_answers"] > 0).all()


def test_counts_of_countdown_agree_with_the_exact_chance():
    table = datasets.load("countdown_samples")
    assert table["chance"].between(0, 1, inclusive="right").all()
    assert (table["correct"] <= table["samples"]).all()
    spread = np.sqrt(table["samples"] * table["chance"] * (1 - table["chance"]))
    off = (table["correct"] - table["samples"] * table["chance"]).abs()
    assert (off <= 6 * spread + 4).all()
    assert np.average(off > 2 * spread + 1) < 0.05
    top = table["top_counts"].str.split().map(lambda words: [int(word) for word in words])
    right = table["top_right"].str.split().map(lambda words: [int(word) for word in words])
    for most, good, row in zip(top, right, table.itertuples(), strict=True):
        assert most == sorted(most, reverse=True)
        assert len(most) == len(good) == min(countdown.TOP, row.distinct)
        assert np.dot(most, good) <= row.correct <= row.samples - np.dot(most, [1 - each for each in good])
    assert (table["log_probability_right"].isna() == (table["correct"] == 0)).all()
    assert (table["log_probability_wrong"].isna() == (table["correct"] == table["samples"])).all()


def test_every_selected_answer_is_as_right_as_the_table_says():
    table = datasets.load("countdown_selection")
    assert (table.groupby("problem")["count"].sum() == countdown_selection.SAMPLES).all()
    assert table["problem"].nunique() == countdown_selection.PROBLEMS
    assert not table.duplicated(["problem", "answer"]).any()
    assert (table[["log_probability", "log_probability_larger"]] <= 0).all(axis=None)
    accepted = table["verdict"] > 0
    assert accepted[table["right"] == 1].mean() > accepted[table["right"] == 0].mean()
    for text, rows in table.groupby("problem"):
        numbers, target = problem_of(text)
        answers = np.array([tokens_of(answer) for answer in rows["answer"]])
        right = expressions.verify(np.tile(numbers, (len(rows), 1)), np.full(len(rows), target), answers)
        assert (right == (rows["right"] == 1)).all()


def test_pointers_have_every_checkpoint_and_budget():
    table = datasets.load("pointer_runs")
    for run in pointer.planned_runs():
        mine = table[table["run"] == run.name]
        steps = checkpoint_steps(run.steps, pointer.CHECKPOINTS, pointer.FIRST_CHECKPOINT)
        assert sorted(set(mine["step"])) == steps
        last = mine[mine["step"] == run.steps]
        assert len(last) == run.most * (pointer.MOST + 1 if run.thinks else 1)
        before = mine[mine["step"] < run.steps]
        assert (before["budget"] == (before["hops"] if run.thinks else 0)).all()
        assert set(mine["hops"]) == set(range(1, run.most + 1))
    assert table["accuracy"].between(0, 1).all()
    assert np.allclose(table["accuracy"] * table["items"], (table["accuracy"] * table["items"]).round())


def test_votes_add_up():
    table = datasets.load("pointer_votes")
    counts = np.array([[int(word) for word in row.split()] for row in table["counts"]])
    assert (counts.sum(axis=1) == table["samples"]).all()
    assert (counts[np.arange(len(table)), table["answer"]] == table["correct"]).all()
    assert sorted(set(table["step"])) == list(pointer_votes.AT)
    assert (table.groupby(["run", "step"]).size() == pointer.MOST * pointer_votes.PROBLEMS).all()
    one = sampling.majority_vote(counts, 1, correct=table["answer"].to_numpy())
    assert np.allclose(one, table["correct"] / table["samples"])


def test_every_split_of_the_joint_table_was_sampled():
    table = datasets.load("pointer_spend")
    counts = np.array([[int(word) for word in row.split()] for row in table["counts"]])
    assert counts.shape[1] == pointer.PLACES and (counts.sum(axis=1) == table["samples"]).all()
    assert (table["samples"] == pointer_spend.SAMPLES).all()
    assert (counts[np.arange(len(table)), table["answer"]] == table["correct"]).all()
    for _, rows in table.groupby("run"):
        asked = rows.groupby(["hops", "budget"]).size()
        assert set(asked.index) == {(h, b) for h in range(1, pointer.MOST + 1) for b in range(h + 1)}
        assert (asked == pointer_spend.PROBLEMS).all()
    for hops, rows in table[table["budget"] == 0].groupby("hops"):
        _, answers = pointer.questions(int(hops), pointer_spend.PROBLEMS)
        for _, mine in rows.groupby("run"):
            assert mine["answer"].tolist() == answers.tolist()


def test_full_chains_of_the_joint_table_agree_with_the_votes():
    """The same models, sampled again with other draws: right samples differ by what draws differ."""
    votes, joint = datasets.load("pointer_votes"), datasets.load("pointer_spend")
    votes = votes[votes["step"] == votes["step"].max()].set_index(["seed", "problem"])["correct"]
    joint = joint[(joint["d_model"] == 16) & (joint["budget"] == joint["hops"])]
    full = joint.set_index(["seed", "problem"])["correct"]
    votes = votes.loc[full.index]
    rate = (votes + full) / (2 * pointer_spend.SAMPLES)
    spread = np.sqrt(2 * pointer_spend.SAMPLES * rate * (1 - rate))
    off = (votes - full) / spread.clip(lower=1)
    assert len(full) == 3 * 8 * pointer_spend.PROBLEMS and off.abs().max() < 5 and 0.85 < off.std() < 1.1
