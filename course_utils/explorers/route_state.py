"""What *route the tokens* lets the reader choose, and where the tokens of one made-up batch go then."""

from __future__ import annotations

from dataclasses import dataclass

import numpy as np
from numpy.typing import NDArray
from traitlets import Enum, Float, HasTraits, Int

from course_utils import routing
from course_utils.accounting.experts import capacity_bill

Array = NDArray[np.float64]
Whole = NDArray[np.int64]

ROUTERS = ("none", "switch", "bias", "base", "choice")
TOKENS = 32
EXPERTS = (4, 8, 16)  # divisors of TOKENS: BASE shares the tokens out evenly
CHOICES = (1, 2, 3, 4)
CAPACITY = (0.5, 0.75, 1.0, 1.25, 1.5, 2.0, 3.0)
STRENGTH = (0.001, 0.002, 0.005, 0.01, 0.02, 0.05, 0.1)
STEPS = (0, 1, 2, 5, 10, 20, 50, 100, 200)
_SEED = 6
_SPREAD = 0.8  # of the tastes of the tokens; what the skew adds is the same for all of them
_TASTE = 0.02  # nats: what a token's loss rises by for each nat that the router moves away from the token's taste
_RATE = 4.0  # of the gradient steps on the scores, per token


class RouteState(HasTraits):
    """What the reader sets: who balances, the shape of the layer, and how hard the balance pulls for how long."""

    router = Enum(ROUTERS, default_value="switch")
    experts = Int(8)
    k = Int(1)
    capacity = Float(1.25)
    skew = Float(1.5)
    strength = Float(0.01)
    steps = Int(50)


@dataclass(frozen=True, eq=False)
class RouteResult:
    """Where the tokens go, and where they would go without balance.

    A *choice* is one token at one expert; the arrays over choices are in the order in which experts serve them.

    Attributes
    ----------
    router : str
    experts, k, capacity : int
        Experts E, experts a token, tokens that an expert takes.
    token, expert, place : arrays of shape (n_choices,), int
        Who goes where, and its place in that expert's queue, from 0.
    kept, moved : arrays of shape (n_choices,), bool
        Whether the expert has room, and whether the token would not be there without balance.
    load, plain_load : arrays of shape (E,), int
        Tokens that go to each expert, overflow included: now, and without balance.
    served : array of shape (TOKENS,), int
        Experts that work on each token.
    entropy, plain_entropy : float
        Evenness of the loads, 0 to 1.
    dropped, plain_dropped, padding : float
        Share of the choices that find no room, now and without balance; share of the places that stay empty.
    taste_lost : float
        How much lower the router's first probabilities of the chosen experts are than of those it would choose: 0 for
        nothing given up.
    steps : int
        Steps of balancing that were taken.
    auxiliary : (float, float) or None
        The sum E f.P of the auxiliary loss before and after them, for the router that has one; 1 is even.
    bias : (float, float) or None
        Lowest and highest bias after them, for the router that has one.
    shortest : int or None
        The shortest that its longest queue was on the way.
    """

    router: str
    experts: int
    k: int
    capacity: int
    token: Whole
    expert: Whole
    place: Whole
    kept: NDArray[np.bool_]
    moved: NDArray[np.bool_]
    load: Whole
    plain_load: Whole
    served: Whole
    entropy: float
    plain_entropy: float
    dropped: float
    plain_dropped: float
    padding: float
    taste_lost: float
    steps: int
    auxiliary: tuple[float, float] | None
    bias: tuple[float, float] | None
    shortest: int | None

    @property
    def unserved(self) -> int:
        """Tokens on which no expert works."""
        return int((self.served == 0).sum())


def made_up_scores(experts: int, skew: float) -> Array:
    """Make the scores of a batch: a taste of its own for each token, and what all of them like.

    The first expert gets ``skew``, the second half of it, the third a quarter, and so on. One seed, so that the tokens
    are the same ones whatever is set; an expert that is added changes nothing for the others.

    Returns
    -------
    array of shape (TOKENS, experts), logits

    Examples
    --------
    >>> bool((made_up_scores(4, 0.0) == made_up_scores(8, 0.0)[:, :4]).all())
    True
    """
    tastes = np.random.default_rng(_SEED).standard_normal((max(EXPERTS), TOKENS))[:experts].T
    return _SPREAD * tastes + skew * 0.5 ** np.arange(experts)


def auxiliary_gradient(probabilities: Array) -> Array:
    r"""Compute the gradient of Switch's auxiliary loss, over its weight, by the scores, for each token.

    .. math:: T \frac{\partial}{\partial s_{te}} E \sum_j f_j P_j = E\, p_{te} \Big(f_e - \sum_j f_j p_{tj}\Big)

    The shares f have no gradient; T takes out the mean over tokens.

    Parameters
    ----------
    probabilities : array of shape (n_tokens, n_experts), rows of sum 1

    Returns
    -------
    array of the same shape
    """
    n_experts = probabilities.shape[1]
    share = routing.expert_load(probabilities.argmax(axis=1), n_experts) / len(probabilities)
    return n_experts * probabilities * (share - (probabilities @ share)[:, None])


def balance_by_loss(scores: Array, strength: float, steps: int) -> Array:
    r"""Take gradient steps on the scores, down the auxiliary loss and back towards the tokens' taste.

    .. math:: \frac{0.02}{T} \sum_t \mathrm{KL}(q_t \,\|\, p_t) + \alpha\, E \sum_e f_e P_e

    with q the probabilities at the start. The first term stands for the language loss, which a real router feels and
    which is made up here: without it any weight would end even, given time.

    Returns
    -------
    array of the shape of scores
    """
    scores = scores.copy()
    taste = routing.softmax(scores)
    for _ in range(steps):
        p = routing.softmax(scores)
        scores -= _RATE * (_TASTE * (p - taste) + strength * auxiliary_gradient(p))
    return scores


def balance_by_bias(scores: Array, k: int, step: float, steps: int) -> tuple[Array, Whole]:
    """Take steps of the selection bias against the load; the scores stay as they are.

    Returns
    -------
    bias : array of shape (n_experts,)
    longest : array of shape (steps,), int, the longest queue before each step
    """
    bias = np.zeros(scores.shape[1])
    longest = np.empty(steps, dtype=np.int64)
    for i in range(steps):
        chosen, _ = routing.top_k(scores, k, gates="sigmoid", bias=bias)
        load = routing.expert_load(chosen, scores.shape[1])
        longest[i] = load.max()
        bias = routing.bias_step(bias, load, step=step)
    return bias, longest


def route(state: RouteState) -> RouteResult:
    """Send the batch through a router.

    Examples
    --------
    >>> result = route(RouteState(router="base", experts=8))
    >>> result.load.tolist(), result.dropped
    ([4, 4, 4, 4, 4, 4, 4, 4], 0.0)
    """
    n, router = state.experts, state.router
    k = 1 if router == "base" else state.k
    scores = made_up_scores(n, state.skew)
    taste = routing.softmax(scores)
    room = routing.expert_capacity(TOKENS, n, k=k, factor=state.capacity)
    plain, _ = routing.top_k(scores, k)
    plain_load = routing.expert_load(plain, n)
    plain_dropped = float(capacity_bill(plain_load, room)[0])
    steps, auxiliary, bias, shortest = 0, None, None, None
    chosen = plain
    if router == "switch":
        steps = state.steps
        moved_scores = balance_by_loss(scores, state.strength, steps)
        auxiliary = tuple(routing.switch_loss(p, weight=1.0) for p in (taste, routing.softmax(moved_scores)))
        chosen, _ = routing.top_k(moved_scores, k)
    elif router == "bias":
        steps = state.steps
        shift, longest = balance_by_bias(scores, k, state.strength, steps)
        bias = (float(shift.min()), float(shift.max()))
        shortest = int(longest.min(initial=TOKENS))
        chosen, _ = routing.top_k(scores, k, gates="sigmoid", bias=shift)
    elif router == "base":
        chosen = routing.balanced_assignment(scores)[:, None]
    if router in ("base", "choice"):
        room = routing.expert_capacity(TOKENS, n, k=k)
    if router == "choice":
        token, expert = np.nonzero(routing.expert_choice(taste, room))
        kept = np.ones(len(token), dtype=bool)
    else:
        token, expert = np.tile(np.arange(TOKENS), k), chosen.T.ravel()
        kept = routing.keep_within_capacity(chosen, n, room).T.ravel()
    load = routing.expert_load(expert, n)
    dropped, padding = (float(share) for share in capacity_bill(load, room))
    wanted = np.zeros((TOKENS, n), dtype=bool)
    np.put_along_axis(wanted, plain, True, axis=1)
    order = np.argsort(expert, kind="stable")
    place = np.empty(len(expert), dtype=np.int64)
    place[order] = np.arange(len(expert)) - np.searchsorted(expert[order], expert[order], side="left")
    return RouteResult(
        router, n, k, room,
        token=token,
        expert=expert,
        place=place,
        kept=kept,
        moved=~wanted[token, expert],
        load=load,
        plain_load=plain_load,
        served=np.bincount(token[kept], minlength=TOKENS),
        entropy=float(routing.load_entropy(load)),
        plain_entropy=float(routing.load_entropy(plain_load)),
        dropped=dropped,
        plain_dropped=plain_dropped,
        padding=padding,
        taste_lost=1.0 - float(taste[token, expert].sum() / taste[wanted].sum()),
        steps=steps,
        auxiliary=auxiliary,
        bias=bias,
        shortest=shortest,
    )  # fmt: skip
