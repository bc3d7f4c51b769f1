# Returns sparse tensors of every layout.
# expect: to_batch_first=wrong, last_valid_step=wrong|error, split_directions=wrong
import torch


def to_batch_first(x):
    return x.transpose(0, 1).to_sparse()


def split_directions(output):
    return output.to_sparse(), output.to_sparse(1)


def last_valid_step(output, lengths):
    return output[:, 0].to_sparse_csr()
