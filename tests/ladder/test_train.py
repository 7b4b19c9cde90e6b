"""Training itself; needs the extra [train]."""

import csv
import dataclasses
import math
import os
import signal
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: python3 course.py ladder names the cure")

from course_utils.accounting.shape import Shape  # noqa: E402
from course_utils.ladder import facts, shipped  # noqa: E402
from course_utils.ladder.model import Decoder  # noqa: E402
from course_utils.ladder.sweep import sweep  # noqa: E402
from course_utils.ladder.train import Run, train  # noqa: E402
from tests.ladder import own_corpus  # noqa: E402

ROOT = Path(__file__).resolve().parents[2]


@pytest.mark.parametrize("d", [12, 48])
def test_the_model_has_the_weights_that_its_shape_counts(d):
    shape = Shape(d, 33, 32)
    assert sum(p.numel() for p in Decoder(shape).parameters()) == shape.params_total


def test_the_first_loss_is_that_of_a_fair_die():
    torch.manual_seed(0)
    shape = Shape(16, 33, 32)
    logits = Decoder(shape)(torch.randint(0, 32, (2, 64)))
    assert torch.log_softmax(logits, -1).mean().item() == pytest.approx(-math.log(32))


def test_no_token_sees_the_future():
    torch.manual_seed(0)
    model = Decoder(Shape(16, 33, 32))
    torch.nn.init.normal_(model.head)
    ids = torch.randint(0, 32, (1, 64))
    changed = ids.clone()
    changed[0, 40] = (changed[0, 40] + 1) % 32
    before, after = model(ids), model(changed)
    assert torch.allclose(before[0, :40], after[0, :40], atol=1e-5)
    assert not torch.allclose(before[0, 40:], after[0, 40:], atol=1e-5)


@pytest.mark.slow
def test_the_same_seed_gives_the_same_run_and_another_does_not():
    run = shipped.smoke()[0]
    one, curve = train(run)
    two, again = train(run)
    assert one["loss_nats"] == two["loss_nats"]
    assert curve == again
    assert train(dataclasses.replace(run, seed=1))[0]["loss_nats"] != one["loss_nats"]
    assert one["excess_nats"] > 0  # nobody beats the oracle
    assert one["loss_nats"] < math.log(facts.SYMBOLS)  # and something was learnt


@pytest.mark.slow
def test_divergence_is_kept_as_data():
    row, curve = train(dataclasses.replace(shipped.smoke()[0], lr=float("inf")))
    assert row["diverged"] is True
    assert row["diverged_step"] <= 2
    assert not np.isfinite(row["loss_nats"])
    assert curve


@pytest.mark.slow
def test_a_loss_that_is_not_finite_stops_the_run_at_that_step(monkeypatch, tmp_path):
    from course_utils.ladder import train as module

    class Breaks(module.Learner):
        taken = 0

        def step(self, windows, rate):
            self.taken += 1
            return math.nan if self.taken == 30 else super().step(windows, rate)

    monkeypatch.setattr(module, "Learner", Breaks)
    run = dataclasses.replace(shipped.smoke()[0], tokens=512 * 60)
    row, curve = train(run)
    assert (row["diverged"], row["diverged_step"]) == (True, 30)
    assert curve[-1]["step"] < 30 <= shipped.smoke()[0].steps
    assert np.isfinite(row["loss_nats"])  # as it was measured after 29 steps


@pytest.mark.slow
def test_a_run_that_ends_worse_than_guessing_has_diverged():
    run = dataclasses.replace(shipped.smoke()[0], tokens=512 * 40, lr=30.0)
    row, curve = train(run)
    assert row["diverged"] is True
    assert row["loss_nats"] > math.log(facts.SYMBOLS) + 0.1
    above = [point["step"] for point in curve if point["step"] >= row["diverged_step"]]
    assert above[0] == row["diverged_step"]
    assert all(point["loss_nats"] > math.log(facts.SYMBOLS) + 0.1 for point in curve[-len(above):])
    healthy, _ = train(dataclasses.replace(run, lr=0.04))
    assert healthy["diverged"] is False
    assert "diverged_step" not in healthy


def test_too_many_readings_of_a_small_stock_are_no_divergence(tmp_path, monkeypatch):
    from course_utils.ladder.train import _lost_at

    run = own_corpus.run(tmp_path, monkeypatch, schedule="cosine")
    far_above = math.log(own_corpus.VOCABULARY) + 2
    assert _lost_at(run, [], far_above) == run.steps
    assert _lost_at(dataclasses.replace(run, unique_tokens=5_120), [], far_above) is None
    assert _lost_at(dataclasses.replace(run, unique_tokens=5_120), [], math.nan) == run.steps


def test_a_text_of_ones_own_is_found_by_its_key(tmp_path, monkeypatch):
    run = own_corpus.run(tmp_path, monkeypatch, schedule="cosine")
    row, _ = train(run)
    assert row["corpus"] == "own"
    assert row["text"] == own_corpus.KEY
    assert row["schedule"] == "cosine"
    assert row["validation_windows"] == own_corpus.WINDOWS < run.validation_windows
    assert row["params_blocks_and_head"] == run.shape().params_blocks + own_corpus.VOCABULARY * run.d_model
    assert row["loss_nats"] < math.log(own_corpus.VOCABULARY) - 0.3
    with pytest.raises(FileNotFoundError, match="SCALING_LAWS_CACHE"):
        train(dataclasses.replace(run, text="ffffffffffffffff-300"))


@pytest.mark.parametrize(("corpus", "key"), [("own", ""), ("own", "novel.txt"), ("text", own_corpus.KEY)])
def test_corpus_and_text_go_together(corpus, key):
    with pytest.raises(ValueError, match="text is"):
        Run("x", "own", corpus, 8, 5_120, None, 0.01, 1, 0, text=key)


def test_columns_of_shipped_tables_stay_as_they_are():
    with open(ROOT / "data/ladder/facts_runs.csv", encoding="utf-8") as file:
        columns = set(next(csv.reader(file)))
    row, _ = train(dataclasses.replace(shipped.runs("facts")[0], tokens=512 * 20))
    assert set(row) == columns


INTERRUPTED = """
import sys
sys.path.insert(0, sys.argv[2])
from course_utils.ladder.store import Store
from course_utils.ladder.train import train
from tests.ladder import own_corpus
if __name__ == "__main__":
    folder = sys.argv[1]
    for run in own_corpus.horizons(40, 20_000):
        row, curve = train(run, trunks=folder + "/trunks", report=lambda step, loss: print(run.name, step, flush=True))
        Store(folder).add(row | {"corpus": "text"}, curve)
"""


@pytest.mark.slow
@pytest.mark.skipif(os.name == "nt", reason="Windows has no SIGINT for one process")
def test_an_interrupted_run_leaves_nothing_half_done(tmp_path, monkeypatch):
    own_corpus.run(tmp_path, monkeypatch)
    script, folder = tmp_path / "live.py", tmp_path / "tables"
    script.write_text(INTERRUPTED)
    process = subprocess.Popen([sys.executable, script, folder, ROOT], stdout=subprocess.PIPE, stderr=subprocess.PIPE,
                               text=True)
    seen = {"own-20000": 0}
    for line in process.stdout:
        name, step = line.split()
        seen[name] = int(step)
        if seen["own-20000"] > 100:  # in the middle of the second run, beyond the first one's trunk
            process.send_signal(signal.SIGINT)
            break
    _, errors = process.communicate(timeout=60)
    assert process.returncode != 0
    assert "KeyboardInterrupt" in errors
    with open(folder / "text_runs.csv", encoding="utf-8", newline="") as file:
        assert [row["run"] for row in csv.DictReader(file)] == ["own-40"]
    left = {path.relative_to(folder).as_posix() for path in folder.rglob("*") if path.is_file()}
    [trunk] = (folder / "trunks").iterdir()
    assert left == {"text_runs.csv", "text_curves.csv", f"trunks/{trunk.name}"}
    assert trunk.name.endswith("-32.pt")
    # what is left is whole: a shorter run that begins there ends as if it had been trained alone
    again = dataclasses.replace(own_corpus.horizons(80)[0], name="again")
    resumed, _ = train(again, trunks=folder / "trunks")
    assert resumed["steps_paid"] == 80 - 32
    assert resumed["loss_nats"] == train(again)[0]["loss_nats"]


@pytest.mark.slow
def test_smoke_sweep(tmp_path):
    lines = []
    assert sweep(shipped.smoke(), tmp_path, processes=2, report=lines.append, bar=False) == 3
    assert len(lines) == 3
    assert sweep(shipped.smoke(), tmp_path, report=lines.append, bar=False) == 0
