# ruff: noqa: F811
import numpy as np


# exercise: local-exponents
def local_exponents(flops, losses, floor):
    raise NotImplementedError


# solution: local-exponents
def local_exponents(flops, losses, floor):
    above = np.log(losses - floor)
    return -np.diff(above) / np.diff(np.log(flops))
