"""What a reader sees of a fit, in three languages."""

import re

import numpy as np
import pytest

from course_utils import i18n
from course_utils.fitting import FitWarning, backtest, bootstrap, fit_chinchilla, fit_isoflop, fit_power_law
from course_utils.laws import CONSTANTS, chinchilla_loss

X = np.geomspace(1e6, 1e9, 8)


def faces():
    rng = np.random.default_rng(0)
    fit = fit_power_law(X, (1.7 + 50 * X**-0.25) * np.exp(0.01 * rng.standard_normal(8)))
    with pytest.warns(FitWarning):
        floorless = fit_power_law(X, X**-0.1)
    n, d = (a.ravel() for a in np.meshgrid(np.geomspace(1e8, 1e10, 5), np.geomspace(1e9, 1e11, 5)))
    surface = fit_chinchilla(n, d, chinchilla_loss(n, d, **CONSTANTS["besiroglu"].values))
    flops = np.repeat([1e18, 1e19, 1e20], 7)
    size = 0.1 * flops**0.5 * np.tile(np.geomspace(0.2, 5, 7), 3)
    valleys = fit_isoflop(size, flops, chinchilla_loss(size, flops / 6 / size, **CONSTANTS["besiroglu"].values))
    return {
        "fit": fit,
        "bootstrap": bootstrap(fit, n=50),
        "warned": floorless,
        "no floor": fit_power_law(X, X**-0.1, floor=False),
        "surface": surface,
        "backtest": backtest(fit),
        "isoflop": valleys,
    }


@pytest.fixture(scope="module")
def shown():
    return faces()


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
@pytest.mark.parametrize("name", ["fit", "bootstrap", "warned", "no floor", "surface", "backtest", "isoflop"])
def test_text_and_html_are_whole(shown, code, name):
    with i18n.using_language(code):
        text, html = shown[name].summary(), shown[name]._repr_html_()
    assert not re.search(r"[{}]|None|nan\b", text)
    assert html.count("<table>") == 1 and "<caption>" in html and 'scope="row"' in html
    assert html.count("<tr>") == html.count("</tr>") >= 3
    if code == "zh":
        assert re.search(r"[\u4e00-\u9fff]", text)


def test_the_text_says_what_is_known_and_what_is_not(shown):
    with i18n.using_language("en"):
        plain, warned, with_intervals = (shown[k].summary() for k in ("fit", "warned", "bootstrap"))
    assert "bootstrap(fit)" in plain and "interval" not in plain.split("\n")[1]
    assert "90% interval" in with_intervals and "bootstrap(fit)" not in with_intervals
    assert "no floor" in warned and "at its bound" in warned
    assert "does not make the law right" in plain


def test_repr_is_short_and_plain(shown):
    shape = r"<FitResult power_law: E=[\d.]+, A=[\d.]+, alpha=[\d.]+; huber=[\de.-]+, n=8>"
    assert re.fullmatch(shape, repr(shown["fit"]))


@pytest.mark.parametrize("code", ["floor_at_zero", "scale_at_zero", "exponent_at_bound", "weak_direction", "no_valley",
                                  "minimum_outside"])  # fmt: skip
def test_every_warning_has_words_in_every_language(code):
    said = set()
    for language in ("en", "vi", "zh"):
        with i18n.using_language(language):
            said.add(FitWarning(code, "plain", ("alpha",)).words())
    assert len(said) == 3
