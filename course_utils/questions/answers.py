"""Read a number as a person writes it, in any of the three languages.

The decimal mark of the course is a point. A comma is read as a decimal mark where it can be nothing else ("1,4 tỷ",
"0,125", "1.400,5"), as a mark between thousands where three digits follow it ("1,400"). "1,400" might still be meant
as 1.4: :func:`other_reading` gives that value, so that a checker can ask instead of saying no.
"""

from __future__ import annotations

import ast
import math
import operator
import re
import unicodedata

from course_utils.questions.units import find_unit

MULTIPLIERS = {
    "k": 1e3, "m": 1e6, "b": 1e9, "bn": 1e9, "t": 1e12, "tn": 1e12,
    "hundred": 1e2, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "trăm": 1e2, "nghìn": 1e3, "ngàn": 1e3, "vạn": 1e4, "triệu": 1e6, "tỷ": 1e9, "tỉ": 1e9,
    "十": 1e1, "百": 1e2, "千": 1e3, "万": 1e4, "萬": 1e4, "亿": 1e8, "億": 1e8,
}  # fmt: skip
_BY_LENGTH = sorted(MULTIPLIERS, key=len, reverse=True)

_PERCENT = ("%", "percent", "per cent", "phần trăm")
_ABOUT = re.compile(r"^(?:~|≈|about|around|roughly|khoảng|tầm|chừng|大约|约|大概)\s*")
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")
_NUMBER = re.compile(r"[-+]?(?:\d[\d.,]*|[.,]\d+)(?:e[-+]?\d+)?")
_POWER = re.compile(r"\s*[×x*·⋅]\s*10\s*(?:\^|\*\*)\s*[({]?\s*([-+]?\d+)\s*[)}]?")
_POWER_ALONE = re.compile(r"([-+]?)10\s*(?:\^|\*\*)\s*[({]?\s*([-+]?\d+)\s*[)}]?")
_ARITHMETIC = re.compile(r"[\d\s.e+\-*/^()]+")


class UnknownUnit(ValueError):
    """Refuse a number that is followed by words which are no unit; carries the number and the words."""

    def __init__(self, value: float, part: str) -> None:
        super().__init__(part)
        self.value, self.part = value, part


def parse_number(answer) -> tuple[float, str | None]:
    """Read `answer` as a number and a unit.

    Parameters
    ----------
    answer : number or str
        1.4e11, "1.4 × 10^11", "1.4×10¹¹", "140B", "140 tỷ", "1,4 nghìn tỷ", "1400亿", "27 days", "92 %",
        "6*70e9*1.4e12" and their like.

    Returns
    -------
    value : float
    unit : str or None
        One of the keys of `units.UNITS`, or None when no unit was written. A prefix is in the value: "312 TFLOP/s"
        is (3.12e14, "flop/s").

    Raises
    ------
    ValueError
        If the text is not a number, or a part of it is not understood; the message names that part.

    Examples
    --------
    >>> parse_number("1400亿")
    (140000000000.0, None)
    >>> parse_number("1.4 × 10^11 tokens")
    (140000000000.0, 'tokens')
    >>> parse_number("1,4 nghìn tỷ")
    (1400000000000.0, None)
    """
    if isinstance(answer, bool) or answer is None:
        raise ValueError(repr(answer))
    if not isinstance(answer, str):
        value = float(answer)
        if not math.isfinite(value):
            raise ValueError(repr(answer))
        return value, None
    return _read(_plain(answer), answer, comma_is_decimal=False)


def other_reading(answer) -> float | None:
    """Return what `answer` is worth if its commas are decimal marks, where that differs from `parse_number`.

    Examples
    --------
    >>> other_reading("1,400 tỷ"), other_reading("1,4 tỷ"), other_reading("1400")
    (1400000000.0, None, None)
    """
    if not isinstance(answer, str) or answer.count(",") + answer.count("，") != 1:
        return None
    try:
        value, _ = _read(_plain(answer), answer, comma_is_decimal=True)
        return value if value != parse_number(answer)[0] else None
    except ValueError:
        return None


def _plain(text: str) -> str:
    """Write superscripts as powers, full-width characters as plain ones, in lower case."""
    text = re.sub(r"10\s*([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "10^" + m.group(1).translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("–", "-").lower().strip()
    text = _ABOUT.sub("", text).rstrip("。;")
    text = re.sub(r"^百分之\s*(.+)$", r"\1%", text)
    text = re.sub(r"(?<=\d)_(?=\d)", "", text)
    # spaces between groups of three digits, as in 1 400 000
    return re.sub(r"(?<![\d.,])\d{1,3}(?: \d{3})+(?!\d)", lambda m: m.group().replace(" ", ""), text)


def _read(text: str, original: str, *, comma_is_decimal: bool) -> tuple[float, str | None]:
    if (computed := _arithmetic(text)) is not None:
        return computed, None
    factor_of_money, text = ("dollars", text[1:].strip()) if text.startswith("$") else (None, text)
    total, rest, last = None, text, math.inf
    while True:
        part = _one_number(rest, comma_is_decimal=comma_is_decimal)
        if part is None:
            break
        value, after = part
        multiplier, after = _multiplier(after)
        # "1 亿 4000 万", "1 tỷ 400 triệu": each part smaller than the one before, none but the last without a word
        if total is not None and (multiplier >= last or last == 1.0):
            break
        total, rest, last = (total or 0.0) + value * multiplier, after, multiplier
    if total is None or not math.isfinite(total):
        raise ValueError(original)
    rest = rest.strip().rstrip(".").strip()
    if rest in _PERCENT:
        return total / 100.0, None
    if not rest:
        return total, factor_of_money
    found = find_unit(rest)
    if found is None or (factor_of_money and found[0] != factor_of_money):
        raise UnknownUnit(total, rest)
    return total * found[1], found[0]


def _one_number(text: str, *, comma_is_decimal: bool) -> tuple[float, str] | None:
    text = text.strip()
    if alone := _POWER_ALONE.match(text):
        return (-1.0 if alone.group(1) == "-" else 1.0) * _power_of_ten(alone.group(2)), text[alone.end() :]
    found = _NUMBER.match(text)
    if not found:
        return None
    digits, rest = found.group(), text[found.end() :]
    while digits[-1] in ".,":  # the full stop of a sentence
        digits, rest = digits[:-1], digits[-1] + rest
        if not digits or digits in "+-":
            return None
    value = float(_with_point(digits, comma_is_decimal=comma_is_decimal))
    if power := _POWER.match(rest):
        value, rest = value * _power_of_ten(power.group(1)), rest[power.end() :]
    return value, rest


def _power_of_ten(exponent: str) -> float:
    if abs(int(exponent)) > 300:
        raise ValueError(f"10^{exponent}")
    return 10.0 ** int(exponent)


def _with_point(digits: str, *, comma_is_decimal: bool) -> str:
    """Write the digits of a number with a decimal point and nothing between thousands."""
    mantissa, e, exponent = digits.partition("e")
    commas, points = mantissa.count(","), mantissa.count(".")
    whole = mantissa.lstrip("+-")
    if commas and points:
        if mantissa.rfind(",") > mantissa.rfind("."):  # 1.400,5
            thousands, decimal = ".", ","
        else:
            thousands, decimal = ",", "."
    elif commas == 1 and (comma_is_decimal or not re.fullmatch(r"[1-9]\d{0,2},\d{3}", whole)):
        thousands, decimal = ".", ","
    elif commas:
        thousands, decimal = ",", "."
    elif points > 1:  # 1.400.000
        thousands, decimal = ".", ","
    else:
        thousands, decimal = ",", "."
    left, mark, right = whole.partition(decimal)
    if (
        thousands in right
        or decimal in right
        or not re.fullmatch(rf"\d*|\d{{1,3}}(?:{re.escape(thousands)}\d{{3}})+", left)
    ):
        raise ValueError(digits)
    sign = "-" if mantissa.startswith("-") else ""
    return sign + left.replace(thousands, "") + ("." if mark else "") + right + e + exponent


def _multiplier(rest: str) -> tuple[float, str]:
    """Take the words for thousands, millions and their like from the front; "nghìn tỷ" and "万亿" multiply."""
    factor = 1.0
    while True:
        rest = rest.strip()
        if find_unit(rest):  # 千瓦时 begins like a thousand and is a kilowatt-hour
            return factor, rest
        # a word must end where it ends: "5 tokens" is no trillion; and "TFLOP/s", "GB", "5 m" stay with their unit
        word = next((w for w in _BY_LENGTH if rest.startswith(w) and _ends(w, rest)), None)
        if word is None:
            return factor, rest
        factor, rest = factor * MULTIPLIERS[word], rest[len(word) :]


def _ends(word: str, text: str) -> bool:
    after = text[len(word) : len(word) + 1]
    if unicodedata.name(word[0]).startswith("CJK"):
        return True
    return not after.isalpha() or unicodedata.name(after).startswith("CJK")


_OPERATORS = {
    ast.Add: operator.add, ast.Sub: operator.sub, ast.Mult: operator.mul, ast.Div: operator.truediv,
    ast.Pow: operator.pow, ast.USub: operator.neg, ast.UAdd: operator.pos,
}  # fmt: skip


def _arithmetic(text: str) -> float | None:
    """Compute a sum such as "6*70e9*1.4e12"; None when the text is none, or is a plain number."""
    text = text.replace("×", "*").replace("÷", "/")
    if not _ARITHMETIC.fullmatch(text) or not re.search(r"[\d.)]\s*[-+*/^]", text):
        return None
    try:
        value = _compute(ast.parse(text.replace("^", "**"), mode="eval").body)
    except (SyntaxError, ZeroDivisionError, OverflowError, TypeError, RecursionError, MemoryError):
        return None
    return float(value) if isinstance(value, float) and math.isfinite(value) else None


def _compute(node: ast.AST) -> float:
    match node:
        case ast.Constant(value=int() | float() as value):
            return float(value)
        case ast.BinOp(left=left, op=op, right=right) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_compute(left), _compute(right))
        case ast.UnaryOp(op=op, operand=operand) if type(op) in _OPERATORS:
            return _OPERATORS[type(op)](_compute(operand))
    raise TypeError(type(node).__name__)
