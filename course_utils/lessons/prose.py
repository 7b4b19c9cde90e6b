"""Take a block of Markdown apart: code, formulas, links, and the words that remain.

The rules compare formulas with formulas and numbers with numbers, so each part is taken out in the order in which
Markdown gives it precedence. What is taken out leaves one private character behind and every line break stays, so an
offset into the words still gives the right line.
"""

from __future__ import annotations

import html
import re
from collections.abc import Callable
from dataclasses import dataclass, field

CODE, FORMULA = "\ue001", "\ue002"
"""Characters that stand in the words where inline code or a formula stood."""

_FENCE = re.compile(r"^(?P<fence>`{3,}|~{3,})[^\n]*\n(?P<body>.*?)^(?P=fence)[`~]*[ \t]*$", re.MULTILINE | re.DOTALL)
_CODE_SPAN = re.compile(r"(?<!`)(`+)(?!`)(.+?)(?<!`)\1(?!`)", re.DOTALL)
_COMMENT = re.compile(r"<!--.*?-->", re.DOTALL)
_DISPLAY = re.compile(r"(?<!\\)\$\$(.+?)(?<!\\)\$\$", re.DOTALL)
_ENVIRONMENT = re.compile(r"\\begin\{(\w+\*?)\}.+?\\end\{\1\}", re.DOTALL)
# A formula in a line ends in its own paragraph: an empty line inside means that one dollar sign is alone.
_INLINE = re.compile(r"(?<!\\)\$((?:\\.|[^$\\]|\n(?!\s*\n))+?)\$")
_LINK = re.compile(
    r"(!?)\[((?:[^\[\]]|\[[^\[\]]*\])*)\]"  # text, with one level of brackets inside
    r"\(\s*<?([^()\s<>]*(?:\([^()\s]*\)[^()\s<>]*)*)>?(?:\s+\"[^\"]*\")?\s*\)"  # target and title
)
_REFERENCE = re.compile(r"^ {0,3}\[[^\]]+\]:\s*<?(\S+?)>?(?:\s+\"[^\"]*\")?\s*$", re.MULTILINE)
_AUTOLINK = re.compile(r"<((?:https?|mailto):[^<>\s]+)>")
_URL = re.compile(r"https?://[^\s<>()\[\]\"'，。；：、）（]+(?:\([^\s()]*\))?")
_ATTRIBUTE = re.compile(r"(?:href|src)\s*=\s*[\"']([^\"']*)[\"']")
_TAG = re.compile(r"</?[A-Za-z][^<>]*>")
_ARXIV = re.compile(r"arXiv:\s?(\d{4}\.\d{4,5})(?:v\d+)?", re.IGNORECASE)
_TEXT_IN_FORMULA = re.compile(r"\\(text|textbf|textit|textrm|mbox)\s*\{(?:[^{}]|\{[^{}]*\})*\}")


@dataclass
class Prose:
    """Hold the parts of a block.

    Parameters
    ----------
    words : str
        Running text with formulas and code replaced by `FORMULA` and `CODE`, links by their text, markup removed.
    marked : str
        The same with the asterisks of emphasis in place.
    formulas : list of (str, int)
        "inline ..." or "display ..." with spaces and the words inside ``\\text{}`` normalised, and the offset.
    links : list of (str, int)
        Targets and arXiv ids, and the offset.
    fences : list of (str, int)
        Fenced code inside prose, and the offset.
    lone_dollar : int or None
        Offset of a dollar sign that opens no formula.
    """

    words: str
    formulas: list[tuple[str, int]] = field(default_factory=list)
    links: list[tuple[str, int]] = field(default_factory=list)
    fences: list[tuple[str, int]] = field(default_factory=list)
    lone_dollar: int | None = None
    marked: str = ""


def normalise_formula(kind: str, body: str) -> str:
    """Write a formula so that only its mathematics is left to compare.

    Examples
    --------
    >>> normalise_formula("inline", r" N_{\\text{tham số}} ") == normalise_formula("inline", r"N_{\\text{参数}}")
    True
    """
    body = _TEXT_IN_FORMULA.sub(lambda found: f"\\{found.group(1)}{{}}", body)
    body = " ".join(body.split()).rstrip(".,;，。； ")
    body = re.sub(r"\s*([{}()\[\]=+\-*/^_,<>|&])\s*", r"\1", body)
    return f"{kind} {body}"


def take_apart(markdown: str) -> Prose:
    """Split a block of Markdown into words, formulas, links and fenced code.

    Parameters
    ----------
    markdown : str
        Text of one prose block.

    Returns
    -------
    Prose
        Its parts. Offsets count in `markdown` by line only: use them to find the line, not the column.

    Examples
    --------
    >>> parts = take_apart("A [law](https://a.org) with $L = a$ and `code`.")
    >>> [target for target, _ in parts.links], parts.formulas[0][0]
    (['https://a.org'], 'inline L=a')
    """
    parts = Prose("")
    text = markdown

    def take(pattern: re.Pattern, keep: Callable[[re.Match], str]) -> None:
        nonlocal text

        def stand_in(found: re.Match) -> str:
            lost_lines = found.group().count("\n")
            kept = keep(found)
            return kept + "\n" * (lost_lines - kept.count("\n"))

        text = pattern.sub(stand_in, text)

    def noting(into: list, what: Callable[[re.Match], str], mark: str | Callable[[re.Match], str]):
        def keep(found: re.Match) -> str:
            # Lines are counted from the start, so only the number of line breaks before the match matters.
            into.append((what(found), _line_offset(markdown, found.string.count("\n", 0, found.start()))))
            return mark(found) if callable(mark) else mark

        return keep

    take(_COMMENT, lambda found: "")
    take(_FENCE, noting(parts.fences, lambda found: found.group("body").strip(), ""))
    take(_CODE_SPAN, lambda found: CODE)
    for pattern, kind, group in ((_DISPLAY, "display", 1), (_ENVIRONMENT, "display", 0), (_INLINE, "inline", 1)):
        take(
            pattern,
            noting(
                parts.formulas,
                lambda found, kind=kind, group=group: normalise_formula(kind, found.group(group)),
                FORMULA,
            ),
        )
    alone = re.search(r"(?<!\\)\$", text)
    if alone:
        parts.lone_dollar = _line_offset(markdown, text.count("\n", 0, alone.start()))
    take(_LINK, noting(parts.links, lambda found: found.group(3), lambda found: found.group(2)))
    take(_LINK, noting(parts.links, lambda found: found.group(3), lambda found: found.group(2)))  # image in a link
    take(_REFERENCE, noting(parts.links, lambda found: found.group(1), ""))
    take(_ATTRIBUTE, noting(parts.links, lambda found: found.group(1), ""))
    take(_AUTOLINK, noting(parts.links, lambda found: found.group(1), CODE))
    take(_URL, noting(parts.links, lambda found: found.group().rstrip(".,;:"), CODE))
    take(_ARXIV, noting(parts.links, lambda found: f"arXiv:{found.group(1)}", CODE))
    take(_TAG, lambda found: "")
    text = html.unescape(text).replace("\\$", "$")
    parts.marked = text
    text = re.sub(r"\\([*_#\[\]()`~>|-])", r"\1", re.sub(r"(?<!\\)\*+", "", text))
    parts.words = text
    return parts


def _line_offset(text: str, line: int) -> int:
    """Give the offset at which line number `line`, counted from 0, starts."""
    at = 0
    for _ in range(line):
        at = text.index("\n", at) + 1
    return at
