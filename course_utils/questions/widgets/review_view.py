"""The live view of a review: question, the other side, how well it was known."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from course_utils.i18n import using_language
from course_utils.questions.export_anki import FIELDS, fields_of
from course_utils.questions.repetition import RATINGS
from course_utils.questions.widgets.panel import Panel


class ReviewView(Panel):
    """Lead through the cards of a review.

    Parameters
    ----------
    review : Review
    """

    def __init__(self, review: Any):
        super().__init__(review.language)
        self.review = review
        self.said, self.question, self.behind = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.reveal_button = self.button("reveal", self.reveal)
        self.rating_buttons = {name: self.button(name, lambda name=name: self.rate(name)) for name in RATINGS}
        self._heading = self.title(self.say("review_title"))
        self.ask()

    def ask(self) -> None:
        """Show the question of the card at hand, or that none is left."""
        self.question.value = self.text(str(self.review.question()), "text", live=True)
        row = () if self.review.card is None else (self.row(self.reveal_button),)
        self.children = (self._heading, self.said, self.question, *row)

    def reveal(self) -> None:
        """Show the other side and the four ratings."""
        self.review.reveal()
        with using_language(self.language):
            parts = dict(zip(FIELDS, fields_of(self.review.card), strict=True))
        behind = "".join(parts[name] for name in ("Points", "Answer", "Mistakes", "FollowUps", "Numbers"))
        region = f'class="questions-text" lang="{self.language}" role="status" aria-live="polite"'
        self.behind.value = f"<div {region}>{behind}</div>"
        ratings = self.row(*self.rating_buttons.values())
        self.said.value = ""
        self.children = (self._heading, self.question, ratings, self.behind)

    def rate(self, rating: str) -> None:
        """Write down how well the card was known and show the next."""
        said = str(self.review.rate(rating)).split("\n")[0]
        self.said.value = self.text(said, "place")
        self.ask()
