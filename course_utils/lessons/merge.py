"""Join the English code with the prose of a language into one notebook that has not run yet.

The generated cell (id and tag ``language``) stands directly after the first block, the title, so that a page opens with
its question and every later cell already speaks the reader's language. It is the only code that differs between
languages.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.lessons.source import LANGUAGE_CELL_ID, Block, Source


def language_code(language: str) -> str:
    """Write the code of the generated cell.

    Examples
    --------
    >>> print(language_code("vi"))
    import course_utils
    <BLANKLINE>
    course_utils.set_language("vi")
    """
    return f'import course_utils\n\ncourse_utils.set_language("{language}")'


def merge(english: Source, page: Source) -> NotebookNode:
    """Make the notebook of `page`: its prose, the code of `english`, the generated language cell.

    Parameters
    ----------
    english : Source
        The page that holds the code.
    page : Source
        The page whose prose is shown; `english` itself for the English notebook. It must have passed `check`.

    Returns
    -------
    NotebookNode
        Notebook in format 4.5 without outputs; cell ids are the block ids.
    """
    prose = page.by_id()
    cells = []
    for place, block in enumerate(english.blocks):
        if block.kind == "code":
            cells.append(new_code_cell(block.text, id=block.id, metadata=_cell_metadata(block)))
        else:
            cells.append(new_markdown_cell(prose[block.id].text, id=block.id))
        if place == 0:
            code = language_code(page.language)
            cells.append(new_code_cell(code, id=LANGUAGE_CELL_ID, metadata={"tags": ["language"]}))
    metadata = {
        "kernelspec": {"display_name": "Python 3", "language": "python", "name": "python3"},
        # Nothing that names a Python version: the same source gives the same bytes under every supported one.
        "language_info": {"file_extension": ".py", "mimetype": "text/x-python", "name": "python"},
    }
    return new_notebook(cells=cells, metadata=metadata)


def _cell_metadata(block: Block) -> dict:
    metadata: dict = {"tags": block.tags} if block.tags else {}
    folded = {}
    if {"hide-input", "solution"} & set(block.tags):
        folded["source_hidden"] = True
    if "hide-output" in block.tags:
        folded["outputs_hidden"] = True
    if folded:
        # JupyterLab folds by this field; the tags are read by book builders.
        metadata["jupyter"] = folded
    return metadata
