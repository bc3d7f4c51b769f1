# Reads and writes files by PyTorch's own means, which do not go through Python.
# expect: all right
import torch

ERRORS = (RuntimeError, OSError)


def attack():
    refused(torch.load, "<secret>", weights_only=False, errors=ERRORS)
    refused(torch.from_file, "<course>/solutions/lab1_shapes.py", size=10, dtype=torch.uint8,
            errors=ERRORS)
    refused(torch.from_file, "/etc/passwd", size=10, dtype=torch.uint8, errors=ERRORS)
    refused(torch.UntypedStorage.from_file, "/etc/passwd", True, 10, errors=ERRORS)
    refused(torch.ops.load_library, "/tmp/<mark>.so", errors=ERRORS)
    refused(torch.save, [1], "<course>/<mark>.pt", errors=ERRORS)
    refused(torch._C._jit_set_profiling_mode, "x", errors=(TypeError,))
    refused(torch.classes.load_library, "/etc/passwd", errors=ERRORS)
