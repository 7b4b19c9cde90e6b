"""Read the numbers of a sentence as values, so that 140B, 140 tỷ and 1400 亿 are one number.

Two kinds: *digits* (what is written in figures, times the scale word behind it) and *spelled* numbers (ten, mười, 十).
Translations must agree in the first; the second only excuses a difference, as when "ten times" becomes "10 lần".
"""

from __future__ import annotations

import re
from collections import Counter
from decimal import Decimal

_LETTER_SCALES = {"K": 3, "k": 3, "M": 6, "B": 9, "T": 12, "bn": 9}
_WORD_SCALES = {
    "en": {"thousand": 3, "million": 6, "billion": 9, "trillion": 12},
    "vi": {"nghìn tỷ": 12, "nghìn tỉ": 12, "triệu tỷ": 15, "nghìn": 3, "ngàn": 3, "triệu": 6, "tỷ": 9, "tỉ": 9},
    "zh": {"万亿": 12, "千亿": 11, "百亿": 10, "十亿": 9, "亿": 8, "千万": 7, "百万": 6, "十万": 5, "万": 4},
}
_MONTHS = [
    "January", "February", "March", "April", "May", "June",
    "July", "August", "September", "October", "November", "December",
]  # fmt: skip
_MONTH = re.compile(rf"(?<=\d )({'|'.join(_MONTHS)})\b|\b({'|'.join(_MONTHS)})(?= \d)")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹", "0123456789")
_SUPERSCRIPT_RUN = re.compile("⁻?[⁰¹²³⁴⁵⁶⁷⁸⁹]+")
_GROUP = "[,\u00a0\u2009\u202f]"
_NUMBER = rf"\d{{1,3}}(?:{_GROUP}\d{{3}})+(?:\.\d+)?(?!\d)|\d+(?:\.\d+)?(?:[eE][+-]?\d+)?"
_RANGE = r"\s?(?:-|–|—|~|to|đến|tới|到|至)\s?"

_SPELLED = {
    "en": {
        "zero": 0, "one": 1, "two": 2, "three": 3, "four": 4, "five": 5, "six": 6, "seven": 7, "eight": 8, "nine": 9,
        "ten": 10, "eleven": 11, "twelve": 12, "thirteen": 13, "fourteen": 14, "fifteen": 15, "sixteen": 16,
        "seventeen": 17, "eighteen": 18, "nineteen": 19, "twenty": 20, "thirty": 30, "forty": 40, "fifty": 50,
        "sixty": 60, "seventy": 70, "eighty": 80, "ninety": 90, "hundred": 100, "thousand": 1000, "million": 10**6,
        "billion": 10**9, "trillion": 10**12, "tenfold": 10, "twice": 2, "double": 2, "doubles": 2, "doubling": 2,
        "doubled": 2, "thrice": 3, "dozen": 12, "once": 1, "single": 1, "first": 1, "second": 2, "third": 3,
        "thirds": 3, "fourth": 4, "fifth": 5, "tenth": 10, "hundredth": 100, "thousandth": 1000, "quarter": 4,
        "half": 2, "halves": 2, "both": 2,
    },
    "vi": {
        "không": 0, "một": 1, "hai": 2, "ba": 3, "bốn": 4, "tư": 4, "năm": 5, "sáu": 6, "bảy": 7, "tám": 8,
        "chín": 9, "mười": 10, "mươi": 10, "lăm": 5, "mốt": 1, "trăm": 100, "nghìn": 1000, "ngàn": 1000,
        "triệu": 10**6, "tỷ": 10**9, "tỉ": 10**9, "nửa": 2, "đôi": 2, "cả": 2, "nhất": 1, "chục": 10, "tá": 12,
    },
}  # fmt: skip
_ZH_DIGITS = {letter: value for value, letter in enumerate("零一二三四五六七八九")}
_ZH_DIGITS |= {"两": 2, "半": 2, "倍": 2, "双": 2}
_ZH_SCALES = {"十": 10, "百": 100, "千": 1000, "万": 10**4, "亿": 10**8}


def digit_numbers(words: str, language: str) -> Counter[Decimal]:
    """Count the numbers written in figures, each times its scale word.

    Parameters
    ----------
    words : str
        Running text without formulas, links and code (see `prose.take_apart`).
    language : str
        "en", "vi" or "zh": decides the scale words and, in English, the names of months.

    Returns
    -------
    Counter of Decimal
        Each value and how often it stands there.

    Examples
    --------
    >>> digit_numbers("140B tokens", "en") == digit_numbers("140 tỷ token", "vi") == digit_numbers("1400 亿词元", "zh")
    True
    """
    if language == "en":
        words = _MONTH.sub(lambda found: str(_MONTHS.index(found.group()) + 1), words)
    words = _SUPERSCRIPT_RUN.sub(lambda found: "^" + found.group().replace("⁻", "-").translate(_SUPERSCRIPTS), words)
    scale_words = sorted(_WORD_SCALES[language], key=len, reverse=True)
    # 5 千 is left out of the Chinese scale words: 千瓦 and 千克 are units, and figures before a lone 千 are rare.
    boundary = "" if language == "zh" else r"(?![^\W\d_])"
    scale = (
        rf"(?:(?P<letter>{'|'.join(_LETTER_SCALES)})(?![A-Za-z0-9])"
        rf"|[\s-]?(?P<word>{'|'.join(scale_words)}){boundary})"
    )
    pattern = re.compile(rf"(?P<low>{_NUMBER})(?:{_RANGE}(?P<high>{_NUMBER}))?{scale}?")
    words = re.sub(rf"(?i)\b({'|'.join(scale_words)})\b", lambda found: found.group().lower(), words)
    numbers: Counter[Decimal] = Counter()
    for found in pattern.finditer(words):
        power = 0
        if found["letter"]:
            power = _LETTER_SCALES[found["letter"]]
        elif found["word"]:
            power = _WORD_SCALES[language][found["word"]]
        for figure in (found["low"], found["high"]):
            if figure:
                numbers[(Decimal(re.sub(_GROUP, "", figure)) * 10**power).normalize()] += 1
    return numbers


def spelled_numbers(words: str, language: str) -> set[Decimal]:
    """Collect the values of numbers written in words, generously: single words and what they form together.

    Examples
    --------
    >>> [sorted(map(int, found)) for found in (spelled_numbers("three hundred", "en"), spelled_numbers("三百", "zh"))]
    [[3, 100, 300], [3, 100, 300]]
    """
    if language == "zh":
        runs = re.findall(f"[{''.join(_ZH_DIGITS)}{''.join(_ZH_SCALES)}]+", words)
        lists = [[_ZH_DIGITS.get(letter, _ZH_SCALES.get(letter)) for letter in run] for run in runs]
        scales = set(_ZH_SCALES.values())
    else:
        values = _SPELLED[language]
        lists, current = [], []
        for word in re.findall(r"[^\W\d_]+", words.lower()):
            if word in values:
                current.append(values[word])
            elif current:
                lists.append(current)
                current = []
        lists.append(current)
        scales = {100, 1000, 10**6, 10**9, 10**12} | ({10} if language == "vi" else set())
    found: set[Decimal] = set()
    for values_in_a_row in lists:
        found |= {Decimal(value) for value in values_in_a_row}
        if values_in_a_row:
            found.add(Decimal(_compose(values_in_a_row, scales)))
    return {value.normalize() for value in found}


def _compose(values: list[int], scales: set[int]) -> int:
    """Compose a row of number words: 3, 100, 20 make 320; a scale of 1,000 or more closes its group."""
    total = group = 0
    for value in values:
        if value not in scales:
            group += value
        elif value < 1000:
            ones = group % value if group >= value else group
            group = group - ones + max(ones, 1) * value
        else:
            total += max(group, 1) * value
            group = 0
    return total + group


def differing_numbers(english: str, translated: str, language: str) -> tuple[list[Decimal], list[Decimal]]:
    """List numbers that only the English has, and numbers that only the translation has.

    Parameters
    ----------
    english, translated : str
        Running text of the same block.
    language : str
        Language of the translation.

    Returns
    -------
    missing, extra : list of Decimal
        Both empty where the numbers agree. A number in figures on one side and in words on the other agrees.

    Examples
    --------
    >>> differing_numbers("ten times 70B", "gấp 10 lần 70 tỷ", "vi")
    ([], [])
    >>> differing_numbers("0.16", "0.61", "zh")
    ([Decimal('0.16')], [Decimal('0.61')])
    """
    ours, theirs = digit_numbers(english, "en"), digit_numbers(translated, language)
    missing = [value for value in (ours - theirs) if value not in spelled_numbers(translated, language)]
    extra = [value for value in (theirs - ours) if value not in spelled_numbers(english, "en")]
    return sorted(missing), sorted(extra)


def plain(value: Decimal) -> str:
    """Write a value for a message: 140000000000 as 1.4e+11, 0.16 as 0.16."""
    return f"{float(value):.12g}" if abs(value) >= 10**6 else format(value, "f")
