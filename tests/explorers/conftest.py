"""A small ladder with the columns of the real one, every explorer by name, and the explorers of each subject."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import explorers
from course_utils.i18n import LANGUAGES, using_language

pytest.register_assert_rewrite("tests.explorers.contract")

_WIDTHS = {
    1e11: (12, 16, 24, 32, 48),
    3e11: (16, 24, 32, 48, 64),
    1e12: (24, 32, 48, 64, 96),
    3e12: (32, 48, 64, 96, 128),
    1e13: (48, 64, 96, 128, 160),
}


def made_up_ladder(noise: float = 0.015) -> pd.DataFrame:
    """Make runs from L = 1.6 + 2.53 (C / 1e11)^-0.12 with a valley in width; seeds add `noise`; one holdout at 1e14."""
    rng = np.random.default_rng(0)
    rows = []
    for budget, widths in _WIDTHS.items():
        bottom = widths[2]
        for width in widths:
            for seed in range(3 if budget < 2e12 else 2):
                clean = 1.6 + 2.53 * (budget / 1e11) ** -0.12 + 0.15 * np.log(width / bottom) ** 2
                loss = clean + noise * rng.standard_normal()
                rows.append(("grid", width, budget, 0.999 * budget, seed, loss))
    rows.append(("holdout", 176, 1e14, 0.999e14, 0, 1.6 + 2.53 * 1e3**-0.12))
    rows.append(("learning_rate", 24, 1e11, 0.999e11, 0, 0.5))  # a set that the game must not look at
    return pd.DataFrame(rows, columns=["set", "d_model", "budget", "flops", "seed", "loss_nats"])


MAKERS = {name: getattr(explorers, name) for name in explorers.__all__}
MAKERS["foretell_the_big_run"] = lambda: explorers.foretell_the_big_run(made_up_ladder())


@pytest.fixture
def ladder() -> pd.DataFrame:
    return made_up_ladder()


def explorers_of(subject: str) -> list[str]:
    """Name the explorers that one module of `course_utils.explorers`, such as ``on_text``, declares."""
    return sorted(name for name in MAKERS if getattr(explorers, name).__module__.endswith(f".{subject}"))


def pytest_generate_tests(metafunc):
    """Give a part of the contract the explorers of its subject, in the languages that the test asks for."""
    subject = getattr(metafunc.cls, "subject", None)
    if subject is None:
        return
    names = explorers_of(subject)
    if "explorer" in metafunc.fixturenames:
        metafunc.parametrize("explorer", names, indirect=True)
    for fixture, scope in (("spoken", "function"), ("shown", "class")):
        if fixture in metafunc.fixturenames:
            pairs = [(name, code) for name in names for code in LANGUAGES]
            metafunc.parametrize(fixture, pairs, ids="-".join, indirect=True, scope=scope)


@pytest.fixture
def explorer(request):
    """An explorer that the package offers, in English."""
    with using_language("en"):
        yield MAKERS[request.param]()


@pytest.fixture
def spoken(request):
    """An explorer in a language, which is in force."""
    name, code = request.param
    with using_language(code):
        yield MAKERS[name]()


@pytest.fixture(scope="class")
def shown(request):
    """An explorer in a language with its live view, made once for all tests that only look at it."""
    name, code = request.param
    with using_language(code):
        made = MAKERS[name]()
        made.widget()
    start = made.state.trait_values()
    yield made
    assert made.updates == 1 and made.state.trait_values() == start, "a test that changes it must make its own"
