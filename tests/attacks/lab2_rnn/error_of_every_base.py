# Raises what is no ordinary exception: exits, interrupts, groups, ends of generators.
# expect: half_squared_error=error, relative_error=error, output_layer=error, audit_trace=error, sgd_step=error
def half_squared_error(y, target):
    raise KeyboardInterrupt


def relative_error(a, b):
    raise GeneratorExit


def output_layer(h, W_hy, b_y):
    raise BaseExceptionGroup("many", [KeyboardInterrupt(), SystemExit(0)] * 1000)


def audit_trace(x, h0, W_xh, W_hh, b_h, published, atol):
    raise StopIteration


def sgd_step(params, grads, lr):
    raise BaseException
