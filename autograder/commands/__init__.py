"""The command line: a file for each family of commands, and what they share in `terminal`.

Words of the command line come in, calls of the rooms below go out, and what these return is shown
as tables, bars and sentences.  Nothing is decided here, and nothing below knows of a terminal.
"""
