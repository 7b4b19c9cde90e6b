"""Hold formulas, numbers, links and citations of a translated block to the English one."""

from __future__ import annotations

from collections import Counter

from course_utils.lessons.numbers import differing_numbers, plain
from course_utils.lessons.problems import Problem
from course_utils.lessons.prose import Prose, take_apart
from course_utils.lessons.source import Block, Source


def check_quantities(english: Source, translated: Source) -> list[Problem]:
    """Refuse blocks whose formulas, numbers, links, citations or fenced code differ from the English block."""
    ours = english.by_id()
    problems = []
    for block in translated.prose():
        if block.id in ours and ours[block.id].kind == "prose":
            problems += _check_block(ours[block.id], block, english, translated)
    return problems


def check_dollars(source: Source) -> list[Problem]:
    """Refuse a dollar sign that opens no formula: what follows it would be set as mathematics."""
    problems = []
    for block in source.prose():
        at = take_apart(block.text).lone_dollar
        if at is not None:
            message = f"a lone $ in block {block.id!r}"
            cure = r"write \$ for money, or close the formula"
            problems.append(Problem(source.file, block.line_of(at), message, cure, "dollar"))
    return problems


def _check_block(ours: Block, theirs: Block, english: Source, translated: Source) -> list[Problem]:
    original, rendered = take_apart(ours.text), take_apart(theirs.text)
    place = f"{english.file}:{ours.line}"
    file = translated.file
    problems = []
    for name, left, right in (
        ("formula", original.formulas, rendered.formulas),
        ("link", original.links, rendered.links),
        ("fenced code", original.fences, rendered.fences),
    ):
        lost, gained = _differences(left, right)
        for what, at in gained:
            cure = f"copy the {name} from {place}" if lost else f"delete it, or add it to {place}"
            message = f"{name} {_short(what)} of block {theirs.id!r} is not in English"
            problems.append(Problem(file, theirs.line_of(at), message, cure, name.split()[0]))
        if not gained:
            for what, _ in lost:
                message = f"{name} {_short(what)} is missing from block {theirs.id!r}"
                problems.append(Problem(file, theirs.line, message, f"copy it from {place}", name.split()[0]))
    return problems + _check_numbers(ours, theirs, original, rendered, place, translated)


def _check_numbers(
    ours: Block, theirs: Block, original: Prose, rendered: Prose, place: str, translated: Source
) -> list[Problem]:
    if "free" in (ours.metadata.get("numbers"), theirs.metadata.get("numbers")):
        return []
    missing, extra = differing_numbers(original.words, rendered.words, translated.language)
    if not missing and not extra:
        return []
    said = [f"{place} has {', '.join(map(plain, missing))}"] if missing else []
    said += [f"this block has {', '.join(map(plain, extra))}"] if extra else []
    message = f"numbers of block {theirs.id!r} differ: {'; '.join(said)}"
    cure = 'give the same values, or mark the block "numbers": "free" where the languages count in different units'
    return [Problem(translated.file, theirs.line, message, cure, "number")]


def _differences(left: list[tuple[str, int]], right: list[tuple[str, int]]) -> tuple[list, list]:
    """Give what only the left list has and what only the right list has, as multisets."""
    lost, gained = Counter(what for what, _ in left), Counter(what for what, _ in right)
    lost, gained = lost - gained, gained - lost
    at_left, at_right = dict(left), dict(right)
    return [(what, at_left[what]) for what in lost.elements()], [(what, at_right[what]) for what in gained.elements()]


def _short(text: str) -> str:
    text = " ".join(text.removeprefix("inline ").removeprefix("display ").split())
    return repr(text if len(text) <= 60 else text[:57] + "...")
