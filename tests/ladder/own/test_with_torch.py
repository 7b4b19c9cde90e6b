"""Small games that are really trained; skipped by name where PyTorch is not installed."""

from __future__ import annotations

import csv

import pytest

from course_utils import ladder
from course_utils.ladder.own.opening import start
from course_utils.ladder.own.plan import priced
from course_utils.ladder.own.refusal import Refusal
from course_utils.ladder.own.sources import _text_is_there
from course_utils.planning import design

pytest.importorskip("torch", reason="PyTorch comes with the extra [train]")
pytest.importorskip("tokenizers", reason="tokenizers come with the extra [train]")


@pytest.mark.slow
def test_a_small_game_is_trained_to_its_verdict(tmp_path, here, kept):
    made = design("ladder", budget=2.2e10, widths=[4, 8, 12], rungs=(0.2, 0.1), seeds=1)
    game = start("tiny", folder=tmp_path, plan=priced(made, recorded=True))
    assert game.screen(executor=here).state == "screened"
    game.seal()
    game = start("tiny", folder=tmp_path)
    game.train(executor=here)
    verdict = game.verdict()
    assert 4 < verdict.measured < 7.2
    assert kept.predictions()[0].measured == verdict.measured


@pytest.mark.slow
def test_cooldowns_pay_for_their_trunk_once(tmp_path, here):
    made = design("cooldowns", budget=2e10, widths=[8], rungs=(0.3, 0.1))
    game = start("cooled", folder=tmp_path, plan=priced(made, recorded=True))
    status = game.screen(executor=here)
    with open(tmp_path / "game_runs.csv", encoding="utf-8", newline="") as file:
        paid = sum(float(row["flops_paid"]) for row in csv.DictReader(file))
    assert paid == pytest.approx(made.cost, rel=0.02) and paid == pytest.approx(status.spent, rel=0.02)
    assert paid < sum(run.flops for run in made.runs)


@pytest.mark.slow
def test_a_text_of_ones_own(tmp_path, here, monkeypatch):
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "cache"))
    words = "the small model reads what the large one wrote and learns a little of it every time it is read\n"
    text = tmp_path / "mine.txt"
    text.write_text("".join(f"{k} {words[k % 40:]}" for k in range(20_000)), encoding="utf-8")
    plan = ladder.plan(2.2e10, widths=[4, 8, 12], rungs=(0.2, 0.1), seeds=1, text=text,
                       calibration=ladder.calibrate(0.1, tmp_path))
    game = start("own", folder=tmp_path / "game", plan=plan)
    game.screen(executor=here)
    assert game.forecast().loss < 6
    assert {row.data for row in game.screening()} == {game.screening()[0].data}
    assert start("own", folder=tmp_path / "game", text=text).state == "screened"
    cached = next((tmp_path / "cache").rglob("own-*.npz"))
    cached.unlink()
    game = start("own", folder=tmp_path / "game")
    game.seal()
    moved = text.rename(tmp_path / "moved.txt")
    with pytest.raises(Refusal, match=r"mine\.txt") as caught:
        game.train(executor=here)
    assert caught.value.code == "no_text" and not cached.exists()
    text.write_text(moved.read_text(encoding="utf-8") + "and more\n", encoding="utf-8")
    for step in (game.train, lambda: start("own", folder=tmp_path / "game", text=text)):
        with pytest.raises(Refusal, match=r"mine\.txt") as caught:
            step()
        assert caught.value.code == "other_text"
    text.unlink()
    assert start("own", folder=tmp_path / "game", text=moved).train(executor=here).state == "trained"
    cached.unlink()
    moved.unlink()
    assert start("own", folder=tmp_path / "game").verdict().measured < 7  # what is finished needs no text


def test_a_text_in_another_encoding_is_planned_begun_and_found_again(tmp_path, monkeypatch):
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path / "cache"))
    text = tmp_path / "cu.txt"
    text.write_bytes("".join(f"{k} người đọc viết {k % 77} chữ\n" for k in range(20_000)).encode("utf-16-le"))
    how = {"widths": [4, 8, 12], "rungs": (0.2, 0.1), "seeds": 1, "calibration": ladder.calibrate(0.1, tmp_path)}
    with pytest.raises(ValueError, match="encoding="):
        ladder.plan(2.2e10, text=text, **how)
    plan = ladder.plan(2.2e10, text=text, encoding="utf-16-le", **how)
    begun = start("cu", folder=tmp_path / "game", plan=plan)
    assert (begun._state.encoding, begun._state.text_key) == ("utf-16-le", plan.text_key)
    next((tmp_path / "cache").rglob("own-*.npz")).unlink()
    again = start("cu", folder=tmp_path / "game", text=text)
    assert again._state == begun._state
    next((tmp_path / "cache").rglob("own-*.npz")).unlink()
    _text_is_there(start("cu", folder=tmp_path / "game")._state)
    assert next((tmp_path / "cache").rglob("own-*.npz")).stem == f"own-{plan.text_key}"
