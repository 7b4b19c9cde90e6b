"""What a check says: file, line, message and cure, in one line that editors and terminals can jump to."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass


@dataclass(frozen=True, order=True)
class Problem:
    """State one fault of a source, with its place and its cure.

    Parameters
    ----------
    file : str
        Path relative to the course's root, with forward slashes.
    line : int
        Line in that file, counted from 1.
    message : str
        What is wrong, without a final full stop.
    cure : str
        What to do about it.
    rule : str
        Name of the rule, e.g. "stale"; tests and the status table sort by it.

    Examples
    --------
    >>> print(Problem("notebooks/source/00_a/vi.md", 7, "block 'why' is missing", "translate it", "missing"))
    notebooks/source/00_a/vi.md:7: block 'why' is missing. Cure: translate it.
    """

    file: str
    line: int
    message: str
    cure: str
    rule: str

    def __str__(self) -> str:
        return f"{self.file}:{self.line}: {self.message}. Cure: {self.cure}."


class SourceError(ValueError):
    """Refuse a source; carries every `Problem` that was found, one a line.

    Examples
    --------
    >>> SourceError([Problem("a.md", 1, "no title", "add one", "front-matter")]).problems[0].rule
    'front-matter'
    """

    def __init__(self, problems: Sequence[Problem]):
        self.problems = sorted(problems)
        super().__init__("\n".join(str(problem) for problem in self.problems))
