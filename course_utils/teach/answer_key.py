"""Write the answer to a question as a teacher needs it: answer, mark scheme, worked solution."""

from __future__ import annotations

import html

from course_utils.i18n import format_number, format_scientific, t
from course_utils.questions import Question, find
from course_utils.questions.faces import lines_html
from course_utils.questions.units import written
from course_utils.teach.grading import full_marks


def answer_block(id: str, *, with_text: bool = False) -> str:
    """Write a folded block of HTML: answer, marks, worked solution and source of question `id`.

    Parameters
    ----------
    id : str
        "NN.name".
    with_text : bool
        Whether the question itself is repeated, as behind a quiz.

    Returns
    -------
    str
        A ``<details>`` element, in the language in force; no line of it is empty, so a Markdown cell takes it whole.
    """
    question = find(id)
    words = question.words()
    parts = [f"<summary><b>{_t('answer_to')}</b> {html.escape(id)}</summary>"]
    if with_text:
        parts.append(f"<p>{plain(words['text'])}</p>")
    parts.append(f"<p><b>{_t('answer')}</b> {plain(answer_text(question))}</p>")
    if question.choices:
        parts.append(f"<ul>{''.join(_choice(words, letter) for letter in question.choices)}</ul>")
    rows = "".join(f"<tr><td>{plain(what)}</td><td>{marks}</td></tr>" for what, marks in mark_scheme(question))
    parts.append(f"<table><tr><th>{_t('mark_for')}</th><th>{_t('marks')}</th></tr>{rows}</table>")
    parts.append(f"<p><b>{_t('worked')}</b> {plain(words['solution'])}</p>")
    if question.type == "code":
        parts.append(f"<pre><code>{_code(question)}</code></pre>")
    parts.append(f"<p>{plain(t('questions.source', source=question.source))}</p>")
    return "<details>\n" + "\n".join(parts) + "\n</details>"


def answer_text(question: Question) -> str:
    """Return the right answer as a person writes it.

    Examples
    --------
    >>> answer_text(find("01.uniform"))
    '3.466 nats (accepted: 3.431 to 3.500)'
    """
    if question.type == "number":
        low, high = accepted(question)
        unit = f" {written(question.unit)}" if question.unit else ""
        return t("teach.number", answer=_number(question.answer) + unit, low=_number(low), high=_number(high))
    if question.type == "choice":
        return f"{question.answer})"
    if question.type == "choices":
        return ", ".join(f"{letter})" for letter in question.answer)
    if question.type == "code":
        return t("teach.code", function=question.function, cases="; ".join(question.cases))
    return t("teach.open")


def accepted(question: Question) -> tuple[float, float]:
    """Return the smallest and the largest number that still count as right."""
    value = question.answer
    if question.tolerance_decades is not None:
        bounds = (value * 10**-question.tolerance_decades, value * 10**question.tolerance_decades)
    else:
        reach = question.tolerance * (abs(value) or 1.0)
        bounds = (value - reach, value + reach)
    return min(bounds), max(bounds)


def mark_scheme(question: Question) -> list[tuple[str, str]]:
    """List (what earns marks, how many), from the right answer down to the slips that the checker recognises."""
    words, full = question.words(), full_marks(question)
    if question.type == "open":
        return [(point, "1") for point in words["rubric"]]
    rows = [(t("teach.right"), str(full))]
    for slip in question.slip_keys:
        number = f"{_number(question.slips[slip])}: " if question.type == "number" else ""
        rows.append((t("teach.slip", slip=number + words["feedback"][slip]), str(full // 2)))
    return [*rows, (t("teach.else"), "0")]


def plain(text: str) -> str:
    """Write text as HTML in which Jupyter finds neither Markdown nor the beginning of a formula.

    Examples
    --------
    >>> plain("$4.6M < 2 * $3M")
    '<span>&#36;</span>4.6M &lt; 2 &#42; <span>&#36;</span>3M'
    """
    escaped = lines_html(text)
    for sign in "*_`[]\\~":
        escaped = escaped.replace(sign, f"&#{ord(sign)};")
    # A formula cannot reach across a tag, so a lone dollar in an element of its own stays a dollar.
    return escaped.replace("$", "<span>&#36;</span>")


def _code(question: Question) -> str:
    from course_utils.questions.code_exercises import block

    # An empty line would end the HTML inside a Markdown cell.
    return html.escape(block(question, "solution")).replace("\n\n", "\n&#8203;\n")


def _choice(words: dict, letter: str) -> str:
    feedback = plain(words["feedback"][letter])
    return f"<li>{letter}) {plain(words['choices'][letter])}<br><i>{feedback}</i></li>"


def _number(value: float) -> str:
    return format_scientific(value, 4) if value and not 1e-3 <= abs(value) < 1e7 else format_number(value, 4)


def _t(key: str) -> str:
    return html.escape(t(f"teach.{key}"))
