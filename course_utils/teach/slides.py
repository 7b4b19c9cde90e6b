"""Write slides as one HTML page that needs no network: nbconvert's slide show with Reveal.js inside the page."""

from __future__ import annotations

import importlib.util
import re
from importlib.resources import files
from pathlib import Path

from nbformat import NotebookNode

from course_utils.i18n import language, t
from course_utils.teach.mathml import with_mathml
from course_utils.teach.notes import Notes
from course_utils.teach.storyboard import as_notebook, slides_of

PARTS = ("latex2mathml", "sphinx_revealjs")
"""Modules of the extra [teach]; of the second only its copy of Reveal.js is used."""


def missing_parts() -> list[str]:
    """List the packages that slides need and that are not installed."""
    return [name for name in PARTS if importlib.util.find_spec(name) is None]


def slide_page(notebook: NotebookNode, notes: Notes | None, title: str) -> str:
    """Write the slides of a built lesson as one page of HTML, in the language in force.

    Parameters
    ----------
    notebook : NotebookNode
        A built lesson.
    notes : Notes or None
        The teacher's notes, for the key sentences.
    title : str
        What the browser's tab says.

    Returns
    -------
    str
        HTML with Reveal.js, its style and its speaker notes inside; no address is fetched when it opens.

    Raises
    ------
    ModuleNotFoundError
        If the extra [teach] is not installed.
    ValueError
        If a formula cannot be drawn, or the page would fetch something.
    """
    from nbconvert.exporters import SlidesExporter
    from traitlets.config import Config

    story = as_notebook(slides_of(notebook, notes), title)
    for cell in story.cells:
        if cell.cell_type == "markdown":
            cell.source = with_mathml(cell.source)
    here = files("course_utils.teach")
    settings = Config()
    settings.CSSHTMLHeaderPreprocessor.style = "default"
    exporter = SlidesExporter(
        config=settings,
        template_name="offline",
        extra_template_basedirs=[str(here / "template")],
        exclude_anchor_links=True,
        language_code=language(),
    )
    inside = {
        "script": _in_a_script(_reveal("dist/reveal.js")),
        "notes": _in_a_script(_reveal("plugin/notes/notes.js")),
        "style": _reveal("dist/reset.css") + _reveal("dist/reveal.css"),
        "look": (here / "template" / "offline" / "slides.css").read_text(encoding="utf-8"),
        "hint": t("teach.slides_hint"),
    }
    page, _ = exporter.from_notebook_node(story, resources={"inside": inside})
    if fetched := addresses_fetched(page):
        raise ValueError(f"the slides of {title!r} would fetch {', '.join(fetched)}: put it inside the lesson")
    return page


def addresses_fetched(page: str) -> list[str]:
    """List what a page would fetch when it opens: scripts, styles, pictures and frames that are not inside it.

    Examples
    --------
    >>> addresses_fetched('<script src="https://x/a.js"></script><img src="data:,"><a href="https://y">y</a>')
    ['https://x/a.js']
    """
    bare = re.sub(r"(<script\b[^>]*>).*?</script>", r"\1", page, flags=re.DOTALL)
    tags = re.findall(r"<(?:script|link|img|iframe|source|video)\b[^>]*?\b(?:src|href)\s*=\s*[\"']([^\"']*)", bare)
    styles = [
        inside for style in re.findall(r"<style\b[^>]*>(.*?)</style>", bare, re.DOTALL) for inside in _asks(style)
    ]
    return [address for address in tags + styles if not address.startswith(("data:", "#"))]


def _asks(style: str) -> list[str]:
    return re.findall(r"(?:@import\s+|url\()\s*[\"']?([^\"')]+)", style)


def _reveal(part: str) -> str:
    """Read a file of Reveal.js without importing the package that carries it (it would import Sphinx)."""
    spec = importlib.util.find_spec("sphinx_revealjs")
    if spec is None:
        raise ModuleNotFoundError("sphinx_revealjs is not installed", name="sphinx_revealjs")
    return (Path(spec.origin).parent / "_static" / "revealjs" / part).read_text(encoding="utf-8")


def _in_a_script(text: str) -> str:
    """Let no text inside a script end the script."""
    return text.replace("</script", "<\\/script").replace("<!--", "<\\!--")
