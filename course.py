#!/usr/bin/env python3
"""The one door of the course: ``python3 course.py open`` on a fresh clone leads to a running lesson.

This file only checks that the Python under it can carry the course, in words that any Python can read, and then hands
over to ``course_door``. Both need nothing but the standard library, because they run before anything is installed.
"""

import os
import sys

if sys.version_info < (3, 6):  # noqa: UP036  (an old Python must meet a sentence here, not a SyntaxError)
    sys.stderr.write(
        "course.py: this is Python %d.%d; the course needs Python 3.11 to 3.14. "  # noqa: UP031
        "Install one from https://www.python.org/downloads/ and run: python3 course.py\n" % sys.version_info[:2]
    )
    sys.exit(2)

sys.dont_write_bytecode = True
sys.path.insert(0, os.path.dirname(os.path.abspath(__file__)))

from course_door.versions import refuse_unsupported_python  # noqa: E402

if __name__ == "__main__":
    refuse_unsupported_python()

    from course_door.cli import main

    sys.exit(main(sys.argv[1:]))
