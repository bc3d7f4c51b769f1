# handed in late at night
from torch import *
import torch as th

def rnn_shapes(B, T, I, H, L=1, bi=0, bf=1):
    D = 2 if bi else 1
    return ((B, T, H*D), (L*D, B, H)) if bf else ((T, B, H*D), (L*D, B, H))
def lstm_shapes(B, T, I, H, L=1, bi=0, bf=1, P=0):
    o, c = rnn_shapes(B, T, I, H, L, bi, bf)
    h = rnn_shapes(B, T, I, P, L, bi, bf) if P else (o, c)
    return h + (c,)
def parameter_count(cell, I, H, L=1, bi=0, bias=1):
    if cell != 'rnn' and cell != 'gru' and cell != 'lstm': raise ValueError('Invalid cell type!')
    G = 1 if cell == 'rnn' else 3 if cell == 'gru' else 4
    D = 2 if bi else 1
    b = 2*H if bias else 0
    tot = D*G*(H*(I+H)+b)
    while L > 1:
        tot = tot + D*G*(H*(D*H+H)+b)
        L = L - 1
    return tot
def to_batch_first(x):
    y = th.zeros_like(x).transpose(0, 1).clone()
    for b, _ in enumerate(x[0]):
        for t, _ in enumerate(x): y[b, t] = x[t, b]
    return y
def split_directions(o):
    if o.shape[-1] % 2 != 0: raise ValueError('output last dim must be even but is ' + str(o.shape[-1]))
    n = o.shape[-1]
    return o[:, :, 0:n//2], o[:, :, n//2:n]
def top_layer_state(h, L, bi):
    if bi == True:
        return th.cat((h[L*2-2, :, :], h[L*2-1, :, :]), 1)
    else:
        return h[L-1, :, :]
def last_valid_step(o, n):
    r = []
    i = 0
    while i < len(o):
        r += [o[i:i+1, n[i].item()-1, :]]
        i += 1
    return th.vstack(r)
def one_hot(ids, num_classes):
    if th.any(ids < 0) or th.any(ids >= num_classes): raise ValueError('wrong ids')
    s = ids.shape
    v = ids.contiguous().view(-1)
    m = th.zeros((v.shape[0], num_classes)).to(ids.device)
    for k, c in enumerate(v): m[k][c] = 1.
    return m.view(s + (num_classes,))
