# Starts programs and processes in all ways that Python knows.
# expect: all right
import os
import subprocess


def attack():
    refused(os.fork)
    refused(os.forkpty)
    refused(subprocess.run, ["/bin/true"])
    refused(subprocess.Popen, "true", shell=True)
    refused(os.posix_spawn, "/bin/true", ["true"], {})
    refused(os.execv, "/bin/true", ["true"])
    refused(os.popen, "true")
    for mode in (os.P_WAIT, os.P_NOWAIT):
        refused(os.spawnv, mode, "/bin/true", ["true"])
