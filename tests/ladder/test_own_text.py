"""A text of the reader's own: what counts as text, what is held out, and whether there is enough."""

import errno
import hashlib
import os
import random
import time

import numpy as np
import pytest

from course_utils.i18n import LANGUAGES, using_language
from course_utils.ladder import own_files, own_text, text

SYLLABLES = {
    "vi": "một hai người nước nhà trường học sinh đọc sách viết chữ buổi sáng mưa nắng đường phố quê hương",
    "zh": "天 地 人 你 我 他 山 水 风 雨 花 草 书 读 写 学 校 老 师 朋 友 城 市 农 村 早 晚",
    "en": "one two people water house school pupil reads book writes word morning rain sun road town home",
}


def passage(language, characters, seed=0):
    """Write sentences and paragraphs of random words, about so many characters long."""
    generator = random.Random(seed)
    gap, stop = ("", "。") if language == "zh" else (" ", ". ")
    parts, length = [], 0
    while length < characters:
        sentence = gap.join(generator.choices(SYLLABLES[language].split(), k=generator.randint(4, 14))) + stop
        parts.append(sentence + ("\n\n" if generator.random() < 0.2 else ""))
        length += len(parts[-1])
    return "".join(parts)


@pytest.fixture
def cache(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "cache"))
    return tmp_path / "cache" / "ladder"


def folder_of(tmp_path, n_files=30, language="en", characters=20_000):
    folder = tmp_path / "words"
    for i in range(n_files):
        file = folder / f"part{i % 3}" / f"{i}.txt"
        file.parent.mkdir(parents=True, exist_ok=True)
        file.write_text(passage(language, characters, seed=i), encoding="utf-8")
    return folder


def test_hidden_folders_and_what_is_not_the_readers_are_left_out(tmp_path):
    for name in (".git/config", "node_modules/a/index.js", ".venv/b.py", "env/c.py", "__pycache__/d.py", ".hidden",
                 "kept/e.weird", "f.md"):
        (tmp_path / name).parent.mkdir(parents=True, exist_ok=True)
        (tmp_path / name).write_text(f"text of {name}\n")
    (tmp_path / "env/pyvenv.cfg").write_text("home = /usr\n")
    found = [file.relative_to(tmp_path).as_posix() for file in own_files.files_below(tmp_path)]
    assert found == ["f.md", "kept/e.weird"]


def test_a_file_is_text_in_utf8_or_marked_and_nothing_is_guessed(tmp_path):
    words = "Trường học ở phố\r\nmột hai ba\r\n" * 40
    plain = words.replace("\r\n", "\n")
    for name in ("utf-8", "utf-8-sig", "utf-16", "utf-32"):
        assert own_files.decode(words.encode(name)) == plain, name
    assert own_files.decode(b"\x7fELF\x02\x01\x01\0\0\0\0\0\0\0\0\0\x03\0>\0\x01\0\0\0" * 50) is None
    assert own_files.decode(random.Random(0).randbytes(5000)) is None
    for words, encoding in (("天地人\n" * 300, "gb18030"), ("đi chơi nhà bà\n" * 40, "cp1258"), (plain, "utf-16-le")):
        raw = words.encode(encoding)
        with pytest.raises(UnicodeDecodeError):
            own_files.decode(raw)
        assert own_files.decode(raw, encoding) == words
    assert own_files.decode(plain.encode(), "gb18030") == plain  # what is UTF-8 is read as UTF-8


def test_the_census_counts_copies_and_names_what_it_cannot_read(tmp_path):
    (tmp_path / "a.txt").write_text("the same words\n")
    (tmp_path / "b.txt").write_bytes(b"the same words\r\n")  # saved on another system
    (tmp_path / "c.txt").write_text(" \n")
    (tmp_path / "d.bin").write_bytes(bytes(range(256)) * 8)
    (tmp_path / "e.txt").write_bytes("学校老师\n".encode("gb18030") * 50)
    census = own_files.survey(tmp_path)
    assert list(census.texts.values()) == ["the same words\n"]
    assert (census.copies, census.empty, census.binary, census.undecodable) == (1, 1, ("d.bin",), ("e.txt",))
    named = own_files.survey(tmp_path, encoding="gb18030")
    assert named.undecodable == ()
    assert len(named.texts) == 2
    with pytest.raises(ValueError, match=r"e\.txt.*encoding="):
        own_files.survey(tmp_path / "e.txt")
    with pytest.raises(ValueError, match=r"No text.*d\.bin"):
        own_files.survey(tmp_path / "d.bin")
    with pytest.raises(ValueError, match="nothing"):
        own_files.survey(tmp_path / "nowhere")
    for name in ("utf-99", "hex", "rot13"):
        with pytest.raises(ValueError, match=name):
            own_files.survey(tmp_path, encoding=name)


def test_an_empty_file_is_empty_and_in_no_strange_encoding(tmp_path):
    (tmp_path / "a.txt").write_text("")
    with pytest.raises(ValueError, match="No text found") as caught:
        own_files.survey(tmp_path / "a.txt")
    assert "encoding" not in str(caught.value)
    (tmp_path / "b.txt").write_text("words")
    census = own_files.survey(tmp_path)
    assert (census.empty, census.undecodable) == (1, ())


def test_a_folder_that_may_not_be_opened_is_named(tmp_path, monkeypatch):
    (tmp_path / "a.txt").write_text("words")
    (tmp_path / "closed").mkdir()
    listed = os.scandir

    def scandir(path):
        if os.fspath(path).endswith("closed"):
            raise PermissionError(errno.EACCES, "Permission denied", path)
        return listed(path)

    monkeypatch.setattr(os, "scandir", scandir)
    assert own_files.survey(tmp_path).unreadable == ("closed/",)


@pytest.mark.skipif(os.name == "nt", reason="a file's name is text there")
def test_a_name_that_is_no_text_can_be_said():
    assert own_files.some_names((os.fsdecode(b"caf\xe9.txt"), "b.txt")) == "caf?.txt, b.txt"


def test_a_text_is_cut_only_where_a_word_is_far_too_long():
    usual = "words, 12345 " * 500 + "\n" * 900 + "=" * 999
    assert own_text.short_words(usual) == [usual]
    for long in ("x" * 2500, "字" * 2500, "=" * 2500, " " * 2500):
        assert "".join(own_text.short_words(long)) == long
        assert [len(part) for part in own_text.short_words(long)] == [1000, 1000, 500]


@pytest.mark.skipif(os.name == "nt" or os.geteuid() == 0, reason="who may open everything is never refused")
def test_a_file_that_may_not_be_opened_is_named(tmp_path):
    (tmp_path / "a.txt").write_text("words\n")
    (tmp_path / "b.txt").write_text("more words\n")
    (tmp_path / "b.txt").chmod(0)
    assert own_files.survey(tmp_path).unreadable == ("b.txt",)


def test_too_much_text_is_refused_before_it_is_read_and_a_large_picture_is_not(tmp_path, monkeypatch):
    monkeypatch.setattr(own_files, "MOST_BYTES", 30_000)
    (tmp_path / "a.txt").write_text("words of a text\n" * 1000)
    (tmp_path / "b.png").write_bytes(b"\x89PNG\r\n\0\0" * 9000)
    assert own_files.survey(tmp_path).binary == ("b.png",)
    (tmp_path / "c.txt").write_text("words of another text\n" * 1000)
    with pytest.raises(ValueError, match=r"more than 30 kB.*part"):
        own_files.survey(tmp_path)


@pytest.mark.parametrize("language", SYLLABLES)
def test_blocks_end_with_a_paragraph_and_lose_nothing(language):
    document = passage(language, 50_000)
    blocks = own_text.blocks_of(document)
    assert "".join(blocks) == document
    assert all(block.endswith("\n\n") for block in blocks[:-1])
    assert all(2_000 <= len(block) < 8_000 for block in blocks[:-1])


@pytest.mark.parametrize("document", ["word " * 20_000, "天地。" * 20_000, "一" * 50_000, "row,of\n" * 9_000, "", "x"])
def test_blocks_without_paragraphs(document):
    blocks = own_text.blocks_of(document)
    assert "".join(blocks) == document
    assert all(len(block) <= 6_000 for block in blocks)


def test_a_tenth_is_held_out_by_files_or_by_blocks():
    many = [passage("en", 3_000, seed) for seed in range(200)]
    keyed = {hashlib.sha256(each.encode()).hexdigest(): each for each in many}
    training, held_out, by_blocks = own_text.split(keyed)
    assert not by_blocks
    assert sorted(training + held_out) == sorted(many)
    assert 0.05 < len(held_out) / len(many) < 0.2
    more = keyed | {"f" * 63 + "1": "a new file"}
    assert set(held_out) <= set(own_text.split(more)[1])  # a new file moves no other

    single = passage("vi", 200_000)
    training, held_out, by_blocks = own_text.split({"0" * 64: single})
    assert by_blocks
    assert sum(map(len, held_out)) / len(single) == pytest.approx(0.1, abs=0.02)
    assert sum(map(len, training + held_out)) == len(single)
    assert not set(training) & set(held_out)


def test_long_texts_are_encoded_in_pieces(monkeypatch):
    monkeypatch.setattr(own_text, "PIECE", 10_000)
    document = passage("en", 100_000)
    training, held_out, _ = own_text.split({"0" * 64: document})
    assert max(map(len, training)) < 20_000
    assert sum(map(len, training + held_out)) == len(document)


def test_keys_carry_the_vocabulary():
    assert own_text.vocabulary_of("0123456789abcdef-1024") == 1024
    for wrong in ("", "0123456789abcdef", "../../0123456789abcdef-1024", "0123456789ABCDEF-1024"):
        with pytest.raises(ValueError, match=r"own_text\.load"):
            own_text.vocabulary_of(wrong)


def test_a_machine_without_the_text_says_where_to_look(cache):
    with pytest.raises(FileNotFoundError, match=r"SCALING_LAWS_CACHE"):
        own_text.cached("0123456789abcdef-1024")


def corpus(n_tokens):
    return text.Corpus(np.zeros(n_tokens, np.uint16), np.zeros(n_tokens // 9, np.uint16), 1024, "", 2.5)


def test_enough_text_is_a_matter_of_readings():
    assert own_text.check(corpus(1_000_000), 1_000_000) is None
    notice = own_text.check(corpus(1_000_000), 4_000_000)
    # Muennighoff's law: four readings are worth 1 + 15.39 (1 - exp(-3/15.39)) = 3.73 texts read once
    assert "4.00 times" in notice
    assert "3.73 texts" in notice
    assert "11 MB" in notice
    with pytest.raises(ValueError, match=r"There are 2\.78 MB; 3\.5 MB are needed.*14 MB to read nothing twice"):
        own_text.check(corpus(1_000_000), 5_000_000)
    assert own_text.need(9_000_000, 2.0) == 20_000_000


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_sentence_can_be_said(code, tmp_path):
    census = own_text.Census({"0": "words"}, 2, 1, ("a.bin",), ("b",), tuple("cdef"))
    own = own_text.OwnCorpus(**corpus(100_000).__dict__, key="k", name="words", by_blocks=True, census=census)
    with using_language(code):
        lines = own.words()
        assert len(lines) == 7
        assert "173" in lines[2]  # 11,111 held-out tokens are 173 windows of 64
        assert "c, d, e, …" in lines[4]
        assert own_text.check(corpus(1_000_000), 3_000_000)


@pytest.fixture
def tokenizers():
    return pytest.importorskip("tokenizers", reason="not installed: python3 course.py ladder names the cure")


@pytest.mark.parametrize("language", SYLLABLES)
def test_a_single_file_in_every_language(language, tmp_path, cache, tokenizers):
    file = tmp_path / "sách 书.txt"
    file.write_text(passage(language, 100_000 if language == "zh" else 400_000), encoding="utf-8")
    own = own_text.load(file, 512)
    assert own.by_blocks
    assert own.name == "sách 书.txt"
    assert own_text.vocabulary_of(own.key) == own.vocabulary == 512
    assert int(own.training.max()) < 512
    share = len(own.validation) / (len(own.training) + len(own.validation))
    assert share == pytest.approx(0.1, abs=0.02)
    again = own_text.cached(own.key)
    assert again.sha256 == own.sha256
    assert np.array_equal(again.training, own.training)
    assert [path.name for path in cache.iterdir()] == [f"own-{own.key}.npz"]  # nothing half-written
    assert own_text.load(file, 300).key != own.key


def test_names_and_places_do_not_matter_and_a_changed_word_does(tmp_path, cache, tokenizers, monkeypatch):
    folder = folder_of(tmp_path)
    first = own_text.load(folder)
    assert not first.by_blocks
    (folder / "part0" / "0.txt").rename(folder / "renamed.txt")
    (folder / "copy.txt").write_text((folder / "renamed.txt").read_text())

    def refuse(*_):
        raise AssertionError("encoded again")

    with monkeypatch.context() as patch:
        patch.setattr(text, "tokenise", refuse)
        second = own_text.load(folder)
    assert second.key == first.key
    assert second.census.copies == 1
    assert np.array_equal(second.validation, first.validation)
    with open(folder / "renamed.txt", "a") as file:
        file.write("one more word")
    assert own_text.load(folder).key != first.key


def test_a_text_without_a_gap_is_read_in_seconds(tmp_path, cache, tokenizers):
    generator = random.Random(0)
    file = tmp_path / "one_word.txt"
    file.write_text("".join(generator.choice(SYLLABLES["zh"].replace(" ", "")) for _ in range(150_000)), "utf-8")
    begun = time.monotonic()
    assert len(own_text.load(file).training) > 10_000
    assert time.monotonic() - begun < 20  # in one piece, more than a minute


def test_a_damaged_cache_is_encoded_again(tmp_path, cache, tokenizers):
    file = tmp_path / "a.txt"
    file.write_text(passage("en", 400_000), encoding="utf-8")
    own = own_text.load(file)
    (kept,) = cache.iterdir()
    for broken in (b"", kept.read_bytes()[:1000]):
        kept.write_bytes(broken)
        with pytest.raises(FileNotFoundError, match=own.key):
            own_text.cached(own.key)
        assert own_text.load(file).sha256 == own.sha256 == own_text.cached(own.key).sha256


@pytest.mark.parametrize("code", LANGUAGES)
def test_without_a_tokenizer_the_cure_is_named(tmp_path, cache, monkeypatch, code):
    (tmp_path / "a.txt").write_text("words of a text\n")
    monkeypatch.setattr(own_text.importlib.util, "find_spec", lambda name: None)
    with using_language(code), pytest.raises(ModuleNotFoundError, match="ladder --install"):
        own_text.load(tmp_path / "a.txt")


def test_too_little_text_says_how_much_is_missing(tmp_path, cache, tokenizers):
    file = tmp_path / "short.txt"
    file.write_text(passage("en", 30_000), encoding="utf-8")
    with pytest.raises(ValueError, match=r"30 kB of text is too little.*About \d+ kB more"):
        own_text.load(file)
    assert not list(cache.glob("*"))


def test_an_interrupted_save_leaves_nothing(tmp_path):
    with pytest.raises(KeyboardInterrupt), text.whole_file(tmp_path / "a.npz") as unfinished:
        unfinished.write_bytes(b"half")
        raise KeyboardInterrupt
    assert not list(tmp_path.iterdir())


@pytest.mark.parametrize("vocabulary", [256, 65_537])
def test_impossible_vocabularies_are_refused(vocabulary, tokenizers):
    with pytest.raises(ValueError, match=str(vocabulary)):
        text.tokenise(["words"], ["words"], vocabulary)
