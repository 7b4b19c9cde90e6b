"""Write plans and forecasts in the reader's language, as text and as HTML."""

from __future__ import annotations

from html import escape
from typing import TYPE_CHECKING

from course_utils.fitting.presentation import align, html_table
from course_utils.i18n import format_count, format_flops, format_number, format_percent, format_scientific, t

if TYPE_CHECKING:
    from course_utils.planning.designs import Design
    from course_utils.planning.forecast import Forecast, ForecastWarning

_BOX = "scaling-law-fit"


def warning_words(warning: ForecastWarning) -> str:
    """Say a warning in a sentence."""
    powers = warning.key in ("edge", "one_width")
    names = t("planning.between_items").join(format_scientific(x, 2) if powers else format_number(x, 2) for x in warning.names)
    if warning.key == "few":
        names = str(int(warning.names[0]))
    return t(f"planning.warning.{warning.key}", names=names)


def design_table(design: Design) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a design's table: a row a rung."""
    head = [t(f"planning.head_{key}") for key in ("rung", "widths", "seeds", "schedule", "runs", "share")]
    rows = []
    for rung, runs in design.by_rung().items():
        rows.append([
            format_scientific(rung),
            ", ".join(str(width) for width in sorted({run.width for run in runs})),
            str(len({run.seed for run in runs})),
            t(f"planning.schedule.{runs[0].schedule}"),
            str(len(runs)),
            format_percent(rung / design.target),
        ])  # fmt: skip
    return head, rows


def design_sentences(design: Design) -> list[str]:
    """Say what a design costs, and where its widths may not suffice."""
    from course_utils.planning.designs import CURVE_FROM

    sentences = [
        t(
            "planning.design_lead",
            design=t(f"planning.design.{design.name}"),
            runs=len(design.runs),
            cost=format_flops(design.cost),
            share=format_percent(design.cost / design.target),
            target=format_flops(design.target),
            total=format_scientific(design.total),
            budget=format_flops(design.budget),
        )
    ]
    if any(run.schedule == "cooldown" for run in design.runs):
        sentences.append(t("planning.design_trunks"))
    if design.uses_curves:
        sentences.append(t("planning.design_curves", least=format_flops(CURVE_FROM * design.target)))
    if design.edges:
        rungs = t("planning.between_items").join(format_scientific(rung) for rung in design.edges)
        sentences.append(t("planning.design_edge", rungs=rungs))
    return sentences


def design_text(design: Design) -> str:
    """Write a design as lines of text."""
    lead, *others = design_sentences(design)
    return "\n".join([lead, *align(*design_table(design)), *others])


def design_html(design: Design) -> str:
    """Write a design as HTML."""
    lead, *others = design_sentences(design)
    return _html([lead], html_table(*design_table(design), t("planning.design_caption")), others)


def forecast_sentences(forecast: Forecast) -> list[str]:
    """Say what is foretold, where the valley leads, and how sure the exponent is."""
    sentences = [
        t(
            "planning.forecast_lead",
            flops=format_flops(forecast.target_flops),
            params=format_count(forecast.target_params),
            loss=format_number(forecast.loss, 4),
            level=format_percent(forecast.level),
            low=format_number(forecast.low, 4),
            high=format_number(forecast.high, 4),
        )
    ]
    if forecast.best_params is not None:
        best = format_count(forecast.best_params)
        sentences.append(
            t("planning.forecast_best", runs=forecast.n_runs, best=best, width=forecast.target_width)
        )
    sentences.append(
        t(
            "planning.forecast_exponent",
            exponent=format_number(forecast.exponent),
            error=format_number(forecast.exponent_sd, 2),
            spread=format_percent(forecast.spread),
        )
    )
    return sentences


def forecast_text(forecast: Forecast) -> str:
    """Write a forecast as lines of text."""
    return "\n".join([*forecast_sentences(forecast), *(f"! {note.words()}" for note in forecast.warnings)])


def forecast_html(forecast: Forecast) -> str:
    """Write a forecast as HTML."""
    lead, *others = forecast_sentences(forecast)
    notes = "".join(f"<p><strong>!</strong> {escape(note.words())}</p>" for note in forecast.warnings)
    text = "".join(f"<p>{escape(sentence)}</p>" for sentence in others)
    return f'<div class="{_BOX}"><p><strong>{escape(lead)}</strong></p>{text}{notes}</div>'


def _html(before: list[str], table: str, after: list[str]) -> str:
    paragraphs = ["".join(f"<p>{escape(sentence)}</p>" for sentence in part) for part in (before, after)]
    return f'<div class="{_BOX}">{paragraphs[0]}{table}{paragraphs[1]}</div>'
