"""Any text of the reader's own: a file or a folder in, token streams out.

Every file that decodes as UTF-8 is text, whatever its name; a byte-order mark decides between UTF-8, UTF-16 and UTF-32.
Nothing is guessed: a file in another encoding is named with its cure, and binary files are counted. The key of a corpus
comes from what the files hold, so neither their names nor their places matter, and a copy of a file counts once.

A tenth is held out. Where there are enough files, whole ones, chosen by the hash of what they hold: a new file moves no
other. A single file, or a few, are cut into blocks at the ends of paragraphs, and blocks are held out.
"""

from __future__ import annotations

import codecs
import hashlib
import importlib.util
import os
import re
import stat
import zipfile
from collections.abc import Iterator
from dataclasses import dataclass, field
from itertools import pairwise
from pathlib import Path

from course_utils.i18n import format_bytes, format_count, format_number, t
from course_utils.laws import effective_data

from . import text

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
MOST_BYTES = 100_000_000
MOST_EPOCHS = 4
"""Readings of a text that are worth almost as much as fresh ones (Muennighoff et al. 2023, and lesson 04)."""
REPEAT_DECAY = 15.387756
"""Decay constant of repeats fitted by Muennighoff et al. 2023."""
LEFT_OUT = {"node_modules", "__pycache__"}
"""Folders that hold no text of the reader's; so do hidden ones and virtual environments (with a ``pyvenv.cfg``)."""
MARKS = ((codecs.BOM_UTF8, "utf-8-sig"), (codecs.BOM_UTF32_LE, "utf-32"), (codecs.BOM_UTF32_BE, "utf-32"),
         (codecs.BOM_UTF16_LE, "utf-16"), (codecs.BOM_UTF16_BE, "utf-16"))
_NAMED = 3
_START = 8_192


@dataclass(frozen=True)
class Census:
    """What was found at a path.

    Attributes
    ----------
    texts : dict of str to str
        Hash of its contents to the text, sorted by the hash: each text once.
    copies, empty : int
        Files that hold the same as another one, and files without a letter.
    binary, unreadable, undecodable : tuple of str
        Paths below the folder: no text; may not be opened; text in an encoding that is neither UTF-8 nor marked.
    """

    texts: dict[str, str] = field(repr=False)
    copies: int = 0
    empty: int = 0
    binary: tuple[str, ...] = ()
    unreadable: tuple[str, ...] = ()
    undecodable: tuple[str, ...] = ()

    @property
    def size(self) -> int:
        """Bytes of text in UTF-8, each text once."""
        return sum(len(each.encode()) for each in self.texts.values())


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
                lines.append(t(f"ladder.text.{kind}", count=format_count(len(files)), files=_some(files)))
        return lines


def _some(files: tuple[str, ...]) -> str:
    named = ", ".join(files[:_NAMED]) + (", …" if len(files) > _NAMED else "")
    return named.encode("utf-8", "replace").decode("utf-8")  # a name may hold bytes that are no text


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


def files_below(path: Path, closed: list[str] | None = None) -> Iterator[Path]:
    """List the files of a folder and the folders in it, sorted, without what is hidden or not the reader's.

    Parameters
    ----------
    path : Path
        The folder.
    closed : list of str or None
        Receives the folders that cannot be opened.
    """

    def refused(error: OSError) -> None:
        if closed is not None and isinstance(error, PermissionError):
            closed.append(Path(error.filename).relative_to(path).as_posix() + "/")

    for folder, inner, names in os.walk(path, onerror=refused):
        inner[:] = sorted(name for name in inner if not name.startswith(".") and name not in LEFT_OUT
                          and not os.path.exists(os.path.join(folder, name, "pyvenv.cfg")))
        yield from (Path(folder, name) for name in sorted(names)
                    if not name.startswith(".") and not _is_special(os.path.join(folder, name)))


def _is_special(path: str) -> bool:
    """Tell a pipe, a device or a link to nowhere; what may not be asked is taken for a file, which cannot be read."""
    try:
        return not stat.S_ISREG(os.stat(path).st_mode)
    except PermissionError:
        return False
    except OSError:
        return True


def decode(raw: bytes, encoding: str | None = None) -> str | None:
    """Decode a file, with Unix ends of line, or return None if it is binary.

    Parameters
    ----------
    raw : bytes
        The whole file.
    encoding : str or None
        What to try when it is neither UTF-8 nor marked.

    Raises
    ------
    UnicodeDecodeError
        If it is text, but in another encoding.
    """
    if mark := _mark(raw):
        return raw.decode(mark).replace("\r\n", "\n")
    start = raw[:_START]
    if b"\0" in start and encoding and encoding.lower().replace("_", "-").startswith(("utf-16", "utf-32")):
        return raw.decode(encoding).replace("\r\n", "\n")
    if _has_text_of_two_bytes(start):
        raise UnicodeDecodeError("utf-8", start, 0, 1, "UTF-16 without a byte-order mark")
    if _is_binary(start):
        return None
    try:
        decoded = raw.decode("utf-8")
    except UnicodeDecodeError:
        if encoding is None:
            raise
        decoded = raw.decode(encoding)
    return decoded.replace("\r\n", "\n")


def _mark(raw: bytes) -> str | None:
    return next((name for mark, name in MARKS if raw.startswith(mark)), None)


def _has_text_of_two_bytes(start: bytes) -> bool:
    """Say whether NULs stand at every other place, as in UTF-16; in programs and pictures they stand anywhere."""
    zeros = start[::2].count(0), start[1::2].count(0)
    return max(zeros) > 0 and max(zeros) >= 0.02 * len(start) and min(zeros) <= 0.1 * max(zeros) and not start[:512].count(b"\0\0")


def _is_binary(start: bytes) -> bool:
    """Say whether there are a NUL or many control characters, which no text has."""
    controls = sum(byte < 32 and byte not in b"\t\n\r\f\x1b" for byte in start)
    return 0 in start or controls > 0.01 * len(start)


def survey(path: str | os.PathLike, encoding: str | None = None) -> Census:
    """Read every text at `path`.

    Parameters
    ----------
    path : path
        A file, or a folder, which is read with all folders in it.
    encoding : str or None
        Python's name of the encoding of the files that are not UTF-8, such as "gb18030" or "cp1258"; None leaves such
        files out and names them.
    """
    path = Path(path).expanduser()
    if encoding is not None:
        try:
            "a".encode(encoding)
        except (LookupError, UnicodeError):  # unknown, or no encoding of text, such as "hex"
            raise ValueError(t("ladder.text.no_such_encoding", encoding=encoding)) from None
    if not path.exists():
        raise ValueError(t("ladder.text.no_such_path", path=os.fspath(path)))
    found: dict[str, str] = {}
    copies = empty = size = 0
    left_out: dict[str, list[str]] = {"binary": [], "unreadable": [], "undecodable": []}
    for file in [path] if path.is_file() else files_below(path, left_out["unreadable"]):
        name = file.name if path.is_file() else file.relative_to(path).as_posix()
        try:
            with open(file, "rb") as stream:
                raw = stream.read(_START)
                if size + file.stat().st_size <= MOST_BYTES:
                    raw += stream.read()
                elif _mark(raw) or not _is_binary(raw):
                    raise ValueError(t("ladder.text.too_large", path=os.fspath(path), most=format_bytes(MOST_BYTES)))
            decoded = decode(raw, encoding)
        except UnicodeDecodeError:
            left_out["undecodable"].append(name)
            continue
        except OSError:
            left_out["unreadable"].append(name)
            continue
        if decoded is None:
            left_out["binary"].append(name)
        elif not decoded.strip():
            empty += 1
        elif (digest := hashlib.sha256(decoded.encode()).hexdigest()) in found:
            copies += 1
        else:
            found[digest] = decoded
            size += len(raw)
    census = Census(dict(sorted(found.items())), copies, empty, **{kind: tuple(v) for kind, v in left_out.items()})
    if not census.texts:
        reason = next((kind for kind in ("undecodable", "unreadable", "binary") if left_out[kind]), None)
        sentence = t(f"ladder.text.{reason}", count=format_count(len(left_out[reason])),
                     files=_some(tuple(left_out[reason]))) if reason else ""
        raise ValueError(" ".join([t("ladder.text.nothing", path=os.fspath(path)), sentence]).strip())
    return census


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
