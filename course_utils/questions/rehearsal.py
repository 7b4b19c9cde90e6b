"""A mock interview: choose, answer aloud or in writing against the clock, see what had to be said, mark it, go on."""

from __future__ import annotations

import html
import random
import re
import secrets
import time
from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass, field
from typing import Any

from course_utils.i18n import format_duration, format_percent, language, t, using_language
from course_utils.questions import record
from course_utils.questions.bank import lesson_file
from course_utils.questions.cards import LEVELS, Card, card_topics, choose_cards
from course_utils.questions.checking import _with_note
from course_utils.questions.faces import Words, lines_html
from course_utils.questions.repetition import rating_of_share, remember

WEAK = 0.7  # share of the points below which a question comes back in the report


@dataclass
class Attempt:
    """What a candidate made of one question.

    Attributes
    ----------
    phase : str
        "waiting", "answering", "revealed" or "graded".
    answer : str
    seconds : float or None
        Time taken until the answer was revealed.
    said : frozenset of int
        Numbers of the points that were said, from 1.
    """

    phase: str = "waiting"
    answer: str = ""
    started: float | None = None
    seconds: float | None = None
    said: frozenset[int] = field(default_factory=frozenset)


class Interview:
    """Rehearse an interview, question by question.

    Everything works as a plain call that returns text: :meth:`question`, :meth:`reveal`, :meth:`grade`, :meth:`next`,
    :meth:`report`. The widget calls the same.

    Parameters
    ----------
    cards : sequence of Card
        What is asked, in order.
    minutes : float
        What was asked for; shown in the title.
    seed : int
        What drew the cards: the same arguments and seed give the same interview.
    clock : callable, optional
        Gives seconds; for tests.

    Attributes
    ----------
    chosen : tuple
        Level, minutes and topics as they were asked for.
    """

    def __init__(self, cards: Sequence[Card], minutes: float, seed: int, clock: Callable[[], float] = time.monotonic):
        self.language = language()
        self.seed = seed
        self.chosen = (None, minutes, None)
        self._clock = clock
        self._view = None
        self.begin(cards, minutes)

    def begin(self, cards: Sequence[Card], minutes: float) -> None:
        """Start over with other questions."""
        self.cards = list(cards)
        self.minutes = minutes
        self.position = 0
        self.attempts = [Attempt() for _ in self.cards]

    # What a candidate calls -------------------------------------------------------------------------------------

    def question(self) -> Words:
        """Return the question at hand and start its clock."""
        attempt = self.attempt
        if attempt.phase == "waiting":
            attempt.phase, attempt.started = "answering", self._clock()
        with using_language(self.language):
            card = self.card
            lines = [self.heading(), card.words()["question"]]
            lines.append(t("questions.interview_time", minutes=card.minutes))
        return Words("\n".join(lines))

    def reveal(self, answer: str = "") -> Words:
        """Stop the clock; return the points to be said, the model answer, common mistakes and what is asked next."""
        attempt = self.attempt
        if attempt.phase == "waiting":
            self.question()
        if attempt.phase == "answering":
            attempt.seconds = self._clock() - attempt.started
            attempt.phase = "revealed"
        attempt.answer = answer or attempt.answer
        with using_language(self.language):
            lines = [self.time_taken(), *revealed_lines(self.card)]
            lines += ["", t("questions.interview_grade_plain")]
        return Words("\n".join(lines))

    def grade(self, said: Iterable[int] | str | int = ()) -> Words:
        """Mark which points were said, by their numbers: ``grade([1, 3])`` or ``grade("1 3")``.

        Raises
        ------
        ValueError
            If a number is none of the points, or the question has not been revealed.
        """
        with using_language(self.language):
            attempt, points = self.attempt, self.card.words()["points"]
            if attempt.phase in ("waiting", "answering"):
                raise ValueError(t("questions.interview_reveal_first"))
            numbers = [int(n) for n in re.findall(r"-?\d+", said)] if isinstance(said, str) else said
            numbers = {numbers} if isinstance(numbers, int) else set(numbers)
            if not numbers <= set(range(1, len(points) + 1)):
                raise ValueError(t("questions.interview_no_point", given=said, last=len(points)))
            again = attempt.phase == "graded"
            attempt.phase, attempt.said = "graded", frozenset(numbers)
            share = len(numbers) / len(points)
            if not again:
                record.current().add_answer(self.card.id, "interview", attempt.answer, share)
                remember(self.card.id, rating_of_share(share))
            text = t("questions.interview_graded", said=len(numbers), total=len(points))
            return Words(_with_note(text))

    def next(self) -> Words:
        """Go on to the next question, or to the report after the last."""
        if self.position >= len(self.cards) - 1:
            return self.report()
        self.position += 1
        return self.question()

    def report(self) -> Words:
        """Return how the interview went, topic by topic, and what to read again."""
        with using_language(self.language):
            lines = self.summary()
            lines += [f"  · {card.words()['question']} → {lesson_name(card.lesson)}" for card in self.weak_spots()]
        return Words("\n".join(lines))

    @property
    def card(self) -> Card:
        """The question at hand."""
        return self.cards[self.position]

    @property
    def attempt(self) -> Attempt:
        """What the candidate has made of the question at hand."""
        return self.attempts[self.position]

    def seconds_left(self) -> float | None:
        """Return the seconds that are left for the question at hand, negative when over; None when no clock runs."""
        attempt = self.attempt
        return None if attempt.phase != "answering" else 60 * self.card.minutes - (self._clock() - attempt.started)

    def share(self, position: int) -> float | None:
        """Return the share of the points said in answer to one question; None before it is graded."""
        attempt = self.attempts[position]
        if attempt.phase != "graded":
            return None
        with using_language(self.language):
            return len(attempt.said) / len(self.cards[position].words()["points"])

    def weak_spots(self) -> list[Card]:
        """Return the questions that went worst, the worst first."""
        shares = [(self.share(i), i) for i in range(len(self.cards)) if self.share(i) is not None]
        return [self.cards[i] for share, i in sorted(shares) if share < WEAK]

    def time_taken(self) -> str:
        """Say how long the answer took and how long it may take."""
        return t(
            "questions.interview_took",
            taken=format_duration(max(1, round(self.attempt.seconds))),
            minutes=self.card.minutes,
        )

    def heading(self) -> str:
        """Return the number, level and topic of the question at hand."""
        return t(
            "questions.interview_heading",
            number=self.position + 1,
            total=len(self.cards),
            level=t(f"questions.levels.{self.card.level}"),
            topic=t(f"questions.topics.{self.card.topic}"),
        )

    def summary(self) -> list[str]:
        """Return the report without the weak spots themselves, in the language in force."""
        graded = [(i, self.share(i)) for i in range(len(self.cards)) if self.share(i) is not None]
        if not graded:
            return [t("questions.report_empty")]
        mean = sum(share for _, share in graded) / len(graded)
        lines = [t("questions.report", graded=len(graded), total=len(self.cards), share=format_percent(mean))]
        for topic in dict.fromkeys(self.cards[i].topic for i, _ in graded):
            shares = [share for i, share in graded if self.cards[i].topic == topic]
            said = format_percent(sum(shares) / len(shares))
            lines.append("  " + t("questions.report_topic", topic=t(f"questions.topics.{topic}"), share=said))
        late = [a for a, c in zip(self.attempts, self.cards, strict=True) if a.seconds and a.seconds > 60 * c.minutes]
        if late:
            lines.append(t("questions.report_late", count=len(late)))
        lines.append(t("questions.report_weak" if self.weak_spots() else "questions.report_strong"))
        return lines

    # How it shows itself ----------------------------------------------------------------------------------------

    def __repr__(self) -> str:
        with using_language(self.language):
            comma = t("questions.labels.comma")
            counts = comma.join(f"{t(f'questions.levels.{level}')} {len(choose_cards(level))}" for level in LEVELS)
            lines = [t("questions.interview_title"), t("questions.interview_lead")]
            lines.append(t("questions.interview_bank", counts=counts, topics=len(card_topics())))
            lines.append(t("questions.interview_plain"))
        return "\n".join(lines)

    def _repr_html_(self) -> str:
        title, *rest = repr(self).split("\n")
        body = lines_html("\n".join(rest))
        return f'<div lang="{self.language}" style="max-width: 46em"><h4>{html.escape(title)}</h4>{body}</div>'

    def widget(self):
        """Return the live view (an ipywidgets container); one interview has one."""
        if self._view is None:
            from course_utils.questions.widgets.interview_view import InterviewView

            self._view = InterviewView(self)
        return self._view

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.widget().bundle(self, include, exclude)


def revealed_lines(card: Card) -> list[str]:
    """Return what stands behind a question, in the language in force: points, answer, mistakes, follow-ups, numbers."""
    words = card.words()
    lines = [t("questions.points")]
    lines += [f"  {number}. {point}" for number, point in enumerate(words["points"], 1)]
    lines += ["", t("questions.model_answer"), words["answer"].strip(), "", t("questions.mistakes")]
    lines += [f"  · {mistake}" for mistake in words["mistakes"]]
    lines += ["", t("questions.follow_ups")]
    for follow_up in words["follow_ups"]:
        lines += [f"  · {follow_up['question']}", f"    {follow_up['answer'].strip()}"]
    lines += ["", t("questions.by_heart")]
    lines += [f"  · {fact}" for fact in words["by_heart"]]
    lines += ["", t("questions.source", source=card.source)]
    return lines


def lesson_name(lesson: str) -> str:
    """Return how a lesson is named in a report, with its notebook's file where it is known."""
    file = lesson_file(lesson)
    return t("questions.lesson", lesson=lesson) + (f" ({file}.ipynb)" if file else "")


def pick(cards: Sequence[Card], minutes: float, seed: int) -> list[Card]:
    """Draw questions that fill the minutes, topic after topic in turn, so that none is left to chance.

    Parameters
    ----------
    cards : sequence of Card
        To draw from; not empty.
    minutes : float
        At least one question is drawn, however few they are.
    seed : int

    Returns
    -------
    list of Card
        No two the same.
    """
    source = random.Random(seed)
    by_topic: dict[str, list[Card]] = {}
    for card in source.sample(list(cards), len(cards)):
        by_topic.setdefault(card.topic, []).append(card)
    rounds = [card for turn in range(len(cards)) for pile in by_topic.values() for card in pile[turn : turn + 1]]
    drawn, left = [], minutes
    for card in rounds:
        if card.minutes <= left or not drawn:
            drawn.append(card)
            left -= card.minutes
    return drawn


def interview(
    level: str | Iterable[str] | None = None,
    minutes: float = 20,
    topics: str | Iterable[str] | None = None,
    seed: int | None = None,
    **options: Any,
) -> Interview:
    """Rehearse an interview.

    Parameters
    ----------
    level : str or several, optional
        "screen", "onsite" or "research"; all of them if left out.
    minutes : float
        How long it may take; as many questions are drawn as fit.
    topics : str or several, optional
        "foundations", "kaplan_chinchilla", "fitting", "data", "emergence", "moe", "inference", "systems".
    seed : int, optional
        The same seed asks the same questions; new ones each time if left out.

    Raises
    ------
    ValueError
        If a level or topic is not known, the minutes are not positive, or no question fits.
    """
    if not minutes > 0:
        raise ValueError(t("questions.minutes_positive", minutes=minutes))
    cards = choose_cards(level, topics)
    if not cards:
        raise ValueError(t("questions.no_cards"))
    seed = secrets.randbelow(2**31) if seed is None else seed
    made = Interview(pick(cards, minutes, seed), minutes, seed, **options)
    made.chosen = (level, minutes, topics)
    return made
