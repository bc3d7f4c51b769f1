# Imports the solutions, the specs, the grader and the checker that students have.
# expect: all right
import sys

sys.path[:0] = ["<course>", "<course>/autograder", ".."]
for _name in ("solutions", "solutions.lab2_rnn", "autograder", "exercises",
              "autograder.judge.grader", "autograder.sandbox.request_loop", "autograder.judge.oracle",
              "exercises.lab2_rnn.rnn_step"):
    refused(__import__, _name, errors=(ImportError,))
del sys.path[:3]
