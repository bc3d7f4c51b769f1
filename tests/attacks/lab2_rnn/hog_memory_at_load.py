# Takes all its memory at load and leaves nothing for the answers.
# expect: others right|memory|error|crash
kept = []
size = 2**28
while size > 2**16:
    try:
        kept.append(bytearray(size))
    except MemoryError:
        size //= 2
