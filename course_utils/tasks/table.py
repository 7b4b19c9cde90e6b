"""A table of measurements, several rows a run, that survives being killed at any moment."""

from __future__ import annotations

import csv
import io
import os
from pathlib import Path

from course_utils.ladder.store import only_one, write_whole


class Table:
    """One CSV file: a run is in it with all its rows or with none.

    Parameters
    ----------
    path : path
        The file; its folder is made if missing.
    """

    def __init__(self, path: str | os.PathLike):
        self.path = Path(path)

    def merge(self) -> None:
        """Do nothing: rows are whole as soon as they are added."""

    def finished(self) -> set[str]:
        """Return the names of all runs that need not be done again."""
        return {row["run"] for row in self._read()}

    def add(self, row: dict, curve: list[dict]) -> None:
        """Record the rows of one finished run, in the order of run names.

        Parameters
        ----------
        row : dict
            About the run as a whole; its key "run" names it.
        curve : list of dict
            The rows to keep, each with the same "run".
        """
        self.path.parent.mkdir(parents=True, exist_ok=True)
        with only_one(self.path.parent):
            kept = [old for old in self._read() if old["run"] != row["run"]]
            rows = sorted(kept + curve, key=lambda each: each["run"])  # stable: a run's own rows keep their order
            columns = list(dict.fromkeys(key for each in rows for key in each))
            text = io.StringIO()
            writer = csv.DictWriter(text, columns, lineterminator="\n")
            writer.writeheader()
            writer.writerows(rows)
            write_whole(self.path, text.getvalue())

    def _read(self) -> list[dict]:
        if not self.path.exists():
            return []
        with open(self.path, encoding="utf-8", newline="") as file:
            return list(csv.DictReader(file))
