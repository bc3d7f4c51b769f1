# Never comes back from a cell; the cells before it have run, and it is not tried again.
# expect: all right; slow
while True:
    pass
