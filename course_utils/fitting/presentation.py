"""Write a fit in the reader's language, as text and as HTML."""

from __future__ import annotations

from collections.abc import Sequence
from html import escape
from typing import TYPE_CHECKING

from course_utils.i18n import format_count, format_number, format_percent, t

if TYPE_CHECKING:
    from course_utils.fitting.backtest import Backtest
    from course_utils.fitting.isoflop import IsoflopFit
    from course_utils.fitting.results import Estimate, FitResult
    from course_utils.fitting.valley_surface import ValleySurface

SYMBOLS = {
    "alpha": "α",
    "beta": "β",
    "R_D": "R_D*",
    "R_N": "R_N*",
    "alpha_N": "α_N",
    "alpha_D": "α_D",
    "bend": "b",
    "x_break": "x_b",
    "width": "w",
}

FORMULAS = {
    "power_law": "L(x) = E + A·x^(−α)",
    "power_law_no_floor": "L(x) = A·x^(−α)",
    "broken_power_law": "L(x) = E + A·x^(−α)·(1 + (x/x_b)^(1/w))^(−b·w)",
    "broken_power_law_no_floor": "L(x) = A·x^(−α)·(1 + (x/x_b)^(1/w))^(−b·w)",
    "chinchilla": "L(N, D) = E + A·N^(−α) + B·D^(−β)",
    "kaplan": "L(N, D) = [(N_c/N)^(α_N/α_D) + D_c/D]^(α_D)",
    "repeated_data": "L(N, D, U) = E + A·N′^(−α) + B·D′^(−β)",
    "routed": "log₁₀ L(N, E) = a·log₁₀ N + b·log₁₀ Ê + c·log₁₀ N·log₁₀ Ê + d",
}


def formula(fit: FitResult) -> str:
    """Write the law in symbols."""
    if f"{fit.law}_no_floor" in FORMULAS and "E" not in fit.params:
        return FORMULAS[f"{fit.law}_no_floor"]
    return FORMULAS[fit.law]


def _interval(estimate: Estimate) -> str:
    if estimate.interval is None:
        return t("numbers.unknown")
    low, high = estimate.interval
    return f"{format_number(low)} – {format_number(high)}"


def _value(estimate: Estimate) -> str:
    text = format_number(estimate.value, 4)
    if estimate.held:
        return f"{text} ({t('fitting.held')})"
    return f"{text} ({t('fitting.at_bound')})" if estimate.at_bound else text


def _table(fit: FitResult) -> tuple[list[str], list[list[str]]]:
    level = format_percent(fit.level) if fit.level is not None else ""
    head = [t("fitting.constant"), t("fitting.value"), t("fitting.error"), t("fitting.interval", level=level).strip()]
    rows = [
        [SYMBOLS.get(name, name), _value(e), format_number(e.standard_error), _interval(e)]
        for name, e in fit.params.items()
    ]
    if all(e.standard_error is None and e.interval is None for e in fit.params.values()):
        head, rows = head[:2], [row[:2] for row in rows]
    return head, rows


def _sentences(fit: FitResult) -> list[str]:
    objective = t(f"fitting.objective.{fit.objective.name}", delta=f"{fit.objective.delta:g}")
    sentences = [
        t("fitting.runs", count=fit.n_points, objective=objective, value=f"{fit.objective_value:.4g}"),
        t("fitting.starts", best=fit.starts_at_best, tried=fit.starts_tried),
        t("fitting.converged" if fit.converged else "fitting.not_converged"),
    ]
    if fit.level is None:
        sentences.append(t("fitting.no_intervals"))
    return sentences


def align(head: Sequence[str], rows: Sequence[Sequence[str]]) -> list[str]:
    """Align the columns of a small table for a fixed-width page, where Han characters take two cells."""
    table = [list(head), *(list(row) for row in rows)]
    widths = [max(_cells(row[i]) for row in table) for i in range(len(head))]
    return ["  ".join(cell + " " * (width - _cells(cell)) for cell, width in zip(row, widths, strict=True)).rstrip()
            for row in table]  # fmt: skip


def _cells(text: str) -> int:
    from unicodedata import combining, east_asian_width

    return sum(0 if combining(c) else 2 if east_asian_width(c) in "WF" else 1 for c in text)


def fit_text(fit: FitResult) -> str:
    """Write a fit as lines of text."""
    lines = [formula(fit), *align(*_table(fit)), *_sentences(fit)]
    lines += [f"! {warning.words()}" for warning in fit.warnings]
    return "\n".join(lines)


def html_table(head: Sequence[str], rows: Sequence[Sequence[str]], caption: str) -> str:
    """Write a small table with a caption that screen readers announce."""
    top = "".join(f'<th scope="col">{escape(cell)}</th>' for cell in head)
    body = "".join(
        f'<tr><th scope="row">{escape(row[0])}</th>' + "".join(f"<td>{escape(cell)}</td>" for cell in row[1:]) + "</tr>"
        for row in rows
    )
    return f"<table><caption>{escape(caption)}</caption><thead><tr>{top}</tr></thead><tbody>{body}</tbody></table>"


def fit_html(fit: FitResult) -> str:
    """Write a fit as HTML: the law, its constants, and what the fit does and does not say."""
    head, rows = _table(fit)
    text = " ".join(escape(sentence) for sentence in _sentences(fit))
    notes = "".join(f"<p><strong>!</strong> {escape(warning.words())}</p>" for warning in fit.warnings)
    return f'<div class="scaling-law-fit">{html_table(head, rows, formula(fit))}<p>{text}</p>{notes}</div>'


def _backtest_table(test: Backtest) -> tuple[list[str], list[list[str]]]:
    head = [t(f"fitting.backtest.{key}") for key in ("cut", "fitted", "held_out", "decades", "error", "baseline")]
    rows = [
        [
            format_number(row.cut),
            str(row.n_fitted),
            str(row.n_held_out),
            format_number(row.decades_ahead, 2),
            format_percent(row.error),
            format_percent(row.baseline_error),
        ]
        for row in test.rows
    ]
    return head, rows


def backtest_text(test: Backtest) -> str:
    """Write a back-test as lines of text."""
    return "\n".join([*align(*_backtest_table(test)), t("fitting.backtest.note")])


def backtest_html(test: Backtest) -> str:
    """Write a back-test as HTML."""
    head, rows = _backtest_table(test)
    table = html_table(head, rows, t("fitting.backtest.caption"))
    return f'<div class="scaling-law-fit">{table}<p>{escape(t("fitting.backtest.note"))}</p></div>'


def _isoflop_table(fit: IsoflopFit) -> tuple[list[str], list[list[str]]]:
    level = format_percent(fit.level)
    head = [
        t("fitting.isoflop.budget"),
        t("fitting.isoflop.params"),
        t("fitting.interval", level=level),
        t("fitting.isoflop.ratio"),
        t("fitting.isoflop.loss"),
    ]
    rows = []
    for valley in fit.valleys:
        if valley.params is None:
            row = [t("fitting.isoflop.no_minimum"), "", "", ""]
        else:
            interval = t("numbers.unknown")
            if valley.interval is not None:
                interval = " – ".join(format_count(v) for v in valley.interval)
            row = [
                format_count(valley.params) + ("" if valley.inside else " *"),
                interval,
                format_number(valley.tokens / valley.params),
                format_number(valley.loss, 4),
            ]
        rows.append([format_number(valley.budget), *row])
    return head, rows


def _isoflop_sentences(fit: IsoflopFit) -> list[str]:
    exponents = t(
        "fitting.isoflop.exponents",
        a=format_number(fit.exponent_params.value),
        a_interval=_interval(fit.exponent_params),
        b=format_number(fit.exponent_tokens.value),
        level=format_percent(fit.level),
    )
    return [exponents, *(f"* {warning.words()}" for warning in fit.warnings)]


def isoflop_text(fit: IsoflopFit) -> str:
    """Write an IsoFLOP analysis as lines of text."""
    return "\n".join([*align(*_isoflop_table(fit)), *_isoflop_sentences(fit)])


def isoflop_html(fit: IsoflopFit) -> str:
    """Write an IsoFLOP analysis as HTML."""
    head, rows = _isoflop_table(fit)
    text = "".join(f"<p>{escape(sentence)}</p>" for sentence in _isoflop_sentences(fit))
    return f'<div class="scaling-law-fit">{html_table(head, rows, t("fitting.isoflop.caption"))}{text}</div>'


def _valley_surface_table(fit: ValleySurface) -> tuple[list[str], list[list[str]]]:
    low, high = fit.data["flops"].min(), fit.data["flops"].max()
    head = [
        t("fitting.isoflop.budget"),
        t("fitting.isoflop.params"),
        t("fitting.interval", level=format_percent(fit.level)),
        t("fitting.isoflop.loss"),
    ]
    rows = []
    for flops in (low, (low * high) ** 0.5, high):
        best = float(fit.optimal_params(flops))
        interval = t("numbers.unknown")
        if fit.exponent_params.interval is not None:
            interval = " – ".join(format_count(float(end[0])) for end in fit.optimal_params_band(flops))
        loss = format_number(float(fit.predict(best, flops)), 4)
        rows.append([format_number(float(flops)), format_count(best), interval, loss])
    return head, rows


def _valley_surface_sentences(fit: ValleySurface) -> list[str]:
    exponents = t(
        "fitting.isoflop.exponents",
        a=format_number(fit.exponent_params.value),
        a_interval=_interval(fit.exponent_params),
        b=format_number(fit.exponent_tokens.value),
        level=format_percent(fit.level),
    )
    spread = t("numbers.unknown") if fit.spread is None else format_percent(fit.spread)
    scatter = t("fitting.valley_surface.spread", count=fit.n_points, spread=spread)
    return [exponents, scatter, *(f"! {warning.words()}" for warning in fit.warnings)]


def valley_surface_text(fit: ValleySurface) -> str:
    """Write a valley as lines of text."""
    return "\n".join([*align(*_valley_surface_table(fit)), *_valley_surface_sentences(fit)])


def valley_surface_html(fit: ValleySurface) -> str:
    """Write a valley as HTML."""
    head, rows = _valley_surface_table(fit)
    text = "".join(f"<p>{escape(sentence)}</p>" for sentence in _valley_surface_sentences(fit))
    return f'<div class="scaling-law-fit">{html_table(head, rows, t("fitting.valley_surface.caption"))}{text}</div>'
