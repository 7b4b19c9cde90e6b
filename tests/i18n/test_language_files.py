"""The three language files say the same things: same keys, same fields, nothing empty, nothing left in English."""

import re
import string

import pytest

from course_utils.i18n import LANGUAGES, fields, keys, t, using_language
from course_utils.i18n.catalogue import _template

HAN = re.compile(r"[\u4e00-\u9fff]")


def test_every_key_is_in_all_three_files():
    reference = keys("en")
    for code in LANGUAGES:
        assert keys(code) == reference, f"{code}.toml: {sorted(keys(code) ^ reference)}"


@pytest.mark.parametrize("code", ["vi", "zh"])
def test_every_text_has_the_fields_of_the_english_one(code):
    differing = {key for key in keys("en") & keys(code) if fields(key, code) != fields(key, "en")}
    assert not differing


@pytest.mark.parametrize("code", LANGUAGES)
def test_every_text_can_be_filled_in(code):
    with using_language(code):
        for key in keys(code):
            text = t(key, **dict.fromkeys(fields(key, code), 8))
            assert text.strip(), key
            assert "{" not in text.replace("${", "").replace("_{", "").replace("^{", ""), key


def prose(key, code):
    """Return a text without its fields, formulas, code and addresses."""
    text = "".join(literal for literal, *_ in string.Formatter().parse(_template(key, code)))
    return re.sub(r"\$[^$]*\$|`[^`]*`|<[^>]*>|https?://\S+", "", text)


def test_chinese_uses_full_width_punctuation_after_han():
    wrong = {key: text for key in keys("zh") if re.search(r"[\u4e00-\u9fff][,;:?!]", text := prose(key, "zh"))}
    assert not wrong


def test_chinese_puts_a_space_between_han_and_latin():
    # Where a field meets Han the space depends on what fills it; t() takes care of that.
    wrong = {
        key: text
        for key in keys("zh")
        if re.search(r"[\u4e00-\u9fff][A-Za-z0-9]|[A-Za-z0-9%][\u4e00-\u9fff]", text := prose(key, "zh"))
    }
    assert not wrong


def test_chinese_and_vietnamese_are_not_copies_of_the_english():
    """A text of three words or more that equals the English one was forgotten."""
    for code in ("vi", "zh"):
        forgotten = [
            key
            for key in keys(code)
            if len(re.findall(r"[A-Za-z]{3,}", prose(key, "en"))) >= 3 and prose(key, code) == prose(key, "en")
        ]
        assert not forgotten, code


def test_vietnamese_is_composed_and_marks_tones_one_way():
    import unicodedata

    for key in keys("vi"):
        text = _template(key, "vi")
        assert text == unicodedata.normalize("NFC", text), key
        assert not re.search(r"\b\w*(oà|oá|oả|oã|oạ|uỷ|uý|uỳ|uỹ|uỵ)\b", re.sub("quy|quý|quỹ|quỷ|quỳ", "", text)), key


def test_no_han_outside_chinese():
    for code in ("en", "vi"):
        assert not [key for key in keys(code) if HAN.search(_template(key, code))]
