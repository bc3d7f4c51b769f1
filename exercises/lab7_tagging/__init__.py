"""Lab 7: many-to-many tagging, in PyTorch."""

from autograder.spec import Lab

LAB = Lab(title="Many-to-many tagging", arrays="torch")
