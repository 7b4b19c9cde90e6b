"""Numbers as a reader of each language expects them.

The decimal mark is a point in all three languages, as in code and in figures. What differs is how large counts are
said: 140B, 140 tỷ, 1400 亿. Rounding comes first and words after, so that the three always say the same amount.
"""

from __future__ import annotations

import math
import numbers
from decimal import ROUND_HALF_UP, Decimal

from course_utils.i18n.catalogue import t
from course_utils.i18n.current import language

_MINUS = "\u2212"
_SUPERSCRIPTS = str.maketrans("-0123456789", "⁻⁰¹²³⁴⁵⁶⁷⁸⁹")
_LARGEST_COUNT = Decimal("1e15")  # beyond, no language has a word that readers take in at a glance

# The Chinese steps are powers of ten thousand; English and Vietnamese ones of a thousand.
_STEPS_OF_THOUSAND = (("trillion", 12), ("billion", 9), ("million", 6), ("thousand", 3))
_STEPS_OF_TEN_THOUSAND = (("万亿", 12), ("亿", 8), ("万", 4))


def _unusual(x: float | None) -> str | None:
    """Return what to write for a value that is no finite number, or None when it is one."""
    if x is None:
        return t("numbers.unknown")
    if math.isnan(x):
        return "NaN"
    if math.isinf(x):
        return "∞" if x > 0 else f"{_MINUS}∞"
    return None


def _decimal(x: float) -> Decimal:
    """Convert by the shortest decimal that prints the same float, so that 2.675 is 2.675 and not 2.67499…"""
    return Decimal(int(x)) if isinstance(x, numbers.Integral) else Decimal(repr(float(x)))


def _cut(x: Decimal, place: int) -> Decimal:
    """Round to a power of ten, halves away from zero, as readers learnt at school."""
    return x.quantize(Decimal(1).scaleb(place), rounding=ROUND_HALF_UP)


def _rounded(x: Decimal, digits: int) -> Decimal:
    if digits < 1:
        raise ValueError(f"digits: at least one significant digit is needed, not {digits}. Pass 1 or more.")
    if x == 0:
        return Decimal(0)
    cut = _cut(x, x.adjusted() - digits + 1)
    # 9.996 to three digits is 10.0, not 10.00: rounding up has won a digit.
    return _cut(cut, cut.adjusted() - digits + 1)


def _plain(x: Decimal, *, group: bool = False, strip: bool = True) -> str:
    text = format(x, ",f" if group else "f")
    if strip and "." in text:
        text = text.rstrip("0").rstrip(".")
    return text.replace("-", _MINUS)


def format_number(x: float | None, digits: int = 3) -> str:
    """Write a number with significant digits; whole digits are never rounded away.

    Integers are written out in full, floats to ``digits`` significant digits with trailing zeros kept (1.80 says more
    than 1.8). Below 0.001 and from a million on, floats take powers of ten. None is written as "unknown".

    Examples
    --------
    >>> format_number(1.8172), format_number(12850), format_number(5.76e23)
    ('1.82', '12,850', '5.76 × 10²³')
    """
    if (unusual := _unusual(x)) is not None:
        return unusual
    value = _decimal(x)
    if isinstance(x, numbers.Integral):
        return _plain(value, group=True)
    rounded = _rounded(value, digits)
    if rounded == 0:
        return "0"
    if not Decimal("1e-3") <= abs(rounded) < Decimal("1e6"):
        return format_scientific(x, digits)
    # 12,850.7 keeps its five whole digits, whatever `digits` says.
    rounded = _rounded(value, max(digits, value.adjusted() + 1))
    return _plain(rounded, group=True, strip=False)


def format_scientific(x: float | None, digits: int = 3) -> str:
    """Write a number as a power of ten; a mantissa of one is left out.

    Examples
    --------
    >>> format_scientific(5.76e23), format_scientific(1e-3)
    ('5.76 × 10²³', '10⁻³')
    """
    if (unusual := _unusual(x)) is not None:
        return unusual
    value = _rounded(_decimal(x), digits)
    if value == 0:
        return "0"
    exponent = value.adjusted()
    mantissa = _plain(value.scaleb(-exponent))
    power = "10" + str(exponent).translate(_SUPERSCRIPTS)
    if mantissa in ("1", f"{_MINUS}1"):
        return mantissa[:-1] + power
    return f"{mantissa} × {power}"


def format_count(x: float | None, digits: int = 3) -> str:
    """Write a count (parameters, tokens, devices) with the words of the language.

    Examples
    --------
    >>> format_count(1.4e11), format_count(768), format_count(21.2e12)
    ('140B', '768', '21.2T')
    """
    if (unusual := _unusual(x)) is not None:
        return unusual
    value = _rounded(_decimal(x), digits)
    if abs(value) >= _LARGEST_COUNT:
        return format_scientific(x, digits)
    if language() == "zh":
        for word, power in _STEPS_OF_TEN_THOUSAND:
            if abs(value) >= Decimal(10) ** power:
                return f"{_plain(value.scaleb(-power))} {word}"
    else:
        for name, power in _STEPS_OF_THOUSAND:
            if abs(value) >= Decimal(10) ** power:
                return t(f"numbers.{name}", n=_plain(value.scaleb(-power)))
    if abs(value) >= 100 or isinstance(x, numbers.Integral):
        return _plain(_cut(value, 0))
    return _plain(value)


def format_flops(x: float | None, digits: int = 3) -> str:
    """Write an amount of compute: floating-point operations, not operations per second.

    Examples
    --------
    >>> format_flops(5.76e23)
    '5.76 × 10²³ FLOPs'
    """
    if (unusual := _unusual(x)) is not None:
        return f"{unusual} FLOPs" if x is not None else unusual
    text = format_scientific(x, digits) if abs(x) >= 1e4 else _plain(_rounded(_decimal(x), digits))
    return f"{text} FLOPs"


def format_percent(x: float | None, digits: int = 2) -> str:
    """Write a fraction as a percentage; what is not quite 100% never rounds up to it.

    Examples
    --------
    >>> format_percent(0.69), format_percent(0.005), format_percent(0.9996)
    ('69%', '0.5%', '99.96%')
    """
    if (unusual := _unusual(x)) is not None:
        return f"{unusual}%" if x is not None else unusual
    value = _decimal(x) * 100
    rounded = _rounded(value, digits)
    while rounded == 100 and value < 100 and digits < 8:
        digits += 1
        rounded = _rounded(value, digits)
    # 1,234% keeps its whole digits; two significant digits would read 1200%.
    if abs(value) >= 100:
        rounded = _cut(value, 0)
    return _plain(rounded, group=True) + "%"


def format_money(dollars: float | None, digits: int = 3) -> str:
    """Write an amount of US dollars.

    Examples
    --------
    >>> format_money(4.6e6), format_money(12300.0), format_money(2.5)
    ('$4.6M', '$12,300', '$2.50')
    """
    if (unusual := _unusual(dollars)) is not None:
        return unusual
    if dollars < 0:
        return _MINUS + format_money(-dollars, digits)
    value = _decimal(dollars)
    if value < 100:
        cents = _cut(value, -2)
        return t("numbers.dollars", n=_plain(cents, strip=cents == cents.to_integral_value()))
    rounded = _rounded(value, digits)
    words_from = {"en": Decimal("1e6"), "vi": Decimal("1e6"), "zh": Decimal("1e4")}[language()]
    if rounded < words_from:
        return t("numbers.dollars", n=_plain(_cut(rounded, 0), group=True))
    return t("numbers.dollars", n=format_count(dollars, digits))


def format_bytes(x: int | None, digits: int = 3) -> str:
    """Write a file size in decimal units.

    Examples
    --------
    >>> format_bytes(1771976), format_bytes(512)
    ('1.77 MB', '512 B')
    """
    if (unusual := _unusual(x)) is not None:
        return unusual
    value = _rounded(_decimal(x), digits) if x >= 1000 else _decimal(x)
    for unit, power in (("GB", 9), ("MB", 6), ("kB", 3)):
        if value >= Decimal(10) ** power:
            return f"{_plain(value.scaleb(-power))} {unit}"
    return f"{_plain(value)} B"
