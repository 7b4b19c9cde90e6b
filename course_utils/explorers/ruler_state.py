"""One set of trained models under six rulers: what *change the ruler* computes from the table of runs."""

from __future__ import annotations

from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import NDArray
from traitlets import Enum, Float, HasTraits, Int

from course_utils import metrics

if TYPE_CHECKING:
    import pandas

Array = NDArray[np.float64]

RULERS = (
    "exact_match",
    "sampled_exact_match",
    "token_accuracy",
    "edit_distance",
    "brier",
    "log_probability_token",
)
ITEMS = (10.0, 20.0, 50.0, 100.0, 200.0, 500.0, 1000.0)
_COLUMNS = ("run", "d_model", "seed", "params_blocks_and_head", "step", "answer_tokens", "items", *RULERS)
_JUDGED = (0.02, 0.98)  # exact matches in between say something about p**L


class RulerState(HasTraits):
    """What the reader sets: the ruler, the tokens of an answer, the test items, and which items are drawn."""

    ruler = Enum(RULERS, default_value="exact_match")
    length = Int(7)
    items = Float(ITEMS[-1])
    draw = Int(0)


@dataclass(frozen=True, eq=False)
class RulerResult:
    """What a ruler says of every size at the end of training.

    Attributes
    ----------
    ruler, length, items : as the reader set them
    params : array of shape (n_sizes,), blocks and head
    means : array of shape (n_sizes,), mean over seeds
    run_params, run_values : arrays of shape (n_runs,)
    tested : array of shape (n_sizes,), the same means from `items` of the test items; None where all are used, and for
        rulers of which the table holds no answer one by one
    power : array of shape (n_sizes,), token accuracy to the power of the length; None for other rulers than exact match
    power_error : root mean square of p**L - exact match over the runs where exact match lies between 0.02 and 0.98;
        None where no run does
    shares : by ruler, the largest share of the whole change that falls between two neighbouring sizes; None where a
        ruler hardly moves
    tested_share : the same for `tested`
    step : which two sizes these are, for the ruler shown
    zeros, tested_zeros : sizes that read 0
    """

    ruler: str
    length: int
    items: int
    params: Array
    means: Array
    run_params: Array
    run_values: Array
    tested: Array | None
    power: Array | None
    power_error: float | None
    shares: dict[str, float | None]
    tested_share: float | None
    step: int
    zeros: int
    tested_zeros: int

    @property
    def shown(self) -> Array:
        """Means that the ruler says: of the items drawn, or of all."""
        return self.means if self.tested is None else self.tested


class RuledRuns:
    """Hold the final answers of every model, by answer length.

    Parameters
    ----------
    runs : pandas.DataFrame
        Table with the columns of ``multiplication_runs``.

    Raises
    ------
    ValueError
        If a column is missing or there are fewer than three sizes.
    """

    def __init__(self, runs: pandas.DataFrame):
        missing = [column for column in _COLUMNS if column not in runs]
        if missing:
            raise ValueError(f"runs: no column {missing[0]!r}. Pass a table with {', '.join(_COLUMNS)}.")
        last = runs[runs["step"] == runs.groupby("run")["step"].transform("max")]
        self.lengths = tuple(int(n) for n in sorted(last["answer_tokens"].unique()))
        self.n_runs = int(last["run"].nunique())
        self._rows = {n: last[last["answer_tokens"] == n].sort_values(["d_model", "seed"]) for n in self.lengths}
        self.sizes = np.unique(last["params_blocks_and_head"].to_numpy(dtype=np.float64))
        if len(self.sizes) < 3:
            raise ValueError(
                f"runs: {len(self.sizes)} sizes; where a ruler jumps can be said of three or more. Add runs."
            )
        self.most_items = int(last["items"].min())

    def _means(self, rows: pandas.DataFrame, values: Array) -> Array:
        """Average over the seeds of each size."""
        size = np.searchsorted(self.sizes, rows["params_blocks_and_head"].to_numpy(dtype=np.float64))
        return np.bincount(size, values) / np.bincount(size)

    def compute(self, ruler: str, length: int, items: float, draw: int) -> RulerResult:
        """Hold one ruler against every model; see :class:`RulerResult`."""
        rows = self._rows[length]
        values = rows[ruler].to_numpy(dtype=np.float64)
        means = self._means(rows, values)
        exact = ruler == "exact_match"
        tested = power = None
        if exact and items < self.most_items:
            tested = self._means(rows, self._test(rows, int(items), draw))
        if exact:
            powers = metrics.exact_match_from_tokens(rows["token_accuracy"].to_numpy(dtype=np.float64), length)
            power = self._means(rows, powers)
        changes = {name: steps_of(self._means(rows, rows[name].to_numpy(dtype=np.float64))) for name in RULERS}
        tested_steps = None if tested is None else steps_of(tested)
        shown = changes[ruler] if tested_steps is None else tested_steps
        return RulerResult(
            ruler=ruler,
            length=length,
            items=int(items),
            params=self.sizes,
            means=means,
            run_params=rows["params_blocks_and_head"].to_numpy(dtype=np.float64),
            run_values=values,
            tested=tested,
            power=power,
            power_error=_error(powers, values) if exact else None,
            shares={name: None if steps is None else float(steps.max()) for name, steps in changes.items()},
            tested_share=None if tested_steps is None else float(tested_steps.max()),
            step=0 if shown is None else int(np.argmax(shown)),
            zeros=int((means == 0).sum()),
            tested_zeros=int(((means if tested is None else tested) == 0).sum()),
        )

    def _test(self, rows: pandas.DataFrame, items: int, draw: int) -> Array:
        """Draw test items of each run without replacement: the first of one fixed shuffle, so that more include fewer.

        The table holds how many of the items were right, not which; so every run draws items of its own.
        """
        right = np.rint(rows["exact_match"].to_numpy(dtype=np.float64) * self.most_items)
        answers = np.arange(self.most_items) < right[:, None]
        generator = np.random.default_rng([draw, int(rows["answer_tokens"].iloc[0])])
        return generator.permuted(answers, axis=1)[:, :items].mean(axis=1)


def steps_of(means: Array, least: float = 0.02) -> Array | None:
    """Compute each step's share of the whole change from the first to the last; None where it is below `least`.

    Examples
    --------
    >>> steps_of(np.array([0.0, 0.1, 0.9, 1.0]))
    array([0.1, 0.8, 0.1])
    """
    whole = means[-1] - means[0]
    return None if abs(whole) < least else np.diff(means) / whole


def _error(foretold: Array, measured: Array) -> float | None:
    judged = (measured > _JUDGED[0]) & (measured < _JUDGED[1])
    return float(np.sqrt(np.mean((foretold - measured)[judged] ** 2))) if judged.any() else None
