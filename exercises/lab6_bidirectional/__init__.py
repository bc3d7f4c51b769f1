"""Lab 6: bidirectional classification of text, in PyTorch."""

from autograder.spec import Lab

LAB = Lab(title="Bidirectional classification of text", arrays="torch")
