"""Neural scaling laws: the package under every lesson of the course.

Importing it is cheap: each part below loads when it is first named, and SciPy, pandas, matplotlib and ipywidgets only
when one of them is needed.

Examples
--------
>>> import course_utils
>>> course_utils.set_language("en")
>>> round(float(course_utils.laws.power_law(1e9, A=400.0, alpha=0.34, E=1.7)), 3)
2.048
"""

from __future__ import annotations

import importlib

from course_utils.i18n import language, set_language

__all__ = ["language", "set_language"]


def _parts() -> list[str]:
    """Name the modules and subpackages beside this file."""
    import pkgutil

    return [module.name for module in pkgutil.iter_modules(__path__) if not module.name.startswith("_")]


def __getattr__(name: str):
    if not name.startswith("_") and name in _parts():
        return importlib.import_module(f"{__name__}.{name}")
    if name == "__version__":
        from importlib.metadata import version

        return version("scaling-laws-course")
    raise AttributeError(f"module {__name__!r} has no part named {name!r}. It has: {', '.join(_parts())}.")


def __dir__() -> list[str]:
    return sorted({*globals(), *_parts(), "__version__"})
