"""Turn the formulas of a Markdown text into MathML, which browsers draw by themselves, without a script."""

from __future__ import annotations

import re

_FORMULA = re.compile(r"\$\$(?P<display>.+?)\$\$|(?<![\\$\w])\$(?P<inline>[^$\n]+?)\$(?![\w$])", re.DOTALL)
_CODE = re.compile(r"(```.*?```|`[^`\n]+`)", re.DOTALL)
_MARKDOWN = str.maketrans({sign: f"&#{ord(sign)};" for sign in "*_|`[]\\~"})


def with_mathml(text: str) -> str:
    """Replace ``$...$`` and ``$$...$$`` by MathML; code between backticks stays.

    Parameters
    ----------
    text : str
        Markdown.

    Returns
    -------
    str
        Markdown with elements of MathML on one line each.

    Raises
    ------
    ValueError
        If a formula cannot be read; names it.

    Examples
    --------
    >>> with_mathml("a price of $5, and code, `$x$`")
    'a price of $5, and code, `$x$`'
    """
    parts = _CODE.split(text)
    return "".join(part if part.startswith("`") else _FORMULA.sub(_convert, part) for part in parts)


def _convert(found: re.Match) -> str:
    import latex2mathml.converter

    display = found["display"] is not None
    latex = " ".join((found["display"] or found["inline"]).split())
    try:
        math = latex2mathml.converter.convert(latex, display="block" if display else "inline")
    except Exception as error:  # the converter raises a class of its own for each kind of fault
        raise ValueError(f"the formula ${latex}$ cannot be turned into MathML: {error!r}") from error
    unknown = re.search(r">(\\[A-Za-z]+)<", math)
    if unknown:  # the converter writes a command that it does not know as it stands
        raise ValueError(f"the formula ${latex}$ cannot be turned into MathML: {unknown.group(1)} is not known")
    head, tail = math.split(">", 1)
    return f"{head}>" + tail.translate(_MARKDOWN)
