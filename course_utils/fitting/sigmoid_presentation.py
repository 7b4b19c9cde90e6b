"""Write a fitted sigmoid in the reader's language."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from course_utils.fitting.presentation import align, html_table
from course_utils.i18n import format_number, format_percent, t

if TYPE_CHECKING:
    from course_utils.fitting.sigmoid import SigmoidFit

_FORMULA = "a(x) = c + (t − c) / (1 + (x/x½)^(−k))"
_SYMBOLS = {"x_half": "x½", "slope": "k", "top": "t"}


def _table(fit: SigmoidFit) -> tuple[list[str], list[list[str]]]:
    level = format_percent(fit.level)
    head = [t("fitting.constant"), t("fitting.value"), t("fitting.error"), t("fitting.interval", level=level)]
    rows = []
    for name, estimate in fit.params.items():
        value = format_number(estimate.value, 4)
        value += f" ({t('fitting.at_bound')})" if estimate.at_bound else ""
        interval = " – ".join(format_number(end) for end in estimate.interval)
        rows.append([_SYMBOLS[name], value, format_number(estimate.standard_error), interval])
    return head, rows


def _sentences(fit: SigmoidFit) -> list[str]:
    spread = t("numbers.unknown") if fit.dispersion is None else format_number(fit.dispersion)
    held = t("fitting.sigmoid.held", chance=format_number(fit.chance), top=format_number(fit["top"]))
    sentences = [held, t("fitting.sigmoid.runs", count=fit.n_points, dispersion=spread)]
    return sentences if fit.converged else [*sentences, t("fitting.not_converged")]


def sigmoid_text(fit: SigmoidFit) -> str:
    """Write the fit as lines of text."""
    notes = (f"! {warning.words()}" for warning in fit.warnings)
    return "\n".join([_FORMULA, *align(*_table(fit)), *_sentences(fit), *notes])


def sigmoid_html(fit: SigmoidFit) -> str:
    """Write the fit as HTML."""
    text = " ".join(escape(sentence) for sentence in _sentences(fit))
    notes = "".join(f"<p><strong>!</strong> {escape(warning.words())}</p>" for warning in fit.warnings)
    return f'<div class="scaling-law-fit">{html_table(*_table(fit), _FORMULA)}<p>{text}</p>{notes}</div>'
