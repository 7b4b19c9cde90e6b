"""Write a fitted law of coverage in the reader's language."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from course_utils.fitting.presentation import align, html_table
from course_utils.i18n import format_number, format_percent, t

if TYPE_CHECKING:
    from course_utils.fitting.coverage_law import CoverageFit

_FORMULAS = {"power": "−ln c(k) = a·k^b", "beta_binomial": "p ~ Beta(α, β),  c(k) = 1 − B(α, β+k) / B(α, β)"}
_SYMBOLS = {"alpha": "α", "beta": "β"}


def _table(fit: CoverageFit) -> tuple[list[str], list[list[str]]]:
    head = [t("fitting.constant"), t("fitting.value")]
    rows = []
    for name, estimate in fit.params.items():
        value = format_number(estimate.value, 4) + (f" ({t('fitting.at_bound')})" if estimate.at_bound else "")
        row = [_SYMBOLS.get(name, name), value]
        if fit.level is not None:
            ends = estimate.interval
            interval = t("numbers.unknown") if ends is None else " – ".join(format_number(end) for end in ends)
            row += [format_number(estimate.standard_error), interval]
        rows.append(row)
    if fit.level is not None:
        head += [t("fitting.error"), t("fitting.interval", level=format_percent(fit.level))]
    return head, rows


def _sentences(fit: CoverageFit) -> list[str]:
    first, last = (format_number(b) for b in fit.exponents_at_ends())
    k = fit.data["k"]
    sentences = []
    if fit.n_problems is None:
        sentences.append(t("fitting.coverage.curve", count=len(k)))
    else:
        sentences.append(t("fitting.coverage.problems", count=fit.n_problems, values=len(k)))
    value = f"{fit.objective_value:.4g}"
    r2 = t("numbers.unknown") if fit.r_squared is None else f"{fit.r_squared:.3f}"
    sentences.append(t(f"fitting.coverage.{fit.form}", value=value, r2=r2))
    sentences.append(t("fitting.coverage.ends", first=first, last=last, low=f"{k[0]:,.0f}", high=f"{k[-1]:,.0f}"))
    return sentences if fit.converged else [*sentences, t("fitting.not_converged")]


def coverage_text(fit: CoverageFit) -> str:
    """Write the fit as lines of text."""
    notes = [f"! {warning.words()}" for warning in fit.warnings]
    return "\n".join([_FORMULAS[fit.form], *align(*_table(fit)), *_sentences(fit), *notes])


def coverage_html(fit: CoverageFit) -> str:
    """Write the fit as HTML."""
    text = " ".join(escape(sentence) for sentence in _sentences(fit))
    notes = "".join(f"<p><strong>!</strong> {escape(warning.words())}</p>" for warning in fit.warnings)
    return f'<div class="scaling-law-fit">{html_table(*_table(fit), _FORMULAS[fit.form])}<p>{text}</p>{notes}</div>'
