# ruff: noqa: F811


# exercise: count-params
def count_params(n_layer, d_model, vocab, tied):
    raise NotImplementedError


# solution: count-params
def count_params(n_layer, d_model, vocab, tied):
    attention = 4 * d_model**2  # queries, keys, values, output
    feed_forward = 2 * d_model * (4 * d_model)
    matrices = 1 if tied else 2  # embedding, and the head if it has its own
    return n_layer * (attention + feed_forward) + matrices * vocab * d_model
