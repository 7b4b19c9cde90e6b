"""What can happen to a game from outside: full disks, two windows, folders that move, trainers that break."""

from __future__ import annotations

import csv
import errno
import os
import time

import pytest

from course_utils import ladder
from course_utils.i18n import LANGUAGES, t, using_language
from course_utils.ladder import store
from course_utils.ladder.calibration import recorded as speeds
from course_utils.ladder.own import play, sources, state
from course_utils.ladder.own.opening import recorded, start
from course_utils.ladder.own.refusal import Refusal
from course_utils.ladder.sweep import SweepError
from tests.ladder.own import law


def refused(call, code):
    """Return the sentence of a refusal in every language; they differ."""
    said = []
    for language in LANGUAGES:
        with using_language(language), pytest.raises(Refusal) as caught:
            call()
        assert caught.value.code == code
        said.append(str(caught.value))
    assert len(set(said)) == len(LANGUAGES)
    return said


def test_a_trainer_that_crashes_is_told_in_the_readers_language(live, here):
    said = []
    for language in LANGUAGES:
        with using_language(language), pytest.raises(SweepError, match="RuntimeError: game-5e09-d16-s0 br") as caught:
            live(trainer=law.one_crashes).screen(executor=here)
        assert list(caught.value.failed) == ["game-5e09-d16-s0"]
        said.append(str(caught.value))
    assert "All other runs are in the tables" in said[0]
    assert len(set(said)) == len(LANGUAGES) and not any("tables" in each for each in said[1:])
    assert live().status().done == 24
    assert live().screen(executor=here).state == "screened"


def test_without_pytorch_nothing_is_tried_and_the_cure_is_named(tmp_path, monkeypatch):
    game = start("mine", folder=tmp_path, seed=0)
    monkeypatch.setattr(sources.importlib.util, "find_spec", lambda name: None)
    assert all("ladder --install" in each for each in refused(game.screen, "no_torch"))
    assert game.status().done == 0


def test_a_full_disk_is_a_sentence_and_what_is_finished_stays(live, here, monkeypatch):
    game, add = live(), store.Store.add

    def full(self, row, curve):
        if len(self.finished()) >= 5:
            raise OSError(errno.ENOSPC, "No space left on device")
        add(self, row, curve)

    monkeypatch.setattr(store.Store, "add", full)
    assert all("No space left" in each for each in refused(lambda: game.screen(executor=here), "no_access"))
    monkeypatch.undo()
    assert live().status().done == 5
    assert live().screen(executor=here).state == "screened"


def test_a_write_that_fails_leaves_no_half_file_and_the_old_one(tmp_path, monkeypatch):
    path = tmp_path / "plan.json"
    store.write_whole(path, "old")

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    with pytest.raises(OSError, match="No space"):
        store.write_whole(path, "new")
    assert [each.name for each in tmp_path.iterdir()] == ["plan.json"] and path.read_text() == "old"


def test_a_folder_that_cannot_be_written_to_is_named(tmp_path):
    (tmp_path / "file").write_text("not a folder")
    said = refused(lambda: start("mine", folder=tmp_path / "file", seed=0), "no_access")
    assert all(str(tmp_path / "file") in each for each in said)
    refused(lambda: start("mine", folder=tmp_path / "file" / "game", seed=0), "no_access")


def test_looking_at_a_finished_game_writes_nothing_and_takes_no_lock(live, here, monkeypatch):
    game = live()
    game.screen(executor=here)
    (game.folder / ".writing").touch()  # left by a kill, or held by another
    monkeypatch.setattr(store, "write_whole", lambda *_: pytest.fail("something was written"))
    begun = time.monotonic()
    assert live().status().done == 25 and live().forecast().n_runs == 25
    assert time.monotonic() - begun < 20


def test_a_lock_from_before_the_clock_was_set_back_is_not_waited_for(tmp_path):
    lock = tmp_path / ".writing"
    lock.touch()
    os.utime(lock, times=(time.time() + 86_400,) * 2)
    begun = time.monotonic()
    with store.only_one(tmp_path):
        assert time.monotonic() - begun < 20
    assert not lock.exists()


def test_two_windows_on_one_game_take_over_what_the_other_did(live, here):
    one, two = live(), live()
    one.screen(executor=here)
    two.screen(more_widths={5e9: [20]}, executor=here)
    seal = one.seal(3.95, 3.9, 4.0)
    assert len(live().design.runs) == len(two.design.runs) == 27
    with pytest.raises(Refusal) as caught:
        two.screen(more_widths={5e9: [24]})
    assert caught.value.code == "sealed_already"
    assert two.train(executor=here).state == "trained"
    assert live().sealed().sealed == seal.sealed and live().verdict().unchanged


def test_of_two_that_begin_a_game_at_once_both_have_the_same(tmp_path, monkeypatch):
    first = start("mine", folder=tmp_path, trainer=law.follow)
    read, blind = state.read, [True]
    monkeypatch.setattr(state, "read", lambda folder: None if blind and blind.pop() else read(folder))
    second = start("mine", folder=tmp_path, trainer=law.follow)
    assert second._state == first._state == read(tmp_path)


def test_a_game_whose_folder_has_moved_is_not_begun_again_in_silence(live, tmp_path, here):
    game = live()
    game.screen(executor=here)
    game.folder.rename(tmp_path / "elsewhere")
    for step in (game.screen, game.seal, game.train):
        said = refused(step, "moved")
        assert all('ladder.start("mine", folder="...")' in each for each in said)
    assert not game.folder.exists()
    assert start("mine", folder=tmp_path / "elsewhere", trainer=law.follow).state == "screened"


def test_where_too_many_runs_diverge_the_game_says_so_and_names_the_cure(live, here):
    game = live(trainer=law.all_diverge)
    assert len(game.screen(executor=here).diverged) == 25
    for step in (game.forecast, game.seal):
        assert all("0" in each and "rate=0.5" in each for each in refused(step, "too_few_left"))


def test_a_table_that_a_spreadsheet_has_saved_is_named(live, here):
    game = live()
    game.screen(executor=here)
    path = game.folder / "game_runs.csv"
    with open(path, encoding="utf-8", newline="") as file:
        rows = list(csv.reader(file))
    path.write_text("\n".join(";".join(row) for row in rows), encoding="utf-16")
    assert all("game_runs.csv" in each for each in refused(game.status, "damaged_table"))
    path.write_text("\n".join(";".join(row) for row in rows), encoding="utf-8")
    refused(live().forecast, "damaged_table")


def test_a_prediction_that_is_a_word_is_refused_before_it_is_multiplied(replayed):
    replayed.screen()
    assert all("'4'" in each for each in refused(lambda: replayed.seal("4"), "no_loss"))


@pytest.mark.parametrize(("how", "code"), [
    ({"budget": 1e30}, "budget_too_large"),
    ({"target": 2e12}, "target_too_large"),
    ({"budget": 2e11, "widths": [8], "rungs": (0.2, 0.1)}, "too_few_runs"),
    ({"rungs": (0.1, 0.099)}, "too_few_runs"),
    ({"processes": 0}, "bad_processes"),
])  # fmt: skip
def test_a_plan_that_leads_nowhere_is_refused_before_it_is_paid_for(how, code):
    refused(lambda: ladder.plan(**how, calibration=speeds()), code)


def test_a_game_that_leads_nowhere_is_not_begun(tmp_path):
    refused(lambda: start("mine", 1e12, target=1e12, folder=tmp_path / "x"), "target_too_large")
    refused(lambda: start("mine", rate="half", folder=tmp_path / "x"), "bad_rate")
    assert not (tmp_path / "x").exists()


def test_a_width_that_is_too_large_for_its_rung_is_not_added(live, here):
    game = live()
    game.screen(executor=here)
    said = refused(lambda: game.screen(more_widths={5e9: [64]}), "too_short")
    assert all("64" in each and "20" in each for each in said)
    refused(lambda: game.screen(more_widths={"small": [20]}), "no_rung")
    refused(lambda: game.screen(more_widths={5e9: "20"}), "bad_width")
    assert game.screen(more_widths={5e9: 20}, executor=here).total == 27


@pytest.mark.parametrize("code", LANGUAGES)
def test_in_a_terminal_a_broken_trainer_is_a_sentence(live, monkeypatch, capsys, code):
    def crash(*_, **__):
        raise SweepError({"game-5e09-d16-s0": RuntimeError("it broke")}, [])

    monkeypatch.setattr("course_utils.ladder.sweep.sweep", crash)
    monkeypatch.setattr("course_utils.ladder.own.opening.start", lambda *_, **__: live())
    monkeypatch.setattr(play.util, "find_spec", lambda name: True)
    monkeypatch.setattr("course_utils.ladder.calibration.calibrate", lambda *_, **__: speeds())
    with using_language(code):
        assert play.main(["mine"]) == 1
    said = capsys.readouterr().err
    assert "RuntimeError: it broke" in said and "Traceback" not in said


@pytest.mark.parametrize("code", LANGUAGES)
@pytest.mark.parametrize("broken", ["Game.forecast", "Game.plan", "Game.verdict"])
def test_ctrl_c_is_a_sentence_wherever_it_comes(pool, monkeypatch, capsys, code, broken):
    def stop(*_):
        raise KeyboardInterrupt

    monkeypatch.setattr(f"course_utils.ladder.own.game.{broken}", property(stop) if broken == "Game.plan" else stop)
    with using_language(code):
        assert play.main(["--recorded", "0", "--folder", str(pool)]) == 130
        assert t("ladder.play.stopped") in capsys.readouterr().out


@pytest.mark.parametrize("typed", [KeyboardInterrupt, EOFError])
def test_ctrl_c_and_ctrl_d_at_the_question_seal_nothing(pool, monkeypatch, kept, typed):
    def leave(question):
        raise typed

    monkeypatch.setattr("builtins.input", leave)
    monkeypatch.setattr(play.sys.stdin, "isatty", lambda: True, raising=False)
    assert play.main(["--recorded", "0", "--folder", str(pool)]) == 130
    assert not kept.predictions()


def test_the_same_command_goes_on_after_its_prediction_is_sealed(live, here):
    game = live()
    game.screen(executor=here)
    game.seal(3.95, 3.8, 4.1)
    with pytest.raises(Refusal, match=r"3\.950"):
        play.play(live(), predict=[3.9, 3.8, 4.1])
    game.train(executor=here)
    assert play.play(live(), predict=[3.95, 3.8, 4.1]) == 0


def test_a_prediction_that_is_none_is_refused_before_anything_is_trained(live):
    with pytest.raises(Refusal, match="low < loss < high"):
        play.play(live(), predict=[3.5, 3.8, 4.1])
    assert live().status().done == 0


def test_a_page_that_cannot_be_written_is_a_sentence_and_the_old_page_stays(pool, tmp_path, monkeypatch):
    game = recorded(0, folder=pool)
    game.screen()
    game.seal()
    game.train()
    said = refused(lambda: game.report(tmp_path / "nowhere" / "page.html"), "no_access")
    assert all("page.html" in each for each in said)
    old = game.report(tmp_path / "page.html").path.read_text(encoding="utf-8")

    def full(number):
        raise OSError(errno.ENOSPC, "No space left on device")

    monkeypatch.setattr(os, "fsync", full)
    refused(lambda: game.report(tmp_path / "page.html", overwrite=True), "no_access")
    assert (tmp_path / "page.html").read_text(encoding="utf-8") == old


def test_nobody_at_work_is_refused(live):
    for number in (0, -1):
        refused(lambda number=number: live().screen(processes=number), "bad_processes")


def test_in_a_folder_that_cannot_be_written_to_nothing_is_sealed(live, here, kept, monkeypatch):
    game = live()
    game.screen(executor=here)

    def closed(*_):
        raise OSError(errno.EROFS, "Read-only file system")

    monkeypatch.setattr(state, "write_whole", closed)
    refused(game.seal, "no_access")
    assert not kept.predictions() and live().state == "screened"
