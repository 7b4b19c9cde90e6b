"""Numbers as people write them, in three languages."""

import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils import questions
from course_utils.i18n import LANGUAGES, format_count, format_percent, format_scientific, using_language
from course_utils.questions.answers import other_reading, parse_number
from course_utils.questions.units import UNITS, convert, find_unit, written


@pytest.mark.parametrize("text, value, unit", [
    ("1.4e11", 1.4e11, None), ("1.4 × 10^11", 1.4e11, None), ("1.4×10¹¹", 1.4e11, None), ("140B", 1.4e11, None),
    ("140 tỷ", 1.4e11, None), ("1400亿", 1.4e11, None), ("1,400 亿 词元", 1.4e11, "tokens"),
    ("140 tỷ token", 1.4e11, "tokens"), ("1.4 nghìn tỷ", 1.4e12, None), ("1,4 tỷ", 1.4e9, None),
    ("0.14 nghìn tỷ", 1.4e11, None), ("10^23 FLOPs", 1e23, "flops"), ("312 T FLOP/s", 3.12e14, "flop/s"),
    ("312 TFLOP/s", 3.12e14, "flop/s"), ("5 tokens", 5, "tokens"), ("92 %", 0.92, None), ("92 phần trăm", 0.92, None),
    ("百分之92", 0.92, None), ("26.6 ngày", 26.6, "days"), ("27 天", 27, "days"), ("27 days.", 27, "days"),
    ("1.2万亿", 1.2e12, None), ("1 亿 4000 万", 1.4e8, None), ("1 tỷ 400 triệu", 1.4e9, None), (3, 3.0, None),
    ("-2", -2.0, None), (".5", 0.5, None), ("３．５", 3.5, None), ("1.400,5", 1400.5, None), ("1.400.000", 1.4e6, None),
    ("1 400 000", 1.4e6, None), ("1_400_000", 1.4e6, None), ("$4.6M", 4.6e6, "dollars"),
    ("460 万美元", 4.6e6, "dollars"),
    ("4,6 triệu đô", 4.6e6, "dollars"), ("640 GB", 6.4e11, "bytes"), ("80 GiB", 80 * 2**30, "bytes"),
    ("6*70e9*1.4e12", 5.88e23, None), ("6 × 70e9 × 1.4e12", 5.88e23, None), ("2^20", 2.0**20, None),
    ("1/3", 1 / 3, None),
    ("~27 ngày", 27, "days"), ("khoảng 27 ngày", 27, "days"), ("约 27 天", 27, "days"),
    ("3 640 PF-days", 3640, "pf-days"), ("1.82 nats/token", 1.82, "nats"), ("1,23e5", 1.23e5, None),
])  # fmt: skip
def test_numbers_as_people_write_them(text, value, unit):
    got, got_unit = parse_number(text)
    assert got == pytest.approx(value)
    assert got_unit == unit


@pytest.mark.parametrize("text", [
    "", "abc", "12 apples", "1e", "nan", "inf", None, True, float("nan"), "1e400", "10^400", "9**9**9**9", "1,4,5",
    "1.4.5", "e", "10^", "$5 tokens", "__import__('os')", "1 兆", [1, 2], {},
])  # fmt: skip
def test_what_is_no_number_is_refused(text):
    with pytest.raises((ValueError, TypeError)):
        parse_number(text)


@given(st.floats(1e-3, 9e14), st.sampled_from(LANGUAGES))
def test_every_count_that_the_course_writes_is_read_back(value, code):
    with using_language(code):
        written_count = format_count(value, 6)
    # counts from 100 to 1000 are written whole
    assert parse_number(written_count)[0] == pytest.approx(value, rel=2e-5, abs=0.51 if 99 < value < 1000 else 1e-8)


@given(st.floats(1e-30, 1e30))
def test_every_power_of_ten_that_the_course_writes_is_read_back(value):
    assert parse_number(format_scientific(value, 6))[0] == pytest.approx(value, rel=1e-5)


@given(st.floats(0.001, 0.999))
def test_every_percentage_that_the_course_writes_is_read_back(value):
    assert parse_number(format_percent(value, 4))[0] == pytest.approx(value, rel=1e-3)


@given(st.floats(allow_nan=False, allow_infinity=False))
def test_python_numbers_are_read_as_they_are(value):
    assert parse_number(value) == (value, None)
    assert parse_number(repr(value))[0] == value


@given(st.text(max_size=30))
def test_any_text_gives_a_finite_number_or_a_value_error(text):
    try:
        value, unit = parse_number(text)
    except ValueError:
        return
    assert math.isfinite(value)
    assert unit is None or unit in UNITS


@given(st.integers(1, 999), st.integers(0, 999))
def test_a_comma_before_three_digits_may_be_read_two_ways(left, right):
    text = f"{left},{right:03d}"
    assert parse_number(text)[0] == left * 1000 + right
    assert other_reading(text) == pytest.approx(left + right / 1000)


@pytest.mark.parametrize("text", ["1,4", "1,4567", "0,125", "1,400,000", "1.400,5", "1400", 1.4])
def test_other_commas_have_one_meaning(text):
    assert other_reading(text) is None


def test_every_spelling_of_a_unit_is_that_unit():
    for name, unit in UNITS.items():
        for spelling in unit.spellings:
            found = find_unit(spelling.lower())
            assert found == (name, 1.0), spelling
            assert parse_number(f"3 {spelling}") == (3.0, name)
        assert find_unit(written(name).lower()) == (name, 1.0)


def test_units_of_one_kind_convert_there_and_back():
    for one in UNITS:
        for other in UNITS:
            there = convert(3.0, one, other)
            assert (there is None) == (UNITS[one].kind != UNITS[other].kind)
            if there is not None:
                assert convert(there, other, one) == pytest.approx(3.0)


@pytest.mark.parametrize("code", LANGUAGES)
def test_an_answer_in_another_unit_of_its_kind_counts(code):
    with using_language(code):
        assert questions.check("00.days", "638 hours").right is True
        assert questions.check("00.days", "26.6 ngày").right is True
        assert questions.check("00.six-nd", "6806 PF-days").right is True
        assert questions.check("00.six-nd", "5.88e23 FLOP/s").right is False
        assert questions.check("01.uniform", "5 bits").right is True
        # there the conversion is the question
        assert questions.check("01.bits", "1.8172 nats").right is False
        assert questions.check("01.gpt3", "3.14e23 FLOPs").right is False


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_comma_that_may_be_a_decimal_mark_is_asked_about(code):
    with using_language(code):
        verdict = questions.check("00.perplexity", "7,389")
    assert verdict.right is None and "7,389" in verdict.text


@pytest.mark.parametrize("code", LANGUAGES)
def test_feedback_without_an_answer_or_with_nonsense(code):
    with using_language(code):
        assert questions.check("00.six-nd").right is None
        assert questions.check("00.six-nd", "many").right is None
        assert questions.check("00.held-out", "z").right is None
        assert questions.check("00.held-out", ["a", "b"]).right is None
        assert questions.check("00.held-out", "C)").right is True
        assert questions.check("00.six-nd", 1e30).right is False
        assert questions.check("00.six-nd", -1).right is False
        shown = questions.check("00.six-nd")._repr_html_()
        assert "<" not in shown.replace("<div", "").replace("<br>", "").replace("</div>", "")
