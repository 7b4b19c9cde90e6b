"""One page of a game to show at work: it needs nothing else and prints on A4."""

from __future__ import annotations

import base64
import platform
from dataclasses import dataclass
from html import escape
from importlib.metadata import version
from pathlib import Path
from typing import TYPE_CHECKING

from course_utils.i18n import format_duration, format_flops, format_number, format_percent, language, t

from ..store import write_whole
from .page import Grid, Page, as_html
from .refusal import Refusal, needs_access, words

if TYPE_CHECKING:
    from .game import Game
    from .verdict import Verdict

_TAGS = {"en": "en", "vi": "vi", "zh": "zh-Hans"}
_STYLE = """
@page { size: A4; margin: 12mm 15mm; }
:root { color-scheme: light; }
body { font: 13px/1.45 "Noto Sans", "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, "PingFang SC",
  "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; color: #111; background: #fff; max-width: 180mm;
  margin: 10mm auto; padding: 0 5mm; }
h1 { font-size: 1.55em; margin: 0 0 2px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.1em; margin: 12px 0 2px; border-bottom: 1px solid #bbb; break-after: avoid; }
p { margin: 3px 0; overflow-wrap: anywhere; }
.verdict { border: 1.5px solid #0072B2; border-radius: 4px; padding: 4px 12px 6px; margin: 8px 0; font-size: 1.1em; }
.columns { display: grid; grid-template-columns: 1fr 1fr; column-gap: 8mm; }
table { border-collapse: collapse; width: 100%; margin: 3px 0 5px; font-size: 0.93em; }
caption { text-align: left; font-weight: 600; padding: 2px 0; }
caption:empty { display: none; }
th, td { text-align: left; vertical-align: top; padding: 2px 8px 2px 0; overflow-wrap: break-word; }
thead th { border-bottom: 1px solid #777; }
tbody tr + tr > * { border-top: 1px solid #e4e4e4; }
tbody th { font-weight: 400; }
tr, figure, .keep { break-inside: avoid; }
figure { margin: 6px 0; }
img { width: 100%; height: auto; }
code { font: 0.9em ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
.small { color: #444; font-size: 0.9em; }
@media (max-width: 600px) { .columns { grid-template-columns: 1fr; } }
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 10px; line-height: 1.38; }
  h2 { margin-top: 7px; }
  th, td { padding-top: 1px; padding-bottom: 1px; }
  figure { text-align: center; margin: 3px 0; }
  img { width: 94%; }
}
"""


@dataclass(frozen=True, repr=False)
class Report(Page):
    """A report that was written: its text, and where it lies.

    Attributes
    ----------
    path : Path
    verdict : Verdict
    """

    path: Path
    verdict: Verdict

    def parts(self) -> list[str | Grid]:
        """Return the page as text, and where it lies."""
        found: list[str | Grid] = [_title(self.verdict.game), self.verdict.headline(), *self.verdict.changes()]
        for heading, parts in sections(self.verdict):
            found += ["", heading, *parts]
        return [*found, "", t("ladder.report.written", path=self.path)]


def write_report(game: Game, path: str | Path | None, *, overwrite: bool = False) -> Report:
    """Write the page of a finished game; see `Game.report`."""
    if path is None:
        path = (game.folder or Path()) / f"{game.name}-{language()}.html"
    path = Path(path).expanduser()
    if path.suffix.lower() not in (".html", ".htm"):
        raise Refusal("not_html", path=path)
    verdict = game.verdict()
    if path.exists() and not overwrite:
        raise FileExistsError(t("ladder.report.exists", path=path))
    page = report_html(verdict)
    with needs_access(path):
        write_whole(path, page)
    return Report(path, verdict)


def report_html(verdict: Verdict) -> str:
    """Return the page as a text, in the reader's language."""
    from course_utils import plots

    game = verdict.game
    picture = base64.b64encode(plots.png_bytes(verdict.figure(), scale=2.0)).decode("ascii")
    title = _title(game)
    blocks = [_section(heading, parts) for heading, parts in sections(verdict)]
    question, plan, forecast, result, mistakes, learnt, limits = blocks
    body = [
        f'<header><h1>{escape(title)}</h1><p class="small">{escape(_subtitle(verdict))}</p></header>',
        f'<p class="verdict"><strong>{escape(verdict.headline())}</strong></p>',
        *(f'<p class="verdict">{escape(sentence)}</p>' for sentence in verdict.changes()),
        question,
        f'<figure><img alt="{escape(t("ladder.report.alt"), quote=True)}" '
        f'src="data:image/png;base64,{picture}"></figure>',
        f'<div class="columns">{plan}{forecast}</div>',
        result,
        f'<div class="columns">{mistakes}<div>{learnt}{limits}</div></div>',
        f'<p class="small">{escape(_made(game))}</p>',
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{_TAGS[language()]}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<main>\n" + "\n".join(body) + "\n</main>\n</body>\n</html>\n"
    )


def sections(verdict: Verdict) -> list[tuple[str, list[str | Grid]]]:
    """Return the parts of the page: question, plan, forecast, result, mistakes, what was learnt, limits."""
    return [(t(f"ladder.report.{name}"), part(verdict)) for name, part in (
        ("question", _question), ("plan", _plan), ("forecast", _forecast), ("result", _result),
        ("mistakes", _mistakes), ("learnt", _learnt), ("limits", _limits))]


def _title(game: Game) -> str:
    return words("report.title", name=game.name, target_flops=game.design.target)


def _subtitle(verdict: Verdict) -> str:
    from .sealed import Seal

    game = verdict.game
    seal = Seal.of(game)
    return words("report.subtitle_recorded" if game.recorded else "report.subtitle", when=seal.when(), name=game.name)


def _question(verdict: Verdict) -> list[str | Grid]:
    design = verdict.game.design
    return [words("report.asked", budget_flops=design.budget, target_flops=design.target, width=verdict.sealed.width)]


def _plan(verdict: Verdict) -> list[str | Grid]:
    game, design = verdict.game, verdict.game.design
    rows = [[format_flops(rung), ", ".join(map(str, sorted({run.width for run in runs}))),
             str(len({run.seed for run in runs}))] for rung, runs in design.by_rung().items()]
    status = game.status()
    parts: list[str | Grid] = [
        t("ladder.report.design", design=t(f"planning.design.{design.name}"), runs=len(design.runs)),
        Grid([t(f"ladder.plan.{name}") for name in ("rung", "widths", "seeds")], rows),
        words("report.spent_recorded" if game.recorded else "report.spent", spent_flops=status.spent,
              budget_flops=status.budget, seconds=format_duration(status.seconds)),
    ]
    if status.diverged:
        parts.append(words("report.diverged", runs=", ".join(run for run, _ in status.diverged)))
    if game._state.text:
        parts.append(words("report.own_text", text=Path(game._state.text).name, key=game._state.text_key))
    return parts


def _forecast(verdict: Verdict) -> list[str | Grid]:
    from .sealed import Seal

    seal, one = Seal.of(verdict.game), verdict.sealed
    return [
        words("report.sealed_recorded" if seal.recorded else "report.sealed", loss=one.loss, low=one.low,
              high=one.high, level=f"{one.level:.0%}", when=seal.when()),
        words("report.rule", loss=verdict.rule.loss, low=verdict.rule.low, high=verdict.rule.high,
              runs=verdict.rule.n_runs),
        words("report.hash", hash=one.hash),
    ]


def _result(verdict: Verdict) -> list[str | Grid]:
    return [verdict.forecasts(), verdict.regret_sentence()]


def _mistakes(verdict: Verdict) -> list[str | Grid]:
    table = verdict.mistakes_table()
    return [Grid(table.head, table.rows)]


def _learnt(verdict: Verdict) -> list[str | Grid]:
    """Say what this game taught: the exponent, the worst mistake, and whether the interval was worth its width."""
    rule, worst = verdict.rule, verdict.mistakes[0]
    width = (verdict.sealed.high - verdict.sealed.low) / verdict.sealed.loss / 2
    learnt = [words("report.exponent", exponent=format_number(rule.exponent, 3),
                    error=format_number(rule.exponent_sd, 2))]
    if abs(verdict.mistake_error(worst)) > abs(verdict.error_share):
        learnt.append(words("report.worst", mistake=worst.name(),
                            percent=format_percent(abs(verdict.mistake_error(worst))),
                            why=worst.why()))
    learnt.append(words("report.width_held" if verdict.inside else "report.width_missed", width=format_percent(width),
                        percent=format_percent(abs(verdict.error_share))))
    return learnt


def _limits(verdict: Verdict) -> list[str | Grid]:
    said = [t("ladder.report.limit_one"), t("ladder.report.limit_scale")]
    return [*said, *(note.words() for note in verdict.rule.warnings)]


def _made(game: Game) -> str:
    return t("ladder.report.made", course=version("scaling-laws-course"), python=platform.python_version(),
             id=game._state.id)


def _section(heading: str, parts: list[str | Grid]) -> str:
    return f'<section class="keep"><h2>{escape(heading)}</h2>{as_html(parts)}</section>'
