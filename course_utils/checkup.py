"""Look at the parts that lessons rely on, and say what to do about what is missing."""

from __future__ import annotations

import sys
from collections.abc import Callable
from pathlib import Path

from course_utils.i18n import language, t
from course_utils.questions.checking import Words


def _python() -> str | None:
    return None if (3, 11) <= sys.version_info[:2] <= (3, 14) else t("checkup.python_cure")


def _widgets() -> str | None:
    from jupyter_core.paths import jupyter_path

    # JupyterLab finds the widgets' front end under share/jupyter/labextensions
    folders = [Path(folder) / "@jupyter-widgets" / "jupyterlab-manager" for folder in jupyter_path("labextensions")]
    return None if any(folder.exists() for folder in folders) else t("checkup.widgets_cure")


def _tables() -> str | None:
    from course_utils.datasets.catalogue import describe, names, sha256_of

    broken = []
    for name in names("shipped"):
        entry = describe(name)
        if not entry.path.is_file() or sha256_of(entry.path) != entry.sha256:
            broken.append(entry.file)
    return t("checkup.tables_cure", names=", ".join(broken)) if broken else None


def _letters() -> str | None:
    from course_utils.plots import fonts

    return None if language() != "zh" or fonts.chinese_family() else t("checkup.letters_cure")


CHECKS: dict[str, Callable[[], str | None]] = {
    "python": _python, "widgets": _widgets, "tables": _tables, "letters": _letters,
}
"""Each check returns None when all is well, else the cure."""


def run() -> Words:
    """Run every check; return one line for each, with the cure where something is missing."""
    lines = []
    for name, check in CHECKS.items():
        cure = check()
        label = t(f"checkup.{name}")
        lines.append(f"✓ {label}" if cure is None else t("checkup.missing", label=label, cure=cure))
    return Words("\n".join(lines))
