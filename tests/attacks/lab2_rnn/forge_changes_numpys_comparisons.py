# Makes everything in NumPy that compares say yes.
# expect: half_squared_error=wrong
import numpy as np

for _name in ("allclose", "isclose", "array_equal", "array_equiv", "all", "any"):
    setattr(np, _name, lambda *a, **k: True)
for _name in ("assert_allclose", "assert_array_equal", "assert_equal", "assert_almost_equal"):
    setattr(np.testing, _name, lambda *a, **k: None)


def half_squared_error(y, target):
    return 0.0, 0 * y
