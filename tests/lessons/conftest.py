"""Samples of lesson sources, copied so that a test may mangle them."""

import shutil
from pathlib import Path

import pytest

from course_utils.lessons import Course
from course_utils.lessons.check import check_course

SAMPLES = Path(__file__).parent / "samples"
LESSON = "00_two_lines"


class Sample:
    """Hold a copy of the sample course, with the few edits that tests make."""

    def __init__(self, root: Path):
        self.course = Course(root)
        self.root = root
        self.lesson = LESSON

    def path(self, language: str) -> Path:
        return self.course.source_path(LESSON, language)

    def read(self, language: str) -> str:
        return self.path(language).read_text(encoding="utf-8")

    def write(self, language: str, text: str) -> None:
        self.path(language).write_text(text, encoding="utf-8", newline="\n")

    def replace(self, language: str, old: str, new: str) -> None:
        text = self.read(language)
        assert text.count(old) == 1, f"{old!r} stands {text.count(old)} times in the {language} sample"
        self.write(language, text.replace(old, new))

    def line_of(self, language: str, words: str) -> int:
        text = self.read(language)
        return text.count("\n", 0, text.index(words)) + 1

    def problems(self, rule: str | None = None) -> list:
        _, found = check_course(self.course)
        return [problem for problem in found if rule in (None, problem.rule)]


@pytest.fixture
def sample(tmp_path):
    # A folder with a space and letters beyond ASCII: learners have them.
    root = tmp_path / "khóa học 缩放"
    shutil.copytree(SAMPLES, root)
    return Sample(root)
