# Leaves settings in the environment and in sys that a child or a later import would follow.
# expect: all right
import os
import sys

sys.modules["left_by_an_attack"] = sys


def attack():
    os.environ["ATTACK"] = os.environ["PYTHONSTARTUP"] = os.environ["LD_PRELOAD"] = "attack.so"
    os.environ["AUTOGRADER_SECRET"] = "attack-attack-attack"
    os.environ["PYTHONPATH"] = os.getcwd()
    sys.path.insert(0, os.getcwd())
    sys.left_by_an_attack = True
    sys.flags, sys.argv = None, ["autograder", "grade", "--isolation=process"]
