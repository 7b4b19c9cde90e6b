"""The plan is what PLAN.md says, and counts agree with the course's accounting."""

import numpy as np
import pytest

from course_utils import accounting
from course_utils.accounting.shape import Shape
from course_utils.ladder import facts, shipped, text
from course_utils.ladder.train import Run, curve_steps, learning_rate


def test_sets_have_the_planned_numbers_of_runs():
    assert {name: len(shipped.runs(name)) for name in shipped.SETS} == {
        "grid": 87, "holdout": 1, "learning_rate": 12, "warmup": 36, "facts": 60, "routed": 117, "routed_half_rate": 63,
        "routed_ten_seeds": 147, "repetition": 84, "noised": 32, "games": 700, "games_cooldown": 120,
        "smoke": 3, "routed_smoke": 4, "repetition_smoke": 3, "games_smoke": 2}
    runs = shipped.runs(*shipped.SETS)
    assert len({run.name for run in runs}) == len(runs)
    with pytest.raises(ValueError, match=r"gird.*grid"):
        shipped.runs("gird")


def test_every_text_run_spends_its_budget():
    for run in shipped.runs("grid", "holdout", "learning_rate", "warmup"):
        spent = run.steps * run.batch_tokens * run.shape().flops_per_token()
        assert spent <= run.budget
        assert spent > run.budget - run.batch_tokens * run.shape().flops_per_token()


def test_learning_rate_warms_up_peaks_and_ends_at_zero():
    run = shipped.grid()[0]
    rates = [learning_rate(step, run) for step in range(run.steps)]
    assert max(rates) == pytest.approx(run.lr)
    assert int(np.argmax(rates)) in (run.warmup_steps - 1, run.warmup_steps)
    assert rates[0] == pytest.approx(run.lr / run.warmup_steps)
    assert rates[-1] < 1e-4 * run.lr
    assert np.all(np.diff(rates[run.warmup_steps:]) <= 0)


def test_a_warm_up_longer_than_the_run_never_reaches_the_peak():
    short = Run("x", "grid", "text", 16, 512 * 100, None, 0.01, 600, 0)
    assert max(learning_rate(step, short) for step in range(short.steps)) == pytest.approx(0.01 / 6)


@pytest.mark.parametrize("d", [8, 12, 48, 176])
def test_counts_agree_with_accounting(d):
    shape = Shape(d, 1024, 1024)
    same = {"n_layer": 2, "d_model": d, "vocab": 1024, "context": 64}
    counts = {c: accounting.transformer_params(**same, biases=False, norms=False, counting=c)
              for c in ("non_embedding", "blocks_and_head")}
    assert shape.params_blocks == counts["non_embedding"]
    assert shape.params_blocks_and_head == counts["blocks_and_head"]
    assert shape.params_total == accounting.transformer_params(**same, biases=False)
    for head in (True, False):
        forward = accounting.forward_flops_per_token(**same, head=head)
        assert shape.flops_per_token(head=head) == pytest.approx(3 * float(forward))


def test_heads_divide_the_width():
    for d in range(8, 257, 4):
        shape = Shape(d, 32, 32)
        assert d % shape.n_head == 0


def test_curve_points_rise_and_end_at_the_end():
    for steps in (1, 7, 1000, 40000):
        points = curve_steps(steps)
        assert points[-1] == steps
        assert points == sorted(set(points))
        assert points[0] >= 1


def test_entropy_rate_is_the_mean_surprise_of_the_oracle():
    # recovery: the oracle's loss on many records converges to the entropy that is computed in closed form
    assert facts.entropy_rate() == pytest.approx(0.948828, abs=1e-6)
    _, oracle = facts.sample(400_000, seed=5)
    assert oracle == pytest.approx(facts.entropy_rate(), abs=0.004)


def test_records_are_code_and_value():
    tokens, _ = facts.sample(20_000, seed=1)
    records = tokens.reshape(-1, 4).astype(int)
    assert records.max() == 31
    keys = records[:, 0] * 1024 + records[:, 1] * 32 + records[:, 2]
    commonest = np.bincount(keys).argmax()
    values = records[keys == commonest, 3]
    share = np.bincount(values).max() / len(values)
    assert share == pytest.approx(0.9 + 0.1 / 32, abs=0.02)
    again, _ = facts.sample(20_000, seed=1)
    assert np.array_equal(tokens, again)
    assert not np.array_equal(tokens, facts.sample(20_000, seed=2)[0])


def test_windows_never_cut_a_record():
    tokens, _ = facts.sample(100, seed=1)
    cut = facts.windows(tokens, 64)
    assert cut.shape == (6, 65)
    assert (cut[:, 0] == facts.START).all()
    assert np.array_equal(cut[:, 1:].ravel(), tokens[:384])
    with pytest.raises(ValueError, match="multiple of 4"):
        facts.windows(tokens, 62)
    with pytest.raises(ValueError, match="at least one"):
        facts.sample(0, seed=1)


def test_text_is_the_source_of_locked_packages_split_by_file():
    files = text.source_files()
    held_out = [name for name in files if text.is_validation(name)]
    assert 0.005 < len(held_out) / len(files) < 0.03
    assert not {"numpy/__config__.py", "numpy/__init__.py", "pandas/_version_meson.py"} & set(files)
    assert {name.split("/")[0] for name in files} >= set(text.PACKAGES)
    with pytest.raises(ModuleNotFoundError, match=r"course\.py setup"):
        text.source_files(("no-such-package",))


def test_training_windows_cover_the_text_once_an_epoch():
    corpus = text.Corpus(np.arange(1000, dtype=np.uint16), np.arange(600, dtype=np.uint16), 1024, "", 2.5)
    starts = text.training_windows(corpus, 64, 14, seed=3)
    assert len(set(starts.tolist())) == 14
    assert np.all(np.diff(np.sort(starts)) == 64)
    assert len(text.training_windows(corpus, 64, 100, seed=3)) == 100
    assert not np.array_equal(starts, text.training_windows(corpus, 64, 14, seed=4))
    held_out = text.validation_windows(corpus, 64, 9)
    assert held_out.shape == (9, 65)
    with pytest.raises(ValueError, match="ask for fewer"):
        text.validation_windows(corpus, 64, 10)
