"""The commands of ``course.py`` and their options."""

from __future__ import annotations

import argparse
import difflib
import errno
import os
import sys
from pathlib import Path

from course_door import extras, installer, lab, lessons, locks
from course_door.environment import Environment
from course_door.language import LANGUAGES, reader_language
from course_door.problems import Problem, explain
from course_door.processes import Stopped, become, raise_on_signals
from course_door.versions import command
from course_door.words import say, use_language

ROOT = Path(__file__).resolve().parent.parent
_OF_THE_DISK = (errno.ENOSPC, errno.EACCES, errno.EPERM, errno.EROFS)


class _Options(argparse.ArgumentParser):
    """Options whose mistakes are told in the reader's language, in one line."""

    def error(self, message: str):
        raise Problem("bad_option", detail=message, course=command(), status=2)


def _open(environment: Environment, language: str, arguments: list[str]) -> int:
    options = _Options(add_help=False, allow_abbrev=False)
    options.add_argument("lesson", nargs="?")
    options.add_argument("--no-browser", action="store_true")
    options.add_argument("--port", type=int)
    options.add_argument("--fresh", action="store_true")
    given = options.parse_args(arguments)
    if given.port is not None and not 0 < given.port < 65536:
        raise Problem("bad_option", detail=f"--port {given.port}", course=command(), status=2)
    known = lessons.names(environment.root, language)
    spoken = language
    if not known and lessons.names(environment.root, "en"):
        print(say("lessons_in_english"), flush=True)
        known, spoken = lessons.names(environment.root, "en"), "en"
    # Before anything is installed: a lesson that does not exist should not cost minutes to be told so.
    lesson = lessons.find(given.lesson, known)
    environment.ensure()
    copies = lessons.working_copies(environment.root, spoken, fresh=lesson if given.fresh else None)
    copy = copies[lesson]
    place = copy.path.relative_to(environment.root)
    if copy.kept:
        print(say("copy_kept", kept=copy.kept.relative_to(environment.root)), flush=True)
    if copy.outdated:
        print(say("copy_outdated", copy=place, course=command(), lesson=lesson[:2]), flush=True)
    elif copy.written:
        print(say("copy_written", copy=place), flush=True)
    written = [each.path for each in copies.values() if each.written]
    return lab.serve(environment, language, copy.path, port=given.port, browser=not given.no_browser, copies=written)


def _module(environment: Environment, language: str, name: str, arguments: list[str], **variables: str) -> int:
    """Run a module with the course's Python, in the course's folder, as the last thing this program does."""
    os.chdir(environment.root)
    env = environment.variables(language) | variables
    return become([environment.python, "-m", name, *arguments], env)


def _setup(environment: Environment, _language: str, arguments: list[str]) -> int:
    _Options(add_help=False).parse_args(arguments)
    if not environment.ensure():
        print(say("nothing_to_do"), flush=True)
    return 0


def _test(environment: Environment, language: str, arguments: list[str]) -> int:
    environment.ensure()
    found = extras.bring(environment, "teach", "test")
    chromium = extras.announce_chromium()
    if chromium:
        found["COURSE_CHROMIUM"] = chromium
    # One file of tests stays on one core: its fixtures (a server, a browser) are made once. The files start in the
    # order that tests/conftest.py gives them, not by the number of their tests.
    spread = ["-n", "logical", "--dist", "loadfile", "--no-loadscope-reorder"]
    return _module(environment, language, "pytest", [*spread, *arguments], **found)


def _build(environment: Environment, language: str, arguments: list[str]) -> int:
    environment.ensure()
    return _module(environment, language, "course_utils.lessons", ["build", *arguments])


def _bench(environment: Environment, language: str, arguments: list[str]) -> int:
    rest = [word for word in arguments if word != "--install"]
    environment.ensure()
    if rest != arguments and extras.missing(environment, "bench", "fast"):
        extras.install_peers(environment)
    lacking = extras.missing(environment, "bench", "fast")
    if lacking and not {"-h", "--help"} & set(rest):
        print(say("peers_missing", names=", ".join(lacking), course=command()), flush=True)
    # One thread for everybody: idle threads of a linear algebra library spin, and processor time would count that.
    alone = dict.fromkeys(("OPENBLAS_NUM_THREADS", "OMP_NUM_THREADS", "MKL_NUM_THREADS"), "1")
    return _module(environment, language, "course_utils.fitting.bench", rest, **alone)


def _teach(environment: Environment, language: str, arguments: list[str]) -> int:
    environment.ensure()
    found = {} if {"-h", "--help"} & set(arguments) else extras.bring(environment, "teach")
    return _module(environment, language, "course_utils.teach", arguments, **found)


def _data(environment: Environment, language: str, arguments: list[str]) -> int:
    environment.ensure()
    return _module(environment, language, "course_utils.datasets", arguments or ["list"])


def _training(environment: Environment, language: str, module: str, arguments: list[str]) -> int:
    builds = {"--install": "cpu", "--install=cpu": "cpu", "--install=gpu": "auto"}
    wanted = [builds[word] for word in arguments if word in builds]
    rest = [word for word in arguments if word not in builds]
    environment.ensure()
    if wanted and extras.missing(environment, "train"):
        extras.install_training(environment, wanted[-1])
    if wanted and not rest:
        print(say("training_ready", course=command()), flush=True)
        return 0
    if not {"-h", "--help", "--recorded"} & {word.split("=")[0] for word in rest}:  # a recorded game is only looked up
        extras.require_training(environment)
    return _module(environment, language, module, rest)


def _ladder(environment: Environment, language: str, arguments: list[str]) -> int:
    return _training(environment, language, "course_utils.ladder", arguments)


def _tasks(environment: Environment, language: str, arguments: list[str]) -> int:
    return _training(environment, language, "course_utils.tasks", arguments)


def _lock(environment: Environment, _language: str, arguments: list[str]) -> int:
    uv = installer.find_uv()
    if uv is None:
        raise Problem("lock_needs_uv")
    return locks.resolve(environment, uv, arguments)


COMMANDS = {
    "open": _open,
    "test": _test,
    "setup": _setup,
    "build": _build,
    "bench": _bench,
    "ladder": _ladder,
    "tasks": _tasks,
    "teach": _teach,
    "data": _data,
    "lock": _lock,
}


def take_language(name: str, arguments: list[str]) -> tuple[str, list[str]]:
    """Find the language to speak, and what is left of the arguments.

    ``--lang`` names it; else it is the reader's own. Only ``open`` has the option taken out of its arguments: the other
    commands that know it read it themselves.
    """
    options = argparse.ArgumentParser(add_help=False, allow_abbrev=False, exit_on_error=False)
    options.add_argument("--lang")
    try:
        given, rest = options.parse_known_args(arguments)
    except argparse.ArgumentError as error:
        raise Problem("bad_option", detail=str(error), course=command(), status=2) from error
    if name == "open" and given.lang is not None and given.lang not in LANGUAGES:
        raise Problem("bad_language", wanted=given.lang, all=", ".join(LANGUAGES), status=2)
    language = given.lang if given.lang in LANGUAGES else reader_language()
    return language, rest if name == "open" else arguments


def main(argv: list[str]) -> int:
    """Run one command.

    Parameters
    ----------
    argv : list of str
        The command and its arguments.

    Returns
    -------
    int
        Exit status: that of what was run; 2 for a mistake on the command line, 130 after Ctrl-C.
    """
    for stream in (sys.stdout, sys.stderr):
        if hasattr(stream, "reconfigure"):  # a Windows code page knows neither Vietnamese nor Chinese
            stream.reconfigure(encoding="utf-8", errors="replace")
    use_language(reader_language())
    raise_on_signals()
    name, arguments = (argv[0], argv[1:]) if argv else ("help", [])
    try:
        if name in ("help", "-h", "--help"):
            print(say("usage", course=command()))
            return 0
        if name not in COMMANDS:
            near = difflib.get_close_matches(name, COMMANDS, n=1, cutoff=0.0)[0]
            raise Problem(
                "unknown_command", wanted=name, nearest=near, all=", ".join(COMMANDS), course=command(), status=2
            )
        language, arguments = take_language(name, arguments)
        use_language(language)
        if name in ("open", "setup", "lock") and {"-h", "--help"} & set(arguments):
            print(say("usage", course=command()))
            return 0
        return COMMANDS[name](Environment(ROOT), language, arguments)
    except Problem as problem:
        print(f"course.py: {problem}", file=sys.stderr, flush=True)
        return problem.status
    except OSError as error:
        if error.errno not in _OF_THE_DISK:
            raise  # a fault of this program, not of the reader's machine: the traceback belongs in a report
        print(f"course.py: {explain(str(error), log='-', venv='.venv', python='')}", file=sys.stderr, flush=True)
        return 1
    except KeyboardInterrupt:
        print("\n" + say("interrupted", course=command()), file=sys.stderr, flush=True)
        return 130
    except Stopped as stopped:
        return 128 + stopped.number
