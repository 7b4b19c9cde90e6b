"""The interview bank: what is asked, at which level, and how a good answer sounds."""

from __future__ import annotations

import difflib
import functools
from collections.abc import Iterable
from dataclasses import dataclass

from course_utils.i18n import t, using_language
from course_utils.questions.bank import _HERE, TOPICS, read_bank, words_of

LEVELS = ("screen", "onsite", "research")


@dataclass(frozen=True)
class Card:
    """One interview question, without its words.

    Attributes
    ----------
    id : str
        "topic.name".
    level : str
        "screen", "onsite" or "research".
    minutes : int
        What an interviewer would give it.
    lesson : str
        Number of the lesson that answers it.
    source : str
    drills : tuple of str
        Names of drills that practise its numbers.
    """

    id: str
    level: str
    minutes: int
    lesson: str
    source: str
    drills: tuple[str, ...] = ()

    @property
    def topic(self) -> str:
        return self.id.split(".")[0]

    @property
    def name(self) -> str:
        return self.id.split(".", 1)[1]

    def words(self) -> dict:
        """Return question, answer, points, mistakes, follow_ups and by_heart in the language in force."""
        return words_of(f"interview/{self.topic}")[self.name]

    def words_in(self, code: str) -> dict:
        """Return the words in a language of your choice."""
        with using_language(code):
            return self.words()


@functools.cache
def _cards() -> dict[str, Card]:
    made = {}
    for topic in card_topics():
        for name, entry in read_bank(f"interview/{topic}").items():
            entry = dict(entry)
            try:
                card = Card(f"{topic}.{name}", drills=tuple(entry.pop("drills", ())), **entry)
            except TypeError as error:
                raise ValueError(f"interview/{topic}.toml, {name}: {error}") from None
            if card.level not in LEVELS:
                raise ValueError(
                    f"interview/{topic}.toml, {name}: unknown level {card.level!r}; use {', '.join(LEVELS)}"
                )
            made[card.id] = card
    return made


@functools.cache
def card_topics() -> tuple[str, ...]:
    """Return the topics that have interview questions, in the order of the course."""
    folder = _HERE / "bank" / "interview"
    if not folder.is_dir():
        return ()
    present = {f.name.removesuffix(".toml") for f in folder.iterdir() if f.name.endswith(".toml")}
    if unknown := present - set(TOPICS):
        raise ValueError(f"bank/interview: unknown topic {', '.join(sorted(unknown))}; use {', '.join(TOPICS)}")
    return tuple(topic for topic in TOPICS if topic in present)


def find_card(id: str) -> Card:
    """Return the interview question called `id`.

    Raises
    ------
    KeyError
        If there is none; the message names the nearest ids.
    """
    cards = _cards()
    if id not in cards:
        near = difflib.get_close_matches(id, cards, 3, 0.4) or list(cards)[:3]
        raise KeyError(t("questions.unknown", id=id, near=", ".join(near)))
    return cards[id]


def choose_cards(level: str | Iterable[str] | None = None, topics: str | Iterable[str] | None = None) -> list[Card]:
    """Return the interview questions of some levels and topics, in the order of the bank.

    Parameters
    ----------
    level : str or several, optional
        "screen", "onsite", "research"; all of them if left out.
    topics : str or several, optional
        Names of topics; all of them if left out.

    Raises
    ------
    ValueError
        If there is no such level or topic.
    """
    levels = _checked(level, LEVELS, "level")
    wanted = _checked(topics, card_topics(), "topics")
    return [card for card in _cards().values() if card.level in levels and card.topic in wanted]


def _checked(given: str | Iterable[str] | None, known: tuple[str, ...], argument: str) -> tuple[str, ...]:
    chosen = known if given is None else (given,) if isinstance(given, str) else tuple(given)
    for name in chosen:
        if name not in known:
            raise ValueError(t("questions.not_one_of", argument=argument, given=repr(name), known=", ".join(known)))
    return chosen
