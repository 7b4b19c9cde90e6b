"""A small text of the reader's own, already in the cache, and runs on it: for tests that need no tokenizer."""

import numpy as np

from course_utils.ladder import own_text, text
from course_utils.ladder.train import Run

VOCABULARY = 300
KEY = f"0123456789abcdef-{VOCABULARY}"
WINDOWS = 100


def run(tmp_path, monkeypatch, **changes):
    """Put the text into a cache of the test's own and return a short run on it."""
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "cache"))
    generator = np.random.default_rng(0)
    steps = generator.geometric(0.2, size=200_000)  # each token a little above the one before: there is much to learn
    stream = (np.cumsum(steps) % VOCABULARY).astype(np.uint16)
    held_out = WINDOWS * text.CONTEXT + 1
    text.save(text.Corpus(stream[held_out:], stream[:held_out], VOCABULARY, "f" * 64, 2.0), own_text._cached_file(KEY))
    return horizons(40, **changes)[0]


def horizons(*steps, **changes):
    """Return runs of so many steps that share their beginning."""
    given = {"schedule": "cooldown", "curve_points": 8, "validation_windows": 512, "text": KEY} | changes
    return [Run(f"own-{n}", "own", "own", 8, 512 * n, None, 0.04, 4, 0, **given) for n in steps]
