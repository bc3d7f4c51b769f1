"""The commands: new, build, verify, grade, report, export, doctor."""

from __future__ import annotations

from typing import Any

import click

from autograder import __version__
from autograder.commands.authoring import build_command, verify_command
from autograder.commands.doctor import doctor_command
from autograder.commands.grading import grade_command
from autograder.commands.marks import export_command, report_command
from autograder.commands.new import new_command


class OneLine(click.Group):
    """A group whose errors are one line with the way out, and never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the kit itself raises on purpose becomes one line."""
        from autograder.labcheck import console
        from autograder.sandbox.errors import SandboxError
        from autograder.spec.collection import CollectionError

        console.prepare()
        try:
            return super().invoke(ctx)
        except (CollectionError, SandboxError) as error:
            raise click.ClickException(str(error)) from error


@click.group(
    cls=OneLine, context_settings={"help_option_names": ["-h", "--help"], "max_content_width": 96}
)
@click.version_option(__version__, prog_name="autograder")
def main() -> None:
    """Labs on recurrent networks, and the grader that judges them.

    \b
    Instructors:  autograder grade lab2_rnn hand-ins/*.ipynb
    Authors:      autograder new course DIR  then  autograder new lab NAME
                  autograder build  then  autograder verify
    In doubt:     autograder doctor
    """


main.add_command(new_command)
main.add_command(build_command)
main.add_command(verify_command)
main.add_command(grade_command)
main.add_command(report_command)
main.add_command(export_command)
main.add_command(doctor_command)
