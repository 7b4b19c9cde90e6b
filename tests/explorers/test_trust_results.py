"""*Which fit do you trust* against what the papers printed, and against fits made without it."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import allocation, datasets, explorers, fitting
from course_utils.explorers.trust_state import DELTAS, DROPPED, Refits, answer_of
from course_utils.i18n import using_language


@pytest.fixture(scope="module")
def points(published_source):
    patch = pytest.MonkeyPatch()
    if published_source is not None:
        patch.setenv("SCALING_LAWS_MIRROR", published_source)
    table = datasets.find("chinchilla_points")
    patch.undo()
    if table is None:
        pytest.skip("chinchilla_points can be had from no mirror, cache or network here")
    return table


@pytest.fixture(scope="module")
def both(points) -> Refits:
    return Refits(datasets.load("text_runs"), points)


@pytest.fixture(scope="module")
def own() -> Refits:
    return Refits(datasets.load("text_runs"), None)


@pytest.mark.parametrize(("dropped", "exponent"), [(0, 0.565), (2, 0.538), (5, 0.514), (10, 0.509)])
def test_the_exponent_by_points_left_out(both, dropped, exponent):
    result = both.compute("published", dropped, "huber", 1e-3)
    assert result.fit.exponent == pytest.approx(exponent, abs=0.0006)
    assert len(result.used_miss) == 245 - dropped and len(result.left_miss) == dropped
    assert result.n_points == 245


def test_absolute_errors_give_what_the_replication_printed(both):
    # Besiroglu et al. 2024, Table 1: E 1.8172, A 482.01, B 2085.43, alpha 0.3478, beta 0.3658.
    fit = both.compute("published", 5, "lad", 1e-3).fit
    assert fit.values["E"] == pytest.approx(1.8172, abs=5e-4)
    assert fit.values["A"] == pytest.approx(482.01, rel=1e-3)
    assert fit.values["B"] == pytest.approx(2085.43, rel=1e-3)
    assert fit.params[0] == pytest.approx(72.2e9, rel=0.005)


def test_published_constants_answer_as_in_the_papers():
    for name, params, ratio in (
        ("hoffmann_printed", (32.2e9, 213e9), (93, 139)),
        ("hoffmann_unrounded", (40.4e9, 273e9), (59, 85)),
        ("besiroglu", (72.2e9, 619e9), (18.4, 16.5)),
    ):
        answer = answer_of(name, (5.76e23, 3.8e25))
        np.testing.assert_allclose(answer.params, params, rtol=0.008)
        np.testing.assert_allclose(answer.ratio, ratio, rtol=0.02)


def test_the_points_left_out_are_the_highest_losses_and_short_of_tokens(both, points):
    result = both.compute("published", 5, "huber", 1e-3)
    worst = points.nlargest(5, "loss_nats")
    np.testing.assert_allclose(np.sort(result.left_ratio), np.sort(worst["tokens"] / worst["params"]))
    assert result.left_ratio_range[1] < 0.5
    assert result.left_miss.min() > 0.05 > np.abs(result.used_miss).max() - 0.01


@pytest.mark.parametrize("data", ["published", "own"])
def test_four_starts_end_where_twenty_do(both, data):
    params, tokens, loss = both.columns[data]
    for dropped in DROPPED[::4]:
        kept = params[dropped:], tokens[dropped:], loss[dropped:]
        for objective, delta in (("huber", DELTAS[0]), ("huber", 1e-3), ("huber", DELTAS[-1]), ("squared", 1e-3)):
            result = both.compute(data, dropped, objective, delta)
            full = fitting.fit_chinchilla(*kept, objective=objective, delta=delta)
            assert result.fit.exponent == pytest.approx(allocation.exponents(full)[0], abs=1e-5)


def test_a_wide_huber_is_squared(own):
    """Where no residual reaches delta the two objectives are one."""
    wide, squared = own.compute("own", 5, "huber", 0.1), own.compute("own", 5, "squared", 0.1)
    assert np.abs(squared.used_miss).max() < 0.1
    assert wide.fit.exponent == pytest.approx(squared.fit.exponent, abs=1e-7)


def test_delta_means_nothing_for_the_other_objectives(own):
    for objective in ("lad", "squared"):
        low, high = (own.compute("own", 0, objective, delta) for delta in (DELTAS[0], DELTAS[-1]))
        assert low.fit is high.fit
    explorer = explorers.which_fit_do_you_trust(data="own", objective="lad")
    assert explorer.locked() == {"delta"}
    explorer.set(objective="huber")
    assert explorer.locked() == frozenset()


def test_on_our_runs(own):
    result = own.compute("own", 0, "huber", 1e-3)
    assert result.n_points == 87 and result.left_ratio_range is None
    assert result.fit.exponent == pytest.approx(0.540, abs=0.001)
    assert result.fit.params[0] == pytest.approx(198e3, rel=0.01)
    foretold, measured = result.holdout
    runs = datasets.load("text_runs")
    assert measured == float(runs.loc[runs["set"] == "holdout", "loss_nats"].iloc[0])
    assert foretold == pytest.approx(2.973, abs=0.002)
    others = own.other_fits(1e13)
    valleys = runs[(runs["set"] == "grid") & (runs["budget"] == 1e13)]
    assert valleys["params_blocks_and_head"].min() < min(others.values())
    assert max(others.values()) < valleys["params_blocks_and_head"].max()


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_without_the_published_points_it_says_so(monkeypatch, code):
    monkeypatch.setattr(datasets, "find", lambda name: None)
    with using_language(code):
        explorer = explorers.which_fit_do_you_trust()
        missing = explorer.text("words_missing")
        assert explorer.say().startswith(missing)
        assert [value for _, value in explorer.controls[-1].options] == ["own"]
        with pytest.raises(ValueError, match="data"):
            explorer.set(data="published")
        assert explorer.png() and explorer.html_table().count("<tr>") == 3


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_and_the_table_with_the_published_points(monkeypatch, points, code):
    monkeypatch.setattr(datasets, "find", lambda name: points)
    with using_language(code):
        explorer = explorers.which_fit_do_you_trust()
        message = explorer._message(explorer.result)
        assert "5" in message and "Huber" in message and ("73.2" in message or "732 亿" in message)
        assert "0.514" in explorer.say() and "0.514" in explorer.html_table()
        assert explorer.html_table().count("<tr>") == 6
        assert explorer.text("words_missing") not in explorer.say()
        first, pictures = explorer.png(), set()
        for data in ("own", "published"):
            for dropped in (0, 20):
                explorer.set(data=data, dropped=dropped)
                pictures.add(explorer.png())
        assert len(pictures) == 4 and first not in pictures
        explorer.reset()
        assert explorer.png() == first and explorer._picture.backgrounds_drawn == 2
