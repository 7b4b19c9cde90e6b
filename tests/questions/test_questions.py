"""What a reader calls: check, hint, solution, stub, grade."""

import pytest

from course_utils import questions
from course_utils.questions.bank import find


def test_unknown_question_names_near_ones():
    with pytest.raises(KeyError, match="six-nd"):
        questions.check("00.six-n", 1)


def test_grade_counts_and_places():
    placing = questions.names("00", role="placement")
    open_ones = {name.split(".")[1]: None for name in placing}
    assert len(open_ones) == 10
    assert "10" in questions.grade("00", open_ones)
    full = {name.split(".")[1]: find(name).answer for name in placing}
    text = questions.grade("00", full)
    assert text.count("✓") == 10
    assert questions.grade("00", full | {"twenty": 3}).count("✗") == 1


def test_hints_escalate_and_stop():
    assert questions.hint("00.twenty") != questions.hint("00.twenty", 2)
    assert questions.hint("00.twenty", 9) == questions.hint("00.twenty", 3)
    with pytest.raises(ValueError):
        questions.hint("00.twenty", 0)


def test_names_by_lesson_and_role():
    assert set(questions.names("00", role="placement")) <= set(questions.names("00")) <= set(questions.names())
    assert questions.names("01_what_are_scaling_laws") == questions.names(1) == questions.names("01")
    with pytest.raises(ValueError, match="placement"):
        questions.names("00", role="exam")
    with pytest.raises(ValueError, match="00"):
        questions.names("77")


def test_an_answer_goes_into_the_record_with_the_hints_before_it(kept):
    questions.hint("00.twenty")
    questions.hint("00.twenty", 2)
    questions.check("00.twenty", 21)
    questions.check("00.twenty", "20")
    questions.check("00.twenty")
    questions.check("00.twenty", "what?")
    answers = kept.answers()
    assert [(a.question, a.answer, a.share, a.hints) for a in answers] == [
        ("00.twenty", "21", 0.0, 2),
        ("00.twenty", "20", 1.0, 0),
    ]


def test_only_an_exercise_in_code_has_a_stub():
    with pytest.raises(ValueError, match=r"00\.twenty"):
        questions.stub("00.twenty")
