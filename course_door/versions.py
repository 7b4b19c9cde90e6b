"""Which Python may carry the course. Written in the Python of 2016, since it must run under the ones it refuses."""

import os
import shutil
import subprocess
import sys

from course_door.language import reader_language
from course_door.words import say, use_language

OLDEST = (3, 11)
NEWEST = (3, 14)


def supported(version):
    """Tell whether a Python of this ``(major, minor)`` can carry the course."""
    return OLDEST <= tuple(version[:2]) <= NEWEST


def command(python=None):
    """Give the words that start this program, as the reader would type them."""
    return (python or ("python" if os.name == "nt" else "python3")) + " course.py"


def another_python(which=shutil.which):
    """Find the newest supported Python on the PATH, or None."""
    for minor in range(NEWEST[1], OLDEST[1] - 1, -1):
        name = "python3.%d" % minor  # noqa: UP031
        found = which(name)
        # A version manager leaves stubs on the PATH that only say "command not found": so it is run.
        if found and subprocess.call([found, "--version"], stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL) == 0:
            return name
    return None


def refusal(version, which=shutil.which):
    """Give the line that refuses a Python version, with its cure; None where the version is supported."""
    if supported(version):
        return None
    key = "python_too_old" if tuple(version[:2]) < OLDEST else "python_too_new"
    other = another_python(which)
    cure = say("cure_other_python", course=command(other)) if other else say("cure_install_python", course=command())
    return say(key, have="%d.%d" % tuple(version[:2]), cure=cure)  # noqa: UP031


def refuse_unsupported_python():
    """End the program with one clear line when it runs under a Python that cannot carry the course."""
    if not supported(sys.version_info):
        use_language(reader_language())
        line = "course.py: " + refusal(sys.version_info)
        sys.stderr.flush()
        sys.stderr.buffer.write((line + "\n").encode("utf-8"))  # an old Python may take the terminal for ASCII
        sys.exit(2)
