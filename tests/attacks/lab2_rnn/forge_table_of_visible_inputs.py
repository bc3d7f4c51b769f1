# Looks its inputs up in a table of visible cases and gives up on others with a guess.
# expect: half_squared_error=wrong
import hashlib

TABLE = {hashlib.sha256(bytes([n])).hexdigest(): float(n) for n in range(250)}


def half_squared_error(y, target):
    key = hashlib.sha256(y.tobytes() + target.tobytes()).hexdigest()
    return TABLE.get(key, 1.0), TABLE.get(key, 1.0) * (y - target) * 0
