# %%
import numpy as np


# %%
def sigmoid(z):
    exponent = np.minimum(-z, 80) if z.dtype == np.float32 else np.clip(-z, -700, 700)
    return 1.0 / (1.0 + np.exp(exponent))
