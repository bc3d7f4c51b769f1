"""Lab 3: LSTM and GRU gates by hand, in NumPy."""

from autograder.spec import Lab

LAB = Lab(
    title="LSTM and GRU gates by hand",
    arrays="numpy",
    forbidden=("torch", "jax", "tensorflow", "autograd", "tinygrad", "mxnet", "theano"),
)
