"""``python -m autograder`` is the command autograder."""

from autograder.commands.main import main

main(prog_name="autograder")
