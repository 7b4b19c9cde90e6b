"""A bank outside the repository: found, asked, checked and graded as the course's own."""

from __future__ import annotations

import pytest

from course_utils import questions
from course_utils.i18n import using_language
from course_utils.questions import private_bank as bank
from course_utils.teach.assignments import assignment
from course_utils.teach.grading import marks


def test_its_questions_are_asked_and_checked_like_any_other(private_bank):
    assert questions.names("hn01") == ["hn01.secret", "hn01.which", "hn01.double-it"]
    assert "hn01.secret" in questions.names() and "01.halve" in questions.names()
    assert questions.check("hn01.secret", "4.8e20 FLOPs").right is True
    wrong = questions.check("hn01.secret", 1.6e20)
    assert wrong.right is False and "Only forward." in wrong.text
    assert questions.check("hn01.which", "b").right is True
    assert questions.check("hn01.double-it", lambda x: 2 * x).right is True
    assert questions.find("hn01.secret").topic == questions.find("01.halve").topic
    assert str(questions.stub("hn01.double-it")).startswith("def double_it")
    with using_language("vi"):
        assert str(questions.ask("hn01.secret")).startswith("Giữa kỳ")


def test_without_the_variable_there_is_no_such_question(monkeypatch):
    monkeypatch.delenv(bank.VARIABLE, raising=False)
    assert "hn01" not in questions.lessons()
    with pytest.raises(KeyError):
        questions.find("hn01.secret")


def test_marks_are_full_half_or_none(private_bank):
    assert [marks("hn01.secret", answer) for answer in (4.8e20, 1.6e20, 7.0, None, "what?")] == [
        4.0,
        2.0,
        0.0,
        0.0,
        0.0,
    ]
    assert [marks("hn01.double-it", f) for f in (lambda x: 2 * x, lambda x: x * x + x, lambda x: 1 / 0)] == [2, 1, 0]


def test_words_that_are_missing_are_named(private_bank):
    with using_language("zh"), pytest.raises(ValueError, match=r"hn01_midterm\.toml.*zh"):
        questions.ask("hn01.secret")


@pytest.mark.parametrize("name", ["midterm", "01_midterm", "h1_x", "HN01_x", "hn1_x"])
def test_a_file_whose_name_could_meet_the_courses_is_refused(private_bank, name):
    (private_bank / "bank" / f"{name}.toml").write_text("", encoding="utf-8")
    bank._files.cache_clear()
    with pytest.raises(ValueError, match="hn01_midterm"):
        questions.names()


def test_two_files_with_one_prefix_are_refused(private_bank):
    (private_bank / "bank" / "hn01_other.toml").write_text("", encoding="utf-8")
    bank._files.cache_clear()
    with pytest.raises(ValueError, match="hn01_other"):
        questions.names()


def test_a_folder_that_is_no_bank_is_refused(tmp_path, monkeypatch):
    monkeypatch.setenv(bank.VARIABLE, str(tmp_path / "nothing"))
    with pytest.raises(ValueError, match="no folder bank/"):
        questions.names()


def test_it_makes_an_assignment_of_its_own(private_bank):
    notebook = assignment("hn01", "en")
    text = "\n".join(cell.source for cell in notebook.cells)
    assert 'marks("hn01.secret", answer_secret)' in text and "import numpy as np" in text
    assert sum(cell.metadata.nbgrader.get("points", 0) for cell in notebook.cells) == 4 + 2 + 2
