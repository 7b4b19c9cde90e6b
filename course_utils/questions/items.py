"""What a quiz asks: a question of the bank, or anything else that can be asked, judged and explained."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from typing import Any, Protocol

from course_utils.questions.bank import Question
from course_utils.questions.checking import check, hint, solution
from course_utils.questions.faces import Verdict


class Item(Protocol):
    """One thing that a quiz can ask, in the language in force."""

    id: str
    type: str
    lesson: str

    def text(self) -> str: ...
    def choices(self) -> Sequence[tuple[str, str]]: ...
    def check(self, answer: Any) -> Verdict: ...
    def hint(self, level: int) -> str: ...
    def solution(self) -> str: ...


@dataclass(frozen=True)
class BankItem:
    """A question of the bank as a quiz asks it."""

    question: Question

    @property
    def id(self) -> str:
        return self.question.id

    @property
    def type(self) -> str:
        return self.question.type

    @property
    def lesson(self) -> str:
        return self.question.lesson

    def text(self) -> str:
        return self.question.words()["text"]

    def choices(self) -> list[tuple[str, str]]:
        """Return (letter, text) of every choice."""
        texts = self.question.words().get("choices", {})
        return [(letter, texts[letter]) for letter in self.question.choices]

    def check(self, answer: Any) -> Verdict:
        return check(self.id, answer)

    def hint(self, level: int) -> str:
        return hint(self.id, level)

    def solution(self) -> str:
        return solution(self.id)
