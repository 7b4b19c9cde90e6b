# ruff: noqa: F811


# exercise: write-nopt
def n_opt(flops, E, A, B, alpha, beta):
    raise NotImplementedError


# solution: write-nopt
def n_opt(flops, E, A, B, alpha, beta):
    G = (alpha * A / (beta * B)) ** (1 / (alpha + beta))
    return G * (flops / 6) ** (beta / (alpha + beta))
