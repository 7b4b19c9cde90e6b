"""Counts against published models, and what each convention leaves out."""

import tomllib
from pathlib import Path

import numpy as np
import pytest

from course_utils import accounting as acc

PUBLISHED = tomllib.loads((Path(__file__).parent / "reference_values" / "scaling_laws.toml").read_text("utf-8"))


def test_six_n_d_gives_the_gpt3_table():
    table = PUBLISHED["gpt3_compute"]
    flops = acc.training_flops(table["params"], table["tokens"])
    np.testing.assert_allclose(flops, table["flops"], rtol=table["relative"])
    np.testing.assert_allclose(flops / acc.PF_DAY, table["pf_days"], rtol=table["relative"])


@pytest.mark.parametrize(
    ("shape", "options", "expected"),
    [
        ((12, 768), {"vocab": 50257, "context": 1024, "tied": True}, 124_439_808),  # GPT-2 small, released weights
        ((48, 1600), {"vocab": 50257, "context": 1024, "tied": True}, 1_557_611_200),  # GPT-2 XL, released weights
        (  # Llama 3 8B, released weights
            (32, 4096),
            {"vocab": 128256, "context": 8192, "d_ff": 14336, "biases": False, "positions": "none", "kv_share": 0.25,
             "gated": True},
            8_030_261_248,
        ),
    ],
)  # fmt: skip
def test_parameters_of_released_models(shape, options, expected):
    assert acc.transformer_params(*shape, **options) == expected


def test_gpt3_175b_within_its_printing():
    assert acc.transformer_params(96, 12288, vocab=50257, context=2048, tied=True) == pytest.approx(174.6e9, rel=1e-3)


def test_conventions_nest_and_kaplan_rule_holds():
    shape = {"n_layer": 24, "d_model": 1024, "vocab": 50257, "context": 1024}
    blocks = acc.transformer_params(**shape, counting="non_embedding")
    with_head = acc.transformer_params(**shape, counting="blocks_and_head")
    total = acc.transformer_params(**shape, counting="total")
    assert blocks < with_head < total
    assert blocks == pytest.approx(12 * 24 * 1024**2, rel=0.01)
    bare = acc.transformer_params(**shape, counting="non_embedding", biases=False, norms=False)
    assert bare == 12 * 24 * 1024**2
    assert acc.transformer_params(**shape, tied=True, counting="blocks_and_head") == with_head


def test_forward_flops_add_up():
    shape = {"n_layer": 2, "d_model": 64, "vocab": 1024, "context": 64}
    blocks = acc.forward_flops_per_token(**shape, attention=False, head=False)
    assert blocks == 2 * acc.transformer_params(**shape, counting="non_embedding", biases=False, norms=False)
    attention = acc.forward_flops_per_token(**shape, head=False) - blocks
    assert attention == 2 * 2 * 64 * 64  # 2 n_layer n_ctx d_model, Kaplan eq. 2.2
    assert acc.forward_flops_per_token(**shape) - blocks - attention == 2 * 64 * 1024
    assert acc.training_flops_exact(10.0, **shape) == 30 * acc.forward_flops_per_token(**shape)


def test_kv_cache_of_llama_3_70b():
    assert acc.kv_cache_bytes(1, n_layer=80, n_kv_head=8, d_head=128) == 327_680
    assert acc.kv_cache_bytes(1, n_layer=80, n_kv_head=64, d_head=128) == 2_621_440


def test_time_energy_and_cost_agree_with_each_other():
    seconds = acc.training_time(3.14e23, devices=1000, peak_flops=312e12, utilisation=0.4)
    assert seconds == pytest.approx(3.14e23 / (1000 * 312e12 * 0.4))
    assert acc.energy(seconds, devices=1000, watts=400, overhead=1.1) == pytest.approx(seconds / 3600 * 440)
    assert acc.cost(seconds, devices=1000, dollars_per_device_hour=2) == pytest.approx(seconds / 3600 * 2000)


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: acc.training_flops([1, -1], 2), "params.*entry 1"),
        (lambda: acc.training_flops(1, np.nan), "tokens"),
        (lambda: acc.training_time(1, devices=1, peak_flops=1, utilisation=40), "utilisation.*percentage"),
        (lambda: acc.energy(1, devices=1, watts=1, overhead=0.5), "overhead"),
        (lambda: acc.transformer_params(2, 8, vocab=8, context=8, counting="all"), "counting"),
        (lambda: acc.transformer_params(0, 8, vocab=8, context=8), "n_layer"),
        (lambda: acc.all_to_all_bytes(1, top_k=1, d_model=1, devices=0), "devices"),
    ],
)
def test_refusals_name_the_argument(call, words):
    with pytest.raises(ValueError, match=words):
        call()
