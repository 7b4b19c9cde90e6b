"""Figures are closed after every test, and the language goes back."""

import matplotlib as mpl
import pytest

mpl.use("agg")


@pytest.fixture(autouse=True)
def clean():
    import matplotlib.pyplot as plt

    from course_utils.i18n import language, set_language

    before = language()
    set_language("en")
    with mpl.rc_context():
        yield
    plt.close("all")
    set_language(before)


@pytest.fixture
def chinese_font():
    from course_utils.plots import fonts

    family = fonts.chinese_family()
    if family is None:
        pytest.skip("no font with Chinese characters on this machine; Debian: apt install fonts-noto-cjk")
    return family
