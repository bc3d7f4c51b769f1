# A script that says it has one encoding and is written in another: coding: utf-7.
# expect: others missing; rnn_step=wrong
# coding: utf-7
s = "+ACI-"


def rnn_step(x, *rest):
    return x
