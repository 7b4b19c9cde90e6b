"""What *compute saved* lets the reader choose, and what each law of routed models makes of it."""

from __future__ import annotations

import warnings
from collections.abc import Mapping
from dataclasses import dataclass
from typing import TYPE_CHECKING

import numpy as np
from numpy.typing import ArrayLike, NDArray
from traitlets import Enum, Float, HasTraits, Int

from course_utils import laws
from course_utils.explorers.controls import decade_steps
from course_utils.laws import CONSTANTS

if TYPE_CHECKING:
    import pandas

    from course_utils.fitting.resampling import Bootstrap

Array = NDArray[np.float64]

ROUTERS = {"s_base": "S-Base", "rl_r": "RL-R", "hash": "Hash"}  # Clark's laws, and their routers in the table
LAWS = (*ROUTERS, "joint")
KINDS = ("refit", "printed")
EXPERTS = tuple(2**i for i in range(1, 12))
PARAMS = decade_steps(1e7, 1e12, (1, 2, 3, 5, 7))
TOKENS = decade_steps(1e10, 1e13, (1, 1.3, 2, 3, 5, 7))
CLARK_TOKENS = 1.3e11
# Where the laws have runs: active parameters and experts. Ludziejewski et al. 2025 name no smallest size.
SEEN = {"clark": ((1.65e7, 1.31e9), 512), "joint": ((0.0, 2.7e9), 32)}
REPORTED_END = {
    "s_base": 937e9,
    "rl_r": 85e9,
    "hash": 83e9,
}  # Clark et al. 2022, Table 3: N_cutoff, unrounded constants
_GRID = np.geomspace(PARAMS[0], PARAMS[-1], 61)
_LEVEL, _RESAMPLES = 0.9, 500


class SavedState(HasTraits):
    """What the reader sets: whose law, and the model."""

    law = Enum(LAWS, default_value="s_base")
    kind = Enum(KINDS, default_value="printed")
    experts = Int(64)
    params = Float(1e9)
    tokens = Float(CLARK_TOKENS)


@dataclass(frozen=True)
class Worth:
    """What one law makes of the reader's model.

    Attributes
    ----------
    dense : float
        Parameters of the dense model of equal loss on the same tokens.
    saved : float
        Share of the training compute of that dense model that is saved; below 0 where experts cost.
    dense_interval, saved_interval : (float, float) or None
        90 per cent intervals from resampled runs, for a law that was fitted here.
    end : float or None
        Active parameters beyond which experts are worth nothing; None where the law has no such size.
    end_interval : (float, float or None) or None
        Its interval; None as the upper end where more than a twentieth of the resamples have none.
    """

    dense: float
    saved: float
    dense_interval: tuple[float, float] | None = None
    saved_interval: tuple[float, float] | None = None
    end: float | None = None
    end_interval: tuple[float, float | None] | None = None


@dataclass(frozen=True, eq=False)
class SavedResult:
    """What follows from the reader's choices.

    Attributes
    ----------
    law, kind : str
    experts : int
    params, tokens : float
        Active parameters; training tokens that the law is asked for (Clark's laws know 130 billion alone).
    worth : Worth
        Under the chosen law.
    others : mapping of (law, kind) to Worth
        Under every law at hand, the chosen one too.
    curve_params, curve_ratio : arrays
        Dense size of equal loss over active size, by the chosen law.
    band : (array, array) or None
        Its interval.
    drawn : mapping of str to array
        The same ratio by the printed constants of every law.
    run_params, run_ratio : arrays
        The same of published runs with this number of experts; empty where none are at hand.
    beyond : tuple of str
        In what the model lies outside the law's runs: of "params", "experts".
    flops, dense_flops : float
        6 N D of the model and of the dense model of equal loss.
    free_dense_flops : float or None
        Least compute of a dense model of equal loss that chooses its tokens freely, for the law that knows tokens.
    """

    law: str
    kind: str
    experts: int
    params: float
    tokens: float
    worth: Worth
    others: Mapping[tuple[str, str], Worth]
    curve_params: Array
    curve_ratio: Array
    band: tuple[Array, Array] | None
    drawn: Mapping[str, Array]
    run_params: Array
    run_ratio: Array
    beyond: tuple[str, ...]
    flops: float
    dense_flops: float
    free_dense_flops: float | None


def _dense_side(values: Mapping[str, float]) -> tuple[float, float, float, float]:
    """Return A, alpha, B, beta of the joint law at one expert: Hoffmann's sum over the same floor."""
    one = float(laws.effective_experts(1, E_start=values["E_start"], E_max=values["E_max"]))
    log_one = np.log(one)
    return (
        values["a"] * one ** values["delta"],
        -(values["alpha"] + values["gamma"] * log_one),
        values["b"] * one ** values["omega"],
        -(values["beta"] + values["zeta"] * log_one),
    )


def equal_dense_params(params: ArrayLike, tokens: ArrayLike, experts: ArrayLike, values: Mapping[str, float]) -> Array:
    """Compute the size of the dense model that reaches the same loss on the same tokens by the joint law.

    Parameters
    ----------
    params, tokens, experts : arrays that broadcast, as in `laws.joint_moe_loss`
    values : constants of the joint law

    Returns
    -------
    array of the common shape, parameters; infinite where no dense model reaches that loss on these tokens

    Examples
    --------
    >>> f"{equal_dense_params(1e9, 1.3e11, 32, CONSTANTS['ludziejewski'].values):.2e}"
    '3.25e+09'
    """
    scale, alpha, data_scale, beta = _dense_side(values)
    loss = laws.joint_moe_loss(params, tokens, experts, **values)
    left = loss - values["c"] - data_scale * np.asarray(tokens, dtype=np.float64) ** -beta
    with np.errstate(divide="ignore"):
        return (np.maximum(left, 0.0) / scale) ** (-1.0 / alpha)


def cheapest_dense_flops(loss: float, values: Mapping[str, float]) -> float:
    """Compute the least 6 N D with which a dense model reaches a loss by the joint law.

    Examples
    --------
    >>> from course_utils.allocation.experts import compute_optimal_experts
    >>> best = compute_optimal_experts(1e21, experts=(1,))
    >>> f"{cheapest_dense_flops(float(best.loss[0]), CONSTANTS['ludziejewski'].values):.3e}"
    '1.000e+21'
    """
    scale, alpha, data_scale, beta = _dense_side(values)
    left = loss - values["c"]
    params = (scale * (1.0 + alpha / beta) / left) ** (1.0 / alpha)
    tokens = (data_scale * (1.0 + beta / alpha) / left) ** (1.0 / beta)
    return 6.0 * params * tokens


class Savings:
    """Hold what each law needs: printed constants, and fits of the published runs where they are at hand.

    Parameters
    ----------
    runs : pandas.DataFrame or None
        Checkpoints with the columns of ``routed_models``; None where they cannot be had.
    """

    def __init__(self, runs: pandas.DataFrame | None):
        self.printed = {law: CONSTANTS[f"clark_{law}"].values for law in ROUTERS}
        self.joint = CONSTANTS["ludziejewski"].values
        self.boots: dict[str, Bootstrap] = {}
        self.runs: dict[str, tuple[Array, Array, Array]] = {}
        if runs is not None:
            last = runs.sort_values("step", kind="stable").groupby("run").last()
            kept = last[(last["top_k"] == 1) & (last["routing_frequency"] == 0.5) & last["loss_nats"].notna()]
            for law, router in ROUTERS.items():
                self._fit(law, kept[kept["router"].isin([router, "Dense"])])

    def _fit(self, law: str, rows: pandas.DataFrame) -> None:
        from course_utils import fitting

        columns = tuple(rows[name].to_numpy(float) for name in ("params_dense", "experts", "loss_nats"))
        with warnings.catch_warnings():
            # What a fit warns of shows here as a wide interval.
            warnings.simplefilter("ignore", fitting.FitWarning)
            fit = fitting.fit_routed(*columns)
            self.boots[law] = fitting.bootstrap(fit, n=_RESAMPLES, seed=0, level=_LEVEL, own_starts=0)
        self.runs[law] = columns

    @property
    def kinds(self) -> tuple[str, ...]:
        """Kinds of constants at hand, our own fits first."""
        return KINDS if self.boots else ("printed",)

    def compute(self, law: str, kind: str, experts: int, params: float, tokens: float) -> SavedResult:
        """Ask every law at hand for the dense size of equal loss; follow the chosen one over all sizes."""
        kind = "printed" if law == "joint" else kind
        drawn = {name: self._ratio(name, "printed", experts, _GRID, tokens) for name in LAWS}
        refit = law in self.boots and kind == "refit"
        curve = self._ratio(law, kind, experts, _GRID, tokens)
        asked = [(name, "printed") for name in LAWS] + [(name, "refit") for name in self.boots]
        others = {(name, of): self._worth(name, of, experts, params, tokens) for name, of in asked}
        (low, high), most = SEEN["joint" if law == "joint" else "clark"]
        beyond = [] if low <= params <= high else ["params"]
        beyond += ["experts"] if experts > most else []
        read = tokens if law == "joint" else CLARK_TOKENS
        worth = others[law, kind]
        free = None
        if law == "joint":
            loss = float(laws.joint_moe_loss(params, tokens, experts, **self.joint))
            free = float(cheapest_dense_flops(loss, self.joint))
        points = self._points(law, experts) if refit else (np.empty(0), np.empty(0))
        return SavedResult(
            law, kind, experts, params, read, worth, others,
            curve_params=_GRID,
            curve_ratio=curve,
            band=self._band(law, experts, _GRID) if refit else None,
            drawn=drawn,
            run_params=points[0],
            run_ratio=points[1],
            beyond=tuple(beyond),
            flops=6.0 * params * read,
            dense_flops=6.0 * worth.dense * read,
            free_dense_flops=free,
        )  # fmt: skip

    def _dense(self, law: str, kind: str, experts: int, params: ArrayLike, tokens: float) -> Array:
        if law == "joint":
            return equal_dense_params(params, tokens, experts, self.joint)
        values = self.boots[law].fit.values if kind == "refit" else self.printed[law]
        return laws.effective_params(params, experts, **values)

    def _ratio(self, law: str, kind: str, experts: int, params: Array, tokens: float) -> Array:
        return self._dense(law, kind, experts, params, tokens) / params

    def _band(self, law: str, experts: int, params: ArrayLike) -> tuple[Array, Array]:
        sizes = np.atleast_1d(np.asarray(params, dtype=np.float64))
        low, high = self.boots[law].interval(lambda c: laws.effective_params(sizes, experts, **c) / sizes)
        return np.atleast_1d(low), np.atleast_1d(high)

    def _points(self, law: str, experts: int) -> tuple[Array, Array]:
        """Return sizes of the routed runs with this many experts, and the dense size of their loss over their size."""
        params, count, loss = self.runs[law]
        here = count == experts
        v = self.boots[law].fit.values
        one = np.log10(v["E_start"])
        dense = 10.0 ** ((np.log10(loss[here]) - v["d"] - v["b"] * one) / (v["a"] + v["c"] * one))
        return params[here], dense / params[here]

    def _worth(self, law: str, kind: str, experts: int, params: float, tokens: float) -> Worth:
        dense = float(self._dense(law, kind, experts, params, tokens))
        saved = 1.0 - params / dense
        if law == "joint":
            return Worth(dense, saved)
        if kind == "printed":
            return Worth(dense, saved, end=_end(**_bc(self.printed[law])))
        boot = self.boots[law]
        low, high = (float(side[0]) for side in self._band(law, experts, params))
        ends = _ends(boot.samples["b"], boot.samples["c"])
        tail = (1.0 - _LEVEL) / 2.0
        first, last = np.quantile(ends, [tail, 1.0 - tail], method="nearest")
        return Worth(
            dense,
            saved,
            dense_interval=(low * params, high * params),
            saved_interval=(1.0 - 1.0 / low, 1.0 - 1.0 / high),
            end=_end(**_bc(boot.fit.values)),
            end_interval=(float(first), float(last) if np.isfinite(last) else None),
        )


def _bc(values: Mapping[str, float]) -> dict[str, float]:
    return {"b": values["b"], "c": values["c"]}


def _ends(b: Array, c: Array) -> Array:
    """Compute the size beyond which experts are worth nothing, 10^(-b/c); infinite where c is not above 0."""
    with np.errstate(divide="ignore", over="ignore"):
        return np.where(c > 0, 10.0 ** (-b / np.where(c > 0, c, 1.0)), np.inf)


def _end(b: float, c: float) -> float | None:
    end = float(_ends(np.array(b), np.array(c)))
    return end if np.isfinite(end) else None
