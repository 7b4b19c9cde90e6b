"""Tables of finished runs that survive being killed at any moment.

A finished run is first written to a journal file of its own (written aside, flushed to disk, renamed), then merged
into the two tables, which are rewritten the same way. A table is therefore always whole, a run is either in it or not,
and merging twice changes nothing.
"""

from __future__ import annotations

import contextlib
import csv
import io
import json
import os
import time
from pathlib import Path

TABLES = {
    "text": ("text_runs.csv", "text_curves.csv"),
    "facts": ("facts_runs.csv", "facts_curves.csv"),
    "routed": ("routed_runs.csv", "routed_curves.csv"),
    "repetition": ("repetition_runs.csv", "repetition_curves.csv"),
    "noised": ("noised_runs.csv", "repetition_curves.csv"),
    "games": ("game_runs.csv", "game_curves.csv"),
}


def table_of(row: dict) -> str:
    """Name the tables that a run belongs to: the routed ones, those of a limited stock, or those of its corpus."""
    if row.get("set", "").startswith("game"):
        return "games"
    if row.get("unique_tokens"):
        return "noised" if row["set"] == "noised" else "repetition"
    return "routed" if row.get("router") else row["corpus"]


def write_whole(path: Path, content: str) -> None:
    """Replace `path` by `content` so that a reader sees the old file or the new one, never a part."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    with open(unfinished, "w", encoding="utf-8", newline="") as file:
        file.write(content)
        file.flush()
        os.fsync(file.fileno())
    os.replace(unfinished, path)


@contextlib.contextmanager
def only_one(folder: Path, patience: float = 60.0):
    """Hold the folder's lock while tables are rewritten; a lock older than `patience` seconds was left by a kill."""
    lock = folder / ".writing"
    while True:
        try:
            os.close(os.open(lock, os.O_CREAT | os.O_EXCL | os.O_WRONLY))
            break
        except FileExistsError:
            try:
                age = time.time() - lock.stat().st_mtime
            except FileNotFoundError:
                continue  # released between the two calls
            if age > patience:
                lock.unlink(missing_ok=True)
            time.sleep(0.05)
    try:
        yield
    finally:
        lock.unlink(missing_ok=True)


class Store:
    """The tables of one folder.

    Parameters
    ----------
    folder : path
        Holds the tables of `TABLES` that have rows; made if missing.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        self.journal = self.folder / "journal"

    def finished(self) -> set[str]:
        """Return the names of all runs that need not be done again."""
        names = {path.stem for path in self.journal.glob("*.json")} if self.journal.exists() else set()
        for table, _ in TABLES.values():
            names |= {row["run"] for row in self._read(table)}
        return names

    def add(self, row: dict, curve: list[dict]) -> None:
        """Record one finished run and merge it into the tables."""
        self.journal.mkdir(parents=True, exist_ok=True)
        write_whole(self.journal / f"{row['run']}.json", json.dumps({"row": row, "curve": curve}))
        self.merge()

    def merge(self) -> None:
        """Move every journal file into the tables, sorted by run."""
        if not self.journal.exists():
            return
        with only_one(self.folder):
            files = sorted(self.journal.glob("*.json"))
            entries = [json.loads(path.read_text(encoding="utf-8")) for path in files]
            for kind, (runs, curves) in TABLES.items():
                new = [entry for entry in entries if table_of(entry["row"]) == kind]
                if new:
                    names = {entry["row"]["run"] for entry in new}
                    # the curves first: a kill between the two leaves a run that is merged again
                    for table, rows in ((curves, [point for entry in new for point in entry["curve"]]),
                                        (runs, [entry["row"] for entry in new])):
                        kept = [row for row in self._read(table) if row["run"] not in names]
                        self._write(table, kept + rows)
            for path in files:
                path.unlink()  # the folder stays: another process may be about to write into it

    def _read(self, table: str) -> list[dict]:
        path = self.folder / table
        if not path.exists():
            return []
        with open(path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))

    def _write(self, table: str, rows: list[dict]) -> None:
        columns = list(dict.fromkeys(["run", *(key for row in rows for key in row)]))
        rows.sort(key=lambda row: (row["run"], int(row.get("step") or 0)))
        text = io.StringIO()
        writer = csv.DictWriter(text, columns, lineterminator="\n")
        writer.writeheader()
        writer.writerows(rows)
        write_whole(self.folder / table, text.getvalue())
