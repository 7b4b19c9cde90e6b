"""Pages are read block by block, with true line numbers."""

import pytest

from course_utils.lessons.merge import language_code, merge
from course_utils.lessons.source import block_hash, read_source


def read(sample, language):
    page, problems = read_source(sample.path(language), lesson=sample.lesson, language=language, file=f"{language}.md")
    assert problems == []
    return page


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_blocks_know_their_lines(sample, language):
    page = read(sample, language)
    lines = sample.read(language).split("\n")
    assert [block.id for block in page.blocks] == ["title", "law", "draw", "read", "say", "explore"]
    for block in page.blocks:
        assert block.id in lines[block.line - 1] or lines[block.line - 1].startswith("```{code-cell}")
        if block.text:
            assert lines[block.text_line - 1] == block.text.split("\n")[0]


def test_code_with_yaml_options_knows_its_line(sample):
    sample.replace("en", ":id: say\n\n", "---\nid: say\ntags: [long-ok]\n---\n")
    block = read(sample, "en").by_id()["say"]
    assert block.tags == ["long-ok"]
    assert sample.read("en").split("\n")[block.text_line - 1] == block.text.split("\n")[0]


def test_hash_follows_meaning_and_not_wrapping():
    assert block_hash("a b\nc") == block_hash("a  b c\n") != block_hash("a b d")
    assert len(block_hash("")) == 8


def test_windows_line_ends_and_byte_order_mark_do_not_matter(sample):
    plain = read(sample, "vi")
    sample.path("vi").write_bytes(b"\xef\xbb\xbf" + sample.read("vi").replace("\n", "\r\n").encode())
    assert read(sample, "vi").blocks == plain.blocks


@pytest.mark.parametrize("language", ["en", "vi", "zh"])
def test_merge_puts_english_code_into_every_language(sample, language):
    english, page = read(sample, "en"), read(sample, language)
    notebook = merge(english, page)
    assert [cell.id for cell in notebook.cells] == ["title", "language", "law", "draw", "read", "say", "explore"]
    assert notebook.cells[1].source == language_code(language)
    assert notebook.cells[1].metadata.tags == ["language"]
    for cell in notebook.cells:
        if cell.cell_type == "markdown":
            assert cell.source == page.by_id()[cell.id].text
        elif cell.id != "language":
            assert cell.source == english.by_id()[cell.id].text
    assert notebook.cells[3].metadata.jupyter.source_hidden is True


def test_lessons_are_found_by_number_name_and_part(sample):
    for wanted in ("0", "00", "00_two_lines", "two_l"):
        assert sample.course.find_lesson(wanted) == sample.lesson
    with pytest.raises(ValueError, match="Nearest: 00_two_lines"):
        sample.course.find_lesson("two_loins")
