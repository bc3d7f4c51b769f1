"""Lab 1: the shapes of recurrent networks, before any network is written."""

from autograder.spec import Lab

LAB = Lab(title="Shapes before code", arrays="torch")
