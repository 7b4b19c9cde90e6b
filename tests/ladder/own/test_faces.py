"""What a game shows: plans, verdicts, the page, the figure, in three languages; and the same game twice alike."""

from __future__ import annotations

import re
from html import escape

import pytest

from course_utils import ladder, planning
from course_utils.i18n import LANGUAGES, set_language, using_language
from course_utils.ladder.own import play
from course_utils.ladder.own.opening import recorded
from course_utils.ladder.own.refusal import Refusal
from course_utils.ladder.own.sources import Lookup
from course_utils.ladder.own.tables import columns, curve_columns
from course_utils.questions import progress


def played(pool, design="ladder", seal=(3.95, 3.8, 4.1)):
    game = recorded(0, design, folder=pool)
    game.screen()
    game.seal(*seal)
    game.train()
    return game


def test_a_recorded_game_is_the_replay_of_planning(pool):
    import pandas

    tables = Lookup(pool)._pool
    runs = pandas.DataFrame(columns(tables.rows.values())).assign(
        budget=[row.rung for row in tables.rows.values()], seed=[row.seed for row in tables.rows.values()])
    curves = pandas.DataFrame(curve_columns(tables.curves.values()))
    for design in ("ladder", "checkpoints"):
        again = planning.replay(runs, curves, design, 0)
        verdict = played(pool, design).verdict()
        assert verdict.rule.loss == pytest.approx(again.forecast.loss, rel=1e-12)
        assert (verdict.sealed.width, verdict.measured) == (again.width, again.measured)
        assert verdict.regret == again.regret
        assert {each.key: each.loss for each in verdict.mistakes} == {each.key: each.loss for each in again.mistakes}


def test_the_verdict_counts_right(pool, kept):
    verdict = played(pool).verdict()
    assert verdict.error == pytest.approx(3.95 - verdict.measured)
    assert verdict.error_share == pytest.approx(3.95 / verdict.measured - 1)
    assert verdict.inside is (3.8 <= verdict.measured <= 4.1)
    errors = [abs(verdict.mistake_error(each)) for each in verdict.mistakes]
    assert len(errors) >= 6 and errors[0] == max(errors)
    assert kept.predictions()[0].measured == verdict.measured
    outside = played(pool, seal=(3.0, 2.9, 3.1)).verdict()
    assert (not outside.inside and outside.rule == outside.game.forecast()) or outside.rule.loss == verdict.rule.loss


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_same_game_shows_the_same_words(pool, code):
    with using_language(code):
        shown = []
        for _ in range(2):
            game = recorded(0, folder=pool)
            faces = [repr(game.screen()), repr(game.forecast()), repr(game.seal(3.95, 3.8, 4.1)), repr(game.train()),
                     repr(game.verdict()), repr(game)]
            shown.append(faces)
        assert shown[0] == shown[1]
        assert not any("{" in face or "None" in face for face in shown[0])


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_page_holds_everything_and_needs_nothing(pool, tmp_path, code):
    set_language(code)
    try:
        game = played(pool)
        report = game.report(tmp_path / "page.html")
        page = report.path.read_text("utf-8")
        verdict = report.verdict
        assert {"en": 'lang="en"', "vi": 'lang="vi"', "zh": 'lang="zh-Hans"'}[code] in page
        for needed in ("3.950", f"{verdict.measured:.3f}", verdict.sealed.hash, game._state.id,
                       escape(verdict.regret.words())):
            assert needed in page
        assert all(escape(each.name()) in page for each in verdict.mistakes)
        assert not re.search(r'(?:src|href)="(?!data:)', page) and "url(" not in page and "<script" not in page
        assert page.count("<h2>") == 7 and page.count("<img") == 1
        assert repr(report).count("\n") > 20 and str(report.path) in repr(report)
        with pytest.raises(FileExistsError, match=r"page\.html"):
            game.report(tmp_path / "page.html")
        game.report(tmp_path / "page.html", overwrite=True)
        with pytest.raises(Refusal):
            game.report(tmp_path / "page.pdf")
    finally:
        set_language("en")


def test_the_figure_grows_with_the_game(pool):
    game = recorded(0, folder=pool)
    assert "0" in game.figure().get_suptitle()
    game.screen()
    lines = [len(game.figure().axes[1].lines)]
    for step in (game.seal, game.train):
        step()
        lines.append(len(game.figure().axes[1].lines))
    assert lines == sorted(set(lines))


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_plan_says_what_it_costs_and_buys(code):
    from course_utils.ladder.calibration import recorded as speeds

    with using_language(code):
        made = ladder.plan(1e12, processes=2, calibration=speeds())
        assert len(made.runs()) == 25 and (made.runs()["seconds"] > 0).all()
        assert made.design.total <= 1e12 and made.wall_seconds > made.target_seconds
        face = repr(made)
        assert "6, 8, 12, 16, 20" in face and speeds().processor in face
        assert "<table>" in made._repr_html_()
    with pytest.raises(ValueError, match="budget"):
        ladder.plan(1e12, seeds=9, calibration=speeds())


@pytest.mark.parametrize("code", LANGUAGES)
def test_designs_are_compared_before_paying(code):
    from course_utils.ladder.calibration import recorded as speeds

    with using_language(code):
        made = ladder.compare(1e12, designs=("ladder", "checkpoints"), calibration=speeds())
        table = made.table()
        assert list(table["design"]) == ["ladder", "checkpoints"]
        assert (table["interval_width"] > 0).all() and (abs(table["bias"]) < table["error_90"]).all()
        assert len(repr(made).split("\n")) >= 5


def test_a_game_in_a_terminal(pool, capsys, tmp_path):
    page = tmp_path / "page.html"
    arguments = ["--recorded", "0", "--folder", str(pool), "--predict", "3.95", "3.8", "4.1", "--report", str(page)]
    assert play.main(arguments) == 0
    said = capsys.readouterr().out
    assert "3.950" in said and str(page) in said and page.exists()
    assert play.main(["--recorded", "0", "--folder", str(pool), "--predict", "3.5", "3.8", "4.1"]) == 2
    assert "low < loss < high" in capsys.readouterr().err


@pytest.mark.parametrize("code", LANGUAGES)
def test_without_torch_a_sentence_says_what_to_install(monkeypatch, capsys, code):
    monkeypatch.setattr(play.util, "find_spec", lambda name: None)
    with using_language(code):
        assert play.main(["mine"]) == 1
    said = capsys.readouterr().err
    assert "ladder --install" in said and "--recorded 0" in said


@pytest.mark.parametrize("code", LANGUAGES)
def test_the_learners_record_shows_the_game(pool, code):
    with using_language(code):
        played(pool)
        assert "ladder-0" in repr(progress()) and "3.950" in repr(progress())


def test_the_package_is_cheap_and_lists_what_it_offers():
    import subprocess
    import sys

    code = ("import sys; from course_utils import ladder; ladder.__all__; print(sorted({'torch', 'pandas', "
            "'matplotlib', 'scipy', 'tokenizers'} & {name.split('.')[0] for name in sys.modules}))")
    said = subprocess.run([sys.executable, "-c", code], capture_output=True, text=True, check=True)
    assert said.stdout.strip() == "[]"
    assert {"plan", "compare", "calibrate", "start", "recorded"} <= set(dir(ladder))
    with pytest.raises(AttributeError, match="start"):
        ladder.begin  # noqa: B018
