"""Write plans and forecasts in the reader's language, as text and as HTML."""

from __future__ import annotations

from collections.abc import Iterable
from html import escape
from typing import TYPE_CHECKING

from course_utils.fitting.presentation import align, html_table
from course_utils.fitting.study_presentation import signed_percent
from course_utils.i18n import format_count, format_flops, format_number, format_percent, format_scientific, t

if TYPE_CHECKING:
    from course_utils.planning.designs import Design
    from course_utils.planning.forecast import Forecast, ForecastWarning
    from course_utils.planning.mistakes import Mistake
    from course_utils.planning.regret import Regret
    from course_utils.planning.replay import Replay
    from course_utils.planning.simulate import Simulation

_BOX = "scaling-law-fit"


def warning_words(warning: ForecastWarning) -> str:
    """Say a warning in a sentence."""
    write = format_scientific if warning.key in ("edge", "one_width") else format_number
    names = t("planning.between_items").join(write(x, 2) for x in warning.names)
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


def simulation_table(simulation: Simulation) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a simulation's table."""
    head = [t("planning.head_what"), t("planning.head_value")]
    level = format_percent(simulation.level)
    rows = [
        [t("planning.simulation_interval"), format_percent(simulation.interval_width)],
        [t("planning.simulation_median"), format_percent(simulation.error_median)],
        [t("planning.simulation_ninety"), format_percent(simulation.error_90)],
        [t("planning.simulation_bias"), signed_percent(simulation.bias)],
        [t("planning.simulation_inside", level=level), format_percent(simulation.inside)],
    ]
    return head, rows


def simulation_lead(simulation: Simulation) -> str:
    """Say what was simulated."""
    name = t(f"planning.design.{simulation.design.name}")
    return t("planning.simulation_lead", count=len(simulation), design=name)


def simulation_text(simulation: Simulation) -> str:
    """Write a simulation as lines of text."""
    return "\n".join([simulation_lead(simulation), *align(*simulation_table(simulation))])


def simulation_html(simulation: Simulation) -> str:
    """Write a simulation as HTML."""
    return _html([], html_table(*simulation_table(simulation), simulation_lead(simulation)), [])


def regret_words(regret: Regret) -> str:
    """Say in a sentence what another width would have saved."""
    if regret.best_width == regret.width:
        return t("planning.regret_none", width=regret.width)
    share, wasted = format_percent(regret.share), format_flops(regret.flops_wasted)
    return t("planning.regret_best", width=regret.best_width, share=share, wasted=wasted)


def mistakes_table(mistakes: Iterable[Mistake], measured: float | None) -> tuple[list[str], list[list[str]]]:
    """Return the head and the rows of a table of wrong forecasts, and their errors where the truth is known."""
    head = [t("planning.head_mistake"), t("planning.head_loss"), t("planning.head_error")]
    rows = []
    for mistake in mistakes:
        error = t("numbers.unknown") if measured is None else signed_percent(mistake.loss / measured - 1)
        rows.append([mistake.name(), format_number(mistake.loss, 4), error])
    return head, rows


def replay_lead(replay: Replay) -> str:
    """Say how a game ended."""
    foretold = replay.forecast
    values = {
        "game": replay.game,
        "design": t(f"planning.design.{replay.design.name}"),
        "loss": format_number(foretold.loss, 4),
        "low": format_number(foretold.low, 4),
        "high": format_number(foretold.high, 4),
    }
    if replay.measured is None:
        return t("planning.replay_diverged", **values)
    return t(
        "planning.replay_lead",
        measured=format_number(replay.measured, 4),
        error=signed_percent(replay.error),
        verdict=t("planning.replay_inside" if replay.inside else "planning.replay_outside"),
        **values,
    )


def replay_text(replay: Replay) -> str:
    """Write a game as lines of text."""
    lines = [replay_lead(replay), *align(*mistakes_table(replay.mistakes, replay.measured))]
    return "\n".join(lines + ([regret_words(replay.regret)] if replay.regret else []))


def replay_html(replay: Replay) -> str:
    """Write a game as HTML."""
    table = html_table(*mistakes_table(replay.mistakes, replay.measured), t("planning.mistakes_caption"))
    return _html([replay_lead(replay)], table, [regret_words(replay.regret)] if replay.regret else [])
