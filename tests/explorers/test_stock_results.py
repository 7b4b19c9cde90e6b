"""*The stock runs out* against arithmetic, the library's own numbers and the table that it reads."""

from __future__ import annotations

import numpy as np
import pytest

from course_utils import datasets, explorers, laws
from course_utils.allocation import loss_limit, spend_on_epochs
from course_utils.explorers.stock_state import BUDGETS, LAW, STOCKS, Record, run_out
from course_utils.i18n import using_language

CODE = laws.CONSTANTS[LAW].values


@pytest.fixture(scope="module")
def record():
    return Record.of(datasets.load("models_history"))


def test_the_record_is_the_largest_of_every_year(record):
    models = datasets.load("models_history")
    assert record.years.tolist() == sorted(models["year"].unique())
    assert record.tokens[-1] == models["tokens"].max() == 1.56e13
    assert record.low < record.growth < record.high


def test_the_growth_of_an_exact_record_is_found():
    models = datasets.load("models_history").copy()
    models["tokens"] = 1e11 * 3.0 ** (models["year"] - 2020)
    exact = Record.of(models)
    assert (exact.growth, exact.low, exact.high) == pytest.approx((3.0, 3.0, 3.0))


def test_the_lines_cross_in_the_years_that_are_named(record):
    found = run_out(record, stock=3e14, epochs=8.0, growth=2.2, stock_growth=0.05)
    for year, readings in ((found.year_once, 1), (found.year_epochs, 8)):
        demand = record.tokens[-1] * 2.2 ** (year - record.years[-1])
        assert demand == pytest.approx(readings * 3e14 * 1.05 ** (year - record.years[-1]))
    assert found.year_epochs - found.year_once == pytest.approx(np.log(8) / np.log(2.2 / 1.05))
    assert found.early < found.late and not found.already


def test_four_epochs_postpone_the_end_by_little(record):
    found = run_out(record, stock=1e14, epochs=4.0, growth=record.growth, stock_growth=0.0)
    assert found.worth == pytest.approx(3.73, abs=0.005)  # 0.93 of four: Muennighoff et al. 2023, section 5
    assert 1.3 < found.year_epochs - found.year_once < 1.6
    assert run_out(record, stock=1e12, epochs=1.0, growth=2.0, stock_growth=0.0).already


@pytest.mark.parametrize("stock", [1e12, 7e13, 7e15])
def test_what_is_scaled_from_one_stock_is_what_the_library_computes(record, stock):
    found = run_out(record, stock=stock, epochs=4.0, growth=2.0, stock_growth=0.0)
    best = spend_on_epochs(BUDGETS, stock, LAW)
    np.testing.assert_allclose(found.loss, best.loss, atol=1e-5)
    np.testing.assert_allclose(found.fresh_loss, best.fresh_loss, atol=1e-5)
    assert found.limit == pytest.approx(float(loss_limit(stock)), rel=1e-9)
    for flops, epochs in ((found.flops_once, 1.0), (found.flops_epochs, 4.0)):
        assert flops is None or spend_on_epochs(flops, stock, LAW).epochs == pytest.approx(epochs, rel=0.01)
    if found.flops_worn_out is not None:
        left = spend_on_epochs(found.flops_worn_out, stock, LAW).loss - CODE["E"]
        assert left == pytest.approx(1.05 * (found.limit - CODE["E"]), rel=1e-3)


def test_one_epoch_costs_what_the_matching_size_costs(record):
    found = run_out(record, stock=1e13, epochs=2.0, growth=2.0, stock_growth=0.0)
    assert found.flops_once == pytest.approx(6 * found.params_once * 1e13, rel=0.01)
    assert found.params_once / 1e13 == pytest.approx(0.051, abs=0.0005)


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_every_stock_has_a_message_and_a_far_year_is_said_to_be_far(code):
    with using_language(code):
        explorer = explorers.the_stock_runs_out()
        messages = set()
        for stock in STOCKS:
            explorer.set(stock=stock)
            messages.add(explorer._message(explorer.result))
        assert len(messages) == len(STOCKS)
        explorer.set(growth=1.2, stock_growth=0.1, epochs=32.0)
        assert "2100" in explorer.say()
