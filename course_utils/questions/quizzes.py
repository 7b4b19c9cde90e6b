"""A quiz: one question after another, with hints, retries and a score; the widget stands in ``widgets``."""

from __future__ import annotations

import html
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any

from course_utils.i18n import language, t, using_language
from course_utils.questions.bank import find, lesson_number, names
from course_utils.questions.faces import Verdict, Words, lines_html
from course_utils.questions.items import BankItem, Item

HINTS = 3


@dataclass(eq=False)
class Standing:
    """How far a reader has come with one question: wrong answers, hints asked for, whether it is done and how."""

    wrong: int = 0
    hints: int = 0
    right: bool = False
    shown: bool = False

    @property
    def done(self) -> bool:
        return self.right or self.shown

    @property
    def begun(self) -> bool:
        return bool(self.done or self.wrong or self.hints)

    @property
    def at_once(self) -> bool:
        return self.right and not (self.wrong or self.hints or self.shown)


class Quiz:
    """Ask one question after another.

    Everything a reader can do is a plain call, and every call returns what a screen reader can say; the widget that
    a notebook shows calls the same methods.

    Parameters
    ----------
    items : sequence of Item
        What is asked, in order.
    title : str
        In the reader's language.
    more : callable, optional
        Gives another item for as long as the reader wants; such a quiz has no end.

    Attributes
    ----------
    position : int
        Index of the question at hand.
    language : str
        The language in use when the quiz was made; it keeps it.

    Examples
    --------
    >>> one = quiz("00", role="placement")
    >>> one.answer("b").right
    True
    >>> one.next().splitlines()[0]
    'Question 2 of 10'
    """

    def __init__(self, items: Sequence[Item], title: str, more: Callable[[], Item] | None = None):
        self.items = list(items)
        self.title = title
        self.language = language()
        self.position = 0
        self.standings = [Standing() for _ in self.items]
        self._more = more
        self._view = None

    # What a reader calls ----------------------------------------------------------------------------------------

    def question(self) -> Words:
        """Return the question at hand, with its number and its choices."""
        with using_language(self.language):
            lines = [self._heading(), self.item.text()]
            lines += [f"  {letter}) {text}" for letter, text in self.item.choices()]
        return Words("\n".join(lines))

    def answer(self, answer: Any) -> Verdict:
        """Check an answer to the question at hand; a wrong one may be followed by another try."""
        with using_language(self.language):
            verdict = self.item.check(answer)
        standing = self.standing
        if verdict.right is False and not standing.done:
            standing.wrong += 1
        elif verdict.right:
            standing.right = True
        elif self.item.type == "open" and str(answer).strip():
            standing.shown = True  # the model answer is out, and only the reader can judge
        return verdict

    def hint(self) -> Words:
        """Return the next hint on the question at hand; after the last one, the last again."""
        standing = self.standing
        level = min(standing.hints + 1, HINTS)
        if not standing.done:
            standing.hints = level
        with using_language(self.language):
            said = self.item.hint(level)
            return Words(t("questions.hint_number", number=level, total=HINTS, hint=said))

    def solution(self) -> Words:
        """Return the worked solution of the question at hand; it counts as seen."""
        self.standing.shown = True
        with using_language(self.language):
            return Words(self.item.solution())

    def next(self) -> Words:
        """Go on to the next question, or to the score after the last."""
        if self.position == len(self.items) - 1 and self._more is not None:
            with using_language(self.language):
                self.items.append(self._more())
            self.standings.append(Standing())
        if self.position >= len(self.items) - 1:
            return self.score()
        self.position += 1
        return self.question()

    def back(self) -> Words:
        """Go back to the question before."""
        self.position = max(self.position - 1, 0)
        return self.question()

    def score(self) -> Words:
        """Return how many questions went right, at once or in the end, and which to look at again."""
        right = sum(s.right for s in self.standings)
        at_once = sum(s.at_once for s in self.standings)
        judged = [s for s, item in zip(self.standings, self.items, strict=True) if item.type != "open"]
        asked = len(judged) if self._more is None else sum(bool(s.done or s.wrong) for s in judged)
        with using_language(self.language):
            lines = [t("questions.score", right=right, total=asked, at_once=at_once)]
            again = [n for n, s in enumerate(self.standings, 1) if s in judged and not s.at_once and s.begun]
            if again:
                lines.append(t("questions.score_again", numbers=", ".join(map(str, again))))
            unanswered = [number for number, s in enumerate(self.standings, 1) if not s.done and not s.wrong]
            if unanswered and self._more is None and len(unanswered) < len(self.items):
                lines.append(t("questions.score_open", numbers=", ".join(map(str, unanswered))))
        return Words("\n".join(lines))

    @property
    def item(self) -> Item:
        """The question at hand."""
        return self.items[self.position]

    @property
    def standing(self) -> Standing:
        """How far the reader has come with the question at hand."""
        return self.standings[self.position]

    @property
    def endless(self) -> bool:
        """Whether there is always another question."""
        return self._more is not None

    @property
    def finished(self) -> bool:
        """Whether every question has been answered rightly or its solution seen."""
        return self._more is None and all(s.done for s in self.standings)

    # How it shows itself ----------------------------------------------------------------------------------------

    def _heading(self) -> str:
        if self._more is not None:
            return t("questions.question_number", number=self.position + 1)
        return t("questions.question_of", number=self.position + 1, total=len(self.items))

    def __repr__(self) -> str:
        with using_language(self.language):
            return f"{self.title}\n{self.question()}\n{t('questions.quiz_plain')}"

    def _repr_html_(self) -> str:
        """Return every question with its choices, for pages without a kernel and for printing."""
        with using_language(self.language):
            parts = [f"<h4>{html.escape(self.title)}</h4><ol>"]
            for item in self.items:
                choices = "".join(f"<li>{html.escape(text)}</li>" for _, text in item.choices())
                listed = f'<ol type="a">{choices}</ol>' if choices else ""
                parts.append(f'<li style="margin-bottom: 0.6em">{lines_html(item.text())}{listed}</li>')
            said = html.escape(t("questions.live"))
        return f'<div lang="{self.language}" style="max-width: 46em">{"".join(parts)}</ol><p><em>{said}</em></p></div>'

    def widget(self):
        """Return the live view (an ipywidgets container); one quiz has one."""
        if self._view is None:
            from course_utils.questions.widgets.quiz_view import QuizView

            self._view = QuizView(self)
        return self._view

    def _repr_mimebundle_(self, include=None, exclude=None) -> dict:
        return self.widget().bundle(self, include, exclude)


def quiz(lesson: str | int, role: str = "quiz") -> Quiz:
    """Return the quiz of a lesson.

    Parameters
    ----------
    lesson : str or int
        Its number, such as "02".
    role : str
        "quiz", or "exercise" to practise the exercises in the same way (those in code are left out: they need a cell).

    Raises
    ------
    ValueError
        If the lesson has no such questions.
    """
    number = lesson_number(lesson)
    questions = [find(id) for id in names(number, role)]
    items = [BankItem(question) for question in questions if question.type != "code"]
    if not items:
        raise ValueError(t("questions.no_quiz", lesson=number))
    return Quiz(items, t("questions.quiz_title", lesson=number))
