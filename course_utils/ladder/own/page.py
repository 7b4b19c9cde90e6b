"""A few paragraphs and tables that show themselves as text in a terminal and as HTML in a notebook."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass
from html import escape

from course_utils.fitting.presentation import align, html_table


@dataclass(frozen=True)
class Grid:
    """A small table: heading, rows of text, and a caption."""

    head: Sequence[str]
    rows: Sequence[Sequence[str]]
    caption: str = ""


class Page:
    """Show itself by its parts: sentences and tables, in the reader's language of the moment."""

    def parts(self) -> list[str | Grid]:
        """Return what is shown, top to bottom."""
        raise NotImplementedError

    def __repr__(self) -> str:
        return as_text(self.parts())

    def _repr_html_(self) -> str:
        return f'<div style="max-width: 52em; line-height: 1.5" role="status">{as_html(self.parts())}</div>'


def as_text(parts: Sequence[str | Grid]) -> str:
    """Write parts as lines of text.

    Examples
    --------
    >>> print(as_text(["Two runs:", Grid(("run", "loss"), (("a", "4.1"), ("b", "3.9")))]))
    Two runs:
    run  loss
    a    4.1
    b    3.9
    """
    lines: list[str] = []
    for part in parts:
        if isinstance(part, Grid):
            lines += [part.caption] if part.caption else []
            lines += align(part.head, part.rows)
        else:
            lines.append(part)
    return "\n".join(lines)


def as_html(parts: Sequence[str | Grid]) -> str:
    """Write parts as HTML: sentences as paragraphs, tables as tables."""
    return "".join(
        html_table(part.head, part.rows, part.caption) if isinstance(part, Grid)
        else f'<p style="margin: 2px 0">{escape(part)}</p>'
        for part in parts
    )
