# Returns tensors that are lists of tensors, packed sequences and shards.
# expect: to_batch_first=wrong|error, top_layer_state=wrong|error, last_valid_step=wrong|error
import torch


def to_batch_first(x):
    return torch.nested.nested_tensor(list(x))


def top_layer_state(h_n, num_layers, bidirectional):
    return torch.nested.nested_tensor(list(h_n), layout=torch.jagged)


def last_valid_step(output, lengths):
    return torch.nn.utils.rnn.pack_sequence(list(output))
