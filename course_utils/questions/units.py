"""Units of answers: how they are written in three languages, and what they are worth in each other."""

from __future__ import annotations

import math
import re
from dataclasses import dataclass

from course_utils.i18n import t


@dataclass(frozen=True)
class Unit:
    """One unit.

    Attributes
    ----------
    kind : str
        Units of one kind can be converted into each other.
    factor : float
        How much of the kind's first unit one of it is.
    spellings : tuple of str
        Lower case, in English, Vietnamese and Chinese; the first is how the course writes it.
    prefixed : bool
        Whether k, M, G, T, P, E and Z may stand before a spelling.
    """

    kind: str
    factor: float
    spellings: tuple[str, ...]
    prefixed: bool = False


UNITS = {
    "flops": Unit("operations", 1.0, ("FLOPs", "flop", "phép tính", "次浮点运算", "次运算"), True),
    "pf-days": Unit("operations", 8.64e19, ("PF-days", "pf-day", "pfdays", "pf-s-days", "petaflop/s-days", "pf-ngày")),
    "flop/s": Unit("speed", 1.0, ("FLOP/s", "flops/s", "flop per second", "flops per second", "phép tính/giây"), True),
    "tokens": Unit("tokens", 1.0, ("tokens", "token", "词元", "个词元")),
    "params": Unit("parameters", 1.0, ("params", "parameters", "parameter", "tham số", "个参数", "参数")),
    "nats": Unit("information", 1.0, ("nats", "nat", "奈特")),
    "bits": Unit("information", math.log(2), ("bits", "bit", "比特")),
    "seconds": Unit("time", 1.0, ("seconds", "second", "s", "sec", "giây", "秒")),
    "minutes": Unit("time", 60.0, ("minutes", "minute", "min", "phút", "分钟")),
    "hours": Unit("time", 3600.0, ("hours", "hour", "h", "giờ", "tiếng", "小时", "个小时")),
    "days": Unit("time", 86400.0, ("days", "day", "d", "ngày", "天")),
    "weeks": Unit("time", 604800.0, ("weeks", "week", "tuần", "周", "个星期")),
    "years": Unit("time", 365.25 * 86400.0, ("years", "year", "năm", "年")),
    "bytes": Unit("memory", 1.0, ("bytes", "byte", "字节"), True),
    "dollars": Unit("money", 1.0, ("dollars", "dollar", "usd", "us$", "$", "đô la", "đô", "美元", "美金")),
    "kwh": Unit("energy", 1.0, ("kWh", "kilowatt-hours", "kilowatt-hour", "度电", "度", "千瓦时")),
    "mwh": Unit("energy", 1e3, ("MWh", "megawatt-hours", "megawatt-hour", "兆瓦时")),
    "gwh": Unit("energy", 1e6, ("GWh", "gigawatt-hours", "gigawatt-hour")),
}
"""Units by the name that the bank uses."""

_PREFIXES = {"k": 1e3, "m": 1e6, "g": 1e9, "t": 1e12, "p": 1e15, "e": 1e18, "z": 1e21}
_BINARY = {"kib": 2**10, "mib": 2**20, "gib": 2**30, "tib": 2**40, "pib": 2**50}
_UNIT_OF = {spelling.lower(): name for name, unit in UNITS.items() for spelling in unit.spellings}

# What a count is of: "per token" after a loss changes nothing.
_PER_TOKEN = re.compile(r"\s*(?:/|per|a|mỗi|trên|每)\s*(?:tokens?|词元)$")


def find_unit(text: str) -> tuple[str, float] | None:
    """Read `text` as a unit.

    Parameters
    ----------
    text : str
        Lower case, without spaces around it.

    Returns
    -------
    (name, factor) or None
        Name of the unit in `UNITS` and what a prefix multiplies it by; None when it is no unit.

    Examples
    --------
    >>> find_unit("giờ"), find_unit("tflop/s"), find_unit("nats per token"), find_unit("apples")
    (('hours', 1.0), ('flop/s', 1000000000000.0), ('nats', 1.0), None)
    """
    text = text.strip()
    if text not in _UNIT_OF:
        text = _PER_TOKEN.sub("", text)
    if text in _UNIT_OF:
        return _UNIT_OF[text], 1.0
    if text in _BINARY:
        return "bytes", float(_BINARY[text])
    if len(text) == 2 and text[1] == "b" and text[0] in _PREFIXES:
        return "bytes", _PREFIXES[text[0]]
    if text[:1] in _PREFIXES:
        name = _UNIT_OF.get(text[1:].strip())
        if name and UNITS[name].prefixed:
            return name, _PREFIXES[text[0]]
    return None


def convert(value: float, unit: str, wanted: str) -> float | None:
    """Convert a value between units of one kind; None when their kinds differ.

    Examples
    --------
    >>> convert(48.0, "hours", "days"), convert(1.0, "nats", "tokens")
    (2.0, None)
    """
    one, other = UNITS[unit], UNITS[wanted]
    return value * one.factor / other.factor if one.kind == other.kind else None


def written(unit: str) -> str:
    """Return how the course writes a unit, in the language in force.

    Examples
    --------
    >>> written("flops"), written("pf-days")
    ('FLOPs', 'PF-days')
    """
    return t(f"questions.units.{unit.replace('/', '_per_').replace('-', '_')}")
