"""*Memory or compute* against a plain search over the law, published optima, and what a limit must do."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import explorers
from course_utils.explorers.memory_state import (
    BUDGETS,
    BYTES,
    EXPERTS,
    LARGEST_ACTIVE,
    LARGEST_TOTAL,
    MEMORIES,
    compete,
    memory_or_compute,
)
from course_utils.i18n import using_language
from course_utils.laws import CONSTANTS, joint_moe_loss


def searched(flops: float, experts: int, most_active: float) -> float:
    """Find the lowest loss on a fine grid of sizes, without any algebra."""
    params = np.geomspace(most_active / 1e4, most_active, 400_001)
    return float(joint_moe_loss(params, flops / 6 / params, experts, **CONSTANTS["ludziejewski"].values).min())


@pytest.mark.parametrize("flops", [1e19, 1e21, 1e23])
@pytest.mark.parametrize("memory", [2e9, 24e9, 640e9])
def test_the_contest_is_the_law_searched(flops, memory):
    held = compete(flops, memory=memory, bytes_per_param=2.0)
    for k, experts in enumerate(EXPERTS):
        # Krajewski et al. 2024: of 12 d^2 weights 8 d^2 are multiplied, so there are (2 E + 1) / 3 times as many.
        most = memory / 2 / ((2 * experts + 1) / 3)
        assert held.loss[k] == pytest.approx(searched(flops, experts, most), abs=1e-6)
        assert 2 * held.total_params[k] <= memory * (1 + 1e-12)
        assert 6 * held.params[k] * held.tokens[k] == pytest.approx(flops)


def test_published_optima_at_1e21():
    # FACTS, Table 4 of Ludziejewski et al. 2025: 5.7B on 29.3B, 3.8B on 44.3B, 2.85B on 58.4B.
    free = compete(1e21, memory=None, bytes_per_param=2.0)
    for experts, params, tokens in ((1, 5.7e9, 29.3e9), (8, 3.8e9, 44.3e9), (32, 2.85e9, 58.4e9)):
        k = EXPERTS.index(experts)
        assert free.params[k] == pytest.approx(params, rel=0.015)
        assert free.tokens[k] == pytest.approx(tokens, rel=0.015)


@pytest.mark.parametrize("flops", [BUDGETS[0], 1e21, BUDGETS[-1]])
def test_compute_alone_wants_experts_and_memory_takes_them_away(flops):
    result = memory_or_compute("compute", flops, 8e9, 2.0)
    assert result.memory is None and result.held is result.free
    assert result.free.best_experts == 32 and not result.free.at_memory.any()
    winners = [compete(flops, memory=memory, bytes_per_param=2.0).best_experts for memory in MEMORIES]
    assert (np.diff(winners) >= 0).all()
    for memory in MEMORIES:
        held = compete(flops, memory=memory, bytes_per_param=2.0)
        assert (held.loss >= result.free.loss - 1e-12).all()
        assert held.at_memory.tolist() == (2 * result.free.total_params > memory).tolist()


def test_the_default_has_a_winner_in_the_middle():
    explorer = explorers.memory_or_compute()
    result = explorer.result
    assert (result.flops, result.memory, result.bytes_per_param) == (1e21, 8e9, 2.0)
    assert result.held.best_experts == 4 and result.free.best_experts == 32
    assert result.held.loss[-1] > result.held.loss[0] > result.held.loss[result.held.best]
    assert [memory_or_compute("both", 1e21, m, 2.0).held.best_experts for m in (4e9, 16e9)] == [1, 16]


def test_bytes_a_parameter_are_memory_by_another_name():
    for each in BYTES:
        one, other = (
            compete(1e21, memory=each * 4e9, bytes_per_param=each),
            compete(1e21, memory=8e9, bytes_per_param=2),
        )
        np.testing.assert_allclose(one.loss, other.loss)


def test_curve_passes_through_the_marks():
    result = memory_or_compute("both", 3e20, 6e9, 2.0)
    for contest in (result.free, result.held):
        at = [list(result.curve_experts).index(n) for n in EXPERTS]
        np.testing.assert_array_equal(contest.curve_loss[at], contest.loss)
        np.testing.assert_array_equal(contest.curve_total[at], contest.total_params)


def test_what_is_larger_than_the_papers_models_is_marked():
    held = compete(1e21, memory=8e9, bytes_per_param=2.0)
    assert held.known.tolist() == [False, True, True, True, True, True]  # 4B, all active, is more than 2.7B
    assert held.times_beyond <= 1
    free = compete(1e21, memory=None, bytes_per_param=2.0)
    assert not free.known.any()
    assert free.times_beyond == pytest.approx(max(2.88e9 / LARGEST_ACTIVE, 62.3e9 / LARGEST_TOTAL), rel=0.01)


@pytest.mark.parametrize(
    ("changed", "title", "said"),
    [
        ({}, "4 experts win", "Without it 32 experts would win"),
        ({"memory": 4e9}, "the dense model wins", "leave each token too small a model"),
        ({"limit": "compute"}, "32 experts win", "extrapolation"),
        ({"memory": 2e12}, "32 experts win", "The winner fits"),
        ({"memory": 48e9}, "32 experts win", "the same number of experts would win"),
        ({"flops": 1e19, "memory": 8e9}, "32 experts win", "no larger than those"),
    ],
)
def test_words(changed, title, said):
    with using_language("en"):
        explorer = explorers.memory_or_compute(**changed)
        assert title in explorer._message(explorer.result)
        assert said in explorer.say()
        assert "Ludziejewski et al. 2025" in explorer.say()


def test_memory_is_locked_where_it_does_not_count():
    explorer = explorers.memory_or_compute()
    assert explorer.locked() == frozenset()
    explorer.set(limit="compute")
    assert explorer.locked() == {"memory"}


def test_refuses_what_is_no_setting():
    with pytest.raises(ValueError, match="memory"):
        explorers.memory_or_compute(memory=8.0)
    with pytest.raises(ValueError, match="limit"):
        explorers.memory_or_compute(limit="money")
