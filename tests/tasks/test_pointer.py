"""Pointers: the way is the one that the arrows show, and every slot that should not count does not."""

from types import SimpleNamespace

import numpy as np
import pytest

from course_utils.tasks import pointer, pointer_spend
from course_utils.tasks.pointer import ANSWER, BLANK, MOST, PLACES, QUESTION


def walk(row):
    where, at, hops = row[:PLACES], int(row[PLACES]), int(row[PLACES + 1]) - PLACES + 1
    way = []
    for _ in range(hops):
        at = int(where[at])
        way.append(at)
    return way


@pytest.mark.parametrize("thinks", [True, False])
def test_the_way_follows_the_arrows(thinks):
    hops = np.repeat(np.arange(1, MOST + 1), 50)
    tokens, counts = pointer.examples(hops, np.random.default_rng(1), thinks=thinks)
    for row, counted, steps in zip(tokens, counts, hops, strict=True):
        way = walk(row)
        assert len(way) == steps
        assert row[-1] == way[-1]
        assert row[-2] == ANSWER
        assert len({int(row[PLACES]), *way}) == steps + 1  # no place twice
        slots = row[QUESTION:-2].tolist()
        assert slots == ([BLANK] * (MOST - steps) + way if thinks else [])
        assert counted.sum() == (steps + 1 if thinks else 1)
        assert counted[-1]
        assert not counted[:QUESTION].any()
        assert not counted[row >= PLACES].any()


def test_all_places_form_one_ring():
    tokens, _ = pointer.examples(np.full(20, 1), np.random.default_rng(2), thinks=False)
    for row in tokens:
        at, seen = 0, []
        for _ in range(PLACES):
            at = int(row[at])
            seen.append(at)
        assert sorted(seen) == list(range(PLACES))
        assert at == 0


def test_questions_are_the_same_for_every_model_and_batches_are_fresh():
    first, answers = pointer.questions(5, 30)
    again, _ = pointer.questions(5, 30)
    assert (first == again).all()
    assert answers.tolist() == [walk(row)[-1] for row in first]
    run = pointer.PointerRun("x", 16, 0, 10, True)
    assert (pointer.batch(run, 1)[0] == pointer.batch(run, 1)[0]).all()
    assert (pointer.batch(run, 1)[0] != pointer.batch(run, 2)[0]).any()


@pytest.mark.slow
def test_a_budget_of_thoughts_is_kept(monkeypatch):
    torch = pytest.importorskip("torch")
    read = []

    def next_place(model, ids, memory, start):
        read.append(ids.clone())
        logits = torch.zeros(len(ids), pointer.VOCABULARY)
        logits[:, BLANK] = 9.0  # the likeliest, and not allowed
        logits[torch.arange(len(ids)), (ids[:, -1] + 1) % PLACES] = 5.0
        return logits

    monkeypatch.setattr("course_utils.tasks.generate.read", next_place)
    prompts, _ = pointer.questions(3, 4)
    said = pointer.answer_after(SimpleNamespace(blocks=[]), prompts, 2)
    assert said.tolist() == [(ANSWER + 1) % PLACES] * 4
    asked = read[-1]
    assert asked.shape[1] == QUESTION + MOST + 1
    assert (asked[:, QUESTION : QUESTION + MOST - 2] == BLANK).all()
    assert (asked[:, QUESTION + MOST - 2 : -1] < PLACES).all()
    assert (asked[:, -1] == ANSWER).all()


@pytest.mark.slow
@pytest.mark.parametrize("thoughts", [0, 1, 3])
def test_samples_of_one_reading_are_distributed_as_samples_of_many(thoughts):
    torch = pytest.importorskip("torch")
    from course_utils.ladder.model import Decoder
    from course_utils.tasks.train import initialise

    torch.manual_seed(0)
    model = Decoder(pointer.PointerRun("x", 16, 0, 10, True).shape())
    initialise(model, "wide")
    with torch.no_grad():
        model.head.normal_(0.0, 0.5)
    prompts, _ = pointer.questions(3, 4)
    draw = torch.Generator().manual_seed(1)
    once = pointer_spend.samples_after(model.eval(), prompts, thoughts, 2000, generator=draw)
    many = pointer.answer_after(model, np.repeat(prompts, 2000, axis=0), thoughts, temperature=1.0, generator=draw)
    counts = [np.array([np.bincount(row, minlength=PLACES) for row in said.reshape(4, -1)]) for said in (once, many)]
    both = sum(counts)
    off = ((counts[0] - counts[1]) ** 2 / np.maximum(both, 1)).sum()
    freedom = (both > 0).sum() - 4
    assert once.shape == (4, 2000) and abs(off - freedom) < 5 * np.sqrt(2 * freedom)
