"""Lab 5: gradient clipping and the training loop, in PyTorch."""

from autograder.spec import Lab

LAB = Lab(title="Gradient clipping and the training loop", arrays="torch")
