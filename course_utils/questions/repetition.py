"""Spaced repetition of the interview cards: each comes back just before it would be forgotten (FSRS)."""

from __future__ import annotations

import datetime
import html
from collections.abc import Sequence

from course_utils.i18n import format_date, language, t, using_language
from course_utils.questions import record
from course_utils.questions.cards import Card, choose_cards, find_card
from course_utils.questions.checking import _with_note
from course_utils.questions.faces import Words, lines_html

RATINGS = ("again", "hard", "good", "easy")
"""How well a card was known; a rating's number is its place, from 1, as in Anki."""


def rating_of_share(share: float) -> str:
    """Return the rating that fits the share of the points that were said in a mock interview.

    Examples
    --------
    >>> [rating_of_share(share) for share in (0.2, 0.5, 0.8, 1.0)]
    ['again', 'hard', 'good', 'easy']
    """
    return "again" if share < 0.4 else "hard" if share < 0.7 else "good" if share < 1.0 else "easy"


def remember(card: str, rating: str) -> datetime.datetime:
    """Write down how well a card was known; return when it is due again.

    Parameters
    ----------
    card : str
        Id of an interview card.
    rating : str
        One of `RATINGS`.

    Raises
    ------
    ValueError
        If there is no such rating.
    KeyError
        If there is no such card.
    """
    import fsrs

    if rating not in RATINGS:
        raise ValueError(t("questions.not_one_of", argument="rating", given=repr(rating), known=", ".join(RATINGS)))
    find_card(card)
    kept, now = record.current(), record.current().now().astimezone(datetime.UTC)
    state = kept.cards().get(card)
    before = fsrs.Card.from_json(state) if state else fsrs.Card(due=now)
    # No steps of minutes: a card is seen once a sitting and comes back another day. No chance in the intervals either.
    scheduler = fsrs.Scheduler(learning_steps=(), relearning_steps=(), enable_fuzzing=False)
    number = RATINGS.index(rating) + 1
    after, _ = scheduler.review_card(before, fsrs.Rating(number), now)
    kept.save_card(card, after.due, after.to_json(), number)
    return after.due


def due_cards(limit: int = 20, new: int = 5) -> list[Card]:
    """Return the cards to look at now: those due, the longest overdue first, then some that were never seen.

    Parameters
    ----------
    limit : int
        At most so many in all.
    new : int
        At most so many that were never seen.
    """
    import fsrs

    kept = record.current()
    now, states = kept.now().astimezone(datetime.UTC), kept.cards()
    due = {id: fsrs.Card.from_json(state).due for id, state in states.items()}
    cards = choose_cards()
    ready = sorted((c for c in cards if c.id in due and due[c.id] <= now), key=lambda c: due[c.id])
    unseen = [c for c in cards if c.id not in due]
    return (ready + unseen[:new])[:limit]


class Review:
    """Go through cards: question, then what stands behind it, then how well it was known.

    Parameters
    ----------
    cards : sequence of Card
    """

    def __init__(self, cards: Sequence[Card]):
        self.language = language()
        self.cards = list(cards)
        self.position = 0
        self.revealed = False
        self.rated: list[str] = []
        self._view = None

    @property
    def card(self) -> Card | None:
        """The card at hand; None when all are done."""
        return self.cards[self.position] if self.position < len(self.cards) else None

    def question(self) -> Words:
        """Return the question of the card at hand, or that none is left."""
        with using_language(self.language):
            if self.card is None:
                return Words(self._end())
            head = t("questions.card_of", number=self.position + 1, total=len(self.cards))
            return Words(f"{head}\n{self.card.words()['question']}")

    def reveal(self) -> Words:
        """Return what stands behind the card at hand."""
        from course_utils.questions.rehearsal import revealed_lines

        with using_language(self.language):
            if self.card is None:
                return Words(self._end())
            self.revealed = True
            return Words("\n".join([*revealed_lines(self.card), "", t("questions.review_rate")]))

    def rate(self, rating: str | int) -> Words:
        """Say how well the card was known ("again", "hard", "good", "easy", or 1 to 4); return the next question.

        Raises
        ------
        ValueError
            If there is no such rating, or no card is left.
        """
        with using_language(self.language):
            if self.card is None:
                raise ValueError(self._end())
            if rating in (1, 2, 3, 4):
                rating = RATINGS[rating - 1]
            due = remember(self.card.id, rating)
            self.rated.append(rating)
            self.position += 1
            self.revealed = False
            said = t("questions.review_again_on", date=format_date(due.astimezone().date()))
            return Words(_with_note(f"{said}\n{self.question()}"))

    def _end(self) -> str:
        return t("questions.review_done", count=len(self.rated)) if self.rated else t("questions.review_none")

    def __repr__(self) -> str:
        with using_language(self.language):
            plain = t("questions.review_plain")
            lead = t("questions.review_lead", count=len(self.cards))
            return "\n".join([t("questions.review_title"), lead, plain])

    def _repr_html_(self) -> str:
        title, *rest = repr(self).split("\n")
        body = lines_html("\n".join(rest))
        return f'<div lang="{self.language}" style="max-width: 46em"><h4>{html.escape(title)}</h4>{body}</div>'

    def widget(self):
        """Return the live view (an ipywidgets container); one review has one."""
        if self._view is None:
            from course_utils.questions.widgets.review_view import ReviewView

            self._view = ReviewView(self)
        return self._view

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.widget().bundle(self, include, exclude)


def review(limit: int = 20, new: int = 5) -> Review:
    """Return the interview cards that are due today, and a few new ones.

    Parameters
    ----------
    limit : int
        At most so many cards.
    new : int
        At most so many that you have never seen.
    """
    return Review(due_cards(limit, new))
