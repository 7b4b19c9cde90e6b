"""How an answer of the course shows itself: plain lines in a terminal, wrapped lines in a notebook."""

from __future__ import annotations

import html
from dataclasses import dataclass


class Words(str):
    """Text that shows itself plainly in a terminal and as wrapped lines in a notebook."""

    def __repr__(self) -> str:
        return str(self)

    def _repr_html_(self) -> str:
        return f'<div style="max-width: 46em; line-height: 1.5" role="status">{lines_html(self)}</div>'


@dataclass(frozen=True, repr=False)
class Verdict:
    """What came of an answer.

    Attributes
    ----------
    right : bool or None
        None when no answer has been given yet, it could not be read, or only the reader can judge it.
    text : str
        The feedback, in the reader's language.
    slip : str or None
        Which typical slip was recognised.
    """

    right: bool | None
    text: str
    slip: str | None = None

    def __repr__(self) -> str:
        return self.text

    def _repr_html_(self) -> str:
        return Words(self.text)._repr_html_()


def lines_html(text: str) -> str:
    """Write plain text as HTML, line by line.

    Examples
    --------
    >>> lines_html("a < b\\nc")
    'a &lt; b<br>c'
    """
    return "<br>".join(html.escape(line) for line in text.split("\n"))
