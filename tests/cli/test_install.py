"""What is installed, as its users meet it: the library and its packages for pkg-config and CMake with
examples/normals.c, which makes the same values as `climnorm run`; components; manual pages; that
nothing is left when it is uninstalled."""
import os
import pathlib
import re
import shutil
import subprocess
import tempfile
import unittest

import netCDF4
import numpy as np

import trees
from climnorm_case import Case, TestCase, main

ROOT = pathlib.Path(__file__).resolve().parents[2]
BUILD = os.environ.get("CLIMNORM_BUILD", "")


def output_of(*command, **env):
    return subprocess.run(command, check=True, capture_output=True, text=True,
                          env={**os.environ, **env}).stdout


def install(prefix, record, *options, **env):
    """record: where the installation is noted, so that the build's own notes stay as they are."""
    output_of("cmake", "--install", BUILD, "--prefix", str(prefix), *options,
              CLIMNORM_RECORD=str(record), **env)


def installed(folder):
    return sorted(str(path.relative_to(folder)) for path in folder.rglob("*")
                  if path.is_symlink() or not path.is_dir())


def needed_by(program):
    return output_of("objdump", "-p", str(program))


class Document(TestCase):
    def test_it_names_the_packages_that_are_installed(self):
        text = (ROOT / "docs/install.md").read_text("utf-8")
        table = text.partition("<!-- packages -->")[2].partition("<!-- end of packages -->")[0]
        rows = [line.split("|")[1:-1] for line in table.strip().splitlines()[2:]]
        named = [name.strip() for row in rows for name in row[1].split(",")]
        self.assertEqual(sorted(named),
                         sorted(output_of("sh", str(ROOT / ".ci/install"), "--names").split()))
        self.assertTrue(all(row[2].strip() for row in rows))


class Packages(TestCase):
    """.ci/install, where it can install nothing: no root, no sudo, and dpkg knows the packages that
    the test names."""
    def run_script(self, *words, there=""):
        with tempfile.TemporaryDirectory() as folder:
            for name in "dirname", "grep", "sed", "sh", "xargs", "echo":
                os.symlink(shutil.which(name), os.path.join(folder, name))
            for name, line in (("id", "echo 1000"), ("dpkg-query", f"""case " {there} " in
                               *" $4 "*) echo install ok installed ;; *) exit 1 ;; esac""")):
                path = pathlib.Path(folder, name)
                path.write_text(f"#!/bin/sh\n{line}\n")
                path.chmod(0o755)
            return subprocess.run([f"{folder}/sh", str(ROOT / ".ci/install"), *words], text=True,
                                  env={"PATH": folder}, capture_output=True, check=False)

    def test_an_unknown_option_installs_nothing(self):
        for words in ("--foo",), ("--names", "--foo"), ("--tests", "--check"), ("gcc",):
            done = self.run_script(*words)
            self.assertEqual((done.returncode, done.stdout), (1, ""), words)
            self.assertRegex(done.stderr, r"^usage: \.ci/install .*--tests.*\n$")

    def test_help_is_no_installation(self):
        done = self.run_script("--help")
        self.assertEqual((done.returncode, done.stderr), (0, ""))
        self.assertRegex(done.stdout, r"^usage: .*\nInstalls what climnorm is built with")

    def test_without_root_it_prints_what_root_can_run(self):
        names = self.run_script("--names").stdout.split()
        done = self.run_script(there="make cmake")
        self.assertEqual((done.returncode, done.stdout), (1, ""))
        missing = [name for name in names if name not in ("make", "cmake")]
        self.assertTrue(done.stderr.endswith(f"as root: apt-get install {' '.join(missing)}\n"),
                        done.stderr)

    def test_only_packages_that_it_needs_are_asked_of_root(self):
        done = self.run_script("--tests")
        self.assertIn(" libcmocka-dev", done.stderr)
        self.assertNotIn("r-cran-terra", done.stderr)
        there = " ".join(self.run_script("--names").stdout.split())
        self.assertEqual(self.run_script(there=there).returncode, 0)


class Make(TestCase):
    def test_the_build_shares_the_jobs_of_make(self):
        """Only shows what it would do; a build with another number of jobs would warn of it."""
        for jobs in "-j1", "-j2", "-j":
            env = {key: value for key, value in os.environ.items() if "MAKE" not in key}
            done = subprocess.run(["make", "-n", jobs, f"BUILD={BUILD}"], cwd=ROOT, env=env,
                                  capture_output=True, text=True, check=False)
            self.assertEqual((done.returncode, done.stderr), (0, ""), jobs)
            builds = [line.split() for line in done.stdout.splitlines()
                      if line.startswith("cmake --build")]
            self.assertEqual(builds, [["cmake", "--build", BUILD]])


class Installed(TestCase):
    @classmethod
    def setUpClass(cls):
        cls.case = Case(variables=["pr"],
                        products=[{"name": "monthly", "time": "month"}]).periods(1992, 1994)
        cls.addClassCleanup(cls.case.close)
        cls.prefix = pathlib.Path(cls.case.dir, "usr")
        install(cls.prefix, pathlib.Path(cls.case.dir, "record"))
        cls.library = next(cls.prefix.rglob("libclimnorm.so"))
        cls.pc = next(cls.prefix.rglob("climnorm.pc")).parent
        cls.flags = cls.flags_of()
        for year in range(1990, 1995):
            trees.year_file(cls.case.data, "pr", year)
        cls.case.run()
        cls.expected = sorted(cls.case.normals().values())

    @classmethod
    def flags_of(cls, *words):
        return output_of("pkg-config", "--cflags", "--libs", *words, "climnorm",
                         PKG_CONFIG_PATH=str(cls.pc)).split()

    def test_the_library_exports_what_the_list_says(self):
        listed = (ROOT / "tests/cli/exported_symbols.txt").read_text().split()
        symbols = output_of("nm", "-D", "--defined-only", str(self.library))
        exported = [line.split()[-1] for line in symbols.splitlines()]
        linker_made = {"__bss_start", "_edata", "_end", "_init", "_fini"}
        self.assertEqual(sorted(set(exported) - linker_made), listed)

    def test_every_header_compiles_alone(self):
        for header in sorted((self.prefix / "include/climnorm").glob("*.h")):
            output_of("cc", "-std=c17", "-D_GNU_SOURCE", "-Wall", "-Wextra", "-Werror",
                      "-fsyntax-only", "-x", "c", str(header), *self.flags[:1])

    def makes_the_values_of_the_program(self, example):
        before = set(self.case.files())
        lines = output_of(str(example), self.case.data, "variables=pr", "normals.window=3",
                          "normals.min_years=3", "normals.targets=1992-1994", "regions=GLOBAL",
                          "scenarios=",
                          LD_LIBRARY_PATH=str(self.library.parent)).splitlines()
        self.assertEqual([line.split(":")[0] for line in lines],
                         [f"pr historical GLOBAL {year}" for year in (1992, 1993, 1994)])
        for line, path in zip(lines, self.expected, strict=True):
            *means, units = line.split(": ")[1].split(" ", 12)
            with netCDF4.Dataset(path) as file:
                want = file["pr"][:].astype("f8").mean(axis=(1, 2))
                self.assertEqual(units, file["pr"].units)
            np.testing.assert_allclose([float(mean) for mean in means], want, rtol=1e-8)
        self.assertEqual(set(self.case.files()), before)

    def test_pkg_config_links_the_example_with_the_shared_library(self):
        example = os.path.join(self.case.dir, "normals")
        output_of("cc", "-std=c17", "-Wall", "-Wextra", "-Werror",
                  str(ROOT / "examples/normals.c"), "-o", example, *self.flags)
        self.assertIn("libclimnorm.so.0", needed_by(example))
        self.makes_the_values_of_the_program(example)

    def test_pkg_config_names_all_that_the_static_library_needs(self):
        example = os.path.join(self.case.dir, "normals-static")
        flags = ["-l:libclimnorm.a" if flag == "-lclimnorm" else flag
                 for flag in self.flags_of("--static")]
        output_of("cc", str(ROOT / "examples/normals.c"), "-o", example, *flags)
        self.assertNotIn("libclimnorm", needed_by(example))
        self.makes_the_values_of_the_program(example)

    def test_the_cmake_package_links_the_example_with_either_library(self):
        build = os.path.join(self.case.dir, "examples")
        output_of("cmake", "-S", str(ROOT / "examples"), "-B", build,
                  f"-DCMAKE_PREFIX_PATH={self.prefix}")
        output_of("cmake", "--build", build)
        self.assertIn("libclimnorm.so.0", needed_by(f"{build}/normals"))
        self.assertNotIn("libclimnorm", needed_by(f"{build}/normals_static"))
        self.makes_the_values_of_the_program(f"{build}/normals")
        self.makes_the_values_of_the_program(f"{build}/normals_static")


class Components(TestCase):
    def setUp(self):
        folder = tempfile.TemporaryDirectory()
        self.addCleanup(folder.cleanup)
        self.dir = pathlib.Path(folder.name)
        self.prefix, self.record = self.dir / "usr", self.dir / "record"

    def uninstall(self):
        return subprocess.run(["cmake", f"-DRECORD={self.record}", "-P",
                               str(ROOT / "packaging/uninstall.cmake")],
                              capture_output=True, text=True, check=False)

    def test_the_program_alone_needs_nothing_else_of_the_build(self):
        install(self.prefix, self.record, "--component", "runtime")
        names = installed(self.prefix)
        self.assertIn("bin/climnorm", names)
        self.assertIn("share/man/man1/climnorm-run.1", names)
        self.assertIn("share/doc/climnorm/config/minimal.cfg", names)
        self.assertFalse([name for name in names if "libclimnorm" in name
                          or ("bench" in name and not name.endswith("bench/README.md"))])
        self.assertIn("climnorm", output_of(str(self.prefix / "bin/climnorm"), "--version"))

    def test_each_file_belongs_to_one_component(self):
        parts = []
        for component in "runtime", "development", "bench":
            install(self.dir / component, self.record, "--component", component)
            parts += installed(self.dir / component)
        install(self.prefix, self.record)
        self.assertEqual(sorted(parts), installed(self.prefix))

    def test_each_link_of_a_document_leads_to_what_is_installed_with_it(self):
        install(self.prefix, self.record, "--component", "runtime")
        documents = list(self.prefix.rglob("*.md"))
        links = [(document, link) for document in documents for pair in re.findall(
                     r"\]\(([^)#\s]+)|(?:src|href)=\"([^\"#]+)", document.read_text("utf-8"))
                 for link in pair if link and not re.match(r"[a-z]+:", link)]
        self.assertGreater(len(links), 80)
        for document, link in links:
            self.assertTrue((document.parent / link).exists(), f"{document.name}: {link}")
        self.assertEqual(list((self.prefix / "share/doc").rglob("*.py")), [])

    def everybody_may_read(self, folder):
        modes = {path: path.lstat().st_mode & 0o777 for path in folder.rglob("*")
                 if not path.is_symlink()}
        self.assertGreater(len(modes), 20)
        for path, mode in modes.items():
            self.assertIn(mode, (0o755,) if path.is_dir() else (0o644, 0o755), str(path))

    def test_everybody_may_read_what_is_installed(self):
        root = self.dir / "root"
        root.mkdir()
        self.addCleanup(os.umask, os.umask(0o077))
        install(pathlib.Path("/opt/climnorm"), self.record, DESTDIR=str(root))
        self.everybody_may_read(root)
        for program in "bin/climnorm", "libexec/climnorm/peers/cdo.sh":
            self.assertEqual((root / "opt/climnorm" / program).stat().st_mode & 0o777, 0o755)

    def test_everybody_may_read_what_a_package_holds(self):
        self.addCleanup(os.umask, os.umask(0o077))
        for component in "runtime", "development":
            install(self.dir / component / "usr", self.record, "--component", component)
        output_of("cmake", f"-DCPACK_TEMPORARY_INSTALL_DIRECTORY={self.dir}",
                  "-P", str(ROOT / "packaging/finish_deb.cmake"))
        for component, package in ("runtime", "climnorm"), ("development", "libclimnorm-dev"):
            usr = self.dir / component / "usr"
            self.assertTrue((usr / "share/doc" / package / "changelog.gz").exists())
            self.everybody_may_read(usr)

    @unittest.skipUnless(shutil.which("dpkg-deb"), "makes a package with dpkg-deb")
    def test_a_package_has_no_script_that_calls_ldconfig(self):
        control = self.dir / "content/DEBIAN"
        control.mkdir(parents=True)
        (control / "control").write_text("Package: x\nVersion: 1\nArchitecture: all\n"
                                         "Maintainer: x <x@example.org>\nDescription: x\n")
        (control / "triggers").write_text("activate-noawait ldconfig\n")
        for script in "postinst", "postrm":
            (control / script).write_text("#!/bin/sh\nldconfig\n")
            (control / script).chmod(0o755)
        package = self.dir / "x.deb"
        output_of("dpkg-deb", "--build", str(self.dir / "content"), str(package))
        output_of("cmake", f"-DCPACK_PACKAGE_FILES={package}",
                  "-P", str(ROOT / "packaging/remove_scripts.cmake"))
        output_of("dpkg-deb", "--control", str(package), str(self.dir / "control"))
        self.assertEqual(installed(self.dir / "control"), ["control", "triggers"])
        self.assertEqual(sorted(self.dir.glob("x.deb*")), [package])

    def test_uninstalling_leaves_what_was_there_before(self):
        (self.prefix / "bin").mkdir(parents=True)
        (self.prefix / "share/man").mkdir(parents=True)
        (self.prefix / "share/doc/other").mkdir(parents=True)
        (self.prefix / "bin/other").write_text("other")
        before = sorted(self.prefix.rglob("*"))
        install(self.prefix, self.record)
        self.assertGreater(len(installed(self.prefix)), 50)
        done = self.uninstall()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(self.prefix.rglob("*")), before)

    def test_uninstalling_removes_a_folder_that_installing_made(self):
        root = self.dir / "root"
        root.mkdir()
        install(pathlib.Path("/opt/climnorm-test"), self.record, DESTDIR=str(root))
        self.assertIn("opt/climnorm-test/bin/climnorm", installed(root))
        self.assertEqual(self.uninstall().returncode, 0)
        self.assertEqual(list(self.dir.rglob("*")), [root])

    def test_uninstalling_keeps_what_others_put_beside_it(self):
        install(self.prefix, self.record, "--component", "development")
        (self.prefix / "include/climnorm/mine.h").write_text("mine")
        self.assertEqual(self.uninstall().returncode, 0)
        self.assertEqual(installed(self.prefix), ["include/climnorm/mine.h"])

    def test_uninstalling_takes_a_prefix_as_it_is_and_not_as_a_pattern(self):
        self.prefix = self.dir / "a [1]" / "?*" / "climnorm"
        install(self.prefix, self.record)
        for folder in "bin", "share/doc/climnorm", "include/climnorm", "lib":
            (self.prefix / folder).mkdir(parents=True, exist_ok=True)
            (self.prefix / folder / ".mine").write_text("mine")
        done = self.uninstall()
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(installed(self.prefix), ["bin/.mine", "include/climnorm/.mine",
                                                  "lib/.mine", "share/doc/climnorm/.mine"])
        self.assertFalse((self.prefix / "share/man").exists())

    def test_uninstalling_says_where_it_finds_nothing(self):
        for name in "there", "odd[name":
            self.prefix = self.dir / name
            install(self.prefix, self.record, "--component", "runtime")
            if name == "there":
                shutil.rmtree(self.prefix)
            done = self.uninstall()
            self.assertNotEqual(done.returncode, 0)
            self.assertIn("record-files.txt lists was found", " ".join(done.stderr.split()))
            self.assertTrue((self.dir / "record-files.txt").exists())

    def test_without_a_record_uninstalling_says_what_to_do(self):
        done = self.uninstall()
        self.assertNotEqual(done.returncode, 0)
        self.assertIn("install again to the same place first", " ".join(done.stderr.split()))


if __name__ == "__main__":
    main()
