"""Durations and dates as a reader of each language expects them."""

from __future__ import annotations

import datetime
import math
import numbers

from course_utils.i18n.catalogue import t
from course_utils.i18n.numbers import format_count, format_number

_MINUTE, _HOUR, _DAY = 60, 3600, 86400
_YEAR = 365.25 * _DAY


def _amount(unit: str, n: str) -> str:
    return t(f"numbers.{unit}_{'one' if n == '1' else 'many'}", n=n)


def _pair(seconds: float, large: str, large_size: int, small: str, small_size: int) -> str:
    """Write two units, rounded to the smaller one: "3 days 4 hours"."""
    steps = round(seconds / small_size)
    whole, rest = divmod(steps, large_size // small_size)
    parts = [_amount(large, str(whole))] if whole else []
    if rest:
        parts.append(_amount(small, str(rest)))
    return " ".join(parts)


def format_duration(seconds: float | None) -> str:
    """Write a length of time with at most two units, from milliseconds to years.

    Parameters
    ----------
    seconds : float
        Zero or more; None is written as "unknown".

    Raises
    ------
    ValueError
        If it is negative.

    Examples
    --------
    >>> format_duration(3 * 86400 + 4 * 3600), format_duration(90), format_duration(0.067)
    ('3 days 4 hours', '1 minute 30 seconds', '67 ms')
    """
    if seconds is None or not math.isfinite(seconds):
        return format_number(seconds)
    if seconds < 0:
        raise ValueError(f"seconds: a duration cannot be negative, but is {seconds}. Swap start and end.")
    if seconds == 0:
        return _amount("second", "0")
    if seconds < 0.9995:
        return _amount("millisecond", _short(seconds * 1000))
    if seconds < 59.5:
        return _amount("second", _short(seconds) if seconds < 9.95 else str(round(seconds)))
    if seconds < _HOUR - 0.5:
        return _pair(seconds, "minute", _MINUTE, "second", 1)
    if seconds < _DAY - 30:
        return _pair(seconds, "hour", _HOUR, "minute", _MINUTE)
    if seconds < 10 * _DAY - _HOUR / 2:
        return _pair(seconds, "day", _DAY, "hour", _HOUR)
    if seconds < _YEAR:
        return _amount("day", str(round(seconds / _DAY)))
    years = seconds / _YEAR
    return _amount("year", _short(years) if years < 1000 else format_count(years))


def _short(x: float) -> str:
    """Two significant digits below ten, whole numbers above; no trailing zeros."""
    text = f"{x:.2g}" if x < 9.95 else str(round(x))
    return format_count(float(text))


def format_date(date: datetime.date | str) -> str:
    """Write a calendar date; a string must be ISO 8601 (``"2022-03-29"``).

    Examples
    --------
    >>> format_date("2022-03-29")
    '29 March 2022'
    """
    if isinstance(date, str):
        date = datetime.date.fromisoformat(date[:10])
    elif isinstance(date, numbers.Number) or not hasattr(date, "month"):
        raise ValueError(f"date: expected a date or an ISO 8601 string, not {date!r}. Pass e.g. '2022-03-29'.")
    month_name = t(f"numbers.months.m{date.month}")
    return t("numbers.date", day=date.day, month_name=month_name, year=date.year)
