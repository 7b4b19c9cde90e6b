"""Make a teacher's folder: ``python -m course_utils.teach [--lang L] [--out FOLDER] [--bank FOLDER] [LESSON ...]``."""

from __future__ import annotations

import argparse
import os
import sys
from pathlib import Path

from course_utils.i18n import LANGUAGES, using_language
from course_utils.questions.private_bank import VARIABLE
from course_utils.teach.folder import make_folder


def main(arguments: list[str] | None = None) -> int:
    """Run the command; give 0 when the folder is written, 2 for a wrong call."""
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    spoken = os.environ.get("COURSE_LANG", "en")
    parser = argparse.ArgumentParser(prog="python3 course.py teach", description=__doc__)
    parser.add_argument("lesson", nargs="*", help="number, name or a part of the name (default: all that are built)")
    parser.add_argument("--lang", choices=LANGUAGES, default=spoken if spoken in LANGUAGES else "en")
    parser.add_argument("--out", type=Path, help="folder to write into (default: teaching/LANG)")
    parser.add_argument("--bank", type=Path, help=f"folder of a private bank (or set {VARIABLE})")
    parser.add_argument("--fresh", action="store_true", help="write anew what you have changed in the folder")
    asked = parser.parse_args(arguments)
    if asked.bank is not None:
        os.environ[VARIABLE] = str(asked.bank.resolve())
    out = asked.out or Path("teaching") / asked.lang
    try:
        with using_language(asked.lang):
            for sentence in make_folder(out, asked.lang, asked.lesson, fresh=asked.fresh):
                print(sentence, flush=True)
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    return 0


if __name__ == "__main__":
    sys.exit(main())
