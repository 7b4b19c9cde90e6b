"""Finding a lesson by what a reader types, and the copy that no update may harm."""

from __future__ import annotations

import json

import pytest

from course_door import lessons, words
from course_door.problems import Problem

KNOWN = [
    "00_start_here",
    "01_what_are_scaling_laws",
    "02_kaplan_vs_chinchilla",
    "03_fitting_a_scaling_law",
    "07_inference_time_scaling",
]


@pytest.mark.parametrize(
    ("wanted", "expected"),
    [
        (None, "00_start_here"),
        ("0", "00_start_here"),
        ("1", "01_what_are_scaling_laws"),
        ("01", "01_what_are_scaling_laws"),
        ("02_kaplan_vs_chinchilla", "02_kaplan_vs_chinchilla"),
        ("02_kaplan_vs_chinchilla.ipynb", "02_kaplan_vs_chinchilla"),
        ("notebooks/vi/02_kaplan_vs_chinchilla.ipynb", "02_kaplan_vs_chinchilla"),
        ("chinchilla", "02_kaplan_vs_chinchilla"),
        ("Chinchilla", "02_kaplan_vs_chinchilla"),
        ("inference time", "07_inference_time_scaling"),
        ("inference-time", "07_inference_time_scaling"),
        ("01_what", "01_what_are_scaling_laws"),
    ],
)
def test_a_lesson_is_found_by_number_name_or_part(wanted, expected):
    assert lessons.find(wanted, KNOWN) == expected


@pytest.mark.parametrize(
    ("wanted", "nearest"),
    [
        ("chinchila", "02_kaplan_vs_chinchilla"),
        ("fiting", "03_fitting_a_scaling_law"),
        ("strat", "00_start_here"),
        ("8", "07_inference_time_scaling"),
    ],
)
@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_an_unknown_lesson_is_answered_with_the_nearest_and_the_list(wanted, nearest, language):
    words.use_language(language)
    with pytest.raises(Problem) as caught:
        lessons.find(wanted, KNOWN)
    told = str(caught.value)
    assert caught.value.key == "unknown_lesson"
    assert f"open {nearest}" in told
    assert all(name in told for name in KNOWN)
    assert "\n" not in told


@pytest.mark.parametrize("wanted", ["9", "99", ""])
def test_a_number_that_is_no_lesson_is_refused(wanted):
    with pytest.raises(Problem) as caught:
        lessons.find(wanted, KNOWN)
    assert caught.value.key == "unknown_lesson"


def test_a_part_that_fits_several_lessons_is_refused_with_all_of_them():
    with pytest.raises(Problem) as caught:
        lessons.find("scaling", KNOWN)
    assert caught.value.key == "several_lessons"
    assert "01_what_are_scaling_laws, 03_fitting_a_scaling_law, 07_inference_time_scaling" in str(caught.value)


def test_without_a_built_lesson_the_reader_is_told_to_build():
    with pytest.raises(Problem) as caught:
        lessons.find(None, [])
    assert caught.value.key == "no_lessons"


def notebook(*sources: str, output: str = "", **metadata) -> str:
    cells = [
        {"cell_type": "code", "id": f"c{i}", "metadata": {}, "source": [source], "outputs": [output]}
        for i, source in enumerate(sources)
    ]
    return json.dumps({"cells": cells, "metadata": metadata, "nbformat": 4, "nbformat_minor": 5})


@pytest.fixture
def course(tmp_path):
    folder = tmp_path / "notebooks" / "vi"
    folder.mkdir(parents=True)
    for name in ("00_start_here", "01_what_are_scaling_laws"):
        (folder / f"{name}.ipynb").write_text(notebook(name))
    (folder / "draft.ipynb").write_text(notebook("no lesson"))
    return tmp_path


def original(course, name="01_what_are_scaling_laws"):
    return course / "notebooks" / "vi" / f"{name}.ipynb"


def own(course, name="01_what_are_scaling_laws"):
    return course / "my_lessons" / "vi" / f"{name}.ipynb"


def state(course, name="01_what_are_scaling_laws", **options):
    return lessons.working_copies(course, "vi", **options)[name]


def test_every_lesson_gets_a_copy_that_git_does_not_see(course):
    copies = lessons.working_copies(course, "vi")
    assert list(copies) == ["00_start_here", "01_what_are_scaling_laws"]
    assert all(copy.written and copy.path.exists() for copy in copies.values())
    assert own(course).read_bytes() == original(course).read_bytes()
    assert (course / "my_lessons" / ".gitignore").read_text() == "*\n"


def test_a_second_time_nothing_is_written(course):
    lessons.working_copies(course, "vi")
    before = own(course).stat().st_mtime_ns
    again = state(course)
    assert not again.written
    assert not again.outdated
    assert own(course).stat().st_mtime_ns == before


def test_what_a_reader_wrote_stays_when_the_lesson_changes(course):
    lessons.working_copies(course, "vi")
    own(course).write_text(notebook("my answer: 42"))
    assert not state(course).outdated
    original(course).write_text(notebook("a better lesson"))
    for _ in range(2):
        copy = state(course)
        assert copy.outdated
        assert not copy.written
        assert "my answer: 42" in own(course).read_text()


def test_a_copy_that_was_only_opened_and_run_follows_its_original(course):
    lessons.working_copies(course, "vi")
    run = notebook("01_what_are_scaling_laws", output="4.5", kernelspec={"display_name": "Python 3 (ipykernel)"})
    own(course).write_text(run)
    assert not state(course).written
    assert own(course).read_text() == run, "while the original is the same, the reader's outputs stay"
    original(course).write_text(notebook("a better lesson"))
    assert state(course).written
    assert own(course).read_bytes() == original(course).read_bytes()


def test_a_fresh_start_keeps_every_former_copy(course):
    lessons.working_copies(course, "vi")
    for round_ in ("first", "second"):
        own(course).write_text(notebook(f"my {round_} answer"))
        copy = state(course, fresh="01_what_are_scaling_laws")
        assert copy.written
        assert own(course).read_bytes() == original(course).read_bytes()
        assert f"my {round_} answer" in copy.kept.read_text()
    kept = [path.read_text() for path in own(course).parent.glob("*.mine-*.ipynb")]
    assert len(kept) == 2
    assert "my first answer" in "".join(kept)
    assert len(lessons.working_copies(course, "vi")) == 2, "a copy set aside is no lesson"


def test_a_fresh_start_of_an_unchanged_copy_keeps_nothing(course):
    lessons.working_copies(course, "vi")
    assert state(course, fresh="01_what_are_scaling_laws").kept is None


@pytest.mark.parametrize("content", ["", "{", "[]", '{"cells": 3}'])
def test_a_copy_that_is_no_notebook_is_left_alone(course, content):
    lessons.working_copies(course, "vi")
    own(course).write_text(content)
    original(course).write_text(notebook("a better lesson"))
    assert state(course).outdated
    assert own(course).read_text() == content


def test_a_copy_without_a_record_is_the_readers(course):
    lessons.working_copies(course, "vi")
    (course / "my_lessons" / ".originals.json").unlink()
    own(course).write_text(notebook("my answer"))
    assert state(course).outdated
    assert "my answer" in own(course).read_text()
