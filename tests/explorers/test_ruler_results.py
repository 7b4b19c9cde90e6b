"""*Change the ruler* on made-up models whose rulers are known, and on the shipped runs."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets, explorers
from course_utils.explorers.ruler import ChangeTheRuler
from course_utils.explorers.ruler_state import ITEMS, RULERS, RuledRuns, steps_of
from course_utils.i18n import using_language

SIZES = {8: 1000, 16: 4000, 32: 16_000, 64: 64_000}
TOKEN_ACCURACY = {8: 0.2, 16: 0.4, 32: 0.6, 64: 0.98}


def made_up_runs(seeds: int = 2) -> pd.DataFrame:
    """Make runs whose tokens are right independently, so that p**L holds, with a checkpoint that nobody may read."""
    rows = []
    for d, params in SIZES.items():
        for seed in range(seeds):
            for step in (10, 100):
                for length in (2, 7):
                    p = TOKEN_ACCURACY[d] + 0.01 * seed if step == 100 else 0.05
                    rows.append(
                        {
                            "run": f"d{d}-s{seed}", "d_model": d, "seed": seed, "params_blocks_and_head": params,
                            "step": step, "answer_tokens": length, "items": 1000,
                            "exact_match": round(p**length, 3), "sampled_exact_match": p**length,
                            "token_accuracy": p, "edit_distance": length * (1 - p), "brier": 1 - p,
                            "log_probability_token": np.log(p),
                        }
                    )  # fmt: skip
    return pd.DataFrame(rows)


@pytest.fixture(scope="module")
def runs() -> RuledRuns:
    return RuledRuns(made_up_runs())


def test_means_are_those_of_the_last_checkpoint(runs):
    result = runs.compute("token_accuracy", 7, 1000, 0)
    np.testing.assert_allclose(result.means, [0.205, 0.405, 0.605, 0.985])
    np.testing.assert_array_equal(result.params, list(SIZES.values()))
    assert result.run_values.shape == (8,) and result.tested is None and result.power is None


def test_the_same_answers_jump_under_one_ruler_only(runs):
    shares = runs.compute("exact_match", 7, 1000, 0).shares
    assert shares["exact_match"] > 0.9 and shares["sampled_exact_match"] > 0.9
    assert shares["token_accuracy"] == pytest.approx(0.38 / 0.78) == pytest.approx(shares["edit_distance"])
    assert shares["brier"] == pytest.approx(shares["token_accuracy"])
    assert shares["log_probability_token"] < shares["token_accuracy"]
    assert runs.compute("exact_match", 2, 1000, 0).shares["exact_match"] < 0.7


def test_power_of_token_accuracy(runs):
    result = runs.compute("exact_match", 7, 1000, 0)
    np.testing.assert_allclose(result.power, result.means, atol=2e-3)
    assert result.power_error < 1e-3
    off = made_up_runs().assign(exact_match=lambda t: (t["exact_match"] + 0.1).clip(0, 1))
    assert RuledRuns(off).compute("exact_match", 7, 1000, 0).power_error == pytest.approx(0.1, abs=0.01)


@pytest.mark.parametrize("items", ITEMS[:-1])
def test_drawn_items_scatter_as_draws_without_replacement_do(runs, items):
    drawn = np.array([runs.compute("exact_match", 7, items, draw).tested for draw in range(300)])
    means = runs.compute("exact_match", 7, 1000, 0).means
    per_run = np.array([(0.6**7, 0.61**7)]).round(3)[0]
    variance = (per_run * (1 - per_run)).sum() / 4 / items * (1000 - items) / 999
    assert drawn[:, 2].mean() == pytest.approx(means[2], abs=4 * np.sqrt(variance / 300))
    assert drawn[:, 2].std() == pytest.approx(np.sqrt(variance), rel=0.2)
    np.testing.assert_allclose(drawn * items * 2, np.rint(drawn * items * 2), atol=1e-9)


def test_more_items_include_the_fewer_and_all_are_the_measurement(runs):
    ten, twenty = (runs.compute("exact_match", 7, items, 3).tested * items for items in (10.0, 20.0))
    assert (twenty >= ten - 1e-9).all()
    assert runs.compute("exact_match", 7, 1000.0, 3).tested is None
    few = runs.compute("exact_match", 7, 10.0, 0)
    assert few.tested_zeros >= few.zeros


def test_steps():
    np.testing.assert_allclose(steps_of(np.array([4.0, 3.0, 1.0, 0.0])), [0.25, 0.5, 0.25])
    assert steps_of(np.array([0.5, 0.7, 0.51])) is None


def test_other_rulers_lock_the_items_and_the_draw():
    explorer = ChangeTheRuler(made_up_runs())
    assert explorer.locked() == frozenset() and not explorer.buttons[0].enabled
    explorer.set(items=10.0)
    assert explorer.buttons[0].enabled
    before = explorer.result.tested
    explorer.draw_again()
    assert not np.array_equal(before, explorer.result.tested) and explorer.updates == 3
    explorer.reset()
    assert explorer.state.draw == 0
    explorer.set(ruler="brier")
    assert explorer.locked() == {"items"} and not explorer.buttons[0].enabled


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_says_jump_or_not_or_how_many_show_nothing(code):
    with using_language(code):
        explorer = ChangeTheRuler(made_up_runs())
        said = {explorer._message(explorer.result)}
        for values in ({"ruler": "token_accuracy"}, {"ruler": "exact_match", "items": 10.0}):
            explorer.set(**values)
            said.add(explorer._message(explorer.result))
        assert len(said) == 3
        assert "10" in explorer.say()


def test_the_formula_is_called_a_formula_and_only_drawn_items_are_called_simulated():
    explorer = ChangeTheRuler(made_up_runs())

    def shown() -> tuple[bool, bool]:
        explorer.png()
        texts = [*explorer._picture.figure.texts, *explorer._axes.texts]
        said = " ".join(text.get_text() for text in texts if text.get_visible())
        return "formula" in said, "simulated" in said

    assert shown() == (True, False)
    explorer.set(items=10.0)
    assert shown() == (True, True)
    explorer.set(ruler="brier")
    assert shown() == (False, False)


@pytest.mark.parametrize("column", ["exact_match", "answer_tokens", "params_blocks_and_head"])
def test_a_table_without_a_column_is_refused(column):
    with pytest.raises(ValueError, match=column):
        RuledRuns(made_up_runs().drop(columns=column))


def test_two_sizes_are_refused():
    table = made_up_runs()
    with pytest.raises(ValueError, match="2 sizes"):
        RuledRuns(table[table["d_model"] <= 16])


def test_the_shipped_runs_against_the_table():
    table = datasets.load("multiplication_runs")
    result = explorers.change_the_ruler().result
    last = table[(table["step"] == table["step"].max()) & (table["answer_tokens"] == 7)]
    for ruler in RULERS:
        means = last.groupby("params_blocks_and_head")[ruler].mean().to_numpy()
        steps = np.diff(means) / (means[-1] - means[0])
        assert result.shares[ruler] == pytest.approx(steps.max())
    assert result.shares["exact_match"] > 0.5 > result.shares["log_probability_token"]
