"""One submission: read, run in its worker, compared case by case with the references, reported.

A file becomes cells (`submission`), which are looked at as one `program` and run by a `candidate`
in a worker of the sandbox.  The `oracle` keeps what the references and the mistakes give, from a
worker of its own; `calls` is the path that both take.  The `grader` asks both, exercise by
exercise, and makes a `judgement` of it, which `feedback` puts into words: a `report`.  Where no
known mistake fits, it keeps a `sketch` of what comes out on `common` cases.  Nothing of a
student's is ever run in this process.
"""
