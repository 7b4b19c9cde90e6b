"""Write the study of a design in the reader's language, as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from course_utils.fitting.presentation import align, html_table
from course_utils.i18n import format_count, format_percent, format_scientific, t

if TYPE_CHECKING:
    from course_utils.fitting.designs import Study


def signed_percent(x: float) -> str:
    """Write a share as a percentage with its sign.

    Examples
    --------
    >>> signed_percent(0.031), signed_percent(-0.2)
    ('+3.1%', '−20%')
    """
    return ("−" if x < 0 else "+") + format_percent(abs(x))


def study_table(study: Study) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of the table: a row a target."""
    keys = ("target", "median", "ninety", "within_4", "within_20", "bias", "baseline")
    head = [t(f"fitting.study.{key}") for key in keys]
    columns = (*study.quantile([0.5, 0.9]), study.share_within(0.04), study.share_within(0.2))
    rows = [
        [
            format_scientific(target.budget),
            *(format_percent(float(column[i])) for column in columns),
            signed_percent(float(study.bias[i])),
            format_percent(float(study.baseline_error[i])),
        ]
        for i, target in enumerate(study.targets)
    ]
    return head, rows


def study_sentences(study: Study) -> list[str]:
    """Say how many laws there are, out of how many, and what a set of runs costs."""
    laws = {"laws": f"{len(study):,}", "models": study.design.models, "possible": format_count(study.n_possible)}
    sentences = [
        t("fitting.study.complete" if study.complete else "fitting.study.drawn", **laws),
        t("fitting.study.cost", cost=format_percent(study.relative_cost)),
    ]
    if study.n_unfitted:
        sentences.append(t("fitting.study.unfitted", count=f"{study.n_unfitted:,}"))
    return sentences


def study_text(study: Study) -> str:
    """Write a study as lines of text."""
    return "\n".join([*align(*study_table(study)), *study_sentences(study)])


def study_html(study: Study) -> str:
    """Write a study as HTML."""
    table = html_table(*study_table(study), t("fitting.study.caption"))
    text = "".join(f"<p>{escape(sentence)}</p>" for sentence in study_sentences(study))
    return f'<div class="scaling-law-fit">{table}{text}</div>'
