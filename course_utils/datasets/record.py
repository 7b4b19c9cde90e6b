"""Write a shipped table's rows, bytes and SHA-256 into the catalogue, and touch nothing else in it."""

from __future__ import annotations

import os
import re
from pathlib import Path

from course_utils.datasets.catalogue import CATALOGUE_FILE, DATA_FOLDER, catalogue, sha256_of


def record(
    name: str, *, catalogue_file: Path = CATALOGUE_FILE, data_folder: Path = DATA_FOLDER
) -> dict[str, int | str]:
    """Measure a shipped file anew and replace its three fields in the catalogue, line by line.

    Comments, order and every other byte of the catalogue stay: it is written by hand.

    Parameters
    ----------
    name : str
        A shipped table that already has an entry; the three fields must be there, with any value.

    Returns
    -------
    dict
        ``rows``, ``bytes`` and ``sha256`` as written.

    Raises
    ------
    ValueError
        If the entry is missing, is of a published table, or lacks one of the three fields.
    FileNotFoundError
        If the file of the table is not there.
    """
    import tomllib

    import pandas as pd

    text = catalogue_file.read_text(encoding="utf-8")
    tables = tomllib.loads(text)
    if name not in tables:
        raise ValueError(f"name: there is no entry [{name}] in {catalogue_file.name}. Write one like its neighbours.")
    entry = tables[name]
    if entry.get("kind") != "shipped":
        raise ValueError(f"name: {name!r} is published; its hash is pinned by hand. Record shipped tables only.")
    path = data_folder / entry["file"]
    if not path.is_file():
        raise FileNotFoundError(f"data/{entry['file']} is not there. Make it first: {entry.get('make', '')}")
    measured = {"rows": len(pd.read_csv(path)), "bytes": path.stat().st_size, "sha256": sha256_of(path)}

    head = re.search(rf"^\[{re.escape(name)}\][ \t]*(#.*)?$", text, flags=re.MULTILINE)
    after = re.compile(r"^\[", flags=re.MULTILINE).search(text, head.end())
    start, end = head.end(), after.start() if after else len(text)
    section = text[start:end]
    for field, value in measured.items():
        written = f'"{value}"' if isinstance(value, str) else str(value)
        section, found = re.subn(
            rf'^({field}[ \t]*=[ \t]*)("[^"\n]*"|\d+)', lambda m, w=written: m[1] + w, section, flags=re.MULTILINE
        )
        if found != 1:
            raise ValueError(f"{catalogue_file.name}, [{name}]: field {field} found {found} times. Write it once.")
    part = catalogue_file.with_name(f".{catalogue_file.name}.part")
    part.write_text(text[:start] + section + text[end:], encoding="utf-8", newline="\n")
    os.replace(part, catalogue_file)
    catalogue.cache_clear()
    return measured
