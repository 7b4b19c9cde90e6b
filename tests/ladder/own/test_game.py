"""The order of a game, its seal, and that it can be broken off anywhere."""

from __future__ import annotations

import json
import math
import os
import signal
import subprocess
import sys
import time
from pathlib import Path

import pytest

from course_utils.i18n import LANGUAGES, using_language
from course_utils.ladder.own.opening import recorded, start
from course_utils.ladder.own.refusal import Refusal
from course_utils.ladder.own.state import read
from course_utils.ladder.store import Store
from course_utils.questions.record import Record
from tests.ladder.own import law

ROOT = Path(__file__).resolve().parents[3]


def test_a_live_game_goes_through_its_states_and_is_opened_again_at_each(live, kept, here):
    assert live().state == "planned"
    status = live().screen(executor=here)
    assert (status.state, status.done, status.total) == ("screened", 25, 25)
    assert live().state == "screened"
    foretold = live().forecast()
    assert foretold.low < 3.9 < foretold.high
    seal = live().seal(3.9, 3.8, 4.0)
    assert live().state == "sealed" and live().sealed().sealed == seal.sealed
    assert live().train(executor=here).state == "trained"
    game = live()
    assert game.state == "trained"
    row = game.measured()
    assert row.loss == pytest.approx(law.loss_of(row.params, row.flops, 1000), abs=1e-6)
    assert kept.predictions()[0].measured == row.loss
    assert len(game.runs()) == 26 and game.status().spent <= 1e12


@pytest.mark.parametrize("code", LANGUAGES)
def test_steps_out_of_order_are_refused_with_the_step_that_is_missing(replayed, code):
    with using_language(code):
        for step in (replayed.forecast, replayed.seal, replayed.train, replayed.verdict, replayed.report):
            with pytest.raises(Refusal, match=r"game\.screen\(\)") as refused:
                step()
            assert refused.value.code == "not_screened"
        replayed.screen()
        with pytest.raises(Refusal, match=r"game\.seal"):
            replayed.train()
        assert replayed.measured() is None
        with pytest.raises(Refusal, match=r"game\.seal"):
            replayed.verdict()
        replayed.seal()
        with pytest.raises(Refusal, match=r"game\.train\(\)"):
            replayed.verdict()


def test_before_the_seal_nobody_can_see_the_target(replayed):
    replayed.screen()
    assert all(row.rung < 5e11 for row in replayed.screening())
    assert "game-5e11-d28-s1000" not in replayed.curves()
    assert max(replayed.runs()["rung"]) < 5e11


def test_a_seal_is_not_changed_and_not_sealed_again(live, kept, here):
    game = live()
    game.screen(executor=here)
    game.seal(3.95, 3.9, 4.0)
    with pytest.raises(Refusal, match=r"3\.950") as refused:
        live().seal(3.0, 2.9, 3.1)
    assert refused.value.code == "sealed_already"
    with pytest.raises(Refusal, match=r"3\.950"):
        game.screen(more_widths={0.1: [24]})
    # The record decides: a folder that somebody has edited does not move the prediction.
    path = game.folder / "plan.json"
    edited = json.loads(path.read_text())
    edited["sealed"]["loss"] = 3.91
    path.write_text(json.dumps(edited))
    assert live().sealed().sealed.loss == 3.95
    assert len(kept.predictions()) == 1


def test_a_seal_survives_in_the_folder_when_the_record_is_gone(live, monkeypatch, here):
    game = live()
    game.screen(executor=here)
    game.seal(3.95, 3.9, 4.0)
    emptied = Record(None)
    monkeypatch.setattr("course_utils.questions.record.current", lambda: emptied)
    assert live().sealed().sealed.loss == 3.95


def test_a_kill_between_record_and_folder_leaves_the_seal(live, monkeypatch, here):
    game = live()
    game.screen(executor=here)

    def killed(state):
        raise KeyboardInterrupt

    monkeypatch.setattr(game, "_keep", killed)
    with pytest.raises(KeyboardInterrupt):
        game.seal(3.95, 3.9, 4.0)
    assert read(game.folder).sealed is None
    assert live().state == "sealed" and live().sealed().sealed.loss == 3.95


@pytest.mark.parametrize("given", [(4.0, 4.0, 4.1), (3.9, 3.95, 4.0), (4.0, 3.9, 3.95), (math.nan, 3.9, 4.0),
                                   (-1.0, -2.0, 1.0), ("4", 3.9, 4.1), (True, 0.5, 2.0)])
def test_a_prediction_has_its_loss_between_its_ends(replayed, given):
    replayed.screen()
    with pytest.raises(Refusal):
        replayed.seal(*given)
    assert replayed.state == "screened"


def test_what_is_left_open_comes_from_the_forecast(replayed):
    replayed.screen()
    rule = replayed.forecast()
    sealed = replayed.seal(loss=4.0).sealed
    assert sealed.loss == 4.0
    assert sealed.low / 4.0 == pytest.approx(rule.low / rule.loss)
    assert sealed.high / 4.0 == pytest.approx(rule.high / rule.loss)
    assert sealed.width == replayed.target_width


def test_the_hash_holds_plan_and_losses(pool, live):
    hashes = []
    for _ in range(2):
        game = recorded(0, folder=pool)
        game.screen()
        hashes.append(game.seal().sealed.hash)
    assert hashes[0] == hashes[1] and len(hashes[0]) == 64
    game = recorded(0, folder=pool)
    game.screen()
    row = game._source._pool.rows["game-5e10-d12-s0"]
    game._source._pool.rows[row.run] = type(row)(**row.__dict__ | {"loss": row.loss + 1e-6})
    assert game.seal().sealed.hash != hashes[0]


def test_a_small_run_that_is_changed_after_the_seal_is_noticed(pool):
    game = recorded(0, folder=pool)
    game.screen()
    game.seal()
    game.train()
    assert game.verdict().unchanged and not game.verdict().changes()
    row = game._source._pool.rows["game-5e10-d12-s0"]
    game._source._pool.rows[row.run] = type(row)(**row.__dict__ | {"loss": row.loss + 1e-6})
    assert not game.verdict().unchanged
    assert game.verdict().changes()[0] in repr(game.verdict())


SCREEN = """
import sys
sys.path.insert(0, sys.argv[2])
from tests.ladder.own import law
from course_utils.ladder.own.opening import start
if __name__ == "__main__":
    start("mine", folder=sys.argv[1], trainer=law.follow, seed=0).screen(processes=2)
"""


@pytest.mark.skipif(os.name == "nt", reason="a process group is killed")
def test_kill_in_the_middle_of_the_small_runs_and_go_on(tmp_path, live, here):
    script, folder = tmp_path / "play.py", tmp_path / "game"
    script.write_text(SCREEN)
    environment = os.environ | {"LAW_SLEEP": "0.05"}
    process = subprocess.Popen([sys.executable, script, folder, ROOT], env=environment, stderr=subprocess.DEVNULL,
                               start_new_session=True)
    until = time.monotonic() + 60
    while len(Store(folder).finished()) < 4 and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGKILL)
    process.wait()
    done = Store(folder).finished()
    assert 4 <= len(done) < 25
    game = live()
    assert game.state == "planned" and game.status().done == len(done)
    before = {row.run: row for row in game.screening()}
    game.screen(executor=here)
    assert game.state == "screened"
    assert {row.run: row for row in game.screening()}.items() >= before.items()


PLAY = SCREEN.replace("start(", "sys.exit(play(start(").replace(".screen(processes=2)", ", processes=2))").replace(
    "if __name__", "from course_utils.ladder.own.play import play\nif __name__")


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Ctrl-C is sent to a process group")
def test_ctrl_c_in_a_terminal_leaves_a_sentence_and_what_is_finished(tmp_path, live):
    script, folder = tmp_path / "play.py", tmp_path / "game"
    script.write_text(PLAY)
    environment = os.environ | {"LAW_SLEEP": "0.1", "COURSE_LANG": "en"}
    process = subprocess.Popen([sys.executable, script, folder, ROOT], env=environment, text=True,
                               stdout=subprocess.PIPE, stderr=subprocess.PIPE, start_new_session=True)
    until = time.monotonic() + 60
    while len(Store(folder).finished()) < 3 and time.monotonic() < until:
        time.sleep(0.05)
    os.killpg(process.pid, signal.SIGINT)
    said, errors = process.communicate(timeout=60)
    assert process.returncode == 130, errors
    assert "Stopped." in said and "Traceback" not in errors
    assert 3 <= live().status().done < 25


def test_stopping_is_a_sentence_and_not_a_traceback(live, monkeypatch):
    game = live()

    def stop(runs, *_, **__):
        Store(game.folder).add(*law.row_of(runs[0]))
        raise KeyboardInterrupt

    monkeypatch.setattr("course_utils.ladder.sweep.sweep", stop)
    status = game.screen()
    assert status.stopped and status.done == 1
    monkeypatch.undo()
    for code in LANGUAGES:
        with using_language(code):
            assert "1" in repr(status).split("\n")[0] and "25" in repr(status).split("\n")[0]


@pytest.mark.parametrize("code", LANGUAGES)
def test_a_run_that_diverges_is_said_kept_and_left_out(live, code, here):
    game = live(trainer=law.one_diverges)
    game.screen(executor=here)
    status = game.status()
    assert status.diverged == (("game-5e09-d16-s0", game.curves()["game-5e09-d16-s0"][-1].step),)
    with using_language(code):
        for face in (repr(status), status._repr_html_()):
            assert "game-5e09-d16-s0" in face and "rate=0.5" in face
    assert game.forecast().n_runs == 24
    assert game.runs().set_index("run").loc["game-5e09-d16-s0", "diverged"]


def test_a_target_that_diverges_has_no_verdict(live, kept, here):
    game = live(trainer=law.target_diverges)
    game.screen(executor=here)
    game.seal()
    assert game.train(executor=here).diverged[0][0] == game.measured().run
    with pytest.raises(Refusal, match=r"rate=0\.5"):
        game.verdict()
    assert kept.predictions()[0].measured is None
    assert game.figure().axes


def test_another_plan_under_the_same_name_is_refused(live):
    live(budget=1e12)
    with pytest.raises(Refusal, match="budget"):
        live(budget=2e12)
    with pytest.raises(Refusal, match="design"):
        live(design="few_large")
    assert live().design.budget == 1e12


def test_a_game_that_costs_more_than_its_budget_is_refused(live, replayed):
    with pytest.raises(ValueError, match="budget"):
        live(budget=1e12, target=9e11)
    replayed.screen()
    with pytest.raises(Refusal) as refused:
        replayed.screen(more_widths={0.1: [8, 24, 28]})
    assert refused.value.code == "too_dear"
    assert replayed.state == "screened" and len(replayed.design.runs) == 25


def test_more_widths_go_where_the_best_is_at_the_edge(live, here):
    game = live()
    game.screen(executor=here)
    status = game.status()
    assert [rung for rung, *_ in status.at_edge] == [5e9] and "5 × 10⁹" in repr(status)
    before = len(game.design.runs)
    game.screen(more_widths={5e9: [20]}, executor=here)
    assert len(game.design.runs) == before + 2 and game.state == "screened"
    assert live().design.by_rung()[5e9][-1].width == 20
    assert len(live().screening()) == before + 2
    with pytest.raises(Refusal, match=r"even|2"):
        game.screen(more_widths={5e9: [7]})
    with pytest.raises(Refusal) as refused:
        game.screen(more_widths={7e9: [20]})
    assert refused.value.code == "no_rung"


def test_the_cure_of_an_edge_is_one_that_can_be_paid(tmp_path, here):
    from course_utils.ladder.own.plan import priced
    from course_utils.planning import design

    for seeds, cured in ((1, True), (3, False)):
        made = design("ladder", widths={0.1: [6, 8], 0.03: [6, 8, 12], 0.01: [4, 6, 8]}, seeds=seeds)
        game = start("mine", folder=tmp_path / str(seeds), plan=priced(made, recorded=True), trainer=law.follow)
        status = game.screen(executor=here)
        assert (5e10, 12) in [edge[:2] for edge in status.at_edge]
        assert ("game.screen(more_widths={5e+10: [12]})" in repr(status)) is cured
    with pytest.raises(Refusal, match="small runs"):
        start("mine", folder=tmp_path / "1", plan=priced(design("ladder"), recorded=True))


def test_a_new_game_has_seeds_that_no_recorded_game_has_and_keeps_them(tmp_path):
    games = [start("mine", folder=tmp_path / str(number), trainer=law.follow) for number in range(3)]
    seeds = [{run.seed for run in game.design.runs} for game in games]
    assert all(min(drawn) >= 2000 for drawn in seeds) and len(set(map(frozenset, seeds))) > 1
    again = start("mine", folder=tmp_path / "0", trainer=law.follow)
    assert {run.seed for run in again.design.runs} == seeds[0]


def test_a_recorded_game_says_what_the_pool_does_not_hold(replayed, pool, tmp_path):
    replayed.screen()
    with pytest.raises(Refusal, match=r"4, 6, 8, 12, 16"):
        replayed.screen(more_widths={5e9: [24]})
    assert len(replayed.design.runs) == 25
    with pytest.raises(Refusal, match="game-5e10"):
        recorded(7, folder=pool).screen()
    with pytest.raises(Refusal, match=r"ladder\.start"):
        recorded(0, folder=tmp_path).screen()


def test_a_damaged_plan_is_named_and_runs_without_a_plan_are_not_mixed_in(live, here):
    game = live()
    game.screen(executor=here)
    path = game.folder / "plan.json"
    whole = path.read_text()
    for broken in (whole[:50], "[]", whole.replace('"target_width"', '"width"')):
        path.write_text(broken)
        with pytest.raises(Refusal, match=r"plan\.json"):
            live()
    path.unlink()
    with pytest.raises(Refusal) as refused:
        live()
    assert refused.value.code == "runs_without_plan"


@pytest.mark.parametrize("name", ["", "a/b", "..", "a b", "c:d"])
def test_a_name_becomes_a_folder(name, tmp_path):
    with pytest.raises(Refusal):
        start(name, folder=tmp_path / "x")
    assert not (tmp_path / "x").exists()
