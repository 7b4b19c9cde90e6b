"""What repeated text is worth: the paper's numbers, the limits, and the ends of every constant."""

import numpy as np
import pytest

from course_utils import laws
from course_utils.laws import CONSTANTS

CODE = CONSTANTS["muennighoff_c4_repeated"].values
R_D = CODE["R_D"]


def test_the_table_of_the_paper():
    """Muennighoff et al. 2023, section 5: a marginal token, and all tokens together, after so many epochs."""
    epochs = np.array([1, 2, 4, 8, 16, 40])
    np.testing.assert_allclose(laws.worth_of_next_token(epochs, R_D=R_D), [1, 0.94, 0.82, 0.63, 0.38, 0.08], atol=0.005)
    share = laws.effective_data(epochs * 1e9, 1e9, R_D=R_D) / (epochs * 1e9)
    np.testing.assert_allclose(share, [1, 0.98, 0.93, 0.83, 0.66, 0.38], atol=0.005)


def test_the_ceiling_is_one_plus_the_constant():
    assert laws.effective_data(1e15, 1e9, R_D=R_D) == pytest.approx(16.4e9, rel=1e-3)


def test_the_size_that_fits_a_text_is_the_papers_fifty_first_part_of_it():
    constants = {name: CODE[name] for name in ("A", "B", "alpha", "beta")}
    np.testing.assert_allclose(laws.matching_params([1e9, 1e12], **constants) / [1e9, 1e12], 0.051, atol=0.0005)


def test_epochs_add_up_to_the_effective_data():
    epochs = np.arange(1, 60)
    added = np.cumsum(laws.worth_of_epoch(epochs, R_D=R_D))
    np.testing.assert_allclose(added, laws.effective_data(epochs * 1e9, 1e9, R_D=R_D) / 1e9, rtol=1e-12)
    assert laws.worth_of_epoch(1.5, R_D=R_D) == pytest.approx(
        laws.effective_data(1.5e9, 1e9, R_D=R_D) / 1e9 - 0.5, rel=1e-12
    )


def test_the_next_token_is_the_slope_of_the_effective_data():
    epochs = np.array([1.5, 3.0, 9.0, 30.0])
    step = 1e-5
    slope = (laws.effective_data(epochs + step, 1, R_D=R_D) - laws.effective_data(epochs - step, 1, R_D=R_D)) / step / 2
    np.testing.assert_allclose(laws.worth_of_next_token(epochs, R_D=R_D), slope, rtol=1e-8)


def test_constants_without_end_and_without_worth():
    assert laws.effective_data(5e9, 1e9, R_D=np.inf) == 5e9
    assert laws.effective_data(5e9, 1e9, R_D=0.0) == 1e9
    np.testing.assert_array_equal(laws.worth_of_next_token([1, 7], R_D=np.inf), 1.0)
    np.testing.assert_array_equal(laws.worth_of_next_token([1, 7], R_D=0.0), [1.0, 0.0])
    np.testing.assert_array_equal(laws.worth_of_epoch([1, 7], R_D=0.0), [1.0, 0.0])
    fresh = laws.repeated_data_loss(1e8, 5e9, 1e9, **{**CODE, "R_D": np.inf, "R_N": np.inf})
    assert fresh == pytest.approx(CONSTANTS["muennighoff_c4"](1e8, 5e9), rel=1e-12)


def test_text_that_is_not_read_to_its_end_is_all_fresh():
    assert laws.effective_data(1e9, 7e9, R_D=R_D) == 1e9


@pytest.mark.parametrize(
    ("call", "words"),
    [
        (lambda: laws.worth_of_next_token([1.0, 0.5], R_D=R_D), "epochs must be 1 or more; row 1 is 0.5"),
        (lambda: laws.worth_of_epoch([0.0], R_D=R_D), "row 0 is 0"),
        (lambda: laws.effective_repeats([1.0, -1.0], R_star=R_D), "row 1"),
        (lambda: laws.effective_data([1e9, np.nan], 1e9, R_D=R_D), "tokens must be positive counts; row 1"),
        (lambda: laws.effective_data(1e9, -1.0, R_D=R_D), "unique_tokens must be positive counts"),
    ],
)
def test_refusals(call, words):
    with pytest.raises(ValueError, match=words):
        call()
