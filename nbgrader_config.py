"""Settings of nbgrader for this course; `autograder build` makes release/ with them too."""

import os
import sys
from pathlib import Path

HERE = Path(__file__).resolve().parent
if str(HERE) not in sys.path:
    sys.path.insert(0, str(HERE))  # the grader of this course, wherever nbgrader was started
os.environ["PATH"] = os.pathsep.join(  # nbgrader calls alembic by name to make a gradebook
    [str(Path(sys.executable).parent), os.environ.get("PATH", os.defpath)]
)

c = get_config()  # type: ignore[name-defined]

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

# Student code is judged by autograder, in processes of its own, in place of being executed here.
c.Autograde.exporter_class = "autograder.course.plugins.StudentNotebook"
c.Autograde.autograde_preprocessors = [
    "autograder.course.plugins.Judge",
    "nbgrader.preprocessors.IgnorePattern",
    "nbconvert.preprocessors.ClearMetadataPreprocessor",
    "nbgrader.preprocessors.LimitOutput",
    "autograder.course.plugins.SaveGrades",
    "nbgrader.preprocessors.AssignLatePenalties",
    "autograder.course.plugins.CheckMetadata",
]
c.GenerateFeedback.preprocessors = [
    "nbgrader.preprocessors.GetGrades",
    "autograder.course.plugins.Summary",
    "nbconvert.preprocessors.CSSHTMLHeaderPreprocessor",
]
