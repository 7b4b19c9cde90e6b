"""Decks that Anki opens, and sheets to print."""

import re
from html.parser import HTMLParser

import pytest

from course_utils import questions
from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions import sheet
from course_utils.questions.cards import choose_cards, find_card
from course_utils.questions.export_anki import DECKS, FIELDS, NOTE_TYPE, fields_of


@pytest.fixture
def collection(tmp_path):
    """An empty collection of a real Anki."""
    pytest.importorskip("anki.collection", reason="the package anki (extra [dev]) is not installed")
    from anki.collection import Collection

    made = Collection(str(tmp_path / "learner.anki2"))
    yield made
    made.close()


def imported(collection, path):
    from anki.import_export_pb2 import ImportAnkiPackageOptions, ImportAnkiPackageRequest

    request = ImportAnkiPackageRequest(package_path=str(path), options=ImportAnkiPackageOptions(with_scheduling=False))
    return collection.import_anki_package(request).log


def test_anki_opens_one_deck_for_each_language(collection, tmp_path):
    for code in LANGUAGES:
        path = tmp_path / f"{code}.apkg"
        questions.export_anki(path, language=code)
        log = imported(collection, path)
        assert len(log.new) == len(choose_cards()) and not log.conflicting
        with using_language(code):
            name = questions.export_anki.__globals__["t"]("questions.anki_deck")
            wanted = fields_of(choose_cards()[0])
        notes = collection.find_notes(f'deck:"{name}"')
        assert len(notes) == len(choose_cards())
        fields = {note["Id"]: note.fields for note in map(collection.get_note, notes)}
        assert fields[choose_cards()[0].id] == wanted
    assert collection.card_count() == 3 * len(choose_cards())
    card = collection.get_card(collection.find_cards("")[0])
    assert len(card.answer()) > len(card.question()) > 50


def test_a_second_export_updates_and_doubles_nothing(collection, tmp_path, monkeypatch):
    path = tmp_path / "deck.apkg"
    questions.export_anki(path, language="en", topics="moe")
    imported(collection, path)
    before = collection.card_count()
    questions.export_anki(path, language="en")
    imported(collection, path)
    assert before == len(choose_cards(topics="moe"))
    assert collection.card_count() == len(choose_cards())


def test_the_identities_that_histories_hang_on():
    assert NOTE_TYPE == 1_760_013_101
    assert DECKS == {"en": 1_760_013_201, "vi": 1_760_013_202, "zh": 1_760_013_203}
    assert FIELDS[0] == "Question" and FIELDS[-1] == "Id"


@pytest.mark.parametrize("export, name", [(questions.export_anki, "x.apkg"), (questions.export_sheet, "x.html")])
def test_bad_arguments_are_refused(export, name, tmp_path):
    with pytest.raises(ValueError, match="fr"):
        export(tmp_path / name, language="fr")
    with pytest.raises(ValueError, match="cooking"):
        export(tmp_path / name, topics="cooking")
    assert not (tmp_path / name).exists()


class Page(HTMLParser):
    """Counts what a page opens and closes, and what it fetches."""

    def __init__(self, text: str):
        super().__init__()
        self.open, self.fetched, self.ids, self.links = [], [], set(), set()
        self.feed(text)

    def handle_starttag(self, tag, attrs):
        attrs = dict(attrs)
        self.ids.add(attrs.get("id"))
        if "src" in attrs or tag == "link":
            self.fetched.append(attrs)
        if tag == "a":
            self.links.add(attrs["href"].removeprefix("#"))
        if tag not in ("meta", "br", "hr"):
            self.open.append(tag)

    def handle_endtag(self, tag):
        assert self.open.pop() == tag


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_sheet_is_whole_and_needs_no_other_file(code, tmp_path):
    path = tmp_path / "sheet.html"
    said = questions.export_sheet(path, language=code)
    assert str(len(choose_cards())) in said and "sheet.html" in said
    text = path.read_text("utf-8")
    page = Page(text)
    assert not page.open and not page.fetched and page.links <= page.ids
    assert len(page.links) == len(choose_cards())
    assert f'<html lang="{code}">' in text and "@import" not in text and "url(" not in text
    asked, answered = text.split('<div class="answers">')
    with using_language(code):
        for card in choose_cards():
            point = card.words()["points"][0][:25].split("'")[0].split('"')[0].split("<")[0].split("&")[0]
            assert point in answered
        assert not re.search(r"<ol>|<ul>", asked), "questions alone first"


def test_a_sheet_of_some_topics(tmp_path):
    questions.export_sheet(tmp_path / "moe.html", language="en", topics="moe", level="screen")
    page = Page((tmp_path / "moe.html").read_text("utf-8"))
    assert len(page.links) == len(choose_cards("screen", "moe"))
    with pytest.raises(ValueError, match=r"\.html"):
        questions.export_sheet(tmp_path / "sheet.docx")


def test_without_chromium_a_pdf_says_what_to_do(tmp_path, monkeypatch):
    monkeypatch.setattr(sheet, "find_chromium", lambda: None)
    with pytest.raises(RuntimeError, match=r"sheet\.html"):
        questions.export_sheet(tmp_path / "sheet.pdf", language="en")


@pytest.mark.slow
@pytest.mark.browser
def test_a_pdf_has_pages(tmp_path, chromium, monkeypatch):
    monkeypatch.setenv("COURSE_CHROMIUM", chromium)
    questions.export_sheet(tmp_path / "sheet.pdf", language="zh", topics="moe")
    made = (tmp_path / "sheet.pdf").read_bytes()
    assert made.startswith(b"%PDF") and len(made) > 30_000


def test_words_that_look_like_tags_are_shown_as_words():
    card = find_card(choose_cards()[0].id)
    assert all("<script" not in field for field in fields_of(card))
