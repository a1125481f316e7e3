"""The build that is tested, as CTest names it, else the folder build; and the end of a test program."""
import os
import sys
import unittest

ROOT = os.path.dirname(os.path.dirname(os.path.dirname(os.path.abspath(__file__))))
BUILD = os.path.abspath(os.environ.get("CLIMNORM_BUILD") or os.path.join(ROOT, "build"))
BIN = os.path.abspath(os.environ.get("CLIMNORM_BIN") or os.path.join(BUILD, "climnorm"))
REAL = os.environ.get("CLIMNORM_REAL_DATA", "")


def driver(name):
    """A program of tests/unit, or what tests preload."""
    return os.path.join(BUILD, "tests", name)


def main(*needed, is_whole=False):
    """Runs the tests of the calling program; exits 77 where a file is missing that they need.
    is_whole: and where any of them was skipped."""
    for path in needed or (BIN,):
        if not os.path.exists(path):
            print(f"skipped: {path or 'the folder of CLIMNORM_REAL_DATA'} is missing")
            sys.exit(77)
    done = unittest.main(verbosity=1, exit=False).result
    sys.exit(77 if done.wasSuccessful() and done.skipped and is_whole else not done.wasSuccessful())
