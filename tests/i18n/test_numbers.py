"""Numbers, durations, money and dates as each language says them."""

import datetime
import math

import pytest
from hypothesis import given
from hypothesis import strategies as st

from course_utils.i18n import (
    LANGUAGES,
    format_bytes,
    format_count,
    format_date,
    format_duration,
    format_flops,
    format_money,
    format_number,
    format_percent,
    format_scientific,
    using_language,
)

HOUR, DAY = 3600, 86400


def in_all(function, *arguments):
    said = []
    for code in LANGUAGES:
        with using_language(code):
            said.append(function(*arguments))
    return tuple(said)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (0, ("0", "0", "0")),
        (768, ("768", "768", "768")),
        (1500, ("1.5K", "1.5 nghìn", "1500")),
        (50257, ("50.3K", "50.3 nghìn", "5.03 万")),
        (999_999, ("1M", "1 triệu", "100 万")),
        (1e8, ("100M", "100 triệu", "1 亿")),
        (6.7e9, ("6.7B", "6.7 tỷ", "67 亿")),
        (1.4e11, ("140B", "140 tỷ", "1400 亿")),
        (1.746e11, ("175B", "175 tỷ", "1750 亿")),
        (1e12, ("1T", "1 nghìn tỷ", "1 万亿")),
        (2.162e14, ("216T", "216 nghìn tỷ", "216 万亿")),
        (5.76e23, ("5.76 × 10²³",) * 3),
        (-3e6, ("−3M", "−3 triệu", "−300 万")),
        (None, ("unknown", "không rõ", "未知")),
    ],
)
def test_count(x, expected):
    assert in_all(format_count, x) == expected


@given(st.floats(1, 9.9e14))
def test_the_three_languages_say_the_same_count(x):
    unit = {"K": 1e3, "M": 1e6, "B": 1e9, "T": 1e12, "nghìn": 1e3, "triệu": 1e6, "tỷ": 1e9, "nghìn tỷ": 1e12}
    unit |= {"万": 1e4, "亿": 1e8, "万亿": 1e12, "": 1.0}

    def value(text):
        digits = "".join(char for char in text if char.isdigit() or char == ".")
        return float(digits) * unit[text.removeprefix(digits).strip()]

    said = [value(text) for text in in_all(format_count, x)]
    assert math.isclose(said[0], said[1], rel_tol=1e-12)
    assert math.isclose(said[0], said[2], rel_tol=1e-12)
    assert math.isclose(said[0], x, rel_tol=5.1e-3)


@pytest.mark.parametrize(
    ("x", "expected"),
    [
        (1.8172, "1.82"),
        (0.34, "0.340"),
        (2, "2"),
        (2.0, "2.00"),
        (12850, "12,850"),
        (12850.7, "12,851"),
        (9.996, "10.0"),
        (0.0001, "10⁻⁴"),
        (5.76e23, "5.76 × 10²³"),
        (-0.5, "−0.500"),
        (math.nan, "NaN"),
        (math.inf, "∞"),
        (0.0, "0"),
    ],
)
def test_number_is_the_same_in_all_languages(x, expected):
    assert in_all(format_number, x) == (expected,) * 3


def test_number_refuses_no_digits():
    with pytest.raises(ValueError, match="digits"):
        format_number(1.5, 0)


@pytest.mark.parametrize(("x", "expected"), [(1e23, "10²³"), (3.1e-4, "3.1 × 10⁻⁴"), (9.999e5, "10⁶"), (0, "0")])
def test_scientific(x, expected):
    assert format_scientific(x) == expected


def test_flops_say_an_amount():
    assert format_flops(5.76e23) == "5.76 × 10²³ FLOPs"
    assert format_flops(600) == "600 FLOPs"


@pytest.mark.parametrize(
    ("seconds", "expected"),
    [
        (0, ("0 seconds", "0 giây", "0 秒")),
        (0.067, ("67 ms", "67 ms", "67 毫秒")),
        (1, ("1 second", "1 giây", "1 秒")),
        (1.5, ("1.5 seconds", "1.5 giây", "1.5 秒")),
        (59.7, ("1 minute", "1 phút", "1 分钟")),
        (90, ("1 minute 30 seconds", "1 phút 30 giây", "1 分钟 30 秒")),
        (HOUR - 0.4, ("1 hour", "1 giờ", "1 小时")),
        (DAY - 1, ("1 day", "1 ngày", "1 天")),
        (3 * DAY + 4 * HOUR, ("3 days 4 hours", "3 ngày 4 giờ", "3 天 4 小时")),
        (34 * DAY, ("34 days", "34 ngày", "34 天")),
        (365.25 * DAY, ("1 year", "1 năm", "1 年")),
        (3e12, ("95.1K years", "95.1 nghìn năm", "9.51 万年")),
        (None, ("unknown", "không rõ", "未知")),
    ],
)
def test_duration(seconds, expected):
    assert in_all(format_duration, seconds) == expected


@given(st.floats(0, 1e15))
def test_every_duration_can_be_said_without_sixty_of_anything(seconds):
    for text in in_all(format_duration, seconds):
        assert not any(f"60 {unit}" in text for unit in ("second", "minute", "giây", "phút", "秒", "分钟"))


def test_negative_duration_is_refused():
    with pytest.raises(ValueError, match="negative"):
        format_duration(-1)


@pytest.mark.parametrize(
    ("dollars", "expected"),
    [
        (0.35, ("$0.35", "0.35 USD", "0.35 美元")),
        (2, ("$2", "2 USD", "2 美元")),
        (99.999, ("$100", "100 USD", "100 美元")),
        (1234, ("$1,230", "1,230 USD", "1,230 美元")),
        (12345, ("$12,300", "12,300 USD", "1.23 万美元")),
        (4.6e6, ("$4.6M", "4.6 triệu USD", "460 万美元")),
        (1.2e9, ("$1.2B", "1.2 tỷ USD", "12 亿美元")),
        (-5, ("−$5", "−5 USD", "−5 美元")),
    ],
)
def test_money(dollars, expected):
    assert in_all(format_money, dollars) == expected


@pytest.mark.parametrize(
    ("x", "expected"),
    [(0.69, "69%"), (0.005, "0.5%"), (0.9996, "99.96%"), (1.0, "100%"), (12.3, "1,230%"), (-0.05, "−5%"), (0, "0%")],
)
def test_percent(x, expected):
    assert in_all(format_percent, x) == (expected,) * 3


def test_date():
    expected = ("29 March 2022", "ngày 29 tháng 3 năm 2022", "2022 年 3 月 29 日")
    assert in_all(format_date, datetime.date(2022, 3, 29)) == expected
    assert in_all(format_date, "2022-03-29") == expected
    with pytest.raises(ValueError, match="ISO 8601"):
        format_date(20220329)


def test_bytes():
    assert [format_bytes(x) for x in (512, 23224, 1771976, 999_999)] == ["512 B", "23.2 kB", "1.77 MB", "1 MB"]
