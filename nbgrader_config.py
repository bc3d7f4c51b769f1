"""Settings of nbgrader for this course; `autograder build` makes release/ with them too."""

from pathlib import Path

c = get_config()  # type: ignore[name-defined]  # noqa: F821 - nbgrader puts it here

c.CourseDirectory.course_id = "rnn-labs"
c.CourseDirectory.ignore = [".ipynb_checkpoints", "__pycache__", "*.pyc", "feedback"]


def refuse_authored_files(assignment: str, notebooks: list[str], **_: object) -> None:
    """Stop before a .py that lies beside a notebook in source/ is copied to release/ as it is.

    "*.py" among the ignored names would stop labcheck/ too, and lose .py files that students hand
    in.  nbgrader goes on after an Exception of a hook, so this is a SystemExit.
    """
    for folder in sorted({Path(notebook).parent for notebook in notebooks}):
        for file in sorted(folder.rglob("*.py")):
            if file.parent != folder / "labcheck":
                raise SystemExit(
                    f"{file} would reach students with its solution: move it to solutions/ "
                    f"and run autograder build {assignment}"
                )


c.GenerateAssignment.pre_convert_hook = refuse_authored_files
