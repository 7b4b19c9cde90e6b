"""FLOPs of answers: the prompt is read once or each time, every sample is written in full."""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.checks import not_negative, positive


def answer_flops(
    params: ArrayLike,
    answer_tokens: ArrayLike,
    *,
    samples: ArrayLike = 1,
    prompt_tokens: ArrayLike = 0,
    share_prompt: bool = True,
) -> NDArray[np.float64]:
    r"""Estimate the compute of answering a question with one or several samples.

    .. math:: C \approx 2 N\,(T_{\text{prompt}} + k\,T_{\text{answer}})

    Samples of one prompt can share the keys and values of the prompt, so it is read once; without that it is read k
    times. Attention over the context is left out, as in the rule of 2N: see `forward_flops_per_token`. What limits
    decoding is often not this count but memory: k answers at once keep ``kv_cache_bytes(prompt + k * answer, ...)``.

    Parameters
    ----------
    params : array, (active) parameters N
    answer_tokens : array, tokens that one sample writes, thinking included
    samples : array, samples k
    prompt_tokens : array, tokens of the question and what stands before it
    share_prompt : the prompt is read once for all samples

    Returns
    -------
    array of the common shape, FLOPs

    Raises
    ------
    ValueError
        If a value is negative or not a number, or samples is 0.

    Source
    ------
    Kaplan et al. 2020 (arXiv 2001.08361), section 2.1; Brown et al. 2024 (arXiv 2407.21787), which adds the context.

    Examples
    --------
    >>> one, hundred = answer_flops(7e9, 500, samples=[1, 100], prompt_tokens=1000)
    >>> f"{one:.2g}, {hundred:.2g}: {hundred / one:.0f} times"
    '2.1e+13, 7.1e+14: 34 times'
    """
    not_negative(params=params, answer_tokens=answer_tokens, prompt_tokens=prompt_tokens)
    positive(samples=samples)
    n, answer, k, prompt = (np.asarray(v, dtype=np.float64) for v in (params, answer_tokens, samples, prompt_tokens))
    return 2.0 * n * ((prompt if share_prompt else k * prompt) + k * answer)
