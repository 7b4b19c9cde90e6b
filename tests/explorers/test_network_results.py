"""*What the network costs* against sums by hand, the published 224 KiB a token, and what the formulas imply."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import datasets, explorers
from course_utils.explorers.cost_sum import Accelerator
from course_utils.explorers.network_state import EXPERTS, NetworkResult, network_cost
from course_utils.i18n import using_language

CARD = Accelerator("a card", "BF16", 1e15, 700, "made up")
START = {
    "accelerator": CARD, "bandwidth": 50e9, "devices": 64, "d_model": 7168, "granularity": 8, "top_k": 8, "saving": 3.0,
    "tokens": 4096, "capacity_factor": 1.0, "latency": 10e-6, "utilisation": 0.4,
}  # fmt: skip


def step(**changed) -> NetworkResult:
    return network_cost(**{**START, **changed})


def test_bytes_of_a_token():
    # FACTS: d = 7168, k = 8 in bfloat16: 224 KiB a token and layer, forward, if all of it leaves the device.
    result = step()
    assert result.bytes_sent / 2 / result.tokens == pytest.approx(224 * 1024 * 63 / 64)
    assert step(devices=1).bytes_sent == 0


def test_times_by_hand():
    result = step(capacity_factor=1.25)
    one_way = 1.25 * 4096 * 8 * 7168 * 2 / 50e9 * 63 / 64
    assert result.transfer_seconds == pytest.approx(4 * one_way)
    assert result.latency_seconds == pytest.approx(4 * 63 * 10e-6)
    # Forward, two FLOPs a weight: attention 4 d^2, router d E, two matrices d x d_e for every place of an expert.
    weights = 4 * 7168**2 + 7168 * EXPERTS + 1.25 * 8 * 2 * 7168 * 3584
    assert result.flops == pytest.approx(3 * 2 * weights * 4096)
    assert result.compute_seconds == pytest.approx(result.flops / (0.4 * 1e15))
    travel, work = result.transfer_seconds + result.latency_seconds, result.compute_seconds
    assert result.network_share == pytest.approx(travel / (travel + work))


@pytest.mark.parametrize("granularity", [1, 4, 16])
@pytest.mark.parametrize(("d_model", "top_k"), [(1024, 1), (7168, 8), (16384, 16)])
def test_only_the_width_of_an_expert_sets_its_work_for_a_byte(granularity, d_model, top_k):
    # Attention and router do not change from k to 2 k, so the difference is the experts alone.
    one, two = (step(d_model=d_model, granularity=granularity, top_k=k, devices=256) for k in (top_k, 2 * top_k))
    per_byte = (two.flops - one.flops) / (two.bytes_sent - one.bytes_sent)
    assert per_byte == pytest.approx(1.5 * one.d_expert * 256 / 255)


def test_the_curve_passes_through_the_setting_and_falls_to_the_messages():
    result = step(bandwidth=1e12)
    assert result.share[-1] == pytest.approx(result.network_share)
    assert (np.diff(result.share) < 0).all()
    assert (result.latency_share < result.share).all() and (np.diff(result.latency_share) > 0).all()
    assert step(latency=0.0).latency_share == pytest.approx(0)


@pytest.mark.parametrize("saving", [1.5, 3.0, 20.0])
def test_at_the_break_even_bandwidth_nothing_is_left(saving):
    at = step(saving=saving).break_even
    there = step(saving=saving, bandwidth=at)
    assert there.left == pytest.approx(1) and there.network_share == pytest.approx(1 - 1 / saving)
    assert step(saving=saving, bandwidth=2 * at).left > 1 > step(saving=saving, bandwidth=at / 2).left


def test_few_tokens_drown_in_messages():
    few = step(tokens=64)
    assert few.break_even is None
    assert step(tokens=64, bandwidth=1e15).left < 1
    with using_language("en"):
        explorer = explorers.what_the_network_costs(tokens=64)
        assert explorer.result.break_even is None and "No bandwidth helps" in explorer.say()


def test_memory_of_a_device():
    experts, rest = EXPERTS * 2 * 7168 * 3584, 4 * 7168**2 + 7168 * EXPERTS + 2 * 7168  # two norms
    result = step()
    assert result.bytes_alone == pytest.approx(16 * (experts + rest), rel=1e-6)
    assert result.bytes_kept == pytest.approx(16 * (experts / 64 + rest), rel=1e-5)
    alone = step(devices=1)
    assert alone.bytes_kept == alone.bytes_alone and alone.network_seconds == 0 and alone.left == alone.saving


def test_capacity_pads_or_drops():
    assert (step().dropped, step().padding) == (0, 0)
    roomy, tight = step(capacity_factor=1.25), step(capacity_factor=0.75)
    assert roomy.padding == pytest.approx(0.2) and roomy.dropped == 0
    assert tight.dropped == pytest.approx(0.25) and tight.padding == 0
    assert roomy.bytes_sent == pytest.approx(1.25 * step().bytes_sent)


def test_default_and_a_faster_card():
    explorer = explorers.what_the_network_costs()
    result = explorer.result
    assert result.accelerator.peak_flops == 989.4e12
    assert 0.4 < result.network_share < 0.6 and 1 < result.left < 2
    card = datasets.load("hardware").set_index("device")["peak_flops_per_second"]
    explorer.set(accelerator="B200 SXM")
    ratio = card["B200 SXM"] / card["H100 SXM"]
    assert explorer.result.compute_seconds == pytest.approx(result.compute_seconds / ratio)
    assert explorer.result.network_seconds == result.network_seconds  # the network has not become any faster


@pytest.mark.parametrize(
    ("changed", "said"),
    [
        ({}, "shrinks to 1.5-fold"),
        ({"bandwidth": 10e9}, "a 3-fold saving is gone"),
        ({"granularity": 1, "bandwidth": 1e12}, "nearly all"),
        ({"devices": 1}, "nothing travels"),
    ],
)
def test_the_title_says_when_the_network_eats_the_gain(changed, said):
    with using_language("en"):
        explorer = explorers.what_the_network_costs(**changed)
        assert said in explorer._message(explorer.result)


def test_refuses_what_is_no_setting():
    with pytest.raises(ValueError, match="bandwidth"):
        explorers.what_the_network_costs(bandwidth=50.0)
    with pytest.raises(ValueError, match="accelerator"):
        explorers.what_the_network_costs(accelerator="abacus")
