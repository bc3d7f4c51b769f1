# Never comes back from a call, catching whatever would stop it.
# expect: half_squared_error=timeout; slow
def half_squared_error(y, target):
    while True:
        try:
            while True:
                pass
        except BaseException:
            continue
