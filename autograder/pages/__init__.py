"""Pure functions of reports: HTML pages, and the files that other places read.

Data goes one way.  The reports of a class become an Insight (`insight`), which the class page
(`class_page`, `plots`) puts into words and pictures, with who has the same wrong answer
(`unnamed`); one report becomes a student's page (`student_page`, `card`), all labs the term page
(`term`), and a graded notebook the table on top of nbgrader's feedback (`overview`).  `alike`
compares what students wrote.  `rendering` fills the templates of `templates/` and makes every text
fit to be shown.  `gradescope`, `junit` and `sheet` need no template.  Nothing here reads or writes
a file.
"""
