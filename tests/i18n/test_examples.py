"""Every example in the docstrings of the words, the tables and the figures runs."""

import doctest
import importlib
import pkgutil

import matplotlib as mpl
import pytest

import course_utils
from course_utils import datasets, i18n, plots
from course_utils.i18n import set_language

mpl.use("agg")
MODULES = [
    course_utils.__name__,
    *(
        f"{package.__name__}.{module.name}" if module else package.__name__
        for package in (i18n, datasets, plots)
        for module in (None, *pkgutil.iter_modules(package.__path__))
        if module is None or module.name != "__main__"
    ),
]


@pytest.mark.parametrize("name", MODULES)
def test_examples(name):
    set_language("en")
    outcome = doctest.testmod(importlib.import_module(name))
    set_language("en")
    assert outcome.failed == 0
