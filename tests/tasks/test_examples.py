"""Examples are right, fresh and the same for everybody; the questions leave the answer to the model."""

import numpy as np
import pytest

from course_utils.tasks import digits, parity


def number(row):
    used = row[row != digits.BLANK]
    return int(sum(digit * 10**place for place, digit in enumerate(used)))


@pytest.mark.parametrize("operation", ["multiplication", "addition"])
def test_every_answer_is_right_and_only_the_answer_counts(operation):
    lengths = np.repeat(digits.LENGTHS, 200)
    tokens, counts = digits.examples(operation, lengths, np.random.default_rng(1))
    place = digits.DigitRun("x", operation, 16, 0, 1).question
    assert tokens.shape[1] == place + digits.SLOTS + 1
    assert (tokens[:, place - 1] == digits.EQUALS).all()
    for row, counted, length in zip(tokens, counts, lengths, strict=True):
        first = number(row[: digits.SLOTS])
        second = int(row[digits.SLOTS]) if operation == "multiplication" else number(row[digits.SLOTS : place - 1])
        assert 10 ** (length - 1) <= first < 10**length
        assert number(row[place:]) == (first * second if operation == "multiplication" else first + second)
        assert counted.sum() == length + 1
        assert not counted[:place].any()
    if operation == "multiplication":
        assert set(tokens[:, digits.SLOTS]) == set(range(2, 10))  # 0 and 1 would be too easy


def test_test_items_do_not_depend_on_a_run_and_training_steps_differ():
    assert (digits.questions("addition", 4) == digits.questions("addition", 4)).all()
    first, again, other = (digits.batch("addition", seed, step)[0] for seed, step in ((0, 5), (0, 5), (0, 6)))
    assert (first == again).all()
    assert (first != other).any()


def test_an_unknown_operation_is_refused():
    with pytest.raises(ValueError, match="'division'"):
        digits.examples("division", np.array([1]), np.random.default_rng(0))


def test_parity_is_that_of_three_bits_and_the_first_task_comes_most_often():
    tasks = np.repeat(np.arange(parity.TASKS), 50)
    inputs, answer = parity.examples(tasks, np.random.default_rng(2))
    bits = inputs[:, parity.TASKS :]
    for row, task, wanted in zip(bits, tasks, answer, strict=True):
        assert row[parity.triples()[task]].sum() % 2 == wanted
    assert (inputs[:, : parity.TASKS].argmax(1) == tasks).all()
    assert 0.48 < bits.mean() < 0.52
    often = parity.task_probabilities()
    assert often.sum() == pytest.approx(1)
    assert often[0] / often[7] == pytest.approx(8**1.4)


def test_no_two_parity_tasks_are_alike():
    found = {tuple(three) for three in parity.triples().tolist()}
    assert len(found) == parity.TASKS
    assert all(len(set(three)) == 3 and max(three) < parity.BITS for three in found)
