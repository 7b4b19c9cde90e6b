"""The command ``python -m course_utils.datasets``."""

import pytest

from course_utils.datasets import describe, names
from course_utils.datasets.__main__ import _cells, main
from course_utils.datasets.download import cache_folder
from course_utils.i18n import LANGUAGES


@pytest.mark.parametrize("code", LANGUAGES)
def test_list_names_every_table_in_the_language(capsys, code):
    assert main(["list", "--lang", code]) == 0
    said = capsys.readouterr().out
    for name in names():
        assert name in said
        assert describe(name).title[code] in said


def test_columns_line_up_whatever_the_script(capsys):
    main(["--lang", "zh", "list"])
    lines = capsys.readouterr().out.splitlines()[1 : len(names()) + 1]
    starts = set()
    for line, name in zip(lines, names(), strict=True):
        title = describe(name).title["zh"]
        starts.add(_cells(line[: line.index(title)]))
    assert len(starts) == 1


def test_language_may_stand_before_the_command(capsys):
    main(["--lang", "vi", "verify"])
    assert "nguyên vẹn" in capsys.readouterr().out


def test_download_tells_what_fails_and_says_so_with_its_status(monkeypatch, tmp_path, capsys):
    monkeypatch.setenv("SCALING_LAWS_MIRROR", str(tmp_path / "empty"))
    assert main(["download", "opt_checkpoints", "models_history"]) == 1
    said = capsys.readouterr()
    assert "opt_checkpoints" in said.err
    assert "models_history" in said.out


def test_misspelt_name_is_refused_before_anything_is_fetched(capsys):
    assert main(["download", "opt_checkpoint"]) == 2
    assert "opt_checkpoints" in capsys.readouterr().err
    assert not cache_folder().exists()


def test_verify_finds_a_damaged_download(capsys):
    path = cache_folder() / describe("opt_checkpoints").remote_path
    path.parent.mkdir(parents=True)
    path.write_bytes(b"not the table")
    assert main(["verify", "--lang", "en"]) == 1
    said = capsys.readouterr().out
    assert "opt_checkpoints: damaged" in said
    assert "data download opt_checkpoints" in said


def test_verify_is_content_with_the_shipped_tables(capsys):
    assert main(["verify", "--lang", "en"]) == 0
    assert capsys.readouterr().out.count("sound") == len(names("shipped"))
