"""Training itself; needs the extra [train]."""

import dataclasses
import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: python3 course.py ladder names the cure")

from course_utils.accounting.shape import Shape  # noqa: E402
from course_utils.ladder import facts, shipped  # noqa: E402
from course_utils.ladder.model import Decoder  # noqa: E402
from course_utils.ladder.sweep import sweep  # noqa: E402
from course_utils.ladder.train import train  # noqa: E402


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
    assert not np.isfinite(row["loss_nats"])
    assert curve


@pytest.mark.slow
def test_smoke_sweep(tmp_path):
    lines = []
    assert sweep(shipped.smoke(), tmp_path, processes=2, report=lines.append, bar=False) == 3
    assert len(lines) == 3
    assert sweep(shipped.smoke(), tmp_path, report=lines.append, bar=False) == 0
