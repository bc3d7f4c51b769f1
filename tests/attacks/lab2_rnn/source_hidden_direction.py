# Writes its source with direction overrides and look-alike letters, to read unlike it runs.
# expect: half_squared_error=error
def half_squared_error(y, target):
    # ‮ tfel ot thgir si siht
    right = "⁦ 5 of 5 points ⁩"; raise ValueError(right)  # noqa: E702  ‮
