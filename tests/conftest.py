"""What several test folders share."""

from __future__ import annotations

import os
import signal
import sys
from pathlib import Path

import pytest

ROOT = Path(__file__).resolve().parent.parent
if str(ROOT) not in sys.path:  # course.py and course_door stand beside the package, not in it
    sys.path.insert(0, str(ROOT))

# No test may write into the record of whoever runs the tests.
os.environ["SCALING_LAWS_PROGRESS"] = "off"

if signal.getsignal(signal.SIGINT) == signal.SIG_IGN:
    # A shell starts background jobs deaf to Ctrl-C, and children inherit that; the tests of Ctrl-C need hearing ones.
    signal.signal(signal.SIGINT, signal.default_int_handler)


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
