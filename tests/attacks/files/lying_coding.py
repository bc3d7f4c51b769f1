# -*- coding: utf-7 -*- says one encoding and is written in another.
# expect: others missing; rnn_step=wrong
# coding: utf-7
s = "+ACI-"


def rnn_step(x, *rest):
    return x
