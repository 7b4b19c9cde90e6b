"""Renew the English hashes of a translation: the translator's word that these blocks have been re-read."""

from __future__ import annotations

import json
from collections.abc import Iterable

from course_utils.lessons.built import write_if_changed
from course_utils.lessons.paths import LANGUAGES, Course
from course_utils.lessons.problems import SourceError
from course_utils.lessons.source import block_hash, read_source


def stamp(
    course: Course, lesson: str, ids: Iterable[str] | None, languages: Iterable[str] = LANGUAGES[1:]
) -> list[tuple[str, str]]:
    """Write today's English hash into the markers of the named prose blocks.

    Parameters
    ----------
    course : Course
        Where the lesson lies.
    lesson : str
        Full name.
    ids : iterable of str or None
        Blocks that were re-read; None for every block of the lesson.
    languages : iterable of str, optional
        Translations to write in.

    Returns
    -------
    list of (str, str)
        (language, id) of the markers that changed. No other line of a page changes.

    Raises
    ------
    ValueError
        An id names no English prose block, or a named block is not in the translation.
    SourceError
        A page cannot be read well enough to be written to.
    """
    ids = None if ids is None else list(ids)
    pages, problems = {}, []
    for language in ("en", *(code for code in LANGUAGES[1:] if code in set(languages))):
        path = course.source_path(lesson, language)
        page, found = read_source(path, lesson=lesson, language=language, file=course.shown(path))
        problems += [
            one for one in found if one.rule in ("missing-page", "marker", "no-id", "duplicate-id", "encoding")
        ]
        if page:
            pages[language] = page
    if problems:
        raise SourceError(problems)
    english = {block.id: block for block in pages["en"].prose()}
    for name in ids or ():
        if name not in english:
            raise ValueError(f"ids: {name!r} is no prose block of {pages['en'].file}; see the ids there.")
    changed = []
    for language, page in pages.items():
        if language == "en":
            continue
        lines = list(page.lines)
        theirs = {block.id: block for block in page.prose()}
        for name in english if ids is None else ids:
            block = theirs.get(name)
            if block is None:
                if ids is None:
                    continue
                raise ValueError(f"ids: {name!r} is not in {page.file}; translate it first.")
            wanted = block_hash(english[name].text)
            if block.metadata.get("of") != wanted:
                others = {key: value for key, value in block.metadata.items() if key not in ("id", "of")}
                marker = json.dumps({"id": name, "of": wanted, **others}, ensure_ascii=False)
                lines[block.line - 1] = f"+++ {marker}"
                changed.append((language, name))
        write_if_changed(course.source_path(lesson, language), "\n".join(lines).encode("utf-8"))
    return changed
