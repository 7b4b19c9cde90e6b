"""Training learns, a run can be made again, and what the model says alone is what it says read at once."""

import numpy as np
import pytest

from course_utils.tasks import try_it
from course_utils.tasks.train import checkpoint_steps, learning_rate, peak_learning_rate, task_shape


def test_shapes_share_the_width_among_four_heads_or_two():
    assert task_shape(20, 12, 14).n_head == 4
    assert task_shape(12, 12, 14).n_head == 2
    with pytest.raises(ValueError, match="multiple of 4"):
        task_shape(18, 12, 14)


def test_the_learning_rate_rises_then_ends_at_a_tenth():
    peak = peak_learning_rate(32)
    assert peak == pytest.approx(3e-3)
    assert peak_learning_rate(2) == 6e-3
    assert learning_rate(0, 1000, peak) == pytest.approx(peak / 100)
    assert learning_rate(100, 1000, peak) == pytest.approx(peak)
    assert learning_rate(999, 1000, peak) == pytest.approx(peak / 10)


def test_checkpoints_are_log_spaced_and_hold_both_ends():
    steps = checkpoint_steps(1000, 14, 20)
    assert (steps[0], steps[-1], len(steps)) == (20, 1000, 14)
    ratios = np.diff(np.log(steps))
    assert ratios.max() < 1.2 * ratios.min()


def test_without_pytorch_nothing_is_trained_and_the_reader_is_told(monkeypatch, capsys):
    monkeypatch.setattr("course_utils.tasks.trial.util.find_spec", lambda name: None)
    assert try_it() is None
    assert "course.py tasks --install" in capsys.readouterr().out
    with pytest.raises(ValueError, match="width is 0"):
        try_it(width=0)
    with pytest.raises(ValueError, match="steps is 5"):
        try_it(steps=5)


def copying(step):
    generator = np.random.default_rng([step, 3])
    half = generator.integers(0, 5, (64, 3))
    tokens = np.concatenate([half, half], axis=1)
    counts = np.zeros(tokens.shape, dtype=bool)
    counts[:, 3:] = True
    return tokens, counts


@pytest.mark.slow
def test_a_small_model_learns_to_copy_and_answers_alone_as_when_read_at_once():
    torch = pytest.importorskip("torch")
    from course_utils.tasks.generate import generate
    from course_utils.tasks.train import train_model

    seen = []
    model = train_model(copying, task_shape(16, 5, 5), steps=300, seed=0, checkpoints=[20, 300],
                        at_checkpoint=lambda step, model: seen.append(step))
    assert seen == [20, 300]
    prompts = torch.from_numpy(copying(9999)[0][:, :3])
    said = generate(model, prompts, 3)
    assert (said == prompts).float().mean() > 0.9
    ids = prompts
    with torch.inference_mode():
        for _ in range(3):
            ids = torch.cat([ids, model(ids)[:, -1].argmax(-1, keepdim=True)], dim=1)
    assert (ids[:, 3:] == said).all()
    drawn = generate(model, prompts, 3, temperature=8.0, generator=torch.Generator().manual_seed(1))
    assert (drawn != said).any()


@pytest.mark.slow
def test_a_run_made_again_gives_the_same_rows():
    pytest.importorskip("torch")
    from course_utils.tasks.parity import ParityRun, train

    rows = [train(ParityRun("x", 8, 3, 120))[1] for _ in range(2)]
    for row in (*rows[0], *rows[1]):
        del row["cpu_seconds"]
    assert rows[0] == rows[1]
