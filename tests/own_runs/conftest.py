"""A known law, and files of runs made from it."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import laws, set_language

TRUTH = {"E": 1.69, "A": 406.4, "B": 410.7, "alpha": 0.34, "beta": 0.28}


@pytest.fixture(autouse=True)
def english():
    set_language("en")
    yield
    set_language("en")


@pytest.fixture
def grid() -> pd.DataFrame:
    """Thirty runs of a known law without noise, in counts and nats."""
    params, tokens = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, 6), np.geomspace(2e9, 2e11, 5)))
    return pd.DataFrame(
        {
            "params": params,
            "tokens": tokens,
            "flops": 6 * params * tokens,
            "loss": laws.chinchilla_loss(params, tokens, **TRUTH),
        }
    )
