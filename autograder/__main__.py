"""``python -m autograder`` is the command autograder."""

import signal


def main() -> None:
    """The command; while it is still being loaded, Ctrl-C ends it without a word."""
    handler = signal.signal(signal.SIGINT, signal.SIG_DFL)
    from autograder.commands.main import main as command

    signal.signal(signal.SIGINT, handler)
    command(prog_name="autograder")


if __name__ == "__main__":
    main()
