# ruff: noqa: F811
import numpy as np


# exercise: effective-tokens
def effective_tokens(tokens, unique, r_star):
    raise NotImplementedError


# solution: effective-tokens
def effective_tokens(tokens, unique, r_star):
    distinct = np.minimum(tokens, unique)
    repeats = tokens / distinct - 1
    return distinct * (1 + r_star * (1 - np.exp(-repeats / r_star)))
