"""What the shipped ladder says before a reader has trained anything: where its valley leads, and which sizes there are.

The constants are fixed; a test fits them again to ``data/ladder`` and compares.
"""

from __future__ import annotations

import numpy as np
from numpy.typing import ArrayLike, NDArray

from course_utils.accounting.shape import Shape

WIDTHS = (4, 6, 8, 12, 16, 20, 24, 28, 32, 40, 48, 56, 64, 80, 96, 112, 128, 160, 192, 224, 256, 320)
"""Widths that a plan chooses from."""
VOCABULARY = 1024
BATCH_TOKENS = 512
VALLEY_SCALE = 0.0528134
VALLEY_EXPONENT = 0.5165997
"""N_opt = VALLEY_SCALE * C**VALLEY_EXPONENT, `fitting.fit_valley_surface` on the 87 runs of the grid."""


def shape(width: int, vocabulary: int = VOCABULARY) -> Shape:
    """Return the sizes of the ladder's model of one width; a text of one's own may have another vocabulary.

    Examples
    --------
    >>> shape(24).params_blocks_and_head
    38400
    """
    return Shape(width, vocabulary, vocabulary)


def optimal_params(flops: ArrayLike) -> NDArray[np.float64]:
    """Compute where the shipped ladder's valley leads, N_opt at some computes; N counts blocks and head.

    Examples
    --------
    >>> int(optimal_params(1.5e11))
    31355
    """
    return VALLEY_SCALE * np.asarray(flops, dtype=np.float64) ** VALLEY_EXPONENT


def nearest_width(params: float, widths: tuple[int, ...] = WIDTHS, vocabulary: int = VOCABULARY) -> int:
    """Return the width whose N is nearest in ln N; of two equally near ones the smaller.

    Examples
    --------
    >>> nearest_width(31355.0), nearest_width(1e9)
    (20, 320)
    """
    return min(widths, key=lambda width: abs(np.log(shape(width, vocabulary).params_blocks_and_head / params)))
