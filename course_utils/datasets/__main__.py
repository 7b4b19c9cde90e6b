"""``python -m course_utils.datasets list | download [NAME ...] | verify | record NAME``, in the reader's language."""

from __future__ import annotations

import argparse
import sys
import unicodedata

from course_utils.datasets.access import notice
from course_utils.datasets.catalogue import catalogue, describe, names, sha256_of
from course_utils.datasets.download import Unavailable, cache_folder, cached, fetch
from course_utils.datasets.record import record
from course_utils.i18n import LANGUAGES, format_bytes, format_number, language, set_language, t


def main(arguments: list[str] | None = None) -> int:
    """Run one command; return its exit status: 0 well, 1 something missing or damaged, 2 misuse."""
    for stream in (sys.stdout, sys.stderr):
        # A Windows console of the western code page cannot say 数据 or dữ liệu.
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(encoding="utf-8", errors="replace")
    chosen = _parser().parse_args(arguments)
    if "lang" in chosen:
        set_language(chosen.lang)
    try:
        if chosen.command == "download":
            return _download(chosen.names)
        if chosen.command == "verify":
            return _verify()
        if chosen.command == "record":
            written = record(chosen.name)
            print(f"{chosen.name}: " + ", ".join(f"{field} = {value}" for field, value in written.items()))
            return 0
        return _list()
    except (ValueError, FileNotFoundError) as error:
        print(error, file=sys.stderr)
        return 2


def _parser() -> argparse.ArgumentParser:
    shared = argparse.ArgumentParser(add_help=False)
    shared.add_argument("--lang", choices=LANGUAGES, default=argparse.SUPPRESS)
    parser = argparse.ArgumentParser(prog="python -m course_utils.datasets", parents=[shared])
    parser.set_defaults(command="list")
    commands = parser.add_subparsers(dest="command", metavar="command")
    commands.add_parser("list", parents=[shared], help="every table, and whether it is here")
    download = commands.add_parser("download", parents=[shared], help="fetch published tables (all, or those named)")
    download.add_argument("names", nargs="*", metavar="NAME")
    commands.add_parser("verify", parents=[shared], help="check the hash of every table that is here")
    recording = commands.add_parser("record", parents=[shared], help="measure a shipped table anew for the catalogue")
    recording.add_argument("name", metavar="NAME")
    return parser


def _list() -> int:
    rows = [[t("datasets.name"), t("datasets.rows_head"), t("datasets.size"), t("datasets.state"), ""]]
    for entry in catalogue().values():
        if entry.kind == "shipped":
            state = "shipped" if entry.path.is_file() else "missing"
        else:
            state = "cached" if cached(entry) else "remote"
        title = entry.title.get(language()) or entry.title["en"]
        rows.append(
            [entry.name, format_number(entry.rows), format_bytes(entry.bytes), t(f"datasets.state_{state}"), title]
        )
    _print_table(rows)
    print(t("datasets.cache_at", folder=cache_folder()))
    return 0


def _print_table(rows: list[list[str]]) -> None:
    widths = [max(_cells(row[i]) for row in rows) for i in range(len(rows[0]) - 1)]
    for row in rows:
        padded = [text + " " * (width - _cells(text)) for text, width in zip(row, widths, strict=False)]
        print("  ".join([*padded, row[-1]]).rstrip())


def _cells(text: str) -> int:
    """Count the columns that a text takes on a terminal: Han characters take two, combining marks none."""
    return sum(
        0 if unicodedata.combining(char) else 2 if unicodedata.east_asian_width(char) in "WF" else 1 for char in text
    )


def _download(wanted: list[str]) -> int:
    for name in wanted:
        describe(name)  # a misspelt name is said before anything is fetched
    failed = 0
    for name in wanted or names("published"):
        if describe(name).kind == "shipped":
            print(t("datasets.already_shipped", name=name))
            continue
        try:
            path = fetch(name, attempts=3)
        except Unavailable as failure:
            failed += 1
            print(notice(failure), failure.detail, sep="\n  ", file=sys.stderr)
        else:
            print(t("datasets.ready", name=name, path=path))
    return 1 if failed else 0


def _verify() -> int:
    bad = 0
    for entry in catalogue().values():
        path = entry.path if entry.kind == "shipped" else cache_folder() / entry.remote_path
        if not path.is_file():
            state = "missing" if entry.kind == "shipped" else "remote"
        else:
            state = "sound" if sha256_of(path) == entry.sha256 else "damaged"
        bad += state in ("missing", "damaged")
        cure = ""
        if state in ("missing", "damaged"):
            cure = t(f"datasets.cure_{entry.kind}", name=entry.name, file=f"data/{entry.file}")
        print(f"{entry.name}: {t(f'datasets.state_{state}')}{cure}")
    return 1 if bad else 0


if __name__ == "__main__":
    sys.exit(main())
