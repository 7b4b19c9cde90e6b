"""*Compute saved* against the laws alone, the papers' own numbers, and the published runs."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import datasets, explorers, laws
from course_utils.explorers.saved_state import (
    CLARK_TOKENS,
    EXPERTS,
    LAWS,
    PARAMS,
    REPORTED_END,
    ROUTERS,
    SEEN,
    TOKENS,
    Savings,
    cheapest_dense_flops,
    equal_dense_params,
)
from course_utils.i18n import using_language
from course_utils.laws import CONSTANTS

JOINT = CONSTANTS["ludziejewski"].values


@pytest.fixture(scope="module")
def runs(published_source):
    patch = pytest.MonkeyPatch()
    if published_source is not None:
        patch.setenv("SCALING_LAWS_MIRROR", published_source)
    table = datasets.find("routed_models")
    patch.undo()
    if table is None:
        pytest.skip("routed_models can be had from no mirror, cache or network here")
    return table


@pytest.fixture(scope="module")
def fitted(runs) -> Savings:
    return Savings(runs)


@pytest.fixture(scope="module")
def printed() -> Savings:
    return Savings(None)


@pytest.mark.parametrize("law", ROUTERS)
def test_the_dense_model_has_the_same_loss_by_clarks_law(printed, law):
    values = CONSTANTS[f"clark_{law}"].values
    for params, experts in ((1e7, 2), (1e9, 64), (1e12, 2048)):
        result = printed.compute(law, "printed", experts, params, CLARK_TOKENS)
        losses = laws.routed_loss([params, result.worth.dense], [experts, 1], **values)
        assert losses[0] == pytest.approx(losses[1], rel=1e-9)
        assert result.worth.saved == pytest.approx(1 - result.flops / result.dense_flops)
        assert result.worth.dense_interval is None and result.band is None


def test_the_dense_model_has_the_same_loss_by_the_joint_law():
    n, d, e = (axis.ravel() for axis in np.meshgrid(PARAMS[::6], TOKENS[::6], EXPERTS))
    dense = equal_dense_params(n, d, e, JOINT)
    np.testing.assert_allclose(
        laws.joint_moe_loss(dense, d, 1, **JOINT), laws.joint_moe_loss(n, d, e, **JOINT), rtol=1e-9
    )
    np.testing.assert_allclose(equal_dense_params(n, d, 1, JOINT), n, rtol=1e-9)


def test_a_loss_that_no_dense_model_reaches_is_told_by_infinity():
    assert equal_dense_params(1e16, 1e10, 2048, JOINT) == np.inf


def test_the_joint_law_gains_on_every_slider_as_the_words_say():
    n, d, e = np.meshgrid(PARAMS, TOKENS, EXPERTS)
    ratio = equal_dense_params(n, d, e, JOINT) / n
    assert np.isfinite(ratio).all() and ratio.min() > 1.1


def test_the_cheapest_dense_model_is_the_best_split_of_the_paper():
    # Ludziejewski et al. 2025: at 1e21 one expert does best with 5.7B parameters on 29.3B tokens.
    loss = float(laws.joint_moe_loss(5.7e9, 29.3e9, 1, **JOINT))
    assert cheapest_dense_flops(loss, JOINT) == pytest.approx(6 * 5.7e9 * 29.3e9, rel=0.002)


def test_tokens_move_the_joint_law_alone(printed):
    few, many = (printed.compute("s_base", "printed", 64, 1e9, tokens) for tokens in (TOKENS[0], CLARK_TOKENS))
    for law in ROUTERS:
        np.testing.assert_array_equal(few.drawn[law], many.drawn[law])
    assert np.abs(np.log(few.drawn["joint"] / many.drawn["joint"])).max() > 0.1
    assert few.tokens == many.tokens == CLARK_TOKENS
    assert printed.compute("joint", "printed", 64, 1e9, TOKENS[0]).tokens == TOKENS[0]


def test_where_gains_end_the_dense_model_is_the_model(printed):
    for law, within in (("s_base", 0.1), ("rl_r", 0.7), ("hash", 1.7)):  # the printed c has two digits at most
        end = printed.compute(law, "printed", 64, 1e9, CLARK_TOKENS).worth.end
        assert end == pytest.approx(REPORTED_END[law], rel=within)
        assert printed.compute(law, "printed", 64, end, CLARK_TOKENS).worth.saved == pytest.approx(0, abs=1e-9)
        assert printed.compute(law, "printed", 64, 10 * end, CLARK_TOKENS).worth.saved < 0
    assert printed.compute("joint", "printed", 64, 1e9, CLARK_TOKENS).worth.end is None


def test_our_fits_end_the_gain_where_the_paper_does(fitted):
    for law, (low, high) in {"s_base": (4e11, 1.2e12), "rl_r": (7e10, 1.1e11), "hash": (6e10, 1.1e11)}.items():
        worth = fitted.compute(law, "refit", 64, 1e9, CLARK_TOKENS).worth
        assert low < worth.end < high
        assert worth.end_interval[0] < REPORTED_END[law] < worth.end_interval[1]


@pytest.mark.parametrize("law", ROUTERS)
def test_the_interval_holds_the_fit_and_the_printed_constants_are_near(fitted, law):
    refit = fitted.compute(law, "refit", 64, 1e9, CLARK_TOKENS)
    low, high = refit.worth.dense_interval
    assert low < refit.worth.dense < high < 1.6 * low
    assert refit.worth.saved_interval[0] < refit.worth.saved < refit.worth.saved_interval[1]
    assert (refit.band[0] <= refit.curve_ratio).all() and (refit.curve_ratio <= refit.band[1]).all()
    other = refit.others[law, "printed"]
    assert other.dense == pytest.approx(refit.worth.dense, rel=0.25)
    assert len(refit.others) == 7


def test_the_runs_lie_along_the_fitted_law_and_inside_what_it_has_seen(fitted):
    (low, high), most = SEEN["clark"]
    for law in ROUTERS:
        sizes, count, _ = fitted.runs[law]
        assert low <= sizes.min() < 1.1 * low and high >= sizes.max() > high / 1.1
        assert count.max() == most
        result = fitted.compute(law, "refit", 64, 1e9, CLARK_TOKENS)
        assert len(result.run_params) >= 5
        expected = np.interp(np.log(result.run_params), np.log(result.curve_params), np.log(result.curve_ratio))
        assert np.abs(np.log(result.run_ratio) - expected).max() < 0.25
    assert len(fitted.compute("rl_r", "refit", 2048, 1e9, CLARK_TOKENS).run_params) == 0


@pytest.mark.parametrize(
    ("law", "params", "experts", "beyond"),
    [
        ("s_base", 1e9, 64, ()),
        ("s_base", 1e10, 1024, ("params", "experts")),
        ("s_base", 1e7, 512, ("params",)),
        ("joint", 2e9, 32, ()),
        ("joint", 1e9, 64, ("experts",)),
    ],
)
def test_it_says_where_a_law_is_extrapolated(printed, law, params, experts, beyond):
    assert printed.compute(law, "printed", experts, params, CLARK_TOKENS).beyond == beyond
    explorer = explorers.compute_saved(law=law, params=params, experts=experts)
    assert ("extrapolated" in explorer.say()) == bool(beyond)


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_without_the_published_runs_it_says_so(monkeypatch, code):
    monkeypatch.setattr(datasets, "find", lambda name: None)
    with using_language(code):
        explorer = explorers.compute_saved()
        assert explorer.say().startswith(explorer.text("words_missing"))
        assert [value for _, value in explorer.controls[-1].options] == ["printed"]
        assert explorer.result.kind == "printed" and explorer.result.worth.dense == pytest.approx(3.14e9, rel=0.01)
        with pytest.raises(ValueError, match="kind"):
            explorer.set(kind="refit")
        assert explorer.png() and explorer.html_table().count("<tr>") == 5
        explorer.set(law="rl_r", params=1e12)
        assert explorer.result.worth.saved < 0 and "2.16" in explorer.say()


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_and_the_table_with_the_published_runs(monkeypatch, runs, code):
    monkeypatch.setattr(datasets, "find", lambda name: runs)
    with using_language(code):
        explorer = explorers.compute_saved()
        assert explorer.text("words_missing") not in explorer.say()
        message = explorer._message(explorer.result)
        assert "68%" in message and "S-BASE" in message and "64" in message
        assert "63%" in explorer.say() and "71%" in explorer.say()
        assert explorer.html_table().count("<tr>") == 8
        assert explorer.locked() == frozenset()
        explorer.set(law="joint")
        assert explorer.locked() == {"kind"} and explorer.result.kind == "printed"


def test_every_law_moves_the_picture():
    explorer = explorers.compute_saved()
    pictures = set()
    for law in LAWS:
        explorer.set(law=law)
        pictures.add(explorer.png())
    assert len(pictures) == len(LAWS)
