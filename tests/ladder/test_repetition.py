"""A limited stock of text: what is read when, how it is spoilt, and that one epoch of it is a fresh run."""

import dataclasses

import numpy as np
import pytest

from course_utils.ladder import __main__ as command
from course_utils.ladder import repetition, shipped, store, text, train


@pytest.fixture
def corpus():
    """Every token names its place, so that a window says where it was cut."""
    return text.Corpus(np.arange(60_000, dtype=np.uint16), np.arange(64 * 2048 + 65).astype(np.uint16), 1024, "", 2.5)


def test_a_stock_is_cut_from_all_over_the_text_and_holds_every_smaller_one(corpus):
    stock = repetition.stock_windows(corpus, 64, 200, seed=3)
    assert stock.shape == (200, 65)
    assert (np.diff(stock, axis=1) == 1).all()  # windows of running text
    assert len(np.unique(stock[:, 0])) == 200
    neighbours = np.isin(stock[:, 0] + 64, stock[:, 0]).mean()
    assert neighbours < 0.35  # 200 of 937 windows; a contiguous stretch would have 0.995
    assert np.array_equal(stock[:50], repetition.stock_windows(corpus, 64, 50, seed=3))
    assert not np.array_equal(stock, repetition.stock_windows(corpus, 64, 200, seed=4))
    with pytest.raises(ValueError, match=r"n_stock is 937; ask for a smaller"):
        repetition.stock_windows(corpus, 64, 937, seed=3)


def test_every_epoch_reads_the_whole_stock_once_and_in_another_order():
    order = repetition.reading_order(40, 150, seed=1)
    epochs = [order[i : i + 40] for i in (0, 40, 80)]
    assert np.array_equal(epochs[0], np.arange(40))
    for epoch in epochs:
        assert np.array_equal(np.sort(epoch), np.arange(40))
    assert not np.array_equal(epochs[1], epochs[2])
    assert len(set(order[120:].tolist())) == 30  # the last epoch is a part
    with pytest.raises(ValueError, match="n_stock is 0"):
        repetition.reading_order(0, 5, seed=1)


@pytest.mark.parametrize("tokens", [512 * 40, 512 * 100])
def test_one_epoch_of_a_stock_is_the_fresh_run(corpus, monkeypatch, tokens):
    monkeypatch.setattr(train, "_corpus", lambda key: corpus)
    stocked = shipped._stocked("repetition", "x", 16, tokens, 1, 7)
    fresh = dataclasses.replace(stocked, unique_tokens=0)
    ours, held_out, oracle, _ = train._data(stocked)
    theirs, same, _, _ = train._data(fresh)
    assert oracle is None and np.array_equal(held_out, same)
    for step in range(stocked.steps):
        assert np.array_equal(ours(step), theirs(step))


def test_noise_replaces_its_share_evenly_and_once_for_all_epochs(corpus, monkeypatch):
    clean = np.zeros((4000, 65), np.int64)
    spoilt = repetition.with_noise(clean, 0.3, 1024, seed=2)
    assert (spoilt != 0).mean() == pytest.approx(0.3 * 1023 / 1024, abs=0.004)
    struck = spoilt[spoilt != 0]
    assert struck.min() == 1 and struck.max() == 1023
    assert struck.mean() == pytest.approx(512, rel=0.01)
    assert repetition.with_noise(clean, 0, 1024, seed=2) is clean
    with pytest.raises(ValueError, match=r"noise is 1\.0"):
        repetition.with_noise(clean, 1.0, 1024, seed=2)

    monkeypatch.setattr(train, "_corpus", lambda key: corpus)
    run = shipped._stocked("noised", "x", 16, 512 * 20, 3, 7, noise=0.15)
    batch, held_out, _, _ = train._data(run)
    epochs = [np.concatenate([batch(20 * e + step) for step in range(20)]) for e in range(3)]
    assert np.array_equal(np.unique(epochs[0], axis=0), np.unique(epochs[2], axis=0))
    assert (np.diff(held_out, axis=1) == 1).mean() > 0.999  # the held-out text is clean


def test_the_plan_follows_its_rule():
    runs = shipped.repetition()
    for run in runs:
        assert run.tokens % run.unique_tokens == 0
        assert run.tokens <= shipped.LONGEST or run.unique_tokens == shipped.STOCKS[0]
        assert run.noise == 0
    fresh = {(run.d_model, run.seed, run.tokens) for run in runs if run.tokens == run.unique_tokens}
    repeated = [run for run in runs if run.tokens > run.unique_tokens]
    without = [run for run in repeated if (run.d_model, run.seed, run.tokens) not in fresh]
    assert {run.tokens // run.unique_tokens for run in without} == {64}  # every other one has its twin
    assert (len(fresh), len(repeated), len(without)) == (24, 60, 4)
    noised = shipped.noised()
    assert all(run.tokens == run.unique_tokens for run in noised)
    assert {run.noise for run in noised} == {0, 0.05, 0.15, 0.3}


def test_runs_find_their_folder_and_their_tables():
    for name, folder, table in (
        ("grid", "ladder", "text"),
        ("facts", "ladder", "facts"),
        ("routed", "routed", "routed"),
        ("repetition", "repetition", "repetition"),
        ("noised", "repetition", "noised"),
    ):
        run = shipped.runs(name)[0]
        assert command.folder_of(run) == folder
        assert store.table_of(dataclasses.asdict(run)) == table


def test_the_smoke_sized_command_lists_three_kinds(capsys):
    pytest.importorskip("torch", reason="the command asks for PyTorch first")
    assert command.main(["repetition", "--smoke", "--list"]) == 0
    listed = [line.split()[0] for line in capsys.readouterr().out.splitlines()]
    assert listed == ["smoke-fresh", "smoke-x4", "smoke-n15"]
