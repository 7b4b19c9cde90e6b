"""The catalogue: for every table its file, columns, units, rows, hash, origin, licence and how to make it again."""

from __future__ import annotations

import difflib
import functools
import hashlib
import html
from dataclasses import dataclass, field
from pathlib import Path

from course_utils.i18n import format_bytes, format_number, language, t

DATA_FOLDER = Path(__file__).resolve().parents[2] / "data"
CATALOGUE_FILE = DATA_FOLDER / "catalogue.toml"


@dataclass(frozen=True)
class DataSet:
    """What the catalogue says about one table.

    Attributes
    ----------
    name : str
        What ``load`` and ``find`` call it.
    kind : str
        ``"shipped"``: part of the course. ``"published"``: downloaded from its origin when first needed.
    file : str
        Path below ``data/`` (shipped) or inside its repository (published).
    sha256, bytes : str, int
        Of that file as it is shipped, or as it lies at its origin.
    rows : int
        Rows of the table that the loader returns.
    columns : dict
        Column names of that table, each with its unit.
    missing : dict
        Columns with gaps, each with how many rows lack a value.
    origin, licence, citation, make : str
        Where the numbers come from, under which terms, how to cite them, and the command that makes the file again.
    repository, commit : str or None
        Where a published original is pinned.
    title, notes : dict
        Words for the reader, by language code.
    """

    name: str
    kind: str
    file: str
    sha256: str
    bytes: int
    rows: int
    columns: dict[str, str]
    origin: str
    licence: str
    make: str
    title: dict[str, str]
    notes: dict[str, str]
    citation: str = ""
    missing: dict[str, int] = field(default_factory=dict)
    repository: str | None = None
    commit: str | None = None

    @property
    def path(self) -> Path:
        """Where a shipped table lies on this machine."""
        if self.kind != "shipped":
            raise ValueError(
                f"{self.name}: published data have no file in the course. Use datasets.find({self.name!r})."
            )
        return DATA_FOLDER / self.file

    @property
    def remote_path(self) -> str:
        """Owner, repository, commit and path of a published original, joined as its mirrors lay it out."""
        return f"{self.repository}/{self.commit}/{self.file}"

    def __str__(self) -> str:
        width = max(len(label) for label, _ in self._facts())
        lines = [f"{self.name} · {self._words(self.title)}"]
        lines += [f"  {label:<{width}}  {value}" for label, value in self._facts()]
        lines += ["  " + self._words(self.notes)] if self.notes else []
        lines += [f"    {column}: {_unit(unit)}{self._gaps(column)}" for column, unit in self.columns.items()]
        return "\n".join(lines)

    __repr__ = __str__

    def _repr_html_(self) -> str:
        def cell(text: str) -> str:
            return html.escape(str(text))

        facts = "".join(f"<tr><th>{cell(label)}</th><td>{cell(value)}</td></tr>" for label, value in self._facts())
        columns = "".join(
            f"<tr><td><code>{cell(column)}</code></td><td>{cell(_unit(unit) + self._gaps(column))}</td></tr>"
            for column, unit in self.columns.items()
        )
        heads = f"<tr><th>{cell(t('datasets.column'))}</th><th>{cell(t('datasets.unit'))}</th></tr>"
        return (
            f"<h4><code>{cell(self.name)}</code> · {cell(self._words(self.title))}</h4>"
            f"<p>{cell(self._words(self.notes))}</p><table>{facts}</table><table>{heads}{columns}</table>"
        )

    def _words(self, texts: dict[str, str]) -> str:
        return texts.get(language()) or texts.get("en", "")

    def _gaps(self, column: str) -> str:
        count = self.missing.get(column, 0)
        return t("datasets.gaps", count=count) if count else ""

    def _facts(self) -> list[tuple[str, str]]:
        facts = [
            (t("datasets.kind"), t(f"datasets.kind_{self.kind}")),
            (
                t("datasets.size"),
                f"{t('datasets.rows', count=format_number(self.rows))} · {format_bytes(self.bytes)}",
            ),
            (t("datasets.origin"), self.origin),
            (t("datasets.licence"), self.licence),
            (t("datasets.make"), self.make),
        ]
        return facts + ([(t("datasets.citation"), self.citation)] if self.citation else [])


def _unit(unit: str) -> str:
    """Write a unit in the reader's language; symbols that have no word stand as they are."""
    known = {"": "text", "1": "fraction"}.get(unit, unit.replace(" ", "_").replace("/", "_per_"))
    try:
        return t(f"datasets.units.{known}")
    except KeyError:
        return unit


@functools.cache
def catalogue() -> dict[str, DataSet]:
    """Read ``data/catalogue.toml``, once, into a mapping from name to entry.

    Raises
    ------
    ValueError
        If an entry lacks a field, has one too many, or is of no known kind.
    """
    import tomllib

    entries = {}
    for name, table in tomllib.loads(CATALOGUE_FILE.read_text(encoding="utf-8")).items():
        try:
            entry = DataSet(name=name, **table)
        except TypeError as error:
            raise ValueError(f"{CATALOGUE_FILE.name}, [{name}]: {error}. Compare with its neighbours.") from None
        if entry.kind not in ("shipped", "published"):
            raise ValueError(f"{CATALOGUE_FILE.name}, [{name}]: kind is {entry.kind!r}. Write shipped or published.")
        if entry.kind == "published" and not (entry.repository and entry.commit):
            raise ValueError(
                f"{CATALOGUE_FILE.name}, [{name}]: a published table needs repository and commit. Add them."
            )
        entries[name] = entry
    return entries


def names(kind: str | None = None) -> list[str]:
    """Return the names of all tables, or of one kind (``"shipped"`` or ``"published"``).

    Examples
    --------
    >>> "models_history" in names("shipped"), "chinchilla_points" in names("published")
    (True, True)
    """
    if kind not in (None, "shipped", "published"):
        raise ValueError(f"kind: {kind!r} is none. Pass 'shipped', 'published' or nothing.")
    return [name for name, entry in catalogue().items() if kind in (None, entry.kind)]


def describe(name: str) -> DataSet:
    """Return the catalogue entry of a table; in a notebook it shows itself as a page.

    Raises
    ------
    ValueError
        If there is no such table: names the nearest.

    Examples
    --------
    >>> describe("gpt3_table_d1").rows
    8
    """
    entries = catalogue()
    if name not in entries:
        near = difflib.get_close_matches(str(name), entries, n=3, cutoff=0.4)
        hint = f"Nearest: {', '.join(near)}." if near else f"Known: {', '.join(entries)}."
        raise ValueError(f"name: there is no data set {name!r}. {hint}")
    return entries[name]


def sha256_of(path: Path) -> str:
    """Compute the SHA-256 of a file, in hexadecimal."""
    with open(path, "rb") as file:
        return hashlib.file_digest(file, "sha256").hexdigest()
