"""Every question is whole in three languages, its key is what the package computes, and its slips are caught."""

import re

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions.bank import find

ALL = questions.names()


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("name", ALL)
def test_words_are_whole(name, code):
    question = find(name)
    with using_language(code):
        words = question.words()
        assert set(words) == {"text", "feedback", "hints", "solution"} | ({"choices"} if question.choices else set())
        expected = set(question.choices) if question.choices else {"right", *question.slips}
        assert set(words["feedback"]) == expected
        assert len(words["hints"]) == 3
        if question.choices:
            assert set(words["choices"]) == set(question.choices)
        assert str(questions.ask(name)).startswith(words["text"])
        assert question.source in questions.solution(name)


@pytest.mark.parametrize("code", ["vi", "zh"])
@pytest.mark.parametrize("name", ALL)
def test_numbers_agree_between_languages(name, code):
    # the same constants in words: compare the decimal fractions, which no language rewrites into other units
    def fractions(language):
        with using_language(language):
            words = find(name).words()
            return sorted(set(re.findall(r"\d\.\d+", words["text"])) - {"1.4", "4.6"})  # 1.4 trillion and 174.6 billion are other numbers in 亿

    assert fractions(code) == fractions("en")


@pytest.mark.parametrize("name", ALL)
def test_right_answers_and_slips(name):
    question = find(name)
    verdict = questions.check(name, question.answer)
    assert verdict.right is True
    assert question.words()["feedback"][question.answer if question.choices else "right"] in verdict.text
    for slip, value in question.slips.items():
        verdict = questions.check(name, value)
        assert verdict.right is False, slip
        assert question.words()["feedback"][slip] in verdict.text
    for letter in set(question.choices) - {question.answer}:
        assert questions.check(name, letter).right is False


def test_placement_choices_give_nothing_away():
    chosen = [find(name) for name in ALL if find(name).choices and ".claim" not in name]
    for code in LANGUAGES:
        with using_language(code):
            longest = [max(q.choices, key=lambda c: len(q.words()["choices"][c])) for q in chosen]
        assert sum(q.answer == c for q, c in zip(chosen, longest, strict=True)) <= len(chosen) / 2, code
    assert len({q.answer for q in chosen}) > 1
    claims = {find(name).answer for name in ALL if ".claim" in name}
    assert claims == {"a", "b", "c"}


@pytest.mark.parametrize("text, value, unit", [
    ("1.4e11", 1.4e11, None), ("1.4 × 10^11", 1.4e11, None), ("1.4×10¹¹", 1.4e11, None), ("140B", 1.4e11, None),
    ("140 tỷ", 1.4e11, None), ("1400亿", 1.4e11, None), ("1,400 亿 词元", 1.4e11, "tokens"),
    ("140 tỷ token", 1.4e11, "tokens"),
    ("0.14 nghìn tỷ", 1.4e11, None), ("10^23 FLOPs", 1e23, "flops"), ("312 T FLOP/s", 3.12e14, "flop/s"),
    ("5 tokens", 5, "tokens"), ("92 %", 0.92, None), ("26.6 ngày", 26.6, "days"), ("27 天", 27, "days"),
    ("1.2万亿", 1.2e12, None), (3, 3.0, None), ("-2", -2.0, None), (".5", 0.5, None),
])  # fmt: skip
def test_numbers_as_people_write_them(text, value, unit):
    got, got_unit = questions.parse_number(text)
    assert got == pytest.approx(value)
    assert got_unit == unit


@pytest.mark.parametrize("text", ["", "abc", "12 apples", "1e", "nan", None, True, float("nan")])
def test_what_is_no_number_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        questions.parse_number(text)


@pytest.mark.parametrize("code", LANGUAGES)
def test_feedback_without_an_answer_or_with_nonsense(code):
    with using_language(code):
        assert questions.check("00.six-nd").right is None
        assert questions.check("00.six-nd", "many").right is None
        assert questions.check("00.held-out", "z").right is None
        assert questions.check("00.six-nd", "5.88e23 FLOP/s").right is False
        assert questions.check("00.six-nd", 1e30).right is False
        assert questions.check("00.six-nd", -1).right is False
        assert "<" not in questions.check("00.six-nd")._repr_html_().replace("<div", "").replace("<br>", "").replace(
            "</div>", "")


def test_unknown_question_names_near_ones():
    with pytest.raises(KeyError, match="six-nd"):
        questions.check("00.six-n", 1)


def test_grade_counts_and_places():
    open_ones = {name.split(".")[1]: None for name in questions.names("00")}
    assert len(open_ones) == 10
    assert "10" in questions.grade("00", open_ones)
    full = {name.split(".")[1]: find(name).answer for name in questions.names("00")}
    text = questions.grade("00", full)
    assert text.count("✓") == 10
    assert questions.grade("00", full | {"twenty": 3}).count("✗") == 1


def test_hints_escalate_and_stop():
    assert questions.hint("00.twenty") != questions.hint("00.twenty", 2)
    assert questions.hint("00.twenty", 9) == questions.hint("00.twenty", 3)
    with pytest.raises(ValueError):
        questions.hint("00.twenty", 0)
