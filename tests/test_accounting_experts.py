"""Mixtures of experts: counts of known models, what a capacity costs, what the network costs."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import accounting as acc
from course_utils import datasets, routing

SMALL = {"vocab": 1024, "context": 64}


# Widths and layers from the models' published configurations; the sizes they must give stand in the reference table.
KNOWN = {
    "Mixtral 8x7B": {"n_layer": 32, "d_model": 4096, "d_expert": 14336, "kv_share": 8 / 32, "vocab": 32000},
    "Mixtral 8x22B": {"n_layer": 56, "d_model": 6144, "d_expert": 16384, "kv_share": 8 / 48, "vocab": 32768},
    "OLMoE": {"n_layer": 16, "d_model": 2048, "d_expert": 1024, "vocab": 50304},
    "DeepSeekMoE 16B": {"n_layer": 28, "n_routed_layer": 27, "d_model": 2048, "d_expert": 1408, "d_ff": 10944,
                        "vocab": 102400},
}  # fmt: skip


@pytest.mark.parametrize("model", KNOWN)
def test_known_models(model):
    row = datasets.load("moe_models").set_index("model").loc[model]
    choice = {"n_expert": row["experts"], "n_shared": row["experts_shared"], "top_k": row["top_k"]}
    count = acc.moe_params(**KNOWN[model], **choice, context=1, positions="none", gated=True)
    assert count.total == pytest.approx(row["params"], rel=0.01)
    assert count.active == pytest.approx(row["params_active"], rel=0.02)


def test_one_expert_is_a_dense_model_with_a_router():
    for kind in ({}, {"gated": True}, {"biases": True}, {"counting": "non_embedding"}):
        one = acc.moe_params(2, 64, n_expert=1, top_k=1, **SMALL, **kind)
        dense = acc.transformer_params(2, 64, **SMALL, **({"biases": False} | kind))
        assert one.total == one.active == dense + 2 * 64
    none = acc.moe_params(2, 64, n_expert=8, top_k=1, n_routed_layer=0, **SMALL)
    assert none == (none.active, none.active, 0)


def test_the_total_grows_with_the_experts_and_the_active_part_with_the_router_alone():
    few, many = (acc.moe_params(2, 64, n_expert=e, top_k=1, **SMALL) for e in (8, 64))
    assert many.total - few.total == 2 * 56 * (8 * 64 * 64 + 64)
    assert many.active - few.active == 2 * 56 * 64
    assert many.experts == 2 * 64 * 8 * 64 * 64


def test_our_own_routed_models_are_counted_alike():
    from course_utils.accounting.shape import Shape

    ours = Shape(12, 33, 32, n_expert=16)
    same = acc.moe_params(2, 12, n_expert=16, top_k=1, vocab=32, context=64, norms=False, counting="blocks_and_head")
    assert ours.params_blocks_and_head + ours.params_router == same.active
    assert ours.params_total - (33 + 64 + 5) * 12 == same.total
    flops = acc.moe_forward_flops_per_token(2, 12, n_expert=16, top_k=1, vocab=32, context=64)
    assert ours.flops_per_token() == pytest.approx(3 * flops)


@given(st.integers(1, 64), st.integers(1, 8), st.floats(1, 2))
@settings(max_examples=40, deadline=None)
def test_flops_follow_the_active_parameters(n_expert, top_k, factor):
    top_k = min(top_k, n_expert)
    size = {"n_expert": n_expert, "top_k": top_k, "d_expert": 96}
    flops = acc.moe_forward_flops_per_token(2, 64, **size, **SMALL)
    active = acc.moe_params(2, 64, **size, norms=False, counting="blocks_and_head", **SMALL).active
    assert flops == pytest.approx(2 * active + 2 * 2 * 64 * 64)  # and attention over the window
    padded = acc.moe_forward_flops_per_token(2, 64, **size, capacity_factor=factor, **SMALL)
    assert padded - flops == pytest.approx(2 * 2 * (factor - 1) * top_k * 2 * 64 * 96, abs=1e-3)


def test_experts_spread_over_devices_leave_the_rest_on_each():
    count = acc.moe_params(2, 64, n_expert=8, top_k=1, **SMALL)
    one, many = acc.expert_parallel_bytes(count, devices=[1, 1e9])
    assert one == 16 * count.total
    assert many == pytest.approx(16 * (count.total - count.experts), rel=1e-6)


@given(st.lists(st.integers(0, 40), min_size=2, max_size=12).filter(any), st.integers(1, 60))
@settings(max_examples=80, deadline=None)
def test_a_capacity_drops_and_pads_what_routing_says(load, capacity):
    dropped, padding = acc.capacity_bill(load, capacity)
    experts = np.repeat(np.arange(len(load)), load)
    kept = routing.keep_within_capacity(experts, len(load), capacity)
    assert dropped == pytest.approx(1 - kept.mean())
    assert padding == pytest.approx(1 - kept.sum() / (len(load) * capacity))


def test_all_to_all_moves_bytes_at_the_speed_of_the_network():
    same = {"top_k": 8, "d_model": 7168}
    assert acc.all_to_all_bytes(1, **same, devices=np.array([1, 1e9])) == pytest.approx([0, 224 * 1024])
    one = acc.all_to_all_seconds(1000, **same, devices=8, bandwidth=50e9)
    assert one == pytest.approx(acc.all_to_all_bytes(1000, **same, devices=8) / 50e9)
    assert acc.all_to_all_seconds(1000, **same, devices=8, bandwidth=50e9, capacity_factor=1.25) == 1.25 * one
    late = acc.all_to_all_seconds(1000, **same, devices=[1, 8, 64], bandwidth=1e30, latency=1e-5)
    assert late == pytest.approx([0, 14e-5, 126e-5])


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: acc.moe_params(2, 64, n_expert=4, top_k=5, **SMALL), "top_k is 5"),
        (lambda: acc.moe_params(2, 64, n_expert=0, top_k=1, **SMALL), "n_expert"),
        (lambda: acc.moe_params(2, 64, n_expert=4, top_k=1, n_routed_layer=3, **SMALL), "0 to 2"),
        (lambda: acc.moe_params(2, 64, n_expert=4, top_k=1, d_expert=0, **SMALL), "d_expert"),
        (lambda: acc.moe_forward_flops_per_token(2, 64, n_expert=4, top_k=1, capacity_factor=0, **SMALL), "capacity"),
        (lambda: acc.expert_parallel_bytes(acc.MoeParams(2, 1, 1), devices=0), "devices"),
        (lambda: acc.capacity_bill([0, 0], 2), "at least one token"),
        (lambda: acc.capacity_bill([1, 2], 0), "capacity"),
        (lambda: acc.all_to_all_seconds(1, top_k=1, d_model=1, devices=2, bandwidth=0), "bandwidth"),
        (lambda: acc.all_to_all_seconds(1, top_k=1, d_model=1, devices=[2, 0.5], bandwidth=1), "devices"),
    ],
)
def test_refusals_name_the_argument(call, words):
    with pytest.raises(ValueError, match=words):
        call()
