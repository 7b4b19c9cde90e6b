"""Run the lesson builder: ``python -m course_utils.lessons check | status | build | stamp``."""

from __future__ import annotations

import argparse
import sys
import time
from pathlib import Path

from course_utils.lessons.paths import LANGUAGES, Course
from course_utils.lessons.problems import SourceError


def main(arguments: list[str] | None = None) -> int:
    """Run one command; give 0 when all is well, 1 when a source or notebook is refused, 2 for a wrong call."""
    parser = _parser()
    asked = parser.parse_args(arguments)
    course = Course(asked.root.resolve()) if asked.root else Course.of_this_package()
    # A console of another encoding must not turn a message about a Chinese page into an error of its own.
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):
            stream.reconfigure(errors="backslashreplace")
    try:
        if asked.command == "stamp":
            return _stamp(course, asked)
        lessons = [course.find_lesson(wanted) for wanted in asked.lesson] or None
        languages = _languages(asked.lang)
        return {"check": _check, "status": _status, "build": _build}[asked.command](course, lessons, languages, asked)
    except SourceError as refused:
        print(refused, file=sys.stderr)
        print(_count(len(refused.problems)), file=sys.stderr)
        return 1
    except ValueError as wrong:
        print(wrong, file=sys.stderr)
        return 2
    except KeyboardInterrupt:
        print("Stopped. What was built before stays.", file=sys.stderr)
        return 130


def _parser() -> argparse.ArgumentParser:
    parser = argparse.ArgumentParser(prog="python -m course_utils.lessons", description=__doc__)
    parser.add_argument("--root", type=Path, help="folder that holds notebooks/ (default: this course)")
    commands = parser.add_subparsers(dest="command", required=True)
    for name, about in (
        ("check", "run every rule on the sources; nothing is executed"),
        ("status", "show missing, stale and extra blocks per lesson and language"),
        ("build", "check, execute and write the notebooks"),
    ):
        command = commands.add_parser(name, help=about)
        command.add_argument("lesson", nargs="*", help="number, name or a part of the name (default: all)")
        command.add_argument("--lang", action="append", metavar="L", help=f"{', '.join(LANGUAGES)} (default: all)")
        if name == "build":
            command.add_argument("--jobs", type=int, help="notebooks that run at once (default: one per core)")
            command.add_argument("--quiet", action="store_true", help="no progress bar")
    command = commands.add_parser("stamp", help="renew the English hash of blocks that you have re-read")
    command.add_argument("lesson", help="number, name or a part of the name")
    command.add_argument("ids", nargs="*", metavar="ID", help="blocks that were re-read")
    command.add_argument("--all", action="store_true", help="every block of the lesson was re-read")
    command.add_argument("--lang", action="append", metavar="L", help="vi, zh (default: both)")
    return parser


def _languages(given: list[str] | None) -> tuple[str, ...]:
    codes = [code for one in given or [] for code in one.split(",")]
    for code in codes:
        if code not in LANGUAGES:
            raise ValueError(f"--lang: {code!r} is no language of the course; give one of {', '.join(LANGUAGES)}.")
    return tuple(code for code in LANGUAGES if code in codes) or LANGUAGES


def _check(course, lessons, languages, asked) -> int:
    from course_utils.lessons.check import check_course

    checked, problems = check_course(course, lessons, languages)
    for problem in problems:
        print(problem)
    pages = sum(len(lesson.pages) for lesson in checked)
    print(f"{_plural(len(checked), 'lesson')}, {_plural(pages, 'page')}: {_count(len(problems))}")
    return 1 if problems else 0


def _status(course, lessons, languages, asked) -> int:
    from course_utils.lessons.status import page_statuses, status_table

    print(status_table(one for one in page_statuses(course, lessons) if one.language in languages))
    return 0


def _build(course, lessons, languages, asked) -> int:
    from course_utils.lessons.build import build

    started = time.monotonic()
    report = build(course, lessons, languages, jobs=asked.jobs, progress=not asked.quiet)
    for path in report.written:
        print(f"written    {course.shown(path)}")
    for path in report.unchanged:
        print(f"unchanged  {course.shown(path)}")
    for problem in report.problems:
        print(problem, file=sys.stderr)
    done = len(report.written) + len(report.unchanged)
    print(f"{_plural(done, 'notebook')} in {time.monotonic() - started:.0f} s: {_count(len(report.problems))}")
    return 1 if report.problems else 0


def _stamp(course, asked) -> int:
    from course_utils.lessons.stamp import stamp

    if bool(asked.ids) == asked.all:
        raise ValueError("stamp: name the blocks that you have re-read, or give --all, and not both.")
    languages = [code for code in _languages(asked.lang) if code != "en"]
    if not languages:
        raise ValueError("--lang: the English page carries no hashes; give vi or zh.")
    lesson = course.find_lesson(asked.lesson)
    changed = stamp(course, lesson, None if asked.all else asked.ids, languages)
    for language, name in changed:
        print(f"stamped    {lesson} {language} {name}")
    print(f"{_plural(len(changed), 'block')} stamped.")
    return 0


def _plural(count: int, noun: str) -> str:
    return f"{count} {noun}" if count == 1 else f"{count} {noun}s"


def _count(problems: int) -> str:
    return "no problem." if not problems else f"{_plural(problems, 'problem')}."


if __name__ == "__main__":
    sys.exit(main())
