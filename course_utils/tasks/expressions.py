"""Countdown: reach a target with all of some numbers, by sums, differences and products, and check that it was reached.

An answer is in reverse Polish: ``3 7 + 12 x`` is (3 + 7) x 12. An answer with n numbers has 2 n - 1 tokens. The
question has `SLOTS` places for numbers, three digits of the target and a sign of equality.
"""

from __future__ import annotations

import functools
import itertools

import numpy as np
from numpy.typing import NDArray

SIZES = (3, 4, 5)
SLOTS = max(SIZES)
LARGEST, HIGHEST = 20, 200
"""Numbers go from 1 to LARGEST, targets from 1 to HIGHEST."""
PLUS, MINUS, TIMES, BLANK, EQUALS = range(LARGEST + 1, LARGEST + 6)
VOCABULARY = LARGEST + 6
QUESTION = SLOTS + 4
SIGNS = {PLUS: "+", MINUS: "-", TIMES: "x", BLANK: "_", EQUALS: "="}
HELD_OUT = 10  # one problem in so many is never trained on

Ints = NDArray[np.int64]


def evaluate(answers: Ints) -> tuple[Ints, NDArray[np.bool_]]:
    """Compute the values of answers in reverse Polish.

    Parameters
    ----------
    answers : array of shape (n_answers, length), int

    Returns
    -------
    values : array of shape (n_answers,), int
        Meaningless where the answer is malformed.
    formed : array of the same shape, bool
        Every operator finds two numbers and one number is left at the end.
    """
    count, length = answers.shape
    rows, stack = np.arange(count), np.zeros((count, length + 2), dtype=np.int64)
    depth, formed = np.zeros(count, dtype=np.int64), np.ones(count, dtype=bool)
    for token in answers.T:
        number = token <= LARGEST
        formed &= number | ((token <= TIMES) & (depth >= 2))
        second, first = np.maximum(depth - 1, 0), np.maximum(depth - 2, 0)
        a, b = stack[rows, first], stack[rows, second]
        result = np.where(token == PLUS, a + b, np.where(token == MINUS, a - b, a * b))
        stack[rows, np.where(number, depth, first)] = np.where(number, token, result)
        depth = np.where(number, depth + 1, np.maximum(depth - 1, 1))
    return stack[:, 0], formed & (depth == 1)


def verify(numbers: Ints, target: Ints, answers: Ints) -> NDArray[np.bool_]:
    """Say which answers are right: well formed, each number used as often as it is given, and the target reached.

    Parameters
    ----------
    numbers : array of shape (n_answers, n), int
    target : array of shape (n_answers,), int
    answers : array of shape (n_answers, 2 n - 1), int

    Returns
    -------
    array of shape (n_answers,), bool
    """
    values, formed = evaluate(answers)
    used = np.sort(answers, axis=1)[:, : numbers.shape[1]]  # operators come after all numbers
    return formed & (values == target) & (used == np.sort(numbers, axis=1)).all(axis=1)


@functools.cache
def patterns(size: int) -> NDArray[np.bool_]:
    """Return where the operators of well-formed answers with `size` numbers stand: shape (n_patterns, 2 size - 1)."""
    found = [places for places in itertools.product((False, True), repeat=2 * size - 1)
             if sum(places) == size - 1 and all(2 * sum(places[:i]) < i for i in range(1, 2 * size))]
    return np.array(found)


def held_out(numbers: Ints, target: Ints) -> NDArray[np.bool_]:
    """Say which problems are kept out of training: one in ten by a hash of the sorted numbers and the target.

    Parameters
    ----------
    numbers : array of shape (n_problems, n), int
    target : array of shape (n_problems,), int
    """
    key = np.zeros(len(numbers), dtype=np.uint64)
    with np.errstate(over="ignore"):
        for column in (*np.sort(numbers, axis=1).T, target):
            key = (key + column.astype(np.uint64) + np.uint64(0x9E3779B97F4A7C15)) * np.uint64(0xBF58476D1CE4E5B9)
            key ^= key >> np.uint64(29)
    return key % np.uint64(HELD_OUT) == 0


def problems(size: int, count: int, generator: np.random.Generator, *,
             test: bool = False) -> tuple[Ints, Ints, Ints]:
    """Draw problems by drawing an answer: numbers, order of operations and operators uniform, where the target fits.

    Parameters
    ----------
    size : int
        Numbers in a problem.
    count : int
    generator : numpy.random.Generator
    test : bool
        Draw held-out problems; else only others.

    Returns
    -------
    numbers : array of shape (count, size), in random order
    target : array of shape (count,)
    answers : array of shape (count, 2 size - 1), one right answer to each
    """
    kept, have = [], 0
    while have < count:
        more = 3 * (count - have) * (HELD_OUT if test else 1) + 8
        operator = patterns(size)[generator.integers(len(patterns(size)), size=more)]
        answers = generator.integers(1, LARGEST + 1, size=operator.shape)
        answers[operator] = generator.integers(PLUS, TIMES + 1, size=operator.sum())
        target, _ = evaluate(answers)
        numbers = generator.permuted(answers[~operator].reshape(more, size), axis=1)
        good = (target >= 1) & (target <= HIGHEST) & (held_out(numbers, target) == test)
        kept.append((numbers[good], target[good], answers[good]))
        have += int(good.sum())
    return tuple(np.concatenate(parts)[:count] for parts in zip(*kept, strict=True))


def question(numbers: Ints, target: Ints) -> Ints:
    """Write problems as the model reads them: array of shape (n_problems, QUESTION)."""
    out = np.full((len(numbers), QUESTION), BLANK)
    out[:, : numbers.shape[1]] = numbers
    out[:, SLOTS : SLOTS + 3] = target[:, None] // np.array([100, 10, 1]) % 10
    out[:, -1] = EQUALS
    return out


@functools.cache
def _forms(size: int) -> tuple[Ints, Ints]:
    """Return every answer on the places of `size` numbers: places (-1 at operators) and operators (0 at numbers)."""
    orders = np.array(list(itertools.permutations(range(size))))
    signs = np.array(list(itertools.product((PLUS, MINUS, TIMES), repeat=size - 1)))
    shape = (len(patterns(size)), len(orders), len(signs), 2 * size - 1)
    places, operators = np.full(shape, -1), np.zeros(shape, dtype=np.int64)
    for i, operator in enumerate(patterns(size)):
        places[i][:, :, ~operator] = orders[:, None, :]
        operators[i][:, :, operator] = signs[None, :, :]
    return places.reshape(-1, shape[-1]), operators.reshape(-1, shape[-1])


def right_answers(numbers: Ints, target: int) -> Ints:
    """List every right answer to one problem, by trying all: array of shape (n_answers, 2 n - 1), no two rows alike.

    Parameters
    ----------
    numbers : array of shape (n,), int
    target : int
    """
    places, operators = _forms(len(numbers))
    answers = np.where(places >= 0, np.asarray(numbers)[places], operators)
    values, _ = evaluate(answers)
    return np.unique(answers[values == target], axis=0)


def write(answer: Ints) -> str:
    """Write one answer or question in characters, for tables and for people."""
    return " ".join(SIGNS.get(int(token), str(int(token))) for token in answer)
