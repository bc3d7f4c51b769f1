# Never comes back from a cell, in more cells than are tried again.
# expect: all right; slow
import time

time.sleep(86_400)
# %%
while True:
    pass
# %%
import threading

threading.Event().wait()
# %%
sum(iter(int, 1))
