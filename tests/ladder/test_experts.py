"""Blocks with experts; needs the extra [train]."""

import math

import numpy as np
import pytest

torch = pytest.importorskip("torch", reason="PyTorch is not installed: python3 course.py ladder names the cure")

import torch.nn.functional as F  # noqa: E402

from course_utils.accounting.shape import Shape  # noqa: E402
from course_utils.ladder import experts, shipped  # noqa: E402
from course_utils.ladder.experts import Experts, LoadMeter, routed_block  # noqa: E402
from course_utils.ladder.model import Decoder  # noqa: E402
from course_utils.ladder.train import train  # noqa: E402

SHAPE = Shape(12, 33, 32, n_expert=8)


def layer(router, scale=30.0):
    torch.manual_seed(3)
    made = Experts(SHAPE, router)
    with torch.no_grad():
        made.router *= scale  # far from even
    return made, torch.randn(8, 64, 12)


def one_by_one(made, h, choice, kept):
    """Work through the tokens with a loop."""
    out = torch.zeros_like(h)
    for t, e in enumerate(choice):
        if kept[t]:
            score = h[t] @ made.router.T
            gate = score.softmax(-1)[e] if made.kind in ("none", "switch") else score.sigmoid()[e]
            out[t] = gate * (F.gelu(h[t] @ made.up[e]) @ made.down[e])
    return out


@pytest.mark.parametrize("router", experts.ROUTERS)
def test_evaluation_sends_every_token_to_its_first_choice(router):
    made, h = layer(router)
    made.eval()
    flat = h.reshape(-1, 12)
    choice = (flat @ made.router.T).argmax(-1).tolist()
    expected = one_by_one(made, flat, choice, [True] * len(flat))
    assert torch.allclose(made(h).reshape(-1, 12), expected, atol=1e-5)
    assert made.kept.sum() == len(flat)
    assert made.wanted.tolist() == np.bincount(choice, minlength=8).tolist()


def test_switch_serves_the_first_tokens_of_the_batch_and_no_expert_beyond_its_capacity():
    made, h = layer("switch")
    flat = h.reshape(-1, 12)
    capacity = math.ceil(1.25 * 512 / 8)
    choice, taken, kept = (flat @ made.router.T).argmax(-1).tolist(), [0] * 8, []
    for e in choice:
        kept.append(taken[e] < capacity)
        taken[e] += kept[-1]
    assert torch.allclose(made(h).reshape(-1, 12), one_by_one(made, flat, choice, kept), atol=1e-5)
    assert made.kept.tolist() == taken
    assert not all(kept)


def test_the_auxiliary_loss_is_that_of_the_paper():
    made, h = layer("switch")
    made(h)
    p = (h.reshape(-1, 12) @ made.router.T).softmax(-1)
    share = torch.bincount(p.argmax(-1), minlength=8) / len(p)
    assert made.auxiliary.item() == pytest.approx(0.01 * 8 * (share * p.mean(0)).sum().item(), rel=1e-5)


def test_assignment_gives_every_expert_its_share_of_every_batch():
    made, h = layer("base")
    made(h)
    assert made.kept.tolist() == [64] * 8
    assert made.wanted.max() > 90  # the router would have liked otherwise
    assert made.auxiliary == 0


def test_the_bias_moves_against_the_load_and_leaves_the_gates_alone():
    made, h = layer("bias")
    made(h)
    first = made.wanted.clone()
    made.follow_the_load()
    assert torch.equal(made.bias, experts.BIAS_STEP * torch.sign(first.float().mean() - first))
    for _ in range(300):
        made(h)
        made.follow_the_load()
    flat = h.reshape(-1, 12)
    choice = ((flat @ made.router.T).sigmoid() + made.bias).argmax(-1).tolist()
    assert torch.allclose(made(h).reshape(-1, 12), one_by_one(made, flat, choice, [True] * len(flat)), atol=1e-5)
    assert made.wanted.max() < first.max()


def test_an_unknown_router_is_refused():
    with pytest.raises(ValueError, match="choose one of none, switch"):
        Experts(SHAPE, "random")


@pytest.mark.parametrize("router", experts.ROUTERS)
def test_the_model_has_the_weights_that_its_shape_counts_and_all_learn(router):
    model = Decoder(SHAPE, routed_block(router))
    torch.nn.init.normal_(model.head)
    assert sum(p.numel() for p in model.parameters()) == SHAPE.params_total
    meter = LoadMeter(model)
    model(torch.randint(0, 32, (8, 64))).square().mean().backward()
    assert all(p.grad is not None for p in model.parameters())
    assert all(layer.router.grad.abs().sum() > 0 for layer in meter.layers)


def test_the_meter_adds_batches_and_begins_anew_after_a_reading():
    model = Decoder(SHAPE, routed_block("switch"))
    meter = LoadMeter(model)
    for _ in range(3):
        model(torch.randint(0, 32, (8, 64)))
        meter.count()
    first = meter.read()
    assert meter.seen == 3 * 2 * 512
    assert first["dropped"] == pytest.approx(meter.dropped / meter.seen, abs=1e-5)
    shares = [float(x) for x in first["load_layer1"].split()]
    assert sum(shares) == pytest.approx(1, abs=1e-3)
    assert 0 < first["load_entropy"] <= 1
    model(torch.randint(0, 32, (8, 64)))
    meter.count()
    meter.read()
    assert meter.seen == 4 * 2 * 512


def test_a_row_tells_the_whole_story():
    row, curve = train(shipped.routed_smoke()[1])
    assert (row["router"], row["n_expert"], row["params_router"]) == ("switch", 4, 96)
    assert row["loss_as_trained_nats"] != row["loss_nats"]
    assert {"load_entropy", "dropped", "load_layer0", "load_layer1"} <= curve[-1].keys()
    dense, dense_curve = train(shipped.smoke()[0])
    assert not {"router", "n_expert", "dropped"} & dense.keys()
    assert "load_entropy" not in dense_curve[0]
