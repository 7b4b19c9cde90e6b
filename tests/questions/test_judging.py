"""Types of question that a lesson may have, judged on made-up ones: several choices, decades, open, code."""

import pytest

from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions.bank import Question, _make
from course_utils.questions.items import BankItem
from course_utils.questions.judging import judge
from course_utils.questions.quizzes import Quiz

WORDS = {
    "text": "Which hold?",
    "choices": {"a": "one", "b": "two", "c": "three", "d": "four"},
    "feedback": {"a": "on a", "b": "on b", "c": "on c", "d": "on d", "right": "so it is", "two_nd": "forward alone"},
    "hints": ["look", "think", "count"],
    "solution": "a and c",
    "rubric": ["says this", "says that", "says more"],
}


@pytest.fixture(autouse=True)
def made_up_words(monkeypatch):
    monkeypatch.setattr(Question, "words", lambda self: WORDS)


SEVERAL = Question("01.several", "choices", "made up", key=["a", "c"], choices=("a", "b", "c", "d"))


@pytest.mark.parametrize("answer", ["a, c", "c a", "ac", "A、C", "a) c)", ["c", "a"], {"a", "c"}, ("a", "c")])
def test_several_letters_as_people_write_them(answer):
    verdict = judge(SEVERAL, answer)
    assert verdict.right is True
    assert "on a" in verdict.text and "on c" in verdict.text and "on b" not in verdict.text


def test_what_is_wrongly_ticked_is_named_and_what_is_left_out_only_counted():
    with using_language("en"):
        verdict = judge(SEVERAL, "a, b")
    assert verdict.right is False
    assert "2 of 4 choices" in verdict.text and "on b" in verdict.text
    assert "on c" not in verdict.text and "Left out though they hold: 1" in verdict.text


@pytest.mark.parametrize("answer", ["", "e", "a, e", [], 3, "none of these"])
def test_what_is_no_choice_costs_nothing(answer):
    assert judge(SEVERAL, answer).right is None


def test_a_tolerance_in_decades():
    question = Question("01.decades", "number", "made up", key=1e23, tolerance_decades=0.3)
    assert all(judge(question, x).right for x in (1e23, 1.9e23, 5.1e22))
    assert not any(judge(question, x).right for x in (2.1e23, 4.9e22, -1e23, 0))


def test_a_negative_and_a_zero_key():
    below = Question("01.below", "number", "made up", key=-0.5, tolerance=0.01)
    assert judge(below, "−0.5").right is True and judge(below, 0.5).right is False
    nothing = Question("01.nothing", "number", "made up", key=0.0, tolerance=0.01)
    assert judge(nothing, 0).right is True and judge(nothing, 0.5).right is False


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_direction_is_said(code):
    question = Question("01.number", "number", "made up", key=10.0, tolerance=0.01)
    with using_language(code):
        said = [judge(question, x).text for x in (11, 9, -10)]
    assert len(set(said)) == 3


def test_flops_in_capitals_may_be_a_speed():
    question = Question("01.speed", "number", "made up", key=3.12e14, tolerance=0.01, unit="flop/s")
    assert judge(question, "312 TFLOPS").right is True
    assert judge(question, "312 TFLOP/s").right is True
    assert judge(question, "3.12e14 FLOPs").right is False


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_open_question_shows_what_to_compare_with(code):
    question = Question("01.open", "open", "made up")
    with using_language(code):
        verdict = judge(question, "because")
    assert verdict.right is None
    assert all(part in verdict.text for part in ("a and c", *WORDS["rubric"]))


def test_open_questions_count_for_no_score(monkeypatch):
    from course_utils.questions import items

    monkeypatch.setattr(items, "check", lambda id, answer: judge(SEVERAL if "several" in id else OPEN, answer))
    with using_language("en"):
        quiz = Quiz([BankItem(OPEN), BankItem(SEVERAL)], "made up")
        quiz.answer("because")
        assert quiz.standing.done and not quiz.standing.right
        quiz.next()
        quiz.answer("ac")
        assert quiz.score() == "1 of 1 right, 1 of them at once and without a hint."
        assert quiz.finished


OPEN = Question("01.open", "open", "made up")


def test_code_that_is_not_there_or_not_right():
    question = Question(
        "01.code", "code", "made up", key="lambda n, d: 6 * n * d", function="flops", tolerance=0.01,
        cases=("2.0, 3.0", "1.0, 1.0"), slip_keys={"two_nd": "lambda n, d: 2 * n * d"},
    )  # fmt: skip

    def stub(n, d):
        raise NotImplementedError

    assert judge(question, stub).right is None and judge(question, 36).right is None
    assert judge(question, lambda n, d: 6 * n * d).right is True
    slip = judge(question, lambda n, d: 2 * n * d)
    assert slip.right is False and slip.slip == "two_nd" and "forward alone" in slip.text
    wrong = judge(question, lambda n, d: 5 * n * d)
    assert "flops(2.0, 3.0)" in wrong.text and "30" in wrong.text and "36" in wrong.text
    raised = judge(question, lambda n, d: n / 0)
    assert raised.right is False and "ZeroDivisionError" in raised.text


@pytest.mark.parametrize(
    "entry, part",
    [
        ({"type": "riddle"}, "riddle"),
        ({"type": "number", "role": "exam"}, "exam"),
        ({"type": "number", "topic": "cooking"}, "cooking"),
        ({"type": "number", "toleranse": 0.1, "source": "x"}, "toleranse"),
        ({"type": "number"}, "source"),
    ],
)
def test_a_bank_with_a_mistake_says_where(entry, part):
    with pytest.raises(ValueError, match=part) as error:
        _make("01", "mine", entry)
    assert "01.mine" in str(error.value)
