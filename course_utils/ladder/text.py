"""The text of the dense ladder: Python source that every learner already has.

The corpus is the ``.py`` files of four packages of the lock file. Their versions are pinned by hash, so the text is the
same on every machine, and nothing has to be downloaded or shipped. Files are split, not lines: whole files are held
out for validation. A text of the reader's own comes from :mod:`.own_text`.
"""

from __future__ import annotations

import contextlib
import hashlib
import importlib.metadata
import os
from collections.abc import Iterable, Iterator
from dataclasses import dataclass, fields
from pathlib import Path

import numpy as np

PACKAGES = ("matplotlib", "numpy", "pandas", "scipy")
CONTEXT = 64
"""Tokens in a window, of every run and every corpus."""
VOCABULARY = 1024
SMALLEST_VOCABULARY = 257
LARGEST_VOCABULARY = 65_536
VALIDATION_SHARE = 64
"""One file in this many is held out, chosen by the hash of its path."""

GENERATED = {"__config__.py", "version.py", "_version.py", "_version_meson.py", "_distributor_init.py",
             "_distributor_init_local.py"}
"""Written when a wheel is built, so they differ between platforms."""


@dataclass(frozen=True)
class Corpus:
    """Token streams of a corpus and where they came from.

    Attributes
    ----------
    training, validation : array of shape (n_tokens,), uint16
        Token ids, files in the order of their paths.
    vocabulary : int
        Number of distinct token ids.
    sha256 : str
        Hash of both streams: two corpora are the same exactly when their hashes agree.
    bytes_per_token : float
        Mean length of a training token in bytes of text.
    """

    training: np.ndarray
    validation: np.ndarray
    vocabulary: int
    sha256: str
    bytes_per_token: float


def source_files(packages: tuple[str, ...] = PACKAGES) -> dict[str, Path]:
    """List the source files of `packages`: path inside the installation to path on disk, sorted.

    A package's top ``__init__.py`` and the files in `GENERATED` are left out, because wheels patch them per platform.
    """
    found = {}
    for package in packages:
        try:
            files = importlib.metadata.files(package) or []
        except importlib.metadata.PackageNotFoundError:
            raise ModuleNotFoundError(
                f"{package} is not installed; the ladder's text is the source of {', '.join(packages)}. "
                "Cure: python3 course.py setup"
            ) from None
        for file in files:
            name = file.as_posix()
            if file.suffix == ".py" and file.name not in GENERATED and name != f"{package}/__init__.py":
                found[name] = Path(file.locate())
    return dict(sorted(found.items()))


def is_validation(name: str) -> bool:
    """Say whether the file called `name` is held out: by the hash of its path, so a new file moves no other."""
    return int(hashlib.sha256(name.encode()).hexdigest(), 16) % VALIDATION_SHARE == 0


def cache_folder() -> Path:
    """Return the folder for tokenised text: ``SCALING_LAWS_CACHE`` or the user's cache folder."""
    import pooch

    return Path(os.environ.get("SCALING_LAWS_CACHE") or pooch.os_cache("scaling-laws-course")) / "ladder"


@contextlib.contextmanager
def whole_file(path: Path) -> Iterator[Path]:
    """Give a path to write to, which becomes `path` at the end: a reader sees a whole file or none.

    Whatever stops the writing, Ctrl-C included, leaves no part behind.
    """
    path.parent.mkdir(parents=True, exist_ok=True)
    unfinished = path.with_name(f".{path.stem}-{os.getpid()}{path.suffix}")
    try:
        yield unfinished
        os.replace(unfinished, path)
    finally:
        unfinished.unlink(missing_ok=True)


def tokenise(training: list[str], validation: list[str], vocabulary: int = VOCABULARY, *,
             learn_from: Iterable[str] | None = None) -> Corpus:
    """Learn byte-pair merges on the training texts and encode all texts; a mark ends each.

    Parameters
    ----------
    training, validation : list of str
        In the order of the streams.
    vocabulary : int
        Token ids to learn, 257 (every byte and the mark) to 65,536.
    learn_from : iterable of str or None
        What the merges are learnt on instead of `training`.
    """
    from tokenizers import Tokenizer, decoders, models, pre_tokenizers, trainers

    if not SMALLEST_VOCABULARY <= vocabulary <= LARGEST_VOCABULARY:
        raise ValueError(f"vocabulary is {vocabulary}; byte-pair encoding needs at least {SMALLEST_VOCABULARY} (256 "
                         f"bytes and one mark), and token ids are kept in two bytes, so at most {LARGEST_VOCABULARY}")
    tokenizer = Tokenizer(models.BPE())
    tokenizer.pre_tokenizer = pre_tokenizers.ByteLevel(add_prefix_space=False)
    tokenizer.decoder = decoders.ByteLevel()
    trainer = trainers.BpeTrainer(vocab_size=vocabulary, special_tokens=["<|end|>"], show_progress=False,
                                  initial_alphabet=pre_tokenizers.ByteLevel.alphabet())
    tokenizer.train_from_iterator(training if learn_from is None else learn_from, trainer)
    end = tokenizer.token_to_id("<|end|>")

    def encode(texts):
        streams = [np.array([*tokenizer.encode(each).ids, end], dtype=np.uint16) for each in texts]
        return np.concatenate(streams) if streams else np.empty(0, np.uint16)

    streams = encode(training), encode(validation)
    digest = hashlib.sha256(streams[0].tobytes() + streams[1].tobytes()).hexdigest()
    size = sum(len(each.encode()) for each in training)
    return Corpus(*streams, vocabulary, digest, size / max(1, len(streams[0])))


def build(files: dict[str, Path], vocabulary: int = VOCABULARY) -> Corpus:
    """Learn byte-pair merges on the training files and encode every file.

    Parameters
    ----------
    files : mapping from name to path
        As from `source_files`; the name decides the split.
    vocabulary : int
        As for `tokenise`.
    """
    texts = {name: path.read_bytes().decode("utf-8", errors="replace") for name, path in files.items()}
    return tokenise([text for name, text in texts.items() if not is_validation(name)],
                    [text for name, text in texts.items() if is_validation(name)], vocabulary)


def save(corpus: Corpus, path: Path) -> None:
    """Write a tokenised corpus, whole or not at all."""
    with whole_file(path) as unfinished:
        np.savez(unfinished, **{field.name: getattr(corpus, field.name) for field in fields(Corpus)})


def read(path: Path) -> Corpus:
    """Read a corpus that `save` wrote."""
    with np.load(path) as saved:
        return Corpus(saved["training"], saved["validation"], int(saved["vocabulary"]), str(saved["sha256"]),
                      float(saved["bytes_per_token"]))


def load(packages: tuple[str, ...] = PACKAGES, vocabulary: int = VOCABULARY) -> Corpus:
    """Return the tokenised corpus, from the cache when the installed versions have been encoded before."""
    versions = " ".join(f"{package}=={importlib.metadata.version(package)}" for package in packages)
    key = hashlib.sha256(f"1 {vocabulary} {versions}".encode()).hexdigest()[:16]
    path = cache_folder() / f"text-{key}.npz"
    if path.exists():
        return read(path)
    corpus = build(source_files(packages), vocabulary)
    save(corpus, path)
    return corpus


def validation_windows(corpus: Corpus, context: int, n_windows: int = 2048) -> np.ndarray:
    """Cut `n_windows` evenly spaced windows of `context` + 1 tokens from the held-out files.

    Returns
    -------
    array of shape (n_windows, context + 1), int64
        Inputs are all but the last column, targets all but the first.
    """
    available = (len(corpus.validation) - 1) // context
    if available < n_windows:
        raise ValueError(f"the held-out text has {available} windows of {context} tokens, {n_windows} are asked for; "
                         "ask for fewer or hold out more files")
    starts = np.arange(n_windows) * (available // n_windows) * context
    return corpus.validation[starts[:, None] + np.arange(context + 1)].astype(np.int64)


def training_windows(corpus: Corpus, context: int, n_windows: int, seed: int) -> np.ndarray:
    """Draw windows of the training text in random order, each position once per epoch.

    The grid of window starts is shifted at random in each epoch, so a second epoch cuts the text elsewhere.

    Returns
    -------
    array of shape (n_windows,), int64
        First token of each window.
    """
    generator = np.random.default_rng([seed, 1])
    starts, have = [], 0
    while have < n_windows:
        offset = generator.integers(context)
        epoch = np.arange(offset, len(corpus.training) - context - 1, context)
        if len(epoch) == 0:
            raise ValueError(f"the training text has {len(corpus.training)} tokens, less than one window of {context}")
        generator.shuffle(epoch)
        starts.append(epoch)
        have += len(epoch)
    return np.concatenate(starts)[:n_windows]
