"""Lab 9: forecasting, the data in NumPy and the models in PyTorch."""

from autograder.spec import Lab

LAB = Lab(
    title="Forecasting",
    arrays="torch",
    axes={"n": "value", "L": "window", "K": "horizon", "S": "series"},
)
