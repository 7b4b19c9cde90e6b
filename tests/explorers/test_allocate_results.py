"""*Allocate a budget* against published optima, Kaplan's Table 6, Sardana's condition, and what intervals must hold."""

from __future__ import annotations

import tomllib
from pathlib import Path

import numpy as np
import pytest

from course_utils import allocation, datasets, explorers
from course_utils.explorers.allocate_state import BUDGETS, SOURCES, Sources
from course_utils.i18n import using_language
from course_utils.laws import CONSTANTS

PUBLISHED = tomllib.loads((Path(__file__).parents[1] / "reference_values" / "scaling_laws.toml").read_text("utf-8"))


@pytest.fixture(scope="module")
def sources() -> Sources:
    return Sources(datasets.load("text_runs"))


@pytest.mark.parametrize("name", [k for k in PUBLISHED["optimum"] if k not in ("source", "flops")])
def test_published_optima(sources, name):
    expected = PUBLISHED["optimum"][name]
    for flops, params, ratio in zip(
        PUBLISHED["optimum"]["flops"], expected["params"], expected["ratio"], strict=True
    ):
        result = sources.compute(flops=flops, source=name)
        assert result.params == pytest.approx(params, rel=0.008)
        assert result.tokens_per_param == pytest.approx(ratio, rel=0.03)
        assert 6 * result.params * result.tokens == pytest.approx(flops)


def test_kaplan_at_one_pf_day(sources):
    # Table 6 counts C_min in PF-days of 8.64e19 FLOPs, so at one of them it prints its coefficients.
    result = sources.compute(flops=8.64e19, source="kaplan_2020")
    assert result.params == pytest.approx(1.3e9) and result.tokens == pytest.approx(2e10)
    later = sources.compute(flops=8.64e23, source="kaplan_2020")
    assert later.params / result.params == pytest.approx(10 ** (4 * 0.73))


def test_default_is_gophers_budget_by_the_refit():
    explorer = explorers.allocate_a_budget()
    assert explorer.result.flops == 5.76e23 and explorer.result.source == "besiroglu"
    assert explorer.result.params == pytest.approx(72.2e9, rel=0.002)
    sizes = [params for params, _ in explorer.result.everyone.values()]
    assert min(sizes) == pytest.approx(32.2e9, rel=0.002)
    assert max(sizes) == pytest.approx(1.3e9 * (5.76e23 / 8.64e19) ** 0.73, rel=1e-6)
    with using_language("en"):
        said = explorers.allocate_a_budget().say()
    assert "72.2B" in said and "32.2B" in said and "804B" in said


@pytest.mark.parametrize("served", [1e11, 1e13])
@pytest.mark.parametrize("name", ["besiroglu", "hoffmann_unrounded"])
def test_users_move_the_optimum_as_sardana_derives(sources, name, served):
    result = sources.compute(flops=5.76e23, source=name, served=served)
    n, d, law = result.params, result.tokens, CONSTANTS[name].values
    assert 6 * n * d + 2 * n * served == pytest.approx(5.76e23)
    assert result.share_of_use == pytest.approx(2 * n * served / 5.76e23)
    # First-order condition of min L subject to 6 N D + 2 N D_inf = C (FACTS: Sardana et al. 2024, section 2).
    ratio = law["alpha"] * law["A"] * n ** -law["alpha"] / (law["beta"] * law["B"] * d ** -law["beta"])
    assert ratio == pytest.approx(1 + served / (3 * d), rel=1e-5)
    alone = sources.compute(flops=5.76e23, source=name)
    assert result.params < alone.params and result.tokens_per_param > alone.tokens_per_param


def test_kaplan_knows_no_users(sources):
    result = sources.compute(flops=5.76e23, source="kaplan_2020", served=1e13)
    assert result.ignores_users and result.served == 0 and result.share_of_use == 0
    assert result.everyone["besiroglu"][0] == pytest.approx(72.2e9, rel=0.002)  # compared for training alone too
    other = sources.compute(flops=5.76e23, source="besiroglu", served=1e13)
    assert not other.ignores_users and "kaplan_2020" not in other.everyone


def test_own_runs_say_how_far_they_reach(sources):
    result = sources.compute(flops=5.76e23, source="our_runs", intervals=True)
    runs = datasets.load("text_runs")
    runs = runs[runs["set"] == "grid"]
    largest = 6 * (runs["params_blocks_and_head"] * runs["tokens"]).max()
    assert result.decades_outside == pytest.approx(np.log10(5.76e23 / largest), abs=1e-9)
    low, high = result.params_interval
    assert low < result.params < high and high / low > 100  # eleven decades out, hardly anything is known
    # At the largest budget that was trained the same resamples know the size to within a factor of a few.
    near = allocation.compute_optimal(1e13, sources.bootstrap("our_runs"))
    assert near.params_interval[1] / near.params_interval[0] < 5


def test_band_follows_the_interval(sources):
    at = BUDGETS.index(1e20)
    result = sources.compute(flops=1e20, source="our_runs", intervals=True)
    assert [side[at] for side in result.band_params] == pytest.approx(result.params_interval)
    assert result.line_params[at] == result.params


def test_interval_of_the_refit_from_its_published_points():
    points = datasets.find("chinchilla_points")
    result = Sources(datasets.load("text_runs")).compute(flops=5.76e23, source="besiroglu", intervals=True)
    if points is None:
        assert result.without_interval == "no_points"
        assert result.params_interval is None and result.decades_outside is None
        return
    assert result.without_interval == ""
    assert result.params_interval[0] < 70e9 < result.params_interval[1]
    assert result.params_interval[0] > 40.4e9  # Hoffmann's own constants lie outside
    largest = (points[points["kept"]]["params"] * points[points["kept"]]["tokens"]).max() * 6
    assert result.decades_outside == pytest.approx(np.log10(5.76e23 / largest), abs=1e-6)


def test_without_the_published_points_it_goes_on_and_says_so(monkeypatch):
    monkeypatch.setattr(datasets, "find", lambda name: None)
    for code, said in (("en", "not at hand"), ("vi", "chưa lấy được"), ("zh", "取不到")):
        with using_language(code):
            explorer = explorers.allocate_a_budget(intervals=True)
            assert explorer.result.without_interval == "no_points"
            assert said in explorer.say() and explorer.png()


@pytest.mark.parametrize("name", sorted(set(SOURCES) - {"besiroglu", "our_runs"}))
def test_constants_alone_give_no_interval(sources, name):
    result = sources.compute(flops=1e20, source=name, intervals=True)
    assert result.without_interval == "constants_only" and result.params_interval is None


def test_a_budget_too_small_for_its_users_is_said():
    with using_language("en"):
        explorer = explorers.allocate_a_budget(flops=1e17, served=1e14)
        assert explorer.result.share_of_use > 0.99
        assert "no model that any law has seen" in explorer.say()


def test_refuses_what_is_no_budget():
    with pytest.raises(ValueError, match="flops"):
        explorers.allocate_a_budget(flops=23.76)
    with pytest.raises(ValueError, match="source"):
        explorers.allocate_a_budget(source="chinchilla")
