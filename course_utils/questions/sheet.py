"""Interview questions on paper: one self-contained HTML page, or a PDF where Chromium is installed."""

from __future__ import annotations

import html
import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterable, Sequence
from pathlib import Path

from course_utils.i18n import LANGUAGES, language, t, using_language
from course_utils.questions.cards import Card, choose_cards
from course_utils.questions.export_anki import fields_of
from course_utils.questions.faces import Words, lines_html

_BROWSERS = ("chromium", "chromium-browser", "google-chrome", "google-chrome-stable", "chrome", "msedge")
_FLAGS = ("--headless=new", "--no-sandbox", "--disable-gpu", "--no-first-run", "--no-pdf-header-footer")
_PDF_LIMIT = 120  # seconds

_STYLE = """
body { font: 11pt/1.5 Georgia, "Noto Serif", "DejaVu Serif", serif; max-width: 46em; margin: 2em auto; padding: 0 1em;
  color: #111; background: #fff; }
html:lang(zh) body { font-family: "Songti SC", "Noto Serif CJK SC", "Source Han Serif SC", SimSun, serif; }
h1 { font-size: 1.6em; } h2 { font-size: 1.25em; margin-top: 2em; border-bottom: 1px solid #999; }
h3 { font-size: 1.05em; margin: 1.4em 0 0.3em; } small { color: #555; font-weight: normal; }
li { margin: 0.2em 0; } .answers { break-before: page; } .card { break-inside: auto; }
h2, h3 { break-after: avoid; } .source { color: #555; font-size: 0.85em; }
@page { margin: 18mm 16mm; } @media print { body { margin: 0; max-width: none; font-size: 10pt; } }
"""


def export_sheet(
    path: str | Path,
    language: str | None = None,
    level: str | Iterable[str] | None = None,
    topics: str | Iterable[str] | None = None,
) -> Words:
    """Write the interview questions as a page to print: the questions first, then every answer.

    Parameters
    ----------
    path : str or Path
        Ends in .html, or in .pdf where Chromium is installed; what stands there is replaced.
    language : str, optional
        "en", "vi" or "zh"; the language in use if left out.
    level, topics : str or several, optional
        As for :func:`interview`; everything if left out.

    Raises
    ------
    ValueError
        If the path ends in something else, the language, a level or a topic is not known, or nothing is left.
    RuntimeError
        If a PDF is asked for and no Chromium is found, or it fails.
    """
    code = language or _language_in_use()
    if code not in LANGUAGES:
        known = ", ".join(LANGUAGES)
        raise ValueError(t("questions.not_one_of", argument="language", given=repr(code), known=known))
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".pdf"):
        raise ValueError(t("questions.sheet_suffix", path=path.name))
    cards = choose_cards(level, topics)
    if not cards:
        raise ValueError(t("questions.anki_no_cards"))
    with using_language(code):
        page = sheet_html(cards, code)
    if path.suffix.lower() == ".html":
        path.write_text(page, encoding="utf-8")
    else:
        _print(page, path)
    return Words(t("questions.sheet_written", path=path.name, count=len(cards)))


_language_in_use = language


def sheet_html(cards: Sequence[Card], code: str) -> str:
    """Return the page as HTML that needs no other file, in the language in force.

    Parameters
    ----------
    cards : sequence of Card
    code : str
        The language, for the page's ``lang``.
    """
    asked, answered = [], []
    topics = dict.fromkeys(card.topic for card in cards)
    number = 0
    for topic in topics:
        name = html.escape(t(f"questions.topics.{topic}"))
        asked.append(f"<h2>{name}</h2>")
        answered.append(f"<h2>{name}</h2>")
        for card in (card for card in cards if card.topic == topic):
            number += 1
            question, answer, points, mistakes, follow_ups, numbers, source, _, _ = fields_of(card)
            level = html.escape(t(f"questions.levels.{card.level}"))
            asked.append(f'<p><a href="#a{number}">{number}.</a> {question} <small>{level}</small></p>')
            answered.append(
                f'<div class="card" id="a{number}"><h3>{number}. {question} <small>{level}</small></h3>'
                f'{points}{answer}{mistakes}{follow_ups}{numbers}<p class="source">{source}</p></div>'
            )
    title = html.escape(t("questions.sheet_title"))
    return (
        f'<!DOCTYPE html><html lang="{code}"><head><meta charset="utf-8"><title>{title}</title>'
        f'<meta name="viewport" content="width=device-width"><style>{_STYLE}</style></head><body><h1>{title}</h1>'
        f"<p>{lines_html(t('questions.sheet_lead'))}</p>{''.join(asked)}"
        f'<div class="answers"><h1>{html.escape(t("questions.sheet_answers"))}</h1>{"".join(answered)}</div>'
        "</body></html>"
    )


def find_chromium() -> str | None:
    """Return a Chromium that can print, the one that ``COURSE_CHROMIUM`` names first; None when there is none."""
    named = os.environ.get("COURSE_CHROMIUM")
    if named and Path(named).is_file():
        return named
    mac = (
        "/Applications/Google Chrome.app/Contents/MacOS/Google Chrome",
        "/Applications/Chromium.app/Contents/MacOS/Chromium",
    )
    on_path = (shutil.which(name) for name in _BROWSERS)
    return next(filter(None, on_path), None) or next((place for place in mac if Path(place).is_file()), None)


def _print(page: str, path: Path) -> None:
    browser = find_chromium()
    if browser is None:
        raise RuntimeError(t("questions.sheet_no_chromium", path=path.with_suffix(".html").name))
    with tempfile.TemporaryDirectory(prefix="sheet-", ignore_cleanup_errors=True) as folder:
        source = Path(folder) / "sheet.html"
        source.write_text(page, encoding="utf-8")
        made = Path(folder) / "sheet.pdf"
        command = [browser, *_FLAGS, f"--user-data-dir={folder}/profile", f"--print-to-pdf={made}", source.as_uri()]
        run = subprocess.run(command, capture_output=True, text=True, errors="replace", timeout=_PDF_LIMIT)
        if not made.is_file():
            raise RuntimeError(f"{Path(browser).name}: {run.stderr.strip()[-400:]}")
        shutil.copyfile(made, path)
