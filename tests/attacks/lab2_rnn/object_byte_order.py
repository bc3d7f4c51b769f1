# Returns the right numbers in the other byte order, which are right all the same.
# expect: output_layer=right, train_rnn=right|partly
def output_layer(h, W_hy, b_y):
    right = as_float(h) @ W_hy + b_y
    return right.astype(right.dtype.newbyteorder(">"))
