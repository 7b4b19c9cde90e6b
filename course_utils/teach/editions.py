"""Make the teacher's and the student's edition of a built lesson."""

from __future__ import annotations

import copy
from collections.abc import Mapping

from nbformat import NotebookNode
from nbformat.v4 import new_markdown_cell

from course_utils.i18n import t
from course_utils.teach.answer_key import answer_block, plain
from course_utils.teach.asked import asked_in, gives_away
from course_utils.teach.notes import Notes


def teacher_edition(notebook: NotebookNode, notes: Notes | None) -> NotebookNode:
    """Add what a teacher needs: goals, minutes and misconceptions at the top, a folded answer under every question.

    Parameters
    ----------
    notebook : NotebookNode
        A built lesson; it is left as it is.
    notes : Notes or None
        The teacher's notes on it; without them the top says that they are not written yet.

    Returns
    -------
    NotebookNode
        The lesson with its outputs, in the language in force.
    """
    made = copy.deepcopy(notebook)
    cells = [_tagged(new_markdown_cell(cover(made, notes), id="for-the-teacher"))]
    for cell in made.cells:
        cells.append(cell)
        if cell.cell_type != "code":
            continue
        for number, asked in enumerate(asked_in(cell.source), 1):
            blocks = [answer_block(id, with_text=asked.kind != "check") for id in asked.ids]
            source = "\n\n".join(blocks)
            cells.append(_tagged(new_markdown_cell(source, id=f"answer-{number}-{cell.id}"[:64])))
    made.cells = cells
    return made


def student_edition(notebook: NotebookNode) -> NotebookNode:
    """Take outputs, counts and solutions out of a built lesson; what is left is what a class gets.

    Parameters
    ----------
    notebook : NotebookNode
        A built lesson; it is left as it is.

    Returns
    -------
    NotebookNode
        The lesson without outputs, without cells tagged ``solution`` and without cells that call ``solution``.
    """
    made = copy.deepcopy(notebook)
    made.cells = [cell for cell in made.cells if not _is_solution(cell)]
    for cell in made.cells:
        if cell.cell_type == "code":
            cell.outputs, cell.execution_count = [], None
    return made


def cover(notebook: NotebookNode, notes: Notes | None) -> str:
    """Write the first cell of a teacher's edition, in the language in force."""
    lines = [f"# {t('teach.for_the_teacher')}", ""]
    if notes is None:
        return "\n".join([*lines, t("teach.no_notes")])
    headings = headings_of(notebook)
    lines += [f"**{t('teach.goals')}**", "", *(f"- {_text(goal)}" for goal in notes.goals), ""]
    total = t("teach.minutes_total", school=notes.minutes("class"), home=notes.minutes("home"))
    lines += [f"**{t('teach.minutes')}** {total}", ""]
    columns = (t("teach.section"), t("teach.minutes_column"), t("teach.place"), t("teach.key"))
    lines += [f"| {' | '.join(columns)} |", "|---|---|---|---|"]
    for section in notes.sections:
        place = t(f"teach.place_{section.place}")
        lines.append(f"| {_link(headings, section.id)} | {section.minutes} | {place} | {_text(section.key)} |")
    lines += ["", f"**{t('teach.misconceptions')}**", ""]
    for each in notes.misconceptions:
        answer = t("teach.answered_by", section=_link(headings, each.block))
        lines.append(f"- {t('teach.says', words=_text(each.says))} {_text(each.truth)} {answer}")
    return "\n".join([*lines, "", t("teach.how_folded")])


def headings_of(notebook: NotebookNode) -> dict[str, str]:
    """Map each cell's id to the heading of the section that it belongs to.

    Examples
    --------
    >>> from nbformat.v4 import new_notebook
    >>> cells = [new_markdown_cell("## Why?\\n\\nText.", id="why"), new_markdown_cell("More.", id="more")]
    >>> headings_of(new_notebook(cells=cells))
    {'why': 'Why?', 'more': 'Why?'}
    """
    found, heading = {}, ""
    for cell in notebook.cells:
        first = cell.source.split("\n", 1)[0]
        if cell.cell_type == "markdown" and first.startswith(("# ", "## ")):
            heading = first.lstrip("# ").strip()
        found[cell.id] = heading
    return found


def _link(headings: Mapping[str, str], block: str) -> str:
    """Name the section of a block and link to the block itself.

    JupyterLab follows a cell's id; a heading's own anchor it follows only where the heading is in ASCII.
    """
    return f"[{_text(headings[block])}](#cell-id={block})"


def _text(text: str) -> str:
    """Write plain words inside Markdown and its tables."""
    return plain(text).replace("|", "&#124;")


def _tagged(cell: NotebookNode) -> NotebookNode:
    cell.metadata["tags"] = ["teacher"]
    return cell


def _is_solution(cell: NotebookNode) -> bool:
    if "solution" in cell.metadata.get("tags", []):
        return True
    return cell.cell_type == "code" and gives_away(cell.source)
