"""Write an analysis as one page that needs nothing else and prints on A4."""

from __future__ import annotations

import datetime
import platform
from html import escape
from importlib.metadata import version
from pathlib import Path

from course_utils.fitting.presentation import html_table
from course_utils.i18n import format_date, format_flops, language, t
from course_utils.own_runs import faces
from course_utils.own_runs.analysis import Analysis
from course_utils.own_runs.reading_faces import guesses, source_line, unused
from course_utils.own_runs.said import Refusal, listed

_TAGS = {"en": "en", "vi": "vi", "zh": "zh-Hans"}
_STYLE = """
@page { size: A4; margin: 12mm 15mm; }
:root { color-scheme: light; }
body { font: 13px/1.45 "Noto Sans", "Segoe UI", system-ui, -apple-system, "Helvetica Neue", Arial, "PingFang SC",
  "Microsoft YaHei", "Noto Sans CJK SC", sans-serif; color: #111; background: #fff; max-width: 180mm;
  margin: 10mm auto; padding: 0 5mm; }
h1 { font-size: 1.6em; margin: 0 0 2px; line-height: 1.25; overflow-wrap: anywhere; }
h2 { font-size: 1.15em; margin: 14px 0 3px; border-bottom: 1px solid #bbb; break-after: avoid; }
h3 { font-size: 1em; margin: 7px 0 1px; break-after: avoid; }
p { margin: 3px 0; overflow-wrap: anywhere; }
ul { margin: 2px 0 2px 0; padding-left: 1.3em; }
li { margin: 1px 0; overflow-wrap: anywhere; }
ul.can li::marker { content: "+  "; font-weight: bold; color: #00694d; }
ul.cannot li::marker { content: "−  "; font-weight: bold; color: #a33e00; }
ul.warnings li::marker { content: "!  "; font-weight: bold; color: #a33e00; }
.verdict { border: 1.5px solid #0072B2; border-radius: 4px; padding: 2px 12px 6px; margin: 8px 0; break-inside: avoid; }
.verdict h2 { border: 0; margin-top: 6px; }
table { border-collapse: collapse; width: 100%; margin: 4px 0 6px; font-size: 0.93em; }
caption { text-align: left; font-weight: 600; padding: 2px 0; }
th, td { text-align: left; vertical-align: top; padding: 2px 10px 2px 0; overflow-wrap: break-word; }
td { overflow-wrap: anywhere; min-width: 5.5em; }
thead th { border-bottom: 1px solid #777; }
tbody tr + tr > * { border-top: 1px solid #e4e4e4; }
tbody th { font-weight: 400; white-space: nowrap; }
tr, figure, .keep { break-inside: avoid; }
figure { margin: 6px 0; }
img { width: 100%; height: auto; }
code, pre { font: 0.9em/1.4 ui-monospace, "SFMono-Regular", Menlo, Consolas, "DejaVu Sans Mono", monospace; }
pre { background: #f4f4f4; padding: 6px 8px; white-space: pre-wrap; overflow-wrap: anywhere; margin: 4px 0; }
.small { color: #444; font-size: 0.9em; }
@media print {
  body { margin: 0; padding: 0; max-width: none; font-size: 9.5px; line-height: 1.35; }
  h2 { margin-top: 9px; }
  table { margin: 2px 0 4px; }
  th, td { padding-top: 1px; padding-bottom: 1px; }
  img { width: 88%; }
  pre { border: 1px solid #ccc; }
}
"""


def write_report(
    analysis: Analysis, path: str | Path, *, overwrite: bool = False, date: datetime.date | str | None = None
) -> Path:
    """Write the page; see `Analysis.report`."""
    path = Path(path)
    if path.suffix.lower() not in (".html", ".htm"):
        raise Refusal("not_html", path.name)
    page = report_html(analysis, date=date)
    try:
        with path.open("w" if overwrite else "x", encoding="utf-8", newline="\n") as file:
            file.write(page)
    except FileExistsError:
        raise FileExistsError(t("own_runs.report.exists", path=path)) from None
    return path


def report_html(analysis: Analysis, *, date: datetime.date | str | None = None) -> str:
    """Return the page as a text, in the reader's language."""
    name = analysis.runs.reading.name
    title = t("own_runs.report.title", name=name)
    day = format_date(datetime.date.today() if date is None else date)
    made = t("own_runs.report.subtitle", date=day, file=source_line(analysis.runs.reading))
    parts = [
        f"<header><h1>{escape(title)}</h1><p class='small'>{escape(made)}</p></header>",
        f'<div class="verdict">{faces.verdict_html(analysis)}</div>',
        faces.figure_html(analysis),
        faces.plan_html(analysis),
        faces.warnings_html(analysis),
        faces.fit_section(analysis),
        faces.tests_html(analysis),
        _data(analysis),
        _made(analysis),
    ]
    return (
        f'<!DOCTYPE html>\n<html lang="{_TAGS[language()]}">\n<head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width, initial-scale=1"><title>{escape(title)}</title>'
        f"<style>{_STYLE}</style></head>\n<body>\n<main>\n" + "\n".join(parts) + "\n</main>\n</body>\n</html>\n"
    )


def _data(analysis: Analysis) -> str:
    reading = analysis.runs.reading
    head, rows = guesses(reading)
    parts = [
        faces.paragraphs(faces.data_sentences(analysis)),
        html_table(head, rows, t("own_runs.report.columns")),
        _ranges(analysis),
    ]
    if names := unused(reading):
        parts.append(faces.paragraphs([t("own_runs.reading.unused", names=listed(names))]))
    skipped = [t("own_runs.reading.skipped", line=line, reason=why.words()) for line, why in reading.table.skipped]
    parts.append(faces.paragraphs(skipped))
    if left_out := faces.exclusions(analysis):
        parts.append(html_table(faces.exclusion_head(), left_out, t("own_runs.report.exclusions")))
    return faces.section(t("own_runs.report.data"), *parts)


def _ranges(analysis: Analysis) -> str:
    """Write from where to where the fitted runs reach, in the units of the fit."""
    from course_utils.i18n import format_count, format_number
    from course_utils.own_runs.choice import levels

    runs, use = analysis.runs, analysis.law.use
    head = [t("own_runs.data.quantity"), t("own_runs.data.from"), t("own_runs.data.to"), t("own_runs.data.levels")]
    rows = []
    for role, write in (("params", format_count), ("tokens", format_count), ("flops", format_flops)):
        if (values := getattr(runs, role)) is not None:
            values = values[use]
            rows.append([t(f"own_runs.role.{role}"), write(values.min()), write(values.max()), str(levels(values))])
    loss = runs.loss[use]
    low, high = format_number(float(loss.min()), 4), format_number(float(loss.max()), 4)
    rows.append([faces.loss_name(analysis), low, high, ""])
    return html_table(head, rows, t("own_runs.report.ranges"))


def _made(analysis: Analysis) -> str:
    table = analysis.runs.reading.table
    settings = analysis.settings
    sentences = [
        t(
            "own_runs.report.how",
            n=settings["n"],
            seed=settings["seed"],
            level=f"{settings['level']:.0%}",
            course=version("scaling-laws-course"),
            numpy=version("numpy"),
            python=platform.python_version(),
        ),
        t("own_runs.report.hash", name=table.name, sha=table.sha256),
    ]
    return faces.section(
        t("own_runs.report.made"),
        faces.paragraphs(sentences),
        f"<p>{escape(t('own_runs.report.repeat'))}</p><pre>{escape(code(analysis))}</pre>",
    )


def code(analysis: Analysis) -> str:
    """Write the calls that come to the same page."""
    reading, settings = analysis.runs.reading, analysis.settings
    if reading.table.sample:
        call = "own_runs.read()"
    else:
        arguments = "".join(f",\n    {name}={value!r}" for name, value in reading.arguments().items())
        call = f"own_runs.read({reading.name!r}{arguments},\n)" if arguments else f"own_runs.read({reading.name!r})"
    flops = analysis.plan.flops
    budget = "" if flops is None else f", budget={f'{flops:g}' if float(f'{flops:g}') == flops else repr(flops)}"
    other = "".join(
        f", {name}={settings[name]!r}"
        for name, usual in (("n", 1000), ("seed", 0), ("level", 0.9))
        if settings[name] != usual
    )
    language_line = "" if language() == "en" else f'set_language("{language()}")\n'
    return (
        f"from course_utils import own_runs{', set_language' if language_line else ''}\n\n{language_line}"
        f'runs = {call}\nown_runs.analyse(runs{budget}{other}).report("report.html")'
    )
