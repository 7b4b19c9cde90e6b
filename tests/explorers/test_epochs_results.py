"""*Spend the epochs* and *clean or more* against tables made from a known law, and the paper's own numbers."""

from __future__ import annotations

import numpy as np
import pandas as pd
import pytest

from course_utils import laws
from course_utils.explorers.clean import CleanOrMore
from course_utils.explorers.clean_state import Noised, clean_or_noised
from course_utils.explorers.epochs import SpendTheEpochs
from course_utils.explorers.epochs_state import CURVE, EPOCHS, PaperGround, RunsGround, spend
from course_utils.i18n import using_language

SIZES = {16: 22_528, 48: 104_448}
STARS = {16: 8.0, 48: 4.0}
LAW = {"E": 1.5, "A": 20.0, "alpha": 0.15}
STOCK = 50_176


def repetition(*, turned: bool = True) -> pd.DataFrame:
    """Make fresh and repeated runs of two sizes, two seeds each; the larger size on the smallest stock turns up."""
    rows = []
    for width, params in SIZES.items():
        for k in range(6):
            fresh = STOCK * 2**k
            for epochs in [2**j for j in range(7) if (k == 0 or 2 ** (k + j) <= 32) and k < 4]:
                for seed in (0, 1):
                    data = laws.effective_data(fresh * epochs, fresh, R_D=STARS[width])
                    loss = float(laws.power_law(data, **LAW)) - 0.1 * (width == 48)
                    if turned and width == 48 and k == 0 and epochs > 8:
                        loss += 0.3 * np.log2(epochs / 8)
                    rows.append(_row(width, params, fresh * epochs, fresh, seed, loss, 0.0))
            if k >= 4:
                for seed in (0, 1):
                    loss = float(laws.power_law(fresh, **LAW)) - 0.1 * (width == 48)
                    rows.append(_row(width, params, fresh, fresh, seed, loss, 0.0))
    return pd.DataFrame(rows)


def noised() -> pd.DataFrame:
    """Make runs of one size in between with noise that costs as much as losing a share of the text."""
    rows = []
    for k in range(1, 5):
        for noise in (0.0, 0.05, 0.15, 0.3):
            for seed in (0, 1):
                tokens = STOCK * 2**k
                loss = float(laws.power_law(tokens * (1 - 2 * noise), **LAW))
                rows.append(_row(32, 57_344, tokens, tokens, seed, loss, noise))
    return pd.DataFrame(rows)


def _row(width: int, params: int, tokens: float, unique: float, seed: int, loss: float, noise: float) -> dict:
    return {
        "d_model": width,
        "params_blocks_and_head": params,
        "tokens": tokens,
        "unique_tokens": unique,
        "epochs": tokens / unique,
        "noise": noise,
        "seed": seed,
        "loss_nats": loss + (0.01 if seed else -0.01),
        "diverged": False,
    }


@pytest.fixture(scope="module")
def ground():
    return RunsGround(repetition())


def own(ground, epochs, *, width=48, stock=STOCK, past_turn=False):
    return spend(ground, "our_runs", stock, SIZES[width], epochs, past_turn=past_turn, other_R=15.4)


def test_the_papers_numbers():
    """Muennighoff et al. 2023, section 5 and README: worth of 4 and 16 epochs, and one loss."""
    for epochs, share in ((4.0, 0.93), (16.0, 0.66)):
        found = spend(PaperGround(), "c4", 2.5e10, 7e9, epochs, other_R=5.0)
        assert found.worth / epochs == pytest.approx(share, abs=0.005)
    found = spend(PaperGround(), "c4", 2.5e10, 6.34e9, 242 / 25, other_R=5.0)
    assert found.loss == pytest.approx(2.22564, abs=3e-5)
    assert found.run_loss.size == 0 and found.best_epochs is None and found.R_otherwise is None


@pytest.mark.parametrize("width", [16, 48])
def test_the_worth_of_repeats_is_read_off_the_runs(ground, width):
    found = own(ground, 4.0, width=width)
    assert found.R_star == pytest.approx(STARS[width], rel=0.02)
    assert found.worth == pytest.approx(float(laws.effective_data(4.0, 1.0, R_D=STARS[width])), rel=0.01)
    assert found.fresh_loss == pytest.approx(float(laws.power_law(4 * STOCK, **LAW)) - 0.1 * (width == 48), abs=0.01)
    assert found.loss == pytest.approx(found.run_loss[found.run_epochs == 4].mean(), abs=0.01)
    assert (np.diff(found.curve_loss) < 0).all() and (found.curve_loss >= found.limit).all()


def test_runs_past_their_best_are_named_and_drag_the_constant_down(ground):
    found = own(ground, 64.0)
    assert (found.best_epochs, found.turned_epochs) == (8.0, 64.0)
    assert found.turned_loss == pytest.approx(found.run_loss[found.run_epochs == 64].mean())
    assert own(ground, 8.0).turned_epochs is None and own(ground, 20.0).turned_epochs == 16.0
    assert own(ground, 64.0, width=16).turned_epochs is None
    with_all = own(ground, 64.0, past_turn=True)
    assert with_all.R_star < 0.8 * found.R_star
    assert found.R_otherwise == with_all.R_star and with_all.R_otherwise == found.R_star
    assert own(ground, 64.0, width=16).R_otherwise is None


def test_a_place_is_a_stock_and_a_size_of_the_ground():
    explorer = SpendTheEpochs(repetition(), stock=2, size=0)
    assert (explorer.result.stock, explorer.result.size) == (4 * STOCK, SIZES[16])
    explorer.set(ground="c4", stock=1, epochs=2.0)
    assert (explorer.result.stock, explorer.result.size) == (2.5e10, 1e9)
    assert explorer.result.other_next == pytest.approx(laws.worth_of_epoch(CURVE + 1, R_D=STARS[16]), abs=0.02)


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_turns_when_the_loss_does(code):
    with using_language(code):
        explorer = SpendTheEpochs(repetition())
        explorer.set(epochs=64.0)
        assert "64" in explorer._message(explorer.result) and "8" in explorer._message(explorer.result)
        messages = set()
        for epochs in EPOCHS:
            explorer.set(epochs=epochs)
            messages.add(explorer._message(explorer.result))
        assert len(messages) == 9 + 3  # up to 12 epochs the law; beyond, the last of 16, 32 and 64 that was measured
        explorer.set(ground="c4", epochs=100.0)
        assert "15.4" in explorer.say() and "16.4" in explorer.say()


# ---------------------------------------------------------------- clean or more


@pytest.fixture(scope="module")
def table():
    return Noised(noised(), repetition())


def choose(table, **change):
    start = {"noise": 0.15, "share": 0.3, "tokens": 16.0 * STOCK, "repeats": "between"}
    return clean_or_noised(table, **(start | change))


@pytest.mark.parametrize("noise", [0.05, 0.15, 0.3])
def test_what_noise_costs_in_clean_tokens_is_read_off(table, noise):
    assert choose(table, noise=noise).worth[noise] == pytest.approx(1 - 2 * noise, rel=0.02)


def test_repeats_of_the_size_in_between_are_worth_something_in_between(table):
    assert table.R_star["smaller"] == pytest.approx(8, rel=0.02)
    assert table.R_star["larger"] == pytest.approx(4, rel=0.02)
    assert 4.1 < table.R_star["between"] < 7.9
    assert table.R_star["c4"] == pytest.approx(15.39, abs=0.01)
    assert table.turn == 8


@pytest.mark.parametrize("repeats", ["larger", "between", "smaller", "c4"])
def test_both_choices_are_equal_at_the_break_even(table, repeats):
    found = choose(table, repeats=repeats)
    assert 0.05 < found.break_even < 1
    equal = choose(table, repeats=repeats, share=found.break_even)
    assert equal.clean_loss == pytest.approx(equal.noised_loss, abs=2e-3)
    assert choose(table, repeats=repeats, share=found.break_even * 1.3).clean_loss < found.noised_loss
    # As much effective data as the noised text is worth.
    effective = laws.effective_data(1.0, found.break_even, R_D=found.R_star)
    assert float(effective) == pytest.approx(0.7, rel=0.03)


def test_more_noise_lets_less_clean_text_win(table):
    shares = [choose(table, noise=noise).break_even for noise in (0.05, 0.15, 0.3)]
    assert shares[0] > shares[1] > shares[2]
    assert choose(table, repeats="c4").break_even < choose(table, repeats="larger").break_even


def test_a_text_that_loses_nothing_in_cleaning_is_the_clean_run(table):
    found = choose(table, share=1.0)
    assert found.clean_loss == found.fully_clean_loss == pytest.approx(found.clean_runs.mean(), abs=0.005)
    assert len(found.noised_runs) == len(found.clean_runs) == 2
    assert choose(table, share=0.05, tokens=2.0 * STOCK).inside > 0.9


@pytest.mark.parametrize("code", ["en", "vi", "zh"])
def test_the_message_names_the_winner(code):
    with using_language(code):
        explorer = CleanOrMore(noised(), repetition())
        first = explorer._message(explorer.result)
        explorer.set(share=0.05)
        assert explorer._message(explorer.result)[:6] != first[:6]
        assert "20" in explorer.say() and "13%" in explorer.say()  # epochs, and the share below which the law is kind
