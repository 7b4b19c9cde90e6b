"""Votes: the chance that the right answer has the most samples, whatever the coverage."""

from __future__ import annotations

from typing import Literal

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.sampling.checks import numbers, positive_count, whole

Array = NDArray[np.float64]
Method = Literal["auto", "exact", "sampled"]

_AUTO, _MOST = 64, 150  # votes counted exactly by default; at all (170! is the largest factorial that is a float)
_MOST_DRAWN = 1e18  # votes whose number fits an integer
_BLOCK = 2_000_000  # numbers drawn at a time


def majority_vote(
    counts: ArrayLike,
    k: ArrayLike,
    *,
    correct: ArrayLike = 0,
    weights: ArrayLike | None = None,
    method: Method = "auto",
    draws: int = 10_000,
    seed: int = 0,
) -> Array:
    r"""Compute the chance that the right answer wins a vote of k samples; ties are broken by a fair draw.

    .. math:: \Pr\Big[\text{right} \in \arg\max_a w_a V_a\Big],
       \qquad V \sim \text{Multinomial}(k,\, q), \quad q_a = \text{counts}_a / \textstyle\sum \text{counts}

    As k grows the vote tends to the answer of the largest w_a q_a: to 1 where that is the right one and to 0 where it
    is not. Coverage goes to 1 all the same wherever the right answer is ever given.

    Parameters
    ----------
    counts : array of shape (n_answers,) or (n_problems, n_answers), how often each distinct answer was given, or its
        probability; only shares matter. 0 for answers that a problem does not have
    k : number, or array of shape (n_k,), samples that vote; np.inf for the limit
    correct : column of the right answer, a number or array of shape (n_problems,); -1 where it was never given
    weights : array that broadcasts with counts, weight of one vote for each answer, such as the mean score that a
        verifier gives it; None for a plain vote
    method : "exact" adds up every way the vote can go (k up to 150), "sampled" draws votes, "auto" is exact up to 64
    draws, seed : of sampled votes; the standard error is at most 0.5 / sqrt(draws)

    Returns
    -------
    array of shape (n_problems, n_k), without the axis that counts or k did not have

    Raises
    ------
    ValueError
        If a count is negative, a problem has no answer, correct is no column, a weight is not positive, or k is too
        large to be counted exactly.

    Source
    ------
    Wang et al. 2022, self-consistency (arXiv 2203.11171); its limit, Brown et al. 2024 (arXiv 2407.21787), section 4.

    Examples
    --------
    >>> shares = [[0.4, 0.3, 0.3], [0.4, 0.6, 0.0]]  # the right answer stands first
    >>> majority_vote(shares, [1, 5, 51, np.inf]).round(3)
    array([[0.4  , 0.447, 0.695, 1.   ],
           [0.4  , 0.317, 0.074, 0.   ]])
    """
    table = _shares(counts)
    alone = table.ndim == 1
    table = np.atleast_2d(table)
    size = whole(k, "k", lowest=1, infinite=True)
    right = _columns(correct, *table.shape)
    weight = _weights(weights, table.shape)
    if method not in ("auto", "exact", "sampled"):
        raise ValueError(f"method is {method!r}; choose 'auto', 'exact' or 'sampled'")
    n_draws = positive_count(draws, "draws")
    generator = np.random.default_rng(seed)
    votes = size.reshape(-1)
    exact = np.isfinite(votes) & ((votes <= _AUTO) if method == "auto" else np.full(votes.shape, method == "exact"))
    if exact.any() and votes[exact].max() > _MOST:
        raise ValueError(
            f"k: {votes[exact].max():g} votes are too many to count exactly; use method='sampled' above {_MOST}."
        )
    finite = votes[np.isfinite(votes)]
    if finite.size and finite.max() > _MOST_DRAWN:
        raise ValueError(
            f"k: {finite.max():g} votes are too many to draw; use np.inf, the limit, above {_MOST_DRAWN:g}"
        )
    out = np.zeros((len(table), votes.size))
    known = np.flatnonzero(right >= 0)
    part = (table[known], right[known], weight[known])
    if len(known) and exact.any():
        out[np.ix_(known, exact)] = _exact(*part, int(votes[exact].max()))[:, votes[exact].astype(int) - 1]
    for i in np.flatnonzero(~exact) if len(known) else ():
        limit = np.isinf(votes[i])
        out[known, i] = _limit(*part) if limit else _sampled(*part, int(votes[i]), n_draws, generator)
    out = out.reshape(len(table), *size.shape)
    return out[0] if alone else out


def _shares(counts: ArrayLike) -> Array:
    table = numbers(counts, "counts")
    if table.ndim not in (1, 2) or table.shape[-1] == 0:
        raise ValueError(f"counts has shape {table.shape}; give one row a problem and one column a distinct answer")
    bad = ~((table >= 0) & np.isfinite(table))
    if bad.any():
        where = tuple(int(i) for i in np.argwhere(bad)[0])
        raise ValueError(f"counts must be 0 or more; entry {where} is {table[where]:g}")
    largest = table.max(axis=-1, keepdims=True)
    if not (largest > 0).all():
        row = int(np.flatnonzero(largest <= 0)[0])
        raise ValueError(f"counts of problem {row} are all 0; leave out a problem without answers")
    table = table / largest  # whose sum cannot overflow
    return table / table.sum(axis=-1, keepdims=True)


def _columns(correct: ArrayLike, n_problems: int, n_answers: int) -> NDArray[np.intp]:
    numbers(correct, "correct")  # which refuses what is masked or none
    right = np.asarray(correct)
    if not np.issubdtype(right.dtype, np.integer) or right.shape not in ((), (n_problems,)):
        raise ValueError(f"correct has shape {right.shape} and type {right.dtype}; give one column number a problem")
    right = np.broadcast_to(right, (n_problems,)).astype(np.intp)
    outside = (right < -1) | (right >= n_answers)
    if outside.any():
        row = int(np.flatnonzero(outside)[0])
        raise ValueError(f"correct: problem {row} has {right[row]}; columns run from 0 to {n_answers - 1}, -1 for none")
    return right


def _weights(weights: ArrayLike | None, shape: tuple[int, ...]) -> Array:
    if weights is None:
        return np.ones(shape)
    weight = numbers(weights, "weights")
    bad = ~((weight >= 1e-100) & (weight <= 1e100))
    if bad.any():
        row = int(np.flatnonzero(bad)[0])
        raise ValueError(f"weights must be positive, 1e-100 to 1e100; entry {row} is {weight.flat[row]:g}")
    try:
        return np.broadcast_to(weight, shape)
    except ValueError:
        raise ValueError(f"weights has shape {weight.shape}, which does not fit counts, {shape}") from None


def _won(votes: Array, right: Array) -> Array:
    """Share a win between the answers that have the most, but for rounding: 1 / number of winners, or 0."""
    most = votes.max(axis=-1)
    tied = votes >= most[..., None] * (1 - 1e-9)
    return np.where(right >= most * (1 - 1e-9), 1.0 / tied.sum(axis=-1), 0.0)


def _limit(shares: Array, right: NDArray[np.intp], weights: Array) -> Array:
    strength = shares * weights
    return _won(strength, np.take_along_axis(strength, right[:, None], axis=1)[:, 0])


def _sampled(
    shares: Array, right: NDArray[np.intp], weights: Array, votes: int, draws: int, generator: np.random.Generator
) -> Array:
    out = np.empty(len(shares))
    block = max(1, _BLOCK // shares.shape[1])
    for row, (q, column, weight) in enumerate(zip(shares, right, weights, strict=True)):
        won = 0.0
        for first in range(0, draws, block):
            drawn = generator.multinomial(votes, q, size=min(block, draws - first)) * weight
            won += _won(drawn, drawn[:, column]).sum()
        out[row] = won / draws
    return out


def _exact(shares: Array, right: NDArray[np.intp], weights: Array, most: int) -> Array:
    """Add up the multinomial for 1 to `most` votes; problems whose weights agree are counted together."""
    own = np.take_along_axis(shares, right[:, None], axis=1)[:, 0]
    columns = np.arange(shares.shape[1])
    others = np.array([np.delete(columns, column) for column in right]).reshape(len(shares), -1)
    rival = np.take_along_axis(shares, others, axis=1)
    ratio = np.take_along_axis(weights, right[:, None], axis=1) / np.take_along_axis(weights, others, axis=1)
    out = np.empty((len(shares), most))
    for same in np.unique(ratio, axis=0):
        rows = np.flatnonzero((ratio == same).all(axis=1))
        out[rows] = _count_wins(own[rows], rival[rows], same, most)
    return out


def _count_wins(own: Array, rival: Array, ratio: Array, most: int) -> Array:
    r"""Add up the chance that the right answer, with j votes, is beaten by none: shape (n_problems, most).

    With j votes for it the others have fewer than j times their ratio, so their exponential series are cut there; t of
    them at just that number share the win, 1 / (1 + t), which is the integral of u**t over u from 0 to 1 and is done
    exactly by Gauss's rule. What is left is a product of polynomials, whose coefficient of x**r holds k = j + r votes.
    """
    factorial = np.concatenate([[1.0], np.cumprod(np.arange(1.0, most + 1))])
    out = np.zeros((len(own), most))
    for j in range(1, most + 1):
        room = most - j
        reach = np.minimum(ratio * j, room + 1.0)  # beyond, every number of votes is fewer
        tie = np.rint(reach)
        on_tie = np.abs(reach - tie) <= 1e-9 * reach
        below = np.where(on_tie, tie - 1, np.floor(reach)).astype(int)
        is_tie = on_tie & (tie <= room)
        most_ties = min(int(is_tie.sum()), int(room // tie[is_tie].min(initial=room + 1)))
        nodes, node_weights = np.polynomial.legendre.leggauss(most_ties // 2 + 1)
        u, du = (nodes + 1) / 2, node_weights / 2
        series = np.zeros((len(own), len(u), room + 1))
        series[..., 0] = 1.0
        for a in range(rival.shape[1]):
            q = rival[:, a, None, None]
            grown = series.copy()
            for i in range(1, min(below[a], room) + 1):
                grown[..., i:] += q**i / factorial[i] * series[..., : room + 1 - i]
            if is_tie[a]:
                i = int(tie[a])
                grown[..., i:] += u[:, None] * (q**i / factorial[i]) * series[..., : room + 1 - i]
            series = grown
        ways = factorial[j:] / factorial[j]  # k! / j! for k = j ... most
        out[:, j - 1 :] += own[:, None] ** j * ways * np.einsum("pur,u->pr", series, du)
    return np.minimum(out, 1.0)
