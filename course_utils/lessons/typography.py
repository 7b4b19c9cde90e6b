"""Hold pages to the typography of their language, where a reader sees the difference."""

from __future__ import annotations

import re
from collections.abc import Iterator

from course_utils.lessons.problems import Problem
from course_utils.lessons.prose import CODE, FORMULA, take_apart
from course_utils.lessons.source import Block, Source

_HAN = "\u3400-\u4dbf\u4e00-\u9fff\uf900-\ufaff"
_FULL = "，。；：？！（）、“”‘’《》「」…—"
_LATIN = f"A-Za-z0-9{CODE}{FORMULA}"

_ZH_RULES = (
    (
        re.compile(rf"[{_HAN}][,;:?!()\"](?!\))|[,;:?!()\"][{_HAN}]|[,;:?!][ \t]+[{_HAN}]|[{_HAN}]\.(?!\w)|\.[{_HAN}]"),
        "half-width punctuation {found!r} beside a Chinese character",
        "use ，。；：？！（）“”",
        "zh-punctuation",
    ),
    (
        re.compile(rf"[{_HAN}][{_LATIN}]|[{_LATIN}][{_HAN}]"),
        "no space between Chinese and Latin in {found!r}",
        "put one space between Chinese characters and letters, digits, formulas or code",
        "zh-space",
    ),
    (
        re.compile("[\uff10-\uff19\uff21-\uff3a\uff41-\uff5a\uff05\uff0b\uff1d]"),
        "full-width letter or digit {found!r}",
        "type it half-width",
        "zh-width",
    ),
    (
        re.compile(rf"[{_HAN}，。；：？！、”）][ \t]*\n(?=[{_HAN}“（])"),
        "a line break inside a paragraph at {found!r} shows as a gap",
        "keep a Chinese paragraph on one line",
        "zh-break",
    ),
)

_ZH_MARKED_RULES = (
    # Read with the asterisks in place: after **run-in head。** Markdown needs the space to close the bold.
    (
        re.compile(
            rf"(?<=[\w{CODE}{FORMULA}])[ \t]+[，。；：？！（）、]|[，。；：？！（）、][ \t]+(?=[\w{CODE}{FORMULA}])"
        ),
        "a space beside full-width punctuation in {found!r}",
        "delete the space: the mark brings its own",
        "zh-space",
    ),
)

_VI_RULES = (
    (
        re.compile(r"(?<![qQ])(?:o[áàảãạéèẻẽẹ]|u[ýỳỷỹỵ])(?!\w)", re.IGNORECASE),
        "tone mark of {found!r} in the other convention",
        "write óa, òe, úy: hóa, khỏe, thúy",
        "vi-tone",
    ),
    (
        re.compile(r"\d,\d{1,2}(?!\d)"),
        "a decimal comma in {found!r}",
        "use a decimal point, as code and figures do",
        "vi-decimal",
    ),
    (
        re.compile(r"(?<=[^\s|])[ \t]+[,;:?!.](?=\s|$)"),
        "a space before punctuation in {found!r}",
        "delete it",
        "vi-space",
    ),
)


def check_typography(source: Source) -> list[Problem]:
    """Refuse typography that gives a translation away, and emphasis that Markdown does not set.

    Chinese: full-width punctuation beside Chinese characters, one space between Chinese and Latin, no line break
    inside a paragraph. Vietnamese: one convention of tone marks, decimal points. All: every ``**`` must be rendered.
    """
    rules = {"zh": _ZH_RULES, "vi": _VI_RULES}.get(source.language, ())
    problems = []
    for block in source.prose():
        parts = take_apart(block.text)
        marked_rules = _ZH_MARKED_RULES if source.language == "zh" else ()
        for line, found, message, cure, rule in [*_broken(parts.words, rules), *_broken(parts.marked, marked_rules)]:
            problems.append(Problem(source.file, block.text_line + line, message.format(found=found), cure, rule))
        problems += _check_emphasis(block, source)
    return problems


def _broken(words: str, rules: tuple) -> Iterator[tuple[int, str, str, str, str]]:
    for pattern, message, cure, rule in rules:
        for hit in pattern.finditer(words):
            # A list marker or table bar is no part of the sentence; show some letters around the fault.
            start, end = max(0, hit.start() - 3), min(len(words), hit.end() + 3)
            shown = words[start:end].replace("\n", "⏎").replace(CODE, "`…`").replace(FORMULA, "$…$").strip()
            yield words.count("\n", 0, hit.start()), shown, message, cure, rule


def _check_emphasis(block: Block, source: Source) -> list[Problem]:
    """Find ** that stays on the page: beside full-width punctuation Markdown often does not close bold."""
    from markdown_it import MarkdownIt

    # Formulas may hold asterisks of their own.
    text = re.sub(
        r"\$\$.+?\$\$|(?<!\\)\$[^$\n]+\$", lambda f: "x" + "\n" * f.group().count("\n"), block.text, flags=re.S
    )
    problems = []
    for token in MarkdownIt("commonmark").enable("table").parse(text):
        for child in token.children or ():
            if child.type == "text" and "**" in child.content:
                line = block.text_line + (token.map[0] if token.map else 0)
                cure = "move the punctuation outside of the ** or put a space after it"
                problems.append(Problem(source.file, line, "** is shown and not set in bold", cure, "emphasis"))
    return problems
