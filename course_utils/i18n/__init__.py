"""Words that a learner reads, in English, Vietnamese and Chinese.

Texts live in ``en.toml``, ``vi.toml`` and ``zh.toml`` beside this file, one section a part of the package, the same
keys and the same ``{fields}`` in all three. A file is read once, when its language is first used.

Examples
--------
>>> from course_utils.i18n import format_count, set_language
>>> set_language("vi")
>>> format_count(1.4e11)
'140 tỷ'
>>> set_language("en")
>>> format_count(1.4e11)
'140B'
"""

from __future__ import annotations

from course_utils.i18n.catalogue import LANGUAGES, fields, keys, t
from course_utils.i18n.current import language, on_language_change, set_language, using_language
from course_utils.i18n.numbers import (
    format_bytes,
    format_count,
    format_flops,
    format_money,
    format_number,
    format_percent,
    format_scientific,
)
from course_utils.i18n.times import format_date, format_duration

__all__ = [
    "LANGUAGES",
    "fields",
    "format_bytes",
    "format_count",
    "format_date",
    "format_duration",
    "format_flops",
    "format_money",
    "format_number",
    "format_percent",
    "format_scientific",
    "keys",
    "language",
    "on_language_change",
    "set_language",
    "t",
    "using_language",
]
