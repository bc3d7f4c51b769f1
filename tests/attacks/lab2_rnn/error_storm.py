# Raises from finally blocks and destructors while other exceptions are under way.
# expect: half_squared_error=error
class Stormy:
    def __del__(self):
        raise SystemExit(0)


def half_squared_error(y, target, left=200):
    kept = [Stormy() for _ in range(10)]
    try:
        raise ValueError(kept)
    finally:
        if left:
            half_squared_error(y, target, left - 1)
        raise KeyboardInterrupt
