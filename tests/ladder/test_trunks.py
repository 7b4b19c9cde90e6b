"""Runs with a cooldown that share their beginning are trained once and end the same."""

import dataclasses
import itertools
import os
import time

import pytest

from course_utils.ladder import shipped, trunks
from course_utils.ladder.train import learning_rate
from tests.ladder import own_corpus


def test_runs_of_one_chain_have_the_same_rates_until_they_branch():
    for chain in trunks.chains(shipped.games_cooldown()):
        assert len(chain) == 4
        assert len({(run.d_model, run.seed) for run in chain}) == 1
        for shorter, longer in itertools.pairwise(chain):
            branch = trunks.branch_step(shorter)
            assert shorter.steps < longer.steps
            steps = [*range(0, branch, 7), branch]  # the first step of the cooldown still has the whole rate
            assert [learning_rate(s, shorter) for s in steps] == [learning_rate(s, longer) for s in steps]
            assert learning_rate(branch + 1, shorter) < learning_rate(branch + 1, longer)


def test_a_trunk_is_paid_for_once():
    runs = shipped.games_cooldown()
    paid = trunks.steps_to_pay(runs)
    alone = sum(run.steps for run in runs)
    longest = {(run.d_model, run.seed): run for run in sorted(runs, key=lambda run: run.steps)}
    once = sum(trunks.branch_step(run) for run in longest.values()) + sum(run.cooling_steps for run in runs)
    assert sum(paid.values()) == once < 0.8 * alone


def test_runs_that_share_nothing_stand_alone():
    cosine = dataclasses.replace(shipped.games()[0], name="cosine")
    facts = dataclasses.replace(shipped.smoke()[0], schedule="cooldown")
    first = shipped.games_cooldown()[0]
    others = [dataclasses.replace(first, name=f"x{i}", **change) for i, change in enumerate(
        ({"seed": 99}, {"lr": 0.01}, {"warmup_steps": 1}, {"d_model": 10}, {"validation_windows": 64}))]
    runs = [cosine, facts, first, *others]
    assert [len(chain) for chain in trunks.chains(runs)] == [1] * len(runs)
    assert trunks.Trunk.of(cosine, "somewhere") is None
    assert trunks.Trunk.of(facts, "somewhere") is None
    keys = {trunks.Trunk.of(run, "somewhere", (data,)).key for run in (first, *others) for data in ("one", "two")}
    assert len(keys) == 2 * (1 + len(others))
    renamed = dataclasses.replace(first, name="y", set="z", tokens=2 * first.tokens, budget=None, curve_points=3)
    assert trunks.Trunk.of(renamed, "a").key == trunks.Trunk.of(first, "b").key


def test_clear_removes_states_and_nothing_else(tmp_path):
    for name in ("trunk-a-1.pt", ".trunk-a-2-77.pt", "mine.pt", "runs.csv"):
        (tmp_path / name).write_bytes(b"12345")
    assert trunks.clear(tmp_path) == 5
    assert sorted(path.name for path in tmp_path.iterdir()) == ["mine.pt", "runs.csv"]
    assert trunks.clear(tmp_path / "nowhere") == 0


def test_the_oldest_states_make_room(tmp_path, monkeypatch):
    now = time.time()
    for i in range(4):
        path = tmp_path / f"trunk-a-{i}.pt"
        path.write_bytes(bytes(100))
        os.utime(path, (now - i, now - i))
    left = tmp_path / ".trunk-a-9-77.pt"
    left.write_bytes(b"half")
    os.utime(left, (now - 7200, now - 7200))
    monkeypatch.setattr(trunks, "LARGEST_FOLDER", 250)
    trunks._shrink(tmp_path)
    assert sorted(path.name for path in tmp_path.iterdir()) == ["trunk-a-0.pt", "trunk-a-1.pt"]


@pytest.fixture
def train():
    pytest.importorskip("torch", reason="PyTorch is not installed: python3 course.py ladder names the cure")
    from course_utils.ladder.train import train

    return train


@pytest.mark.slow
def test_a_longer_run_begins_where_the_shorter_one_cooled_and_ends_the_same(tmp_path, monkeypatch, train):
    own_corpus.run(tmp_path, monkeypatch)
    folder = tmp_path / "trunks"
    runs = own_corpus.horizons(40, 100, 250)
    rows, curves = {}, {}
    for run in runs:
        rows[run.name], curves[run.name] = train(run, trunks=folder)
    assert {name: row["steps_paid"] for name, row in rows.items()} == trunks.steps_to_pay(runs)
    assert rows["own-250"]["steps_paid"] == 250 - 80
    for run in runs:
        alone, curve = train(run)
        row = rows[run.name]
        assert row["loss_nats"] == alone["loss_nats"]
        measured = {point["step"]: point for point in curves[run.name]}
        shared = [point for point in curve if point["step"] in measured]
        assert shared[-1]["step"] == run.steps
        assert all(measured[point["step"]] == point for point in shared)
        assert row["flops_paid"] == pytest.approx(alone["flops"] * row["steps_paid"] / run.steps)
        assert "flops_paid" not in alone
    assert sorted(path.name.rsplit("-", 1)[1] for path in folder.iterdir()) == ["200.pt", "32.pt", "80.pt"]


def test_weights_agree_to_the_last_bit(tmp_path, monkeypatch, train):
    import torch

    from course_utils.ladder import train as module

    learners = []

    class Watched(module.Learner):
        def __init__(self, *args, **options):
            super().__init__(*args, **options)
            learners.append(self)

    monkeypatch.setattr(module, "Learner", Watched)
    own_corpus.run(tmp_path, monkeypatch)
    short, long = own_corpus.horizons(40, 100)
    train(short, trunks=tmp_path)
    train(long, trunks=tmp_path)
    train(long)
    _, resumed, alone = learners
    for one, two in zip(resumed.parameters, alone.parameters, strict=True):
        assert torch.equal(one, two)


def test_a_run_finds_no_trunk_of_another_seed_or_text(tmp_path, monkeypatch, train):
    own_corpus.run(tmp_path, monkeypatch)
    short, long = own_corpus.horizons(40, 60)
    train(short, trunks=tmp_path)
    row, _ = train(dataclasses.replace(long, seed=1), trunks=tmp_path)
    assert row["steps_paid"] == 60
    assert "flops_paid" not in train(dataclasses.replace(short, schedule="cosine"), trunks=tmp_path)[0]


def test_a_broken_state_is_named(tmp_path, monkeypatch, train):
    own_corpus.run(tmp_path, monkeypatch)
    short, long = own_corpus.horizons(40, 60)
    folder = tmp_path / "trunks"
    train(short, trunks=folder)
    [state] = folder.iterdir()
    for broken in (state.read_bytes()[:1000], b"", b"no state"):
        state.write_bytes(broken)
        with pytest.raises(ValueError, match=rf"{state.name}.*remove it"):
            train(long, trunks=folder)


def test_an_interrupt_while_a_state_is_written_leaves_no_part(tmp_path, monkeypatch, train):
    import torch

    def stopped(state, path):
        path.write_bytes(b"half")
        raise KeyboardInterrupt

    own_corpus.run(tmp_path, monkeypatch)
    monkeypatch.setattr(torch, "save", stopped)
    with pytest.raises(KeyboardInterrupt):
        train(own_corpus.horizons(40)[0], trunks=tmp_path / "trunks")
    assert not list((tmp_path / "trunks").iterdir())
