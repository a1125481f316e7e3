"""Resuming: after one change to inputs, config or outputs, a second run makes again exactly what the
change reaches, reads only the source years that this needs, and ends with the bytes of a fresh run.
"""
import os
import re
import shutil

import trees
from climnorm_case import Case, TestCase, main

YEARS = range(2000, 2008)
TARGETS = range(2002, 2008)
ENV = {"SOURCE_DATE_EPOCH": "1700000000"}
EAST = {"name": "EAST", "title": "East", "lon": [10.0, 190.0], "lat": [-45.0, 45.0]}
WEST = {"name": "WEST", "title": "West", "lon": [190.0, 350.0], "lat": [-45.0, 45.0]}
ALL = {(variable, region, year) for variable in ("tas", "pr") for region in ("EAST", "WEST")
       for year in TARGETS}


def made(years=TARGETS, variables=("tas", "pr"), regions=("EAST", "WEST")):
    return {(v, r, y) for v in variables for r in regions for y in years}


class Resume(TestCase):
    def setUp(self):
        self.case = Case(variables=["tas", "pr"], scenarios=["ssp245"], regions=[],
                         custom_regions=[EAST, WEST], output={
                             "pattern": "{region}/{variable}/{variable}_{year}.nc"})
        self.addCleanup(self.case.close)
        self.case.periods(TARGETS[0], TARGETS[-1])
        for year in YEARS:
            for variable in ("tas", "pr"):
                self.year(variable, year)
        self.present = set(YEARS)

    def year(self, variable, year, **options):
        experiment = "ssp245" if year > 2004 else "historical"
        return trees.year_file(self.case.data, variable, year, calendar="360_day",
                               **{"experiment": experiment, **options})

    def input(self, variable, year):
        return os.path.join(self.case.data, variable, trees.name(
            variable, year, experiment="ssp245" if year > 2004 else "historical"))

    def output(self, region, variable, year):
        return os.path.join(self.case.out, region, variable, f"{variable}_{year}.nc")

    def states(self):
        found = {}
        for name, path in self.case.normals().items():
            region, variable, year = re.fullmatch(r"(\w+)/\w+/(\w+)_(\d{4})\.nc", name).groups()
            status = os.stat(path)
            found[variable, region, int(year)] = (status.st_ino, status.st_mtime_ns)
        return found

    def first(self, code=0):
        result = self.case.run(env=ENV)
        self.exits(result, code)
        return result

    def again(self, expected, code=0, reads=None, options=()):
        """Runs; exactly `expected` is made, of the years that it needs and no others."""
        before = self.states()
        result = self.case.run(*options, env=ENV)
        self.exits(result, code)
        after = self.states()
        self.assertEqual({k for k in after if after[k] != before.get(k)}, set(expected))
        window = self.case.config["normals"]["window"]
        for row in result.summary["variables"]:
            name = row["name"]
            own = {(region, year) for variable, region, year in expected if variable == name}
            years = {y for _, year in own for y in range(year - window + 1, year + 1)}
            wanted = len(years & self.present) if reads is None else reads
            self.assertEqual(row["files_read"], wanted, f"{name}: years {sorted(years)}")
            self.assertEqual(row["normals_written"], len(own))
        self.as_fresh(options)
        return result

    def as_fresh(self, options):
        """All outputs of the config are as a run into an empty folder makes them."""
        kept, self.case.out = self.case.out, self.case.out + "-fresh"
        code = self.case.run(*options, "--set", f"output.root={self.case.out}", env=ENV).code
        fresh, self.case.out = self.case.normals(), kept
        for name, path in fresh.items():
            with open(path, "rb") as one, open(os.path.join(kept, name), "rb") as two:
                self.assertTrue(one.read() == two.read(), f"{name} differs from a fresh run's")
        shutil.rmtree(kept + "-fresh")
        self.assertIn(code, (0, 2))

    def test_nothing_changed(self):
        self.first()
        self.assertEqual(set(self.states()), ALL)
        self.again(())

    def test_one_input_is_touched(self):
        self.first()
        os.utime(self.input("pr", 2003), ns=(1, 10 ** 18))
        said = self.again(made((2003, 2004, 2005), ["pr"])).err
        self.assertRegex(said, rf"(?m)^warning: {self.case.out}: 6 files there are of "
                               r"other input or settings, .* \(such as \w+/pr/pr_2003\.nc\)$")
        os.utime(self.input("pr", 2003), ns=(2, 10 ** 18 + 1))  # one nanosecond
        self.again(made((2003, 2004, 2005), ["pr"]))

    def test_a_reissue_beside_its_first_issue(self):
        self.first()
        path = self.year("tas", 2007, version="1.1", seed="reissue")
        self.again(made((2007,), ["tas"]))
        os.unlink(path)
        self.again(made((2007,), ["tas"]))

    def test_a_reissue_in_place_of_its_first_issue(self):
        self.first()
        stamp = os.stat(self.input("tas", 2000)).st_mtime_ns
        os.unlink(self.input("tas", 2000))
        path = self.year("tas", 2000, version="2.0")
        os.utime(path, ns=(stamp, stamp))
        self.again(made((2002,), ["tas"]))

    def test_inputs_at_the_edges(self):
        self.case.config["normals"].update(min_years=2)
        self.case.periods(2002, 2008)
        self.first(2)  # 2008 is past the last source year
        self.present.add(2008)
        for variable in ("tas", "pr"):
            self.year(variable, 2008)
        self.again(made((2008,)))
        self.present.remove(2000)
        for variable in ("tas", "pr"):
            os.unlink(self.input(variable, 2000))
        self.again(made((2002,)))

    def test_the_last_input_is_removed(self):
        self.first()
        os.unlink(self.input("tas", 2007))
        self.again((), code=2)

    def test_numbers_of_the_config(self):
        self.first()
        self.case.config["normals"].update(min_years=2)  # every window has three
        self.again(())
        self.case.config["normals"].update(min_days=0.5)
        self.again(())
        for options in ("output.compression=4",), ("output.counts=true",), (
                "normals.leap_day=drop",), ("normals.window=2",):
            with self.subTest(options=options):
                self.case.config["normals"].update(window=3)
                self.again(made(), options=("--set", *options),
                           reads=7 if "window" in options[0] else None)
                self.case.run(env=ENV)

    def test_min_years_reaches_short_windows_alone(self):
        os.unlink(self.input("tas", 2004))
        self.first(2)
        self.present.remove(2004)
        self.case.config["normals"].update(min_years=2)
        before = self.states()
        result = self.case.run(env=ENV)
        self.exits(result, 0)
        after = self.states()
        self.assertEqual({k for k in after if after[k] != before.get(k)},
                         made((2004, 2005, 2006), ["tas"]))
        self.assertEqual(result.variable("tas")["files_read"], 4)
        self.assertEqual(result.variable("pr")["files_read"], 0)
        self.as_fresh(())

    def test_min_days_reaches_partial_years_alone(self):
        self.case.config["normals"].update(min_years=2)
        self.year("tas", 2004, keep=lambda date: date[1] <= 6)
        self.first()
        self.case.config["normals"].update(min_days=0.4)
        self.again(made((2004, 2005, 2006), ["tas"]))

    def test_one_region_changes(self):
        for change in ({"lat": [-45.0, 46.0]}, {"title": "Orient"}, {"lon": [10.0, 150.0]}):
            with self.subTest(change=change):
                self.case.config["custom_regions"] = [EAST, WEST]
                self.case.run(env=ENV)
                self.case.config["custom_regions"] = [{**EAST, **change}, WEST]
                self.again(made(regions=["EAST"]))

    def test_periods_change(self):
        self.first()
        normals = self.case.config["normals"]
        normals["periods"] = [{"name": "p", "first": 2002, "last": 2004},
                              {"name": "q", "first": 2005, "last": 2007}]
        self.again(made((2005, 2006, 2007)))
        normals["periods"] = [{"name": "p", "first": 2002, "last": 2003},
                              {"name": "q", "first": 2005, "last": 2006}]
        self.again(())
        normals["periods"] = [{"name": "r", "first": 2003, "last": 2003}]
        self.again(made((2003,)))

    def test_another_scenario(self):
        self.first()
        for variable in ("tas", "pr"):
            for year in range(2005, 2008):
                path = self.input(variable, year)
                os.rename(path, path.replace("ssp245", "ssp585"))
        self.case.config["scenarios"] = ["ssp585"]
        self.again(made((2005, 2006, 2007)))

    def test_regions_and_variables_come_and_go(self):
        everything = self.case.config["custom_regions"], self.case.config["variables"]
        self.case.config.update(custom_regions=[WEST], variables=["pr"])
        self.first()
        self.case.config.update(custom_regions=everything[0])
        self.again(made(variables=["pr"], regions=["EAST"]))
        self.case.config.update(variables=everything[1])
        self.again(made(variables=["tas"]))
        self.case.config.update(custom_regions=[EAST])
        self.again(())

    def test_one_output_is_damaged(self):
        self.first()
        path = self.output("EAST", "tas", 2005)
        other = self.output("EAST", "tas", 2006)
        size = os.path.getsize(path)

        def without_the_end():
            os.truncate(path, size - 1)

        def half():
            os.truncate(path, size // 2)

        def longer():
            with open(path, "ab") as file:
                file.write(bytes(100))

        def empty():
            os.truncate(path, 0)

        def gone():
            os.unlink(path)

        def another():
            shutil.copy(other, path)

        def another_region():
            shutil.copy(self.output("WEST", "tas", 2005), path)

        def another_variable():
            shutil.copy(self.output("EAST", "pr", 2005), path)
        for damage in (without_the_end, half, longer, empty, gone, another, another_region,
                       another_variable):
            with self.subTest(damage=damage.__name__):
                damage()
                self.again(made((2005,), ["tas"], ["EAST"]))

    def test_no_plain_file_is_in_an_outputs_place(self):
        """It is not known whose it is: nothing is started, and it stays."""
        self.first()
        path = self.output("EAST", "tas", 2005)
        elsewhere = os.path.join(self.case.dir, "elsewhere")
        os.rename(path, elsewhere)
        before = self.states()
        for make in (os.mkdir, os.mkfifo, lambda p: os.symlink(elsewhere, p),
                     lambda p: os.symlink("/nonexistent", p)):
            make(path)
            result = self.case.run(env=ENV, timeout=30)
            self.exits(result, 1)
            self.assertIn("EAST/tas/tas_2005.nc", result.err)
            self.assertIn("not a plain file", result.err)
            self.assertTrue(os.path.lexists(path))
            (os.rmdir if os.path.isdir(path) else os.unlink)(path)
            self.assertEqual({k: v for k, v in self.states().items()}, before)
        self.again(made((2005,), ["tas"], ["EAST"]))

    def test_what_is_taken_on_trust(self):
        """docs/output.md says so: values are not read again."""
        self.first()
        path = self.output("EAST", "tas", 2005)
        with open(path, "r+b") as file:
            sound = file.read()
            at = sound.index(b"\x78\x01", len(sound) // 4) + 100  # in a deflated chunk
            file.seek(at)
            file.write(bytes([sound[at] ^ 1]))
        result = self.case.run(env=ENV)
        self.exits(result, 0)
        self.assertEqual(result.variable("tas")["normals_written"], 0)
        self.assertEqual(self.case.run("--set", "output.existing=overwrite", env=ENV).code, 0)
        with open(path, "rb") as file:
            self.assertEqual(file.read(), sound)


if __name__ == "__main__":
    main()
