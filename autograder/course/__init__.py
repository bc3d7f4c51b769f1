"""A class at once, in its course folder, and nbgrader's side of it.

Hand-ins (`handin`) are judged by `processes` of this machine or those of a `cluster`, with hidden
cases drawn from the course's `secret`; `grading` goes over the class and does only what is new.
Reports are kept by content (`results`), and go from there into nbgrader's `gradebook` and to
people (`publishing`).  A wrong answer that many give gets a name (`christening`), which is then
found in what is kept (`rediagnosis`).  `plugins` is the same path for nbgrader's own commands.
"""
