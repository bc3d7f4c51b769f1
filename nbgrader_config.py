"""Settings of nbgrader for this course; `autograder build` makes release/ with them too."""

from autograder.nbgrader import configure

c = get_config()  # type: ignore[name-defined]
c.CourseDirectory.course_id = "rnn-labs"
configure(c)
