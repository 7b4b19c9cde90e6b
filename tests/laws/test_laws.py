"""Every law, found by introspection: finite, falling, and equal to what its paper prints."""

import inspect
import tomllib
from pathlib import Path

import numpy as np
import pytest

from course_utils import laws
from course_utils.laws import CONSTANTS, LAWS

PUBLISHED = tomllib.loads(
    (Path(__file__).parents[1] / "reference_values" / "scaling_laws.toml").read_text(encoding="utf-8")
)


def counts_of(law):
    return [p.name for p in inspect.signature(LAWS[law]).parameters.values() if p.kind is p.POSITIONAL_OR_KEYWORD]


@pytest.mark.parametrize("name", CONSTANTS)
def test_a_set_of_constants_names_its_source_and_evaluates(name):
    constants = CONSTANTS[name]
    assert "arXiv" in constants.source
    loss = constants(*[np.array([1e9, 1e10])] * len(counts_of(constants.law)))
    assert np.isfinite(loss).all() and (loss > 0).all()


@pytest.mark.parametrize("name", CONSTANTS)
def test_more_of_anything_never_raises_the_loss(name):
    constants = CONSTANTS[name]
    n = len(counts_of(constants.law))
    # Repeated data: tokens seen rise to 64 times the distinct ones; more parameters than fit the data are covered too.
    start = [1e9, 1e11, 1e11][:n] if n > 1 else [1e9]
    for i in range(n):
        arguments = [np.full(60, v) for v in start]
        arguments[i] = np.geomspace(start[i] / 64, start[i] * 64, 60)
        assert (np.diff(constants(*arguments)) <= 1e-12).all(), counts_of(constants.law)[i]


@pytest.mark.parametrize("law", LAWS)
@pytest.mark.parametrize("bad", [0.0, -1.0, np.nan])
def test_a_count_that_is_none_is_refused_by_name_and_row(law, bad):
    names = counts_of(law)
    free = {p.name: 0.3 for p in inspect.signature(LAWS[law]).parameters.values() if p.kind is p.KEYWORD_ONLY}
    for i, name in enumerate(names):
        arguments = [np.array([1e6, 1e7]) for _ in names]
        arguments[i][1] = bad
        with pytest.raises(ValueError, match=rf"{name} must be positive counts; row 1"):
            LAWS[law](*arguments, **free)


def test_every_public_law_is_in_the_table_or_is_no_loss():
    functions = {n for n in laws.__all__ if inspect.isfunction(getattr(laws, n))}
    assert functions - {f.__name__ for f in LAWS.values()} == {
        "critical_batch_size", "effective_data", "effective_experts", "effective_params", "effective_repeats",
        "matching_params", "sigmoid_accuracy", "worth_of_epoch", "worth_of_next_token"}


def test_kaplan_values():
    table = PUBLISHED["kaplan_checks"]
    assert CONSTANTS["kaplan_params"](1.5e9) == pytest.approx(table["loss_at_params_1_5e9"], abs=0.005)
    assert CONSTANTS["kaplan_tokens"](22e9) == pytest.approx(table["loss_at_tokens_22e9"], abs=0.005)
    assert CONSTANTS["kaplan_compute"](8.64e19) == pytest.approx(table["loss_at_one_pf_day"], abs=0.005)


def test_kaplan_joint_law_tends_to_its_single_ones():
    v = CONSTANTS["kaplan_joint"].values
    assert laws.kaplan_loss(1e9, 1e40, **v) == pytest.approx(
        laws.kaplan_params_loss(1e9, N_c=v["N_c"], alpha_N=v["alpha_N"])
    )
    assert laws.kaplan_loss(1e60, 1e10, **v) == pytest.approx(
        laws.kaplan_tokens_loss(1e10, D_c=v["D_c"], alpha_D=v["alpha_D"])
    )


def test_losses_of_known_models_by_the_corrected_constants():
    table = PUBLISHED["besiroglu_losses"]
    loss = CONSTANTS["besiroglu"](table["params"], table["tokens"])
    np.testing.assert_allclose(loss, table["loss"], atol=6e-4)


def test_repeated_data_reproduces_the_readme_and_reduces_to_one_epoch():
    table = PUBLISHED["muennighoff_readme"]
    law = CONSTANTS["muennighoff_c4_repeated"]
    np.testing.assert_allclose(law(table["params"], table["tokens"], table["unique_tokens"]), table["loss"], atol=3e-5)
    fresh = law(1e9, 20e9, 20e9)
    assert fresh == pytest.approx(CONSTANTS["muennighoff_c4"](1e9, 20e9), rel=1e-3)


def test_a_marginal_token_after_sixteen_epochs_is_worth_a_third():
    r = np.array([1.0, 3.0, 15.0])
    slope = (laws.effective_repeats(r + 1e-6, R_star=15.387756) - laws.effective_repeats(r, R_star=15.387756)) / 1e-6
    np.testing.assert_allclose(slope, [0.94, 0.82, 0.38], atol=0.005)  # Muennighoff et al. 2023, section 5
