"""Fit a thousand laws: what it shows is what the study says, and every place of its controls leads somewhere."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import datasets
from course_utils.explorers import fit_a_thousand_laws
from course_utils.explorers.thousand import FitAThousandLaws
from course_utils.explorers.thousand_state import LAWS, MODELS
from course_utils.fitting import Design, Ladder, study
from course_utils.i18n import using_language


@pytest.fixture(scope="module")
def tables():
    return datasets.load("text_runs"), datasets.load("text_curves")


@pytest.mark.parametrize("law", LAWS)
def test_the_rows_are_those_of_the_study(tables, law):
    shown = fit_a_thousand_laws(law=law, span=(1e11, 3e12), models=7).result
    made = study(Design(law=law, budgets=(1e11, 3e12), models=7), Ladder.of(*tables))
    assert [row.budget for row in shown.rows] == [1e13, 1e14]
    # The explorer stops each law early; the quantiles hardly move.
    np.testing.assert_allclose([row.median for row in shown.rows], made.quantile(0.5), atol=0.006)
    np.testing.assert_allclose([row.baseline for row in shown.rows], made.baseline_error)
    assert shown.costs[1] == pytest.approx(made.relative_cost)


def test_the_fan_passes_through_what_is_foretold():
    """The middle of the fan at the target's compute is the median of the laws there: the bias, put another way."""
    shown = fit_a_thousand_laws(law="kaplan", models=10).result
    middle = np.exp(np.interp(np.log(shown.target_flops[-1]), np.log(shown.path_flops), np.log(shown.path_loss[2])))
    assert middle / shown.target_loss[-1] - 1 == pytest.approx(shown.rows[-1].bias, abs=0.003)
    assert (np.diff(shown.path_loss, axis=0) >= 0).all()


def test_what_the_defaults_tell():
    """More runs make the forecasts agree, another law makes them better, and both beat the best run bought."""
    few, many, other = (
        fit_a_thousand_laws(**how).result.rows[-1] for how in ({}, {"models": 20}, {"law": "kaplan", "models": 20})
    )
    assert many.ninety < 0.7 * few.ninety and many.median > 0.9 * few.median
    assert other.median < 0.4 * many.median
    assert max(few.median, many.median, other.median) < min(few.baseline, many.baseline, other.baseline)


def test_a_design_that_cannot_be_fitted_says_what_is_missing():
    explorer = fit_a_thousand_laws(law="compute_with_floor", span=(1e11, 3e11))
    assert explorer.result.refusal == "few_budgets" and "3 budgets" in explorer.say()
    explorer.set(law="chinchilla", models=4)
    assert explorer.result.refusal == "few_models" and "5 models" in explorer.say()
    explorer.set(curve=0.9)
    assert explorer.result.refusal is None and explorer.result.rows


def test_runs_are_capped_at_what_there_is():
    shown = fit_a_thousand_laws(span=(1e13, 1e13), models=MODELS[-1]).result
    assert shown.models == 6 and shown.complete and shown.n_laws == shown.n_possible == 64


def test_curves_are_for_laws_of_size_and_data():
    explorer = fit_a_thousand_laws(curve=0.9)
    assert explorer.locked() == frozenset() and explorer.result.curve == pytest.approx(0.9)
    explorer.set(law="compute")
    assert explorer.locked() == {"curve"} and explorer.result.curve == 0.0


def test_a_ladder_without_curves_or_without_a_holdout(tables):
    runs, _ = tables
    explorer = FitAThousandLaws(runs)
    assert "curve" not in [control.trait for control in explorer.controls]
    explorer.png()
    with pytest.raises(ValueError, match="holdout"):
        FitAThousandLaws(runs[runs["set"] != "holdout"])


def test_laws_that_agree_stand_in_one_bar():
    """With a ladder that follows its law exactly there is no error to show, and every law is in the bar at zero."""
    rows = []
    for budget in (1e11, 3e11, 1e12, 3e12, 1e13, 1e14):
        for factor in (0.4, 1.0, 2.5):
            params = factor * np.sqrt(budget / 60)
            tokens = budget / 6 / params
            loss = 1.5 + 40 * params**-0.3 + 150 * tokens**-0.35
            kind = "grid" if budget < 1e14 else "holdout"
            if kind == "grid" or factor == 1.0:
                rows.append((kind, budget, params, tokens, budget, loss, 0))
    names = ["set", "budget", "params_blocks_and_head", "tokens", "flops", "loss_nats", "seed"]
    explorer = FitAThousandLaws(pd.DataFrame(rows, columns=names), models=10)
    assert np.quantile(np.abs(explorer.result.errors), 0.9) < 1e-3
    assert explorer.result.rows[-1].within_4 > 0.99


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_a_design_with_one_law_speaks_of_one(code):
    with using_language(code):
        explorer = fit_a_thousand_laws(span=(1e13, 1e13), models=30, seeds=3)
        many = fit_a_thousand_laws(span=(1e13, 1e13), models=30).say()
    assert explorer.result.n_laws == 1
    assert explorer.say().count("%") == 3 and many.count("%") > 6
    explorer.png()
