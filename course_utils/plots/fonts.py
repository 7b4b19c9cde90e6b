"""Fonts for every language, handled once.

Latin letters, Vietnamese ones included, come from DejaVu Sans, which matplotlib carries. Chinese needs a family of the
machine: the first one found of a list, simplified forms first. Where there is none, words in figures are English, and
the reader is told once, in Chinese, how to get a font. No figure ever shows an empty box.
"""

from __future__ import annotations

import logging
import re
from functools import cache
from pathlib import Path

from course_utils.i18n import language, on_language_change, t, using_language

LATIN_FAMILY = "DejaVu Sans"

# Best first: simplified forms of sans-serif families; then regional faces, which write some characters otherwise but
# miss none that the course uses.
CHINESE_FAMILIES = (
    "Noto Sans CJK SC",
    "Noto Sans SC",
    "Source Han Sans SC",
    "Source Han Sans CN",
    "PingFang SC",
    "Hiragino Sans GB",
    "Microsoft YaHei",
    "HarmonyOS Sans SC",
    "WenQuanYi Micro Hei",
    "WenQuanYi Zen Hei",
    "Heiti SC",
    "STHeiti",
    "SimHei",
    "DengXian",
    "Noto Sans CJK JP",
    "Source Han Sans",
    "Droid Sans Fallback",
    "Arial Unicode MS",
    "Noto Serif CJK SC",
    "Source Han Serif SC",
    "Songti SC",
    "SimSun",
)

_CHINESE_FILE = re.compile(
    r"cjk|notosanssc|notoserifsc|sourcehan|pingfang|hiragino|msyh|wqy|wenquan|heiti|simhei|simsun|deng|harmonyos"
    r"|droidsansfallback|arial.?unicode|songti",
    re.IGNORECASE,
)
_SAMPLE = "缩放定律，损失：词元（参数量）"
_log = logging.getLogger(__name__)
_told_no_font = False


def use_language_fonts(code: str | None = None) -> str | None:
    """Make matplotlib write the reader's language; return the Chinese family in use, or None without one.

    Called by ``use_style`` and again whenever the language changes. The list of families serves all three languages;
    the search of the whole machine is made only when Chinese is asked for and matplotlib's own list has no family.

    Examples
    --------
    >>> use_language_fonts("vi") in (None, *CHINESE_FAMILIES)
    True
    """
    import matplotlib as mpl

    chinese = chinese_family(search=(code or language()) == "zh")
    mpl.rcParams["font.family"] = [LATIN_FAMILY, *([chinese] if chinese else [])]
    if chinese is None and (code or language()) == "zh":
        _tell_no_font()
    return chinese


def chinese_family(*, search: bool = True) -> str | None:
    """Return the best installed family that has the course's Chinese characters, or None.

    Parameters
    ----------
    search : bool
        Also look for files that matplotlib's cached list does not know, because they were installed after it was made.
    """
    known = _known_chinese_family()
    if known is None and search and _add_new_fonts():
        _known_chinese_family.cache_clear()
        known = _known_chinese_family()
    return known


@cache
def _known_chinese_family() -> str | None:
    from matplotlib import font_manager

    known = {entry.name for entry in font_manager.fontManager.ttflist}
    return next((family for family in CHINESE_FAMILIES if family in known and _writes(family, _SAMPLE)), None)


def _writes(family: str, text: str) -> bool:
    """Tell whether a family has a glyph for every character; names alone can mislead."""
    from matplotlib import font_manager

    path = font_manager.findfont(font_manager.FontProperties(family=[family]), fallback_to_default=False)
    face = font_manager.get_font(path)
    return all(face.get_char_index(ord(char)) for char in text)


@cache
def _add_new_fonts() -> bool:
    """Add font files that look Chinese and that matplotlib's cache lacks; tell whether there were any.

    Rebuilding matplotlib's whole cache would take seconds on every machine; adding the few files takes milliseconds.
    """
    from matplotlib import font_manager

    known = {str(entry.fname) for entry in font_manager.fontManager.ttflist}
    added = False
    for path in sorted(font_manager.findSystemFonts()):
        if path in known or not _CHINESE_FILE.search(Path(path).name):
            continue
        try:
            font_manager.fontManager.addfont(path)
        except (OSError, RuntimeError) as error:
            # A damaged file must not stand in the way of the next one; what it was is in the log.
            _log.warning("font %s cannot be read: %s", path, error)
        else:
            added = True
    return added


def _tell_no_font() -> None:
    global _told_no_font
    if not _told_no_font:
        _told_no_font = True
        with using_language("zh"):
            print(t("plots.no_chinese_font"))


def figure_language() -> str:
    """Return the language that figures can be written in: the reader's, or English where Chinese has no font."""
    code = language()
    return "en" if code == "zh" and chinese_family() is None else code


def figure_words(key: str, /, **values: object) -> str:
    """Return a text for use inside a figure: ``t(key, ...)`` in a language that the machine has a font for.

    Examples
    --------
    >>> figure_words("plots.tokens")
    'training tokens D'
    """
    with using_language(figure_language()):
        return t(key, **values)


@on_language_change
def _follow(code: str) -> None:
    use_language_fonts(code)
