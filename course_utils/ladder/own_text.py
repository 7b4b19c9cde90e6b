"""Any text of the reader's own: a file or a folder in, token streams out.

Files are read by :mod:`.own_files`. The key of a corpus comes from what they hold, so neither their names nor their
places matter, and a copy of a file counts once.

A tenth is held out. Where there are enough files, whole ones, chosen by the hash of what they hold: a new file moves no
other. A single file, or a few, are cut into blocks at the ends of paragraphs, and blocks are held out.
"""

from __future__ import annotations

import hashlib
import importlib.util
import os
import re
import zipfile
from dataclasses import dataclass
from itertools import pairwise
from pathlib import Path

from course_utils.i18n import format_bytes, format_count, format_number, t
from course_utils.laws import effective_data

from . import text
from .own_files import Census, some_names, survey

HELD_OUT_SHARE = 10
"""One part in this many is held out."""
FEWEST_FILES = 20
"""With fewer different files, or when the held-out ones hold far from a tenth of the text, blocks are held out."""
BLOCK = 2_000
"""Characters of a block, or a little more: it ends with its paragraph."""
PIECE = 1_000_000
"""Longer files are encoded in pieces of so many characters, which keeps memory in bounds."""
LONGEST_WORD = 1_000
"""Characters of a word; the merges are learnt on longer ones in parts of so many."""
WINDOWS = 512
"""Held-out windows that a loss is measured on where there are so many."""
FEWEST_WINDOWS = 64
"""Held-out windows under which a loss scatters too much to be foretold."""
MOST_EPOCHS = 4
"""Readings of a text that are worth almost as much as fresh ones (Muennighoff et al. 2023, and lesson 04)."""
REPEAT_DECAY = 15.387756
"""Decay constant of repeats fitted by Muennighoff et al. 2023."""


@dataclass(frozen=True)
class OwnCorpus(text.Corpus):
    """A corpus of the reader's own.

    Attributes
    ----------
    key : str
        Names the corpus in `train.Run.text` and in the cache; ends with the vocabulary.
    name : str
        Last part of the path, for display.
    by_blocks : bool
        Blocks were held out, not whole files.
    census : Census
        What was read and what was not.
    """

    key: str
    name: str
    by_blocks: bool
    census: Census

    def words(self) -> list[str]:
        """Say in the reader's language what was read, what was held out and what was left out; a sentence each."""
        census, lines = self.census, []
        lines.append(t("ladder.text.read", name=self.name, files=format_count(len(census.texts)),
                       size=format_bytes(census.size), tokens=format_count(len(self.training)),
                       held_out=format_count(len(self.validation))))
        lines.append(t("ladder.text.by_blocks" if self.by_blocks else "ladder.text.by_files"))
        held_out = (len(self.validation) - 1) // text.CONTEXT
        if held_out < WINDOWS:
            lines.append(t("ladder.text.few_windows", windows=held_out, wanted=WINDOWS))
        if census.copies:
            lines.append(t("ladder.text.copies", count=format_count(census.copies)))
        for kind in ("undecodable", "binary", "unreadable"):
            if files := getattr(census, kind):
                lines.append(t(f"ladder.text.{kind}", count=format_count(len(files)), files=some_names(files)))
        return lines


def vocabulary_of(key: str) -> int:
    """Return the size of the vocabulary that the key of a corpus carries.

    Raises
    ------
    ValueError
        If `key` is no key of a corpus.
    """
    if not re.fullmatch(r"[0-9a-f]{16}-\d{3,5}", key):
        raise ValueError(f"text is {key!r}; give the key of a corpus of your own, as ladder.own_text.load(path).key")
    return int(key.rsplit("-", 1)[1])


def blocks_of(document: str, size: int = BLOCK) -> list[str]:
    """Cut a text into blocks of at least `size` characters that end with a paragraph.

    A paragraph ends at an empty line. A text without any is cut at the ends of its lines, and a line of more than
    twice `size` at a full stop, or else anywhere.
    """
    parts = re.findall(r".*?\n\s*\n|.+", document, flags=re.DOTALL)
    parts = [line for part in parts for line in (part.splitlines(keepends=True) if len(part) > 2 * size else [part])]
    parts = [piece for part in parts for piece in (_sentences(part, size) if len(part) > 2 * size else [part])]
    blocks, current, length = [], [], 0
    for part in parts:
        current.append(part)
        length += len(part)
        if length >= size:
            blocks.append("".join(current))
            current, length = [], 0
    return [*blocks, "".join(current)] if current else blocks


def _sentences(line: str, size: int) -> list[str]:
    pieces = re.findall(r".*?(?:[.!?…]\s+|[。！？]|$)", line, flags=re.DOTALL)
    return [piece[i : i + size] for piece in pieces for i in range(0, len(piece), size)]


def split(texts: dict[str, str]) -> tuple[list[str], list[str], bool]:
    """Hold a tenth of the texts out.

    Parameters
    ----------
    texts : dict
        Hash of the contents to the text.

    Returns
    -------
    training, held_out : list of str
        Neighbouring blocks of one side stay together.
    by_blocks : bool
        Blocks were held out, not whole files.
    """
    held_out = {key for key in texts if int(key, 16) % HELD_OUT_SHARE == 0}
    share = sum(len(texts[key]) for key in held_out) / sum(map(len, texts.values()))
    if len(texts) >= FEWEST_FILES and 0.5 <= share * HELD_OUT_SHARE <= 2:
        sides = [(each, key in held_out) for key, each in texts.items()]
        return *_sides(sides), False
    blocks = [blocks_of(each) for each in texts.values()]
    places = [(i, j) for i, each in enumerate(blocks) for j in range(len(each))]
    places.sort(key=lambda place: hashlib.sha256(blocks[place[0]][place[1]].encode()).hexdigest())
    chosen, wanted = set(), sum(map(len, texts.values())) / HELD_OUT_SHARE
    while wanted > 0 and len(chosen) < len(places) - 1:
        i, j = place = places[len(chosen)]
        chosen.add(place)
        wanted -= len(blocks[i][j])
    sides = []
    for i, each in enumerate(blocks):
        stretch: list[str] = []
        for j, block in enumerate(each):
            if stretch and ((i, j) in chosen) != ((i, j - 1) in chosen):
                sides.append(("".join(stretch), (i, j - 1) in chosen))
                stretch = []
            stretch.append(block)
        sides.append(("".join(stretch), (i, len(each) - 1) in chosen))
    return *_sides(sides), True


def _sides(documents: list[tuple[str, bool]]) -> tuple[list[str], list[str]]:
    training, held_out = [], []
    for document, out in documents:
        (held_out if out else training).extend(blocks_of(document, PIECE) if len(document) > PIECE else [document])
    return training, held_out


def short_words(document: str, longest: int = LONGEST_WORD) -> list[str]:
    """Cut a text wherever a run of letters and digits, of signs, or of white space is longer than `longest`.

    Merges are learnt word by word, in a time that grows with the square of its length: a file of Chinese without
    punctuation, or of letters of a genome, would take hours.

    Examples
    --------
    >>> short_words("abcdefg hi", 3)
    ['abc', 'def', 'g hi']
    """
    ends = [match.end() for match in re.finditer(rf"\w{{{longest}}}|[^\w\s]{{{longest}}}|\s{{{longest}}}", document)]
    cuts = [0, *ends, len(document)]
    return [document[i:j] for i, j in pairwise(cuts) if i < j]


def load(path: str | os.PathLike, vocabulary: int = text.VOCABULARY, *, encoding: str | None = None) -> OwnCorpus:
    """Return the tokenised text at `path`, from the cache when the same contents have been encoded before.

    Parameters
    ----------
    path, encoding
        As for `survey`.
    vocabulary : int
        Token ids to learn, 257 to 65,536; 1,024 like the course's own text.

    Raises
    ------
    ValueError
        If there is no text, too much of it, or too little to hold 64 windows out: says how much is missing.
    ModuleNotFoundError
        If the text is not in the cache and tokenizers is not installed.
    """
    census = survey(path, encoding)
    # 3: the way the text is split and encoded; raise it when that changes
    contents = hashlib.sha256(f"3 {vocabulary} {' '.join(census.texts)}".encode()).hexdigest()[:16]
    key = f"{contents}-{vocabulary}"
    training, held_out, by_blocks = split(census.texts)
    file = _cached_file(key)
    corpus = _whole(file)
    if corpus is None:
        if importlib.util.find_spec("tokenizers") is None:
            raise ModuleNotFoundError(t("ladder.text.no_tokenizers"))
        short = (part for each in training for part in short_words(each))
        corpus = text.tokenise(training, held_out, vocabulary, learn_from=short)
        missing = windows(FEWEST_WINDOWS) - len(corpus.validation)
        if missing > 0:
            raise ValueError(t("ladder.text.too_small", size=format_bytes(census.size),
                               missing=format_bytes(round(missing * HELD_OUT_SHARE * corpus.bytes_per_token), 2)))
        text.save(corpus, file)
    name = Path(path).expanduser().resolve().name
    return OwnCorpus(corpus.training, corpus.validation, corpus.vocabulary, corpus.sha256, corpus.bytes_per_token,
                     key=key, name=name, by_blocks=by_blocks, census=census)


def windows(count: int) -> int:
    """Return the tokens that hold `count` windows."""
    return count * text.CONTEXT + 1


def _cached_file(key: str) -> Path:
    return text.cache_folder() / f"own-{key}.npz"


def cached(key: str) -> text.Corpus:
    """Return the corpus of a `train.Run.text`, which `load` has put into the cache.

    Raises
    ------
    FileNotFoundError
        If the cache of this machine does not hold it.
    """
    vocabulary_of(key)
    corpus = _whole(_cached_file(key))
    if corpus is None:
        raise FileNotFoundError(t("ladder.text.not_cached", key=key, folder=os.fspath(text.cache_folder())))
    return corpus


def _whole(file: Path) -> text.Corpus | None:
    """Return a corpus of the cache; None where it is not there, or not whole, as a power cut may leave it."""
    try:
        return text.read(file)
    except (FileNotFoundError, zipfile.BadZipFile, EOFError, KeyError, ValueError):
        return None


def need(tokens: int, bytes_per_token: float = 2.5, epochs: float = 1.0) -> int:
    """Estimate how many bytes of text let a run read `tokens` in so many epochs; a tenth more is held out.

    Examples
    --------
    >>> need(900_000)
    2500000
    """
    return round(tokens / epochs * bytes_per_token * HELD_OUT_SHARE / (HELD_OUT_SHARE - 1))


def check(corpus: text.Corpus, tokens: int) -> str | None:
    """Compare a text with the longest run on it.

    Parameters
    ----------
    corpus : Corpus
        The text.
    tokens : int
        Training tokens of the longest run.

    Returns
    -------
    str or None
        None when no token is read twice; up to four epochs a notice of what the repeats are worth.

    Raises
    ------
    ValueError
        Beyond four epochs: says how much text there is and how much is needed.
    """
    stock = len(corpus.training)
    epochs = tokens / stock
    if epochs <= 1:
        return None
    size = {"tokens": format_count(tokens), "epochs": format_number(epochs, 3),
            "have": format_bytes(need(stock, corpus.bytes_per_token)),
            "once": format_bytes(need(tokens, corpus.bytes_per_token), 2)}
    if epochs > MOST_EPOCHS:
        least = format_bytes(need(tokens, corpus.bytes_per_token, MOST_EPOCHS), 2)
        raise ValueError(t("ladder.text.too_little", least=least, most_epochs=MOST_EPOCHS, **size))
    worth = effective_data(tokens, stock, R_D=REPEAT_DECAY) / stock
    return t("ladder.text.repeated", worth=format_number(float(worth), 3), **size)
