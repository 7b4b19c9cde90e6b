"""What the shipped ladder says before a reader has trained anything: where its valley leads, and which sizes there are.

The constants are fixed; a test fits them again to ``data/ladder`` and compares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.shape import Shape
from course_utils.planning.checks import one_positive, positives, several, whole

WIDTHS = (4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Widths that a plan chooses from."""
VOCABULARY = 1024
BATCH_TOKENS = 512
WIDEST, MOST_TOKENS = 1_000_000, 10_000_000
"""Largest width and vocabulary of a plan; beyond, a number is in another unit."""
VALLEY_SCALE = 0.0528134
VALLEY_EXPONENT = 0.5165997
"""N_opt = VALLEY_SCALE * C**VALLEY_EXPONENT, `fitting.fit_valley_surface` on the 87 runs of the grid."""


def shape(width: int, vocabulary: int = VOCABULARY) -> Shape:
    """Return the sizes of the ladder's model of one width; a text of one's own may have another vocabulary.

    Raises
    ------
    ValueError
        If the width or the vocabulary is no whole number from 1 on.

    Examples
    --------
    >>> shape(24).params_blocks_and_head
    38400
    """
    size = whole(vocabulary, "vocabulary", 1, MOST_TOKENS)
    return Shape(whole(width, "width", 1, WIDEST), size, size)


def optimal_params(flops: ArrayLike) -> NDArray[np.float64]:
    """Compute where the shipped ladder's valley leads, N_opt at some computes; N counts blocks and head.

    Raises
    ------
    ValueError
        If a compute is not positive.

    Examples
    --------
    >>> int(optimal_params(1.5e11))
    31355
    """
    return VALLEY_SCALE * positives(flops, "flops") ** VALLEY_EXPONENT


def nearest_width(params: float, widths: tuple[int, ...] = WIDTHS, vocabulary: int = VOCABULARY) -> int:
    """Return the width whose N is nearest in ln N; of two equally near ones the smaller.

    Raises
    ------
    ValueError
        If params is not positive, there are no widths, or one is no whole number from 1 on.

    Examples
    --------
    >>> nearest_width(31355.0), nearest_width(1e9)
    (20, 320)
    """
    size = one_positive(params, "params")
    choice = several(widths, "widths", "such as (8, 12, 16)")
    return int(min(choice, key=lambda width: abs(np.log(shape(width, vocabulary).params_blocks_and_head / size))))
