"""A limited stock of text: the same windows again in every epoch, and text with a share of its tokens replaced.

A stock of U tokens is the first U tokens of the random window order that a run on fresh text would read, not one
contiguous stretch. A stretch of 50,000 tokens is a handful of files that speak of few things; a model trained on it
would do worse on the held-out files for want of variety, and the comparison with fresh text could not tell that from
the cost of reading twice. Here one epoch of a stock *is* the fresh run of that length, token for token, and a larger
stock holds every smaller one of its seed.
"""

from __future__ import annotations

from collections.abc import Callable

import numpy as np

from . import text


def reading_order(n_stock: int, n_windows: int, seed: int) -> np.ndarray:
    """Say which window of the stock is read when: in order in the first epoch, shuffled anew in each later one.

    Parameters
    ----------
    n_stock : int
        Windows in the stock.
    n_windows : int
        Windows to read; the last epoch may be a part.
    seed : int
        Seed of the shuffles.

    Returns
    -------
    array of shape (n_windows,), int64
    """
    if n_stock < 1:
        raise ValueError(f"n_stock is {n_stock}; a stock needs at least one window")
    generator = np.random.default_rng([seed, 4])
    epochs = [np.arange(n_stock)]
    while len(epochs) * n_stock < n_windows:
        epochs.append(generator.permutation(n_stock))
    return np.concatenate(epochs)[:n_windows]


def with_noise(windows: np.ndarray, share: float, vocabulary: int, seed: int) -> np.ndarray:
    """Replace each token with probability `share` by one drawn evenly from the vocabulary.

    The text itself is spoilt: what a model reads and what it has to predict. A stock is spoilt once, so every epoch
    reads the same wrong tokens.

    Parameters
    ----------
    windows : array of int
        Token ids.
    share : float
        Probability of replacement, 0 to 1; 0 returns the windows as they are.
    vocabulary : int
        Replacements are 0 to `vocabulary` - 1, so one in `vocabulary` of them changes nothing.
    seed : int
        Seed of the choice and the replacements.
    """
    if not 0 <= share < 1:
        raise ValueError(f"noise is {share}; give the share of replaced tokens, at least 0 and under 1")
    if share == 0:
        return windows
    generator = np.random.default_rng([seed, 5])
    struck = generator.random(windows.shape) < share
    return np.where(struck, generator.integers(vocabulary, size=windows.shape), windows)


def stock_windows(corpus: text.Corpus, context: int, n_stock: int, seed: int, noise: float = 0.0) -> np.ndarray:
    """Cut the windows of a stock from all over the training text.

    Returns
    -------
    array of shape (n_stock, context + 1), int64
        Inputs are all but the last column, targets all but the first.
    """
    available = (len(corpus.training) - 2 * context) // context
    if n_stock > available:
        raise ValueError(f"the training text has {available} windows of {context} tokens, n_stock is {n_stock}; "
                         "ask for a smaller stock")
    starts = text.training_windows(corpus, context, n_stock, seed)
    windows = corpus.training[starts[:, None] + np.arange(context + 1)].astype(np.int64)
    return with_noise(windows, noise, corpus.vocabulary, seed)


def batches(stock: np.ndarray, per_step: int, steps: int, seed: int) -> Callable[[int], np.ndarray]:
    """Return the function from a step (from 0) to its windows, array of shape (per_step, context + 1)."""
    order = reading_order(len(stock), per_step * steps, seed)
    return lambda step: stock[order[step * per_step : (step + 1) * per_step]]
