"""Write an analysis in the reader's language, as text and as the parts of a page."""

from __future__ import annotations

import base64
from dataclasses import replace
from html import escape

from course_utils.fitting.presentation import align, backtest_html, fit_html, html_table, isoflop_html
from course_utils.i18n import format_count, format_flops, format_number, t
from course_utils.own_runs.analysis import Analysis
from course_utils.own_runs.figure import figure_text, png
from course_utils.own_runs.reading_faces import source_line

_SHOWN = 15  # exclusions that a text lists one by one; a report lists them all


def plan_table(analysis: Analysis) -> tuple[list[str], list[list[str]]]:
    """Return heading and rows of the plan: what, how much, interval."""
    plan = analysis.plan
    level = f"{analysis.settings['level']:.0%}"
    head = [t("own_runs.plan.what"), t("own_runs.plan.value"), t("fitting.interval", level=level)]
    rows = []
    if plan.params is not None:
        rows.append(
            [t("own_runs.role.params"), format_count(plan.params), _interval(plan.params_interval, format_count)]
        )
        rows.append(
            [t("own_runs.role.tokens"), format_count(plan.tokens), _interval(plan.tokens_interval, format_count)]
        )
    if plan.valley_params is not None:
        valley = _interval(plan.valley_interval, format_count)
        rows.append([t("own_runs.plan.by_valleys"), format_count(plan.valley_params), valley])
    if plan.loss is not None:
        rows.append([loss_name(analysis), format_number(plan.loss, 4), _interval(plan.loss_interval, _loss)])
    return head, rows


def plan_title(analysis: Analysis) -> str:
    """Name the budget, and how far outside the runs it lies."""
    plan = analysis.plan
    if plan.flops is None:
        return t("own_runs.plan.none")
    if plan.decades_outside is None:
        return t("own_runs.plan.title", flops=format_flops(plan.flops))
    key = "own_runs.plan.title_outside" if plan.decades_outside >= 0.05 else "own_runs.plan.title_inside"
    return t(key, flops=format_flops(plan.flops), decades=f"{plan.decades_outside:.1f}")


def _without_warnings(result):
    """Return a fit or valleys that keep their warnings to themselves: the analysis says all of them in one place."""
    return replace(result, warnings=())


def loss_name(analysis: Analysis) -> str:
    """Name the loss with its unit."""
    return t("own_runs.loss_per_byte" if analysis.runs.per_byte else "own_runs.loss_per_token")


def _loss(value: float) -> str:
    return format_number(value, 4)


def _interval(interval: tuple[float, float] | None, write) -> str:
    return t("own_runs.open") if interval is None else f"{write(interval[0])} – {write(interval[1])}"


def law_sentence(analysis: Analysis) -> str:
    """Say which law was fitted and why."""
    return analysis.law.reason.words()


def data_sentences(analysis: Analysis) -> list[str]:
    """Say how many rows there are, how many were fitted, and what was filled in."""
    runs = analysis.runs
    count = t("own_runs.data.count", rows=runs.n_rows, fitted=int(analysis.law.use.sum()), excluded=len(runs.excluded))
    return [count, *(note.words() for note in runs.notes)]


def exclusions(analysis: Analysis) -> list[list[str]]:
    """Return line, run and reason of every row that no fit saw."""
    return [[str(row.line), row.run, row.reason.words()] for row in analysis.runs.excluded]


def exclusion_head() -> list[str]:
    """Return the heading of the table of exclusions."""
    return [t("own_runs.data.line"), t("own_runs.data.run"), t("own_runs.data.reason")]


def analysis_text(analysis: Analysis) -> str:
    """Write an analysis as lines of text."""
    verdict = analysis.verdict
    lines = [source_line(analysis.runs.reading), *data_sentences(analysis)]
    left_out = exclusions(analysis)
    lines += [t("own_runs.data.line_out", line=row[0], run=row[1], reason=row[2]) for row in left_out[:_SHOWN]]
    if len(left_out) > _SHOWN:
        lines.append(t("own_runs.data.more", count=len(left_out) - _SHOWN))
    lines += ["", law_sentence(analysis), _without_warnings(analysis.fit).summary(), ""]
    if analysis.isoflop is not None:
        lines += [t("fitting.isoflop.caption"), _without_warnings(analysis.isoflop).summary(), ""]
    if analysis.backtest is not None:
        lines += [t("fitting.backtest.caption"), analysis.backtest.summary(), ""]
    lines += [plan_title(analysis)]
    head, rows = plan_table(analysis)
    lines += align(head, rows) if rows else []
    lines += [analysis.plan.reason.words()] if analysis.plan.reason is not None else []
    lines += ["", verdict.headline.words()]
    lines += [f"+ {item.words()}" for item in verdict.can] + [f"− {item.words()}" for item in verdict.cannot]
    lines += [f"! {warning.words()}" for warning in analysis.warnings]
    return "\n".join(lines)


def section(title: str, *parts: str) -> str:
    """Write one part of the page."""
    return f"<section><h2>{escape(title)}</h2>{''.join(parts)}</section>"


def paragraphs(sentences) -> str:
    """Write sentences, one a paragraph."""
    return "".join(f"<p>{escape(sentence)}</p>" for sentence in sentences)


def bullets(items, name: str) -> str:
    """Write a list of sentences."""
    return f'<ul class="{name}">' + "".join(f"<li>{escape(item.words())}</li>" for item in items) + "</ul>"


def verdict_html(analysis: Analysis) -> str:
    """Write the verdict: what these runs tell, and what they do not."""
    verdict = analysis.verdict
    return section(
        verdict.headline.words(),
        f"<h3>{escape(t('own_runs.verdict.can'))}</h3>",
        bullets(verdict.can, "can"),
        f"<h3>{escape(t('own_runs.verdict.cannot'))}</h3>",
        bullets(verdict.cannot, "cannot"),
    )


def warnings_html(analysis: Analysis) -> str:
    """Write the warnings; nothing where there are none."""
    if not analysis.warnings:
        return ""
    return section(t("own_runs.report.warnings"), bullets(analysis.warnings, "warnings"))


def figure_html(analysis: Analysis) -> str:
    """Write the figure as an image that needs no other file."""
    data = base64.b64encode(png(analysis, scale=2.0)).decode("ascii")
    text = escape(figure_text(analysis), quote=True)
    return f'<figure><img alt="{text}" src="data:image/png;base64,{data}"></figure>'


def plan_html(analysis: Analysis) -> str:
    """Write the plan."""
    head, rows = plan_table(analysis)
    table = html_table(head, rows, plan_title(analysis)) if rows else f"<p>{escape(plan_title(analysis))}</p>"
    reason = analysis.plan.reason
    return section(t("own_runs.report.plan"), table, paragraphs([reason.words()] if reason is not None else []))


def fit_section(analysis: Analysis) -> str:
    """Write the law with its constants."""
    return section(
        t("own_runs.report.fit"), paragraphs([law_sentence(analysis)]), fit_html(_without_warnings(analysis.fit))
    )


def tests_html(analysis: Analysis) -> str:
    """Write the back-test and the valleys, where there are any."""
    parts = []
    if analysis.backtest is not None:
        parts.append(backtest_html(analysis.backtest))
    if analysis.isoflop is not None:
        parts.append(isoflop_html(_without_warnings(analysis.isoflop)))
    return section(t("own_runs.report.tests"), *parts) if parts else ""


def told_html(analysis: Analysis) -> str:
    """Write what comes first: the file, the rows, the verdict."""
    return paragraphs([source_line(analysis.runs.reading), *data_sentences(analysis)]) + verdict_html(analysis)


def fitted_html(analysis: Analysis) -> str:
    """Write what is the same for every budget: fit, tests, warnings."""
    return fit_section(analysis) + tests_html(analysis) + warnings_html(analysis)


def analysis_html(analysis: Analysis) -> str:
    """Write an analysis as HTML for a notebook: verdict, figure, plan, fit, tests, warnings."""
    parts = (told_html(analysis), figure_html(analysis), plan_html(analysis), fitted_html(analysis))
    return f'<div class="own-runs">{"".join(parts)}</div>'
