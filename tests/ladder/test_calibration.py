"""Seconds of a run from measured steps: the arithmetic of the estimate, what is kept, and a real measurement."""

import dataclasses
import itertools
import json
import time

import numpy as np
import pytest

from course_utils.accounting.shape import Shape
from course_utils.ladder import calibration, own_text, shipped, text, trunks
from course_utils.ladder.calibration import WIDTHS, Calibration, recorded
from course_utils.ladder.train import CONTEXT, CURVE_WINDOWS, curve_steps, processor

OVERHEAD, SPEED, WINDOW = 3e-3, 50e9, 2e-4


def flops(width):
    return 512 * Shape(width, 1024, 1024).flops_per_token()


@pytest.fixture
def made():
    """Return the speeds of a machine with a fixed overhead a step and one speed of arithmetic."""
    return Calibration({d: OVERHEAD + flops(d) / SPEED for d in WIDTHS}, dict.fromkeys(WIDTHS, WINDOW),
                       start_seconds=2.0, run_seconds=0.1, processor="a machine", torch="0", at="2026-11-24")


def test_overhead_and_speed_of_arithmetic_are_recovered(made):
    assert made.flops_per_second == pytest.approx(SPEED)
    assert made.overhead_seconds == pytest.approx(OVERHEAD)


@pytest.mark.parametrize("width", [8, 12, 24, 40, 64, 96, 128, 256])
def test_a_step_is_estimated_at_every_width(made, width):
    assert made.step_seconds(Shape(width, 1024, 1024)) == pytest.approx(OVERHEAD + flops(width) / SPEED, rel=0.1)


def test_small_models_cost_what_the_smallest_measured_one_costs(made):
    assert made.step_seconds(Shape(4, 1024, 1024)) == pytest.approx(made.by_width[8])


def test_a_run_pays_for_its_steps_and_for_measuring(made):
    run = shipped.games()[0]
    windows = len(curve_steps(run.steps, run.curve_points)) * min(CURVE_WINDOWS, 512) + 512
    assert made.seconds(run) == pytest.approx(
        0.1 + run.steps * made.step_seconds(run.shape()) + windows * made.window_seconds(run.shape()))
    longer_text = dataclasses.replace(run, validation_windows=2048)
    assert made.seconds(longer_text) - made.seconds(run) == pytest.approx(1536 * WINDOW)
    with pytest.raises(ValueError, match="experts"):
        made.seconds(shipped.routed_smoke()[0])


def test_longest_first_on_so_many_cores(made):
    runs = [dataclasses.replace(shipped.games()[0], name=str(i), tokens=512 * n) for i, n in
            enumerate((100, 400, 200, 300, 500))]
    each = {run.steps: made.seconds(run) for run in runs}
    assert made.makespan(runs) == pytest.approx(2.0 + sum(each.values()))
    # 500 + 200 + 100 steps beside 400 + 300
    assert made.makespan(runs, 2) == pytest.approx(2.0 + max(each[500] + each[200] + each[100], each[400] + each[300]),
                                                   rel=1e-3)
    assert made.makespan(runs, 50) == pytest.approx(2.0 + each[500])
    assert made.makespan([], 2) == 0.0
    with pytest.raises(ValueError, match="processes is 0"):
        made.makespan(runs, 0)


def test_runs_that_share_their_beginning_take_less(made):
    [chain] = [chain for chain in trunks.chains(shipped.games_cooldown()) if chain[0].name.endswith("d12-s0")]
    together, alone = made.makespan(chain, trunks=True), made.makespan(chain)
    saved = sum(map(trunks.branch_step, chain[:-1])) * made.step_seconds(chain[0].shape())
    measured = sum(step <= trunks.branch_step(shorter) for shorter, run in itertools.pairwise(chain)
                   for step in curve_steps(run.steps, run.curve_points)) * 512 * WINDOW
    assert alone - together == pytest.approx(saved + measured)


def test_what_is_kept_comes_back_on_the_same_machine_only(made, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "_torch_version", lambda: "9.9")
    here = dataclasses.replace(made, processor=processor(), torch="9.9")
    path = here.save(tmp_path)
    assert calibration.load(tmp_path) == here
    assert calibration.calibrate(folder=tmp_path) == here  # and nothing is measured again
    assert [file.name for file in tmp_path.iterdir()] == [path.name]
    for other in ({"processor": "another machine"}, {"torch": "9.8"}):
        dataclasses.replace(here, **other).save(tmp_path)
        assert calibration.load(tmp_path) is None
    assert calibration.load(tmp_path / "nowhere") is None
    for broken in ("no json", "{}", json.dumps({"by_width": 3})):
        path.write_text(broken)
        with pytest.raises(ValueError, match=r"calibration\.json.*remove it"):
            calibration.load(tmp_path)
    with pytest.raises(ValueError, match="seconds is 0"):
        calibration.calibrate(0, tmp_path)


def test_speeds_that_cannot_be_kept_are_given_all_the_same(made, tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "_torch_version", lambda: "9.9")
    monkeypatch.setattr(calibration, "_measure", lambda seconds: made)
    (tmp_path / "file").write_text("not a folder")
    with pytest.warns(UserWarning, match="measured again next time"):
        assert calibration.calibrate(folder=tmp_path / "file") == made
    assert calibration.calibrate(folder=tmp_path / "cache") == made and (tmp_path / "cache").exists()


def test_a_busy_machine_on_which_widths_take_alike_still_has_a_speed(made):
    alike = dataclasses.replace(made, by_width={8: 4e-3, 16: 4e-3, 32: 5e-3, 64: 9e-3, 128: 9e-3})
    fewer = dataclasses.replace(made, by_width={8: 4e-3, 16: 4e-3, 32: 5e-3, 128: 9e-3})
    assert alike.flops_per_second == fewer.flops_per_second > 0
    level = dataclasses.replace(made, by_width=dict.fromkeys(WIDTHS, 9e-3))
    assert level.flops_per_second > 0
    large = Shape(256, text.VOCABULARY, text.VOCABULARY, context=text.CONTEXT)
    assert level.step_seconds(large) > 9e-3


def test_without_pytorch_the_recorded_speeds_are_given_and_say_so(tmp_path, monkeypatch):
    monkeypatch.setattr(calibration, "_torch_version", lambda: None)
    found = calibration.calibrate(folder=tmp_path)
    assert found == recorded()
    assert found.recorded
    assert found.processor
    assert not list(tmp_path.iterdir())


def test_recorded_speeds_are_those_of_a_machine():
    found = recorded()
    for measured in (found.by_width, found.window_by_width):
        assert tuple(measured) == WIDTHS
        assert list(measured.values()) == sorted(measured.values())
    assert 5e9 < found.flops_per_second < 5e12
    assert found.by_width[128] < 20 * found.by_width[8]  # of 50 times the arithmetic: small steps are mostly overhead
    # measuring is a forward pass: a third of a step's arithmetic, and less than a step of as many tokens
    assert all(found.window_by_width[d] * 512 / CONTEXT < found.by_width[d] for d in WIDTHS)


@pytest.mark.slow
def test_a_real_measurement_foretells_a_real_run(tmp_path, monkeypatch):
    pytest.importorskip("torch", reason="PyTorch is not installed: python3 course.py ladder names the cure")
    from course_utils.ladder.train import train

    found = calibration.calibrate(4.0, tmp_path)
    assert not found.recorded
    assert calibration.load(tmp_path) == found
    assert found.by_width[128] > found.by_width[8]
    key = "0123456789abcdef-1024"
    monkeypatch.setenv("SCALING_LAWS_CACHE", str(tmp_path))
    stream = np.random.default_rng(0).integers(1024, size=300_000).astype(np.uint16)
    text.save(text.Corpus(stream, stream[:40_000], 1024, "f" * 64, 2.0), own_text._cached_file(key))
    run = dataclasses.replace(shipped.games_smoke()[0], corpus="own", text=key, tokens=512 * 150)
    train(dataclasses.replace(run, tokens=512 * 3))
    clock = time.process_time()
    train(run)
    # other work on the machine moves processor time too; a factor of two tells a missing term from that
    assert 1 / 2 < found.seconds(run) / (time.process_time() - clock) < 2
