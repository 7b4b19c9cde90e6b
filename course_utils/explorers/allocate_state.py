"""What *allocate a budget* is asked and answers: a budget, whose constants, and the best split of it by each source."""

from __future__ import annotations

from dataclasses import dataclass
from functools import lru_cache
from typing import TYPE_CHECKING

import numpy as np
from traitlets import Bool, Enum, Float, HasTraits

from course_utils import allocation
from course_utils.allocation import Allocation
from course_utils.explorers.controls import decade_steps

if TYPE_CHECKING:
    import pandas

    from course_utils.fitting import Bootstrap, FitResult

SOURCES = ("besiroglu", "hoffmann_unrounded", "hoffmann_printed", "muennighoff_c4", "kaplan_2020", "our_runs")
BUDGETS = decade_steps(1e17, 1e26)
SERVED = (0.0, *decade_steps(1e9, 1e14, (1, 2, 5)))
LEVEL = 0.9
_RESAMPLES = 1000
_GRID = np.array(BUDGETS)


class AllocateState(HasTraits):
    """What the reader sets: the budget in FLOPs, whose constants, tokens served in the model's life, intervals."""

    flops = Float(5.76e23)  # Gopher's and Chinchilla's
    source = Enum(SOURCES, default_value="besiroglu")
    served = Float(0.0)
    intervals = Bool(False)


@dataclass(frozen=True)
class AllocateResult:
    """The best split of one budget, by the chosen source and by the others.

    Attributes
    ----------
    flops, served : float
        The budget C, and the tokens that the model reads and writes for its users; C = 6 N D + 2 N served.
    source : str
        One of :data:`SOURCES`.
    ignores_users : bool
        Whether tokens were to be served and the source cannot weigh them; ``served`` is 0 then.
    params, tokens, loss : float
        What the source buys and expects. Kaplan's parameters leave the embeddings out; its split knows no users.
    params_interval, tokens_interval, loss_interval : (float, float) or None
        At the level of :data:`LEVEL`.
    without_interval : str
        Why there is none though one was asked for: "served", "constants_only" (no runs are at hand) or "no_points"
        (the published points cannot be had); empty otherwise.
    decades_outside : float or None
        Powers of ten by which the answer lies outside the source's runs; None where they are not known.
    line_params, line_tokens : arrays of shape (n_budgets,)
        The source's best split at every budget of :data:`BUDGETS`.
    band_params : (array, array) or None
        Interval of the best size along that line.
    everyone : mapping of str to (float, float)
        Params and tokens of every source that can answer, the chosen one included.
    """

    flops: float
    served: float
    source: str
    ignores_users: bool
    params: float
    tokens: float
    loss: float
    params_interval: tuple[float, float] | None
    tokens_interval: tuple[float, float] | None
    loss_interval: tuple[float, float] | None
    without_interval: str
    decades_outside: float | None
    line_params: np.ndarray
    line_tokens: np.ndarray
    band_params: tuple[np.ndarray, np.ndarray] | None
    everyone: dict[str, tuple[float, float]]

    @property
    def tokens_per_param(self) -> float:
        """D / N."""
        return self.tokens / self.params

    @property
    def share_of_use(self) -> float:
        """Share of the budget that goes into serving, 2 N served / C."""
        return 2 * self.params * self.served / self.flops


class Sources:
    """Know every source's best split; fits and resamples are made when first asked for and kept.

    Parameters
    ----------
    runs : pandas.DataFrame
        The course's own runs, with the columns of the table ``text_runs``.
    """

    def __init__(self, runs: pandas.DataFrame):
        self._runs = runs[runs["set"] == "grid"]
        self._fit = lru_cache(self._make_fit)
        self.bootstrap = lru_cache(self._make_bootstrap)
        self._curve = lru_cache(maxsize=256)(self._make_curve)
        self._band = lru_cache(self._make_band)

    def _make_fit(self, source: str) -> FitResult | None:
        """Fit the runs behind a source; None where they were not published or are not at hand."""
        from course_utils import datasets, fitting

        if source == "our_runs":
            runs = self._runs
            return fitting.fit_chinchilla(runs["params_blocks_and_head"], runs["tokens"], runs["loss_nats"])
        if source != "besiroglu":
            return None
        points = datasets.find("chinchilla_points")
        if points is None:
            return None
        points = points[points["kept"]]
        return fitting.fit_chinchilla(points["params"], points["tokens"], points["loss_nats"])

    def _make_bootstrap(self, source: str) -> Bootstrap | None:
        """Draw a source's runs again and again; None where there are none to draw."""
        from course_utils import fitting

        fit = self._fit(source)
        return None if fit is None else fitting.bootstrap(fit, n=_RESAMPLES, level=LEVEL)

    def _make_curve(self, source: str, served: float) -> Allocation:
        return self._split(source, _GRID, served)

    def _make_band(self, source: str) -> tuple[np.ndarray, np.ndarray]:
        return allocation.compute_optimal(_GRID, self.bootstrap(source), level=LEVEL).params_interval

    def _split(self, source: str, flops: np.ndarray, served: float) -> Allocation:
        if source == "kaplan_2020":
            return allocation.kaplan_table6(flops)
        law = self._fit(source) if source == "our_runs" else source
        return allocation.compute_optimal(flops, law, inference_tokens=served)

    def curve(self, source: str, served: float = 0.0) -> Allocation:
        """Return a source's best split at every budget of :data:`BUDGETS`."""
        return self._curve(source, served)

    def split(self, source: str, flops: float, served: float = 0.0) -> tuple[float, float, float]:
        """Return params, tokens and loss of a source's best split of one budget."""
        if flops in BUDGETS:
            kept, at = self.curve(source, served), BUDGETS.index(flops)
            return float(kept.params[at]), float(kept.tokens[at]), float(kept.loss[at])
        one = self._split(source, np.array(flops), served)
        return float(one.params), float(one.tokens), float(one.loss)

    def compute(self, *, flops: float, source: str, served: float = 0.0, intervals: bool = False) -> AllocateResult:
        """Split a budget by one source, and by the others for comparison.

        Parameters
        ----------
        flops : float
            Budget C for training and use together, FLOPs.
        source : str
            One of :data:`SOURCES`.
        served : float
            Tokens that the model reads and writes for its users.
        intervals : bool
            Whether to give intervals where there are runs to draw again.
        """
        users = 0.0 if source == "kaplan_2020" else served
        params, tokens, loss = self.split(source, flops, users)
        others = [name for name in SOURCES if not (users and name == "kaplan_2020")]
        everyone = {name: self.split(name, flops, users)[:2] for name in others}
        curve = self.curve(source, users)
        spread, band, without = {"params": None, "tokens": None, "loss": None}, None, ""
        if intervals and users:
            without = "served"
        elif intervals and source not in ("besiroglu", "our_runs"):
            without = "constants_only"
        elif intervals and self.bootstrap(source) is None:
            without = "no_points"
        elif intervals:
            drawn = allocation.compute_optimal(flops, self.bootstrap(source), level=LEVEL)
            spread = {name: tuple(map(float, getattr(drawn, f"{name}_interval"))) for name in spread}
            band = self._band(source)
        return AllocateResult(
            flops=flops,
            served=users,
            source=source,
            ignores_users=users != served,
            params=params,
            tokens=tokens,
            loss=loss,
            params_interval=spread["params"],
            tokens_interval=spread["tokens"],
            loss_interval=spread["loss"],
            without_interval=without,
            decades_outside=self._decades(source, params, tokens, intervals),
            line_params=curve.params,
            line_tokens=curve.tokens,
            band_params=band,
            everyone=everyone,
        )

    def _decades(self, source: str, params: float, tokens: float, published_too: bool) -> float | None:
        """Compute how far outside its runs a source answers; of published runs only when those are in use anyway."""
        fit = self._fit(source) if source == "our_runs" or published_too else None
        if fit is None:
            return None
        known = np.log10(fit.data["params"] * fit.data["tokens"])
        asked = float(np.log10(params * tokens))
        beyond = max(asked - float(known.max()), float(known.min()) - asked, 0.0)
        return max(beyond, float(fit.decades_outside(params, tokens)))
