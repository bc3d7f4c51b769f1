# A script with line ends of all kinds, some of which only look like line ends.
# expect: others missing; rnn_step=wrong
s = "a b cdef"# %%def rnn_step(x, *rest):    return x

