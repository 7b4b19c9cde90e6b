# ruff: noqa: F811
import numpy as np


# exercise: mean-of-products
def sampled_exact_match(logs):
    raise NotImplementedError


# solution: mean-of-products
def sampled_exact_match(logs):
    whole_answers = np.exp(np.asarray(logs).sum(axis=1))
    return whole_answers.mean()
