# Takes memory bit by bit, in bytes, lists and texts, and hides that it runs out.
# expect: half_squared_error=memory|error|wrong|crash, output_layer=memory
_calls = []


def half_squared_error(y, target):
    kept = []
    try:
        while not _calls:
            kept.append(bytearray(2**28))
    except MemoryError:
        _calls.append(1)
    return 0.0, y


def output_layer(h, W_hy, b_y):
    return "x" * (10 * 2**30)
