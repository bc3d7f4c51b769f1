# Returns a list that a thread goes on changing while the worker reads it.
# expect: audit_trace=wrong|error|crash
import threading

_calls = []


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    found = [(0, 0)] * 5000
    if _calls:
        return found
    _calls.append(1)

    def change():
        for _ in range(1000):
            found.append((1, 1))
            del found[:100]
            found.extend([(0, 0)] * 100)

    threading.Thread(target=change, daemon=True).start()
    return found
