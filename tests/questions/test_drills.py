"""Estimation drills: figures without end, keys from the package, slips that can be told apart, words that fit."""

import random
import re

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions.bank import TOPICS, read_bank
from course_utils.questions.drills import draw, drill_names, told_apart

NAMES = drill_names()
PARTS = {"text", "feedback", "hints", "solution"}


def test_there_are_the_drills_that_cards_and_lessons_name():
    assert set(NAMES) == {
        "days", "cost", "kv-cache", "chinchilla-tokens", "six-nd", "nopt-ratio", "loss-after", "moe-active",
        "all-to-all", "pass-at-k", "energy",
    }  # fmt: skip
    for entry in read_bank("drills").values():
        assert entry["topic"] in TOPICS and re.fullmatch(r"0\d", entry["lesson"])


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", NAMES)
def test_a_hundred_draws(name, code):
    source = random.Random(name)
    seen = set()
    for _ in range(100):
        item = draw(name, source)
        seen.add(tuple(map(str, item.values.items())))
        assert item.target > 0 and told_apart(item.target, item.slips, item.entry["tolerance"])
        with using_language(code):
            words = item.words()
            assert set(words) == PARTS and len(words["hints"]) == 3
            assert set(words["feedback"]) == {"right", *item.slips}
            said = [words["text"], words["solution"], *words["hints"], *words["feedback"].values()]
            assert not any("{" in text for text in said)
            assert not any(re.search(r"\d{5,}\.\d|\d\.0{2,}\d{4}", text) for text in said), said
    assert len(seen) >= 10


@pytest.mark.parametrize("name", NAMES)
def test_answers_and_slips(name, kept):
    one = questions.drill(name, seed=5)
    item = one.item
    unit = item.entry.get("unit")
    verdict = one.check(f"{item.target!r} {unit or ''}")
    assert verdict.right is True
    for slip, value in item.slips.items():
        verdict = one.check(value)
        assert verdict.right is False and verdict.slip == slip
    assert {answer.kind for answer in kept.answers()} == {"drill"}


@pytest.mark.parametrize("name", NAMES)
def test_the_last_hint_stops_short_of_the_answer(name):
    item = draw(name, random.Random(1))
    words = item.words()
    answer = words["solution"].rstrip(".").split()[-1]
    assert answer not in words["hints"][0] and answer not in words["hints"][1]


def test_the_same_seed_gives_the_same_figures():
    one, other, different = (questions.drill("days", seed=seed) for seed in (4, 4, 5))
    assert one.question() == other.question() != different.question()
    assert one.next() == other.next()
    assert repr(one) == repr(other)
    free = questions.drill("days")
    assert questions.drill("days", seed=free.seed).question() == free.question()


def test_a_known_value():
    # 70B on 15T tokens on 4,096 accelerators of 990 TFLOP/s at 40 per cent
    from course_utils.questions.expressions import evaluate

    values = {"params": 70e9, "tokens": 15e12, "devices": 4096, "peak": 990, "share": 0.4}
    assert evaluate(read_bank("drills")["days"]["answer"], values) == pytest.approx(44.95, abs=0.01)
    cache = {"layers": 80, "kv_heads": 8, "width": 128, "context": 8192, "sequences": 1}
    assert evaluate(read_bank("drills")["kv-cache"]["answer"], cache) == 327680 * 8192


def test_a_drill_without_a_name_changes_its_kind():
    one = questions.drill(seed=2)
    kinds = set()
    for _ in range(30):
        kinds.add(one.item.name)
        one.next()
    assert len(kinds) > 5


def test_an_unknown_drill_names_near_ones():
    with pytest.raises(ValueError, match="days"):
        questions.drill("day")


def test_the_score_counts_only_what_was_tried():
    with using_language("en"):
        one = questions.drill("six-nd", seed=1)
    one.check(one.item.target)
    one.next()
    one.check(1)
    one.next()
    assert one.score().startswith("1 of 2 right")
    assert not one.finished and one.widget().next_button.disabled is False
