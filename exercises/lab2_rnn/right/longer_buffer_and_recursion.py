"""A buffer with a place for h0 on the way forward, a function that calls itself on the way back."""
import numpy as np

# %%
def rnn_forward(x, h0, W_xh, W_hh, b_h):
    B, T, _ = x.shape
    dtype = np.float32 if x.dtype == np.float32 else np.float64
    states = np.zeros((B, T + 1, h0.shape[1]), dtype)
    states[:, 0] = h0
    for t in range(T):
        states[:, t + 1] = np.tanh(x[:, t] @ W_xh + states[:, t] @ W_hh + b_h)
    return states[:, 1:]

# %%
def rnn_backward(dh, x, h0, h, W_xh, W_hh):
    T = x.shape[1]

    def from_step(t):
        """The gradient at the state before step t, and dz of the steps t to T-1."""
        if t == T:
            return h0 * 0, []
        later, rest = from_step(t + 1)
        dz = (dh[:, t] + later) * (1 - h[:, t] ** 2)
        return dz @ W_hh.T, [dz, *rest]

    dh0, steps = from_step(0)
    dz = np.stack(steps, axis=1)
    flat = dz.reshape(-1, dz.shape[-1])
    old = np.concatenate([h0[:, None], h], axis=1)[:, :T]
    return {
        "dx": dz @ W_xh.T,
        "dh0": dh0,
        "dW_xh": x.reshape(len(flat), -1).T @ flat,
        "dW_hh": old.reshape(len(flat), -1).T @ flat,
        "db_h": flat.sum(axis=0),
    }
