"""In a notebook a fit's warning is a sentence on standard output; elsewhere it is an ordinary warning."""

import sys
import types
import warnings

import pytest

from course_utils.fitting import FitWarning, notices
from course_utils.i18n import using_language


@pytest.fixture
def notebook(monkeypatch):
    kernel = types.SimpleNamespace(kernel=object())
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: kernel))
    monkeypatch.setattr(warnings, "showwarning", warnings.showwarning)
    with warnings.catch_warnings():
        warnings.simplefilter("always")
        notices.show_in_notebooks()
        yield


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_a_notebook_gets_a_sentence_in_its_language(notebook, capsys, code):
    from course_utils.fitting import fit_power_law

    with using_language(code):
        fit = fit_power_law([1e3, 1e4, 1e5, 1e6], [4.0, 3.6, 3.2, 2.7])
        said = capsys.readouterr()
        assert said.err == ""
        assert all(f"⚠ {warning.words()}" in said.out for warning in fit.warnings)
        assert said.out


def test_other_warnings_go_where_they_went_before(notebook, capsys):
    with pytest.warns(UserWarning, match="something else"):
        warnings.warn("something else", UserWarning, stacklevel=1)
    assert capsys.readouterr().out == ""


def test_outside_a_notebook_nothing_changes(monkeypatch):
    monkeypatch.setitem(sys.modules, "IPython", types.SimpleNamespace(get_ipython=lambda: None))
    before = warnings.showwarning
    notices.show_in_notebooks()
    assert warnings.showwarning is before
    assert issubclass(FitWarning, UserWarning)
