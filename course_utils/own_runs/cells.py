"""Read the numbers that people write into tables: 1.3e9, 1,300,000,000, 1.3B, 13 亿, 1,3 tỷ, 1.3 × 10^9."""

from __future__ import annotations

import re
import unicodedata
from collections.abc import Iterable
from dataclasses import dataclass
from typing import Literal

Kind = Literal["number", "missing", "percent", "text"]

_SUPERSCRIPTS = str.maketrans("⁰¹²³⁴⁵⁶⁷⁸⁹⁻", "0123456789-")
_SUPERSCRIPT = re.compile("[⁰¹²³⁴⁵⁶⁷⁸⁹⁻]+")

# What people write into a cell that has no value; "inf" and "nan" are what training writes when it diverges.
_MISSING_WORDS = (
    "|-|--|–|—|.|?|na|n/a|n.a.|nan|null|none|nil|inf|+inf|-inf|infinity|#n/a|#value!|#div/0!|#num!|#ref!|tbd|todo|"
    "oom|diverged|failed|crashed|killed|running|pending|missing|缺失|无|空|未完成|发散|失败|运行中|"
    "không có|thiếu|lỗi|phân kỳ|chưa xong|đang chạy|hỏng"
)
_MISSING = frozenset(_MISSING_WORDS.split("|"))

_SCALES = {
    "k": 1e3, "thousand": 1e3, "千": 1e3, "nghìn": 1e3, "ngàn": 1e3, "万": 1e4,
    "m": 1e6, "mn": 1e6, "mio": 1e6, "million": 1e6, "millions": 1e6, "百万": 1e6, "triệu": 1e6, "亿": 1e8,
    "b": 1e9, "bn": 1e9, "g": 1e9, "billion": 1e9, "billions": 1e9, "十亿": 1e9, "tỷ": 1e9, "tỉ": 1e9,
    "t": 1e12, "tn": 1e12, "trillion": 1e12, "trillions": 1e12, "万亿": 1e12, "nghìn tỷ": 1e12, "nghìn tỉ": 1e12,
    "gflops": 1e9, "gflop": 1e9, "tflops": 1e12, "tflop": 1e12, "pflops": 1e15, "pflop": 1e15, "eflops": 1e18,
    "eflop": 1e18, "zflops": 1e21, "zflop": 1e21, "yflops": 1e24, "yflop": 1e24, "pf-days": 8.64e19,
    "pf-day": 8.64e19, "pfdays": 8.64e19, "pflop/s-days": 8.64e19, "pflop/s-day": 8.64e19,
}  # fmt: skip
_UNITS_OF_ONE = (
    "parameters", "params", "param", "tokens", "token", "tok", "flops", "flop", "nats", "nat", "词元", "参数",
    "tham số", "个",
)  # fmt: skip

_NUMBER = re.compile(r"([+-]?)((?:\d[\d.,' _]*|[.,]\d+))(?:[e]([+-]?\d+))?(.*)", re.DOTALL)
_POWER = re.compile(r"(?:([+-]?[\d.,]+)\s*[x×*·]\s*)?10\s*(?:\^|\*\*)\s*\(?([+-]?\d+)\)?(.*)", re.DOTALL)


@dataclass(frozen=True)
class Cell:
    """Hold what a cell says: a number, nothing, a percentage or some text.

    `scaled` is true where the cell itself named a scale (7B), so that its value is a count whatever the column's unit.
    """

    kind: Kind
    value: float | None = None
    scaled: bool = False


def clean(text: str) -> str:
    """Write a cell with half-width letters, plain minus signs and ``^`` for superscripts.

    Examples
    --------
    >>> clean(" １.3 × 10⁹ ")
    '1.3 × 10^9'
    """
    text = _SUPERSCRIPT.sub(lambda found: "^" + found.group().translate(_SUPERSCRIPTS), text)
    text = unicodedata.normalize("NFKC", text).replace("−", "-").replace("’", "'")
    return " ".join(text.split())


def parse(text: str, decimal: str = ".") -> Cell:
    """Read one cell.

    Parameters
    ----------
    text : str
    decimal : {".", ","}
        The decimal mark; the other one, spaces, apostrophes and underscores may group digits by three.

    Examples
    --------
    >>> parse("1.234,5", ",").value, parse("7B").value, parse("2 × 10^9").value
    (1234.5, 7000000000.0, 2000000000.0)
    >>> parse("diverged").kind, parse("35%").kind, parse("large").kind
    ('missing', 'percent', 'text')
    """
    lowered = clean(text).lower()
    if lowered in _MISSING:
        return Cell("missing")
    if lowered.endswith("%"):
        return Cell("percent")
    if power := _POWER.fullmatch(lowered):
        mantissa, scale = _ungrouped(power[1] or "1", decimal), _scale(power[3])
        if mantissa is None or scale is None or abs(int(power[2])) > 300:
            return Cell("text")
        return Cell("number", float(f"{mantissa}e{power[2]}") * scale, scale != 1.0)
    number = _NUMBER.fullmatch(lowered)
    if not number:
        return Cell("text")
    sign, digits, exponent, rest = number.groups()
    plain, scale = _ungrouped(digits.strip(), decimal), _scale(rest)
    if plain is None or scale is None or abs(int(exponent or 0)) > 300:
        return Cell("text")
    return Cell("number", float(f"{sign}{plain}e{exponent or 0}") * scale, scale != 1.0)


def _ungrouped(digits: str, decimal: str) -> str | None:
    """Take out the marks that group digits by three; None where they do not."""
    whole, mark, part = digits.partition(decimal)
    if mark and not re.fullmatch(r"\d*", part):
        return None
    groups = re.split(r"[.,' _]", whole.lstrip("+-"))
    grouped = len(groups) > 1
    if grouped and not (1 <= len(groups[0]) <= 3 and all(len(group) == 3 for group in groups[1:])):
        return None
    if grouped and len(set(re.findall(r"[.,' _]", whole))) > 1:
        return None
    text = ("-" if digits.startswith("-") else "") + "".join(groups) + (f".{part}" if part else "")
    return text if re.search(r"\d", text) else None


def _scale(rest: str) -> float | None:
    """Read what stands behind a number: nothing, a scale, a word that changes nothing, or both; None for the rest."""
    rest = rest.strip()
    for word in _UNITS_OF_ONE:
        if rest == word or (rest.endswith(word) and rest[: -len(word)].strip() in _SCALES):
            rest = rest[: -len(word)].strip()
            break
    return 1.0 if not rest else _SCALES.get(rest)


def decimal_evidence(text: str) -> str | None:
    """Tell which decimal mark a cell proves: ``"."``, ``","``, ``"?"`` when 1,234 could be either, None for no clue.

    Examples
    --------
    >>> [decimal_evidence(text) for text in ("3,14", "1,234,567", "1.234,5", "1,234", "0,350", "12")]
    [',', '.', ',', '?', ',', None]
    """
    number = _NUMBER.fullmatch(clean(text).lower().split("×")[0].strip())
    if not number:
        return None
    digits, exponent = number[2].strip(" "), number[3]
    marks = re.findall("[.,]", digits)
    if not marks:
        return None
    if len(set(marks)) == 2:
        return marks[-1]
    mark, other = marks[0], "," if marks[0] == "." else "."
    before, _, after = digits.rpartition(mark)
    if len(marks) > 1:
        return other if _ungrouped(digits, other) is not None else None
    could_group = len(after) == 3 and 1 <= len(before) <= 3 and not before.startswith("0") and exponent is None
    if not could_group:
        return mark
    return "?" if mark == "," else None


def find_decimal(cells: Iterable[tuple[int, str]]) -> tuple[str | None, dict[str, int], int | None]:
    """Find the decimal mark of a table.

    Parameters
    ----------
    cells : of (line, text)

    Returns
    -------
    mark : ``"."``, ``","`` or None where nothing proves one; lines that prove each mark; line of a cell like 1,234
    """
    proofs: dict[str, int] = {}
    unclear = None
    for line, text in cells:
        evidence = decimal_evidence(text)
        if evidence == "?":
            unclear = unclear or line
        elif evidence:
            proofs.setdefault(evidence, line)
    return (next(iter(proofs)) if len(proofs) == 1 else None), proofs, unclear
