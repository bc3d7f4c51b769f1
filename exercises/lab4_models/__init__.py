"""Lab 4: the same networks as PyTorch modules."""

from autograder.spec import Lab

LAB = Lab(title="The same networks as PyTorch modules", arrays="torch")
