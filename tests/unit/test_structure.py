"""The structure of the source: modules that do not depend on each other in a circle, no two static
functions or types of one name, no long files. Reads the objects of the build with nm, and the sources.

A module is a .c file with the header of its name; a header without a .c file is a module, too. A
header of include/climnorm is one, whichever files define its functions. The files of kernels/ that
are compiled once for each ISA are one module together with the headers that they include; so are
the loops of src/codec/inflate. A table, .inc, is none."""

import collections
import functools
import os
import pathlib
import re
import shutil
import subprocess
import sys
import unittest

import build

ROOT, BUILD = pathlib.Path(build.ROOT), pathlib.Path(build.BUILD)
MOST_LINES = 500
ROOTS = ("src", "kernels", "include", "tools")
ALLOWED = set()  # names that several modules may define
LOOPS = ("portable", "bmi2", "avx512", "loops", "forms", "periods")
SUFFIX = re.compile(r"\.(part|cold|isra|constprop)\b.*$")  # of a function that the compiler split
TAG = re.compile(r"^(?:struct|enum) (\w+)\s*\{", re.M)
STATIC = re.compile(r"^static\b[^;={}#()]*?\b(\w+)\([^;{}]*\)\s*\{", re.M)


def sources():
    """Every .c and .h file, relative to the project's folder."""
    found = [p.relative_to(ROOT) for root in ROOTS for p in (ROOT / root).rglob("*.[ch]")]
    return sorted(found)


def module(path):
    """src/sink/lock.c and src/sink/lock.h are src/sink/lock."""
    if path.parts[0] == "kernels" and path.parent.name in ("portable", "x86", "arm"):
        return "kernels/(each ISA)"
    if path.parent.name == "inflate" and path.stem in LOOPS:
        return "src/codec/inflate/(each ISA)"
    return str(path.with_suffix(""))


@functools.cache
def objects():
    """The object file of each .c file that this build has compiled."""
    found = {}
    for path in sources():
        if path.suffix == ".c":
            found[path] = next(BUILD.glob(f"CMakeFiles/*.dir/{path}.o"), None)
    return {path: obj for path, obj in found.items() if obj}


@functools.cache
def symbols(obj):
    text = subprocess.run(["nm", obj], check=True, capture_output=True, text=True).stdout
    return [tuple(line.split()[-2:]) for line in text.splitlines()]


def call_edges():
    """Who uses whose cn_ symbols: (user, definer)."""
    defined, used = {}, []
    for path, obj in objects().items():
        for kind, name in symbols(obj):
            if not name.startswith("cn_"):
                continue
            if kind == "U":
                used.append((module(path), name))
            elif kind.isupper():
                defined[name] = module(path)
    return {(user, defined[name]) for user, name in used if name in defined}


def include_edges():
    """Who includes whom: (includer, included)."""
    known, edges = {str(p) for p in sources()}, set()
    for path in sources():
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in re.findall(r'^#include "(.*)(?<!\.inc)"', text, re.M):
            for place in (path.parent / name, *(pathlib.Path(root) / name for root in ROOTS)):
                if os.path.normpath(place) in known:
                    edges.add((module(path), module(pathlib.Path(os.path.normpath(place)))))
                    break
            else:
                raise AssertionError(f"{path} includes {name}, which is not there")
    return edges


def circles(edges):
    """The strongly connected components of more than one module (Tarjan's algorithm)."""
    graph = collections.defaultdict(set)
    for user, used in edges:
        if user != used:
            graph[user].add(used)
    index, low, stack, found = {}, {}, [], []

    def visit(node):
        index[node] = low[node] = len(index)
        stack.append(node)
        for other in graph[node]:
            if other not in index:
                visit(other)
            if other in stack:
                low[node] = min(low[node], low[other])
        if low[node] == index[node]:
            component = []
            while not component or component[-1] != node:
                component.append(stack.pop())
            if len(component) > 1:
                found.append(sorted(component))

    for node in sorted(graph):
        if node not in index:
            visit(node)
    return found


def tags():
    """The modules that define a struct or enum of each name."""
    found = collections.defaultdict(set)
    for path in sources():
        for name in TAG.findall((ROOT / path).read_text(encoding="utf-8")):
            found[name].add(module(path))
    return found


def static_functions():
    """The modules that define a static function of each name. nm alone would miss what the compiler
    inlined, and the sources alone what macros define."""
    found = collections.defaultdict(set)
    for path in sources():
        text = (ROOT / path).read_text(encoding="utf-8")
        for name in STATIC.findall(re.sub(r"/\*.*?\*/", "", text, flags=re.S)):
            found[name].add(module(path))
    for path, obj in objects().items():
        is_portable = path.name == "portable.c"  # it has what the headers of all ISAs define
        for kind, name in symbols(obj):
            if kind == "t" and not is_portable and "(each ISA)" not in module(path):
                found[SUFFIX.sub("", name)].add(module(path))
    return found


class Structure(unittest.TestCase):
    def test_the_check_finds_circles(self):
        self.assertEqual(circles({("a", "b"), ("b", "c"), ("c", "a"), ("c", "d"), ("d", "d")}),
                         [["a", "b", "c"]])
        self.assertEqual(circles({("a", "b"), ("a", "c"), ("b", "c")}), [])

    def test_every_source_has_an_object(self):
        """Else the other tests would see only a part of the program."""
        foreign = {"kernels/x86", "kernels/arm"}
        missing = [str(p) for p in sources()
                   if p.suffix == ".c" and p not in objects() and str(p.parent) not in foreign
                   and p.stem not in LOOPS]
        self.assertEqual(missing, [])

    def test_no_modules_depend_on_each_other(self):
        calls, includes = call_edges(), include_edges()
        self.assertGreater(len(calls), 100)
        self.assertGreater(len(includes), 100)
        found = circles(calls | includes)
        for modules in found:
            print("circle:", " ".join(modules), file=sys.stderr)
        self.assertEqual(found, [],
                         "these modules call or include each other in a circle")

    def expect_one_module_each(self, names, what):
        found = {name: sorted(modules) for name, modules in sorted(names.items())
                 if len(modules) > 1 and name not in ALLOWED}
        for name, modules in found.items():
            print(f"{name}: {' '.join(modules)}", file=sys.stderr)
        self.assertEqual(found, {}, what)

    def test_static_functions_have_names_of_their_own(self):
        self.expect_one_module_each(static_functions(), "static functions of one name")

    def test_types_have_names_of_their_own(self):
        self.expect_one_module_each(tags(), "structs or enums of one name")

    def test_files_are_short(self):
        long = {str(p): n for p in sources()
                if (n := (ROOT / p).read_text(encoding="utf-8").count("\n")) > MOST_LINES}
        self.assertEqual(long, {}, f"files of more than {MOST_LINES} lines")


if __name__ == "__main__":
    build.main(BUILD / "CMakeFiles", shutil.which("nm") or "nm")
