"""The catalogue says the truth about every table: quick checks of bytes and hash, slow ones of rows and columns."""

import re

import pytest

from course_utils.datasets import describe, load, names
from course_utils.datasets.catalogue import DATA_FOLDER, catalogue, sha256_of
from course_utils.i18n import LANGUAGES, set_language


@pytest.mark.parametrize("name", names("shipped"))
def test_shipped_file_is_there_with_its_bytes_and_hash(name):
    entry = describe(name)
    assert entry.path.is_file()
    assert entry.path.stat().st_size == entry.bytes, "run: python -m course_utils.datasets record " + name
    assert sha256_of(entry.path) == entry.sha256
    assert b"\r" not in entry.path.read_bytes()[:100_000]


@pytest.mark.slow
@pytest.mark.parametrize("name", names("shipped"))
def test_shipped_table_has_its_rows_and_columns(name):
    check_schema(describe(name), load(name))


@pytest.mark.slow
@pytest.mark.parametrize("name", names("published"))
def test_published_table_has_its_rows_and_columns(name, originals):
    check_schema(describe(name), originals(name))


def check_schema(entry, table):
    assert list(table.columns) == list(entry.columns)
    assert len(table) == entry.rows
    gaps = table.isna().sum()
    assert gaps[gaps > 0].to_dict() == entry.missing
    for column in ("params", "tokens", "flops", "params_total", "params_dense", "tokens_unique"):
        if column in table:
            assert (table[column].dropna() > 0).all(), column
    for column in table.columns:
        if column.startswith("loss_nats"):
            assert table[column].dropna().between(0, 20).all(), column


def test_every_data_file_has_an_entry():
    listed = {entry.path for entry in catalogue().values() if entry.kind == "shipped"}
    present = {path for ending in ("csv", "parquet") for path in (DATA_FOLDER).rglob(f"*.{ending}")}
    in_reference = {path for path in present if path.parent.name == "reference"}
    assert in_reference <= listed


@pytest.mark.parametrize("name", names())
def test_every_entry_is_complete_in_three_languages(name):
    entry = describe(name)
    for field in ("origin", "licence", "make"):
        assert getattr(entry, field).strip(), field
    assert re.fullmatch("[0-9a-f]{64}", entry.sha256)
    for words in (entry.title, entry.notes):
        assert set(words) == set(LANGUAGES)
        assert len(set(words.values())) == 3
    for code in LANGUAGES:
        set_language(code)
        for face in (str(entry), entry._repr_html_()):
            assert entry.title[code] in face.replace("&#x27;", "'").replace("&quot;", '"')
            assert all(column in face for column in entry.columns)
        assert "{" not in str(entry)


@pytest.mark.parametrize("name", names())
def test_notes_say_the_same_numbers_in_three_languages(name):
    def numbers(text):
        return sorted(set(re.findall(r"\d+\.\d+", text)))

    notes = describe(name).notes
    assert numbers(notes["vi"]) == numbers(notes["zh"]) == numbers(notes["en"])


def test_unknown_name_suggests_the_nearest():
    with pytest.raises(ValueError, match="chinchilla_points"):
        describe("chinchila_point")
    with pytest.raises(ValueError, match="kind"):
        names("private")


def test_published_entries_are_pinned_to_a_commit():
    for name in names("published"):
        assert re.fullmatch("[0-9a-f]{40}", describe(name).commit)
        with pytest.raises(ValueError, match=r"datasets\.find"):
            _ = describe(name).path


@pytest.mark.parametrize("name", [name for name in names("shipped") if describe(name).file.startswith("reference/")])
def test_every_quoted_row_names_its_source(name):
    table = load(name)
    assert table["source"].str.len().min() > 10
    assert set(table["tag"]) <= {"P", "R", "N", "M", "C", "N/M"}


def test_quoted_compute_agrees_with_6nd():
    table = load("gpt3_table_d1")
    assert ((6 * table["params"] * table["tokens"] / table["flops"] - 1).abs() < 0.01).all()
    assert ((table["pf_days"] * 8.64e19 / table["flops"] - 1).abs() < 0.01).all()
    history = load("models_history")
    assert ((6 * history["params"] * history["tokens"] / history["flops"] - 1).abs() < 1e-3).all()


def test_chinchilla_table_is_6nd_too_except_the_misprint():
    table = load("chinchilla_table3")
    ratio = 6 * table["params"] * table["tokens"] / table["flops"]
    assert ratio.between(0.92, 1.10).all()  # printed tokens carry two digits, 67B stands for a rounded size
    misprints = table[table["flops"] != table["flops_printed"]]
    assert misprints[["approach", "params"]].to_numpy().tolist() == [[3, 1.75e11]]
