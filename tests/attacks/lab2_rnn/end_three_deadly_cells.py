# Ends the process at load in more cells than are tried again.
# expect: all right
import os

os._exit(0)
# %%
import os

os.abort()
# %%
import ctypes

ctypes.string_at(0)
# %%
import os

os._exit(1)
