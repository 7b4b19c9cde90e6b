"""The words that the package itself shows follow the glossary and the typography of the pages."""

import re
import tomllib

import pytest

from course_utils.lessons import LANGUAGES, Course
from course_utils.lessons.source import Block, Source
from course_utils.lessons.terms import check_avoided, read_glossary
from course_utils.lessons.typography import check_typography

COURSE = Course.of_this_package()


def texts(table, key=""):
    for name, value in table.items():
        if isinstance(value, dict):
            yield from texts(value, f"{key}{name}.")
        elif isinstance(value, str):
            yield f"{key}{name}", value


def test_the_glossary_of_the_course_can_be_read():
    glossary, problems = read_glossary(COURSE.glossary_path, "glossary.toml")
    assert problems == []
    assert len([term for term in glossary.terms if term.check]) >= 40
    assert {phrase.language for phrase in glossary.style} == set(LANGUAGES)


@pytest.mark.parametrize("language", LANGUAGES)
def test_words_of_the_package_are_written_as_the_pages_are(language):
    glossary, _ = read_glossary(COURSE.glossary_path, "glossary.toml")
    path = COURSE.root / "course_utils" / "i18n" / f"{language}.toml"
    found = []
    for key, text in texts(tomllib.loads(path.read_text(encoding="utf-8"))):
        # A {field} will be a number or a name.
        block = Block(key, "prose", re.sub(r"\{[^{}]*\}", "1", text), 1, 1)
        page = Source("i18n", language, f"{language}.toml [{key}]", "", (block,), ())
        found += check_avoided(page, glossary) + check_typography(page)
    assert not found, "\n" + "\n".join(map(str, found))
