"""The mock interview and the review of cards, without a browser."""

import datetime

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions import repetition
from course_utils.questions.cards import choose_cards
from course_utils.questions.rehearsal import Interview, pick

WIDGET = "application/vnd.jupyter.widget-view+json"


class Watch:
    """Seconds that the test turns on."""

    time = 0.0

    def __call__(self) -> float:
        return self.time


@pytest.fixture
def watch():
    return Watch()


@pytest.fixture
def rehearsal(watch):
    with using_language("en"):
        return questions.interview(level="screen", minutes=8, topics=["foundations", "moe"], seed=1, clock=watch)


def test_cards_fill_the_minutes_and_take_topics_in_turn():
    cards = choose_cards()
    for minutes in (1, 5, 20, 60, 1000):
        for seed in range(5):
            drawn = pick(cards, minutes, seed)
            assert len({card.id for card in drawn}) == len(drawn) >= 1
            assert sum(card.minutes for card in drawn) <= max(minutes, drawn[0].minutes)
            left = minutes - sum(card.minutes for card in drawn)
            unused = [card.minutes for card in cards if card not in drawn]
            assert not unused or left < max(unused)
    assert len({card.topic for card in pick(cards, 40, 3)[:8]}) == 8
    assert pick(cards, 20, 1) == pick(cards, 20, 1) != pick(cards, 20, 2)


def test_the_choice_is_kept_to(rehearsal):
    assert {card.level for card in rehearsal.cards} == {"screen"}
    assert {card.topic for card in rehearsal.cards} == {"foundations", "moe"}
    for arguments in ({"level": "boss"}, {"topics": "cooking"}, {"minutes": 0}, {"minutes": float("nan")}):
        with pytest.raises(ValueError):
            questions.interview(**arguments)


def test_from_question_to_report(rehearsal, watch, kept):
    with using_language("en"):
        first = rehearsal.card.words()
    assert first["question"] in rehearsal.question()
    with pytest.raises(ValueError, match="reveal"):
        rehearsal.grade([1])
    watch.time = 90
    assert rehearsal.seconds_left() == 60 * rehearsal.card.minutes - 90
    behind = rehearsal.reveal("my answer")
    assert behind.startswith("You took 1 minute 30 seconds")
    assert all(part in behind for part in (*first["points"], *first["mistakes"], *first["by_heart"]))
    assert all(f["question"] in behind for f in first["follow_ups"])
    assert rehearsal.seconds_left() is None
    with pytest.raises(ValueError, match="99"):
        rehearsal.grade([99])
    everything = range(1, len(first["points"]) + 1)
    assert rehearsal.grade(everything).startswith(f"{len(first['points'])} of")
    rehearsal.next()
    watch.time += 1000
    rehearsal.reveal()
    assert rehearsal.grade("1").startswith("1 of")
    report = rehearsal.report()
    assert f"2 of {len(rehearsal.cards)} questions graded" in report
    assert "ran over their time: 1" in report
    assert [card.id for card in rehearsal.weak_spots()] == [rehearsal.cards[1].id]
    assert rehearsal.cards[1].words()["question"] in report and f"Lesson {rehearsal.cards[1].lesson}" in report
    assert kept.answers()[0].kind == "interview" and kept.answers()[0].answer == "my answer"
    assert [answer.share for answer in kept.answers()][:1] == [1.0]
    assert set(kept.cards()) == {card.id for card in rehearsal.cards[:2]}


def test_grading_again_corrects_and_counts_once(rehearsal, kept):
    rehearsal.reveal()
    rehearsal.grade([1])
    rehearsal.grade([1, 2])
    assert rehearsal.attempt.said == {1, 2}
    assert len(kept.answers()) == 1 and len(kept.reviews()) == 1


def test_to_the_end_the_report_follows(rehearsal):
    for _ in rehearsal.cards:
        rehearsal.reveal()
        rehearsal.grade(range(1, len(rehearsal.card.words()["points"]) + 1))
        last = rehearsal.next()
    assert last == rehearsal.report()
    assert "No weak spot" in last
    assert not rehearsal.weak_spots()


def test_an_empty_report():
    with using_language("en"):
        assert "Nothing graded" in questions.interview(minutes=5).report()


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_face_does_not_depend_on_chance(code):
    with using_language(code):
        faces = [questions.interview(minutes=10)._repr_mimebundle_() for _ in range(2)]
        reviews = [questions.review()._repr_mimebundle_() for _ in range(2)]
    for one, other in (faces, reviews):
        assert one["text/plain"] == other["text/plain"] and one["text/html"] == other["text/html"]
        assert WIDGET in one and f'lang="{code}"' in one["text/html"]


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_view_leads_through(code, watch):
    with using_language(code):
        made = questions.interview(level="onsite", minutes=9, seed=4, clock=watch)
        cards = list(made.cards)
    view = made.widget()
    assert view.level.value == "onsite" and view.minutes.value == 9
    view.begin_button.click()
    assert made.cards == cards, "the seed holds as long as nothing else is chosen"
    watch.time = 61
    assert view.show_time()
    assert "59" in view.clock.value and 'role="status"' not in view.clock.value
    watch.time = 60 * made.card.minutes + 5
    assert view.show_time() and "0:05" in view.clock.value
    view.answer.value = "L = E + k X^-a"
    view.reveal_button.click()
    assert not view.show_time()
    assert made.attempt.answer == "L = E + k X^-a"
    assert len(view.points) == len(made.card.words_in(code)["points"])
    view.points[0].value = True
    view.grade_button.click()
    assert made.attempt.said == {1}
    view.next_button.click()
    assert made.position == 1 and view.answer.value == ""
    view.reveal_button.click()
    view.grade_button.click()
    view.report()
    page = "".join(getattr(child, "value", "") for child in view.children if hasattr(child, "value"))
    assert made.cards[1].words_in(code)["question"].replace("'", "&#x27;")[:20] in page
    view.setup()
    view.topics["moe"].value = True
    view.level.value = "all"
    view.begin_button.click()
    assert {card.topic for card in made.cards} == {"moe"} and made.position == 0


# Spaced repetition -----------------------------------------------------------------------------------------------


def test_cards_come_back_later_the_better_they_were_known(kept, clock):
    days = {}
    for rating, card in zip(repetition.RATINGS, choose_cards(), strict=False):
        days[rating] = (repetition.remember(card.id, rating) - clock.time) / datetime.timedelta(days=1)
    assert list(days.values()) == sorted(days.values())
    assert 0.5 < days["again"] <= 2 and days["easy"] > 4


def test_intervals_grow_and_a_lapse_brings_a_card_back(kept, clock):
    card, lapses = choose_cards()[0].id, []
    for _ in range(4):
        due = repetition.remember(card, "good")
        lapses.append(due - clock.time)
        clock.time = due
    assert lapses == sorted(lapses) and lapses[-1] > 5 * lapses[0]
    assert repetition.remember(card, "again") - clock.time < datetime.timedelta(days=8)


def test_what_is_due_comes_first_then_a_few_new(kept, clock):
    cards = choose_cards()
    first = questions.review(new=3)
    assert [c.id for c in first.cards] == [c.id for c in cards[:3]]
    first.rate("again")
    first.rate(3)
    first.rate("easy")
    assert first.card is None and "3" in first.question()
    assert [c.id for c in questions.review(new=0).cards] == []
    clock.move(days=1, hours=1)
    assert [c.id for c in questions.review(new=0).cards] == [cards[0].id]
    clock.move(days=30)
    overdue = questions.review(limit=4, new=5).cards
    assert [c.id for c in overdue] == [c.id for c in (*cards[:3], cards[3])]
    assert len(kept.reviews()) == 3


def test_a_review_says_what_it_does():
    with using_language("en"):
        one = questions.review(new=1)
        words = one.card.words()
        assert words["question"] in one.question()
        assert words["answer"].strip() in one.reveal()
        with pytest.raises(ValueError, match="again, hard, good, easy"):
            one.rate("superb")
        assert one.rate("good").startswith("Comes back on ")
        with pytest.raises(ValueError, match="Done for today"):
            one.rate("good")
        assert "No card is due" in questions.review(limit=0).question()


def test_the_buttons_of_a_review(kept):
    one = questions.review(new=2)
    view = one.widget()
    view.reveal_button.click()
    assert one.revealed and 'role="status"' in view.behind.value
    view.rating_buttons["hard"].click()
    assert one.position == 1 and len(kept.reviews()) == 1
    view.reveal_button.click()
    view.rating_buttons["easy"].click()
    assert one.card is None and len(view.children) == 3


def test_an_interview_can_be_made_of_chosen_cards(watch):
    card = choose_cards()[5]
    made = Interview([card], 5, 0, clock=watch)
    assert card.words()["question"] in made.question()
