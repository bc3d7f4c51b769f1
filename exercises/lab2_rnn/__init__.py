"""Lab 2: a recurrent network by hand, in NumPy."""

from autograder.spec import Lab

LAB = Lab(
    title="A recurrent network by hand",
    arrays="numpy",
    forbidden=("torch", "jax", "tensorflow", "autograd", "tinygrad", "mxnet", "theano"),
)
