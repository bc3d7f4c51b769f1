# Returns a dict that says other things about itself than it holds.
# expect: sgd_step=wrong
class Sly(dict):
    def items(self):
        raise SystemExit(0)

    keys = values = __iter__ = __getitem__ = __len__ = items


def sgd_step(params, grads, lr):
    return Sly()
