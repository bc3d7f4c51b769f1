# A script that names an encoding which does not exist.
# expect: others missing; rnn_step=wrong|missing|error
# coding: no-such-thing


def rnn_step(x, *rest):
    return x
