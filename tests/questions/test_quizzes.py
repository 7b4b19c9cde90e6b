"""A quiz without a browser: its calls, its score, its still face, and the view's buttons."""

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, language, using_language
from course_utils.questions.bank import find

WIDGET = "application/vnd.jupyter.widget-view+json"
QUIZZES = [lesson for lesson in questions.lessons() if questions.names(lesson, role="quiz")]


@pytest.fixture
def placement():
    with using_language("en"):
        return questions.quiz("00", role="placement")


def test_wrong_hint_right_next_score(placement):
    assert placement.question().startswith("Question 1 of 10\n")
    assert placement.answer("a").right is False
    assert placement.hint().startswith("Hint 1 of 3")
    assert placement.hint().startswith("Hint 2 of 3")
    assert placement.answer("b").right is True
    assert placement.next().startswith("Question 2 of 10\n")
    assert placement.answer("5.88e23").right is True
    assert not placement.finished
    score = placement.score()
    assert score.startswith("2 of 10 right, 1 of them at once")
    assert "Look again at: 1." in score and "Not answered: 3, 4" in score


def test_hints_stop_at_the_last(placement):
    said = [placement.hint() for _ in range(5)]
    assert len(set(said)) == 3 and said[2] == said[4]


def test_a_question_whose_solution_was_seen_counts_as_done_but_not_at_once(placement):
    placement.solution()
    placement.answer("b")
    assert placement.standing.done and not placement.standing.at_once
    assert placement.score().startswith("1 of 10 right, 0 of them")


def test_to_the_end_and_back(placement):
    for item in placement.items:
        placement.answer(find(item.id).answer)
        last = placement.next()
    assert placement.finished and last == placement.score()
    assert last == "10 of 10 right, 10 of them at once and without a hint."
    assert placement.back().startswith("Question 9 of 10")
    placement.position = 0
    assert placement.back().startswith("Question 1 of 10")


def test_an_answer_that_cannot_be_read_costs_nothing(placement):
    assert placement.answer("z").right is None
    assert placement.answer("b").right is True
    assert placement.standing.at_once


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_quiz_keeps_its_language_and_shows_the_same_face_twice(code):
    with using_language(code):
        one, other = (questions.quiz("00", role="placement") for _ in range(2))
        first = find("00.unit-of-compute").words()["text"]
    assert language() != code or code == "en"
    faces = [q._repr_mimebundle_() for q in (one, other)]
    assert faces[0]["text/plain"] == faces[1]["text/plain"] and faces[0]["text/html"] == faces[1]["text/html"]
    assert first in faces[0]["text/plain"]
    assert faces[0]["text/html"].count("<li") > 10
    assert WIDGET in faces[0]
    assert "value=" not in faces[0]["text/plain"], "no Python repr of a widget"
    assert set(one._repr_mimebundle_(include=["text/plain"])) == {"text/plain"}


def test_a_face_gives_no_answer_away(placement):
    html = placement._repr_html_()
    for item in placement.items:
        question = find(item.id)
        for said in question.words()["feedback"].values():
            assert said not in html
        assert question.words()["solution"] not in html


@pytest.mark.parametrize("lesson", QUIZZES)
def test_the_quiz_of_a_lesson(lesson):
    quiz = questions.quiz(lesson)
    assert len(quiz.items) >= 10
    for item in quiz.items:
        if item.type != "open":
            assert quiz.answer(find(item.id).answer).right is True
        quiz.next()


def test_a_lesson_without_a_quiz():
    with pytest.raises(ValueError, match="00"):
        questions.quiz("77")


# The view --------------------------------------------------------------------------------------------------------


def press(button):
    button.click()


def test_the_buttons_do_what_the_calls_do(placement):
    view = placement.widget()
    assert placement.widget() is view
    press(view.check_button)
    assert placement.standing.wrong == 0, "nothing chosen is no answer"
    view.field.value = "a"
    press(view.check_button)
    assert placement.standing.wrong == 1 and 'aria-live="polite"' in view.said.value
    press(view.hint_button)
    assert "Hint 1 of 3" in view.said.value
    view.field.value = "b"
    press(view.check_button)
    assert view.next_button.button_style == "primary"
    press(view.next_button)
    assert placement.position == 1 and view.said.value == ""
    view.field.value = "2 * 70e9 * 1.4e12"
    view._entered(view.field, {"event": "submit"}, [])
    assert placement.standing.wrong == 1, "Enter checks"
    press(view.solution_button)
    press(view.back_button)
    assert placement.position == 0 and view.field.value == "b", "what was chosen is still there"
    placement.position = 8
    press(view.next_button)
    assert placement.position == 9 and view.next_button.disabled
    press(view.score_button)
    assert "1 of 10 right" in view.said.value


def test_the_last_answer_brings_the_score(placement):
    view = placement.widget()
    for item in placement.items:
        answer = find(item.id).answer
        view.field.value = answer if item.type == "choice" else repr(answer)
        press(view.check_button)
        assert ("10 of 10 right" in view.said.value) == placement.finished
        press(view.next_button)
    assert placement.finished and "10 of 10 right" in view.said.value


def test_every_control_has_a_name(placement):
    import ipywidgets

    def walk(widget):
        yield widget
        for child in getattr(widget, "children", ()):
            yield from walk(child)

    view = placement.widget()
    for _ in placement.items:
        for widget in walk(view):
            if isinstance(widget, ipywidgets.Button | ipywidgets.Checkbox | ipywidgets.Text | ipywidgets.Textarea):
                assert widget.description
            if isinstance(widget, ipywidgets.RadioButtons):
                assert [len(label) > 3 for label, _ in widget.options] == [True], "one choice a group: reached with Tab"
        press(view.next_button)


@pytest.mark.parametrize("lesson", QUIZZES)
@pytest.mark.parametrize("code", LANGUAGES)
def test_every_question_of_a_quiz_can_be_answered_with_the_view(lesson, code):
    with using_language(code):
        quiz = questions.quiz(lesson)
    view = quiz.widget()
    for item in quiz.items:
        answer = find(item.id).answer
        if item.type == "choices":
            for (letter, _), box in zip(item.choices(), view.field.children[1:], strict=True):
                box.value = letter in answer
            assert view.value() == list(answer)
        else:
            view.field.value = answer if item.type == "choice" else repr(answer)
        press(view.check_button)
        assert item.type == "open" or quiz.standing.right
        press(view.next_button)
