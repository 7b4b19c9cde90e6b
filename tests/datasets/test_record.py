"""Recording a table rewrites three fields of its entry and nothing else."""

import hashlib

import pytest

from course_utils.datasets.record import record

CATALOGUE = """# A comment that stays.
[first]
kind = "shipped"
file = "first.csv"
rows = 0   # counted
bytes=0
sha256 = ""

[first.columns]
rows = "1"

[first_two]  # another
kind = "shipped"
file = "second.csv"
sha256 = "00"
bytes = 12
rows = 3
title = "rows = 9"

[remote]
kind = "published"
"""


@pytest.fixture
def folder(tmp_path):
    (tmp_path / "catalogue.toml").write_text(CATALOGUE, encoding="utf-8")
    (tmp_path / "first.csv").write_text("rows\n1\n2\n", encoding="utf-8", newline="\n")
    (tmp_path / "second.csv").write_text("a,b\n1,2\n", encoding="utf-8", newline="\n")
    return tmp_path


def run(name, folder):
    return record(name, catalogue_file=folder / "catalogue.toml", data_folder=folder)


def test_three_fields_change_and_all_else_stays(folder):
    content = (folder / "first.csv").read_bytes()
    digest = hashlib.sha256(content).hexdigest()
    assert run("first", folder) == {"rows": 2, "bytes": len(content), "sha256": digest}
    expected = CATALOGUE.replace(
        'rows = 0   # counted\nbytes=0\nsha256 = ""', f'rows = 2   # counted\nbytes=9\nsha256 = "{digest}"'
    )
    assert (folder / "catalogue.toml").read_text(encoding="utf-8") == expected


def test_a_name_that_begins_alike_is_not_touched(folder):
    run("first_two", folder)
    text = (folder / "catalogue.toml").read_text(encoding="utf-8")
    assert "rows = 0   # counted" in text
    assert 'title = "rows = 9"' in text
    assert "bytes = 8\nrows = 1" in text


def test_recording_twice_changes_nothing(folder):
    run("first", folder)
    once = (folder / "catalogue.toml").read_bytes()
    run("first", folder)
    assert (folder / "catalogue.toml").read_bytes() == once


@pytest.mark.parametrize(("name", "words"), [("absent", "no entry"), ("remote", "published")])
def test_what_cannot_be_recorded_is_refused(folder, name, words):
    with pytest.raises(ValueError, match=words):
        run(name, folder)


def test_missing_file_and_missing_field(folder):
    path = folder / "catalogue.toml"
    (folder / "second.csv").unlink()
    with pytest.raises(FileNotFoundError, match=r"second\.csv"):
        run("first_two", folder)
    path.write_text(CATALOGUE.replace("bytes=0\n", ""), encoding="utf-8")
    with pytest.raises(ValueError, match="bytes"):
        run("first", folder)
