"""Files that cannot be used: each is refused with its reason, the line and the cure, in three languages."""

import gzip
import re

import numpy as np
import pytest

from course_utils import own_runs, set_language

HEAD = "params,tokens,loss\n"
GOOD = "1e8,2e9,3.5\n2e8,2e9,3.4\n4e8,8e9,3.1\n8e8,8e9,3.0\n1.6e9,3e10,2.8\n3.2e9,6e10,2.7\n"

# Content, reason, lines at fault.
FILES = {
    "nothing": ("", "empty", ()),
    "blanks": (" \n\n \n", "empty", ()),
    "comments alone": ("# one\n# two\n", "empty", ()),
    "headings alone": (HEAD, "no_rows", (1,)),
    "no headings": (GOOD, "no_header", (1,)),
    "no headings but percentages": ("12%,3,4\n5%,6,7\n", "no_header", (1,)),
    "no loss": ("params,tokens,accuracy\n1e8,2e9,0.5\n", "no_loss", ()),
    "no sizes": ("run,lr,loss\na,1e-3,3.2\n", "no_scale", ()),
    "one heading twice": ("params,loss,loss\n1e8,3.2,3.3\n", "twice", (1,)),
    "a short row": (HEAD + GOOD + "1e8,2e9\n", "ragged", (8,)),
    "thousands without quotation marks": (HEAD + "125,000,000,2e9,3.5\n", "ragged", (2,)),
    "text in a number cell": (HEAD + GOOD + "1e9,about 3e9,2.9\n", "text", (8,)),
    "two texts": (HEAD + "big,2e9,3.1\n" + GOOD + "small,3e9,2.9\n", "text", (2, 9)),
    "two points": (HEAD + GOOD + "1e9,3e9,2.9.1\n", "text", (8,)),
    "a negative loss": (HEAD + GOOD + "1e9,3e9,-2.9\n", "negative", (8,)),
    "negative tokens": (HEAD + GOOD + "1e9,-3e9,2.9\n", "negative", (8,)),
    "a minus sign of print": (HEAD + GOOD + "1e9,−3e9,2.9\n", "negative", (8,)),
    "zero tokens": (HEAD + GOOD + "1e9,0,2.9\n", "zero", (8,)),
    "zero loss": (HEAD + "1e9,1e9,0.0\n" + GOOD, "zero", (2,)),
    "accuracies as losses": ("params,tokens,loss\n1e8,2e9,35%\n2e8,2e9,41%\n", "percent_loss", (2, 3)),
    "a percentage of tokens": (HEAD + GOOD + "1e9,50%,2.9\n", "percent_count", (8,)),
    "mixed units of size": (HEAD + GOOD + "7,2e11,2.5\n0.1,2e11,2.4\n", "mixed_units", (8, 9)),
    "sizes from 1e-1 to 1e11": (
        HEAD + "".join(f"1e{k},2e9,{4 - 0.1 * k:.1f}\n" for k in range(-1, 12)),
        "mixed_units",
        None,
    ),
    "suffixes on some rows only": (
        "N,D,loss\n7B,2e9,3.0\n350,2e9,3.2\n125,2e9,3.3\n13B,2e9,2.9\n",
        "mixed_units",
        (3, 4),
    ),
    "perplexity on one row": (HEAD + GOOD + "1e9,3e9,300\n", "mixed_units", (8,)),
    "decimal commas and points": ("N;D;loss\n1e8;2e9;3,51\n2e8;2e9;3.42\n4e8;8e9;3,10\n", "mixed_decimals", (2, 3)),
    "two runs": (HEAD + "1e8,2e9,3.5\n2e8,2e9,3.4\n", "too_few", ()),
    "two runs that did not fail": (HEAD + "1e8,2e9,3.5\n2e8,2e9,3.4\n4e8,2e9,nan\n8e8,2e9,nan\n", "too_few", ()),
    "one distinct size": (HEAD + "1e8,2e9,3.51\n1e8,2e9,3.52\n1e8,2e9,3.53\n1e8,2e9,3.5\n", "one_size", ()),
    "one run copied": (HEAD + "1e8,2e9,3.5\n" * 6, "too_few", ()),
    "every run failed": (HEAD + "1e8,2e9,nan\n2e8,2e9,oom\n4e8,2e9,failed\n", "too_few", ()),
    "an Excel workbook": (b"PK\x03\x04" + b"\x00" * 200, "workbook", ()),
    "an old Excel workbook": (b"\xd0\xcf\x11\xe0\xa1\xb1\x1a\xe1" + b"\x00" * 99, "workbook", ()),
    "a Parquet file": (b"PAR1" + bytes(range(256)), "parquet", ()),
    "a gzip file": (gzip.compress((HEAD + GOOD).encode()), "gzip", ()),
    "a PDF": (b"%PDF-1.7\n" + b"x" * 99, "pdf", ()),
    "a PNG": (b"\x89PNG\r\n\x1a\n\x00\x00\x00\rIHDR" + bytes(range(200)), "binary", ()),
    "random bytes": (np.random.default_rng(0).integers(0, 256, 3000, dtype=np.uint8).tobytes(), "binary", ()),
    "half of a UTF-16 file": (b"\xff\xfe" + HEAD.encode("utf-16-le") + b"\x00\xd8\x00", "binary", ()),
    "20,001 rows": (HEAD + "1e8,2e9,3.5\n" * 20_001, "too_many_rows", ()),
    "a logarithm read as a power of a power": (
        "log10_params,tokens,loss\n400,2e9,3.0\n500,2e9,2.9\n600,2e9,2.8\n",
        "open_question",
        (),
    ),
}


def analyse(content):
    content = content.encode() if isinstance(content, str) else content
    return own_runs.analyse(own_runs.read(content, name="bad.csv"), n=20)


@pytest.mark.parametrize(("content", "code", "lines"), FILES.values(), ids=FILES.keys())
def test_a_bad_file_is_refused_with_its_line_in_every_language(content, code, lines):
    said = {}
    for language in ("en", "vi", "zh"):
        set_language(language)
        with pytest.raises(own_runs.Refusal) as refused:
            analyse(content)
        error = refused.value
        said[language] = str(error)
        assert error.code == code, said[language]
        assert lines is None or error.lines == lines
        assert "bad.csv" in str(error)
        assert all(str(line) in str(error) for line in error.lines)
        assert "{" not in re.sub(r"(columns|units)=\{[^}]*\}", "", str(error))
    assert len(set(said.values())) == 3
    assert re.search("[一-龥]", said["zh"])


def test_a_file_of_200_megabytes_is_refused_before_it_is_read(tmp_path):
    path = tmp_path / "huge.csv"
    with path.open("wb") as file:
        file.write(HEAD.encode())
        file.truncate(200_000_000)  # sparse: it takes no room
    with pytest.raises(own_runs.Refusal) as refused:
        own_runs.read(path)
    assert refused.value.code == "too_large" and "200 MB" in str(refused.value)


def test_a_folder_and_a_missing_file(tmp_path):
    with pytest.raises(own_runs.Refusal) as refused:
        own_runs.read(tmp_path)
    assert refused.value.code == "folder"
    set_language("zh")
    with pytest.raises(FileNotFoundError, match=r"找不到 .*none\.csv"):
        own_runs.read(tmp_path / "none.csv")


def test_lines_at_fault_can_be_left_out_and_are_listed():
    text = HEAD + GOOD + "1e9,about 3e9,2.9\n"
    result = own_runs.analyse(own_runs.read(text.encode(), leave_out=[8]), n=20)
    assert [(row.line, row.reason.key) for row in result.runs.excluded] == [(8, "excluded.yours")]


def test_lines_are_those_of_the_file_also_after_comments_and_quoted_line_breaks():
    text = '# a\n\nrun,params,tokens,loss\n"two\nlines",1e8,2e9,3.5\nb,2e8,zwei,3.4\n'
    with pytest.raises(own_runs.Refusal) as refused:
        analyse(text)
    assert refused.value.lines == (6,)


@pytest.mark.parametrize(
    ("choices", "message"),
    [
        ({"columns": {"size": "params"}}, "no role"),
        ({"columns": {"params": "N"}}, "no column"),
        ({"units": {"params": "dozens"}}, "no unit"),
        ({"units": {"run": "ones"}}, "no unit"),
        ({"decimal": ";"}, "decimal"),
        ({"leave_out": [99]}, "line 99"),
    ],
)
def test_choices_that_do_not_exist_are_refused(choices, message):
    reading = own_runs.read((HEAD + GOOD).encode())
    with pytest.raises(ValueError, match=message):
        reading.choose(**choices)
