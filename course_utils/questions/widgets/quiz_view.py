"""The live view of a quiz or a drill."""

from __future__ import annotations

from typing import Any

import ipywidgets as widgets

from course_utils.questions.widgets.one_of import OneOf
from course_utils.questions.widgets.panel import Panel


class QuizView(Panel):
    """Show one question after another: choices or a field, what is said to an answer, hints, the score.

    Enter in the field checks; every button is reached with Tab. The view holds no state of its own beyond what stands
    in the fields: the quiz is told everything and asked everything.

    Parameters
    ----------
    quiz : Quiz
    """

    def __init__(self, quiz: Any):
        super().__init__(quiz.language)
        self.quiz = quiz
        self.place = widgets.HTML()
        self.question = widgets.HTML()
        self.said = widgets.HTML()
        self.field: widgets.Widget = widgets.HTML()
        self._kept: dict[int, widgets.Widget] = {}
        self.check_button = self.button("check", self.check)
        self.hint_button = self.button("hint", lambda: self._tell(self.quiz.hint()))
        self.solution_button = self.button("solution", self.solve)
        self.back_button = self.button("back", self.back)
        self.next_button = self.button("another" if quiz.endless else "next", self.next)
        self.score_button = self.button("score", lambda: self._tell(self.quiz.score()))
        self._heading = self.title(quiz.title)
        self._show()

    def check(self) -> None:
        """Check what stands in the field."""
        answer = self.value()
        if answer in (None, "", []):
            kind = self.quiz.item.type
            self._tell(self.say("labels." + {"choice": "choose", "choices": "tick"}.get(kind, "answer")))
            return
        said = self.quiz.answer(answer).text
        self._tell(f"{said}\n\n{self.quiz.score()}" if self.quiz.finished else said)
        self._mark()

    def solve(self) -> None:
        """Show the solution."""
        self._tell(self.quiz.solution())
        self._mark()

    def next(self) -> None:
        """Go on, or show the score after the last question."""
        position = self.quiz.position
        said = self.quiz.next()
        if self.quiz.position == position:
            self._tell(said)
        else:
            self._show()

    def back(self) -> None:
        """Go back one question."""
        self.quiz.back()
        self._show()

    def value(self) -> Any:
        """Return the answer that stands in the field: a letter, a list of letters, or text."""
        if self.quiz.item.type == "choices":
            letters = [letter for letter, _ in self.quiz.item.choices()]
            _, *boxes = self.field.children
            return [letter for letter, box in zip(letters, boxes, strict=True) if box.value]
        return self.field.value

    def _show(self) -> None:
        place, *_ = self.quiz.question().split("\n")
        self.place.value = self.text(place, "place")
        self.question.value = self.text(self.quiz.item.text(), "text", live=True)
        if self.quiz.position not in self._kept:
            self._kept[self.quiz.position] = self._make_field()
        self.field = self._kept[self.quiz.position]
        self._tell("")
        self._mark()
        buttons = [self.check_button, self.hint_button, self.solution_button]
        if self.quiz.position:
            buttons.append(self.back_button)
        buttons += [self.next_button, self.score_button]
        self.children = (self._heading, self.place, self.question, self.field, self.row(*buttons), self.said)

    def _tell(self, said: str) -> None:
        self.said.value = self.text(str(said), "said", live=True)

    def _mark(self) -> None:
        last = not self.quiz.endless and self.quiz.position == len(self.quiz.items) - 1
        self.next_button.disabled = last
        self.next_button.button_style = "primary" if self.quiz.standing.done and not last else ""

    def _make_field(self) -> widgets.Widget:
        item = self.quiz.item
        wide = widgets.Layout(width="100%", max_width="46em")
        if item.type == "choice":
            return OneOf([(f"{letter}) {text}", letter) for letter, text in item.choices()])
        if item.type == "choices":
            label = widgets.HTML(self.text(self.say("labels.tick"), "place"))
            boxes = [
                widgets.Checkbox(description=f"{letter}) {text}", indent=False, layout=wide)
                for letter, text in item.choices()
            ]
            return widgets.VBox([label, *boxes])
        label = self.say("labels.number" if item.type == "number" else "labels.answer")
        style = {"description_width": "initial"}
        if item.type == "open":
            return widgets.Textarea(description=label, rows=5, style=style, layout=wide)
        field = widgets.Text(description=label, style=style, layout=widgets.Layout(width="100%", max_width="30em"))
        field.on_msg(self._entered)
        return field

    def _entered(self, _: widgets.Widget, message: dict, buffers: list) -> None:
        if message.get("event") == "submit":
            self.check()
