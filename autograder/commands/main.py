"""The commands: new, build, verify, grade, extend, group, retract, name, report, export, …"""

from __future__ import annotations

import os
import sys
from typing import Any

import click

from autograder import __version__
from autograder.commands.authoring import build_command, verify_command
from autograder.commands.collecting import collect_command
from autograder.commands.doctor import doctor_command
from autograder.commands.extending import extend_command
from autograder.commands.forgetting import forget_command
from autograder.commands.grading import grade_command
from autograder.commands.joining import group_command
from autograder.commands.marks import export_command, report_command
from autograder.commands.naming import name_command
from autograder.commands.new import new_command
from autograder.commands.retracting import retract_command


class OneLine(click.Group):
    """A group whose errors are one line with the way out, and never a traceback."""

    def invoke(self, ctx: click.Context) -> Any:
        """Run a command; what the kit itself raises on purpose becomes one line."""
        from autograder.course.full_disk import disk_full
        from autograder.labcheck import console
        from autograder.sandbox.errors import SandboxError
        from autograder.spec.collection import CollectionError

        console.prepare()
        try:
            try:
                return super().invoke(ctx)
            finally:
                sys.stdout.flush()  # here it can still be told that nothing can be written
        except (CollectionError, SandboxError) as error:
            raise click.ClickException(str(error)) from error
        except click.ClickException:
            raise
        except PermissionError as error:
            where = error.filename or "a file"
            raise click.ClickException(f"{where}: {error.strerror}") from error
        except Exception as error:
            full = disk_full(error, "what this command writes")
            if full is None:
                raise
            _let_go_of_output()
            raise click.ClickException(str(full)) from error


def _let_go_of_output() -> None:
    """Have what was not written, and cannot be, not be tried once more when Python ends."""
    try:
        sys.stdout.flush()
    except OSError:
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


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
    On request:   autograder forget STUDENT
    In doubt:     autograder doctor
    """


main.add_command(new_command)
main.add_command(build_command)
main.add_command(verify_command)
main.add_command(collect_command)
main.add_command(grade_command)
main.add_command(extend_command)
main.add_command(retract_command)
main.add_command(group_command)
main.add_command(name_command)
main.add_command(report_command)
main.add_command(export_command)
main.add_command(forget_command)
main.add_command(doctor_command)
