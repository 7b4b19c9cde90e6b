"""Hold a translation to its English page: same blocks, same order, no code, and no hash of an older text."""

from __future__ import annotations

from dataclasses import dataclass

from course_utils.lessons.problems import Problem
from course_utils.lessons.source import Block, Source, block_hash


@dataclass(frozen=True)
class Parity:
    """List how a translation differs from its English page, by block id."""

    missing: tuple[str, ...]
    extra: tuple[str, ...]
    stale: tuple[str, ...]
    out_of_order: tuple[str, ...]

    @property
    def agrees(self) -> bool:
        return not (self.missing or self.extra or self.stale or self.out_of_order)


def compare_blocks(english: Source, translated: Source) -> Parity:
    """Find missing, extra, stale and misplaced blocks of a translation.

    Parameters
    ----------
    english, translated : Source
        Two pages of the same lesson.

    Returns
    -------
    Parity
        A block is stale when its "of" is not the hash of today's English block, or is absent.
    """
    ours, theirs = english.by_id(), translated.by_id()
    missing = tuple(name for name in ours if name and name not in theirs)
    extra = tuple(name for name in theirs if name and name not in ours)
    shared_in_ours = [name for name in ours if name in theirs]
    shared_in_theirs = [name for name in theirs if name in ours]
    stale = tuple(
        name
        for name in shared_in_ours
        if theirs[name].kind == ours[name].kind == "prose"
        and str(theirs[name].metadata.get("of", "")) != block_hash(ours[name].text)
    )
    return Parity(missing, extra, stale, tuple(_misplaced(shared_in_ours, shared_in_theirs)))


def check_parity(english: Source, translated: Source) -> list[Problem]:
    """Refuse what `compare_blocks` finds, code in a translation and blocks of another kind."""
    parity = compare_blocks(english, translated)
    ours, theirs = english.by_id(), translated.by_id()
    file, language = translated.file, translated.language
    problems = []
    for name in parity.missing:
        line = _line_before(english, translated, name)
        kind = ours[name].kind
        what = "translate it" if kind == "prose" else "add an empty code-cell with this id"
        cure = f"{what} here ({english.file}:{ours[name].line})"
        problems.append(Problem(file, line, f"{kind} block {name!r} is missing", cure, "missing"))
    for name in parity.extra:
        cure = f"delete it, or add it to {english.file} first"
        problems.append(Problem(file, theirs[name].line, f"block {name!r} is not in English", cure, "extra"))
    for name in parity.out_of_order:
        before = list(ours)[list(ours).index(name) - 1] if list(ours).index(name) else ""
        cure = f"move it to directly after {before!r}" if before else "move it to the top"
        problems.append(Problem(file, theirs[name].line, f"block {name!r} is out of order", cure, "order"))
    for name in parity.stale:
        problems.append(_stale_problem(english, translated, name))
    for block in translated.blocks:
        if block.kind == "code" and (block.text.strip() or block.metadata.keys() - {"id"}):
            what = "code" if block.text.strip() else "options"
            cure = f"leave the cell empty but for its id: the {what} stand in {english.file} alone"
            message = f"{what} in the {language} page (cell {block.id!r})"
            problems.append(Problem(file, block.text_line, message, cure, "code-in-translation"))
        if block.id in ours and ours[block.id].kind != block.kind:
            message = f"block {block.id!r} is {block.kind} here and {ours[block.id].kind} in English"
            problems.append(Problem(file, block.line, message, "make both the same kind", "kind"))
    return problems


def _stale_problem(english: Source, translated: Source, name: str) -> Problem:
    block: Block = translated.by_id()[name]
    stamp = f"python -m course_utils.lessons stamp {english.lesson} {name} --lang {translated.language}"
    if "of" in block.metadata:
        message = f"block {name!r} renders an older English text"
        cure = f"bring it up to {english.file}:{english.by_id()[name].line}, then run: {stamp}"
    else:
        message = f"block {name!r} does not say which English text it renders"
        cure = f"re-read it beside {english.file}:{english.by_id()[name].line}, then run: {stamp}"
    return Problem(translated.file, block.line, message, cure, "stale")


def _line_before(english: Source, translated: Source, name: str) -> int:
    """Find the line of the last translated block that stands before the missing one."""
    theirs, line = translated.by_id(), 1
    for block in english.blocks:
        if block.id == name:
            break
        if block.id in theirs:
            line = theirs[block.id].line
    return line


def _misplaced(wanted: list[str], given: list[str]) -> list[str]:
    """List the fewest names to move so that `given` becomes `wanted`: those outside a longest increasing run."""
    rank = {name: place for place, name in enumerate(wanted)}
    best: list[list[int]] = []
    for name in given:
        before = max((run for run in best if run[-1] < rank[name]), key=len, default=[])
        best.append([*before, rank[name]])
    kept = set(max(best, key=len, default=[]))
    return [name for name in given if rank[name] not in kept]
