"""A language whose entropy is known: facts that are asked for with Zipf frequencies.

A record is four tokens: three base-32 digits of the randomly permuted code of a key, then its value. Key k is drawn
with probability proportional to (k + 1)^-1.5; the value is f(k) with probability 0.9, else uniform over 32 symbols.
Records are independent, so the entropy rate is exactly

    [H(key) + H(value | key)] / 4  nats per token,

and no model, however large, can do better. Frequent facts are learnt first, which gives the smooth curves of a
natural corpus with a floor that can be computed instead of fitted.
"""

from __future__ import annotations

import numpy as np

SYMBOLS = 32
DIGITS = 3
RECORD = DIGITS + 1
KEYS = SYMBOLS**DIGITS
EXPONENT = 1.5
RELIABILITY = 0.9
START = SYMBOLS
"""Input id that opens a window; it is never predicted."""


def key_probabilities() -> np.ndarray:
    """Return the probability of each key, array of shape (32768,), most frequent first."""
    weights = np.arange(1, KEYS + 1, dtype=float) ** -EXPONENT
    return weights / weights.sum()


def entropy_rate() -> float:
    """Compute the entropy of the language in nats per token: the lowest loss that any model can reach."""
    p = key_probabilities()
    right = RELIABILITY + (1 - RELIABILITY) / SYMBOLS
    wrong = (1 - RELIABILITY) / SYMBOLS
    value = -(right * np.log(right) + (SYMBOLS - 1) * wrong * np.log(wrong))
    return float((-(p * np.log(p)).sum() + value) / RECORD)


def _language() -> tuple[np.ndarray, np.ndarray]:
    """Return the code of each key and its true value: one fixed language, whatever the seed of a run."""
    generator = np.random.default_rng(20200123)
    return generator.permutation(KEYS), generator.integers(SYMBOLS, size=KEYS)


def sample(n_records: int, seed: int) -> tuple[np.ndarray, float]:
    """Draw records and the loss of an oracle that knows the language.

    Parameters
    ----------
    n_records : int
        Number of records of four tokens.
    seed : int
        Seed of the draw; the language itself does not depend on it.

    Returns
    -------
    tokens : array of shape (4 * n_records,), uint16
    oracle : float
        Mean surprise of these very tokens under the true probabilities, in nats per token. It scatters around
        `entropy_rate`; the excess of a model over it is free of the luck of the draw.
    """
    if n_records < 1:
        raise ValueError(f"n_records is {n_records}; ask for at least one record")
    codes, values = _language()
    p = key_probabilities()
    generator = np.random.default_rng([seed, 2])
    keys = np.searchsorted(np.cumsum(p)[:-1], generator.random(n_records), side="right")
    answer = np.where(generator.random(n_records) < RELIABILITY, values[keys],
                      generator.integers(SYMBOLS, size=n_records))
    code = codes[keys]
    tokens = np.stack([code // SYMBOLS**2, code // SYMBOLS % SYMBOLS, code % SYMBOLS, answer], axis=1)
    chance = np.where(answer == values[keys], RELIABILITY, 0.0) + (1 - RELIABILITY) / SYMBOLS
    oracle = -(np.log(p[keys]) + np.log(chance)).mean() / RECORD
    return tokens.astype(np.uint16).ravel(), float(oracle)


def windows(tokens: np.ndarray, context: int) -> np.ndarray:
    """Cut a token stream into windows that begin with `START`.

    Returns
    -------
    array of shape (n_windows, context + 1), int64
        Inputs are all but the last column, targets all but the first; every record is whole.
    """
    if context % RECORD:
        raise ValueError(f"context is {context}; it must be a multiple of {RECORD} so that no record is cut")
    whole = tokens[: len(tokens) // context * context].reshape(-1, context).astype(np.int64)
    return np.concatenate([np.full((len(whole), 1), START), whole], axis=1)
