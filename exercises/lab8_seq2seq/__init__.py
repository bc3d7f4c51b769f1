"""Lab 8: one-to-many, encoder and decoder, attention and beam search, in PyTorch."""

from autograder.spec import Lab

LAB = Lab(title="Sequences from sequences", arrays="torch")
