# Starts workers of its own with multiprocessing, and shares memory with them.
# expect: all right
import multiprocessing
from concurrent.futures import ProcessPoolExecutor
from multiprocessing import shared_memory


def attack():
    for method in ("fork", "spawn", "forkserver"):
        context = multiprocessing.get_context(method)
        refused(context.Process(target=print).start, errors=(OSError, RuntimeError))
        refused(context.Lock)
        refused(context.Pool, 2)
    refused(shared_memory.SharedMemory, create=True, size=100)
    refused(lambda: ProcessPoolExecutor(1).submit(print).result(1), errors=(OSError, RuntimeError))
