"""The reader's language, from the environment or the system. Readable by Python 3.6: it speaks to old Pythons too."""

import locale
import os
import subprocess
import sys

LANGUAGES = ("en", "vi", "zh")
NAMES = {"en": "English", "vi": "Tiếng Việt", "zh": "中文"}


def code_of(tag):
    """Give the course language of a locale tag such as ``vi_VN.UTF-8`` or ``zh-Hans-CN``; None for any other."""
    code = (tag or "").strip().replace("-", "_").split("_")[0].split(".")[0].split("@")[0].lower()
    return code if code in LANGUAGES else None


def _is_neutral(tag):
    return tag.split(".")[0].upper() in ("C", "POSIX")


def from_environment(env):
    """Give ``(decided, code)`` from the variables that gettext reads, in gettext's order.

    LANGUAGE is a list of wishes, and counts only under a real locale; among LC_ALL, LC_MESSAGES and LANG the first
    that is set decides. ``decided`` is False where the environment says nothing (unset, or the neutral C locale).
    """
    chosen = next((env[name] for name in ("LC_ALL", "LC_MESSAGES", "LANG") if env.get(name)), "")
    if chosen and _is_neutral(chosen):
        return False, None
    for wish in env.get("LANGUAGE", "").split(":"):
        if code_of(wish):
            return True, code_of(wish)
    return bool(chosen), code_of(chosen)


def _mac_locale():
    try:
        found = subprocess.run(
            ["defaults", "read", "-g", "AppleLocale"],
            stdout=subprocess.PIPE,
            stderr=subprocess.DEVNULL,
            universal_newlines=True,  # noqa: UP021  (Python 3.6 knows no "text")
            timeout=5,
        )
    except (OSError, subprocess.TimeoutExpired):
        return None  # no such setting: the reader then gets English, as said in reader_language
    return found.stdout.strip() if found.returncode == 0 else None


def _windows_locale():
    import ctypes

    return locale.windows_locale.get(ctypes.windll.kernel32.GetUserDefaultUILanguage())


def reader_language(env=None, platform=None, ask_system=None):
    """Choose the reader's language: COURSE_LANG, else the locale variables, else the system's setting, else English.

    Parameters
    ----------
    env : mapping, optional
        Environment variables; those of the process by default.
    platform : str, optional
        As ``sys.platform``.
    ask_system : callable, optional
        Gives the system's locale tag or None; by default the macOS or the Windows setting.

    Returns
    -------
    str
        ``"en"``, ``"vi"`` or ``"zh"``.

    Examples
    --------
    >>> reader_language({"LANG": "vi_VN.UTF-8"})
    'vi'
    >>> reader_language({"LC_ALL": "de_DE.UTF-8", "LANGUAGE": "de:zh_CN:en"})
    'zh'
    """
    env = os.environ if env is None else env
    platform = sys.platform if platform is None else platform
    if code_of(env.get("COURSE_LANG")):
        return code_of(env["COURSE_LANG"])
    decided, code = from_environment(env)
    if decided:
        return code or "en"
    if ask_system is None:
        ask_system = {"darwin": _mac_locale, "win32": _windows_locale}.get(platform)
    return (code_of(ask_system()) if ask_system else None) or "en"
