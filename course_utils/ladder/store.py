"""Tables of finished runs that survive being killed at any moment.

A finished run is first written to a journal file of its own (written aside, flushed to disk, renamed), then merged
into the two tables, which are rewritten the same way. A table is therefore always whole, a run is either in it or not,
and merging twice changes nothing. As tables grow, several journal files wait for one merge; a run counts as finished
from its journal file on.
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
    "own": ("own_runs.csv", "own_curves.csv"),
}

RUNS_A_MERGE = 16
"""Rows of a table for each journal file that waits: at 16, a merge every sixteenth of the table's length."""


def table_of(row: dict) -> str:
    """Name the tables that a run belongs to: a game's, the routed ones, those of a limited stock, or its corpus's.

    Raises
    ------
    ValueError
        If there is no table for it; nothing of its row is written or lost.
    """
    if row.get("set", "").startswith("game"):
        return "games"
    if row.get("unique_tokens"):
        return "noised" if row["set"] == "noised" else "repetition"
    kind = "routed" if row.get("router") else row["corpus"]
    if kind not in TABLES:
        raise ValueError(f"run {row['run']!r}: no table for corpus {kind!r}; the tables are {', '.join(TABLES)}")
    return kind


def write_whole(path: Path, content: str) -> None:
    """Replace `path` by `content` so that a reader sees the old file or the new one, never a part."""
    unfinished = path.with_name(f".{path.name}.{os.getpid()}")
    try:
        with open(unfinished, "w", encoding="utf-8", newline="") as file:
            file.write(content)
            file.flush()
            os.fsync(file.fileno())
        os.replace(unfinished, path)
    except BaseException:
        unfinished.unlink(missing_ok=True)  # half a file on a full disk would keep it full
        raise


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
            if abs(age) > patience:  # from the future: the clock was set back since
                lock.unlink(missing_ok=True)
            time.sleep(0.05)
    try:
        yield lock.touch  # called in long work, so that the lock stays young
    finally:
        lock.unlink(missing_ok=True)


class Store:
    """The tables of one folder.

    Parameters
    ----------
    folder : path
        Holds the tables of `TABLES` that have rows; made if missing.

    Attributes
    ----------
    live : path
        Where runs in flight leave the points of their curves, see `in_flight`.
    """

    def __init__(self, folder: str | os.PathLike):
        self.folder = Path(folder)
        self.journal = self.folder / "journal"
        self.live = self.folder / "in_flight"
        self._waiting = 0  # journal files written since the last merge
        self._merged = 0  # rows of the tables that it rewrote

    def finished(self) -> set[str]:
        """Return the names of all runs that need not be done again."""
        names = {path.stem for path in self.journal.glob("*.json")} if self.journal.exists() else set()
        for table, _ in TABLES.values():
            names |= {row["run"] for row in self._read(table)}
        return names

    def add(self, row: dict, curve: list[dict]) -> None:
        """Record one finished run; merge it into the tables at once, or with others where the tables are long.

        A merge rewrites the tables, so one a run would cost the square of their length: it waits until the journal
        holds one run for every `RUNS_A_MERGE` rows. Whoever reads the tables calls `merge` first.
        """
        table_of(row)
        self.journal.mkdir(parents=True, exist_ok=True)
        write_whole(self.journal / f"{row['run']}.json", json.dumps({"row": row, "curve": curve}))
        self._waiting += 1
        if self._waiting * RUNS_A_MERGE >= self._merged:
            self.merge()

    def merge(self) -> None:
        """Move every journal file into the tables, sorted by run; where none waits, nothing is touched."""
        if not any(self.journal.glob("*.json")):
            self._waiting = 0
            return
        with only_one(self.folder) as still_here:
            files = sorted(self.journal.glob("*.json"))
            entries = [json.loads(path.read_text(encoding="utf-8")) for path in files]
            self._waiting = self._merged = 0
            for kind, (runs, curves) in TABLES.items():
                new = [entry for entry in entries if table_of(entry["row"]) == kind]
                if new:
                    names = {entry["row"]["run"] for entry in new}
                    # the curves first: a kill between the two leaves a run that is merged again
                    for table, rows in ((curves, [point for entry in new for point in entry["curve"]]),
                                        (runs, [entry["row"] for entry in new])):
                        still_here()
                        kept = [row for row in self._read(table) if row["run"] not in names]
                        still_here()
                        self._write(table, kept + rows)
                    self._merged += len(kept) + len(rows)
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


def in_flight(folder: str | os.PathLike) -> dict[str, list[dict]]:
    """Read how far the runs in flight have come; at any time, from any process on this machine.

    Parameters
    ----------
    folder : path
        Of a `sweep` with local processes. A file of a sweep that was killed stays until its run is done again.

    Returns
    -------
    dict of str to list of dict
        By run, the points that the trainer has reported, each with "step" and "loss", in the order of steps.
    """
    points = {}
    for path in sorted(Store(folder).live.glob("*.jsonl")):
        try:
            text = path.read_text(encoding="utf-8")
        except FileNotFoundError:  # stored since the folder was listed
            continue
        whole = text[: text.rfind("\n") + 1]  # the last line may still be being written
        by_step = {point["step"]: point for point in map(json.loads, whole.splitlines())}
        points[path.stem] = [by_step[step] for step in sorted(by_step)]
    return points
