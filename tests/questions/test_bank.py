"""Every question, card and drill is whole in three languages, and its key is what the package computes."""

import math
import re
from importlib.resources import files

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions.bank import ROLES, TOPICS, find, read_bank, words_of
from course_utils.questions.cards import LEVELS, card_topics, choose_cards
from course_utils.questions.drills import told_apart
from course_utils.questions.units import UNITS

HERE = files("course_utils.questions")
ALL = questions.names()
CARDS = [card.id for card in choose_cards()]
FILES = sorted(f"interview/{topic}" for topic in card_topics()) + sorted(
    {f.name.removesuffix(".toml") for f in (HERE / "bank").iterdir() if f.name.endswith(".toml")}
)

MULTIPLIERS = {
    "K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "nghìn tỷ": 1e12, "nghìn": 1e3, "triệu": 1e6, "tỷ": 1e9,
    "万亿": 1e12, "千亿": 1e11, "亿": 1e8, "百万": 1e6, "万": 1e4,
}  # fmt: skip
_AMOUNT = re.compile(
    r"(\d[\d,]*(?:\.\d+)?)(?:\s?(" + "|".join(sorted(MULTIPLIERS, key=len, reverse=True)) + r")(?![a-z]))?"
)


def amounts(text: str) -> tuple[set[float], set[float]]:
    """Return the amounts that are written with a decimal point, and all amounts, words for thousands counted in."""
    pointed, every = set(), set()
    for digits, word in _AMOUNT.findall(text):
        value = float(f"{float(digits.replace(',', '')) * MULTIPLIERS.get(word, 1.0):.10g}")
        every.add(value)
        if "." in digits:
            pointed.add(value)
    return pointed, every


def test_the_words_of_every_file_name_the_same_questions():
    for file in FILES:
        wanted = set(read_bank(file))
        for code in LANGUAGES:
            with using_language(code):
                assert set(words_of(file)) == wanted, f"{code}/{file}"


def test_no_words_without_a_bank():
    for code in LANGUAGES:
        folder = HERE / "words" / code
        found = {f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")}
        found |= {f"interview/{f.name.removesuffix('.toml')}" for f in (folder / "interview").iterdir()}
        assert found == set(FILES), code


@pytest.mark.parametrize("name", ALL)
def test_a_question_says_what_it_is(name):
    question = find(name)
    assert question.role in ROLES and question.topic in TOPICS
    assert question.difficulty in (1, 2, 3)
    assert len(question.source) > 5
    assert re.fullmatch(r"\d\d\.[a-z0-9]+(-[a-z0-9]+)*", name)
    assert question.unit is None or question.unit in UNITS
    if question.type == "number":
        assert math.isfinite(question.answer)
        assert (question.tolerance > 0) != (question.tolerance_decades is not None), "one tolerance, not both"
    elif question.type == "choice":
        assert question.answer in question.choices and len(question.choices) >= 3
    elif question.type == "choices":
        assert set(question.answer) <= set(question.choices)
        assert 0 < len(question.answer) < len(question.choices)
    elif question.type == "code":
        assert question.function.isidentifier() and len(question.cases) >= 2
        assert callable(question.answer)


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_words_are_whole(name, code):
    question = find(name)
    wanted = {"text", "hints", "solution"}
    wanted |= {"rubric"} if question.type == "open" else {"feedback"}
    wanted |= {"choices"} if question.choices else set()
    with using_language(code):
        words = question.words()
        assert set(words) == wanted
        assert len(words["hints"]) == 3 and len(set(words["hints"])) == 3
        if question.choices:
            assert set(words["choices"]) == set(question.choices) == set(words["feedback"])
        elif question.type == "open":
            assert 3 <= len(words["rubric"]) <= 6
        else:
            assert set(words["feedback"]) == {"right", *question.slip_keys}
        said = [words["text"], words["solution"], *words["hints"], *words.get("feedback", {}).values()]
        assert all(text.strip() for text in said)
        assert not any("$" in text and "\\" in text for text in said), "no LaTeX: the words are shown as they stand"
        assert str(questions.ask(name)).startswith(words["text"])
        assert question.source in questions.solution(name)


def numbers_agree(english: str, other: str, where: str):
    pointed, every = amounts(english)
    other_pointed, other_every = amounts(other)
    assert pointed <= other_every, f"{where}: {sorted(pointed - other_every)} is missing"
    assert other_pointed <= every, f"{where}: {sorted(other_pointed - every)} is not in English"


@pytest.mark.parametrize("code", ["vi", "zh"])
@pytest.mark.parametrize("name", ALL)
def test_the_figures_of_a_question_are_the_same_in_every_language(name, code):
    with using_language("en"):
        english = find(name).words()["text"]
    with using_language(code):
        numbers_agree(english, find(name).words()["text"], f"{code} {name}")


@pytest.mark.parametrize("name", [name for name in ALL if find(name).type in ("number", "choice", "choices")])
def test_right_answers_and_slips(name):
    question = find(name)
    verdict = questions.check(name, question.answer)
    assert verdict.right is True
    feedback = question.words()["feedback"]
    keys = question.answer if question.choices else ["right"]
    assert all(feedback[key] in verdict.text for key in keys)
    for slip, value in question.slips.items():
        verdict = questions.check(name, value)
        assert verdict.right is False and verdict.slip == slip, slip
        assert feedback[slip] in verdict.text
    if question.type == "number":
        assert questions.check(name, f"{question.answer!r}").right is True, "also as text"
        assert told_apart(question.answer, question.slips, 0.001)
    for letter in [letter for letter in question.choices if letter not in question.answer]:
        assert questions.check(name, letter).right is False
        assert feedback[letter] in questions.check(name, letter).text


@pytest.mark.parametrize("name", [name for name in ALL if find(name).type == "number"])
def test_a_first_hint_does_not_give_the_answer(name):
    question = find(name)
    for code in LANGUAGES:
        with using_language(code):
            _, said = amounts(question.words()["hints"][0])
        _, asked = amounts(question.words()["text"])
        close = [
            x for x in said - asked if x > 2 and abs(x - question.answer) <= question.tolerance * abs(question.answer)
        ]
        assert not close, f"{code}: {close}"


# The interview bank ----------------------------------------------------------------------------------------------


def test_there_are_cards_for_every_topic_and_level():
    assert card_topics() == TOPICS
    assert len(CARDS) >= 80
    for topic in TOPICS:
        cards = choose_cards(topics=topic)
        assert len(cards) >= 10, topic
        assert {card.level for card in cards} == set(LEVELS), topic


@pytest.mark.parametrize("id", CARDS)
def test_a_card_says_what_it_is(id):
    card = questions.find_card(id)
    assert isinstance(card.minutes, int) and 1 <= card.minutes <= 10
    assert re.fullmatch(r"0\d", card.lesson)
    assert len(card.source) > 5
    assert set(card.drills) <= set(questions.drill_names())


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("id", CARDS)
def test_the_words_of_a_card_are_whole(id, code):
    with using_language(code):
        words = questions.find_card(id).words()
    with using_language("en"):
        english = questions.find_card(id).words()
    assert set(words) == {"question", "answer", "points", "mistakes", "follow_ups", "by_heart"}
    length = len(
        re.findall(r"[\u4e00-\u9fff]|[A-Za-z0-9.,]+", words["answer"]) if code == "zh" else words["answer"].split()
    )
    low, high = {"en": (140, 280), "vi": (180, 420), "zh": (215, 560)}[code]
    assert low <= length <= high, f"{length}: two minutes of speech"
    assert 3 <= len(words["points"]) <= 6 and 2 <= len(words["mistakes"]) <= 4 and 1 <= len(words["by_heart"]) <= 4
    for part in ("points", "mistakes", "by_heart"):
        assert len(words[part]) == len(english[part]), part
    assert len(words["follow_ups"]) == 2
    assert all(
        set(f) == {"question", "answer"} and f["question"].strip() and f["answer"].strip() for f in words["follow_ups"]
    )
    assert all(re.search(r"\d|[一二三四五六七八九十百千万亿半两零]", fact) for fact in words["by_heart"]), (
        "a fact has a number"
    )
    everything = [words["question"], words["answer"], *words["points"], *words["mistakes"], *words["by_heart"]]
    assert all(text.strip() for text in everything)
    assert not any(re.search(r"\*\*|```|^#|\\frac|\$\\", text) for text in everything), (
        "plain text: no markdown, no LaTeX"
    )


@pytest.mark.parametrize("code", ["vi", "zh"])
@pytest.mark.parametrize("id", CARDS)
def test_facts_by_heart_have_the_same_figures_in_every_language(id, code):
    with using_language("en"):
        english = questions.find_card(id).words()["by_heart"]
    with using_language(code):
        numbers_agree("\n".join(english), "\n".join(questions.find_card(id).words()["by_heart"]), f"{code} {id}")
