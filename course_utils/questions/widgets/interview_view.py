"""The live view of a mock interview: choose, answer, reveal, tick, go on, report."""

from __future__ import annotations

import asyncio
import html
import secrets
from typing import Any

import ipywidgets as widgets

from course_utils.i18n import using_language
from course_utils.questions.bank import lesson_file
from course_utils.questions.cards import LEVELS, Card, card_topics, choose_cards
from course_utils.questions.export_anki import FIELDS, fields_of
from course_utils.questions.widgets.one_of import OneOf
from course_utils.questions.widgets.panel import Panel


class InterviewView(Panel):
    """Lead through an interview; every button is reached with Tab, nothing happens by itself but the clock.

    Parameters
    ----------
    interview : Interview
    """

    def __init__(self, interview: Any):
        super().__init__(interview.language)
        self.interview = interview
        self._untouched = True
        self._ticking: asyncio.Task | None = None
        level, minutes, topics = interview.chosen
        levels = [(self.say("labels.all_levels"), "all"), *((self.say(f"levels.{name}"), name) for name in LEVELS)]
        self.level = OneOf(levels, level if level in LEVELS else "all")
        self.minutes = widgets.BoundedIntText(
            value=round(min(max(minutes, 2), 120)),
            min=2,
            max=120,
            description=self.say("labels.minutes"),
            style={"description_width": "initial"},
            layout=widgets.Layout(width="12em"),
        )
        ticked = (topics,) if isinstance(topics, str) else tuple(topics or ())
        self.topics = {
            name: widgets.Checkbox(
                value=name in ticked,
                description=self.say(f"topics.{name}"),
                indent=False,
                layout=widgets.Layout(width="auto", margin="0 18px 0 0"),
            )
            for name in card_topics()
        }
        for control in (self.level, self.minutes, *self.topics.values()):
            control.observe(self._touched, names="value")
        self.place, self.question, self.clock = widgets.HTML(), widgets.HTML(), widgets.HTML()
        self.answer = widgets.Textarea(
            description=self.say("labels.answer"),
            rows=7,
            style={"description_width": "initial"},
            layout=widgets.Layout(width="100%", max_width="54em"),
        )
        self.points: tuple[widgets.Checkbox, ...] = ()
        self.said = widgets.HTML()
        self._heading = self.title(self.say("interview_title"))
        self.setup()

    def setup(self) -> None:
        """Show the choice of level, minutes and topics."""
        self._stop_clock()
        lead = widgets.HTML(self.text(self.say("interview_lead"), "text"))
        self.said.value = ""
        self.begin_button = self.button("begin", self.begin)
        label = widgets.HTML(self.text(self.say("labels.level"), "place"))
        ticks = self.row(*self.topics.values())
        help_line = widgets.HTML(self.text(self.say("labels.topics_help"), "place"))
        choice = (label, self.level, self.minutes, help_line, ticks)
        self.children = (self._heading, lead, *choice, self.row(self.begin_button), self.said)

    def begin(self) -> None:
        """Draw the questions, unless the interview's own still fit the choice, and ask the first."""
        from course_utils.questions.rehearsal import pick

        if not self._untouched:
            level = None if self.level.value == "all" else self.level.value
            topics = [name for name, box in self.topics.items() if box.value]
            cards = choose_cards(level, topics or None)
            if not cards:
                self.said.value = self.text(self.say("no_cards"), "said", live=True)
                return
            self.interview.seed = secrets.randbelow(2**31)
            self.interview.begin(pick(cards, self.minutes.value, self.interview.seed), self.minutes.value)
        self._untouched = False
        self.ask()

    def ask(self) -> None:
        """Show the question at hand and let its clock run."""
        place, question, time = self.interview.question().split("\n", 2)
        self.place.value = self.text(place, "place")
        self.question.value = self.text(question, "text", live=True)
        self.clock.value = self.text(time, "place")
        self.answer.value = ""
        self.reveal_button = self.button("reveal", self.reveal)
        row = self.row(self.reveal_button)
        self.children = (self._heading, self.place, self.question, self.clock, self.answer, row)
        self._start_clock()

    def reveal(self) -> None:
        """Stop the clock; show the points to tick and what stands behind the question."""
        self._stop_clock()
        self.interview.reveal(self.answer.value)
        with using_language(self.language):
            points = self.interview.card.words()["points"]
            parts = dict(zip(FIELDS, fields_of(self.interview.card), strict=True))
            self.clock.value = self.text(self.interview.time_taken(), "place", live=True)
        self.points = tuple(
            widgets.Checkbox(
                description=f"{n}. {point}", indent=False, layout=widgets.Layout(width="100%", max_width="54em")
            )
            for n, point in enumerate(points, 1)
        )
        self.said.value = ""
        self.grade_button = self.button("grade", self.grade)
        label = widgets.HTML(self.text(self.say("labels.said"), "place"))
        behind = "".join(parts[name] for name in ("Answer", "Mistakes", "FollowUps", "Numbers"))
        behind += f'<p class="questions-place">{parts["Source"]}</p>'
        model = widgets.HTML(f'<div class="questions-text" lang="{self.language}">{behind}</div>')
        self._revealed = (self._heading, self.place, self.question, self.clock, self.answer, label, *self.points)
        self._behind = model
        self.children = (*self._revealed, self.row(self.grade_button), self.said, model)

    def grade(self) -> None:
        """Count the points that are ticked and offer to go on."""
        ticked = [n for n, box in enumerate(self.points, 1) if box.value]
        self.said.value = self.text(str(self.interview.grade(ticked)), "said", live=True)
        last = self.interview.position == len(self.interview.cards) - 1
        onward = self.button("report" if last else "next", self.report if last else self.next)
        stop = () if last else (self.button("report", self.report),)
        self.next_button = onward
        self.children = (*self._revealed, self.row(self.grade_button, onward, *stop), self.said, self._behind)

    def next(self) -> None:
        """Ask the next question."""
        self.interview.next()
        self.ask()

    def report(self) -> None:
        """Show how it went, with links to the lessons."""
        with using_language(self.language):
            said = self.interview.summary()
        weak = "".join(f"<li>{self._weak(card)}</li>" for card in self.interview.weak_spots())
        region = f'class="questions-text" lang="{self.language}" role="status" aria-live="polite"'
        shown = "".join(f"<p>{html.escape(line)}</p>" for line in said)
        report = widgets.HTML(f"<div {region}>{shown}<ul>{weak}</ul></div>")
        self.children = (self._heading, report, self.row(self.button("over", self.setup)))

    def _weak(self, card: Card) -> str:
        question = html.escape(card.words_in(self.language)["question"])
        name, file = html.escape(self.say("lesson", lesson=card.lesson)), lesson_file(card.lesson)
        return f'{question} → <a href="{file}.ipynb" target="_blank">{name}</a>' if file else f"{question} → {name}"

    def _touched(self, _: dict) -> None:
        self._untouched = False

    # The clock ----------------------------------------------------------------------------------------------------

    def show_time(self) -> bool:
        """Write the time that is left; return whether the clock still runs."""
        left = self.interview.seconds_left()
        if left is None:
            return False
        minutes, seconds = divmod(round(abs(left)), 60)
        key = "time_left" if left >= 0 else "time_over"
        # Not a live region: a clock that speaks every second drowns everything else.
        self.clock.value = self.text(self.say(f"labels.{key}", time=f"{minutes}:{seconds:02d}"), "place")
        return True

    def _start_clock(self) -> None:
        self._stop_clock()
        try:
            loop = asyncio.get_running_loop()
        except RuntimeError:
            return  # no kernel: a clock that nobody sees; the time taken is said when the answer is revealed
        self._ticking = loop.create_task(self._tick())

    def _stop_clock(self) -> None:
        if self._ticking is not None:
            self._ticking.cancel()
            self._ticking = None

    async def _tick(self) -> None:
        while self.show_time():
            await asyncio.sleep(1)
