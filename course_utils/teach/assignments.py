"""Make a course folder for nbgrader: for each lesson a source notebook whose cells grade themselves.

The source holds the answers between nbgrader's BEGIN/END SOLUTION marks and the tests between its HIDDEN TESTS marks;
``nbgrader generate_assignment`` takes both out. A test asks :func:`course_utils.teach.grading.marks`, which asks the
checker of the lessons; its value is the partial credit that nbgrader reads from the cell.
"""

from __future__ import annotations

from nbformat import NotebookNode
from nbformat.v4 import new_code_cell, new_markdown_cell, new_notebook

from course_utils.i18n import t
from course_utils.lessons.merge import language_code
from course_utils.questions import Question, find, names
from course_utils.teach.answer_key import plain
from course_utils.teach.grading import full_marks

GRADED = ("number", "choice", "choices", "code")

CONFIG = '''"""Settings of nbgrader for the assignments of this folder."""

c = get_config()  # noqa: F821  (nbgrader gives it)
c.CourseDirectory.course_id = "scaling-laws"
# A fit takes seconds; an answer that never ends should not hold up the class.
c.ExecutePreprocessor.timeout = 120
'''


def assignment(bank: str, language: str) -> NotebookNode | None:
    """Make the source notebook of one assignment, in the language in force.

    Parameters
    ----------
    bank : str
        Number of a lesson ("01"), or prefix of a private bank ("hn01").
    language : str
        Language that the notebook sets.

    Returns
    -------
    NotebookNode or None
        None where the bank has no question that a machine can grade.
    """
    questions = [find(id) for id in names(bank)]
    graded = [question for question in questions if question.type in GRADED]
    if not graded:
        return None
    title = f"# {t('teach.task_name', lesson=bank)}\n\n{t('teach.task_lead')}"
    cells = [_fixed(new_markdown_cell(title, id="title"), "title")]
    cells.append(_fixed(new_code_cell(_set_up(graded, language), id="set-up"), "set-up"))
    for number, question in enumerate(graded, 1):
        cells += _cells_of(question, number)
    kernel = {"display_name": "Python 3", "language": "python", "name": "python3"}
    return new_notebook(cells=cells, metadata={"kernelspec": kernel})


def variable(question: Question) -> str:
    """Return the name that a student's answer has, such as "answer_floor_share"; for code, the function's."""
    return question.function if question.type == "code" else "answer_" + question.name.replace("-", "_")


def solved(question: Question) -> str:
    """Return the code that answers a question rightly."""
    if question.type == "code":
        from course_utils.questions.code_exercises import block

        return block(question, "solution")
    answer = list(question.answer) if question.type == "choices" else question.answer
    return f"{variable(question)} = {answer!r}"


def open_answer(question: Question) -> str:
    """Return the code that a student starts from."""
    if question.type == "code":
        from course_utils.questions.code_exercises import block

        return block(question, "exercise")
    return f"{variable(question)} = None"


def _cells_of(question: Question, number: int) -> list[NotebookNode]:
    words = question.words()
    heading = f"## {t('teach.task_question', number=number, marks=full_marks(question))}"
    lines = [heading, "", plain(words["text"]), ""]
    lines += [f"- {letter}) {plain(words['choices'][letter])}" for letter in question.choices]
    name = question.name
    asked = _fixed(new_markdown_cell("\n".join(lines).rstrip(), id=f"asked-{name}"[:64]), f"asked-{name}")
    source = f"{open_answer(question)}\n### BEGIN SOLUTION\n{solved(question)}\n### END SOLUTION"
    answer = new_code_cell(source, id=f"answer-{name}"[:64])
    answer.metadata["nbgrader"] = _marks_of_cell(f"answer-{name}", solution=True, locked=False)
    test = new_code_cell(
        f"from course_utils.teach.grading import marks\n\n### BEGIN HIDDEN TESTS\n"
        f'marks("{question.id}", {variable(question)})\n### END HIDDEN TESTS',
        id=f"test-{name}"[:64],
    )
    test.metadata["nbgrader"] = _marks_of_cell(f"test-{name}", grade=True) | {"points": full_marks(question)}
    return [asked, answer, test]


def _set_up(questions: list[Question], language: str) -> str:
    """Write the first cell: the language, and what the code exercises stand on."""
    from course_utils.questions.bank import lesson_file
    from course_utils.questions.code_exercises import blocks

    code = [language_code(language)]
    if any(question.type == "code" for question in questions):
        imports = blocks(lesson_file(questions[0].lesson))["", ""]
        code.append("\n".join(line for line in imports.split("\n") if not line.startswith(('"""', "from __future__"))))
    return "\n\n".join(part.strip() for part in code if part.strip())


def _fixed(cell: NotebookNode, name: str) -> NotebookNode:
    cell.metadata["nbgrader"] = _marks_of_cell(name)
    return cell


def _marks_of_cell(name: str, *, grade: bool = False, solution: bool = False, locked: bool = True) -> dict:
    made = {"grade": grade, "solution": solution, "locked": locked, "task": False}
    return made | {"grade_id": name, "schema_version": 3}
