"""Laws of routed models against what their papers print."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import laws
from course_utils.laws import CONSTANTS, effective_experts, effective_params, joint_moe_loss, routed_loss

CLARK = ("clark_s_base", "clark_rl_r", "clark_hash")


@pytest.mark.parametrize("name", CLARK)
def test_effective_experts_run_from_start_to_most(name):
    v = CONSTANTS[name].values
    ends = {"E_start": v["E_start"], "E_max": v["E_max"]}
    assert effective_experts(1, **ends) == pytest.approx(v["E_start"])
    assert effective_experts(1e12, **ends) == pytest.approx(v["E_max"], rel=1e-6)
    assert (np.diff(effective_experts(2.0 ** np.arange(12), **ends)) > 0).all()
    assert effective_experts(8, E_start=1.0, E_max=np.inf) == pytest.approx(8)
    assert effective_experts([1, 9], E_start=2.0, E_max=2.0).tolist() == [2, 2]


@pytest.mark.parametrize("name", CLARK)
@given(st.floats(1e6, 1e10), st.sampled_from([1, 2, 8, 64, 512]))
@settings(max_examples=30, deadline=None)
def test_the_equal_dense_model_has_the_same_loss(name, params, experts):
    v = CONSTANTS[name].values
    dense = effective_params(params, experts, **v)
    assert routed_loss(dense, 1, **v) == pytest.approx(float(routed_loss(params, experts, **v)), rel=1e-9)


def test_a_dense_model_is_worth_itself():
    assert effective_params(3e8, 1, **CONSTANTS["clark_rl_r"].values) == pytest.approx(3e8)


def test_clarks_example_of_five_million():
    # "about 55M" in the paper's text; the printed constants give 52M
    assert effective_params(5e6, 128, **CONSTANTS["clark_s_base"].values) == pytest.approx(52e6, rel=0.02)


@pytest.mark.parametrize("name", CLARK)
def test_beyond_the_cutoff_experts_make_the_loss_worse(name):
    v = CONSTANTS[name].values
    cutoff = 10 ** (-v["b"] / v["c"])
    below, at, above = (routed_loss(n, [2, 64], **v) for n in (cutoff / 100, cutoff, cutoff * 100))
    assert below[1] < below[0] and above[1] > above[0]
    assert at[1] == pytest.approx(at[0])


@pytest.mark.parametrize(
    ("active", "tokens", "granularity", "loss"),
    [(1e8, 4.37e9, 8, 3.133), (1e9, 28.9e9, 16, 2.491), (7e9, 137.6e9, 32, 2.076), (70e9, 941e9, 32, 1.694),
     (1e12, 7.94e12, 64, 1.367)],
)  # fmt: skip
def test_krajewskis_table_of_optima(active, tokens, granularity, loss):
    """N is the total, 43 times the active size with 64 experts; the printed constants are rounded."""
    assert CONSTANTS["krajewski_64"](43 * active, tokens, granularity) == pytest.approx(loss, abs=0.025)


def test_finer_experts_help_less_and_less():
    gain = -np.diff(CONSTANTS["krajewski_64"](43e9, 3e10, 2.0 ** np.arange(7)))
    assert (gain > 0).all() and (np.diff(gain) < 0).all()


@pytest.mark.parametrize(
    ("experts", "m", "mu", "n", "nu"),
    [(1, 30.36, -0.1817, 53.98, -0.1965), (8, 21.83, -0.1676, 119.9, -0.2338), (32, 16.54, -0.1557, 234.7, -0.2652)],
)
def test_ludziejewskis_table_of_terms(experts, m, mu, n, nu):
    """For a fixed number of experts the joint law is Hoffmann's sum; the paper prints its four constants."""
    v = CONSTANTS["ludziejewski"].values
    for params, tokens in ((1e8, 1e9), (1e9, 1e11), (1e10, 1e12)):
        expected = m * params**mu + n * tokens**nu + v["c"]
        assert joint_moe_loss(params, tokens, experts, **v) == pytest.approx(expected, rel=0.003)


def test_fewer_experts_than_one_are_refused():
    for call in (
        lambda: routed_loss([1e8, 1e8], [1, 0.5], **CONSTANTS["clark_rl_r"].values),
        lambda: joint_moe_loss(1e8, 1e9, [1, 0.5], **CONSTANTS["ludziejewski"].values),
        lambda: laws.effective_experts([1, 0.5], E_start=2.0, E_max=300.0),
    ):
        with pytest.raises(ValueError, match=r"experts must be 1 or more; row 1 is 0\.5"):
            call()
