"""No compiler may fuse a multiplication with an addition in the library: a fused operation rounds
once instead of twice, so that results would depend on the ISA. Disassembles every object file of
the library, and the library's functions in the program, and looks for fused instructions."""

import os
import pathlib
import re
import shutil
import subprocess
import sys
import tempfile

from build import BIN, BUILD

# x86: vfmadd132ps, vfnmsub231sd, vfmaddsub213pd, …; FMA4; ARM: fmla, fmls, fmadd, fnmsub, fmlal, …
FUSED = re.compile(r"^(vfn?m(add|sub)|fn?m(add|sub)|fml[as])")


def instructions(path):
    """(function, mnemonic) of all code in an object file or program."""
    text = subprocess.run(
        ["objdump", "-d", "--no-show-raw-insn", "-w", path],
        check=True, capture_output=True, text=True,
    ).stdout
    function = "?"
    for line in text.splitlines():
        if match := re.match(r"^[0-9a-f]+ <(.*)>:$", line):
            function = match[1]
        elif match := re.match(r"^\s+[0-9a-f]+:\t(?:\{\w+\} )?([a-z]\S*)", line):
            yield function, match[1]


def fused(path, prefix=""):
    """What is fused in the functions of a file whose names begin so, and how many instructions
    they have."""
    found, count = [], 0
    for function, mnemonic in instructions(path):
        if not function.startswith(prefix):
            continue
        count += 1
        if FUSED.match(mnemonic):
            found.append(f"{path}: {mnemonic} in {function}")
    return found, count


def check_that_the_search_finds():
    """A search that finds nothing in fused code would prove nothing."""
    source = "double f(double a, double b, double c) { return __builtin_fma(a, b, c); }\n"
    flags = {"x86_64": ["-mfma"], "aarch64": []}.get(os.uname().machine)
    if flags is None:
        sys.exit(77)
    with tempfile.TemporaryDirectory() as folder:
        code = pathlib.Path(folder, "fused.c")
        code.write_text(source)
        target = code.with_suffix(".o")
        subprocess.run(["cc", "-O2", *flags, "-c", code, "-o", target], check=True)
        assert fused(target)[0], "the search misses a fused instruction"


def main():
    if not shutil.which("objdump") or not shutil.which("cc"):
        print("objdump or cc is missing")
        sys.exit(77)
    check_that_the_search_finds()
    objects = sorted(pathlib.Path(BUILD).glob("CMakeFiles/climnorm*.dir/**/*.o"))
    names = {path.name for path in objects}
    assert {"dispatch.c.o", "portable.c.o"} <= names, f"kernels missing in {names}"
    # In the program only what is certainly the library's: a static C library may be in it, too.
    searches = [fused(path) for path in objects] + [fused(BIN, "cn_")]
    found = [line for lines, _ in searches for line in lines]
    assert sum(count for _, count in searches) > 1000, "objdump shows no code"
    print("\n".join(found) or f"{len(objects)} object files, none with a fused instruction")
    sys.exit(bool(found))


main()
