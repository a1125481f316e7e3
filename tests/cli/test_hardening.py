"""What makes faults of memory hard to use is in the program, the library and the Python module: read
from their headers, notes, symbols and instructions."""
import os
import platform
import re
import subprocess
import sys
import unittest

from build import BIN, BUILD, main

LIBRARY = os.path.join(BUILD, "libclimnorm.so")
ARCHIVE = os.path.join(BUILD, "libclimnorm.a")  # the objects of all three
MODULE = os.path.join(BUILD, "python/climnorm/_native.abi3.so")
FILES = (BIN, LIBRARY, MODULE)
FEATURES = {"x86_64": "x86 feature: IBT, SHSTK", "aarch64": "AArch64 feature: BTI, PAC"}
PROBE = r"\torq +\$0x0,\(%rsp\)"  # a page of a large frame is touched before the next


def said(*command):
    return subprocess.run(command, check=True, capture_output=True, text=True).stdout


def cached(name):
    """The value of a variable of CMake."""
    with open(os.path.join(BUILD, "CMakeCache.txt"), encoding="utf-8") as cache:
        return re.search(rf"^{name}:\w+=(.*)$", cache.read(), re.M)[1]


class Hardening(unittest.TestCase):
    def test_the_program_lies_anywhere_in_memory(self):
        self.assertRegex(said("readelf", "-hW", BIN), r"Type: +DYN \(Position-Independent Executable")

    def test_what_the_linker_fills_in_is_read_only_from_the_start(self):
        for path in FILES:
            self.assertRegex(said("readelf", "-lW", path), r"(?m)^ +GNU_RELRO +.* R +0x1$", path)
            self.assertRegex(said("readelf", "-dW", path), r"\(FLAGS_1\) .*\bNOW\b", path)

    def test_no_stack_is_executable(self):
        for path in FILES:
            self.assertRegex(said("readelf", "-lW", path), r"(?m)^ +GNU_STACK +.* RW +0x", path)

    def test_no_memory_is_both_written_and_executed(self):
        for path in FILES:
            self.assertNotRegex(said("readelf", "-lW", path), r"(?m)^ +LOAD +.* RWE ", path)

    def test_writes_are_checked(self):
        for path in FILES:
            used = set(re.findall(r"UND (__\w+_chk)\b", said("readelf", "-W", "--dyn-syms", path)))
            self.assertIn("__snprintf_chk", used, path)
            self.assertGreaterEqual(len(used), 3, (path, used))

    def test_frames_are_checked(self):
        for path in FILES:
            self.assertIn("__stack_chk_fail", said("readelf", "-W", "--dyn-syms", path), path)

    @unittest.skipUnless(platform.machine() == "x86_64", "other processors have other instructions")
    def test_large_frames_are_probed(self):
        for path in FILES:
            self.assertRegex(said("objdump", "-d", "--no-show-raw-insn", path), PROBE, path)

    @unittest.skipUnless(platform.machine() in FEATURES, "this processor has no such feature")
    def test_every_object_says_where_it_may_be_jumped_to(self):
        """Whether the kernel enforces it depends on the objects of libc in the program, too."""
        notes = re.split(r"(?m)^File: .*\((.*)\)$", said("readelf", "-nW", ARCHIVE))[1:]
        objects = dict(zip(notes[::2], notes[1::2]))
        self.assertIn("graph.c.o", objects)
        for name, text in objects.items():
            self.assertIn(FEATURES[platform.machine()], text, name)


if __name__ == "__main__":
    if cached("CMAKE_BUILD_TYPE") == "Debug" or cached("CLIMNORM_SANITIZE"):
        print("skipped: such a build is not hardened")
        sys.exit(77)
    main(BIN, LIBRARY, ARCHIVE, MODULE)
