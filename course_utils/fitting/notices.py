"""Show the warnings of a fit in a notebook as a sentence in the reader's language, not as a red box with a path."""

from __future__ import annotations

import sys
import warnings

from course_utils.fitting.results import FitWarning


def show_in_notebooks() -> None:
    """Print fit warnings as plain output where a notebook's kernel runs; other warnings stay as they are."""
    ipython = sys.modules.get("IPython")
    shell = ipython.get_ipython() if ipython else None
    if not hasattr(shell, "kernel"):
        return
    others = warnings.showwarning

    def show(message, category, filename, lineno, file=None, line=None):
        if isinstance(message, FitWarning):
            print(f"⚠ {message.words()}")
        else:
            others(message, category, filename, lineno, file, line)

    warnings.showwarning = show
