"""What an exercise is: the vocabulary of specs, the cases it gets by itself, where labs are found.

A spec (exercises/<lab>/<exercise>.py) is data about one entry point.  `collection` finds the specs
of a course and `loading` imports them; `cases` completes them; `scenarios` says how entry points
are used that are not simply called; `training` goes through the steps of a training again, and
`optimizers` knows what these may be.  Nothing in this room judges or runs a student's program.

The names below are what a spec imports.
"""

from autograder.spec.ready_made import OPERATORS, RECURRENT
from autograder.spec.variations import but, edited, printed
from autograder.spec.vocabulary import (
    PLACEMENT,
    Case,
    Close,
    Exercise,
    Inputs,
    Lab,
    Mistake,
    Mistakes,
    weights,
)

__all__ = [
    "OPERATORS",
    "PLACEMENT",
    "RECURRENT",
    "Case",
    "Close",
    "Exercise",
    "Inputs",
    "Lab",
    "Mistake",
    "Mistakes",
    "but",
    "edited",
    "printed",
    "weights",
]
