"""Read a number as a person writes it, in any of the three languages."""

from __future__ import annotations

import math
import re

SUFFIXES = {
    "k": 1e3, "m": 1e6, "b": 1e9, "t": 1e12, "thousand": 1e3, "million": 1e6, "billion": 1e9, "trillion": 1e12,
    "nghìn": 1e3, "ngàn": 1e3, "triệu": 1e6, "tỷ": 1e9, "tỉ": 1e9, "nghìn tỷ": 1e12, "nghìn tỉ": 1e12, "ngàn tỷ": 1e12,
    "千": 1e3, "万": 1e4, "百万": 1e6, "千万": 1e7, "亿": 1e8, "十亿": 1e9, "百亿": 1e10, "千亿": 1e11, "万亿": 1e12,
    "%": 1e-2,
}

UNITS = {
    "flops": ("flops", "flop", "phép tính", "次浮点运算"),
    "flop/s": ("flop/s", "flops/s", "flop per second", "flops per second"),
    "tokens": ("tokens", "token", "词元"),
    "params": ("params", "parameters", "tham số", "个参数", "参数"),
    "nats": ("nats", "nat", "奈特", "nats/token", "nats a token", "nats per token"),
    "bits": ("bits", "bit", "比特", "bits/token", "bits per token"),
    "days": ("days", "day", "ngày", "天"),
    "hours": ("hours", "hour", "giờ", "小时"),
    "pf-days": ("pf-days", "pf-day", "pfdays"),
}
_UNIT_OF = {spelling: unit for unit, spellings in UNITS.items() for spelling in spellings}
_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻⁺", "0123456789-+")


def parse_number(answer) -> tuple[float, str | None]:
    """Read `answer` as a number and a unit.

    Parameters
    ----------
    answer : number or str
        1.4e11, "1.4 × 10^11", "1.4×10¹¹", "140B", "140 tỷ", "1400亿", "27 days", "92 %" and their like.

    Returns
    -------
    value : float
    unit : str or None
        One of the keys of `UNITS`, or None when no unit was written.

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
    """
    if isinstance(answer, bool) or answer is None:
        raise ValueError(repr(answer))
    if not isinstance(answer, str):
        value = float(answer)
        if not math.isfinite(value):
            raise ValueError(repr(answer))
        return value, None
    text = answer.strip().lower().replace("−", "-").replace("，", ",")
    text = re.sub(r"10\s*([⁻⁺]?[⁰¹²³⁴⁵⁶⁷⁸⁹]+)", lambda m: "10^" + m.group(1).translate(_SUPERSCRIPTS), text)
    text = re.sub(r"(?<=\d),(?=\d{3}\b)", "", text)
    found = re.match(r"[-+]?(?:\d+\.?\d*|\.\d+)(?:e[-+]?\d+)?", text)
    power_alone = re.match(r"10\s*(?:\^|\*\*)\s*([-+]?\d+)", text)
    if power_alone:
        value, rest = 10.0 ** int(power_alone.group(1)), text[power_alone.end():]
    elif found:
        value, rest = float(found.group()), text[found.end():]
        power = re.match(r"\s*[×x*·]\s*10\s*(?:\^|\*\*)\s*([-+]?\d+)", rest)
        if power:
            value, rest = value * 10.0 ** int(power.group(1)), rest[power.end():]
    else:
        raise ValueError(answer)
    rest = rest.strip()
    for suffix in sorted(SUFFIXES, key=len, reverse=True):
        # a Latin letter must not run on: "5 tokens" is no trillion
        ends = not suffix.isascii() or suffix == "%" or not rest[len(suffix):len(suffix) + 1].isalpha()
        if rest.startswith(suffix) and ends:
            value, rest = value * SUFFIXES[suffix], rest[len(suffix):].strip()
            break
    if not rest:
        return value, None
    if rest in _UNIT_OF:
        return value, _UNIT_OF[rest]
    raise ValueError(rest)
