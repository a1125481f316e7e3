"""`climnorm check`: damage, gaps, implausible values and wrong checksums are found in every storage,
nothing else is, and nothing is written.
"""
import hashlib
import json
import os
import signal
import subprocess
import time

import netCDF4

import climnorm_case
import trees
from build import driver
from climnorm_case import BIN
from live import Live

PACE = driver("libpace.so")
YEARS = range(2000, 2004)
COUNTS = ("files_damaged", "files_implausible", "variables_with_gaps", "files_differing",
          "files_unlisted", "entries_unfound")


def md5(path):
    with open(path, "rb") as file:
        return hashlib.md5(file.read()).hexdigest()


def damage_chunk(path, variable, number):
    """Overwrites the stored bytes of a chunk; h5py finds them."""
    import h5py
    with h5py.File(path) as file:
        place = file[variable].id.get_chunk_info(number)
    with open(path, "r+b") as file:
        file.seek(place.byte_offset)
        file.write(b"\xff" * place.size)


class Check(climnorm_case.TestCase):
    def case(self, variables=("tas",), years=YEARS, **options):
        case = climnorm_case.Case(variables=list(variables), regions=["CONUS"])
        self.addCleanup(case.close)
        self.paths = {(name, year): trees.year_file(case.data, name, year, **options)
                      for name in variables for year in years}
        return case

    def check(self, case, *options, code=None):
        """The JSON of a check, and what it says as text, which must agree."""
        text = case.run(*options, command="check")
        result = case.run(*options, "--json", command="check")
        told = json.loads(result.out)
        self.assertEqual(result.code, told["exit_code"])
        self.assertEqual(text.code, result.code)
        if code is not None:
            self.exits(text, code)
        for problem in told["problems"]:
            self.assertIn(problem.removeprefix("warning: "), text.out)
        for variable in told["variables"]:
            for problem in variable["problems"]:
                self.assertIn(problem.removeprefix("warning: "), text.out)
        self.assertFalse(os.path.exists(case.out), "check wrote something")
        return told, text

    def counts(self, told, **expected):
        self.assertEqual({name: told[name] for name in COUNTS},
                         {name: expected.get(name, 0) for name in COUNTS})

    def test_sound_files_are_well(self):
        for options in ({}, {"contiguous": True}, {"form": "NETCDF3_CLASSIC"},
                        {"chunks": (365, 3, 4)}, {"hours": (6.0, 18.0)}, {"deflate": 0}):
            with self.subTest(options):
                told, text = self.check(self.case(("tas", "pr"), **options), code=0)
                self.counts(told)
                self.assertEqual((told["files"], told["files_checked"]), (8, 8))
                self.assertRegex(text.out, r"^8 files checked, .* s: all is well\n$")

    def test_every_damaged_chunk_is_found_outside_of_the_regions_too(self):
        case = self.case(chunks=(73, 3, 4))
        damage_chunk(self.paths["tas", 2001], "tas", 0)
        damage_chunk(self.paths["tas", 2001], "tas", 7)
        damage_chunk(self.paths["tas", 2003], "tas", 19)
        said = set()
        for threads in ("1", "2", "5"):
            told, text = self.check(case, "--threads", threads, code=2)
            self.counts(told, files_damaged=2)
            said.add(tuple(told["variables"][0]["problems"]))
        first, second = said.pop()
        self.assertFalse(said)
        self.assertIn(f"{self.paths['tas', 2001]}: chunk 0 of tas", first)
        self.assertIn("(the first of 2 such parts of the file, of 20)", first)
        self.assertIn(f"{self.paths['tas', 2003]}: chunk 19 of tas", second)
        self.assertIn("4 files checked", text.out)
        self.assertIn(": 2 are damaged\n", text.out)

    def test_truncated_files_are_found(self):
        case = self.case()
        path = self.paths["tas", 2002]
        os.truncate(path, os.path.getsize(path) // 2)
        told, _ = self.check(case, code=2)
        self.assertIn(path, str(told))
        case = self.case(form="NETCDF3_CLASSIC")
        path = self.paths["tas", 2002]
        os.truncate(path, os.path.getsize(path) // 2)
        told, _ = self.check(case, code=2)
        self.assertIn(path, str(told))

    def test_files_that_cannot_be_opened_are_checked_and_damaged(self):
        """They count, and their sums are compared: one of three was downloaded as it is."""
        case = self.case()
        contents = {2000: b"", 2001: b"<html>", 2002: b"\x89HDF\r\n\x1a\n" + bytes(900)}
        for year, content in contents.items():
            with open(self.paths["tas", year], "wb") as file:
                file.write(content)
        path = os.path.join(case.dir, "sums.txt")
        with open(path, "w") as file:
            for key, name in self.paths.items():
                file.write(f"{'0' * 32 if key[1] in (2000, 2001) else md5(name)}  {name}\n")
        told, text = self.check(case, "--md5", path, code=2)
        self.counts(told, files_damaged=3, files_differing=2)
        self.assertEqual((told["files"], told["files_checked"]), (4, 4))
        self.assertEqual(told["variables"][0]["files"], 4)
        self.assertIn("4 files checked", text.out)
        self.assertIn(": 3 are damaged, 2 differ from their checksums\n", text.out)

    def test_files_that_lack_what_is_asked_for_are_not_damaged(self):
        case = self.case()
        with netCDF4.Dataset(self.paths["tas", 2000], "a") as nc:
            nc.renameVariable("tas", "t2m")
        with netCDF4.Dataset(self.paths["tas", 2001], "w") as nc:
            for name, size in (("time", 2), ("plev", 2), ("lat", 6), ("lon", 8)):
                nc.createDimension(name, size)
            for name, units in (("time", "days since 2001-01-01"), ("lat", "degrees_north"),
                                ("lon", "degrees_east")):
                nc.createVariable(name, "f8", (name,))[:] = range(nc.dimensions[name].size)
                nc[name].units = units
            nc.createVariable("tas", "f4", ("time", "plev", "lat", "lon"))
        told, text = self.check(case, code=2)
        self.counts(told, files_damaged=0)
        self.assertIn("holds no variable 'tas'", str(told))
        self.assertIn("choose what is read along them", str(told))
        self.assertNotIn("damaged", text.out)

    def test_choices_that_cannot_be_are_no_damage(self):
        for select, said in (({"lat": 1}, "has lat, which is a dimension of the grid"),
                             ({"time": 1}, "has time, which is the dimension of time")):
            with self.subTest(select):
                case = self.case()
                case.config["input"]["select"] = select
                told, text = self.check(case, code=2)
                self.counts(told, files_damaged=0)
                self.assertIn(said, str(told))
        case = self.case()
        case.config["input"] = {"root": "data", "select": {"a": "all"}, "datasets": [
            {"files": "**/*.nc", "variable": "tas", "select": {"b": "all"}}]}
        for path in self.paths.values():
            with netCDF4.Dataset(path, "a") as nc:
                nc.renameVariable("tas", "x")
                nc.createDimension("a", 2)
                nc.createDimension("b", 2)
                nc.createVariable("tas", "f4", ("time", "a", "b", "lat", "lon"))
        told, text = self.check(case, code=2)
        self.counts(told, files_damaged=0)
        self.assertIn("the second dimension of 'tas' with it", json.dumps(told))

    def test_a_file_of_several_variables_counts_once(self):
        case = self.case()
        for path in self.paths.values():
            with netCDF4.Dataset(path, "a") as nc:
                nc.createVariable("tx", "f4", ("time", "lat", "lon"), zlib=True,
                                  chunksizes=(1, 6, 8))[:] = nc["tas"][:]
                nc["tx"].units = "K"
        case.config["variables"] = None
        case.config["input"]["datasets"] = [
            {"files": "**/*.nc", "variable": "tasmax", "in_file": "tx"},
            {"files": "**/*.nc", "variable": "tas"}]
        damage_chunk(self.paths["tas", 2000], "tas", 3)
        damage_chunk(self.paths["tas", 2000], "tx", 3)
        path = os.path.join(case.dir, "sums.txt")
        with open(path, "w") as file:
            file.write(f"{'0' * 32}  {self.paths['tas', 2001]}\n")
        told, _ = self.check(case, "--md5", path, code=2)
        self.counts(told, files_damaged=1, files_differing=1, files_unlisted=3)
        self.assertEqual((told["files"], told["files_checked"]), (4, 4))
        self.assertEqual([v["files_damaged"] for v in told["variables"]], [1, 1])

    def test_days_that_no_year_has_are_not_missing(self):
        """Years of 365 days in a calendar with 29 February, as Daymet has them."""
        case = self.case(calendar="standard", keep=lambda date: date[1:] != (12, 31)
                         or date[0] % 4 != 0)
        self.check(case, code=0)
        case.config["normals"]["min_days"] = 1.0
        told, text = self.check(case, code=2)
        self.counts(told, variables_with_gaps=1)
        self.assertIn("years not used, with less than normals.min_days = 1 of their days: 2000",
                      text.out)

    def test_missing_days_and_years_are_found(self):
        case = self.case()
        trees.year_file(case.data, "tas", 2001, keep=lambda date: date[1] != 6)
        told, text = self.check(case, code=2)
        self.counts(told, variables_with_gaps=1)
        self.assertIn("2001 (historical, 335 of 365)", text.out)
        self.assertIn(": 1 variable lacks days or years\n", text.out)
        case = self.case(years=(2000, 2001, 2003))
        told, text = self.check(case, code=2)
        self.counts(told, variables_with_gaps=1)
        self.assertIn("years without a file: 2002", text.out)

    def test_implausible_values_are_found_in_every_storage(self):
        for options in ({}, {"contiguous": True}, {"chunks": (100, 2, 2)},
                        {"hours": (6.0, 18.0)}, {"extra": ("height",)}):
            with self.subTest(options):
                case = self.case(**options)
                with netCDF4.Dataset(self.paths["tas", 2003], "a") as nc:
                    values = nc.variables["tas"]
                    at = (0,) * ("extra" in options) + (slice(20, 22), 5, 1)
                    values[at] = 999
                told, text = self.check(case, code=2)
                self.counts(told, files_implausible=1)
                count = 1 if "hours" in options else 2
                self.assertEqual(told["variables"][0]["values_implausible"], count)
                self.assertIn("outside 150 to 350 K, the farthest 999 K on 2003-01-", text.out)
                self.assertIn(": 1 has implausible values\n", text.out)

    def test_checksums_are_compared(self):
        case = self.case(("tas", "pr"))
        path = os.path.join(case.dir, "sums.txt")
        lines = [f"{md5(file)}  {os.path.relpath(file, case.dir)}\n"
                 for file in self.paths.values()]
        with open(path, "w") as file:
            file.writelines(lines)
        told, _ = self.check(case, "--md5", path, code=0)
        self.counts(told)
        wrong = [lines[0].replace(lines[0][:32], "0" * 32), lines[1].replace("  ", " *").upper(),
                 f"{'1' * 32}  elsewhere/none.nc\n", "# a comment\n", *lines[2:-1]]
        wrong[1] = lines[1][:32].upper() + " *" + lines[1][34:]
        with open(path, "w") as file:
            file.writelines(wrong)
        told, text = self.check(case, "--md5", path, code=2)
        self.counts(told, files_differing=1, files_unlisted=1, entries_unfound=1)
        self.assertIn("its MD5 sum is " + lines[0][:32] + ", not " + "0" * 32, text.out)
        self.assertIn("1 file is not in the list of checksums, such as "
                      + list(self.paths.values())[-1], text.out)
        self.assertIn("entries are of no file that was checked, such as elsewhere/none.nc",
                      text.out)
        self.assertIn("1 line is no checksum; the first is line 4", text.out)

    def test_the_entry_with_the_most_folders_counts(self):
        case = self.case(years=(2000,))
        file = self.paths["tas", 2000]
        base, path = os.path.basename(file), os.path.join(case.dir, "sums.txt")
        for lines, code in (([("0" * 32, base), (md5(file), "data/tas/" + base)], 0),
                            ([(md5(file), base), ("0" * 32, "X/data/tas/" + base)], 2),
                            ([(md5(file), "other/" + base), ("0" * 32, "more/" + base)], 0),
                            ([("0" * 32, "other/" + base), ("1" * 32, "rtas/" + base)], 2)):
            with self.subTest(lines):
                with open(path, "w") as out:
                    out.writelines(f"{digest}  {name}\n" for digest, name in lines)
                self.check(case, "--md5", path, code=code)

    def test_every_form_of_md5sum_is_read(self):
        case = self.case(years=(2000,))
        file = self.paths["tas", 2000]
        folder = os.path.join(os.path.dirname(file), "a\\b\nc")
        os.mkdir(folder)
        os.rename(file, os.path.join(folder, os.path.basename(file)))
        file = os.path.join(folder, os.path.basename(file))
        name, path = os.path.relpath(file, case.dir), os.path.join(case.dir, "sums.txt")
        for options in ([], ["--tag"], ["--binary"]):
            lines = subprocess.run(["md5sum", *options, name], cwd=case.dir, check=True,
                                   capture_output=True).stdout
            self.assertTrue(lines.startswith(b"\\"))
            wrong = lines.replace(md5(file).encode(), b"0" * 32)
            for content, code in ((lines, 0), (b"\xef\xbb\xbf" + lines, 0), (wrong, 2),
                                  (lines.replace(b"\n", b" \t\r\n"), 0)):
                with self.subTest(content):
                    with open(path, "wb") as out:
                        out.write(content)
                    told, _ = self.check(case, "--md5", path, code=code)
                    self.counts(told, files_differing=code // 2)

    def test_every_entry_of_a_base_name_is_looked_at(self):
        """More than 4096 of them, the right one anywhere."""
        case = self.case(years=(2000,))
        file = self.paths["tas", 2000]
        base, path = os.path.basename(file), os.path.join(case.dir, "sums.txt")
        for folders, code in (("data/tas", 0), ("zz", 0), ("tas", 2), ("~/tas", 0)):
            with self.subTest(folders), open(path, "w") as out:
                names = [f"d{number}/{base}" for number in range(5000)]
                out.writelines(f"{'1' * 32}  {name}\n" for name in names)
                if code:
                    out.write(f"{'2' * 32}  data/tas/{base}\n")
                out.write(f"{md5(file)}  {folders}/{base}\n")
                out.flush()
                told, _ = self.check(case, "--md5", path, code=code)
                self.counts(told, files_differing=code // 2,
                            entries_unfound=told["entries_unfound"])

    def test_two_sums_for_one_path_are_a_problem(self):
        case = self.case(years=(2000,))
        file, path = self.paths["tas", 2000], os.path.join(case.dir, "sums.txt")
        for second, code in ((md5(file), 0), ("0" * 32, 2)):
            with open(path, "w") as out:
                out.write(f"{md5(file)}  {file}\n{second}  {file}\n")
            _, text = self.check(case, "--md5", path, code=code)
            self.assertEqual("1 sum is of a path that has another one, too" in text.out, code == 2)

    def test_lists_that_are_none_are_refused(self):
        case = self.case(years=(2000,))
        path = os.path.join(case.dir, "sums.txt")
        for content, expected in ((b"", "no line is a checksum"), (b"\0\xff" * 50000, "no line"),
                                  (b"a" * 10**6, "no line"), (b"0" * 32, "no line"),
                                  (b"0" * 32 + b"  dir/\n", "no line")):
            with self.subTest(content[:40]):
                with open(path, "wb") as file:
                    file.write(content)
                result = case.run("--md5", path, command="check")
                self.exits(result, 1)
                self.assertIn(f"--md5 {path}: {expected}", result.err)
        with open(path, "wb") as file:
            file.truncate(300 << 20)
        result = case.run("--md5", path, command="check")
        self.exits(result, 1)
        self.assertIn("longer than 256 MiB", result.err)
        self.exits(case.run("--md5", case.dir, command="check"), 1)
        self.exits(case.run("--md5", case.dir + "/none", command="check"), 1)

    def test_empty_input_is_an_error(self):
        case = climnorm_case.Case()
        self.addCleanup(case.close)
        result = case.run(command="check")
        self.exits(result, 1)
        self.assertEqual(result.out, "")

    def test_a_folder_that_may_not_be_written_is_enough(self):
        case = self.case()
        path = case.write_config()
        before = sorted(os.walk(case.dir))
        os.chmod(case.dir, 0o555)
        try:
            done = subprocess.run([BIN, "check", path], capture_output=True, text=True, cwd="/",
                                  check=False)
        finally:
            os.chmod(case.dir, 0o755)
        self.assertEqual(done.returncode, 0, done.stderr)
        self.assertEqual(sorted(os.walk(case.dir)), before)

    def test_a_signal_stops_it(self):
        """Held in the second file, which is then read to its end: it is one piece of work."""
        case = self.case()
        damage_chunk(self.paths["tas", 2000], "tas", 3)
        pace = os.path.join(case.dir, "pace")
        for number in (signal.SIGINT, signal.SIGTERM):
            with open(pace, "w", encoding="ascii") as file:
                file.write("." * 500)
            with Live("check", case.write_config(), "--threads", "1", "-p", "json", cwd="/",
                      env={"LD_PRELOAD": PACE, "CLIMNORM_TEST_PACE": pace,
                           "CLIMNORM_INFLATE": "libdeflate"}) as live:
                live.says("checking files")
                time.sleep(0.3)
                live.send(number)
                time.sleep(0.1)
                os.unlink(pace)
                self.assertEqual(live.end(), 128 + number, live.err)
            self.assertIn(f"stopped by {signal.Signals(number).name}", live.err)
            self.assertRegex(live.err, r"[12] of 4 files were checked")


if __name__ == "__main__":
    climnorm_case.main()
