"""Countdown: the verifier against plain arithmetic on every small expression, and problems that nobody trained on."""

import itertools

import numpy as np
import pytest

from course_utils.tasks import countdown, expressions
from course_utils.tasks.expressions import LARGEST, MINUS, PLUS, SIZES, TIMES, VOCABULARY


def by_hand(tokens):
    """Value of one answer in reverse Polish, or None."""
    stack = []
    for token in map(int, tokens):
        if token <= LARGEST:
            stack.append(token)
        elif token not in (PLUS, MINUS, TIMES) or len(stack) < 2:
            return None
        else:
            second, first = stack.pop(), stack.pop()
            stack.append({PLUS: first + second, MINUS: first - second, TIMES: first * second}[token])
    return stack[0] if len(stack) == 1 else None


def reachable(numbers):
    """Return every value that uses all `numbers` once, by merging two of them at a time."""
    if len(numbers) == 1:
        return set(numbers)
    found = set()
    for i, j in itertools.permutations(range(len(numbers)), 2):
        rest = [n for place, n in enumerate(numbers) if place not in (i, j)]
        for value in (numbers[i] + numbers[j], numbers[i] - numbers[j], numbers[i] * numbers[j]):
            found |= reachable([*rest, value])
    return found


@pytest.mark.parametrize("length", [1, 2, 3])
def test_every_string_of_tokens_has_the_value_that_arithmetic_gives_it(length):
    every = np.array(list(itertools.product(range(VOCABULARY), repeat=length)))
    values, formed = expressions.evaluate(every)
    for row, value, good in zip(every, values, formed, strict=True):
        assert (int(value) if good else None) == by_hand(row)


def test_longer_strings_agree_too_well_formed_or_not():
    generator = np.random.default_rng(4)
    some = generator.choice([2, 3, 5, PLUS, MINUS, TIMES], size=(20_000, 5))
    values, formed = expressions.evaluate(some)
    said = [int(value) if good else None for value, good in zip(values, formed, strict=True)]
    assert said == [by_hand(row) for row in some]
    assert 0.01 < formed.mean() < 0.5


def test_a_right_answer_uses_each_number_as_often_as_it_is_given():
    answers = np.array([[3, 4, PLUS, 3, TIMES], [3, 4, PLUS, 4, TIMES], [3, 3, PLUS, 4, TIMES], [3, 4, TIMES, 9, PLUS]])
    numbers, target = np.tile([3, 4, 3], (4, 1)), np.full(4, 21)
    assert expressions.verify(numbers, target, answers).tolist() == [True, False, False, False]
    assert expressions.verify(numbers, np.full(4, 24), answers).tolist() == [False, False, True, False]


@pytest.mark.parametrize("numbers", [(3, 7, 12), (5, 5, 2), (1, 16, 1), (2, 3, 4, 9)])
def test_right_answers_are_all_that_there_are(numbers):
    forms = _all_forms(numbers)
    every = [by_hand(order) for order in forms]
    assert set(every) == reachable(list(numbers))
    for target in sorted(set(every))[:: max(1, len(set(every)) // 12)]:
        found = expressions.right_answers(np.array(numbers), target)
        assert expressions.verify(np.tile(numbers, (len(found), 1)), np.full(len(found), target), found).all()
        wanted = {order for order, value in zip(forms, every, strict=True) if value == target}
        assert {tuple(row) for row in found.tolist()} == wanted


def _all_forms(numbers):
    signs = len(numbers) - 1
    pool = itertools.permutations(numbers)
    return [tokens for order in set(pool) for operators in itertools.product((PLUS, MINUS, TIMES), repeat=signs)
            for tokens in _shuffles(order, operators) if by_hand(tokens) is not None]


def _shuffles(order, operators):
    length = len(order) + len(operators)
    for places in itertools.combinations(range(length), len(operators)):
        first, second = iter(order), iter(operators)
        yield tuple(next(second) if i in places else next(first) for i in range(length))


@pytest.mark.parametrize(("size", "number"), [(3, 2), (4, 5), (5, 14)])
def test_orders_of_operations_are_counted_by_catalan(size, number):
    assert len(expressions.patterns(size)) == number


@pytest.mark.parametrize("size", SIZES)
def test_drawn_problems_are_solved_by_their_answer(size):
    numbers, target, answers = expressions.problems(size, 500, np.random.default_rng(size))
    assert expressions.verify(numbers, target, answers).all()
    assert ((target >= 1) & (target <= 200)).all()
    assert ((numbers >= 1) & (numbers <= LARGEST)).all()
    assert set(np.unique(numbers)) == set(range(1, LARGEST + 1))


def read(row):
    numbers, target = row[: expressions.SLOTS], row[expressions.SLOTS : expressions.SLOTS + 3]
    return (*sorted(numbers[numbers <= LARGEST].tolist()), int(target @ [100, 10, 1]))


def test_no_test_problem_is_ever_trained_on():
    asked = set()
    for size in SIZES:
        numbers, target = countdown.test_problems(size)
        assert len(numbers) == countdown.PROBLEMS
        asked |= {read(row) for row in expressions.question(numbers, target)}
    assert len(asked) == 3 * countdown.PROBLEMS  # no two alike
    seen = {read(row) for step in range(300) for row in countdown.batch(0, step)[0]}
    assert len(seen) > 20_000
    assert not asked & seen
    # the hash looks at the problem, not at how it is written
    numbers, target, _ = expressions.problems(4, 300, np.random.default_rng(0))
    assert (expressions.held_out(numbers, target) == expressions.held_out(numbers[:, ::-1], target)).all()


def test_one_problem_in_ten_is_held_out():
    generator = np.random.default_rng(8)
    numbers, target = generator.integers(1, 21, (20_000, 5)), generator.integers(1, 201, 20_000)
    assert expressions.held_out(numbers, target).mean() == pytest.approx(0.1, abs=0.01)


def test_only_the_answer_counts_and_steps_differ():
    tokens, counts = countdown.batch(3, 7)
    for row, counted in zip(tokens, counts, strict=True):
        size = int((row[: expressions.SLOTS] <= LARGEST).sum())
        assert np.flatnonzero(counted).tolist() == [expressions.QUESTION + i for i in range(2 * size - 1)]
    assert (tokens == countdown.batch(3, 7)[0]).all()
    assert (tokens != countdown.batch(3, 8)[0]).any()


@pytest.mark.slow
def test_drawing_down_the_tree_is_drawing_one_by_one():
    pytest.importorskip("torch")
    from course_utils.tasks.draw import draw_answers, log_probabilities
    from course_utils.tasks.train import task_shape, train_model

    def batches(step):
        tokens = np.random.default_rng([step, 1]).integers(0, 3, (64, 4))
        tokens[:, 2] = (tokens[:, 0] + (tokens[:, 1] > 1)) % 3
        counts = np.zeros(tokens.shape, dtype=bool)
        counts[:, 2:] = True
        return tokens, counts

    model = train_model(batches, task_shape(8, 3, 4), steps=150, seed=0)
    prompts = np.array([[0, 1], [2, 2]])
    samples, every = 20_000, np.array(list(itertools.product(range(3), repeat=2)))
    for temperature in (1.0, 0.5):
        drawn = draw_answers(model, prompts, 2, samples, np.random.default_rng(5), temperature=temperature)
        for row, prompt in enumerate(prompts):
            mine = drawn.problem == row
            assert drawn.counts[mine].sum() == samples
            chances = np.exp(log_probabilities(model, np.column_stack([np.tile(prompt, (9, 1)), every]), 2,
                                               temperature=temperature))
            assert chances.sum() == pytest.approx(1, abs=1e-4)
            counts = np.zeros(9)
            counts[drawn.answers[mine] @ [3, 1]] = drawn.counts[mine]
            assert np.abs(counts - samples * chances).max() < 5 * np.sqrt(samples * 0.25)
            scored = np.column_stack([np.tile(prompt, (mine.sum(), 1)), drawn.answers[mine]])
            assert np.allclose(log_probabilities(model, scored, 2), drawn.log_probability[mine], atol=1e-4)
    tokens = np.column_stack([prompts[[0] * 9], every])
    cold, warm = (np.exp(log_probabilities(model, tokens, 2, temperature=t)).max() for t in (0.5, 1.0))
    assert cold > warm


@pytest.mark.slow
def test_a_verifier_learns_to_tell_right_from_wrong_where_that_is_easy():
    pytest.importorskip("torch")
    from course_utils.tasks.verdict import train_verifier, verdicts

    generator = np.random.default_rng(3)
    tokens = generator.integers(1, 10, (2000, 6))
    right = tokens[:, -1] > 5
    verifier = train_verifier(tokens[:1500], right[:1500], 16, steps=200, seed=0)
    said = verdicts(verifier, tokens[1500:])
    assert ((said > 0) == right[1500:]).mean() > 0.95
    with pytest.raises(ValueError, match="right has one value"):
        train_verifier(tokens, np.ones(2000, dtype=bool), 16, steps=5, seed=0)
