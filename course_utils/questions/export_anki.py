"""Interview questions as an Anki deck, one for each language."""

from __future__ import annotations

import html
from collections.abc import Iterable
from pathlib import Path

from course_utils.i18n import LANGUAGES, language, t, using_language
from course_utils.questions.cards import Card, choose_cards
from course_utils.questions.faces import Words, lines_html

# Numbers by which Anki knows the note type and the decks again. They must never change: a learner's history hangs on
# them, as it hangs on the identity of each note, which is made of the language and the card's id.
NOTE_TYPE = 1_760_013_101
DECKS = {"en": 1_760_013_201, "vi": 1_760_013_202, "zh": 1_760_013_203}

FIELDS = ("Question", "Answer", "Points", "Mistakes", "FollowUps", "Numbers", "Source", "Labels", "Id")
_STYLE = """.card { font-family: sans-serif; font-size: 18px; line-height: 1.5; text-align: left; max-width: 42em;
margin: auto; padding: 0.5em; } .small { font-size: 14px; opacity: 0.75; } ul, ol { padding-left: 1.4em; }"""
_BACK = """{{FrontSide}}<hr id="answer">{{Points}}{{Answer}}{{Mistakes}}{{FollowUps}}{{Numbers}}
<p class="small">{{Source}}</p>"""


def export_anki(
    path: str | Path,
    language: str | None = None,
    level: str | Iterable[str] | None = None,
    topics: str | Iterable[str] | None = None,
) -> Words:
    """Write the interview questions as a deck that Anki imports.

    Exported again, the same questions update the learner's notes and keep their history.

    Parameters
    ----------
    path : str or Path
        Where the file goes, such as "scaling-laws.apkg"; what stands there is replaced.
    language : str, optional
        "en", "vi" or "zh"; the language in use if left out.
    level, topics : str or several, optional
        As for :func:`interview`; everything if left out.

    Raises
    ------
    ValueError
        If the language, a level or a topic is not known, or nothing is left to export.
    """
    import genanki

    code = language or _language_in_use()
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise ValueError(t("questions.not_one_of", argument="language", given=repr(code), known=known))
    cards = choose_cards(level, topics)
    if not cards:
        raise ValueError(t("questions.anki_no_cards"))
    path = Path(path).expanduser()
    with using_language(code):
        model = genanki.Model(
            NOTE_TYPE,
            "Scaling laws interview",
            fields=[{"name": name} for name in FIELDS],
            templates=[{"name": "Card", "qfmt": '<p class="small">{{Labels}}</p>{{Question}}', "afmt": _BACK}],
            css=_STYLE,
        )
        deck = genanki.Deck(DECKS[code], t("questions.anki_deck"))
        for card in cards:
            deck.add_note(
                genanki.Note(
                    model=model,
                    fields=fields_of(card),
                    guid=genanki.guid_for("scaling-laws", code, card.id),
                    tags=[card.topic, card.level, f"lesson{card.lesson}"],
                )
            )
        genanki.Package(deck).write_to_file(str(path))
    return Words(t("questions.anki_written", path=path.name, count=len(cards)))


_language_in_use = language


def fields_of(card: Card) -> list[str]:
    """Return the fields of a card's note as HTML, in the language in force and the order of `FIELDS`."""
    words = card.words()
    asked = [f"<b>{html.escape(f['question'])}</b><br>{lines_html(f['answer'].strip())}" for f in words["follow_ups"]]
    return [
        lines_html(words["question"]),
        _part("model_answer", f"<p>{lines_html(words['answer'].strip())}</p>"),
        _part("points", _list(map(html.escape, words["points"]), "ol")),
        _part("mistakes", _list(map(html.escape, words["mistakes"]))),
        _part("follow_ups", _list(asked)),
        _part("by_heart", _list(map(html.escape, words["by_heart"]))),
        html.escape(t("questions.source", source=card.source)),
        html.escape(f"{t(f'questions.topics.{card.topic}')} · {t(f'questions.levels.{card.level}')}"),
        card.id,
    ]


def _part(heading: str, body: str) -> str:
    return f"<p><b>{html.escape(t(f'questions.{heading}'))}</b></p>{body}"


def _list(items: Iterable[str], tag: str = "ul") -> str:
    return f"<{tag}>{''.join(f'<li>{item}</li>' for item in items)}</{tag}>"
