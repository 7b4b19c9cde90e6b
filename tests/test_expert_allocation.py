"""How many experts, how large, how many tokens: against the paper's optima and against brute force."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from course_utils import allocation
from course_utils.laws import CONSTANTS


@pytest.mark.parametrize(
    ("experts", "params", "tokens"), [(1, 5.7e9, 29.3e9), (8, 3.8e9, 44.3e9), (32, 2.85e9, 58.4e9)]
)
def test_the_papers_optima(experts, params, tokens):
    best = allocation.compute_optimal_experts(1e21, experts=[experts])
    assert best.params[0] == pytest.approx(params, rel=0.02)
    assert best.tokens[0] == pytest.approx(tokens, rel=0.02)
    assert not best.at_memory[0]


@given(st.floats(18, 25), st.one_of(st.none(), st.floats(7, 13)))
@settings(max_examples=40, deadline=None)
def test_no_size_on_a_grid_is_better(log_flops, log_memory):
    flops, memory = 10**log_flops, None if log_memory is None else 10**log_memory
    found = allocation.compute_optimal_experts(flops, memory_bytes=memory)
    law = CONSTANTS["ludziejewski"]
    for i, e in enumerate(found.experts):
        grid = np.geomspace(found.params[i] / 1e3, found.params[i] * 1e3, 2001)
        if memory is not None:
            grid = grid[2 * allocation.total_params(grid, e) <= memory * (1 + 1e-9)]
        assert found.loss[i] <= law(grid, flops / (6 * grid), e).min() + 1e-12
        assert 6 * found.params[i] * found.tokens[i] == pytest.approx(flops)
        if memory is not None:
            assert 2 * found.total_params[i] <= memory * (1 + 1e-9)
            assert found.at_memory[i] == (2 * found.total_params[i] > memory * (1 - 1e-9))


def test_more_memory_never_hurts_and_asks_for_more_experts():
    found = allocation.compute_optimal_experts(1e21, memory_bytes=np.geomspace(1e8, 1e12, 30))
    assert found.loss.shape == (30, 6)
    best = found.loss.min(axis=-1)
    assert (np.diff(best) <= 1e-12).all()
    assert (np.diff(found.best_experts) >= 0).all()
    assert found.best_experts[-1] == 32


def test_experts_can_win_at_equal_memory():
    """The paper's claim: where the best dense model fits, a mixture of that size is better. Far below, it is not."""
    dense = allocation.compute_optimal_experts(1e21, experts=[1])
    memory = 2 * dense.total_params[0]
    found = allocation.compute_optimal_experts(1e21, memory_bytes=memory)
    assert found.at_memory[1:].all()
    np.testing.assert_allclose(found.total_params, dense.total_params[0])
    assert found.best_experts > 1 and found.loss.min() < dense.loss[0] - 0.01
    assert allocation.compute_optimal_experts(1e21, memory_bytes=memory / 4).best_experts == 1


def test_total_is_43_times_the_active_size_at_64_experts():
    assert allocation.total_params(1.0, [1, 64]).tolist() == [1.0, 43.0]


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: allocation.compute_optimal_experts([1e20, -1]), "flops.*entry 1"),
        (lambda: allocation.compute_optimal_experts(1e20, memory_bytes=0), "memory_bytes"),
        (lambda: allocation.compute_optimal_experts(1e20, experts=[0.5]), "experts"),
        (lambda: allocation.compute_optimal_experts(1e20, "besiroglu"), "'chinchilla' knows no"),
        (lambda: allocation.compute_optimal_experts(1e20, "nobody"), "no constants named"),
        (lambda: allocation.compute_optimal_experts(1e20, bytes_per_param=0), "bytes_per_param"),
        (lambda: allocation.total_params(1e9, 0.5), "1 or more"),
    ],
)
def test_refusals_name_the_argument(call, words):
    with pytest.raises(ValueError, match=words):
        call()
