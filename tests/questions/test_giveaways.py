"""No right choice gives itself away by its place or its length."""

import collections

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions.bank import find


def chosen(lesson: str) -> list:
    """Questions with choices of their own; claims, whose choices are the same words each time, are left out."""
    every = [find(name) for name in questions.names(lesson) if find(name).choices]
    texts = collections.Counter(tuple(q.words()["choices"].values()) for q in every)
    return [q for q in every if texts[tuple(q.words()["choices"].values())] < 3]


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("lesson", questions.lessons())
def test_the_right_choice_is_not_the_longest(lesson, code):
    single = [q for q in chosen(lesson) if q.type == "choice"]
    if len(single) < 4:
        pytest.skip("too few to tell")
    with using_language(code):
        longest = [max(q.choices, key=lambda c: len(q.words()["choices"][c])) for q in single]
        shortest = [min(q.choices, key=lambda c: len(q.words()["choices"][c])) for q in single]
    for kind in (longest, shortest):
        assert sum(q.answer == c for q, c in zip(single, kind, strict=True)) <= len(single) / 2


@pytest.mark.parametrize("lesson", questions.lessons())
def test_the_right_letters_are_spread(lesson):
    letters = collections.Counter(q.answer for q in chosen(lesson) if q.type == "choice")
    total = sum(letters.values())
    if total < 6:
        pytest.skip("too few to tell")
    assert max(letters.values()) <= total / 2, letters
    assert len(letters) >= 3, letters


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("lesson", questions.lessons())
def test_no_choice_is_far_longer_than_the_others(lesson, code):
    with using_language(code):
        for question in chosen(lesson):
            lengths = sorted(len(text) for text in question.words()["choices"].values())
            right = [len(question.words()["choices"][c]) for c in question.answer]
            assert not (max(right) == lengths[-1] and lengths[-1] > 2.5 * lengths[-2] + 10), question.id


def test_claims_are_true_imprecise_and_false():
    claims = {find(name).answer for name in questions.names("01") if ".claim-" in name}
    assert claims == {"a", "b", "c"}


@pytest.mark.parametrize("lesson", questions.lessons())
def test_several_choices_are_not_always_as_many(lesson):
    several = [q for q in chosen(lesson) if q.type == "choices"]
    if len(several) < 4:
        pytest.skip("too few to tell")
    assert len({len(q.answer) for q in several}) > 1
