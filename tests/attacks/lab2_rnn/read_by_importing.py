# Imports the solutions, the specs, the grader and the checker that students have.
# expect: all right
import sys

sys.path[:0] = ["<course>", "<course>/autograder", ".."]
for _name in ("solutions", "solutions.lab2_rnn", "autograder", "autograder.labs",
              "autograder.grade", "autograder.sandbox.worker", "autograder.oracle",
              "autograder.labs.lab2_rnn.rnn_step"):  # fmt: skip
    refused(__import__, _name, errors=(ImportError,))
del sys.path[:3]
