"""What several test folders share."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest
from hypothesis import settings

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # course.py and course_door stand beside the package, not in it
    sys.path.insert(0, str(ROOT))

# The files that take longest, the longest first: one that starts late keeps one core busy while the others are done.
_LONGEST = (
    "tests/test_notebooks.py",
    "tests/explorers/test_contract_",
    "tests/browser/",
    "tests/door/test_environment.py",
    "tests/door/test_lab.py",
    "tests/test_package.py",
    "tests/fitting/test_fit_repeated.py",
)

# Cases that are drawn are the same ones every time, so that a run of the tests says something about the change it
# tests; COURSE_THOROUGH draws new ones.
settings.register_profile("course", derandomize=not os.environ.get("COURSE_THOROUGH"))
settings.load_profile("course")

# No test may write into the record of whoever runs the tests.
os.environ["SCALING_LAWS_PROGRESS"] = "off"

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts background jobs deaf to Ctrl-C, and children inherit that; the tests of Ctrl-C need hearing ones.
    signal.signal(signal.SIGINT, signal.default_int_handler)


def pytest_collection_modifyitems(items: list[pytest.Item]) -> None:
    """Put the longest files first; within a file, and among the others, the order stays."""

    def place(item: pytest.Item) -> int:
        file = item.path.relative_to(ROOT).as_posix() if item.path.is_relative_to(ROOT) else ""
        return next((at for at, start in enumerate(_LONGEST) if file.startswith(start)), len(_LONGEST))

    items.sort(key=place)


@pytest.fixture(scope="session")
def chromium() -> str:
    """Path of the Chromium that the browser tests drive; the test is skipped, with the reason, where there is none."""
    from course_door.extras import find_chromium

    found = find_chromium()
    if found is None:
        pytest.skip("Chromium is not found: set COURSE_CHROMIUM, or install it")
    return found


@pytest.fixture(scope="session")
def published_source() -> str | None:
    """Folder beside the checkout that holds the published originals, where there is one; else they are downloaded."""
    folder = ROOT.parent / "shared" / "data" / "published"
    return str(folder) if folder.is_dir() else None
