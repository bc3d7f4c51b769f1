"""Auto-graded labs on recurrent networks: authoring, judging, feedback."""

__version__ = "0.1.0"
