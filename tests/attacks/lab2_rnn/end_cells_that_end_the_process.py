# Ends the process at load, in a cell of its own; the other cells are run again without it.
# expect: all right
import os

os._exit(0)
