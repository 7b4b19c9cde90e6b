"""Stamping renews the named hashes and touches nothing else."""

import pytest

from course_utils.lessons.stamp import stamp


def test_only_named_blocks_are_stamped(sample):
    sample.replace("en", "This page draws one.", "This page draws a law.")
    sample.replace("en", "Three sizes more", "Three larger sizes")
    before = sample.read("vi").split("\n")
    assert len(sample.problems("stale")) == 4
    assert stamp(sample.course, sample.lesson, ["title"], ["vi"]) == [("vi", "title")]
    after = sample.read("vi").split("\n")
    assert [a for a, b in zip(after, before, strict=True) if a != b] == [after[sample.line_of("vi", '"title"') - 1]]
    assert {(p.file[-5:], p.message.split("'")[1]) for p in sample.problems("stale")} == {
        ("vi.md", "read"), ("zh.md", "title"), ("zh.md", "read"),
    }  # fmt: skip


def test_all_blocks_of_all_translations(sample):
    sample.replace("en", "This page draws one.", "This page draws a law.")
    assert stamp(sample.course, sample.lesson, None) == [("vi", "title"), ("zh", "title")]
    assert sample.problems() == []
    assert stamp(sample.course, sample.lesson, None) == []


def test_other_fields_survive(sample):
    sample.replace("vi", '"id": "law",', '"id": "law", "numbers": "free",')
    sample.replace("en", "## What is drawn?", "## What is shown?")
    stamp(sample.course, sample.lesson, ["law"], ["vi"])
    assert '"numbers": "free"}' in sample.read("vi").split("\n")[sample.line_of("vi", '"law"') - 1]


def test_a_block_without_a_hash_gets_one(sample):
    marker = sample.read("vi").split("\n")[sample.line_of("vi", '"title"') - 1]
    sample.replace("vi", marker, '+++ {"id": "title"}')
    assert len(sample.problems("stale")) == 1
    stamp(sample.course, sample.lesson, ["title"], ["vi"])
    assert marker in sample.read("vi")


def test_unknown_id_is_refused(sample):
    with pytest.raises(ValueError, match=r"'nothing' is no prose block of .*en\.md"):
        stamp(sample.course, sample.lesson, ["nothing"])
    with pytest.raises(ValueError, match="'say' is no prose block"):
        stamp(sample.course, sample.lesson, ["say"])


def test_block_not_translated_is_refused(sample):
    sample.replace("vi", '"id": "read"', '"id": "reed"')
    with pytest.raises(ValueError, match=r"'read' is not in .*vi\.md"):
        stamp(sample.course, sample.lesson, ["read"], ["vi"])
