"""Cut a built lesson into slides: heading and key sentence, figures and results; the whole prose to the speaker."""

from __future__ import annotations

import base64
import copy
import re
import struct
import unicodedata
from dataclasses import dataclass, field

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.i18n import t
from course_utils.questions import find
from course_utils.teach.answer_key import answer_text, plain
from course_utils.teach.asked import asked_in
from course_utils.teach.notes import Notes

CODE_LINES = 6
CODE_LINES_ABOVE = 3
"""Lines of code above a wide picture, which needs the height."""
OUTPUT_LINES = 14
WIDE = 2.0
"""Width over height from which a picture has a slide's full width."""
ENOUGH = 60
"""Width of a sentence that can stand alone on a slide."""

_SENTENCE_END = re.compile(r'(?<=[.!?])\s+(?=[A-ZÀ-ỸĐ"“*\[$(])|(?<=[。？！])')
_DISPLAY = re.compile(r"\$\$.+?\$\$", re.DOTALL)
_BOLD_LEAD = re.compile(r"\*\*(.+?)\*\*")


@dataclass
class Slide:
    """One slide.

    Attributes
    ----------
    heading : str
        Heading of the section, in Markdown.
    opens : bool
        Whether the section begins here; else the slide stands under the one before.
    words : list of str
        What is read on it, in Markdown.
    shown : list of NotebookNode
        Code cells, shortened.
    read : list of str
        What reads the results, in Markdown.
    spoken : list of str
        What the speaker sees, in Markdown.
    """

    heading: str
    opens: bool = False
    words: list[str] = field(default_factory=list)
    shown: list[NotebookNode] = field(default_factory=list)
    read: list[str] = field(default_factory=list)
    spoken: list[str] = field(default_factory=list)

    @property
    def waits(self) -> bool:
        """Whether the results come only at a key press, because the slide asks for a guess first."""
        asked = any(word.endswith(("?", "？")) for word in self.words)
        return asked or any(cell.source.startswith("my_") for cell in self.shown)


def slides_of(notebook: NotebookNode, notes: Notes | None) -> list[Slide]:
    """Cut a built lesson into slides.

    A section opens a slide; each of its later blocks of prose with the cells under it makes one below, and so does a
    cell that would share a slide with a wide picture. A block called "...-reading" without cells of its own reads the
    figure above it, and joins that slide. A question is a slide of its own, its answer with the speaker.

    Parameters
    ----------
    notebook : NotebookNode
        A built lesson.
    notes : Notes or None
        The teacher's notes, for the key sentences; without them the first sentence of a section stands in.

    Returns
    -------
    list of Slide
    """
    slides: list[Slide] = []
    heading = ""
    cells = [cell for cell in notebook.cells if cell.id != "language"]
    for place, cell in enumerate(cells):
        if cell.cell_type == "markdown":
            first, _, rest = cell.source.partition("\n")
            opens = first.startswith(("# ", "## "))
            heading = first.lstrip("# ").strip() if opens else heading
            prose = rest.strip() if opens else cell.source.strip()
            alone = place + 1 == len(cells) or cells[place + 1].cell_type == "markdown"
            if cell.id.endswith("-reading") and alone and slides[-1].shown:
                slides[-1].read += lead(prose)
                slides[-1].spoken.append(prose)
                continue
            words = lead(prose, notes.key(cell.id) if notes else None)
            slides.append(Slide(heading, opens, words, spoken=[prose] if prose else []))
        elif asked := asked_in(cell.source):
            slides += [_question(id, heading) for each in asked for id in each.ids]
        elif worth_showing(cell):
            if slides[-1].shown and any(map(_has_wide_picture, (cell, *slides[-1].shown))):
                slides.append(Slide(heading))
            slides[-1].shown.append(shortened(cell))
    return slides


def lead(prose: str, key: str | None = None) -> list[str]:
    """Choose what a slide shows of a block of prose.

    Tables, lists and displayed formulas whole; of the rest the first sentence (or two, where the first says little) and
    every question. Where the paragraphs begin in bold type (an interview question, a step), those beginnings are the
    list. A key sentence, where there is one, stands in for the first sentence.

    Examples
    --------
    >>> lead("At a fixed budget you can train a small model for long or a large one briefly. Both cost as much.")
    ['At a fixed budget you can train a small model for long or a large one briefly.']
    >>> lead("It bends. Then it stops. The rest is told. Why does it bend?")
    ['It bends. Then it stops. Why does it bend?']
    >>> lead("**Predict.** A question.\\n\\n**Run.** A figure.")
    ['- Predict.\\n- Run.']
    """
    bold = [found.group(1) for found in map(_BOLD_LEAD.match, prose.split("\n\n")) if found]
    keys = [plain(key)] if key else []
    if len(bold) > 1:
        return [*keys, "\n".join(f"- {each}" for each in bold)]
    figures = _figures_of_prose(prose)
    if figures and figures[0].startswith("- "):
        return keys + figures
    first, *rest = [_SENTENCE_END.split(part.strip()) for part in prose.split("\n\n") if _is_words(part)] or [[]]
    said = [] if key else first[: 2 if first and _width(first[0]) < ENOUGH else 1]
    asks = [each for each in [*first[len(said) :], *(x for part in rest for x in part)] if each.endswith(("?", "？"))]
    words = _joined([_balanced(each) for each in (*said, *asks[:2])])
    return keys + ([words] if words else []) + figures


def _width(text: str) -> int:
    """Count letters, a Chinese one as two."""
    return sum(2 if unicodedata.east_asian_width(letter) in "WF" else 1 for letter in text)


def _balanced(sentence: str) -> str:
    """Take the stars out of a sentence whose emphasis began or ends in another one.

    Examples
    --------
    >>> _balanced('Answer this: *"You have ten times the compute.'), _balanced("A *token* is text.")
    ('Answer this: "You have ten times the compute.', 'A *token* is text.')
    """
    return sentence.replace("*", "") if sentence.count("*") % 2 else sentence


def _joined(sentences: list[str]) -> str:
    """Put sentences together; after a full-width stop stands no space."""
    return "".join(each if each.endswith(("。", "？", "！")) else each + " " for each in sentences).strip()


def _figures_of_prose(prose: str) -> list[str]:
    """Take tables, lists and displayed formulas out of a block of prose."""
    return [part for part in prose.split("\n\n") if part.startswith(("|", "- ")) or _DISPLAY.match(part)]


def _is_words(part: str) -> bool:
    return bool(part.strip()) and not part.startswith(("|", "- ", "$$", "#", "!["))


def worth_showing(cell: NotebookNode) -> bool:
    """Tell whether a code cell has anything for a slide: an output, or the number that a class commits.

    Questions that a cell lists with ``questions.ask`` have slides of their own.
    """
    if "questions.ask(" in cell.source:
        return False
    return bool(cell.outputs) or cell.source.lstrip().startswith("my_")


def shortened(cell: NotebookNode) -> NotebookNode:
    """Copy a code cell with at most `CODE_LINES` lines of code (imports go first) and `OUTPUT_LINES` of text.

    Above a wide picture there is room for `CODE_LINES_ABOVE`.
    """
    made = copy.deepcopy(cell)
    most = CODE_LINES_ABOVE if _has_wide_picture(cell) else CODE_LINES
    lines = [line for line in cell.source.split("\n") if line.strip()]
    if len(lines) > most:
        lines = [line for line in lines if not line.startswith(("import ", "from "))] or lines
    if len(lines) > most:
        lines = [*lines[: most - 1], "# …"]
    made.source = "\n".join(lines)
    for output in made.outputs:
        if output.output_type == "stream":
            said = output.text.rstrip("\n").split("\n")
            output.text = "\n".join(said if len(said) <= OUTPUT_LINES else [*said[: OUTPUT_LINES - 1], "…"])
        elif "image/png" in output.get("data", {}):
            output.data = {"image/png": output.data["image/png"]}
    return made


def _question(id: str, heading: str) -> Slide:
    question = find(id)
    words = question.words()
    choices = [f"{letter}) {words['choices'][letter]}" for letter in question.choices]
    shown = ["<br>".join(plain(line) for line in [words["text"]])]
    shown += ["\n".join(f"- {plain(choice)}" for choice in choices)] if choices else []
    spoken = f"**{t('teach.answer')}** {plain(answer_text(question))}\n\n{plain(words['solution'])}"
    return Slide(heading, words=shown, spoken=[spoken])


def as_notebook(slides: list[Slide], title: str) -> NotebookNode:
    """Write slides as a notebook with the metadata that nbconvert's slide show reads.

    A slide is a heading, its words, its code, what reads the results, the results and the speaker's notes, each a cell.
    The field ``offline`` names the part; the template of `course_utils.teach.slides` sets words and code beside a
    picture, or above a text.
    """
    cells = []
    for slide in slides:
        level = "#" if slide is slides[0] else "##"
        heading = new_markdown_cell(f"{level} {slide.heading}")
        heading.metadata |= {"slideshow": {"slide_type": "slide" if slide.opens else "subslide"}, "offline": "heading"}
        words = new_markdown_cell("\n\n".join(slide.words))
        words.metadata["offline"] = _place_of_words(slide)
        code = [new_code_cell(cell.source, metadata={"offline": "code"}) for cell in slide.shown]
        read = [new_markdown_cell("\n\n".join(slide.read), metadata={"offline": "read"})] if slide.read else []
        results = new_code_cell(outputs=[output for cell in slide.shown for output in cell.outputs])
        results.metadata["offline"] = "results"
        for cell in (*read, results):
            cell.metadata["waits"] = slide.waits
        spoken = new_markdown_cell("\n\n".join(slide.spoken) or slide.heading)
        spoken.metadata["slideshow"] = {"slide_type": "notes"}
        cells += [heading, words, *code, *read, results, spoken]
    return new_notebook(cells=cells, metadata={"title": title})


def _place_of_words(slide: Slide) -> str:
    """Choose where the words stand: beside a picture, above a wide picture or a text, or alone in larger type."""
    outputs = [output.get("data", {}) for cell in slide.shown for output in cell.outputs]
    pictures = [data["image/png"] for data in outputs if "image/png" in data]
    if any(_breadth(picture) < WIDE for picture in pictures):
        return "beside"
    return "above" if slide.shown else "alone"


def _has_wide_picture(cell: NotebookNode) -> bool:
    pictures = [output.data["image/png"] for output in cell.outputs if "image/png" in output.get("data", {})]
    return any(_breadth(picture) >= WIDE for picture in pictures)


def _breadth(picture: str) -> float:
    """Return width over height of a PNG in base64, which stand in its first bytes."""
    width, height = struct.unpack(">II", base64.b64decode(picture[:44])[16:24])
    return width / height
