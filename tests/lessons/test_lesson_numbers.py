"""Numbers of three languages are read as the same values."""

from collections import Counter
from decimal import Decimal

import pytest

from course_utils.lessons.numbers import differing_numbers, digit_numbers, spelled_numbers

SAME = [
    ("140B tokens", "140 tỷ token", "1400 亿词元"),
    ("1.4T tokens", "1.4 nghìn tỷ token", "1.4 万亿词元"),
    ("1.4 trillion", "1.4 nghìn tỉ", "1.4 万亿"),
    ("70 million", "70 triệu", "7000 万"),
    ("a 70-billion model", "mô hình 70 tỷ", "700 亿的模型"),
    ("16K tokens", "16 nghìn token", "1.6 万词元"),
    ("10 to 20 million", "10 đến 20 triệu", "1000 万到 2000 万"),
    ("3–5 billion", "3–5 tỷ", "30–50 亿"),
    ("1,000,000 runs", "1,000,000 lần", "100 万次"),
    ("March 2020", "tháng 3 năm 2020", "2020 年 3 月"),
    ("29 March 2022", "29/3/2022", "2022 年 3 月 29 日"),
    ("10²³ FLOPs", "10²³ FLOPs", "10²³ FLOPs"),
    ("5.76e23", "5.76e23", "5.76e23"),
    ("14% less", "bớt 14%", "少 14%"),
    ("1/10,000 of it", "1/10,000", "1/10,000"),
    ("an H100 of 80 GB", "một H100 80 GB", "一块 80 GB 的 H100"),
]


@pytest.mark.parametrize(("en", "vi", "zh"), SAME, ids=[case[0] for case in SAME])
def test_same_values(en, vi, zh):
    assert digit_numbers(en, "en") == digit_numbers(vi, "vi") == digit_numbers(zh, "zh")


def test_values_themselves():
    assert digit_numbers("140B and 1,000.5 and 0.16", "en") == Counter(map(Decimal, ("1.4E+11", "1000.5", "0.16")))
    assert digit_numbers("3 千瓦", "zh") == Counter([Decimal(3)])
    assert digit_numbers("3 Billion", "en") == Counter([Decimal("3E+9")])
    assert digit_numbers("8 Bits", "en") == Counter([Decimal(8)])


@pytest.mark.parametrize(
    ("words", "language", "values"),
    [
        ("three hundred and twenty", "en", {3, 20, 100, 300}),
        ("one hundred twenty thousand", "en", {120_000}),
        ("mười hai", "vi", {12}),
        ("hai mươi lăm", "vi", {25}),
        ("ba trăm nghìn", "vi", {300_000}),
        ("三百二十", "zh", {320}),
        ("一万两千", "zh", {12_000}),
        ("三分之一", "zh", {1, 3}),
        ("no number", "en", set()),
    ],
)
def test_spelled_numbers(words, language, values):
    found = spelled_numbers(words, language)
    assert values <= {int(value) for value in found}
    assert bool(values) == bool(found)


@pytest.mark.parametrize(
    ("en", "other", "language"),
    [
        ("ten times the compute", "gấp 10 lần", "vi"),
        ("10 times the compute", "mười lần", "vi"),
        ("10 times the compute", "十倍", "zh"),
        ("one part in 10,000", "1 万分之一", "zh"),
        ("twice as much", "gấp 2", "vi"),
    ],
)
def test_words_excuse_figures(en, other, language):
    assert differing_numbers(en, other, language) == ([], [])


@pytest.mark.parametrize(
    ("en", "other", "language"),
    [
        ("0.16", "0.61", "zh"),
        ("140B", "140 亿", "zh"),
        ("1.4T", "1.4 tỷ", "vi"),
        ("70 and 70", "70", "vi"),
        ("10 times", "hàng trăm nghìn", "vi"),
        ("3 runs", "20 次", "zh"),
    ],
)
def test_real_differences_are_found(en, other, language):
    missing, extra = differing_numbers(en, other, language)
    assert missing or extra
