# Reads the gradebook, the reports and the results of the class.
# expect: all right
import os
import sqlite3


def attack():
    for name in ("gradebook.db", "results", "submitted", "autograded", "feedback", "source",
                 "release"):
        refused(os.listdir, f"<course>/{name}")
        refused(open, f"<course>/{name}", "rb")
    refused(sqlite3.connect, "file:<course>/gradebook.db?mode=ro", uri=True, errors=(sqlite3.Error,))
