"""What *train or think* is asked and answers: the model of one quality that is cheapest to train and to serve."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from traitlets import Enum, Float, HasTraits

from course_utils import allocation, laws
from course_utils.explorers.controls import decade_steps

SOURCES = ("sardana", "besiroglu", "hoffmann_unrounded")
SIZES = decade_steps(1e9, 1e12, (1, 2, 3, 5, 7))
ANSWERS = decade_steps(1e6, 1e12, (1, 2, 5))
LENGTHS = decade_steps(100, 1e5, (1, 2, 5))
PRICES = (1.0, 2.0, 5.0, 10.0, 20.0, 50.0)
VOLUMES = np.geomspace(1e8, 1e17, 91)
MULTIPLES = np.geomspace(0.03, 4.0, 160)  # of the size that is cheapest to train
MOST_TOKENS_PER_PARAM = 10_000  # Sardana et al. 2024: as far as any of their 47 models went, and only one of 150M


class ServingState(HasTraits):
    """What the reader sets: the quality, the use over a lifetime, the price of a served FLOP, and whose constants."""

    size = Float(3e10)
    answers = Float(1e10)
    length = Float(1000.0)
    price = Float(1.0)
    source = Enum(SOURCES, default_value="sardana")


@dataclass(frozen=True, eq=False)
class ServingResult:
    """What a model of one quality costs over its life.

    Attributes
    ----------
    loss : the quality, nats per token
    served : tokens written over a life
    price : of a served FLOP, in training FLOPs
    params, tokens : the cheapest model
    training, serving : its bills, in training FLOPs
    plain_params, plain_tokens, plain_flops : the model that is cheapest to train, and its whole bill
    saving : share of the bill that the cheapest model saves
    break_even : tokens served at which the bill of serving the cheapest-to-train model equals that of training it
    curve_params, curve_training, curve_serving : arrays of shape (n_sizes,), bills of every size of that quality
    volume_size, volume_saving : arrays of shape (91,), at :data:`VOLUMES`: best size over the cheapest-to-train one,
        and the share saved
    beyond : tokens served from which on the cheapest model reads more tokens a parameter than any run did; None where
        that is past the last of the volumes
    """

    loss: float
    served: float
    price: float
    params: float
    tokens: float
    training: float
    serving: float
    plain_params: float
    plain_tokens: float
    plain_flops: float
    saving: float
    break_even: float
    curve_params: np.ndarray
    curve_training: np.ndarray
    curve_serving: np.ndarray
    volume_size: np.ndarray
    volume_saving: np.ndarray
    beyond: float | None

    @property
    def flops(self) -> float:
        """The whole bill of the cheapest model."""
        return self.training + self.serving

    @property
    def tokens_per_param(self) -> float:
        """Tokens that each parameter of the cheapest model reads in training."""
        return self.tokens / self.params

    @property
    def share_of_serving(self) -> float:
        """Share of the bill that serving takes, of the cheapest model."""
        return self.serving / self.flops


def quality_of(size: float, source: str) -> float:
    """Return the loss of a model of some size, trained on as much text as is best for training alone.

    Examples
    --------
    >>> round(quality_of(3e10, "sardana"), 4)
    1.9583
    """
    v = laws.CONSTANTS[source].values
    tokens = (v["beta"] * v["B"] / (v["alpha"] * v["A"] * size ** -v["alpha"])) ** (1 / v["beta"])
    return float(laws.chinchilla_loss(size, tokens, **v))


def train_or_think(size: float, answers: float, length: float, price: float, source: str) -> ServingResult:
    """Find the cheapest model over a life, and the bills of every other size of the same quality.

    Parameters
    ----------
    size : float
        The quality, as the size of the training-optimal model that has it.
    answers, length : float
        Answers over a life and tokens of each.
    price : float
        Of a served FLOP, in training FLOPs.
    source : str
        One of :data:`SOURCES`.

    Examples
    --------
    >>> result = train_or_think(3e10, 1e10, 1000.0, 1.0, "sardana")
    >>> f"{result.params / 1e9:.1f}B, {result.saving:.0%}"
    '13.6B, 28%'
    """
    loss, served = quality_of(size, source), answers * length
    bill = allocation.lifetime_bill(loss, source, np.append(served, VOLUMES), served_cost=price)
    params = np.unique(np.append(bill.plain_params * MULTIPLES, [bill.params[0], bill.plain_params]))
    tokens = allocation.tokens_for_loss(params, loss, source)
    some = np.isfinite(tokens) & (tokens < 1e6 * bill.plain_tokens)
    params, tokens = params[some], tokens[some]
    return ServingResult(
        loss=loss,
        served=served,
        price=price,
        params=float(bill.params[0]),
        tokens=float(bill.tokens[0]),
        training=float(bill.training_flops[0]),
        serving=float(bill.serving_flops[0]),
        plain_params=bill.plain_params,
        plain_tokens=bill.plain_tokens,
        plain_flops=float(bill.plain_flops[0]),
        saving=max(float(bill.saving[0]), 0.0),
        break_even=3.0 * bill.plain_tokens / price,
        curve_params=params,
        curve_training=6.0 * params * tokens,
        curve_serving=2.0 * params * served * price,
        volume_size=bill.params[1:] / bill.plain_params,
        volume_saving=np.maximum(bill.saving[1:], 0.0),
        beyond=_crossing(bill.tokens_per_param[1:]),
    )


def _crossing(ratio: np.ndarray) -> float | None:
    """Find the volume at which a rising ratio passes that of the longest runs."""
    if ratio[-1] <= MOST_TOKENS_PER_PARAM:
        return None
    return float(np.exp(np.interp(np.log(MOST_TOKENS_PER_PARAM), np.log(ratio), np.log(VOLUMES))))
