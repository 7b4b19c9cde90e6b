"""The shipped tables hold every planned run and no other, and their rulers agree with one another."""

from importlib import import_module

import numpy as np
import pytest

from course_utils import datasets
from course_utils.tasks import digits, parity
from course_utils.tasks.__main__ import NAMES
from course_utils.tasks.train import checkpoint_steps

DIGITS = ("multiplication", "addition", "initialisation", "longer")


@pytest.mark.parametrize("name", NAMES)
def test_every_planned_run_is_there_with_every_checkpoint(name):
    planned = import_module(f"course_utils.tasks.{name}").planned_runs()
    table = datasets.load(f"{name}_runs")
    assert set(table["run"]) == {run.name for run in planned}
    per_checkpoint = 1 if name == "parity" else len(digits.LENGTHS)
    points, first = ((parity.CHECKPOINTS, parity.FIRST_CHECKPOINT) if name == "parity"
                     else (digits.CHECKPOINTS, digits.FIRST_CHECKPOINT))
    for run in planned:
        steps = checkpoint_steps(run.steps, points, first)
        assert table.loc[table["run"] == run.name, "step"].tolist() == list(np.repeat(steps, per_checkpoint))


@pytest.mark.parametrize("name", DIGITS)
def test_the_rulers_of_one_row_agree(name):
    table = datasets.load(f"{name}_runs")
    assert (table["answer_tokens"] == table["digits"] + 1).all()
    assert (table["exact_match"] <= table["token_accuracy"] + 1e-9).all()
    per_token = table["log_probability_answer"] / table["answer_tokens"]
    assert np.allclose(per_token, table["log_probability_token"], atol=1e-5)
    wrong = (1 - table["token_accuracy"]) * table["answer_tokens"]
    assert (table["edit_distance"] <= wrong + 1e-4).all()  # places that differ can all be changed
    # Jensen: the mean chance of the whole answer is at least e to its mean logarithm
    assert (table["sampled_exact_match"] >= np.exp(table["log_probability_answer"]) - 1e-5).all()
    assert table["brier"].between(0, 2).all()
    losses = table.groupby(["run", "step"])["mixture_loss_nats"]
    assert (losses.nunique() == 1).all()
    assert np.allclose(losses.first(), -table.groupby(["run", "step"])["log_probability_answer"].sum() / 27, atol=1e-5)


def test_parity_starts_at_guessing_and_the_first_task_is_learnt_first():
    table = datasets.load("parity_runs")
    start = table[table["step"] == table["step"].min()]
    assert np.allclose(start["loss_nats"], np.log(2), atol=0.02)
    wide = table[(table["width"] >= 128) & (table["step"] == table["step"].max())]
    assert (wide["loss_task_1"] < 0.05).all()
    assert (wide["loss_task_1"] < wide["loss_task_16"]).all()
