"""Looking up a text, and choosing the language."""

import os
import subprocess
import sys

import pytest

import course_utils
from course_utils.i18n import language, on_language_change, set_language, t, using_language
from course_utils.i18n.catalogue import _texts


@pytest.fixture(autouse=True)
def english():
    before = language()
    set_language("en")
    yield
    set_language(before)


def test_the_package_re_exports_the_two_functions():
    course_utils.set_language("vi")
    assert course_utils.language() == "vi"


def test_unknown_key_names_key_language_and_nearest():
    set_language("vi")
    with pytest.raises(KeyError) as caught:
        t("datasets.unavailible")
    for part in ("datasets.unavailible", "vi.toml", "datasets.unavailable"):
        assert part in str(caught.value)


def test_missing_field_is_named():
    with pytest.raises(ValueError, match=r"datasets\.rows.*count"):
        t("datasets.rows")


def test_a_field_may_be_called_key_or_code():
    _texts("en")["probe.x"] = "{key} {code}"
    try:
        assert t("probe.x", key=1, code=2) == "1 2"
    finally:
        del _texts("en")["probe.x"]


def test_unknown_language_is_refused_and_leaves_the_old_one():
    with pytest.raises(ValueError, match=r"'fr'.*Pass one"):
        set_language("fr")
    assert language() == "en"


def test_using_language_goes_back_even_after_an_error():
    with pytest.raises(ZeroDivisionError), using_language("zh"):
        assert language() == "zh"
        1 / 0  # noqa: B018
    assert language() == "en"


def test_listeners_hear_of_a_change_once():
    heard = []
    on_language_change(heard.append)
    set_language("zh")
    assert heard == ["zh"]


@pytest.mark.parametrize(("given", "expected"), [("vi", "vi"), ("ZH", "zh"), ("", "en"), ("fr", "en")])
def test_language_at_start_comes_from_the_environment(given, expected):
    out = subprocess.run(
        [sys.executable, "-c", "import course_utils; print(course_utils.language())"],
        env={**os.environ, "COURSE_LANG": given},
        capture_output=True,
        text=True,
        check=True,
    )
    assert out.stdout.strip() == expected


def test_language_files_are_read_when_first_needed():
    code = (
        "import sys, course_utils; from course_utils.i18n.catalogue import _texts;"
        "assert _texts.cache_info().currsize == 0; assert 'tomllib' not in sys.modules"
    )
    subprocess.run([sys.executable, "-c", code], check=True)


def test_space_between_han_vanishes_where_a_field_ends_in_han():
    set_language("zh")
    assert t("datasets.rows", count="1400 亿") == "1400 亿行"
    assert t("datasets.rows", count="768") == "768 行"


def test_misspelt_part_of_the_package_is_an_attribute_error():
    with pytest.raises(AttributeError, match="laww"):
        course_utils.laww  # noqa: B018
    assert "datasets" in dir(course_utils)
