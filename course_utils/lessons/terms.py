"""Hold pages to the glossary: one word for one thing, the English beside it at first use, no worn phrase.

``notebooks/source/glossary.toml``::

    [scaling_law]
    en = "scaling law"            # also en_also = ["..."]; plural s and any spacing are understood
    vi = "luật mở rộng"           # also vi_also = ["..."]
    zh = "缩放定律"
    first_vi = "luật mở rộng (scaling law)"    # must stand in the first lesson that uses it
    check = true                  # where English uses the term, the translated block must
    avoid_zh = ["规模法则"]        # refused anywhere

    [[style]]                     # phrases refused anywhere, in one language
    lang = "vi"
    find = "tăng \\\\d+ lần"        # a regular expression
    say = "gấp 10 lần"
"""

from __future__ import annotations

import functools
import re
import tomllib
from dataclasses import dataclass
from pathlib import Path

from course_utils.lessons.problems import Problem
from course_utils.lessons.prose import take_apart
from course_utils.lessons.source import Block, Source

_FIELDS = {"en", "vi", "zh", "en_also", "vi_also", "zh_also", "first_vi", "first_zh", "check", "note"}
_FIELDS |= {"avoid_en", "avoid_vi", "avoid_zh"}


@dataclass(frozen=True)
class Term:
    """Hold one glossary entry; forms and banned variants by language."""

    id: str
    forms: dict[str, tuple[str, ...]]
    first: dict[str, str]
    avoid: dict[str, tuple[str, ...]]
    check: bool


@dataclass(frozen=True)
class Phrase:
    """Hold one worn phrase of one language: what to find and what to say."""

    language: str
    find: re.Pattern
    say: str


@dataclass(frozen=True)
class Glossary:
    """Hold the terms and the worn phrases that every page is read against."""

    terms: tuple[Term, ...] = ()
    style: tuple[Phrase, ...] = ()


def read_glossary(path: Path, file: str) -> tuple[Glossary, list[Problem]]:
    """Read the glossary and list what is wrong with its form.

    Parameters
    ----------
    path : Path
        The glossary; a course without one is held to no terms.
    file : str
        How messages name it.
    """
    if not path.is_file():
        return Glossary(), []
    text = path.read_text(encoding="utf-8")
    try:
        table = tomllib.loads(text)
    except tomllib.TOMLDecodeError as wrong:
        found = re.search(r"line (\d+)", str(wrong))
        line = int(found.group(1)) if found else 1
        return Glossary(), [Problem(file, line, f"not valid TOML ({wrong})", "correct the line", "glossary")]
    terms, style, problems = [], [], []
    for entry in table.pop("style", []):
        try:
            style.append(Phrase(entry["lang"], re.compile(entry["find"], re.IGNORECASE), entry["say"]))
        except (KeyError, re.error) as wrong:
            cure = "give lang, find (a regular expression) and say"
            problems.append(Problem(file, 1, f"a style entry cannot be read ({wrong})", cure, "glossary"))
    for name, entry in table.items():
        line = next((n for n, one in enumerate(text.split("\n"), 1) if one.strip() == f"[{name}]"), 1)
        unknown = sorted(entry.keys() - _FIELDS)
        if unknown or not all(isinstance(entry.get(code), str) and entry.get(code) for code in ("en", "vi", "zh")):
            message = f"term {name!r} " + (
                f"has unknown fields {', '.join(unknown)}" if unknown else "lacks en, vi or zh"
            )
            problems.append(Problem(file, line, message, f"use {', '.join(sorted(_FIELDS))}", "glossary"))
            continue
        terms.append(
            Term(
                name,
                {code: (entry[code], *entry.get(f"{code}_also", [])) for code in ("en", "vi", "zh")},
                {code: entry[f"first_{code}"] for code in ("vi", "zh") if f"first_{code}" in entry},
                {code: tuple(entry.get(f"avoid_{code}", [])) for code in ("en", "vi", "zh")},
                bool(entry.get("check", False)),
            )
        )
    return Glossary(tuple(terms), tuple(style)), problems


def terms_in(words: str, glossary: Glossary, translated: str = "") -> list[Term]:
    """List the checked terms that an English text uses; the longest wins, so "validation loss" is not "loss".

    Parameters
    ----------
    words : str
        Running English text.
    glossary : Glossary
        Terms to look for.
    translated : str, optional
        The translated text: a capitalised phrase that stands there letter by letter is a title, not a use.

    Examples
    --------
    >>> loss = Term("loss", {"en": ("loss",), "vi": ("loss",), "zh": ("损失",)}, {}, {}, True)
    >>> [term.id for term in terms_in("two losses", Glossary((loss,)))]
    ['loss']
    """
    forms = [(form, term) for term in glossary.terms for form in term.forms["en"]]
    found = []
    for form, term in sorted(forms, key=lambda pair: -len(pair[0])):
        pattern = _english_pattern(form)
        uses = [use.group() for use in pattern.finditer(words)]
        words = pattern.sub(" \ue003 ", words)
        uses = [use for use in uses if not (use[0].isupper() and form[0].islower() and use in translated)]
        if uses and term.check and term not in found:
            found.append(term)
    return found


@functools.cache
def _english_pattern(form: str) -> re.Pattern:
    body = r"[\s-]+".join(re.escape(part) for part in re.split(r"[\s-]+", form))
    flags = 0 if form.isupper() else re.IGNORECASE
    return re.compile(rf"(?<![A-Za-z-]){body}(?:s|es)?(?![A-Za-z])", flags)


def terms_of_lesson(english: Source, glossary: Glossary) -> set[str]:
    """Collect the ids of checked terms that an English page uses."""
    return {term.id for block in english.prose() for term in terms_in(take_apart(block.text).words, glossary)}


def check_terms(
    english: Source, translated: Source, glossary: Glossary, introduced: frozenset[str] = frozenset()
) -> list[Problem]:
    """Refuse blocks without the glossary's word, and lessons that never give the English beside a new term.

    Parameters
    ----------
    english, translated : Source
        Two pages of a lesson.
    glossary : Glossary
        Terms to hold them to.
    introduced : frozenset of str, optional
        Ids of terms that earlier lessons use: those have been given beside their English already.
    """
    ours = english.by_id()
    problems: list[Problem] = []
    used: dict[str, tuple[Term, Block]] = {}
    language = translated.language
    for block in translated.prose():
        original = ours.get(block.id)
        if original is None or original.kind != "prose":
            continue
        excused = block.metadata.get("terms", original.metadata.get("terms", []))
        if excused == "free":
            continue
        rendered = take_apart(block.text).words
        here = _flat(rendered)
        for term in terms_in(take_apart(original.text).words, glossary, rendered):
            if term.id in excused:
                continue
            if any(_flat(form) in here for form in term.forms[language]):
                used.setdefault(term.id, (term, block))
                continue
            message = f"block {block.id!r} does not call {term.forms['en'][0]!r} {term.forms[language][0]!r}"
            cure = f'use the glossary\'s word, or excuse the block with "terms": ["{term.id}"]'
            problems.append(Problem(translated.file, block.line, message, cure, "term"))
    whole = _flat("\n".join(take_apart(block.text).words for block in translated.prose()))
    for term, block in used.values():
        if term.id not in introduced and language in term.first and _flat(term.first[language]) not in whole:
            message = f"the lesson uses {term.forms[language][0]!r} and never gives the English beside it"
            cure = f"write {term.first[language]!r} at first use"
            problems.append(Problem(translated.file, block.line, message, cure, "first-use"))
    return problems


def check_avoided(source: Source, glossary: Glossary) -> list[Problem]:
    """Refuse banned variants of terms and worn phrases."""
    banned = [
        (_variant_pattern(variant, source.language), repr(term.forms[source.language][0]))
        for term in glossary.terms
        for variant in term.avoid[source.language]
    ]
    banned += [(phrase.find, phrase.say) for phrase in glossary.style if phrase.language == source.language]
    problems = []
    for block in source.prose():
        words = take_apart(block.text).words
        for pattern, say in banned:
            for found in pattern.finditer(words):
                line = block.text_line + words.count("\n", 0, found.start())
                message = f"{' '.join(found.group().split())!r} is not said here"
                problems.append(Problem(source.file, line, message, f"say {say}", "avoid"))
    return problems


@functools.cache
def _variant_pattern(variant: str, language: str) -> re.Pattern:
    """Match a banned variant; one in capitals, as FLOPS, differs from the chosen word by its case alone."""
    flags = 0 if variant.isupper() else re.IGNORECASE
    body = r"\s+".join(map(re.escape, variant.split()))
    # Chinese writes no spaces between words, so there a variant is found anywhere.
    return re.compile(body if language == "zh" else rf"(?<!\w){body}(?!\w)", flags)


def _flat(text: str) -> str:
    """Fold case, width of brackets, spacing and line breaks, none of which makes another term."""
    text = text.casefold().translate(str.maketrans("（）", "()"))
    return re.sub(r"\s*([()])\s*", r"\1", " ".join(text.split()))
