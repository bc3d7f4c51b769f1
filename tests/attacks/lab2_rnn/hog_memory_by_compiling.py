# Lets the compiler make constants of gigabytes at load.
# expect: all right
compile("a = " + "(1,) * 99999999 + " * 50 + "()", "submission.py", "exec")
compile("a = " + "[" * 150 + "]" * 150, "submission.py", "exec")
compile("a = 9 ** 9 ** 7", "submission.py", "exec")
