"""Teacher's folders of the real course, made once a session, and a small private bank."""

from __future__ import annotations

from pathlib import Path

import pytest

from course_utils.i18n import LANGUAGES, using_language
from course_utils.teach import make_folder


@pytest.fixture(scope="session")
def folders(tmp_path_factory) -> dict[str, Path]:
    """A teacher's folder in each language."""
    made = {}
    for language in LANGUAGES:
        made[language] = tmp_path_factory.mktemp("teach") / language
        for _ in make_folder(made[language], language):
            pass
    return made


@pytest.fixture(params=LANGUAGES)
def language(request):
    """Each language in turn, in force."""
    with using_language(request.param):
        yield request.param


PRIVATE_NUMBERS = """
[secret]
type = "number"
answer = "accounting.training_flops(2e9, 4e10)"
tolerance = 0.01
unit = "flops"
difficulty = 2
source = "an exam"
[secret.slips]
two_nd = "2 * 2e9 * 4e10"

[which]
type = "choice"
choices = ["a", "b"]
answer = "b"
source = "an exam"

[double-it]
type = "code"
function = "double_it"
answer = "lambda x: 2 * x"
cases = ["1.0", "np.array([1.0, 3.0])"]
tolerance = 0.001
source = "an exam"
[double-it.slips]
square = "lambda x: x * x + x"
"""

PRIVATE_CODE = """import numpy as np

# exercise: double-it
def double_it(x):
    raise NotImplementedError


# solution: double-it
def double_it(x):
    return 2 * np.asarray(x)
"""

PRIVATE_WORDS = """
[secret]
text = "{mark}: 2B parameters, 40B tokens. How many FLOPs?"
feedback = {{ right = "Yes.", two_nd = "Only forward." }}
hints = ["One.", "Two.", "Three."]
solution = "6 × 2e9 × 4e10 = 4.8e20."

[which]
text = "{mark}: which?"
choices = {{ a = "this", b = "that" }}
feedback = {{ a = "No.", b = "Yes." }}
hints = ["One.", "Two.", "Three."]
solution = "b."

[double-it]
text = "{mark}: double it."
feedback = {{ right = "Yes.", square = "That is a square." }}
hints = ["One.", "Two.", "Three."]
solution = "2x."
"""


@pytest.fixture
def private_bank(tmp_path, monkeypatch) -> Path:
    """A private bank of three questions for lesson 01, with words in English and Vietnamese only."""
    folder = tmp_path / "my bank"
    (folder / "bank" / "code").mkdir(parents=True)
    (folder / "bank" / "hn01_midterm.toml").write_text(PRIVATE_NUMBERS, encoding="utf-8")
    (folder / "bank" / "code" / "hn01_midterm.py").write_text(PRIVATE_CODE, encoding="utf-8")
    for language, mark in (("en", "Midterm"), ("vi", "Giữa kỳ")):
        (folder / "words" / language).mkdir(parents=True)
        words = folder / "words" / language / "hn01_midterm.toml"
        words.write_text(PRIVATE_WORDS.format(mark=mark), encoding="utf-8")
    monkeypatch.setenv("SCALING_LAWS_BANK", str(folder))
    return folder
