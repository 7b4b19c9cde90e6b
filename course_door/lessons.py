"""Finding a lesson, and the copy of it that the learner works in.

The built notebooks under ``notebooks/`` are part of the repository, outputs included. A learner who ran one cell there
would have a changed file in git, a conflict at the next update, and perhaps lost notes. So ``open`` shows a copy under
``my_lessons/<language>/``, which git never sees. A copy that nobody wrote in follows its original; one
that was written in is never written again by the course, only set aside by its owner's wish (``open --fresh``). The
folder is as deep as ``notebooks/<language>/``, so links between lessons and to the data hold in both.
"""

from __future__ import annotations

import datetime
import difflib
import hashlib
import json
import os
import re
from dataclasses import dataclass
from pathlib import Path

from course_door.environment import private_folder
from course_door.problems import Problem
from course_door.versions import command

WORK = "my_lessons"
_RECORD = ".originals.json"


@dataclass(frozen=True)
class WorkingCopy:
    """A learner's copy of a lesson.

    Attributes
    ----------
    path : Path
        The copy.
    written : bool
        Whether it was written just now (new, or following its original).
    outdated : bool
        Whether the original has changed since and the learner's own changes kept the copy as it is.
    kept : Path or None
        Where ``fresh`` put the learner's former copy.
    """

    path: Path
    written: bool = False
    outdated: bool = False
    kept: Path | None = None


def names(root: Path, language: str) -> list[str]:
    """List the lessons that are built in a language, in order."""
    return sorted(path.stem for path in (root / "notebooks" / language).glob("[0-9][0-9]_*.ipynb"))


def find(wanted: str | None, known: list[str]) -> str:
    """Find the lesson that a reader means.

    Parameters
    ----------
    wanted : str or None
        A number (``"1"``, ``"01"``), a name, a part of a name, or a path to the notebook; None for the first lesson.
    known : list of str
        The lessons there are, as ``names`` gives them.

    Raises
    ------
    Problem
        If no lesson is built; if none is meant, with the nearest and the list; if several are.

    Examples
    --------
    >>> find("chinchilla", ["00_start_here", "02_kaplan_vs_chinchilla"])
    '02_kaplan_vs_chinchilla'
    """
    if not known:
        raise Problem("no_lessons", course=command())
    if wanted is None:
        return known[0]
    plain = re.sub(r"[\s-]+", "_", Path(wanted.strip().rstrip("/\\")).name.removesuffix(".ipynb").casefold())
    if plain.isdigit():
        meant = [name for name in known if int(name[:2]) == int(plain)]
    else:
        meant = [name for name in known if plain == name] or [name for name in known if plain and plain in name]
    if len(meant) == 1:
        return meant[0]
    if meant:
        raise Problem("several_lessons", wanted=wanted, all=", ".join(meant), status=2)
    near = nearest(plain, known)
    raise Problem("unknown_lesson", wanted=wanted, nearest=near, all=", ".join(known), course=command(), status=2)


def nearest(wanted: str, known: list[str]) -> str:
    """Give the known name that looks most like what was typed, whole or in one of its words; of a number, the next."""
    if wanted.isdigit():
        return min(known, key=lambda name: abs(int(name[:2]) - int(wanted)))

    def likeness(name: str) -> float:
        return max(difflib.SequenceMatcher(None, wanted, part).ratio() for part in (name, name[3:], *name.split("_")))

    return max(known, key=likeness)


def working_copies(root: Path, language: str, *, fresh: str | None = None) -> dict[str, WorkingCopy]:
    """Bring the learner's copies of all lessons in one language up to date, and lose nothing.

    Parameters
    ----------
    root : Path
        Folder of the course.
    language : str
        ``"en"``, ``"vi"`` or ``"zh"``.
    fresh : str, optional
        A lesson whose original is wanted again; the learner's copy of it is renamed and kept.

    Returns
    -------
    dict
        Lesson name to its WorkingCopy.
    """
    work = root / WORK
    private_folder(work)
    folder = work / language
    folder.mkdir(exist_ok=True)
    record_file = work / _RECORD
    record = json.loads(record_file.read_text(encoding="utf-8")) if record_file.exists() else {}
    copies = {}
    for name in names(root, language):
        original = root / "notebooks" / language / f"{name}.ipynb"
        copies[name] = _follow(original, folder / original.name, record, f"{language}/{name}", again=name == fresh)
    _replace(record_file, json.dumps(record, indent=1, sort_keys=True).encode())
    return copies


def _follow(original: Path, copy: Path, record: dict, key: str, *, again: bool) -> WorkingCopy:
    """Write a copy where there is none, or where it may follow its original; note in ``record`` what was written."""
    content = original.read_bytes()
    now, kept = hashlib.sha256(content).hexdigest(), None
    if again and copy.exists() and copy.read_bytes() != content:
        kept = _unused(copy)
        os.rename(copy, kept)
    if copy.exists():
        known = record.get(key, {})
        written_by_reader = _writing(copy.read_bytes()) not in (known.get("writing"), _writing(content))
        if written_by_reader or known.get("original") == now:
            return WorkingCopy(copy, outdated=written_by_reader and known.get("original") != now)
    _replace(copy, content)
    record[key] = {"original": now, "writing": _writing(content)}
    return WorkingCopy(copy, written=True, kept=kept)


def _writing(content: bytes) -> str | None:
    """Give a digest of what stands in a notebook's cells, whatever their outputs; None where it is no notebook.

    Opening a notebook is enough for JupyterLab to write its own remarks into it, and running a cell changes only what
    can be had again. Neither is a reader's writing.
    """
    try:
        cells = json.loads(content)["cells"]
        written = [(cell["cell_type"], "".join(cell["source"]), cell.get("attachments")) for cell in cells]
    except (ValueError, KeyError, TypeError):
        return None  # half written or edited by hand: it counts as the reader's, and is left alone
    return hashlib.sha256(json.dumps(written, sort_keys=True).encode()).hexdigest()


def _replace(path: Path, content: bytes) -> None:
    partial = path.with_name(path.name + ".partial")
    partial.write_bytes(content)
    os.replace(partial, path)


def _unused(copy: Path) -> Path:
    """Give a free name for a copy that is set aside: its own, with the day."""
    day = datetime.date.today().isoformat()
    number, kept = 1, copy.with_name(f"{copy.stem}.mine-{day}.ipynb")
    while kept.exists():
        number += 1
        kept = copy.with_name(f"{copy.stem}.mine-{day}-{number}.ipynb")
    return kept
